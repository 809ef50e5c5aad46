"""What is due at one instant, in its order."""

from tests.unit.timers.stories.story import Story, credit, push

ORDER = [
    Story(
        "all kinds at one instant, kind by kind, in each client by client, then the event",
        f"""
rules:
  - {{id: bonus, trigger: VISIT_STARTED,
      actions: [{credit("8", 10)}, {{type: ASSIGN_GROUP, groupId: g, expiresInDays: 10}}]}}
  - {{id: later, trigger: VISIT_STARTED, actions: [{credit("1", 13)}]}}
  - {{id: absent, trigger: CLIENT_ABSENT, after: {{days: 10}}, actions: [{push("absent")}]}}
  - {{id: expiring, trigger: BONUS_EXPIRING, before: {{days: 3}}, actions: [{push("expiring")}]}}
  - {{id: birthday, trigger: BIRTHDAY, actions: [{push("birthday")}]}}
  - {{id: first, trigger: AFTER_FIRST_VISIT, after: {{days: 10}}, actions: [{push("first")}]}}
  - {{id: expired, trigger: BONUS_EXPIRED, actions: [{push("expired {expiredAmountMajor}")}]}}
  - {{id: event, trigger: BALANCE_TOPPED_UP, actions: [{push("event")}]}}
""",
        """2026-11-09 10:00 boris was born on 2000-11-20
        2026-11-09 10:00 anna was born on 2000-11-20
        2026-11-10 10:00 boris visits
        2026-11-10 10:00 anna visits
        2026-11-20 10:00 anna tops up 1""",
        None,
        """2026-11-10 10:00 boris +8.00 by bonus
        2026-11-10 10:00 boris into g by bonus
        2026-11-10 10:00 boris +1.00 by later
        2026-11-10 10:00 anna +8.00 by bonus
        2026-11-10 10:00 anna into g by bonus
        2026-11-10 10:00 anna +1.00 by later
        2026-11-17 10:00 anna “expiring” by expiring
        2026-11-17 10:00 boris “expiring” by expiring
        2026-11-20 10:00 anna lapse 8.00 → 1.00
        2026-11-20 10:00 boris lapse 8.00 → 1.00
        2026-11-20 10:00 anna out of g by bonus
        2026-11-20 10:00 boris out of g by bonus
        2026-11-20 10:00 anna “expired 8” by expired
        2026-11-20 10:00 boris “expired 8” by expired
        2026-11-20 10:00 anna “first” by first
        2026-11-20 10:00 boris “first” by first
        2026-11-20 10:00 anna “birthday” by birthday
        2026-11-20 10:00 boris “birthday” by birthday
        2026-11-20 10:00 anna “expiring” by expiring
        2026-11-20 10:00 boris “expiring” by expiring
        2026-11-20 10:00 anna “absent” by absent
        2026-11-20 10:00 boris “absent” by absent
        2026-11-20 10:00 anna “event” by event""",
    ),
    Story(
        "ends of one instant in the order of assignment, a moved one at its new place",
        """
rules:
  - id: three
    trigger: BALANCE_TOPPED_UP
    when: topupAmountMajor == 3
    actions:
      - {type: ASSIGN_GROUP, groupId: c, expiresInDays: 1}
      - {type: ASSIGN_GROUP, groupId: a, expiresInDays: 1}
      - {type: ASSIGN_GROUP, groupId: b, expiresInDays: 1}
  - id: again
    trigger: BALANCE_TOPPED_UP
    when: topupAmountMajor == 1
    actions: [{type: ASSIGN_GROUP, groupId: c, expiresInDays: 1}]
""",
        """2026-11-10 10:00 anna tops up 3
        2026-11-10 10:00 anna tops up 1""",
        "2026-11-11 10:00",
        """2026-11-10 10:00 anna into c by three
        2026-11-10 10:00 anna into a by three
        2026-11-10 10:00 anna into b by three
        2026-11-10 10:00 anna into c by again
        2026-11-11 10:00 anna out of a by three
        2026-11-11 10:00 anna out of b by three
        2026-11-11 10:00 anna out of c by again""",
    ),
    Story(
        "what an earlier kind of the same instant gives is told of; of a later kind it is too late",
        f"""
rules:
  - {{id: gift, trigger: BIRTHDAY, actions: [{credit("100", 7)}]}}
  - {{id: miss, trigger: CLIENT_ABSENT, after: {{days: 1}}, actions: [{credit("50", 7)}]}}
  - {{id: soon, trigger: BONUS_EXPIRING, before: {{days: 7}},
      actions: [{push("{expiringAmountMajor} left")}]}}
""",
        """2026-11-01 12:00 anna was born on 2000-11-20
        2026-11-01 12:00 boris visits""",
        "2026-11-21 00:00",
        """2026-11-02 10:00 boris +50.00 by miss
        2026-11-09 10:00 boris lapse 50.00 → 0.00
        2026-11-20 10:00 anna +100.00 by gift
        2026-11-20 10:00 anna “100 left” by soon""",
    ),
]
