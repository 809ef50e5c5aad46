"""`loyalty rules lint`: what is wrong between rules, proven, and what they may pay at most."""

from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules_engine.wording import counted
from worker.cli.lint_payouts import payout_lines, payouts_told
from worker.cli.output import Format, FormatOption, fail, print_json, say
from worker.cli.rule_sets import organizations_twice, read_rule_sets
from worker.clock import SystemClock

if TYPE_CHECKING:
    from rules_engine.diagnostics import Diagnostic
    from rules_engine.lint import Assumed, LintFinding, LintReport


def run_lint(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH…", help="Files, or directories of rule sets.")
    ],
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    now: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="When validities are over; the clock's unless told."),
    ] = None,
    largest: Annotated[
        str,
        typer.Option(metavar="AMOUNT", help="Payouts are told for amounts up to this."),
    ] = "10000",
    form: FormatOption = Format.TEXT,
) -> None:
    """Find faults between rules: what can never fire, gaps and overlaps of tiers, rings, limits.

    And tell the most that one event, and one client on a day, can be credited.

    Exit code 1 with an error, with --strict also with a warning; advice never fails. A comment on a
    rule or above it allows a finding: # lint: allow CODE reason
    """
    from rules_engine.lint import Assumed

    at = SystemClock().now_us() if now is None else _instant(now)
    assumed = Assumed(at, _amount(largest))
    contents, unreadable = read_rule_sets(paths)
    reports, refused = _linted(contents, assumed)
    refused = [*unreadable, *refused]
    if form is Format.JSON:
        print_json(
            {
                "ruleSets": [_told(file, report) for file, report in reports.items()],
                "findings": [asdict(finding) for finding in refused],
            }
        )
    else:
        _show(reports, refused)
    raise typer.Exit(1 if refused or _fails(reports, strict=strict) else 0)


_EARLIEST, _LATEST = "2000-01-01T00:00:00Z", "2200-01-01T00:00:00Z"


def _instant(text: str) -> int:
    from schemas.errors import Unreadable
    from schemas.instants import parse_instant

    try:
        now = parse_instant(text)
    except Unreadable as refused:
        raise typer.BadParameter(f"--now {refused.message}") from None
    if not parse_instant(_EARLIEST) <= now < parse_instant(_LATEST):
        raise typer.BadParameter(
            f"--now {text} is no time of a rule set; write one from {_EARLIEST[:4]} to "
            f"{int(_LATEST[:4]) - 1}"
        )
    return now


def _amount(text: str) -> Decimal:
    from schemas.errors import NotAllowed, Unreadable
    from schemas.money import parse_money

    try:
        return parse_money(text, 0)
    except (Unreadable, NotAllowed) as refused:
        raise typer.BadParameter(f"--largest {refused.message}; write whole units") from None


def _linted(
    contents: dict[str, bytes], assumed: "Assumed"
) -> "tuple[dict[str, LintReport], list[Diagnostic]]":
    """The reports of the sets that load, and why the others do not."""
    from rules_engine.errors import RuleSetError
    from rules_engine.lint import lint

    reports: dict[str, LintReport] = {}
    refused: list[Diagnostic] = []
    for file, content in contents.items():
        try:
            reports[file] = lint(content, file, assumed)
        except RuleSetError as error:
            refused += error.diagnostics
    refused += organizations_twice({file: report.rule_set for file, report in reports.items()})
    return reports, refused


def _fails(reports: "dict[str, LintReport]", *, strict: bool) -> bool:
    from rules_engine.lint import Severity

    failing = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    return any(each.severity in failing for report in reports.values() for each in report.findings)


def _show(reports: "dict[str, LintReport]", refused: "list[Diagnostic]") -> None:
    shown = [str(finding) for report in reports.values() for finding in report.findings]
    shown += map(str, refused)
    for file, report in reports.items():
        rules = report.rule_set
        about = f"{rules.organization_id} {rules.version}, {counted(len(rules.rules), 'rule')}"
        print(f"{file}: {_counts(report)} ({about})")
        for line in payout_lines(report):
            print(line)
    if shown:
        fail("\n\n".join(shown), mark=False)
    if refused:
        say(f"\n{len(refused)} to mend before lint can look at the rules.")


def _counts(report: "LintReport") -> str:
    from rules_engine.lint import Severity

    counts = [
        _many(len(report.of(Severity.ERROR)), "error", "errors"),
        _many(len(report.of(Severity.WARNING)), "warning", "warnings"),
        _many(len(report.of(Severity.ADVICE)), "piece of advice", "pieces of advice"),
        f"{len(report.allowed)} allowed" if report.allowed else "",
    ]
    return ", ".join(count for count in counts if count) or "nothing found"


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}" if count else ""


def _told(file: str, report: "LintReport") -> dict[str, Any]:
    rules = report.rule_set
    return {
        "file": file,
        "organizationId": rules.organization_id,
        "version": rules.version,
        "contentHash": rules.content_hash,
        "findings": [_finding(each) for each in report.findings],
        "allowed": [_finding(each) | {"reason": each.allowed} for each in report.allowed],
        **payouts_told(report),
    }


def _finding(found: "LintFinding") -> dict[str, Any]:
    return {"severity": found.severity.value, "ruleId": found.rule_id} | asdict(found.diagnostic)
