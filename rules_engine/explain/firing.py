"""What a rule does whose conditions hold, step by step: the plain counterpart of `firing`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, DecimalException

from rules_engine.budgets.port import Budgets, BudgetShort, Verdict
from rules_engine.checked import (
    AddBonusAction,
    CheckedRule,
    SendPushAction,
    Template,
)
from rules_engine.client import GroupEnd
from rules_engine.explain.emitting import Emitter
from rules_engine.explain.limits import told
from rules_engine.explain.seen import Seen, look
from rules_engine.explain.values import Values
from rules_engine.formula.runtime import ROUNDINGS, Cause, Failure, failure_of
from rules_engine.ledger import Ledger, budgets_of, client_limits
from rules_engine.outcome import Origin, Reason, Rejection
from rules_engine.variables import CREDITED_NOW, variables
from schemas.wire import Command


@dataclass
class Carried:
    """`holds`: the rule has matched and keeps its exclusivity group. `group_changes`: (group,
    assigned?, its end). `credits`: the formulas as they were seen, as far as they were looked at.
    `limit`: what stopped it, in numbers."""

    commands: list[Command] = field(default_factory=list)
    group_changes: list[tuple[str, bool, GroupEnd | None]] = field(default_factory=list)
    holds: bool = False
    rejections: list[Rejection] = field(default_factory=list)
    credits: list[Seen] = field(default_factory=list)
    truncated_pushes: int = 0
    limit: str = ""


class _Failed(Exception):
    """A formula or a text of the rule has no value."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.cause.value)


def carry_out(
    rule: CheckedRule, values: Values, origin: Origin | None, ledger: Ledger, budgets: Budgets
) -> Carried:
    """Fire the rule: formulas, then limits, then commands, then the charge. A timer's event has no
    origin.

    Raises BudgetShort.
    """
    return _Firing(rule, values, origin, ledger, budgets).run()


class _Firing:
    """One rule on one event."""

    def __init__(
        self,
        rule: CheckedRule,
        values: Values,
        origin: Origin | None,
        ledger: Ledger,
        budgets: Budgets,
    ) -> None:
        self._budgets = budgets
        self._rule, self._values, self._ledger = rule, values, ledger
        self._event = values.event
        self._unit = Decimal((0, (1,), -values.rule_set.minor_digits))
        self._rounding = ROUNDINGS[values.rule_set.rounding]
        self._emitter = Emitter(rule, values, origin)
        self._carried = Carried(self._emitter.commands, self._emitter.group_changes)
        self._pushed = 0

    def run(self) -> Carried:
        """The steps are those of `rules_engine.firing.fire`."""
        # 1.
        try:
            amounts = {
                action.index: self._amount(action)
                for action in self._rule.actions
                if isinstance(action, AddBonusAction)
            }
            credit = sum((each for each in amounts.values() if each > 0), Decimal(0))
            texts = {
                action.index: (self._text(action.title, credit), self._text(action.body, credit))
                for action in self._rule.actions
                if isinstance(action, SendPushAction)
            }
        except _Failed as failed:
            self._reject(Reason.FORMULA_FAILED, failed.failure.cause.value)
            return self._carried
        # 2.
        limits = client_limits(self._rule.id, self._rule.limits)
        refusal = self._ledger.refusal(limits, credit) or self._budget_refusal(credit)
        if refusal is not None:
            self._reject(refusal)
            self._carried.limit = told(refusal, self._rule, self._values, self._ledger, credit)
            return self._carried
        # 3.
        self._carried.holds = True
        if amounts and credit == 0:
            self._reject(Reason.ZERO_CREDIT)
        self._act(amounts, texts)
        # 4.
        if self._carried.commands:
            self._ledger.charge(limits, credit, self._pushed)
        return self._carried

    def _act(self, amounts: Mapping[int, Decimal], texts: Mapping[int, tuple[str, str]]) -> None:
        """By index of the action."""
        for action in self._rule.actions:
            if isinstance(action, AddBonusAction):
                self._emitter.pay(action, amounts[action.index])
            elif isinstance(action, SendPushAction):
                self._push(action, *texts[action.index])
            else:
                self._emitter.change_group(action)

    def _budget_refusal(self, credit: Decimal) -> Reason | None:
        rule_set = self._values.rule_set
        budgets = budgets_of(self._rule, rule_set.limits)
        if credit <= 0 or not budgets:
            return None
        needs = self._ledger.needs(rule_set.organization_id, budgets, credit)
        verdict = self._budgets.charge(self._rule.id, needs)
        if verdict is Verdict.SHORT:
            raise BudgetShort
        return None if verdict is Verdict.CHARGED else Reason.BUDGET

    def _reject(self, reason: Reason, detail: str = "") -> None:
        self._carried.rejections.append(Rejection(self._rule.id, reason, detail))

    def _amount(self, action: AddBonusAction) -> Decimal:
        seen = look(action.formula, self._values)
        self._carried.credits.append(seen)
        if isinstance(seen.value, Failure):
            raise _Failed(seen.value)
        assert isinstance(seen.value, Decimal)
        value = seen.value
        if action.min_major is not None:
            value = max(value, action.min_major)
        if action.max_major is not None:
            value = min(value, action.max_major)
        return self._rounded(value)

    def _rounded(self, value: Decimal) -> Decimal:
        try:
            return value.quantize(self._unit, self._rounding)
        except DecimalException as error:
            raise _Failed(failure_of(error)) from None

    def _text(self, template: Template, credit: Decimal) -> str:
        return "".join(
            literal + ("" if name is None else self._quoted(name, credit))
            for literal, name in template.pieces
        )

    def _quoted(self, name: str, credit: Decimal) -> str:
        is_credit = name == CREDITED_NOW.name
        value = credit if is_credit else self._values.value(name)
        if value is None:
            raise _Failed(Failure(Cause.MISSING_VALUE, name))
        if isinstance(value, bool):
            return str(value).lower()
        if not isinstance(value, Decimal):
            return str(value)
        if not is_credit and not variables(self._event.type)[name].is_money:
            return str(int(value))
        rounded = self._rounded(value)
        return f"{rounded:.0f}" if rounded % 1 == 0 else f"{rounded:f}"

    def _push(self, action: SendPushAction, title: str, body: str) -> None:
        """Each push counts by itself."""
        if not self._ledger.may_push(self._pushed):
            self._reject(Reason.PUSH_LIMIT)
            self._carried.limit = told(
                Reason.PUSH_LIMIT, self._rule, self._values, self._ledger, Decimal(0)
            )
            return
        self._pushed += 1
        self._carried.truncated_pushes += self._emitter.push(action, title, body)
