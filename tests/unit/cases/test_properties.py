"""Whatever stands in a file of tests: findings, or cases that run; never anything else."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.cases.check import load_cases
from rules_engine.cases.run import run_cases
from rules_engine.errors import RuleSetError
from tests.unit.cases.texts import RULE_SET

TESTS: dict[str, Any] = {
    "defaults": {"clubId": "club-1", "occurredAt": "2026-01-05T12:00:00+03:00"},
    "cases": [
        {
            "name": "one",
            "given": {
                "client": {
                    "groups": ["vip"],
                    "topupCount": "1",
                    "totalTopupMajor": "5",
                    "batches": [{"amountMajor": "5", "restriction": {"productIds": ["a"]}}],
                },
                "before": [{"type": "VISIT_STARTED", "client": {"groups": ["a"]}}],
                "events": [
                    {"type": "BALANCE_TOPPED_UP", "topupAmountMajor": "400", "eventId": "x"},
                    {"type": "VISIT_ENDED", "durationMinutes": "60"},
                ],
                "until": "2026-02-01T12:00:00+03:00",
            },
            "expect": {
                "commands": [{"ruleId": "everyday.anchor", "amountMajor": "48", "tags": []}],
                "journal": [{"type": "BONUS_CREDIT", "takenMajor": "48"}],
                "reasons": [{"ruleId": "regular", "reason": "CONDITION", "eventId": "x"}],
            },
        },
        {
            "name": "two",
            "given": {"events": [{"type": "VISIT_STARTED"}]},
            "expect": {"commands": []},
        },
    ],
}
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        *("", "no", "x", "5", "-5", "1e999", "1_000", "NaN", "2026-13-01T00:00:00Z"),
        *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "VISIT_ENDED", "\x1f", "🎲"),
        *(None, True, [], {}, [[]], ["x"], [{}], {"x": "y"}, {"type": "VISIT_STARTED"}),
    ]
)


def paths_in(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    children: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    return [p for step, child in children for p in [(*path, step), *paths_in(child, (*path, step))]]


@st.composite
def wrong_tests(draw: st.DrawFn) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(json.dumps(TESTS))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(paths_in(values)))
        container: Any = values
        for step in way:
            container = container[step]
        if draw(st.booleans()):
            container[last] = json.loads(json.dumps(draw(VALUES)))
        else:
            del container[last]
        if not paths_in(values):
            break
    return values


@settings(max_examples=150)
@given(wrong_tests())
def test_findings_or_cases_that_run(values: dict[str, Any]) -> None:
    try:
        cases = load_cases(json.dumps(values), "izi.test.json", RULE_SET)
    except RuleSetError as refused:
        found = refused.diagnostics
    else:
        found = ()
        for result in run_cases([cases]).results:
            found += tuple(failure.finding for failure in result.failures)
    assert all(finding.line and "Input should" not in str(finding) for finding in found)
