"""What to write at a key where it is missing or wrong: by key, the same for every document."""

MISSING = {
    "organizationId": "add the organization's id: `organizationId: izi`",
    "version": 'add a label of your choice: `version: "2026-11-22.1"`',
    "timeZone": "add the name of a zone: `timeZone: Europe/Moscow`",
    "currency": "add the code of a currency: `currency: RUB`",
    "id": "add an id: it names the rule in reports and must never change",
    "trigger": "say what starts the rule: `trigger: BALANCE_TOPPED_UP`",
    "actions": "say what the rule does: `actions: [{type: ADD_BONUS, formula: …}]`",
    "type": "say what to do: ADD_BONUS, ASSIGN_GROUP, UNASSIGN_GROUP or SEND_PUSH",
    "formula": 'say how much: `formula: "percent(topupAmountMajor, 5)"`',
    "tiers": "add at least one tier: `tiers: [{id: entry, atLeast: 200, percent: 5}]`",
    "percent": "say how much of the top-up is credited: `percent: 5`",
    "per": "name the period: LIFETIME, DAY, WEEK or MONTH",
    "productType": "name the type: TARIFF, BAR or MULTIPASS",
    "hours": "say how long: `hours: 12`",
    "days": "say how long: `days: 14`",
    "times": "say how often: `times: 1`",
    "amountMajor": "say how much: `amountMajor: 5000`",
    "cases": "begin with a case: `cases: [{name: …, given: {events: […]}, expect: {…}}]`",
    "name": "say in a few words what the case shows",
    "given": "say what happens: `given: {events: [{type: BALANCE_TOPPED_UP, …}]}`",
    "events": "say what happens: `events: [{type: BALANCE_TOPPED_UP, topupAmountMajor: 400}]`",
    "expect": "say what comes of it: `expect: {commands: [{ruleId: …, amountMajor: 48}]}`",
    "ruleId": "name the rule; a tier's id is `ladder.tier`",
    "reason": "say why it did not fire: WINDOW, AUDIENCE, CONDITION, …",
}
MISSING_IN = {
    ("events", "type"): "say what happened: BALANCE_TOPPED_UP, VISIT_STARTED, PAYMENT_MADE, …",
    ("before", "type"): "say what happened: BALANCE_TOPPED_UP, VISIT_STARTED, PAYMENT_MADE, …",
}
"""Where the list or key in which it is missing makes a difference."""

NO_TEXT = {
    ("when", "true"): "leave `when` out: the rule then asks for nothing",
    ("when", "false"): "to switch the rule off write `enabled: false`",
}
"""Key and value of which the same in quotes would be no remedy."""

WRITTEN = {
    "audience": "audience: {newMemberWithinDays: 30}",
    "budget": "budget: {amountMajor: 100000, per: MONTH}",
    "cooldown": "cooldown: {hours: 12}",
    "days": "days: [MON, TUE, WED, THU, FRI]",
    "limits": "limits: {budget: {amountMajor: 100000, per: MONTH}}",
    "perClient": "perClient: [{times: 1, per: DAY}]",
    "perClientCredit": "perClientCredit: {amountMajor: 5000, per: DAY}",
    "push": "push: {times: 2, per: DAY}",
    "quietHours": 'quietHours: {from: "22:00", to: "09:00"}',
    "restriction": "restriction: {productTypes: [TARIFF]}",
    "before": "before: [{type: VISIT_STARTED}]",
    "events": "events: [{type: BALANCE_TOPPED_UP, topupAmountMajor: 400}]",
    "commands": "commands: [{ruleId: everyday.anchor, amountMajor: 48}]",
    "journal": "journal: [{type: BONUS_CREDIT, amountMajor: 48}]",
    "reasons": "reasons: [{ruleId: daytime, reason: WINDOW}]",
    "validity": 'validity: {from: "2026-11-01T00:00:00+03:00"}',
    "window": 'window: [{days: [SAT, SUN], from: "10:00", to: "17:00"}]',
}
"""How values that are no plain texts or numbers are written: an example by key."""

BOUND_REMEDIES = {
    "percent": "a tier credits up to 100 %: write a rule with a formula for anything else",
    "times": "write how often, remove the limit, or switch the rule off with `enabled: false`",
    "amountMajor": "write an amount, or remove the limit",
}
"""Where a number is out of its bounds."""
