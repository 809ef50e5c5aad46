"""Rule sets and events for the property of the generated code: every construct, often at once."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from rules_engine.checked import (
    Action,
    Amount,
    Audience,
    CheckedRule,
    CheckedRuleSet,
    Period,
    PushLimit,
    RefundPolicy,
    Rounding,
    RuleLimits,
    SetLimits,
    Times,
    TopupRefund,
    Window,
)
from schemas.decoded import (
    BalanceToppedUp,
    BonusCredited,
    BonusWrittenOff,
    ClientUpdated,
    Event,
    PaymentMade,
    PaymentRefunded,
    PromoCodeRedeemed,
    Snapshot,
    TopupRefunded,
    VisitEnded,
    VisitStarted,
)
from tests.unit.engine.builders import TOPUP, assign, at, credit, push, rule, rule_set, unassign

CLUBS = ["club-1", "club-2", "club-3"]
GROUPS = ["vip", "staff", "it's"]
ZONES = ["Europe/Moscow", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"]
PROMO = "PROMO_CODE_REDEEMED"
TRIGGERS = [TOPUP, TOPUP, TOPUP, "VISIT_STARTED", "VISIT_ENDED", "PAYMENT_MADE", PROMO]
NUMBER_OF = {
    TOPUP: "topupAmountMajor",
    "VISIT_ENDED": "durationMinutes",
    "PAYMENT_MADE": "totalAmountMajor",
    "VISIT_STARTED": "visitCount",
    PROMO: "amountMajor",
}
STEPS = [0, 1, 50, 100, 200, 300, 400]
"""Thresholds and amounts are drawn from the same few numbers, so that they meet."""

HOUR_US = 3600 * 1_000_000
START = at("2026-03-28T21:30:00+00:00")
"""The night in which Berlin's clocks go forward."""

periods = st.sampled_from(Period)
Money = st.SearchStrategy[Decimal]


@st.composite
def whens(draw: st.DrawFn, trigger: str) -> str | None:
    number, low, high = (
        NUMBER_OF[trigger],
        draw(st.sampled_from(STEPS)),
        draw(st.sampled_from(STEPS)),
    )
    texts = [
        f"{number} >= {low}",
        f"{low} <= {number} < {high}",
        f"{low} < {number} and {number} <= {high}",
        f"{number} == {low} or isFirstTopup",
        f"{high} > {number} and 'vip' in groups",
        f"{number} > {low} and averageTopupMajor > {high}",
        f"bonusBalanceMajor >= {low} or bonusBalanceMajor / visitCount < 5",
        f"not {number} < {low} and ({number} != {high} or isFirstTopup) and {number} >= {high}",
        f"bucket('a') < {low} / 3",
        f"{number} / topupCount > {low}",
        f"{number} / topupCount > {low} and {number} >= {high}",
        f"1 <= 10 / topupCount <= {low} < 9 / visitCount",
        f"known(daysSinceLastVisit) and daysSinceLastVisit <= {low}",
        f"coalesce(averageTopupMajor, 0) * 2 >= {low} and hour >= 3",
        f"coalesce(daysSinceLastVisit / visitCount, daysSinceRegistration) < {low}",
        f"known(averageTopupMajor / visitCount) or {number} > {high}",
        f"{number} >= {low} and {number} / (visitCount - 1) > 1 and dayOfWeek in (6, 7)",
        f"(hour if isBirthday else {number}) in (0, 1, 2, {low}) or localDate == '2026-03-29'",
    ]
    if trigger == TOPUP:
        texts += [
            "known(productId) and productId == 'a' and topUpSource in ('CASH', 'POS_TERMINAL')",
            f"topUpSource == 'CASH' and {low} <= {number} and productId in ('a', 'b', 'c', 'd')",
            "coalesce(productId, 'none') != 'a' and 'staff' not in groups",
        ]
    if trigger == PROMO:
        texts += ["coalesce(expiresInDays, 2) == 2", "expiresInDays < 2 and code == 'A'"]
    return draw(st.one_of(st.none(), st.sampled_from(texts)))


@st.composite
def audiences(draw: st.DrawFn) -> Audience:
    some = st.lists(st.sampled_from(GROUPS), unique=True, max_size=2).map(tuple)
    days = st.one_of(st.none(), st.integers(0, 3))
    return Audience(draw(some), draw(some), draw(st.booleans()), draw(days), draw(days))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    minutes = st.sampled_from([0, 60, 120, 150, 180, 600, 1320, 1440])
    days = draw(st.frozensets(st.integers(1, 7), min_size=1))
    return Window(days, draw(minutes.filter(lambda m: m < 1440)), draw(minutes))


@st.composite
def limits(draw: st.DrawFn) -> RuleLimits:
    times = st.builds(Times, st.integers(1, 2), periods)
    hours = st.one_of(st.none(), st.integers(1, 30).map(lambda hours: hours * HOUR_US))
    return RuleLimits(tuple(draw(st.lists(times, max_size=2))), draw(hours))


@st.composite
def actions(draw: st.DrawFn, trigger: str) -> tuple[Action, ...]:
    formulas = st.sampled_from(
        [f"percent({NUMBER_OF[trigger]}, 5)", "0", "-1", "10 / visitCount", "daysSinceFirstVisit",
         "bucket('b')", f"{NUMBER_OF[trigger]} / 7", "0.005", "clamp(averageTopupMajor, 1, hour)",
         f"round({NUMBER_OF[trigger]} / 3, 1) + max(visitCount, topupCount, 2) - floor(-0.5)",
         "percent(bonusBalanceMajor, 10) + 1",
         "min(totalSpentMajor, 5) if known(daysSinceLastVisit) else abs(-3) * ceil(1.2)"]
    )  # fmt: skip
    bounds = st.one_of(st.none(), st.sampled_from(["0", "0.01", "5", "12.5"]))
    bodies = st.sampled_from(
        ["{bonusAmountMajor} now", "{averageTopupMajor}", "{totalTopupMajor} {hour} {localDate}",
         "x" * 118 + "{totalTopupMajor}", "{isFirstTopup} {visitCount}",
         "{bonusBalanceMajor}"]
    )  # fmt: skip
    made: list[Action] = []
    for index in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["credit", "credit", "assign", "unassign", "push"]))
        if kind == "credit":
            made.append(
                credit(
                    draw(formulas),
                    index,
                    trigger,
                    min_major=draw(bounds),
                    max_major=draw(bounds),
                    expires_in_days=draw(st.one_of(st.none(), st.integers(1, 90))),
                    product_types=draw(st.sampled_from([(), (), ("BAR",), ("TARIFF",)])),
                    tags=("t1", "t2"),
                )
            )
        elif kind == "push":
            made.append(push("+{bonusAmountMajor}", draw(bodies), index, ttl_hours=draw(st.none())))
        else:
            group = draw(st.sampled_from(GROUPS))
            made.append((assign if kind == "assign" else unassign)(group, index))
    return tuple(made)


@st.composite
def rules(draw: st.DrawFn, number: int) -> CheckedRule:
    trigger = draw(st.sampled_from(TRIGGERS))
    rarely = st.sampled_from([False, False, True])
    instants = st.sampled_from([START, START + 5 * HOUR_US, START + 30 * HOUR_US])
    given: dict[str, Any] = {}
    if draw(rarely):
        given["audience"] = draw(audiences())
    if draw(rarely):
        given["windows"] = tuple(draw(st.lists(windows(), min_size=1, max_size=2)))
    if draw(rarely):
        given[draw(st.sampled_from(["valid_from", "valid_until"]))] = draw(instants)
    if draw(rarely):
        given["limits"] = draw(limits())
    if draw(rarely) and trigger == TOPUP:
        given["at_least"] = Decimal(draw(st.sampled_from(STEPS)))
    return rule(
        f"rule-{number}",
        *draw(actions(trigger)),
        when=draw(whens(trigger)),
        trigger=trigger,
        enabled=draw(st.sampled_from([True] * 9 + [False])),
        priority=draw(st.integers(0, 3)),
        club_ids=draw(st.frozensets(st.sampled_from(CLUBS[:2]), max_size=2)),
        tags=("t2", "t3"),
        exclusive=draw(st.sampled_from([None, "a", "a", "b"])),
        on_topup_refund=draw(st.sampled_from(TopupRefund)),
        **given,
    )


@st.composite
def rule_sets(draw: st.DrawFn) -> CheckedRuleSet:
    made = [draw(rules(number)) for number in range(draw(st.integers(1, 9)))]
    push_limit = st.builds(
        PushLimit,
        st.one_of(st.none(), st.integers(1, 2)),
        periods,
        st.just(1320),
        st.sampled_from([150, 540]),
    )
    credit_limit = st.builds(Amount, st.sampled_from([Decimal(5), Decimal(40)]), periods)
    found = rule_set(
        *made,
        zone=draw(st.sampled_from(ZONES)),
        minor_digits=draw(st.sampled_from([0, 2, 3])),
        rounding=draw(st.sampled_from(Rounding)),
        default_refund_policy=draw(st.sampled_from(RefundPolicy)),
        default_max_bonus_percent=draw(st.sampled_from([Decimal(30), Decimal(100)])),
        limits=SetLimits(
            per_client_credit=draw(st.one_of(st.none(), credit_limit)),
            push=draw(st.one_of(st.none(), push_limit)),
        ),
    )
    zones = draw(st.dictionaries(st.sampled_from(CLUBS), st.sampled_from(ZONES)))
    return replace(found, club_zones={club: ZoneInfo(zone) for club, zone in zones.items()})


snapshots = st.builds(
    Snapshot,
    st.one_of(st.none(), st.lists(st.sampled_from(GROUPS), unique=True).map(tuple)),
    st.one_of(st.none(), st.just(START - 24 * HOUR_US)),
    st.one_of(st.none(), st.dates(date(2000, 3, 28), date(2000, 3, 30))),
    st.one_of(st.none(), st.sampled_from(STEPS).map(Decimal)),
)


def _others(
    draw: st.DrawFn, kind: int, number: int, money: Money, envelope: dict[str, Any]
) -> Event | None:
    earlier = draw(st.integers(0, max(number - 1, 0)))
    match kind:
        case 0:
            return VisitStarted(visit_id="v", tariff_id="t", **envelope)
        case 1:
            minutes = draw(st.sampled_from(STEPS))
            return VisitEnded(visit_id="v", tariff_id="t", duration_minutes=minutes, **envelope)
        case 2 | 3:
            return PaymentMade(
                payment_id=f"p-{number - draw(st.sampled_from([0] * 9 + [1]))}",
                total_amount_major=draw(money),
                bonus_amount_major=draw(st.sampled_from(STEPS)) * Decimal("0.1"),
                product_type="BAR",
                product_id="cola",
                **envelope,
            )
        case 4 | 5:
            return PaymentRefunded(
                payment_id=f"p-{earlier}",
                refund_amount_major=draw(money),
                bonus_amount_major=draw(money),
                **envelope,
            )
        case 6 | 7:
            return TopupRefunded(
                original_event_id=f"e-{earlier}", refund_amount_major=draw(money), **envelope
            )
        case 8:
            return BonusCredited(amount_major=draw(money), executor="Anna", **envelope)
        case 9:
            return BonusWrittenOff(amount_major=draw(money), executor="Anna", **envelope)
        case 10:
            days = draw(st.sampled_from([None, 1, 2]))
            return PromoCodeRedeemed(
                code="A", amount_major=draw(money), expires_in_days=days, **envelope
            )
        case 11:
            resync = envelope["snapshot"] is not None and draw(st.booleans())
            balance = None if not resync else envelope["snapshot"].bonus_balance_major
            return ClientUpdated(resync=balance is not None, **envelope)
    return None


@st.composite
def events(draw: st.DrawFn, number: int) -> Event:
    hours = st.integers(-30, 60).map(lambda quarters: START + quarters * HOUR_US // 4)
    money = st.sampled_from(STEPS[1:]).map(lambda step: Decimal(step) + Decimal("0.01"))
    money = st.one_of(st.sampled_from(STEPS[1:]).map(Decimal), money)
    envelope: dict[str, Any] = {
        "event_id": f"e-{number - draw(st.sampled_from([0] * 19 + [1]))}",
        "organization_id": "izi",
        "client_id": "c-1",
        "club_id": draw(st.sampled_from(CLUBS)),
        "occurred_at": draw(hours),
        "snapshot": draw(st.one_of(st.none(), st.none(), snapshots)),
    }
    kind = draw(st.integers(0, 14))
    return _others(draw, kind, number, money, envelope) or BalanceToppedUp(
        topup_amount_major=draw(money),
        top_up_source=draw(st.sampled_from(["CASH", "ACQUIRING"])),
        product_id=draw(st.sampled_from([None, "a"])),
        **envelope,
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Events of one client in order of arrival: dates go back and forth, one comes again."""
    made = [draw(events(number)) for number in range(draw(st.integers(1, 12)))]
    return [*made, draw(st.sampled_from(made))]
