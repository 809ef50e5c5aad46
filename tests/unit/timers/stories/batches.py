"""Batches: they lapse, BONUS_EXPIRING before it, BONUS_EXPIRED at it."""

from tests.unit.timers.stories.story import Story, push

EXPIRING = f"""
rules:
  - id: bonus
    trigger: BALANCE_TOPPED_UP
    actions: [{{type: ADD_BONUS, formula: topupAmountMajor, expiresInDays: 10}}]
  - {{id: soon, trigger: BONUS_EXPIRING, before: {{days: 3}},
      actions: [{push("{expiringAmountMajor} left")}]}}
"""
EXPIRED = """
rules:
  - id: bonus
    trigger: BALANCE_TOPPED_UP
    actions: [{type: ADD_BONUS, formula: topupAmountMajor, expiresInDays: 10}]
  - {id: comfort, trigger: BONUS_EXPIRED, when: expiredAmountMajor > 10, actions:
      [{type: ADD_BONUS, formula: "expiredAmountMajor / 2", expiresInDays: 1}]}
"""

BATCHES = [
    Story(
        "a batch lapses at its instant, not at the client's next event",
        EXPIRING.replace("soon, trigger", "soon, enabled: false, trigger"),
        """2026-11-01 18:00 anna tops up 40
        2026-11-01 18:00:01 anna tops up 2
        2026-11-20 12:00 boris tops up 1""",
        None,
        """2026-11-01 18:00 anna +40.00 by bonus
        2026-11-01 18:00:01 anna +2.00 by bonus
        2026-11-11 18:00 anna lapse 40.00 → 2.00
        2026-11-11 18:00:01 anna lapse 2.00 → 0.00
        2026-11-20 12:00 boris +1.00 by bonus""",
    ),
    Story(
        "what is spent does not lapse",
        EXPIRING.replace("soon, trigger", "soon, enabled: false, trigger"),
        """2026-11-01 18:00 anna tops up 40
        2026-11-02 18:00 anna pays 15 with bonuses""",
        "2026-12-31 00:00",
        """2026-11-01 18:00 anna +40.00 by bonus
        2026-11-11 18:00 anna lapse 25.00 → 0.00""",
    ),
    Story(
        "a credit that is over already is paid and lapses before the next event",
        EXPIRED,
        """2026-11-20 12:00 boris tops up 1
        2026-11-01 18:00 anna tops up 100
        2026-11-20 12:00 boris tops up 2""",
        None,
        """2026-11-20 12:00 boris +1.00 by bonus
        2026-11-01 18:00 anna +100.00 by bonus
        2026-11-11 18:00 anna lapse 100.00 → 0.00
        2026-11-20 12:00 boris +2.00 by bonus""",
    ),
    Story(
        "once for all batches of a local day, three days before, what is left of them",
        EXPIRING,
        """2026-11-01 00:00 anna tops up 40
        2026-11-01 23:59 anna tops up 2
        2026-11-02 00:00 anna tops up 7
        2026-11-03 18:00 anna pays 15 with bonuses""",
        "2026-11-10 23:59",
        """2026-11-01 00:00 anna +40.00 by bonus
        2026-11-01 23:59 anna +2.00 by bonus
        2026-11-02 00:00 anna +7.00 by bonus
        2026-11-08 10:00 anna “27 left” by soon
        2026-11-09 10:00 anna “7 left” by soon""",
    ),
    Story(
        "nothing is left, nothing is told",
        EXPIRING,
        """2026-11-01 12:00 anna tops up 40
        2026-11-03 18:00 anna pays 40 with bonuses""",
        "2026-12-31 00:00",
        "2026-11-01 12:00 anna +40.00 by bonus",
    ),
    Story(
        "what comes when that day's instant is past is not told of",
        EXPIRING.replace("before: {days: 3}", "before: {days: 10}"),
        """2026-11-01 09:59 anna tops up 40
        2026-11-01 10:00 boris tops up 40""",
        "2026-11-10 00:00",
        """2026-11-01 09:59 anna +40.00 by bonus
        2026-11-01 10:00 anna “40 left” by soon
        2026-11-01 10:00 boris +40.00 by bonus""",
    ),
    Story(
        "two distances meet at one instant: one judgement, an amount and an event each",
        f"""
rules:
  - id: bonus
    trigger: BALANCE_TOPPED_UP
    actions: [{{type: ADD_BONUS, formula: topupAmountMajor, expiresInDays: 10}}]
  - {{id: week, trigger: BONUS_EXPIRING, before: {{days: 7}}, priority: 1, exclusive: g,
      when: expiringAmountMajor >= 10,
      actions: [{push("{expiringAmountMajor} in a week")}]}}
  - {{id: three, trigger: BONUS_EXPIRING, before: {{days: 3}}, exclusive: g,
      actions: [{push("{expiringAmountMajor} in three days")}]}}
  - {{id: both, trigger: BONUS_EXPIRING, before: {{days: 3}}, priority: 2,
      when: expiringAmountMajor * 2 > 15,
      actions: [{push("twice {expiringAmountMajor}")}]}}
  - {{id: many, trigger: BONUS_EXPIRING, before: {{days: 7}}, priority: 2,
      when: expiringAmountMajor * 2 > 15,
      actions: [{push("many {expiringAmountMajor}")}]}}
""",
        """2026-11-01 12:00 anna tops up 8
        2026-11-05 12:00 anna tops up 10
        2026-11-01 12:00 boris tops up 7
        2026-11-05 12:00 boris tops up 9""",
        "2026-11-08 10:00",
        """2026-11-01 12:00 anna +8.00 by bonus
        2026-11-04 10:00 anna “many 8” by many
        2026-11-05 12:00 anna +10.00 by bonus
        2026-11-01 12:00 boris +7.00 by bonus
        2026-11-05 12:00 boris +9.00 by bonus
        2026-11-08 10:00 anna “twice 8” by both
        2026-11-08 10:00 anna “many 10” by many
        2026-11-08 10:00 anna “10 in a week” by week
        2026-11-08 10:00 boris “many 9” by many
        2026-11-08 10:00 boris “7 in three days” by three""",
    ),
    Story(
        "it rings at the lapse, for all that lapsed at that instant, and may credit again",
        EXPIRED,
        """2026-11-01 18:00 anna tops up 40
        2026-11-01 18:00 anna tops up 2""",
        "2026-12-31 00:00",
        """2026-11-01 18:00 anna +40.00 by bonus
        2026-11-01 18:00 anna +2.00 by bonus
        2026-11-11 18:00 anna lapse 40.00 → 2.00
        2026-11-11 18:00 anna lapse 2.00 → 0.00
        2026-11-11 18:00 anna +21.00 by comfort
        2026-11-12 18:00 anna lapse 21.00 → 0.00
        2026-11-12 18:00 anna +10.50 by comfort
        2026-11-13 18:00 anna lapse 10.50 → 0.00
        2026-11-13 18:00 anna +5.25 by comfort
        2026-11-14 18:00 anna lapse 5.25 → 0.00""",
    ),
]
