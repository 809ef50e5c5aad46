"""Generated rule sets with timers, and events of a few clients in a week in which clocks change."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from rules_engine.checked import (
    Action,
    Amount,
    AssignGroupAction,
    CheckedRule,
    CheckedRuleSet,
    DailyTimer,
    Period,
    PushLimit,
    RuleLimits,
    SetLimits,
    Times,
)
from schemas.decoded import (
    BonusWrittenOff,
    ClientUpdated,
    Event,
    PaymentMade,
    PromoCodeRedeemed,
    Snapshot,
    VisitEnded,
    VisitStarted,
)
from tests.unit.engine.builders import TOPUP, at, credit, push, rule, rule_set, topup, unassign

START = at("2026-03-26T00:00:00+00:00")
"""Three days before Berlin's clocks go forward."""
HOUR_US = 3600 * 1_000_000
ZONES = ["Europe/Berlin", "Europe/Moscow", "Asia/Kolkata", "America/St_Johns"]
CLIENTS = ["c-1", "c-2", "c-3"]
GROUPS = ["a", "b"]
OWN_NUMBER = {"BONUS_EXPIRING": "expiringAmountMajor", "BONUS_EXPIRED": "expiredAmountMajor"}
TRIGGERS = [
    *(TOPUP, TOPUP, "VISIT_STARTED", "CLIENT_ABSENT", "BIRTHDAY", "AFTER_FIRST_VISIT"),
    *("BONUS_EXPIRING", "BONUS_EXPIRED"),
]

few_days = st.integers(1, 4)


@st.composite
def actions(draw: st.DrawFn, trigger: str) -> tuple[Action, ...]:
    formulas = ["5", "5", "3", "0", "10 / visitCount", "percent(bonusBalanceMajor, 50)"]
    if trigger in OWN_NUMBER:
        formulas += [f"{OWN_NUMBER[trigger]} / 3"] * 3
    made: list[Action] = []
    for index in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["credit", "credit", "assign", "unassign", "push"]))
        if kind == "credit":
            days = draw(st.none() | few_days)
            formula = draw(st.sampled_from(formulas))
            made.append(credit(formula, index, trigger, expires_in_days=days))
        elif kind == "push":
            made.append(push("{bonusBalanceMajor}", "{localDate} {hour}", index))
        elif kind == "assign":
            group = draw(st.sampled_from(GROUPS))
            made.append(AssignGroupAction(index, group, draw(st.none() | few_days), ("t",)))
        else:
            made.append(unassign(draw(st.sampled_from(GROUPS)), index))
    return tuple(made)


@st.composite
def rules(draw: st.DrawFn, number: int) -> CheckedRule:
    trigger = draw(st.sampled_from(TRIGGERS))
    given: dict[str, Any] = {}
    if trigger in ("CLIENT_ABSENT", "AFTER_FIRST_VISIT", "BONUS_EXPIRING"):
        days = st.integers(1, 2) if trigger == "BONUS_EXPIRING" else few_days
        given["timer"] = DailyTimer(draw(st.sampled_from([0, 150, 210, 600])), draw(days))
    elif trigger == "BIRTHDAY":
        given["timer"] = DailyTimer(draw(st.sampled_from([150, 210, 600])))
    whens = [None] * 5 + ["bonusBalanceMajor > 3", "'a' in groups", "daysSinceLastVisit >= 2"]
    if trigger in OWN_NUMBER:
        whens.append(f"{OWN_NUMBER[trigger]} * 2 > 9")
    limits = [
        *(RuleLimits(), RuleLimits(), RuleLimits(cooldown_us=50 * HOUR_US)),
        RuleLimits((Times(2, Period.WEEK),)),
    ]
    return rule(
        f"rule-{number}",
        *draw(actions(trigger)),
        when=draw(st.sampled_from(whens)),
        trigger=trigger,
        enabled=draw(st.sampled_from([True] * 9 + [False])),
        priority=draw(st.integers(0, 2)),
        club_ids=frozenset(draw(st.sampled_from([(), (), ("club-1",)]))),
        exclusive=draw(st.sampled_from([None, "x"])),
        limits=draw(st.sampled_from(limits)),
        **given,
    )


@st.composite
def rule_sets(draw: st.DrawFn) -> CheckedRuleSet:
    """One of the rules gives a batch and a group that are soon over."""
    usual = rule("usual", credit("9", expires_in_days=3), AssignGroupAction(1, "a", 1))
    made = [usual, *(draw(rules(number)) for number in range(draw(st.integers(1, 7))))]
    cap = draw(st.none() | st.just(Amount(Decimal(12), Period.DAY)))
    pushes = draw(st.none() | st.just(PushLimit(1, Period.DAY, 1320, 540)))
    limits = SetLimits(per_client_credit=cap, push=pushes)
    return rule_set(*made, zone=draw(st.sampled_from(ZONES)), limits=limits)


snapshots = st.builds(
    Snapshot,
    st.none() | st.just(("a",)),
    st.none(),
    st.sampled_from([None, date(2000, 3, 27), date(2000, 3, 29), date(2000, 3, 30)]),
    st.none() | st.just(Decimal(30)),
)


@st.composite
def events(draw: st.DrawFn, number: int, since: int) -> Event:
    """Mostly a little after the one before, sometimes days earlier."""
    step = draw(st.sampled_from([0, 0, 1, 3, 5, 10, 24, 30, 100, -30, -120]))
    envelope: dict[str, Any] = {
        "event_id": f"e-{number - draw(st.sampled_from([0] * 9 + [1]))}",
        "organization_id": "izi",
        "client_id": draw(st.sampled_from(CLIENTS)),
        "club_id": draw(st.sampled_from(["club-1", "club-2"])),
        "occurred_at": since + step * HOUR_US,
    }
    match draw(st.integers(0, 10)):
        case 0 | 1:
            return VisitStarted(visit_id="v", tariff_id="t", **envelope)
        case 2:
            return VisitEnded(visit_id="v", tariff_id="t", duration_minutes=5, **envelope)
        case 3 | 7:
            return ClientUpdated(snapshot=draw(snapshots), **envelope)
        case 4:
            return PromoCodeRedeemed(
                code="A", amount_major=Decimal(7), expires_in_days=draw(few_days), **envelope
            )
        case 5:
            return PaymentMade(
                payment_id=f"p-{number}",
                total_amount_major=Decimal(50),
                bonus_amount_major=draw(st.sampled_from([Decimal(2), Decimal(40)])),
                product_type="BAR",
                product_id="cola",
                **envelope,
            )
        case 6:
            return BonusWrittenOff(amount_major=Decimal(3), executor="Olga", **envelope)
    found = topup("100")
    own = {name: getattr(found, name) for name in ("topup_amount_major", "top_up_source")}
    return type(found)(**own, **envelope)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Events of a few clients in order of arrival."""
    made: list[Event] = []
    latest = START
    for number in range(draw(st.integers(2, 14))):
        made.append(draw(events(number, latest)))
        latest = max(latest, made[-1].occurred_at)
    return made
