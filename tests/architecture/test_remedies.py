"""What a message tells an operator to read must be there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "rules_engine", "worker", "config")
DOCUMENT = re.compile(r"docs/[a-z0-9/-]+\.md")


def test_documents_named_in_the_code_exist() -> None:
    named = {
        (name, path.name)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for name in DOCUMENT.findall(path.read_text())
    }
    assert len(named) > 5
    assert {place for place in named if not (ROOT / place[0]).is_file()} == set()
