"""`loyalty rules push` and `rollback`: a rule set goes live."""

import getpass
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules_engine.wording import counted
from worker.cli.failure import CommandFailed
from worker.cli.going_live import go_live
from worker.cli.output import Format, FormatOption, fail, print_json, read_bytes, say
from worker.cli.waiting import wait

if TYPE_CHECKING:
    from config.settings import Settings
    from rules_engine.checked import CheckedRuleSet
    from worker.publishing.awaiting import Answers
    from worker.publishing.publish import Push

ReasonOption = Annotated[
    str, typer.Option(metavar="TEXT", help="Why; kept in the history for good.")
]
AuthorOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Who; the user of this machine without it.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
TimeoutOption = Annotated[
    float, typer.Option(metavar="SECONDS", min=0, help="How long to wait for the workers.")
]


def push(
    path: Annotated[str, typer.Argument(metavar="PATH", help="One rule set's file.")],
    reason: ReasonOption,
    author: AuthorOption = None,
    base: Annotated[
        str | None,
        typer.Option(metavar="HASH", help="The live set that it replaces; looked up without it."),
    ] = None,
    yes: YesOption = False,
    timeout: TimeoutOption = 30.0,
    form: FormatOption = Format.TEXT,
) -> None:
    """Check, lint, test and compare a rule set, publish it, and wait until every worker has it.

    Findings, errors of lint and failing rule tests beside the file refuse it. Exit code 1 also
    where a worker refused it or was silent; it is published all the same then.
    """
    who = _author(author), _text("--reason", reason)
    base = None if base is None else _text("--base", base)
    settings = _settings()
    file, raw, checked = _load(path)
    _require_lint(file, raw)
    _require_tests(file, checked)
    _finish(go_live(settings, raw.decode(), checked, who, base, yes, timeout), form)


def rollback(
    organization: Annotated[str, typer.Argument(metavar="ORG", help="The organizationId.")],
    reason: ReasonOption,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="VERSION", help="A version, or a hash; without it the last push is undone."
        ),
    ] = None,
    author: AuthorOption = None,
    yes: YesOption = False,
    timeout: TimeoutOption = 30.0,
    form: FormatOption = Format.TEXT,
) -> None:
    """Publish a rule set of the history again: any that was pushed before.

    Without --to the last push is undone; once more undoes the one before it, and so on.
    """
    from rules_engine.author.load import load_rule_set
    from rules_engine.errors import RuleSetError
    from worker.publishing.catalog import read_catalog
    from worker.publishing.earlier import earlier_push

    who = _author(author), _text("--reason", reason)
    organization = _text("ORG", organization)
    to = None if to is None else _text("--to", to)
    settings = _settings()
    catalog = wait(read_catalog(settings))
    entry = earlier_push(catalog, organization, to)
    try:
        checked = load_rule_set(entry.text, f"{organization} {entry.version}")
    except RuleSetError as error:
        fail(*map(str, error.diagnostics), mark=False)
        raise CommandFailed(
            f"{organization} {entry.version} is a set that this release refuses, nothing was "
            "published; name another with --to, or mend its text and push that"
        ) from None
    _finish(go_live(settings, entry.text, checked, who, None, yes, timeout, True), form)


def _load(path: str) -> "tuple[str, bytes, CheckedRuleSet]":
    """The file, its content, the set. Raises RuleSetError with every finding, also of the
    reference evaluator."""
    from rules_engine.author.load import load_rule_set
    from rules_engine.author.prove import prove
    from rules_engine.errors import RuleSetError
    from worker.cli.rule_sets import rule_files

    if path == "-":
        raise CommandFailed("a push needs a file: its rule tests stand beside it")
    files = rule_files(path)
    if len(files) > 1:
        raise CommandFailed(f"{path}: it holds {len(files)} rule sets; push one file at a time")
    raw = read_bytes(files[0])
    checked = load_rule_set(raw, files[0])
    if disagreements := prove(checked):
        raise RuleSetError(disagreements)
    return files[0], raw, checked


def _require_lint(file: str, raw: bytes) -> None:
    """Warnings are shown, errors end here."""
    from rules_engine.lint import Assumed, Severity, lint
    from worker.clock import SystemClock

    report = lint(raw, file, Assumed(SystemClock().now_us()))
    shown = [str(each) for each in report.findings if each.severity is not Severity.ADVICE]
    if shown:
        fail("\n\n".join(shown), mark=False)
    if report.of(Severity.ERROR):
        raise CommandFailed(f"{file}: lint found errors, nothing was pushed")


def _require_tests(file: str, checked: "CheckedRuleSet") -> None:
    """The rule tests beside the file; one that fails ends here."""
    from rules_engine.cases.run import run_cases
    from rules_engine.errors import RuleSetError
    from worker.cli.rule_test_files import load_tests, tests_beside

    loaded = load_tests(tests_beside(file))
    if loaded.findings:
        raise RuleSetError(loaded.findings)
    results = [result for tests in loaded.tests.values() for result in run_cases(tests).results]
    failing = [result for result in results if not result.passed]
    for result in failing:
        fail(*(str(failure.finding) for failure in result.failures), mark=False)
    tests = counted(len(results), "rule test")
    if failing:
        raise CommandFailed(
            f"{file}: {len(failing)} of {tests} failed, nothing was pushed; "
            f"`loyalty rules test {file}` shows why"
        )
    told = f"{tests} passed" if results else "there are no rule tests beside it"
    rules = counted(len(checked.rules), "rule")
    say(f"{checked.organization_id} {checked.version}: {rules}, {told}")


def _settings() -> "Settings":
    from config.load import load_settings

    settings = load_settings(os.environ, needs=["kafka"])
    if settings.rules_source and not settings.rules_source.startswith("kafka:"):
        raise CommandFailed(
            f"LOYALTY_RULES_SOURCE is {settings.rules_source}: workers with these settings read "
            "that and not the topic; set it to kafka: here and there, or edit the files"
        )
    return settings


def _author(given: str | None) -> str:
    if given is not None:
        return _text("--author", given)
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container runs under a number that no list of users has
        raise typer.BadParameter(
            "this machine knows no name for its user; say who with --author"
        ) from None


def _text(name: str, given: str) -> str:
    """In one line, as tables show it."""
    if not given.strip():
        raise typer.BadParameter(f"{name} is empty")
    return " ".join(given.split())


def _finish(done: "tuple[CheckedRuleSet, Push, Answers]", form: Format) -> None:
    checked, push, answers = done
    if form is Format.JSON:
        print_json(_as_json(checked, push, answers))
    else:
        for worker, answer in answers.by_worker.items():
            print(f"{worker}: {answer.value.lower()}")
        for worker, findings in answers.findings.items():
            fail(f"{worker} refused it:\n{findings}", mark=False)
        if not answers.by_worker:
            say("No worker runs: the first that starts takes it up.")
        elif not answers.all_applied:
            say("Not every worker has it: `loyalty rules status` tells how it goes on.")
    raise typer.Exit(0 if answers.all_applied else 1)


def _as_json(checked: "CheckedRuleSet", push: "Push", answers: "Answers") -> dict[str, Any]:
    return {
        "organizationId": checked.organization_id,
        "version": checked.version,
        "hash": checked.content_hash,
        "base": push.base,
        "author": push.author,
        "reason": push.reason,
        "workers": {name: answer.value for name, answer in answers.by_worker.items()},
        "findings": dict(answers.findings),
    }
