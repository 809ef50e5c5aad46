"""What cases come to: expectations that hold, and every way in which one does not."""

import pytest

from rules_engine.cases.check import load_cases
from rules_engine.cases.run import run_cases
from tests.unit.cases.texts import RULE_SET, failures, run

TOPUP = "{type: BALANCE_TOPPED_UP, topupAmountMajor: 400}"


def case(given: str, expect: str) -> str:
    return f"cases: [{{name: one, given: {given}, expect: {expect}}}]"


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        # 12 % of 400 is 48; 45 days after noon in Moscow on the 5th of January
        (
            f"{{events: [{TOPUP}]}}",
            "{commands: [{type: ADD_BONUS, ruleId: everyday.anchor, amountMajor: 48.0,"
            ' eventId: e-1, clientId: client-1, expiresAt: "2026-02-19T12:00:00+03:00", tags: [],'
            " restriction: {productTypes: []}}],"
            " journal: [{type: BONUS_CREDIT, takenMajor: 48, balanceAfterMajor: 48}]}",
        ),
        (f"{{events: [{TOPUP}]}}", "{reasons: [{ruleId: everyday.entry, reason: EXCLUDED_BY}]}"),
        (
            f"{{events: [{TOPUP}]}}",
            "{reasons: [{ruleId: everyday.entry, reason: EXCLUDED_BY, detail: everyday.anchor}]}",
        ),
        ("{events: [{type: BALANCE_TOPPED_UP, topupAmountMajor: 199.99}]}", "{commands: []}"),
        # 68 = 20 + 48: the opening is history, and no record of the case
        (
            f"{{client: {{bonusBalanceMajor: 20}}, events: [{TOPUP}]}}",
            "{journal: [{type: BONUS_CREDIT, balanceAfterMajor: 68}]}",
        ),
        # the third visit; the two before it are history, commands of theirs are not compared
        (
            "{before: [{type: VISIT_STARTED}, {type: VISIT_STARTED}],"
            " events: [{type: VISIT_STARTED}]}",
            "{commands: [{type: SEND_PUSH, title: Good to see you, body: Third visit.},"
            " {groupId: regulars, tags: [regulars]}]}",
        ),
        (
            "{client: {visitCount: 2, firstVisitAt: '2026-01-01T10:00:00+03:00'},"
            " events: [{type: VISIT_STARTED}]}",
            "{commands: [{type: ASSIGN_GROUP}, {type: SEND_PUSH,"
            " notAfter: '2026-01-06T12:00:00+03:00'}]}",
        ),
        (
            "{events: [{type: PAYMENT_MADE, totalAmountMajor: 50, productType: BAR,"
            " productId: cola}]}",
            "{commands: [], journal: [], reasons: [{ruleId: asleep, reason: DISABLED}]}",
        ),
        # the same event again asks no rule: the reason is the first one's
        (
            "{events: [{type: VISIT_STARTED, eventId: x}, {type: VISIT_STARTED, eventId: x,"
            " occurredAt: '2026-01-05T12:00:00+03:00'}]}",
            "{reasons: [{ruleId: regular, reason: CONDITION, detail: visitCount == 2}]}",
        ),
        # two clients, 10 and 48
        (
            "{events: [{type: BALANCE_TOPPED_UP, topupAmountMajor: 200, clientId: anna},"
            f" {TOPUP}]}}",
            "{commands: [{clientId: client-1, amountMajor: 48},"
            " {clientId: anna, amountMajor: 10}]}",
        ),
        # fourteen days after the visit at ten: 30 / 1; nothing to say of the visit itself
        (
            "{client: {bonusBalanceMajor: 30}, before: [{type: VISIT_STARTED}],"
            " until: '2026-01-19T10:00:00+03:00'}",
            "{commands: [{ruleId: absent, amountMajor: 30, restriction: {productTypes: [BAR]},"
            " eventId: 'timer:CLIENT_ABSENT:absent:client-1:2026-01-19'}]}",
        ),
        # one second less, and nobody is absent yet
        (
            "{before: [{type: VISIT_STARTED}], until: '2026-01-19T09:59:59+03:00'}",
            "{commands: []}",
        ),
        # 0 / 1 is zero: it matched, and credits nothing
        (
            "{before: [{type: VISIT_STARTED}], until: '2026-01-19T10:00:00+03:00'}",
            "{reasons: [{ruleId: absent, reason: ZERO_CREDIT}]}",
        ),
    ],
)
def test_what_holds(given: str, expect: str) -> None:
    assert failures(case(given, expect)) == []


@pytest.mark.parametrize(
    ("given", "expect", "found"),
    [
        (
            f"{{events: [{TOPUP}]}}",
            "{commands: [{ruleId: everyday.anchor, amountMajor: 50}]}",
            (
                "MISSING",
                "no command with ruleId everyday.anchor, amountMajor 50",
                "happened: ADD_BONUS 48.00 by everyday.anchor at e-1; amountMajor is 48.00, not 50",
            ),
        ),
        (
            f"{{events: [{TOPUP}]}}",
            "{commands: []}",
            (
                "UNEXPECTED",
                "a command that nobody expected: ADD_BONUS 48.00 by everyday.anchor at e-1",
                "",
            ),
        ),
        (
            "{events: [{type: VISIT_STARTED}]}",
            "{commands: [{groupId: regulars}]}",
            ("MISSING", "no command with groupId regulars", "happened: nothing like it"),
        ),
        (
            f"{{events: [{TOPUP}]}}",
            "{commands: [{type: ADD_BONUS, expiresAt: '2026-02-20T12:00:00+03:00'}]}",
            (
                "MISSING",
                "no command with type ADD_BONUS, expiresAt 2026-02-20T09:00:00+00:00",
                "happened: ADD_BONUS 48.00 by everyday.anchor at e-1; expiresAt is "
                "2026-02-19T09:00:00+00:00, not 2026-02-20T09:00:00+00:00",
            ),
        ),
        (
            f"{{events: [{TOPUP}]}}",
            "{commands: [{type: ADD_BONUS}, {type: ADD_BONUS}]}",
            ("MISSING", "no command with type ADD_BONUS", "happened: nothing like it"),
        ),
        (
            f"{{events: [{TOPUP}]}}",
            "{journal: [{type: BONUS_CREDIT, balanceAfterMajor: 50}]}",
            (
                "MISSING",
                "no journal record with type BONUS_CREDIT, balanceAfterMajor 50",
                "happened: BONUS_CREDIT 48.00 by everyday.anchor at e-1; balanceAfterMajor is "
                "48.00, not 50",
            ),
        ),
        (
            "{events: [{type: BALANCE_TOPPED_UP, topupAmountMajor: 199}]}",
            "{reasons: [{ruleId: everyday.entry, reason: WINDOW}]}",
            (
                "WRONG_REASON",
                "`everyday.entry` was to be held back by WINDOW",
                "happened: CONDITION topupAmountMajor >= 200; it needs topupAmountMajor ≥ 200, "
                "was 199",
            ),
        ),
        (
            f"{{events: [{TOPUP}]}}",
            "{reasons: [{ruleId: everyday.anchor, reason: CONDITION}]}",
            (
                "FIRED",
                "`everyday.anchor` was to be held back by CONDITION",
                "happened: it fired",
            ),
        ),
        (
            f"{{events: [{TOPUP}]}}",
            "{reasons: [{ruleId: regular, reason: CONDITION}]}",
            (
                "NOT_ASKED",
                "`regular` was not asked",
                "its trigger is VISIT_STARTED, and nothing of the kind happened",
            ),
        ),
        (
            f"{{events: [{TOPUP}]}}",
            "{reasons: [{ruleId: regular, reason: CONDITION, eventId: e-1}]}",
            (
                "NOT_ASKED",
                "`regular` was not asked at `e-1`",
                "its trigger is VISIT_STARTED; `e-1` is BALANCE_TOPPED_UP",
            ),
        ),
    ],
)
def test_what_does_not(given: str, expect: str, found: tuple[str, str, str]) -> None:
    assert failures(case(given, expect)) == [found]


def test_an_event_that_is_refused_is_never_what_was_meant() -> None:
    given = (
        "{events: [{type: VISIT_STARTED, eventId: x}, {type: VISIT_STARTED, eventId: x,"
        " visitId: other}]}"
    )
    [(code, message, remedy)] = failures(case(given, "{commands: []}"))
    assert (code, message) == ("REFUSED", "the event `x` is refused: EVENT_ID_REUSED")
    assert remedy.startswith("The client's event 'x' was taken before with other content")


def test_failures_point_at_the_expectation() -> None:
    text = """\
cases:
  - name: one
    given: {events: [{type: BALANCE_TOPPED_UP, topupAmountMajor: 400}]}
    expect:
      commands:
        - {ruleId: everyday.anchor, amountMajor: 50}
"""
    [result] = run(text).results
    [failure] = result.failures
    assert (failure.finding.file, failure.finding.line, failure.finding.column) == (
        "izi.test.yaml",
        6,
        11,
    )
    assert failure.rule_id == "everyday.anchor"
    assert failure.event is not None
    assert failure.event.event is not None
    assert failure.event.event.event_id == "e-1"
    assert (result.case.name, result.case.line, result.passed) == ("one", 2, False)


def test_cases_do_not_see_each_other() -> None:
    text = "cases:\n" + "".join(
        f"  - {{name: {name}, given: {{events: [{{type: VISIT_STARTED}}]}},"
        " expect: {reasons: [{ruleId: regular, reason: CONDITION}]}}\n"
        for name in ("one", "two", "three", "four")
    )
    assert run(text).passed


def test_defaults_of_the_file() -> None:
    text = """\
defaults: {clubId: club-9, clientId: anna, occurredAt: "2026-03-01T12:00:00+03:00"}
cases:
  - name: one
    given:
      events:
        - {type: BALANCE_TOPPED_UP, topupAmountMajor: 400, topUpSource: CASH}
        - {type: BALANCE_TOPPED_UP, topupAmountMajor: 400, topUpSource: ACQUIRING}
    expect:
      commands:
        - {clientId: anna, expiresAt: "2026-04-15T12:00:00+03:00"}
        - {clientId: anna, expiresAt: "2026-04-15T12:01:00+03:00"}
"""
    assert failures(text) == []


def test_without_files_there_is_nothing_to_run() -> None:
    with pytest.raises(ValueError, match="no rule tests"):
        run_cases([])


def test_several_files_are_one_run() -> None:
    one = load_cases(case(f"{{events: [{TOPUP}]}}", "{commands: [{}]}"), "a.test.yaml", RULE_SET)
    two = load_cases(case(f"{{events: [{TOPUP}]}}", "{commands: []}"), "b.test.yaml", RULE_SET)
    results = run_cases([one, two]).results
    assert [(each.file, each.passed) for each in results] == [
        ("a.test.yaml", True),
        ("b.test.yaml", False),
    ]
