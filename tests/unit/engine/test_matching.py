"""Which rules fire: conditions, priorities and exclusivity groups."""

from decimal import Decimal
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pytest

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
from rules_engine.formula.runtime import bucket_of
from schemas.decoded import Snapshot
from schemas.wire import AssignGroup
from tests.unit.engine.builders import (
    NOON,
    assign,
    at,
    counting,
    credit,
    credits_of,
    fire,
    payment,
    push,
    reasons,
    rule,
    rule_set,
    run,
    topup,
    visit_ended,
    visit_started,
)

MEMBER = ClientState(
    topup_count=3,
    topup_units=600_0000,
    last_visit_at=at("2026-02-16T23:59:00+03:00"),  # 14 local days before noon of 2 March
    registered_at=at("2026-01-31T00:00:00+03:00"),  # 30 local days before
    groups=("regular", "vip"),
)


@pytest.mark.parametrize(
    ("settings", "fires"),
    [
        ({"enabled": False}, False),
        ({"club_ids": frozenset({"club-1", "club-2"})}, True),
        ({"club_ids": frozenset({"club-2"})}, False),
        ({"trigger": "VISIT_STARTED"}, False),
        ({"valid_from": at(NOON)}, True),
        ({"valid_from": at(NOON) + 1}, False),
        ({"valid_until": at(NOON)}, False),
        ({"valid_until": at(NOON) + 1}, True),
        ({"windows": (Window(frozenset({1}), 720, 721),)}, True),
        ({"windows": (Window(frozenset({1}), 600, 720),)}, False),
        ({"windows": (Window(frozenset({2}), 0, 1440),)}, False),
        ({"audience": Audience(any_of_groups=("gold", "vip"))}, True),
        ({"audience": Audience(any_of_groups=("gold",))}, False),
        ({"audience": Audience(none_of_groups=("staff",))}, True),
        ({"audience": Audience(none_of_groups=("staff", "vip"))}, False),
        ({"audience": Audience(first_topup_only=True)}, False),
        ({"audience": Audience(new_member_within_days=30)}, True),
        ({"audience": Audience(new_member_within_days=29)}, False),
        ({"audience": Audience(dormant_for_days=14)}, True),
        ({"audience": Audience(dormant_for_days=15)}, False),
        ({"at_least": Decimal("100")}, True),
        ({"at_least": Decimal("100.01")}, False),
        ({"when": "topupCount == 3 and averageTopupMajor == 200"}, True),
        ({"when": "daysSinceLastVisit == 14 and daysSinceRegistration == 30"}, True),
        ({"when": "hour == 12 and dayOfWeek == 1 and localDate == '2026-03-02'"}, True),
        ({"when": "'vip' in groups and not isFirstTopup and not isBirthday"}, True),
        ({"when": "known(daysSinceFirstVisit)"}, False),
        ({"when": "coalesce(daysSinceFirstVisit, 7) == 7"}, True),
    ],
)
def test_conditions(settings: dict[str, Any], fires: bool) -> None:
    outcome = fire(rule_set(rule(**settings)), client=MEMBER)
    assert outcome.fired == (("r",) if fires else ())
    assert outcome.rejections == ()  # what did not pass its conditions is not counted


def test_what_is_not_known_of_a_stranger() -> None:
    rules = rule_set(
        rule("new", audience=Audience(new_member_within_days=30)),
        rule("dormant", audience=Audience(dormant_for_days=0)),
        rule("first", audience=Audience(first_topup_only=True)),
        rule("birthday", when="isBirthday"),
        rule("visit", when="daysSinceLastVisit >= 0"),
    )
    outcome = fire(rules)
    assert outcome.fired == ("first",)
    assert reasons(outcome) == [("visit", "FORMULA_FAILED", "MISSING_VALUE")]


def test_days_since_may_be_negative() -> None:
    tomorrow = ClientState(last_visit_at=at("2026-03-03T00:00:00+03:00"))
    rules = rule_set(rule("r", credit("5 - daysSinceLastVisit"), when="daysSinceLastVisit == -1"))
    assert credits_of(fire(rules, client=tomorrow)) == ["6.00"]


def test_a_clubs_own_zone() -> None:
    # Noon in Moscow is 14:00 in Yekaterinburg; at 22:30 it is the next day there.
    rules = rule_set(rule("r", credit("hour"), when="dayOfWeek == 1"))
    zoned = rule_set(*rules.rules, club_zones={"club-9": ZoneInfo("Asia/Yekaterinburg")})
    assert credits_of(fire(zoned, topup(club_id="club-9"))) == ["14.00"]
    assert credits_of(fire(zoned, topup(club_id="club-1"))) == ["12.00"]
    late = topup(when="2026-03-02T22:30:00+03:00", club_id="club-9")
    assert fire(zoned, late).fired == ()


def test_independent_rules_add_up_by_priority_then_id() -> None:
    rules = rule_set(rule("b"), rule("a"), rule("z", priority=5), rule("m", priority=-1))
    assert fire(rules).fired == ("z", "a", "b", "m")


def test_only_the_first_match_of_an_exclusivity_group_fires() -> None:
    rules = rule_set(
        rule("high", credit("20"), priority=3, exclusive="x", when="topupAmountMajor >= 800"),
        rule("middle", credit("12"), priority=2, exclusive="x", when="topupAmountMajor >= 400"),
        rule("low", credit("5"), priority=1, exclusive="x"),
        rule("other", credit("1"), exclusive="y"),
        rule("alone", credit("2")),
    )
    assert credits_of(fire(rules, topup("399.99"))) == ["5.00", "2.00", "1.00"]
    assert credits_of(fire(rules, topup("400"))) == ["12.00", "2.00", "1.00"]
    assert credits_of(fire(rules, topup("800"))) == ["20.00", "2.00", "1.00"]


def test_a_blocked_or_failing_member_leaves_its_group_to_the_next() -> None:
    rules = rule_set(
        rule("fails", credit("1 / 0"), priority=5, exclusive="x"),
        rule("asks", when="1 / topupCount > 0", priority=4, exclusive="x"),
        rule("used", credit("30"), priority=3, exclusive="x",
             limits=RuleLimits((Times(1, Period.DAY),))),
        rule("next", credit("7"), priority=2, exclusive="x"),
        rule("last", credit("8"), priority=1, exclusive="x"),
    )  # fmt: skip
    first = fire(rules)
    assert first.fired == ("used",)
    assert reasons(first) == [
        ("fails", "FORMULA_FAILED", "DIVISION_BY_ZERO"),
        ("asks", "FORMULA_FAILED", "DIVISION_BY_ZERO"),
    ]
    used_up = fire(rules, client=counting(limit_counts={"used\x1fDAY": ((20514, 1),)}))
    assert used_up.fired == ("next",)
    assert reasons(used_up)[2:] == [("used", "LIMIT_PER_CLIENT", "")]


def test_a_zero_credit_holds_the_group() -> None:
    rules = rule_set(
        rule("zero", credit("0"), priority=2, exclusive="x"),
        rule("next", credit("7"), priority=1, exclusive="x"),
    )
    outcome = fire(rules)
    assert (outcome.fired, reasons(outcome)) == ((), [("zero", "ZERO_CREDIT", "")])


def test_a_push_that_is_held_back_holds_the_group_but_is_no_firing() -> None:
    limits = SetLimits(push=PushLimit(1, Period.DAY))
    rules = rule_set(
        rule("first", push("one", "two", 0), priority=9),
        rule("held", push("one", "two", 0), priority=2, exclusive="x",
             limits=RuleLimits((Times(1, Period.LIFETIME),))),
        rule("next", credit("7"), priority=1, exclusive="x"),
        limits=limits,
    )  # fmt: skip
    outcome = fire(rules)
    assert outcome.fired == ("first",)
    assert reasons(outcome) == [("held", "PUSH_LIMIT", "")]
    assert outcome.client.counters.limit_counts == {}


def test_groups_of_exclusivity_are_the_events_alone() -> None:
    rules = rule_set(rule("a", exclusive="x"), rule("b", exclusive="x"))
    assert [each.fired for each in run(rules, topup(event_id="1"), topup(event_id="2"))] == [
        ("a",),
        ("a",),
    ]


def test_every_trigger_has_its_own_rules() -> None:
    rules = rule_set(
        rule("t"),
        rule("s", credit("1", trigger="VISIT_STARTED"), trigger="VISIT_STARTED",
             when="tariffId == 'night'"),
        rule("e", credit("durationMinutes / 60", trigger="VISIT_ENDED"), trigger="VISIT_ENDED",
             when="60 <= durationMinutes <= 90"),
        rule("p", credit("bonusAmountMajor", trigger="PAYMENT_MADE"), trigger="PAYMENT_MADE",
             when="productType == 'BAR' and totalAmountMajor > 10"),
    )  # fmt: skip
    outcomes = run(
        rules,
        visit_started("1"),
        visit_ended(90, "2"),
        visit_ended(91, "3"),
        payment("10.01", "3.25", "4"),
    )
    assert [each.fired for each in outcomes] == [("s",), ("e",), (), ("p",)]
    assert credits_of(outcomes) == ["1.00", "1.50", "3.25"]


def test_shared_conditions_mean_the_same_to_every_rule() -> None:
    night = (Window(frozenset({1}), 600, 780),)
    asked = "topupAmountMajor * 2 >= 200 and hour >= 12"
    rules = rule_set(*[rule(f"r{n}", when=asked, windows=night) for n in range(4)])
    assert len(fire(rules).fired) == 4
    assert fire(rules, topup("99.99")).fired == ()
    assert fire(rules, topup(when="2026-03-02T11:59:00+03:00")).fired == ()


def test_buckets_split_clients() -> None:
    digest = sha256(b"izi\x1fc-1\x1fholdout").digest()
    expected = int.from_bytes(digest[:8], "big") % 100
    assert bucket_of("izi", "c-1", "holdout") == expected
    rules = rule_set(
        rule("in", credit("bucket('holdout') + 1"), when=f"bucket('holdout') == {expected}"),
        rule("out", when=f"bucket('holdout') != {expected}"),
    )
    assert credits_of(fire(rules)) == [f"{expected + 1}.00"]


def test_rules_see_the_client_before_the_event_with_its_snapshot() -> None:
    rules = rule_set(
        rule("join", assign("vip"), priority=9),
        rule("vip", when="'vip' in groups"),
        rule("gold", credit("topupCount"), when="'gold' in groups"),
        limits=SetLimits(per_client_credit=Amount(Decimal(100), Period.DAY)),
    )
    first = fire(rules, topup(snapshot=Snapshot(groups=("gold",))))
    assert first.fired == ("join",)  # `gold` credits 0: no top-up was before this one
    assert isinstance(first.commands[0], AssignGroup)
    assert first.client.groups == ("gold", "vip")
    second = run(rules, topup(event_id="e-2"), client=first.client)[0]
    assert second.fired == ("join", "gold", "vip")
