"""BIRTHDAY, in every year and when the date changes."""

from tests.unit.timers.stories.story import Story, credit

BIRTHDAY = f"""
rules:
  - {{id: gift, trigger: BIRTHDAY, actions: [{credit("100")}]}}
"""

BIRTHDAYS = [
    Story(
        "every year, from the next one on that the clock meets",
        BIRTHDAY,
        "2026-11-20 12:00 anna was born on 1999-11-20",
        "2028-11-20 10:00",
        """2027-11-20 10:00 anna +100.00 by gift
        2028-11-20 10:00 anna +100.00 by gift""",
    ),
    Story(
        "29 February is kept on the 28th but in leap years",
        BIRTHDAY,
        """2026-11-01 12:00 anna was born on 2000-02-29
        2026-11-01 12:00 boris was born on 2000-02-28
        2026-11-01 12:00 clara was born on 2000-03-01""",
        "2028-03-01 10:00",
        """2027-02-28 10:00 anna +100.00 by gift
        2027-02-28 10:00 boris +100.00 by gift
        2027-03-01 10:00 clara +100.00 by gift
        2028-02-28 10:00 boris +100.00 by gift
        2028-02-29 10:00 anna +100.00 by gift
        2028-03-01 10:00 clara +100.00 by gift""",
    ),
    Story(
        "corrected before the day: the old date is forgotten",
        BIRTHDAY,
        """2026-11-01 12:00 anna was born on 2000-11-20
        2026-11-02 12:00 anna was born on 2000-11-25""",
        "2026-12-31 00:00",
        "2026-11-25 10:00 anna +100.00 by gift",
    ),
    Story(
        "limits, cooldown and the audience hold for timers",
        """
rules:
  - {id: once, trigger: BIRTHDAY, limits: {perClient: [{times: 1, per: LIFETIME}]},
      actions: [{type: ADD_BONUS, formula: "1"}]}
  - {id: vip, trigger: BIRTHDAY, audience: {anyOfGroups: [vip]},
      actions: [{type: ADD_BONUS, formula: "2"}]}
  - {id: cool, trigger: BIRTHDAY, limits: {cooldown: {hours: 8761}},
      actions: [{type: ADD_BONUS, formula: "3"}]}
""",
        """2026-11-01 12:00 anna was born on 2000-11-20
        2026-11-01 12:00 anna is in vip""",
        "2028-12-31 00:00",
        """2026-11-20 10:00 anna +3.00 by cool
        2026-11-20 10:00 anna +1.00 by once
        2026-11-20 10:00 anna +2.00 by vip
        2027-11-20 10:00 anna +2.00 by vip
        2028-11-20 10:00 anna +3.00 by cool
        2028-11-20 10:00 anna +2.00 by vip""",
    ),
    Story(
        "rules of one trigger are judged together: a group fires once, all see the client before",
        f"""
rules:
  - {{id: high, trigger: BIRTHDAY, priority: 2, exclusive: g, when: bonusBalanceMajor > 0,
      actions: [{credit("1")}]}}
  - {{id: low, trigger: BIRTHDAY, priority: 1, exclusive: g, actions: [{credit("2")}]}}
  - {{id: lowest, trigger: BIRTHDAY, exclusive: g, actions: [{credit("4")}]}}
  - {{id: other, trigger: BIRTHDAY, priority: 1, when: bonusBalanceMajor == 0,
      actions: [{credit("8")}]}}
  - {{id: earlier, trigger: BIRTHDAY, at: "09:00", when: bonusBalanceMajor > 0, exclusive: g,
      actions: [{credit("16")}]}}
""",
        "2026-11-01 12:00 anna was born on 2000-11-20",
        "2027-12-31 00:00",
        """2026-11-20 10:00 anna +2.00 by low
        2026-11-20 10:00 anna +8.00 by other
        2027-11-20 09:00 anna +16.00 by earlier
        2027-11-20 10:00 anna +1.00 by high""",
    ),
    Story(
        "a budget holds over clients and timers: the third gift of the month is too much",
        """
rules:
  - {id: gift, trigger: BIRTHDAY, limits: {budget: {amountMajor: 25, per: MONTH}},
      actions: [{type: ADD_BONUS, formula: "10"}]}
""",
        """2026-11-01 12:00 clara was born on 2000-11-20
        2026-11-01 12:00 anna was born on 2000-11-20
        2026-11-01 12:00 boris was born on 2000-11-19
        2026-11-01 12:00 dima was born on 2000-12-01""",
        "2026-12-31 00:00",
        """2026-11-19 10:00 boris +10.00 by gift
        2026-11-20 10:00 anna +10.00 by gift
        2026-12-01 10:00 dima +10.00 by gift""",
    ),
]
