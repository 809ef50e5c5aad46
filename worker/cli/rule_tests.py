"""`loyalty rules test`: what a rule set is to do, held against what it does."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules_engine.wording import counted
from worker.cli.output import Format, FormatOption, fail, open_output, print_json, say
from worker.cli.rule_test_files import Loaded, files_of_tests, load_tests

if TYPE_CHECKING:
    from rules_engine.cases.coverage import Clause, Coverage
    from rules_engine.cases.run import CaseResult, CaseRun, Failure
    from rules_engine.checked import CheckedRuleSet

_GAPS = (
    ("never fired", "never_fired"),
    ("tiers never hit", "tiers_never_hit"),
    ("`when` never true", "never_true"),
    ("`when` never false", "never_false"),
)
_CLAUSE_GAPS = (("never true", "clauses_never_true"), ("never false", "clauses_never_false"))


def run_rule_tests(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH…]",
            help="Files of tests, rule sets, or directories; the current one without it.",
        ),
    ] = None,
    junit: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write the results as JUnit's XML; - is output."),
    ] = None,
    full_coverage: Annotated[
        bool, typer.Option("--full-coverage", help="What no case tried is a failure too.")
    ] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Run the rule tests (*.test.yaml) beside rule sets, and tell what they never tried."""
    from rules_engine.cases.run import run_cases

    if paths is not None and "" in paths:
        raise typer.BadParameter("a path is empty; name rule tests, or a directory of some")
    if junit == "-" and form is Format.JSON:
        raise typer.BadParameter("two outputs go to the same place; give --junit a file")
    loaded = load_tests(files_of_tests(paths or ["."]))
    if junit is not None:
        _check_target(junit, loaded)
    runs = {path: run_cases(tests) for path, tests in loaded.tests.items()}
    explained = _explained(loaded, runs)
    if junit is not None:
        _write_junit(junit, loaded, runs, explained)
    if form is Format.JSON:
        print_json(_as_json(loaded, runs, explained))
    elif junit != "-":
        _print(runs, explained)
    fail("\n\n".join(map(str, loaded.findings)), mark=False) if loaded.findings else None
    gaps = full_coverage and not all(run.coverage.is_full for run in runs.values())
    if form is Format.TEXT:
        say(_total(loaded, runs) + ("; not everything was tried" if gaps else ""))
    good = all(run.passed for run in runs.values()) and not loaded.findings and not gaps
    raise typer.Exit(0 if good else 1)


def _check_target(junit: str, loaded: Loaded) -> None:
    """Nothing is written over what is read."""
    read = {*loaded.tests, *(test.file for tests in loaded.tests.values() for test in tests)}
    read |= {finding.file for finding in loaded.findings}
    if Path(junit).resolve() in {Path(each).resolve() for each in read}:
        raise typer.BadParameter(f"{junit} would be written over; give --junit its own file")


def _explained(loaded: Loaded, runs: dict[str, "CaseRun"]) -> dict[int, str]:
    """Why it happened, by the id of the failure."""
    return {
        id(failure): _explanation(failure, loaded.tests[path][0].rule_set)
        for path, run in runs.items()
        for result in run.results
        for failure in result.failures
        if failure.event is not None
    }


def _explanation(failure: "Failure", rule_set: "CheckedRuleSet") -> str:
    from worker.cli.explanation import explanation

    assert failure.event is not None
    text = explanation(rule_set, failure.event, Format.TEXT, failure.rule_id, with_line=False)
    return "\n".join(f"      {line}" for line in text.splitlines())


def _print(runs: dict[str, "CaseRun"], explained: dict[int, str]) -> None:
    for path, run in runs.items():
        for result in run.results:
            print(f"{'ok  ' if result.passed else 'FAIL'} {result.file}: {result.case.name}")
            for failure in result.failures:
                print(failure.finding)
                if id(failure) in explained:
                    print(explained[id(failure)])
        for line in _coverage_lines(path, run.coverage):
            print(line)


def _coverage_lines(path: str, coverage: "Coverage") -> Iterator[str]:
    yield f"{path}: {coverage.fired} of {counted(coverage.rules, 'rule')} fired"
    for told, name in _GAPS:
        ids = getattr(coverage, name)
        if ids:
            yield f"  {told}: {', '.join(ids)}"
    for told, name in _CLAUSE_GAPS:
        for clause in getattr(coverage, name):
            yield f"  a part of `when` {told}: {clause.rule_id}: {clause.text}"


def _total(loaded: Loaded, runs: dict[str, "CaseRun"]) -> str:
    results = [result for run in runs.values() for result in run.results]
    failed = sum(not result.passed for result in results)
    total = f"{counted(len(results), 'case')}, {failed} failed"
    to_mend = f", {counted(len(loaded.findings), 'finding')} to mend" if loaded.findings else ""
    return total + to_mend


def _write_junit(
    path: str, loaded: Loaded, runs: dict[str, "CaseRun"], explained: dict[int, str]
) -> None:
    from worker.cli.junit import junit_xml

    results = [result for run in runs.values() for result in run.results]
    xml = junit_xml(results, loaded.findings, explained)
    file = open_output(path)
    file.write(xml)
    if path == "-":
        file.flush()
    else:
        file.close()


def _as_json(
    loaded: Loaded, runs: dict[str, "CaseRun"], explained: dict[int, str]
) -> dict[str, Any]:
    return {
        "passed": sum(result.passed for run in runs.values() for result in run.results),
        "failed": sum(not result.passed for run in runs.values() for result in run.results),
        "ruleSets": [
            {
                "rules": path,
                "organizationId": loaded.tests[path][0].rule_set.organization_id,
                "cases": [_case_json(result, explained) for result in run.results],
                "coverage": _coverage_json(run.coverage),
            }
            for path, run in runs.items()
        ],
        "findings": [asdict(finding) for finding in loaded.findings],
    }


def _case_json(result: "CaseResult", explained: dict[int, str]) -> dict[str, Any]:
    return {
        "file": result.file,
        "name": result.case.name,
        "line": result.case.line,
        "passed": result.passed,
        "failures": [
            asdict(failure.finding) | {"explanation": explained.get(id(failure), "")}
            for failure in result.failures
        ],
    }


def _coverage_json(coverage: "Coverage") -> dict[str, Any]:
    return {
        "rules": coverage.rules,
        "fired": coverage.fired,
        "neverFired": coverage.never_fired,
        "tiersNeverHit": coverage.tiers_never_hit,
        "neverTrue": coverage.never_true,
        "neverFalse": coverage.never_false,
        "partsNeverTrue": _clauses_json(coverage.clauses_never_true),
        "partsNeverFalse": _clauses_json(coverage.clauses_never_false),
    }


def _clauses_json(clauses: "tuple[Clause, ...]") -> list[dict[str, str]]:
    return [{"ruleId": clause.rule_id, "part": clause.text} for clause in clauses]
