"""Why a rule fired or not: reasons, values of sub-expressions, the smallest change."""

from decimal import Decimal
from typing import Any

import pytest

from rules_engine.budgets.port import WholeBudgets
from rules_engine.checked import (
    Amount,
    Audience,
    Period,
    PushLimit,
    RuleLimits,
    SetLimits,
    Times,
    Window,
)
from rules_engine.client import ClientState
from rules_engine.explain import Explanation, RuleExplanation, Seen, explain_event
from rules_engine.formula.runtime import Cause, Failure
from schemas.decoded import Event, PromoCodeRedeemed
from tests.unit.engine.builders import (
    NOON,
    ORIGIN,
    at,
    counting,
    credit,
    payment,
    push,
    rule,
    rule_set,
    topup,
    visit_ended,
)


def explained(
    *rules: Any, event: Event | None = None, client: ClientState | None = None
) -> Explanation:
    return explain_event(rule_set(*rules), client or ClientState(), event or topup(), ORIGIN)


def only(*args: Any, **settings: Any) -> RuleExplanation:
    return explained(*args, **settings).rules[0]


@pytest.mark.parametrize(
    ("settings", "reason", "detail"),
    [
        ({"enabled": False}, "DISABLED", "the rule is switched off"),
        ({"club_ids": frozenset({"b", "a"})}, "CLUB", "for a, b; this is club-1"),
        ({"valid_from": at(NOON) + 1_000_000}, "VALIDITY", "valid from 2026-03-02T09:00:01+00:00"),
        ({"valid_until": at(NOON)}, "VALIDITY", "was valid until 2026-03-02T09:00:00+00:00"),
        (
            {"windows": (Window(frozenset({2}), 0, 1440),)},
            "WINDOW",
            "the local time is Monday 2026-03-02 12:00",
        ),
        (
            {"audience": Audience(any_of_groups=("vip",))},
            "AUDIENCE",
            "anyOfGroups vip: the client is in no group",
        ),
        (
            {"audience": Audience(dormant_for_days=14)},
            "AUDIENCE",
            "dormantForDays 14: daysSinceLastVisit is unknown",
        ),
        ({"when": "topupAmountMajor > 100"}, "CONDITION", "topupAmountMajor > 100"),
        ({"when": "1 / topupCount > 0"}, "FORMULA_FAILED", "DIVISION_BY_ZERO"),
        (
            {"enabled": False, "club_ids": frozenset({"a"}), "when": "hour > 23"},
            "DISABLED",
            "the rule is switched off",
        ),
    ],
)
def test_the_first_condition_that_does_not_hold(
    settings: dict[str, Any], reason: str, detail: str
) -> None:
    seen = only(rule(**settings))
    assert (seen.fired, seen.reason, seen.detail) == (False, reason, detail)


DAY = 20514  # 2026-03-02


@pytest.mark.parametrize(
    ("limits", "of_the_set", "client", "reason", "detail"),
    [
        (
            RuleLimits((Times(2, Period.DAY),)),
            SetLimits(),
            counting(limit_counts={"r\x1fDAY": ((DAY + 1, 1), (DAY + 2, 1))}),
            "LIMIT_PER_CLIENT",
            "2 per DAY, the period is older than the two that are kept",
        ),
        (
            RuleLimits(cooldown_us=5_400_000_000),
            SetLimits(),
            counting(firings={"r": at(NOON) - 1_000_000}),
            "COOLDOWN",
            "1.5 h, latest firing 2026-03-02T08:59:59+00:00",
        ),
        (
            RuleLimits(),
            SetLimits(per_client_credit=Amount(Decimal(50), Period.DAY)),
            counting(credited={"DAY": ((DAY, Decimal(45)),)}),
            "CLIENT_CREDIT",
            "50 per DAY, credited 45.00, needs 10.00",
        ),
        (
            RuleLimits(budget=Amount(Decimal(9), Period.MONTH)),
            SetLimits(budget=Amount(Decimal(100), Period.LIFETIME)),
            ClientState(),
            "BUDGET",
            "9 per MONTH and 100 per LIFETIME, needs 10.00",
        ),
    ],
)
def test_a_limit_that_stops_a_rule_says_its_numbers(
    limits: RuleLimits, of_the_set: SetLimits, client: ClientState, reason: str, detail: str
) -> None:
    rules = rule_set(rule("r", credit("10", 0), limits=limits), limits=of_the_set)
    (seen,) = explain_event(rules, client, topup(), ORIGIN, WholeBudgets()).rules
    assert (seen.fired, seen.reason, seen.detail) == (False, reason, detail)


def test_a_push_over_the_limit_says_its_numbers() -> None:
    limits = SetLimits(push=PushLimit(times=1))
    rules = rule_set(rule("r", push("a", "b", 0)), limits=limits)
    client = counting(pushed={"DAY": ((DAY, 1),)})
    (seen,) = explain_event(rules, client, topup(), ORIGIN).rules
    assert (seen.fired, seen.reason, seen.detail) == (False, "PUSH_LIMIT", "1 per DAY, sent 1")


def test_reasons_behind_the_conditions() -> None:
    limited = RuleLimits((Times(1, Period.DAY),))
    client = counting(limit_counts={"used\x1fDAY": ((20514, 1),)})
    found = explained(
        rule("used", priority=9, exclusive="x", limits=limited),
        rule("wins", priority=8, exclusive="x"),
        rule("loses", priority=7, exclusive="x"),
        rule("fails too late", priority=6, exclusive="x", when="1 / topupCount > 0"),
        rule("zero", credit("0", 0), push("+{bonusAmountMajor}", "-", 1)),
        rule("visit", credit(trigger="VISIT_ENDED"), trigger="VISIT_ENDED"),
        client=client,
    )
    assert [(each.rule_id, each.fired, each.reason, each.detail) for each in found.rules] == [
        ("used", False, "LIMIT_PER_CLIENT", "1 per DAY, fired 1"),
        ("wins", True, None, ""),
        ("loses", False, "EXCLUDED_BY", "wins"),
        ("fails too late", False, "FORMULA_FAILED", "DIVISION_BY_ZERO"),
        ("zero", True, "ZERO_CREDIT", ""),
    ]


def test_sub_expressions_with_their_values() -> None:
    asked = "topupAmountMajor / 2 >= 60 and known(productId) or topUpSource in ('CASH', 'X')"
    (condition,) = only(rule(when=asked.replace(", 'X'", ", 'ACQUIRING'"))).condition
    left, right = condition.parts
    assert condition.value is False
    assert left == Seen(
        "topupAmountMajor / 2 >= 60 and known(productId)",
        False,
        (
            Seen(
                "topupAmountMajor / 2 >= 60",
                False,
                (
                    Seen(
                        "topupAmountMajor / 2",
                        Decimal(50),
                        (Seen("topupAmountMajor", Decimal(100)),),
                    ),
                ),
            ),
        ),
    )  # known(productId) was not needed
    assert right.parts == (Seen("topUpSource", "POS_TERMINAL"),)


def test_failures_are_shown_where_they_happened() -> None:
    (condition,) = only(rule(when="hour >= 0 and daysSinceLastVisit + 1 > 3")).condition
    missing = Failure(Cause.MISSING_VALUE, "daysSinceLastVisit")
    assert condition.failure == missing
    assert condition.parts[1].parts[0].parts == (Seen("daysSinceLastVisit", missing),)
    assert condition.parts[0] == Seen("hour >= 0", True, (Seen("hour", Decimal(12)),))


def test_credits_with_their_values() -> None:
    (seen,) = only(rule("r", credit("percent(topupAmountMajor, 12)"))).credits
    assert seen == Seen(
        "percent(topupAmountMajor, 12)", Decimal(12), (Seen("topupAmountMajor", Decimal(100)),)
    )


def test_the_threshold_of_a_tier_is_a_condition() -> None:
    tier = rule(at_least=Decimal("400.00"))
    (condition,) = only(tier, event=topup("380")).condition
    assert (condition.text, condition.value) == ("topupAmountMajor >= 400.00", False)


@pytest.mark.parametrize(
    ("when", "amount", "change"),
    [
        ("topupAmountMajor >= 400", "380", "needs topupAmountMajor ≥ 400, was 380"),
        ("topupAmountMajor > 400", "400", "needs topupAmountMajor ≥ 400.01, was 400"),
        ("300 <= topupAmountMajor < 800", "800", "needs topupAmountMajor ≤ 799.99, was 800"),
        ("topupAmountMajor * 3 >= 1000", "100", "needs topupAmountMajor ≥ 333.34, was 100"),
        ("topupAmountMajor == 250.50", "100", "needs topupAmountMajor ≥ 250.50, was 100"),
        ("topupAmountMajor >= 400 and hour > 20", "380", ""),
        ("hour > 20", "380", ""),
        ("topupAmountMajor >= 400 and topUpSource == 'POS_TERMINAL'", "1",
         "needs topupAmountMajor ≥ 400, was 1"),
    ],
)  # fmt: skip
def test_the_smallest_change_of_one_number(when: str, amount: str, change: str) -> None:
    assert only(rule(when=when), event=topup(amount)).change == change


def test_a_change_is_named_only_if_the_rule_would_then_fire() -> None:
    rules = [
        rule("vip", priority=9, exclusive="x", at_least=Decimal(300)),
        rule("all", priority=1, exclusive="x", when="topupAmountMajor >= 300"),
        rule("nothing", credit("0"), when="topupAmountMajor >= 300"),
    ]
    found = explained(*rules, event=topup("200"))
    assert [each.change for each in found.rules] == [
        "needs topupAmountMajor ≥ 300, was 200",
        "",  # `vip` would take the group
        "",  # it would credit nothing
    ]


def test_whole_numbers_and_the_nearer_of_two() -> None:
    visit = rule("r", credit(trigger="VISIT_ENDED"), trigger="VISIT_ENDED",
                 when="durationMinutes > 90")  # fmt: skip
    assert only(visit, event=visit_ended(60)).change == "needs durationMinutes ≥ 91, was 60"
    either = rule("r", credit(trigger="PAYMENT_MADE"), trigger="PAYMENT_MADE",
                  when="totalAmountMajor >= 1000 or bonusAmountMajor >= 11")  # fmt: skip
    changed = only(either, event=payment("100", "10")).change
    assert changed == "needs bonusAmountMajor ≥ 11, was 10"


def test_a_number_that_the_event_lacks_is_no_change() -> None:
    trigger = "PROMO_CODE_REDEEMED"
    known = rule("r", credit(trigger=trigger), trigger=trigger,
                 when="known(expiresInDays) and amountMajor > 10")  # fmt: skip
    code = PromoCodeRedeemed(
        event_id="e-1",
        organization_id="izi",
        club_id="club-1",
        client_id="c-1",
        occurred_at=at(NOON),
        code="HELLO",
        amount_major=Decimal(20),
    )
    found = only(known, event=code)
    assert (found.reason, found.change) == ("CONDITION", "")


def test_a_duplicate_looks_at_no_rule() -> None:
    first = explained(rule())
    again = explained(rule(), client=first.outcome.client)
    assert (again.outcome.duplicate, again.rules) == (True, ())
