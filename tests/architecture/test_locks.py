"""What everybody develops with is what the image runs: one resolution, with hashes."""

import re

import pytest

from tests.architecture.imports import ROOT

PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / name).read_text(encoding="utf-8")))


def test_the_image_gets_the_versions_that_are_tested() -> None:
    image = pins("requirements-runtime.lock")
    assert {"faust-streaming", "aiokafka", "redis", "pydantic"} <= set(image)
    assert image.items() <= pins("requirements.lock").items(), "run `make lock`"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-runtime.lock"])
def test_every_pin_has_its_hashes(name: str) -> None:
    blocks = re.split(r"^(?=[a-z0-9])", (ROOT / name).read_text(encoding="utf-8"), flags=re.M)[1:]
    assert len(blocks) == len(pins(name))
    assert all("--hash=sha256:" in block for block in blocks)
