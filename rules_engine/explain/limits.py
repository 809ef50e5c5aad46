"""A limit that held a rule back, in numbers: what it allows and what there was before."""

from decimal import Decimal

from rules_engine.calendar import period_ordinal
from rules_engine.checked import Amount, CheckedRule, Period
from rules_engine.explain.values import Values
from rules_engine.ledger import Ledger, limit_key
from rules_engine.limits import amassed, counted
from rules_engine.outcome import Reason
from schemas.instants import HOUR_US, instant_text

FORGOTTEN = "the period is older than the two that are kept"


def told(reason: Reason, rule: CheckedRule, values: Values, ledger: Ledger, credit: Decimal) -> str:
    """`1 per DAY, fired 1`; empty for a reason that is no limit."""
    if reason is Reason.LIMIT_PER_CLIENT:
        return _per_client(rule, values, ledger)
    if reason is Reason.COOLDOWN:
        hours = Decimal(rule.limits.cooldown_us or 0) / HOUR_US
        return f"{hours:f} h, latest firing {instant_text(ledger.firings[rule.id])}"
    if reason is Reason.CLIENT_CREDIT:
        most = values.rule_set.limits.per_client_credit
        return "" if most is None else _credit(most, values, ledger, credit)
    if reason is Reason.PUSH_LIMIT:
        return _pushes(values, ledger)
    if reason is Reason.BUDGET:
        budgets = [rule.limits.budget, values.rule_set.limits.budget]
        return f"{_amounts(budgets)}, needs {credit:f}"
    return ""


def _per_client(rule: CheckedRule, values: Values, ledger: Ledger) -> str:
    for each in rule.limits.per_client:
        counts = ledger.limit_counts.get(limit_key(rule.id, each.per), ())
        count = counted(counts, period_ordinal(each.per, values.day))
        if count is None or count >= each.times:
            return f"{each.times} per {each.per.value}, {_fired(count)}"
    return ""


def _fired(count: int | None) -> str:
    return FORGOTTEN if count is None else f"fired {count}"


def _credit(most: Amount, values: Values, ledger: Ledger, credit: Decimal) -> str:
    before = amassed(ledger.credited.get(most.per, ()), period_ordinal(most.per, values.day))
    had = FORGOTTEN if before is None else f"credited {before:f}"
    return f"{_amounts([most])}, {had}, needs {credit:f}"


def _pushes(values: Values, ledger: Ledger) -> str:
    push = values.rule_set.limits.push
    if push is None or push.times is None:
        return ""
    per: Period = push.per
    count = counted(ledger.pushed.get(per, ()), period_ordinal(per, values.day))
    sent = FORGOTTEN if count is None else f"sent {count}"
    return f"{push.times} per {per.value}, {sent}"


def _amounts(budgets: list[Amount | None]) -> str:
    named = [f"{b.amount_major:f} per {b.per.value}" for b in budgets if b is not None]
    return " and ".join(named)
