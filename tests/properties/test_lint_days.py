"""What lint claims of events and days: against days on which a client tops up again and again."""

import json
from datetime import UTC, datetime, timedelta
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
