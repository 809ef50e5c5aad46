"""A rule set, and what is another in a changed one."""

from rules_engine.author import load_rule_set
from rules_engine.difference import diff_rule_sets

RULES = """\
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
clubs: [{clubId: club-9, timeZone: Asia/Yekaterinburg}]
products:
  - {productId: night-pack, productType: TARIFF, maxBonusPercent: 30, refundPolicy: RETURN}
limits:
  budget: {amountMajor: 500000, per: MONTH}
  push: {times: 2, per: DAY, quietHours: {from: "22:00", to: "09:00"}}
ladders:
  - id: everyday
    name: Everyday
    priority: 50
    clubIds: [club-1, club-2]
    expiresInDays: 45
    tiers:
      - {id: entry, atLeast: 200, percent: 5}
      - {id: anchor, atLeast: 400, percent: 12}
      - {id: premium, atLeast: 800, percent: 20}
rules:
  - id: daytime
    name: Fill daytime hours
    priority: 60
    trigger: BALANCE_TOPPED_UP
    exclusive: everyday
    when: topupAmountMajor >= 300
    window: [{days: [MON, TUE], from: "10:00", to: "17:00"}]
    audience: {anyOfGroups: [vip, gold], noneOfGroups: [staff]}
    limits: {perClient: [{times: 1, per: DAY}], budget: {amountMajor: 1000, per: DAY}}
    tags: [daytime, ladder]
    actions:
      - {type: ADD_BONUS, formula: "percent(topupAmountMajor, 20)", max: 500, expiresInDays: 30}
      - {type: SEND_PUSH, title: "+{bonusAmountMajor}", body: "Thank you."}
  - id: miss-you
    trigger: CLIENT_ABSENT
    after: {days: 14}
    at: "12:00"
    validity: {from: "2026-11-01T00:00:00+03:00"}
    actions: [{type: ASSIGN_GROUP, groupId: sleepers, expiresInDays: 7}]
  - id: bar
    trigger: PAYMENT_MADE
    actions: [{type: ADD_BONUS, formula: "5"}]
"""


def changed(*replacements: tuple[str, str]) -> list[str]:
    """The lines for `RULES` with these texts replaced."""
    text = RULES
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return lines(RULES, text)


def lines(old: str, new: str) -> list[str]:
    changes = diff_rule_sets(load_rule_set(old, "old.yaml"), load_rule_set(new, "new.yaml"))
    return [line for change in changes for line in change.lines()]
