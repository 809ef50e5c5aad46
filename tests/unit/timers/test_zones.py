"""Days and hours of timers are those of the organization's clock."""

import json

import pytest

from tests.unit.timers.stories import credit
from tests.unit.timers.told import Told

GERMAN = f"""
rules:
  - {{id: gift, trigger: BIRTHDAY, at: "02:30", actions: [{credit("1")}]}}
  - {{id: same, trigger: BIRTHDAY, at: "03:30", exclusive: g, actions: [{credit("2")}]}}
  - {{id: other, trigger: BIRTHDAY, at: "02:30", exclusive: g, priority: -1,
      actions: [{credit("4")}]}}
"""


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        # 02:30 does not exist on 29 March 2026: it is 01:30 UTC, as is 03:30. One judgement then.
        ("2000-03-29", ["gift 2026-03-29T01:30", "same 2026-03-29T01:30"]),
        # 02:30 is shown twice on 25 October 2026: first at 00:30 UTC, when it is still summer time.
        (
            "2000-10-25",
            ["gift 2026-10-25T00:30", "other 2026-10-25T00:30", "same 2026-10-25T02:30"],
        ),
        (
            "2000-06-01",
            ["gift 2026-06-01T00:30", "other 2026-06-01T00:30", "same 2026-06-01T01:30"],
        ),
    ],
)
def test_a_skipped_hour_uses_the_offset_before_a_doubled_one_its_first(
    born: str, expected: list[str]
) -> None:
    told = Told(GERMAN, f"2026-01-01 12:00 anna was born on {born}", "Europe/Berlin")
    made = [json.loads(c) for each in told.simulated("2026-12-31 00:00") for c in each.commands]
    assert [f"{c['ruleId']} {c['issuedAt'][:16]}" for c in made] == expected


def test_days_end_with_the_organizations_clock() -> None:
    """31 October 23:30 in Berlin is 22:30 UTC; the day before the clock changed it was 21:30."""
    rules = f"""
rules:
  - {{id: a, trigger: CLIENT_ABSENT, after: {{days: 7}}, at: "00:00", actions: [{credit("1")}]}}
"""
    told = Told(
        rules,
        """2026-10-24 23:59:59 anna visits
        2026-10-25 00:00 boris visits""",
        "Europe/Berlin",
    )
    assert told.effects("2026-11-30 00:00") == [
        "2026-10-31 00:00 anna +1.00 by a",
        "2026-11-01 00:00 boris +1.00 by a",
    ]
