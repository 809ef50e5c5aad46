"""Rules that time starts, from YAML to what is compiled."""

import pytest

from rules_engine.author import load_rule_set
from rules_engine.checked import AssignGroupAction, DailyTimer
from rules_engine.variables import TRIGGERS
from tests.unit.author.texts import DATA

HEAD = """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
"""


def test_the_promotions_of_a_whole_network() -> None:
    rules = load_rule_set((DATA / "whole-network.yaml").read_bytes(), "whole-network.yaml").rules
    timers = {rule.id: rule.timer for rule in rules if rule.timer is not None}
    assert timers == {
        "after-the-first-evening": DailyTimer(10 * 60, 6),
        "long-gone": DailyTimer(13 * 60 + 30, 20),
        "candles": DailyTimer(10 * 60, 0),
        "last-days": DailyTimer(10 * 60, 3),
    }
    [gone] = [rule for rule in rules if rule.id == "long-gone"]
    assert gone.actions == (AssignGroupAction(0, "missed", 10),)


def test_all_eleven_triggers_are_known() -> None:
    assert len(TRIGGERS) == 11


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("trigger: BIRTHDAY", DailyTimer(600)),
        ('trigger: BIRTHDAY, at: "00:00"', DailyTimer(0)),
        ('trigger: CLIENT_ABSENT, after: {days: 1}, at: "23:59"', DailyTimer(1439, 1)),
        ("trigger: AFTER_FIRST_VISIT, after: {days: 36500}", DailyTimer(600, 36500)),
        ("trigger: BONUS_EXPIRING, before: {days: 3}", DailyTimer(600, 3)),
        ("trigger: BONUS_EXPIRED", None),
        ("trigger: VISIT_STARTED", None),
    ],
)
def test_when_a_rule_is_due(given: str, expected: DailyTimer | None) -> None:
    actions = 'actions: [{type: ADD_BONUS, formula: "1"}]'
    text = f"{HEAD}rules:\n  - {{id: r, {given}, {actions}}}\n"
    [rule] = load_rule_set(text, "rules.yaml").rules
    assert rule.timer == expected
