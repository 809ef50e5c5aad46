"""Assignments to groups that come to an end."""

from tests.unit.timers.stories.story import Story

GROUP = """
rules:
  - id: week
    trigger: BALANCE_TOPPED_UP
    when: topupAmountMajor >= 100
    tags: [t]
    actions: [{type: ASSIGN_GROUP, groupId: vip, expiresInDays: 7}]
  - id: forever
    trigger: BALANCE_TOPPED_UP
    when: topupAmountMajor == 10
    actions: [{type: ASSIGN_GROUP, groupId: vip}]
  - id: never
    trigger: BALANCE_TOPPED_UP
    when: topupAmountMajor == 5
    actions: [{type: UNASSIGN_GROUP, groupId: vip}]
"""

GROUPS = [
    Story(
        "an assignment ends seven times 24 hours later",
        GROUP,
        "2026-11-01 18:00:07 anna tops up 100",
        "2026-11-08 18:00:07",
        """2026-11-01 18:00:07 anna into vip by week
        2026-11-08 18:00:07 anna out of vip by week""",
    ),
    Story(
        "a later one moves it",
        GROUP,
        """2026-11-01 18:00 anna tops up 100
        2026-11-05 12:00 anna tops up 100""",
        "2026-12-31 00:00",
        """2026-11-01 18:00 anna into vip by week
        2026-11-05 12:00 anna into vip by week
        2026-11-12 12:00 anna out of vip by week""",
    ),
    Story(
        "one without days removes it",
        GROUP,
        """2026-11-01 18:00 anna tops up 100
        2026-11-05 12:00 anna tops up 10""",
        "2026-12-31 00:00",
        """2026-11-01 18:00 anna into vip by week
        2026-11-05 12:00 anna into vip by forever""",
    ),
    Story(
        "so does UNASSIGN_GROUP",
        GROUP,
        """2026-11-01 18:00 anna tops up 100
        2026-11-05 12:00 anna tops up 5""",
        "2026-12-31 00:00",
        """2026-11-01 18:00 anna into vip by week
        2026-11-05 12:00 anna out of vip by never""",
    ),
    Story(
        "a snapshot does not touch it, also where the client is out already",
        GROUP,
        """2026-11-01 18:00 anna tops up 100
        2026-11-05 12:00 anna is in none""",
        "2026-12-31 00:00",
        """2026-11-01 18:00 anna into vip by week
        2026-11-08 18:00 anna out of vip by week""",
    ),
    Story(
        "an assignment that is over already ends at once, dated at its instant",
        GROUP,
        """2026-11-20 12:00 boris tops up 1
        2026-11-01 18:00 anna tops up 100
        2026-11-20 12:00 boris tops up 1""",
        None,
        """2026-11-01 18:00 anna into vip by week
        2026-11-08 18:00 anna out of vip by week""",
    ),
]
