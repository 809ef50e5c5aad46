"""A rule set for tests of rule tests, and a short way to run some about it."""

from rules_engine.author import load_rule_set
from rules_engine.cases.check import load_cases
from rules_engine.cases.run import CaseRun, run_cases

RULES = """\
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
ladders:
  - id: everyday
    tiers:
      - {id: entry,  atLeast: 200, percent: 5}
      - {id: anchor, atLeast: 400, percent: 12}
    expiresInDays: 45
rules:
  - id: regular
    trigger: VISIT_STARTED
    when: visitCount == 2
    limits: {perClient: [{times: 1, per: DAY}]}
    tags: [regulars]
    actions:
      - {type: ASSIGN_GROUP, groupId: regulars, expiresInDays: 7}
      - {type: SEND_PUSH, title: "Good to see you", body: "Third visit.", ttlHours: 24}
  - id: absent
    trigger: CLIENT_ABSENT
    after: {days: 14}
    actions:
      - {type: ADD_BONUS, formula: "bonusBalanceMajor / visitCount", tags: [bar],
         restriction: {productTypes: [BAR]}}
  - id: asleep
    enabled: false
    trigger: PAYMENT_MADE
    actions: [{type: ADD_BONUS, formula: "5"}]
"""
RULE_SET = load_rule_set(RULES, "izi.yaml")


def run(text: str) -> CaseRun:
    """The cases of `text` about `RULES`."""
    return run_cases([load_cases(text, "izi.test.yaml", RULE_SET)])


def failures(text: str) -> list[tuple[str, str, str]]:
    """Code, message and remedy of every failure of one case or several."""
    findings = [f.finding for result in run(text).results for f in result.failures]
    return [(each.code, each.message, each.remedy) for each in findings]
