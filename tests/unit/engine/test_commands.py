"""What a firing emits: credits and their rounding, groups, pushes and their texts."""

import pytest

from rules_engine.checked import Period, PushLimit, SetLimits
from rules_engine.client import ClientState
from rules_engine.outcome import Outcome
from schemas.ids import command_id
from schemas.wire import AddBonus, AssignGroup, CausedBy, Restriction, SendPush, UnassignGroup
from tests.unit.engine.builders import (
    assign,
    at,
    credit,
    credits_of,
    fire,
    payment,
    push,
    pushes_of,
    reasons,
    rule,
    rule_set,
    run,
    topup,
    unassign,
)


@pytest.mark.parametrize(
    ("formula", "digits", "half_up", "half_even", "down", "up"),
    [
        ("0.125", 2, "0.13", "0.12", "0.12", "0.13"),
        ("0.135", 2, "0.14", "0.14", "0.13", "0.14"),
        ("0.1201", 2, "0.12", "0.12", "0.12", "0.13"),
        ("2.5", 0, "3", "2", "2", "3"),
        ("3.5", 0, "4", "4", "3", "4"),
        ("1.0005", 3, "1.001", "1.000", "1.000", "1.001"),
        ("2 / 3", 3, "0.667", "0.667", "0.666", "0.667"),
        ("48", 2, "48.00", "48.00", "48.00", "48.00"),
    ],
)
def test_one_rounding_to_the_minor_digits(
    formula: str, digits: int, half_up: str, half_even: str, down: str, up: str
) -> None:
    modes = {"HALF_UP": half_up, "HALF_EVEN": half_even, "DOWN": down, "UP": up}
    for rounding, expected in modes.items():
        rules = rule_set(rule("r", credit(formula)), minor_digits=digits, rounding=rounding)
        assert credits_of(fire(rules)) == [expected], rounding


@pytest.mark.parametrize(
    ("formula", "least", "most", "expected"),
    [
        ("percent(topupAmountMajor, 20)", "10", "500", ["20.00"]),
        ("percent(topupAmountMajor, 5)", "10", "500", ["10.00"]),
        ("percent(topupAmountMajor, 600)", "10", "500", ["500.00"]),
        ("0", "10", None, ["10.00"]),  # min lifts a zero result too
        ("-5", "10", None, ["10.00"]),
        ("-5", None, "10", []),
        ("0.004", None, None, []),  # the zero test comes last
        ("0.005", None, None, ["0.01"]),
        ("100", None, "0.004", []),
        ("10.005", "10.004", None, ["10.01"]),
        ("1 - 1", None, None, []),
    ],
)
def test_bounds_then_rounding_then_zero(
    formula: str, least: str | None, most: str | None, expected: list[str]
) -> None:
    action = credit(formula, min_major=least, max_major=most)
    outcome = fire(rule_set(rule("r", action)))
    assert credits_of(outcome) == expected
    assert reasons(outcome) == ([] if expected else [("r", "ZERO_CREDIT", "")])


def test_decimals_to_the_last_digit() -> None:
    # 34 digits half even: 100 / 3 × 3 is 99.99…9 (34 nines), which rounds to 100.00.
    assert credits_of(fire(rule_set(rule("r", credit("100 / 3 * 3"))))) == ["100.00"]
    down = rule_set(rule("r", credit("100 / 3 * 3")), rounding="DOWN")
    assert credits_of(fire(down)) == ["99.99"]
    large = topup("99999999999999999999.99")
    assert credits_of(fire(rule_set(rule("r", credit("topupAmountMajor + 0.01"))), large)) == [
        "100000000000000000000.00"
    ]


@pytest.mark.parametrize(
    ("formula", "cause"),
    [
        ("1 / topupCount", "DIVISION_BY_ZERO"),
        ("topupCount / topupCount", "DIVISION_BY_ZERO"),
        ("daysSinceLastVisit", "MISSING_VALUE"),
        ("topupAmountMajor * 9999999999999999999999999999999999", "INVALID_OPERATION"),
    ],
)
def test_failures_are_data_and_stop_their_rule_alone(formula: str, cause: str) -> None:
    rules = rule_set(
        rule("bad", credit("5", 0), assign("vip", 1), credit(formula, 2)), rule("good")
    )
    outcome = fire(rules)
    assert outcome.fired == ("good",)
    assert reasons(outcome) == [("bad", "FORMULA_FAILED", cause)]
    assert outcome.client.groups == ()


def test_the_whole_command() -> None:
    action = credit(
        "percent(topupAmountMajor, 12)",
        2,
        expires_in_days=45,
        product_types=("TARIFF",),
        product_ids=("night",),
        tags=("happy", "ladder"),
    )
    rules = rule_set(rule("r", action, tags=("ladder", "all")))
    outcome = fire(rules, topup("400", "2026-11-22T15:00:00.5+03:00"))
    made = command_id("izi", "c-1", "e-1", "r", 2)
    assert outcome.commands == (
        AddBonus(
            command_id=made,
            type="ADD_BONUS",
            organization_id="izi",
            club_id="club-1",
            client_id="c-1",
            rule_id="r",
            rule_set_version="7",
            tags=("ladder", "all", "happy"),
            executor="SYSTEM",
            caused_by=CausedBy("e-1", "BALANCE_TOPPED_UP", "loyalty.topups", 3, 42),
            issued_at="2026-11-22T12:00:00.500000+00:00",
            amount_major="48.00",
            currency="RUB",
            batch_id=made,
            expires_at="2027-01-06T12:00:00.500000+00:00",
            restriction=Restriction(("TARIFF",), ("night",)),
        ),
    )


def test_days_are_24_hours_whatever_the_clocks_do() -> None:
    rules = rule_set(rule("r", credit(expires_in_days=1)), zone="Europe/Berlin")
    (command,) = fire(rules, topup(when="2026-03-28T12:00:00+01:00")).commands
    assert isinstance(command, AddBonus)
    assert command.expires_at == "2026-03-29T11:00:00+00:00"


def test_an_end_that_no_text_can_name_is_the_last_instant() -> None:
    rules = rule_set(rule("r", credit(expires_in_days=30)))
    (command,) = fire(rules, topup(when="9999-12-31T00:00:00+00:00")).commands
    assert isinstance(command, AddBonus)
    assert command.expires_at == "9999-12-31T23:59:59.999999+00:00"


def test_several_actions_in_their_order() -> None:
    actions = (
        credit("5", 0),
        unassign("sleepers", 1),
        credit("0", 2),
        push("+{bonusAmountMajor}", "now", 3),
        assign("vip", 4),
        credit("2.50", 5),
    )
    outcome = fire(rule_set(rule("r", *actions)))
    kinds = [type(command) for command in outcome.commands]
    assert kinds == [AddBonus, UnassignGroup, SendPush, AssignGroup, AddBonus]
    assert [each.command_id for each in outcome.commands] == [
        command_id("izi", "c-1", "e-1", "r", index) for index in (0, 1, 3, 4, 5)
    ]
    assert pushes_of(outcome)[0].title == "+7.50"
    assert outcome.rejections == ()


def test_without_a_credit_the_other_actions_run() -> None:
    outcome = fire(rule_set(rule("r", credit("0", 0), push("+{bonusAmountMajor}", "-", 1))))
    assert reasons(outcome) == [("r", "ZERO_CREDIT", "")]
    assert outcome.fired == ("r",)
    assert pushes_of(outcome)[0].title == "+0"


def test_group_commands_are_emitted_also_when_they_change_nothing() -> None:
    rules = rule_set(rule("r", assign("vip", 0), unassign("none", 1), unassign("vip", 2)))
    outcome = fire(rules, client=ClientState(groups=("vip",)))
    assert [each.type for each in outcome.commands] == [
        "ASSIGN_GROUP",
        "UNASSIGN_GROUP",
        "UNASSIGN_GROUP",
    ]
    assert outcome.client.groups == ()


def shown(
    text: str, amount: str = "100", client: ClientState | None = None, digits: int = 2
) -> str:
    rules = rule_set(rule("r", credit("12.50", 0), push("t", text, 1)), minor_digits=digits)
    return pushes_of(fire(rules, topup(amount), client))[0].body


REGULAR = ClientState(
    topup_count=3,
    topup_units=100_0000,
    visit_count=12,
    last_visit_at=at("2026-03-01T10:00:00+03:00"),
)


@pytest.mark.parametrize(
    ("text", "amount", "expected"),
    [
        ("{bonusAmountMajor} of {topupAmountMajor}", "400", "12.50 of 400"),
        ("{topupAmountMajor}", "400.5", "400.50"),
        ("{topupAmountMajor}", "100000000000", "100000000000"),
        ("{averageTopupMajor}", "1", "33.33"),
        ("{visitCount} visits, {daysSinceLastVisit} days ago", "1", "12 visits, 1 days ago"),
        ("{hour} on {localDate} via {topUpSource}", "1", "12 on 2026-03-02 via POS_TERMINAL"),
        ("{isFirstTopup}", "1", "false"),
        ("no names", "1", "no names"),
    ],
)
def test_values_in_texts(text: str, amount: str, expected: str) -> None:
    assert shown(text, amount, REGULAR) == expected


def test_money_in_texts_has_the_currencys_digits() -> None:
    assert shown("{bonusAmountMajor}", digits=3) == "12.500"
    assert shown("{bonusAmountMajor}", digits=0) == "13"


def test_a_missing_value_in_a_text_fails_the_rule() -> None:
    outcome = fire(rule_set(rule("r", credit("5", 0), push("t", "{daysSinceLastVisit}", 1))))
    assert outcome.commands == ()
    assert reasons(outcome) == [("r", "FORMULA_FAILED", "MISSING_VALUE")]


@pytest.mark.parametrize(
    ("title", "expected", "cut"),
    [
        ("x" * 38 + "{hour}", "x" * 38 + "12", 0),
        ("x" * 39 + "{hour}", "x" * 39 + "…", 1),
        ("😀" * 39 + "{hour}", "😀" * 39 + "…", 1),
    ],
)
def test_texts_over_their_limit_are_cut_and_counted(title: str, expected: str, cut: int) -> None:
    outcome = fire(rule_set(rule("r", push(title, "y" * 119 + "{hour}" if cut else "y"))))
    (sent,) = pushes_of(outcome)
    assert (sent.title, outcome.truncated_pushes) == (expected, cut)
    assert len(sent.body) == (120 if cut else 1)


QUIET = SetLimits(push=PushLimit(quiet_since=22 * 60, quiet_until=9 * 60))


@pytest.mark.parametrize(
    ("when", "not_before", "not_after"),
    [
        ("2026-03-02T21:59:59+03:00", None, "2026-03-02T20:59:59+00:00"),
        ("2026-03-02T22:00:00+03:00", "2026-03-03T06:00:00+00:00", "2026-03-02T21:00:00+00:00"),
        ("2026-03-03T08:59:00+03:00", "2026-03-03T06:00:00+00:00", "2026-03-03T07:59:00+00:00"),
    ],
)
def test_quiet_hours_and_lifetime(when: str, not_before: str | None, not_after: str) -> None:
    rules = rule_set(rule("r", push(ttl_hours=2)), limits=QUIET)
    (sent,) = pushes_of(fire(rules, topup(when=when)))
    assert (sent.not_before, sent.not_after) == (not_before, not_after)


def test_a_push_without_limits_may_be_shown_at_any_time() -> None:
    (sent,) = pushes_of(fire(rule_set(rule("r", push()))))
    assert (sent.not_before, sent.not_after) == (None, None)


def counts(outcomes: list[Outcome]) -> list[int]:
    return [len(pushes_of(each)) for each in outcomes]


def test_each_push_counts_by_itself() -> None:
    rules = rule_set(
        rule("two", push("a", "b", 0), push("c", "d", 1), priority=1),
        rule("one", push("e", "f", 0), credit("5", 1)),
        limits=SetLimits(push=PushLimit(3, Period.DAY)),
    )
    first, second, next_day = run(
        rules,
        topup(event_id="a"),
        topup(event_id="b"),
        topup(event_id="c", when="2026-03-03T00:00:00+03:00"),
    )
    assert counts([first, second, next_day]) == [3, 0, 3]
    assert second.fired == ("one",)  # its other action runs
    assert reasons(second) == [("two", "PUSH_LIMIT", "")] * 2 + [("one", "PUSH_LIMIT", "")]
    assert next_day.client.counters.pushed == {"DAY": ((20514, 3), (20515, 3))}


def test_the_limit_may_fall_between_two_pushes_of_a_rule() -> None:
    rules = rule_set(
        rule("r", push("a", "b", 0), push("c", "d", 1)),
        limits=SetLimits(push=PushLimit(1, Period.LIFETIME)),
    )
    outcome = fire(rules)
    assert [each.title for each in pushes_of(outcome)] == ["a"]
    assert reasons(outcome) == [("r", "PUSH_LIMIT", "")]


def test_a_payments_bonus_part_is_not_the_credit_in_a_text() -> None:
    trigger = "PAYMENT_MADE"
    actions = (credit("bonusAmountMajor * 2", 0, trigger), push("{bonusAmountMajor}", "-", 1))
    outcome = fire(rule_set(rule("r", *actions, trigger=trigger)), payment(bonus="15"))
    assert pushes_of(outcome)[0].title == "30"
