"""The rule set of a fault run: every mechanism that a fault could break has a rule, and what falls
due does so within the minutes of the run."""

import re
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tests.integration.traffic import RULES

ZONE = ZoneInfo("Europe/Moscow")
MINUTES = 6
"""So many minutes of the run have timers that are due by a date."""

BUDGET = re.compile(r"\bbudget: \{[^}]*\},?")
BUDGETS = """
limits:
  budget: {{amountMajor: {whole}, per: LIFETIME}}
  perClientCredit: {{amountMajor: 90000, per: DAY}}
  push: {{times: 40, per: DAY}}
"""
FIXED = """
  - id: while-it-lasts
    name: A budget that runs out
    trigger: BALANCE_TOPPED_UP
    priority: 5
    limits: {{budget: {{amountMajor: {part}, per: LIFETIME}}, perClient: [{{times: 30, per: DAY}}]}}
    actions:
      - {{type: ADD_BONUS, formula: "{credit}", expiresInDays: 1}}
      - {{type: ASSIGN_GROUP, groupId: fresh, expiresInDays: 1}}
  - id: expired
    name: Half of what lapsed
    trigger: BONUS_EXPIRED
    actions: [{{type: ADD_BONUS, formula: "expiredAmountMajor / 2"}}]
"""
DATED = """
  - {{id: absent-{n}, name: Absent, trigger: CLIENT_ABSENT, after: {{days: 1}}, at: "{at}",
     actions: [{{type: ADD_BONUS, formula: "{n} + visitCount"}}]}}
  - {{id: first-{n}, name: First, trigger: AFTER_FIRST_VISIT, after: {{days: 1}}, at: "{at}",
     actions: [{{type: SEND_PUSH, title: "{{visitCount}} visits", body: b, ttlHours: 1}}]}}
  - {{id: birthday-{n}, name: Birthday, trigger: BIRTHDAY, at: "{at}",
     limits: {{budget: {{amountMajor: {part}, per: LIFETIME}}}},
     actions: [{{type: ADD_BONUS, formula: "7", expiresInDays: 1}}]}}
  - {{id: expiring-{n}, name: Expiring, trigger: BONUS_EXPIRING, before: {{days: 1}}, at: "{at}",
     actions: [{{type: SEND_PUSH, title: "{{expiringAmountMajor}}", body: b, ttlHours: 1}}]}}
"""


class Rules:
    """The texts of one run, version after version. `budgets`: lanes depend on each other."""

    def __init__(self, seed: str, begin: datetime, *, budgets: bool = True) -> None:
        self._random = Random(seed)
        self._begin = begin
        self._budgets = budgets
        self._version = 0
        self._part = self._random.choice((300, 900, 2000))

    def next(self) -> str:
        """Another version: other amounts, a budget raised now and then."""
        self._version += 1
        if self._random.random() < 0.3:
            self._part += self._random.choice((50, 300))
        credit = self._random.choice(("2", "3", "1 + min(topupCount, 4)"))
        text = RULES.replace('version: "1"', f'version: "{self._version}"')
        text = text.replace("percent: 12", f"percent: {self._random.randint(8, 16)}")
        head, rules = text.split("\nrules:\n")
        limits = BUDGETS.format(whole=5_000_000)
        fixed = FIXED.format(part=self._part, credit=credit)
        dated = "".join(self._dated(number) for number in range(1, MINUTES + 1))
        whole = f"{head}{limits}rules:\n{rules}{fixed}{dated}"
        return whole if self._budgets else BUDGET.sub("", whole)

    def _dated(self, number: int) -> str:
        at = (self._begin + timedelta(minutes=number)).astimezone(ZONE)
        return DATED.format(n=number, at=at.strftime("%H:%M"), part=40 * number)
