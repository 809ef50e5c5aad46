"""What a good rule set becomes, value by value."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from rules_engine.author import load_rule_set, prove
from rules_engine.checked import (
    AddBonusAction,
    Amount,
    AssignGroupAction,
    Audience,
    CheckedRule,
    CheckedRuleSet,
    Period,
    Product,
    PushLimit,
    RefundPolicy,
    Rounding,
    RuleLimits,
    SendPushAction,
    SetLimits,
    Template,
    Times,
    TopupRefund,
    UnassignGroupAction,
    Window,
)
from rules_engine.formula.checked import Kind
from tests.unit.author.texts import DATA, HEAD

HOUR_US = 3_600_000_000


@pytest.fixture(scope="module")
def everything() -> CheckedRuleSet:
    return load_rule_set((DATA / "everything.yaml").read_bytes(), "everything.yaml")


@pytest.fixture(scope="module")
def daytime(everything: CheckedRuleSet) -> CheckedRule:
    return everything.rules[0]


def test_the_set_as_a_whole(everything: CheckedRuleSet) -> None:
    assert everything.organization_id == "izi"
    assert everything.version == "1.10"
    assert everything.time_zone == ZoneInfo("Europe/Moscow")
    assert (everything.currency, everything.minor_digits) == ("RUB", 2)
    assert everything.rounding is Rounding.HALF_EVEN
    assert everything.club_zones == {"club-9": ZoneInfo("Asia/Yekaterinburg")}
    assert everything.default_max_bonus_percent == 50
    assert everything.default_refund_policy is RefundPolicy.FORFEIT
    assert everything.limits == SetLimits(
        per_client_credit=Amount(Decimal("5000.5"), Period.DAY),
        push=PushLimit(2, Period.WEEK, 22 * 60, 9 * 60),
    )


def test_products_take_what_they_lack_from_the_defaults(everything: CheckedRuleSet) -> None:
    partial, forfeit = RefundPolicy.KEEP_PARTIAL, RefundPolicy.FORFEIT
    assert everything.products == (
        Product("night-pack", "TARIFF", Decimal(30), partial),
        Product("night-pack", "TARIFF", Decimal(15), forfeit, frozenset({"club-9"})),
        Product("cola", "BAR", Decimal(50), forfeit),
    )


def test_the_settings_of_a_rule(daytime: CheckedRule) -> None:
    assert (daytime.id, daytime.name, daytime.enabled) == ("daytime", "Fill daytime hours", False)
    assert (daytime.priority, daytime.trigger) == (10, "BALANCE_TOPPED_UP")
    assert daytime.club_ids == {"101", "club-2"}
    assert daytime.tags == ("daytime", "weekdays")
    assert daytime.audience == Audience(("vip",), ("staff",), True, 30, 14)
    assert daytime.exclusive == "daytime-or-ladder"
    assert daytime.limits == RuleLimits(
        (Times(1, Period.DAY), Times(9, Period.LIFETIME)), 12 * HOUR_US
    )
    assert daytime.on_topup_refund is TopupRefund.KEEP
    assert daytime.at_least is None
    assert daytime.when is not None
    assert daytime.when.kind is Kind.FLAG
    assert daytime.when.names == {"topupAmountMajor", "topUpSource"}


def test_windows(daytime: CheckedRule) -> None:
    assert daytime.windows == (
        Window(frozenset({1, 5}), 10 * 60, 17 * 60),
        Window(frozenset({6}), 22 * 60, 0),
        Window(frozenset({7}), 0, 0),
        Window(frozenset(range(1, 8)), 8 * 60 + 30, 9 * 60 + 15),
    )


def test_validity(daytime: CheckedRule) -> None:
    assert daytime.valid_from == _us(datetime(2026, 10, 31, 21, tzinfo=UTC))
    assert daytime.valid_until == _us(datetime(2026, 12, 1, tzinfo=UTC))


def test_actions(daytime: CheckedRule) -> None:
    credit, assign, unassign, push = daytime.actions
    assert isinstance(credit, AddBonusAction)
    assert credit.formula.text == "percent(topupAmountMajor, 20)"
    assert (credit.index, credit.min_major, credit.max_major) == (0, Decimal(10), Decimal(500))
    assert (credit.expires_in_days, credit.tags) == (30, ("happy-hours",))
    assert (credit.product_types, credit.product_ids) == (("TARIFF",), ("night-pack",))
    assert assign == AssignGroupAction(1, "daytimers", None, ("a",))
    assert unassign == UnassignGroupAction(2, "sleepers")
    assert push == SendPushAction(
        3,
        Template((("+", "bonusAmountMajor"), (" bonus", None)), 40),
        Template((("{Hi}: ", "topupAmountMajor"), ("", "topUpSource")), 120),
        24,
    )


def test_what_a_rule_leaves_out(everything: CheckedRuleSet) -> None:
    plain = everything.rules[-1]
    assert (plain.id, plain.name, plain.enabled, plain.priority) == ("plain", "plain", True, -5)
    assert plain.audience == Audience()
    assert plain.limits == RuleLimits()
    assert (plain.when, plain.windows, plain.exclusive) == (None, (), None)
    assert (plain.valid_from, plain.valid_until) == (None, None)


def test_rules_stand_in_matching_order() -> None:
    ids = [("b", 1), ("a", 1), ("c", 2), ("d", 0)]
    rules = "".join(
        f"  - {{id: {name}, priority: {priority}, trigger: VISIT_STARTED, "
        "actions: [{type: UNASSIGN_GROUP, groupId: g}]}\n"
        for name, priority in ids
    )
    loaded = load_rule_set(f"{HEAD}rules:\n{rules}", "rules.yaml")
    assert [rule.id for rule in loaded.rules] == ["c", "a", "b", "d"]


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("KZT", 2), ("KWD", 3), ("CLF", 4)])
def test_minor_digits(currency: str, digits: int) -> None:
    loaded = load_rule_set(HEAD.replace("RUB", currency), "rules.yaml")
    assert loaded.minor_digits == digits


def test_trailing_zeros_are_no_decimals() -> None:
    text = HEAD.replace("RUB", "JPY") + "limits: {perClientCredit: {amountMajor: 100.0, per: DAY}}"
    limit = load_rule_set(text, "rules.yaml").limits.per_client_credit
    assert limit == Amount(Decimal(100), Period.DAY)


def test_a_set_may_have_no_rules() -> None:
    assert load_rule_set(HEAD, "rules.yaml").rules == ()


def test_everything_is_proven(everything: CheckedRuleSet) -> None:
    assert prove(everything) == []


def test_a_thousand_rules_are_loaded() -> None:
    rules = "".join(
        f"  - {{id: r{number}, trigger: BALANCE_TOPPED_UP, when: topupAmountMajor >= {number},"
        f' actions: [{{type: ADD_BONUS, formula: "{number}"}}]}}\n'
        for number in range(1000)
    )
    assert len(load_rule_set(f"{HEAD}rules:\n{rules}", "rules.yaml").rules) == 1000


def _us(instant: datetime) -> int:
    return int(instant.timestamp()) * 1_000_000
