"""`loyalty rules`: what an author needs before a rule set is in force."""

from dataclasses import asdict
from typing import Annotated

import typer

from rules_engine.wording import counted
from worker.cli import ladder, lint, rule_diff, rule_tests, rules_push, rules_status
from worker.cli.output import Format, FormatOption, fail, print_json, print_table, say
from worker.cli.rule_sets import check_contents, read_rule_sets

app = typer.Typer(
    help="Check, test and compare rule sets; list what formulas may use.", no_args_is_help=True
)
app.command("lint")(lint.run_lint)
app.command("test")(rule_tests.run_rule_tests)
app.command("diff")(rule_diff.diff)
app.command("ladder")(ladder.ladder)
app.command("push")(rules_push.push)
app.command("status")(rules_status.status)
app.command("rollback")(rules_push.rollback)


@app.command()
def validate(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH…", help="Files, or directories of rule sets.")
    ],
    form: FormatOption = Format.TEXT,
) -> None:
    """Check rule sets and show every finding with its place and remedy."""
    from rules_engine.author.prove import prove

    contents, unreadable = read_rule_sets(paths)
    checked, refused = check_contents(contents)
    findings = [*unreadable, *refused]
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
            told = f"{rules.organization_id} {rules.version}, {counted(len(rules.rules), 'rule')}"
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
