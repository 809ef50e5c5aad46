"""`loyalty rules`: what an author needs before a rule set is in force."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.failure import CommandFailed
from worker.cli.output import Format, FormatOption, fail, print_json, print_table, read_bytes, say

if TYPE_CHECKING:
    from rules_engine.checked import CheckedRuleSet
    from rules_engine.diagnostics import Diagnostic

app = typer.Typer(help="Check rule sets; list what formulas may use.", no_args_is_help=True)


@app.command()
def validate(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH…", help="Files, or directories of rule sets.")
    ],
    form: FormatOption = Format.TEXT,
) -> None:
    """Check rule sets and show every finding with its place and remedy."""
    from rules_engine.author.prove import prove

    checked, findings = check_files([file for path in paths for file in rule_files(path)])
    findings += [finding for rules in checked.values() for finding in prove(rules)]
    if form is Format.JSON:
        sets = [
            {
                "file": file,
                "organizationId": rules.organization_id,
                "version": rules.version,
                "contentHash": rules.content_hash,
                "rules": len(rules.rules),
            }
            for file, rules in checked.items()
        ]
        print_json({"ruleSets": sets, "findings": [asdict(finding) for finding in findings]})
    else:
        for file, rules in checked.items():
            told = f"{rules.organization_id} {rules.version}, {len(rules.rules)} rules"
            print(f"{file}: good ({told})")
        fail("\n\n".join(map(str, findings)), mark=False) if findings else None
        if findings:
            say(f"\n{len(findings)} to mend.")
    raise typer.Exit(1 if findings else 0)


@app.command()
def variables(
    trigger: Annotated[str | None, typer.Argument(help="One trigger; all without it.")] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """List the names that formulas may use under each trigger."""
    from rules_engine.diagnostics import did_you_mean
    from rules_engine.variables import TRIGGERS
    from worker.cli.variables import rows

    if trigger is not None and trigger not in TRIGGERS:
        hint = did_you_mean(trigger, TRIGGERS) or f"one of {', '.join(TRIGGERS)}"
        raise typer.BadParameter(f"there is no trigger {trigger!r}; {hint}")
    shown = rows(trigger)
    if form is Format.JSON:
        print_json(shown)
        return
    columns = ("trigger", "name", "kind", "source", "description")
    print_table(columns, ([str(row[column]) for column in columns] for row in shown))


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
    files = sorted(str(file) for file in Path(path).iterdir() if is_rule_set(file.name))
    if not files:
        raise CommandFailed(f"{path}: it holds no *.yaml, *.yml or *.json; name a rule set")
    return files


def check_files(files: list[str]) -> tuple[dict[str, "CheckedRuleSet"], list["Diagnostic"]]:
    """The good sets by file, and every finding; one organization has one file."""
    from rules_engine.author.load import load_rule_set
    from rules_engine.errors import RuleSetError

    checked: dict[str, CheckedRuleSet] = {}
    findings: list[Diagnostic] = []
    for file in files:
        try:
            checked[file] = load_rule_set(read_bytes(file), file)
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
