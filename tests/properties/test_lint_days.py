"""What lint claims of a client's day: against days in which everything comes again and again."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules_engine.author.load import load_rule_set
from rules_engine.compile import compile_rule_set
from rules_engine.lint.days import greatest_day
from rules_engine.lint.payout import Assumed
from rules_engine.lint.payouts import greatest_payouts
from rules_engine.simulate import simulate
from schemas.instants import parse_instant
from schemas.wire import AddBonus

SETTINGS = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
).filter(bool)  # a rule without any has no bound
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
TRIGGER = "VISIT_STARTED"
RULES = st.lists(
    st.tuples(st.integers(0, 20), OWN, st.sampled_from([None, "g"])), min_size=1, max_size=3
)
Authored = list[tuple[int, dict[str, object], str | None]]


def authored(rules: Authored, whole: object) -> str:
    """JSON is what the loader takes as well as YAML."""
    written = []
    for number, (amount, limits, group) in enumerate(rules):
        action = {"type": "ADD_BONUS", "formula": str(amount), "expiresInDays": 40}
        rule = {"id": f"r{number}", "trigger": TRIGGER, "limits": limits, "actions": [action]}
        written.append({**rule, **({"exclusive": group} if group else {})})
    head = {"organizationId": "izi", "version": "1", "timeZone": "UTC", "currency": "RUB"}
    return json.dumps({**head, "limits": whole, "rules": written})


def event(number: int, minute: int) -> bytes:
    fields = {"eventId": f"e-{number}", "type": TRIGGER, "organizationId": "izi", "clubId": "c"}
    at = (DAY + timedelta(minutes=minute)).isoformat()
    visit = {"visitId": f"v-{number}", "tariffId": "t"}
    return json.dumps({**fields, "clientId": "anna", "occurredAt": at, **visit}).encode()


@SETTINGS
@given(
    RULES,
    st.one_of(st.just({}), WHOLE),
    st.lists(st.integers(0, 1439), min_size=8, max_size=12),
)
def test_no_day_credits_a_client_more(rules: Authored, whole: object, minutes: list[int]) -> None:
    checked = load_rule_set(authored(rules, whole), "rules.json")
    assumed = Assumed(SINCE)
    day = greatest_day(checked, greatest_payouts(checked, assumed), assumed)
    lines = [event(number, minute) for number, minute in enumerate(sorted(minutes))]
    credited = sum(
        (
            Decimal(command.amount_major)
            for taken in simulate(compile_rule_set(checked), lines)
            for command in (taken.outcome.commands if taken.outcome is not None else ())
            if isinstance(command, AddBonus)
        ),
        Decimal(0),
    )
    if day is None or day.at_most is None:
        return
    assert credited <= day.at_most
    assert day.reached <= day.at_most
