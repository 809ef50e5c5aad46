"""Days after a visit: CLIENT_ABSENT, AFTER_FIRST_VISIT."""

from tests.unit.timers.stories.story import Story, credit, push

ABSENT = f"""
rules:
  - {{id: miss, trigger: CLIENT_ABSENT, after: {{days: 14}}, actions: [{credit("50")}]}}
"""

VISITS = [
    Story(
        "two weeks without a visit, at ten, inclusive",
        ABSENT,
        "2026-11-01 18:00 anna visits",
        "2026-11-15 10:00",
        "2026-11-15 10:00 anna +50.00 by miss",
    ),
    Story(
        "a microsecond earlier it is not due yet",
        ABSENT,
        "2026-11-01 18:00 anna visits",
        "2026-11-15 09:59:59.999999",
        "",
    ),
    Story(
        "once, however long the client stays away",
        ABSENT,
        "2026-11-01 18:00 anna visits",
        "2027-11-01 00:00",
        "2026-11-15 10:00 anna +50.00 by miss",
    ),
    Story(
        "a visit arms it anew, the end of a visit too; a top-up does not",
        ABSENT,
        """2026-11-01 18:00 anna visits
        2026-11-10 23:59 anna leaves
        2026-11-20 12:00 anna tops up 10""",
        "2026-12-31 00:00",
        "2026-11-24 10:00 anna +50.00 by miss",
    ),
    Story(
        "a visit on the fifteenth before ten is no absence",
        ABSENT,
        """2026-11-01 18:00 anna visits
        2026-11-15 09:00 anna visits""",
        "2026-11-28 00:00",
        "",
    ),
    Story(
        "an event at the due instant comes after the timer",
        ABSENT,
        """2026-11-01 18:00 anna visits
        2026-11-15 10:00 anna visits""",
        "2026-11-28 00:00",
        "2026-11-15 10:00 anna +50.00 by miss",
    ),
    Story(
        "a rule that is switched off",
        ABSENT.replace("id: miss", "id: miss, enabled: false"),
        "2026-11-01 18:00 anna visits",
        "2026-12-31 00:00",
        "",
    ),
    Story(
        "a visit that is told of too late is not made up for",
        ABSENT,
        """2026-11-20 12:00 boris tops up 10
        2026-11-06 12:00 anna visits
        2026-11-05 23:00 clara visits""",
        "2026-12-31 00:00",
        "",
    ),
    Story(
        "one that is told of late, but in time",
        ABSENT,
        """2026-11-20 09:00 boris tops up 10
        2026-11-06 12:00 anna visits
        2026-11-05 23:00 clara visits""",
        "2026-12-31 00:00",
        "2026-11-20 10:00 anna +50.00 by miss",
    ),
    Story(
        "the day of the visit is the organization's, not the club's",
        """
clubs: [{clubId: ural, timeZone: Asia/Yekaterinburg}]
"""
        + ABSENT,
        "2026-11-01 23:00 anna visits @ural",
        "2026-12-31 00:00",
        "2026-11-15 10:00 anna +50.00 by miss",
    ),
    Story(
        "windows are by the club of the latest event: ten in Moscow is twelve there",
        """
clubs: [{clubId: ural, timeZone: Asia/Yekaterinburg}]
rules:
  - id: noon
    trigger: CLIENT_ABSENT
    after: {days: 1}
    window: [{from: "12:00", to: "12:01"}]
    actions: [{type: ASSIGN_GROUP, groupId: g}]
""",
        """2026-11-01 12:00 anna visits @ural
        2026-11-01 12:00 boris visits
        2026-11-01 13:00 anna tops up 1 @ural
        2026-11-01 12:00 clara visits
        2026-11-01 13:00 clara tops up 1 @ural""",
        "2026-11-03 00:00",
        """2026-11-02 10:00 anna into g by noon
        2026-11-02 10:00 clara into g by noon""",
    ),
    Story(
        "a rule for one club asks for the club of the latest event",
        f"""
rules:
  - {{id: miss, trigger: CLIENT_ABSENT, after: {{days: 1}}, clubIds: [club-2],
      actions: [{credit("5")}]}}
""",
        """2026-11-01 12:00 anna visits
        2026-11-01 12:30 anna tops up 1 @club-2
        2026-11-01 12:00 boris visits @club-2
        2026-11-01 12:30 boris tops up 1""",
        "2026-11-03 00:00",
        "2026-11-02 10:00 anna +5.00 by miss",
    ),
    Story(
        "after the first visit that arrived, whatever follows",
        f"""
rules:
  - {{id: again, trigger: AFTER_FIRST_VISIT, after: {{days: 5}}, at: "18:30",
      actions: [{push("Again?")}]}}
""",
        """2026-11-02 18:00 anna visits
        2026-11-03 18:00 anna visits
        2026-11-01 18:00 anna visits
        2026-11-01 18:00 boris leaves""",
        "2026-12-31 00:00",
        "2026-11-07 18:30 anna “Again?” by again",
    ),
]
