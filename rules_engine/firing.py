"""One rule fires: its formulas, its limits, its commands."""

from decimal import Decimal

from rules_engine.budgets.port import BudgetShort, Verdict
from rules_engine.commands import add_bonus, change_group, push_texts, send_push
from rules_engine.formula.runtime import FAILURES
from rules_engine.ledger import Ledger
from rules_engine.limits import NOTHING
from rules_engine.outcome import Reason
from rules_engine.plans import CreditPlan, GroupPlan, RulePlan
from rules_engine.run import Run, fail


def fire(run: Run, rule: RulePlan) -> bool:
    """Carry the rule out; does it hold its exclusivity group?

    1. All its formulas, then the texts that quote them: one that fails stops the rule.
    2. Its limits, all credits together, the budgets last: a rule that they block has not matched.
    3. Its commands, in the order of the actions. No credit, no ADD_BONUS; the others run.
    4. Only a rule that emitted a command has fired, and is charged.
    """
    # 1.
    try:
        amounts = [each.amount(run.event, run.client, run.calendar) for each in rule.credits]
        credit = sum([each for each in amounts if each > NOTHING], NOTHING)
        texts = [push_texts(run, push, credit) for push in rule.pushes]
    except FAILURES as error:
        return fail(run, rule, error)
    # 2.
    ledger = run.open_ledger() if rule.is_charged else None
    refusal = _refusal(run, rule, ledger, credit) if ledger is not None else None
    if refusal is not None:
        run.reject(rule, refusal)
        return False
    # 3.
    if rule.credits and not credit:
        run.reject(rule, Reason.ZERO_CREDIT)
    before, pushed = len(run.commands), 0
    left_amounts, left_texts = iter(amounts), iter(texts)
    for action in rule.actions:
        if isinstance(action, CreditPlan):
            add_bonus(run, rule, action, next(left_amounts))
        elif isinstance(action, GroupPlan):
            change_group(run, rule, action)
        else:
            pushed += send_push(run, rule, action, next(left_texts), pushed)
    # 4.
    if len(run.commands) > before:
        run.fired += (rule.id,)
        if ledger is not None:
            ledger.charge(rule.limits, credit, pushed)
    return True


def _refusal(run: Run, rule: RulePlan, ledger: Ledger, credit: Decimal) -> Reason | None:
    """Raises BudgetShort where nobody knows yet whether the credit fits."""
    refusal = ledger.refusal(rule.limits, credit)
    if refusal is not None or not rule.budgets or credit <= NOTHING:
        return refusal
    needs = ledger.needs(run.terms.organization_id, rule.budgets, credit)
    verdict = run.budgets.charge(rule.id, needs)
    if verdict is Verdict.SHORT:
        raise BudgetShort
    return None if verdict is Verdict.CHARGED else Reason.BUDGET


def fire_credit(run: Run, rule: RulePlan) -> bool:
    """`fire` for the most frequent kind of rule: one credit (`only`) that no limit holds back."""
    credit = rule.only
    assert credit is not None
    try:
        amount = credit.amount(run.event, run.client, run.calendar)
    except FAILURES as error:
        return fail(run, rule, error)
    if amount > NOTHING:
        add_bonus(run, rule, credit, amount)
        run.fired += (rule.id,)
    else:
        run.reject(rule, Reason.ZERO_CREDIT)
    return True
