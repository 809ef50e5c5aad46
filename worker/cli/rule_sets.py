"""Rule sets by path: what `rules`, `simulate`, `demo` and `check` take."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from worker.cli.failure import CommandFailed
from worker.cli.output import read_bytes

if TYPE_CHECKING:
    from rules_engine.checked import CheckedRuleSet
    from rules_engine.diagnostics import Diagnostic


def rule_files(path: str) -> list[str]:
    """The rule sets that a path means: itself, or a directory's `*.yaml`, `*.yml`, `*.json` less
    the rule tests beside them."""
    from rules_engine.cases.names import is_rule_set, is_rule_test

    if not path:
        raise typer.BadParameter("a path is empty; name a rule set, or a directory of some")
    if not Path(path).is_dir():
        if is_rule_test(path):
            raise CommandFailed(f"{path}: it holds rule tests; run `loyalty rules test {path}`")
        return [path]
    # A pipe has no end; a link that leads nowhere is told of.
    found = (each for each in Path(path).iterdir() if each.is_file() or each.is_symlink())
    files = sorted(str(each) for each in found if is_rule_set(each.name))
    if not files:
        raise CommandFailed(f"{path}: it holds no *.yaml, *.yml or *.json; name a rule set")
    return files


def read_rule_sets(paths: list[str]) -> tuple[dict[str, bytes], list["Diagnostic"]]:
    """What is in the files that paths mean, by file, and a finding for each that gives none: who
    names many learns of all faults at once."""
    contents: dict[str, bytes] = {}
    findings: list[Diagnostic] = []
    for path in paths:
        try:
            files = rule_files(path)
        except CommandFailed as error:
            findings.append(_unreadable(path, error))
            continue
        for file in files:
            try:
                if file == "-" and file in contents:
                    raise CommandFailed("standard input is named twice; name a file")
                contents[file] = read_bytes(file)
            except CommandFailed as error:
                findings.append(_unreadable(file, error))
    return contents, findings


def _unreadable(path: str, error: CommandFailed) -> "Diagnostic":
    from rules_engine.diagnostics import Diagnostic

    message, _, remedy = str(error).removeprefix(f"{path}: ").partition("; ")
    return Diagnostic("UNREADABLE", message, path, 0, 1, 1, "", "", remedy)


def check_files(files: list[str]) -> tuple[dict[str, "CheckedRuleSet"], list["Diagnostic"]]:
    """As `check_contents`. Raises CommandFailed for a file that cannot be read."""
    return check_contents({file: read_bytes(file) for file in files})


def check_contents(
    contents: dict[str, bytes],
) -> tuple[dict[str, "CheckedRuleSet"], list["Diagnostic"]]:
    """The good sets by file, and every finding; one organization has one file."""
    from rules_engine.author.load import load_rule_set
    from rules_engine.errors import RuleSetError

    checked: dict[str, CheckedRuleSet] = {}
    findings: list[Diagnostic] = []
    for file, content in contents.items():
        try:
            checked[file] = load_rule_set(content, file)
        except RuleSetError as error:
            findings += error.diagnostics
    findings += organizations_twice(checked)
    return checked, findings


def organizations_twice(checked: dict[str, "CheckedRuleSet"]) -> Iterator["Diagnostic"]:
    """Of two files nobody can say which one is meant."""
    from rules_engine.diagnostics import Diagnostic

    first: dict[str, str] = {}
    for file, rules in checked.items():
        other = first.setdefault(rules.organization_id, file)
        if other != file:
            message = f"Organization '{rules.organization_id}' has its rules in {other} too."
            remedy = "Keep one file per organization."
            yield Diagnostic("ORGANIZATION_TWICE", message, file, 1, 1, 1, "", "", remedy)
