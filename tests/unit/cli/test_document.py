"""docs/cli.md is what the commands say of themselves."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
COMMAND = (
    "worker.cli.application",
    "utils",
    "docs",
    "--name",
    "loyalty",
    "--title",
    "Command line",
)


def test_the_document_is_current() -> None:
    written = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-m", "typer", *COMMAND],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert written.strip() == said.strip(), "run `make docs`"


def test_no_word_between_colons_became_a_picture() -> None:
    """The help is set by rich, which takes `:BIRTHDAY:` for a cake."""
    written = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    assert not [letter for letter in written if ord(letter) > 0xFFFF]
