"""Timers from the outside: a rule set, events, and everything that comes of them up to an instant.

Each is worked by hand from INTERFACES 1, "Timers" and "Clock".
"""

import json
from dataclasses import dataclass
from uuid import NAMESPACE_DNS, uuid5

import pytest
from msgspec.structs import replace

from schemas.commands import COMMAND_MODELS
from schemas.journal import JournalRecord
from tests.unit.timers.told import MOSCOW, Told, happened


@dataclass(frozen=True)
class Story:
    """`then`: what happens up to and including `until`; None: up to the last event."""

    name: str
    rules: str
    events: str
    until: str | None
    then: str
    zone: str = MOSCOW


def credit(amount: str, days: int | None = None) -> str:
    lasts = "" if days is None else f", expiresInDays: {days}"
    return f'{{type: ADD_BONUS, formula: "{amount}"{lasts}}}'


def push(title: str) -> str:
    return f'{{type: SEND_PUSH, title: "{title}", body: b}}'


ABSENT = f"""
rules:
  - {{id: miss, trigger: CLIENT_ABSENT, after: {{days: 14}}, actions: [{credit("50")}]}}
"""
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
BIRTHDAY = f"""
rules:
  - {{id: gift, trigger: BIRTHDAY, actions: [{credit("100")}]}}
"""
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

STORIES = [
    # ------------------------------------------------------------------- CLIENT_ABSENT
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
    # --------------------------------------------------------------- AFTER_FIRST_VISIT
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
    # ------------------------------------------------------------------------ BIRTHDAY
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
    # ------------------------------------------------------------- groups that come to an end
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
    # -------------------------------------------------------------------------- lapses
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
    # ------------------------------------------------------------------ BONUS_EXPIRING
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
    # ---------------------------------------------------------------- order at one instant
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
    # ------------------------------------------------------------------- BONUS_EXPIRED
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


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_what_happens(story: Story) -> None:
    told = Told(story.rules, story.events, story.zone)
    assert told.effects(story.until) == happened(story.then)


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


class TestWhatIsOnTheWire:
    def test_of_a_rule(self) -> None:
        told = Told(BIRTHDAY, "2026-11-01 12:00 anna was born on 2000-11-20 @club-7")
        [command] = [
            json.loads(c) for each in told.simulated("2026-11-20 10:00") for c in each.commands
        ]
        event_id = "timer:BIRTHDAY:gift:anna:2026-11-20"
        assert command["causedBy"] == {
            "eventId": event_id,
            "type": "BIRTHDAY",
            "topic": None,
            "partition": None,
            "offset": None,
        }
        namespace = uuid5(NAMESPACE_DNS, "loyalty-worker")
        made = uuid5(namespace, "\x1f".join(("izi", "anna", event_id, "gift", "0")))
        assert (command["commandId"], command["batchId"]) == (str(made), str(made))
        assert (command["clubId"], command["issuedAt"]) == ("club-7", "2026-11-20T07:00:00+00:00")

    def test_of_the_end_of_an_assignment(self) -> None:
        told = Told(
            GROUP,
            """2026-11-01 18:00 anna tops up 100
            2026-11-02 18:00 anna visits @club-9""",
        )
        assigned, ended = (
            json.loads(c) for each in told.simulated("2026-12-01 00:00") for c in each.commands
        )
        event_id = f"timer:GROUP_EXPIRY:{assigned['commandId']}"
        namespace = uuid5(NAMESPACE_DNS, "loyalty-worker")
        made = uuid5(namespace, "\x1f".join(("izi", "anna", event_id, "week", "0")))
        assert ended == assigned | {
            "commandId": str(made),
            "type": "UNASSIGN_GROUP",
            "clubId": "club-9",
            "issuedAt": "2026-11-08T15:00:00+00:00",
            "causedBy": {
                "eventId": event_id,
                "type": "GROUP_EXPIRY",
                "topic": None,
                "partition": None,
                "offset": None,
            },
        }

    def test_of_a_lapse_and_what_it_rings(self) -> None:
        told = Told(EXPIRED, "2026-11-01 18:00 anna tops up 40")
        results = told.simulated("2026-11-11 18:00")
        records = [json.loads(r) for each in results for r in each.journal]
        bonus, lapse, comfort = records
        assert lapse["causedBy"]["eventId"] == f"timer:BONUS_EXPIRY:{bonus['batchId']}"
        assert (lapse["batchId"], lapse["occurredAt"]) == (
            bonus["batchId"],
            "2026-11-11T15:00:00+00:00",
        )
        due = "timer:BONUS_EXPIRED:comfort:anna:2026-11-11T15:00:00+00:00"
        assert comfort["causedBy"]["eventId"] == due
        assert (comfort["type"], comfort["amountMajor"]) == ("BONUS_CREDIT", "20.00")

    def test_readers_are_promised_just_that(self) -> None:
        """Everything that the stories come to holds against the contract of readers."""
        for story in STORIES:
            for each in Told(story.rules, story.events, story.zone).simulated(story.until):
                for command in each.commands:
                    read = json.loads(command)
                    COMMAND_MODELS[read["type"]].model_validate(read)
                for record in each.journal:
                    JournalRecord.model_validate(json.loads(record))


class TestTheClock:
    """A dead letter moves no clock, so it lets no timer ring; a duplicate moves it."""

    FIRST = "2026-11-01 18:00 anna visits #one"

    def told(self, *later: str) -> Told:
        return Told(ABSENT, "\n".join((self.FIRST, *later)))

    def test_an_event_id_reused(self) -> None:
        told = self.told("2026-12-01 18:00 anna tops up 5 #one")
        assert told.effects() == []

    def test_a_line_that_cannot_be_read(self) -> None:
        told = self.told()
        told.lines.append(b'{"occurredAt": "2026-12-01T18:00:00+03:00"}')
        assert told.effects() == []

    def test_a_payment_id_reused(self) -> None:
        told = self.told(
            "2026-11-02 18:00 anna pays 1 with bonuses",
            "2026-12-01 18:00 anna pays 2 with bonuses",
        )
        first, second = (json.loads(line) for line in told.lines[1:])
        told.lines[2] = json.dumps(second | {"paymentId": first["paymentId"]}).encode()
        assert told.effects() == []

    def test_an_event_of_another_organization_moves_it(self) -> None:
        told = self.told("2026-12-01 18:00 anna visits")
        told.lines[1] = told.lines[1].replace(b'"izi"', b'"other"')
        assert told.effects() == ["2026-11-15 10:00 anna +50.00 by miss"]

    def test_before_the_first_event_nothing_rings(self) -> None:
        assert Told(ABSENT).effects("2026-12-01 00:00") == []

    def test_an_end_before_the_last_event_changes_nothing(self) -> None:
        told = self.told("2026-12-01 18:00 boris visits")
        assert told.effects("2026-11-03 00:00") == ["2026-11-15 10:00 anna +50.00 by miss"]

    def test_timers_are_not_remembered_and_count_nothing(self) -> None:
        told = Told(BIRTHDAY, "2026-11-01 12:00 anna was born on 2000-11-20")
        first, rung = told.simulated("2026-11-20 10:00")
        assert first.outcome is not None
        assert rung.outcome is not None
        before, after = first.outcome.client, rung.outcome.client
        assert after.counters.fact_days == {"gift": (20_777,)}  # 2026-11-20
        same = {"account": before.account, "lapses_at": before.lapses_at}
        assert replace(after, **same, counted=before.counted) == before


def test_a_far_end_is_reached() -> None:
    """A jump over a hundred years: the gift of every year."""
    told = Told(BIRTHDAY, "2026-11-01 12:00 anna was born on 2000-02-29")
    assert len(told.effects("2126-11-01 12:00")) == 100
