"""The ground that the demo's worker stands on."""

from pathlib import Path

import pytest

from worker.demo.embedded import SAMPLES, rules_directory, settings_for
from worker.errors import Misconfigured


def test_settings_are_those_of_production_over_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOYALTY_REDIS_URL", "redis://elsewhere:6379")
    settings = settings_for("127.0.0.1:1,127.0.0.1:2", Path("/rules"), 0)
    assert settings.redis_url == "memory://"
    assert settings.kafka_bootstrap_servers == "127.0.0.1:1,127.0.0.1:2"
    assert settings.rules_directory == Path("/rules")
    assert settings.start_from == "earliest"


def test_without_rules_the_samples_are_taken() -> None:
    with rules_directory(None) as directory:
        assert directory == SAMPLES
        assert [file.name for file in directory.glob("*.yaml")] == ["izi.yaml"]


def test_a_directory_is_taken_as_it_is(tmp_path: Path) -> None:
    with rules_directory(tmp_path) as directory:
        assert directory == tmp_path


def test_a_file_alone_is_taken_and_its_changes_are_seen(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.yaml", tmp_path / "other.yaml"
    mine.write_text("first")
    other.write_text("not asked for")
    with rules_directory(mine) as directory:
        assert [file.name for file in directory.iterdir()] == ["mine.yaml"]
        mine.write_text("second")
        assert (directory / "mine.yaml").read_text() == "second"
    assert not directory.exists()
    assert mine.exists()


def test_a_path_that_is_nothing_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    with pytest.raises(Misconfigured, match=r"missing\.yaml"), rules_directory(missing):
        pass
