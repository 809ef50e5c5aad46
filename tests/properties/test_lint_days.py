"""What lint claims of events and days: against days on which a client tops up again and again."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.author.load import load_rule_set
from rules_engine.compile import compile_rule_set
from rules_engine.lint.days import greatest_day
from rules_engine.lint.payout import Assumed
from rules_engine.lint.payouts import greatest_payouts
from rules_engine.simulate import Simulated, simulate
from schemas.instants import parse_instant
from schemas.wire import AddBonus

SETTINGS = settings(max_examples=100)
DAY = datetime(2026, 11, 23, tzinfo=UTC)
SINCE = parse_instant(DAY.isoformat())

periods = st.sampled_from(["DAY", "WEEK", "MONTH"])
OWN = st.fixed_dictionaries(
    {},
    optional={
        "perClient": st.builds(
            lambda times, per: [{"times": times, "per": per}], st.integers(1, 4), periods
        ),
        "cooldown": st.builds(lambda hours: {"hours": hours}, st.integers(1, 12)),
        "budget": st.builds(
            lambda amount, per: {"amountMajor": amount, "per": per}, st.integers(1, 90), periods
        ),
    },
).filter(bool)
WHOLE = st.fixed_dictionaries(
    {},
    optional={
        "budget": st.builds(
            lambda amount, per: {"amountMajor": amount, "per": per}, st.integers(1, 200), periods
        ),
        "perClientCredit": st.builds(
            lambda amount, per: {"amountMajor": amount, "per": per}, st.integers(1, 200), periods
        ),
    },
)
TRIGGER, LARGEST = "BALANCE_TOPPED_UP", 40
FORMULAS = ["{n}", "min({n}, topupAmountMajor)", "max({n} - topupAmountMajor, 0)"]
RULES = st.lists(
    st.tuples(
        st.builds(lambda text, n: text.format(n=n), st.sampled_from(FORMULAS), st.integers(0, 20)),
        st.one_of(st.just({}), OWN),
        st.sampled_from([None, "g", "g"]),
    ),
    min_size=1,
    max_size=3,
)
Authored = list[tuple[str, dict[str, object], str | None]]


def authored(rules: Authored, whole: object) -> str:
    """JSON is what the loader takes as well as YAML."""
    written = []
    for number, (formula, limits, group) in enumerate(rules):
        action = {"type": "ADD_BONUS", "formula": formula, "expiresInDays": 40}
        rule = {"id": f"r{number}", "trigger": TRIGGER, "limits": limits, "actions": [action]}
        written.append({**rule, **({"exclusive": group} if group else {})})
    head = {"organizationId": "izi", "version": "1", "timeZone": "UTC", "currency": "RUB"}
    return json.dumps({**head, "limits": whole, "rules": written})


def event(number: int, minute: int, amount: int) -> bytes:
    fields = {"eventId": f"e-{number}", "type": TRIGGER, "organizationId": "izi", "clubId": "c"}
    at = (DAY + timedelta(minutes=minute)).isoformat()
    topup = {"topupAmountMajor": amount, "topUpSource": "POS_TERMINAL"}
    return json.dumps({**fields, "clientId": "anna", "occurredAt": at, **topup}).encode()


@SETTINGS
@given(
    RULES,
    st.one_of(st.just({}), WHOLE),
    st.lists(st.tuples(st.integers(0, 1439), st.integers(1, LARGEST)), min_size=8, max_size=12),
)
def test_no_event_and_no_day_credits_a_client_more(
    rules: Authored, whole: object, topups: list[tuple[int, int]]
) -> None:
    checked = load_rule_set(authored(rules, whole), "rules.json")
    assumed = Assumed(SINCE, Decimal(LARGEST))
    [payout] = greatest_payouts(checked, assumed)
    day = greatest_day(checked, [payout], assumed)
    lines = [event(number, *topup) for number, topup in enumerate(sorted(topups))]
    credited = [credits_of(taken) for taken in simulate(compile_rule_set(checked), lines)]
    assert max(credited) <= payout.at_most
    assert day is not None
    if day.at_most is not None:
        assert sum(credited) <= day.at_most
        assert day.reached <= day.at_most
        assert bool(day.why) == (day.reached < day.at_most)
    shown = [credits_of(taken) for taken in simulate(compile_rule_set(checked), day.lines)]
    assert sum(shown) == day.reached


def credits_of(taken: Simulated) -> Decimal:
    commands = taken.outcome.commands if taken.outcome is not None else ()
    return sum(
        (Decimal(each.amount_major) for each in commands if isinstance(each, AddBonus)), Decimal(0)
    )


COUNTED = [
    ("VISIT_STARTED", "visitCount == {n}"),
    ("VISIT_STARTED", "visitCount in ({n}, 4) and hour < 20"),
    ("VISIT_STARTED", "daysSinceLastVisit >= {n}"),
    ("VISIT_STARTED", "coalesce(daysSinceLastVisit, 9) > {n}"),
    ("VISIT_ENDED", "daysSinceLastVisit >= 1 or visitCount < {n}"),
    ("VISIT_ENDED", "daysSinceLastVisit > {n}"),
    ("BALANCE_TOPPED_UP", "topupCount < {n}"),
    ("BALANCE_TOPPED_UP", "isFirstTopup or topupCount == {n}"),
    ("BALANCE_TOPPED_UP", "not known(averageTopupMajor)"),
    ("BALANCE_TOPPED_UP", "averageTopupMajor > {n} and topupCount < 3"),
]
BY_COUNT = st.lists(
    st.tuples(
        st.sampled_from(COUNTED),
        st.integers(0, 3),
        st.integers(1, 9),
        st.sampled_from([{}, {"perClient": [{"times": 2, "per": "DAY"}]}]),
    ),
    min_size=1,
    max_size=3,
)
KINDS: dict[str, dict[str, object]] = {
    "VISIT_STARTED": {"visitId": "v", "tariffId": "t"},
    "VISIT_ENDED": {"visitId": "v", "tariffId": "t", "durationMinutes": 9},
    "BALANCE_TOPPED_UP": {"topupAmountMajor": 7, "topUpSource": "POS_TERMINAL"},
}
CLUBS = [{"clubId": "east", "timeZone": "Asia/Yekaterinburg"}]


@SETTINGS
@given(
    BY_COUNT,
    st.sampled_from([[], CLUBS]),
    st.lists(
        st.tuples(st.integers(0, 4 * 24), st.sampled_from(sorted(KINDS)), st.booleans()),
        min_size=8,
        max_size=14,
    ),
)
def test_no_day_credits_more_than_counts_and_days_away_leave(
    drawn: list[tuple[tuple[str, str], int, int, dict[str, object]]],
    clubs: list[dict[str, str]],
    happened: list[tuple[int, str, bool]],
) -> None:
    """Events in any order of their dates, in two clubs."""
    rules = [
        {
            "id": f"r{number}",
            "trigger": trigger,
            "when": condition.format(n=n),
            "limits": limits,
            "actions": [{"type": "ADD_BONUS", "formula": str(amount), "expiresInDays": 40}],
        }
        for number, ((trigger, condition), n, amount, limits) in enumerate(drawn)
    ]
    head = {"organizationId": "izi", "version": "1", "timeZone": "UTC", "currency": "RUB"}
    checked = load_rule_set(json.dumps({**head, "clubs": clubs, "rules": rules}), "rules.json")
    assumed = Assumed(SINCE, Decimal(LARGEST))
    payouts = greatest_payouts(checked, assumed)
    day = greatest_day(checked, payouts, assumed)
    if day is None or day.at_most is None:
        return
    at_most = {payout.trigger: payout.at_most for payout in payouts}
    lines = []
    for number, (hours, kind, is_east) in enumerate(happened):
        at = (DAY + timedelta(hours=hours)).isoformat()
        fields = {"eventId": f"e-{number}", "type": kind, "organizationId": "izi"}
        own = {"clubId": "east" if is_east else "c", "clientId": "anna", "occurredAt": at}
        lines.append(json.dumps({**fields, **own, **KINDS[kind]}).encode())
    paid: dict[date, Decimal] = {}
    for taken in simulate(compile_rule_set(checked), lines):
        assert taken.event is not None
        zone = checked.club_zones.get(taken.event.club_id, checked.time_zone)
        on = datetime.fromtimestamp(taken.event.occurred_at / 1e6, zone).date()
        paid[on] = paid.get(on, Decimal(0)) + credits_of(taken)
        assert credits_of(taken) <= at_most.get(taken.event.type, 0)
    assert max(paid.values()) <= day.at_most
    assert day.reached <= day.at_most
