"""What is written about settings says what the code does."""

import re
from pathlib import Path

import pytest

from config.document import markdown
from config.settings import SECRETS, SETTINGS_FILE, VARIABLES

ROOT = Path(__file__).parents[3]
OWN = {SETTINGS_FILE, *(f"LOYALTY_{name.upper()}" for name in SECRETS)}
TEXTS = [
    ROOT / "README.md",
    ROOT / "Dockerfile",
    ROOT / "compose.yaml",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "helm").rglob("*.yaml")),
]


def test_the_document_is_current() -> None:
    written = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    assert written == markdown(), "run `make docs`"


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_variable_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"LOYALTY_[A-Z][A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8")))
    assert named <= {*VARIABLES, *OWN}


def test_the_chart_takes_every_other_setting_by_its_name() -> None:
    template = (ROOT / "helm/loyalty-worker/templates/statefulset.yaml").read_text(encoding="utf-8")
    schema = (ROOT / "helm/loyalty-worker/values.schema.json").read_text(encoding="utf-8")
    by_value = set(re.findall(r"name: (LOYALTY_[A-Z_]+)", template))
    pattern = re.search(r'"pattern": "\^\(TOPIC_\[A-Z_\]\+\|([A-Z_|]+)\)\$"', schema)
    assert pattern is not None
    by_name = {f"LOYALTY_{name}" for name in pattern[1].split("|")}
    topics = {name for name in VARIABLES if name.startswith("LOYALTY_TOPIC_")}
    assert not by_value & by_name
    assert by_value | by_name | topics == set(VARIABLES)
