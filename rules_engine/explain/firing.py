"""What a rule does whose conditions hold, step by step: the plain counterpart of `firing`."""

from dataclasses import dataclass, field
from decimal import Decimal, DecimalException
from typing import Any
from uuid import UUID

from rules_engine.budgets.port import Budgets, BudgetShort, Verdict
from rules_engine.calendar import HOUR_US, quiet_until
from rules_engine.checked import (
    Action,
    AddBonusAction,
    AssignGroupAction,
    CheckedRule,
    SendPushAction,
    Template,
    UnassignGroupAction,
)
from rules_engine.client import GroupEnd
from rules_engine.commands import EXECUTOR
from rules_engine.explain.limits import told
from rules_engine.explain.seen import Seen, look
from rules_engine.explain.values import Values
from rules_engine.formula.runtime import ROUNDINGS, Cause, Failure, failure_of
from rules_engine.ledger import Ledger, budgets_of, client_limits
from rules_engine.outcome import Origin, Reason, Rejection
from rules_engine.variables import CREDITED_NOW, variables
from schemas.ids import command_id
from schemas.instants import DAY_US, instant_text, later_text, parse_instant
from schemas.wire import (
    AddBonus,
    AssignGroup,
    CausedBy,
    Command,
    Restriction,
    SendPush,
    UnassignGroup,
)


@dataclass
class Carried:
    """`holds`: the rule has matched and keeps its exclusivity group. `group_changes`: (group,
    assigned?, its end). `credits`: the formulas as they were seen, as far as they were looked at.
    `limit`: what stopped it, in numbers."""

    holds: bool = False
    commands: list[Command] = field(default_factory=list)
    group_changes: list[tuple[str, bool, GroupEnd | None]] = field(default_factory=list)
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
        self._rule, self._values, self._origin, self._ledger = rule, values, origin, ledger
        self._event = values.event
        self._unit = Decimal((0, (1,), -values.rule_set.minor_digits))
        self._rounding = ROUNDINGS[values.rule_set.rounding]
        self._carried = Carried()
        self._pushed = 0

    def run(self) -> Carried:
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
        limits = client_limits(self._rule.id, self._rule.limits)
        refusal = self._ledger.refusal(limits, credit) or self._budget_refusal(credit)
        if refusal is not None:
            self._reject(refusal)
            self._carried.limit = told(refusal, self._rule, self._values, self._ledger, credit)
            return self._carried
        self._carried.holds = True
        if amounts and credit == 0:
            self._reject(Reason.ZERO_CREDIT)
        for action in self._rule.actions:
            if isinstance(action, AddBonusAction):
                self._pay(action, amounts[action.index])
            elif isinstance(action, SendPushAction):
                self._push(action, *texts[action.index])
            else:
                self._change_group(action)
        if self._carried.commands:
            self._ledger.charge(limits, credit, self._pushed)
        return self._carried

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

    def _pay(self, action: AddBonusAction, amount: Decimal) -> None:
        if amount <= 0:
            return
        days = action.expires_in_days
        self._emit(
            AddBonus,
            action,
            "ADD_BONUS",
            amount_major=f"{amount:f}",
            currency=self._values.rule_set.currency,
            batch_id=self._id(action),
            expires_at=None if days is None else self._after(days * DAY_US),
            restriction=Restriction(action.product_types, action.product_ids),
        )

    def _push(self, action: SendPushAction, title: str, body: str) -> None:
        if not self._ledger.may_push(self._pushed):
            self._reject(Reason.PUSH_LIMIT)
            self._carried.limit = told(
                Reason.PUSH_LIMIT, self._rule, self._values, self._ledger, Decimal(0)
            )
            return
        self._pushed += 1
        cut = [_cut(title, action.title.limit), _cut(body, action.body.limit)]
        self._carried.truncated_pushes += cut != [title, body]
        hours = action.ttl_hours
        self._emit(
            SendPush,
            action,
            "SEND_PUSH",
            title=cut[0],
            body=cut[1],
            not_before=self._end_of_quiet_hours(),
            not_after=None if hours is None else self._after(hours * HOUR_US),
        )

    def _change_group(self, action: AssignGroupAction | UnassignGroupAction) -> None:
        if isinstance(action, UnassignGroupAction):
            self._carried.group_changes.append((action.group_id, False, None))
            self._emit(UnassignGroup, action, "UNASSIGN_GROUP", group_id=action.group_id)
            return
        end, days = None, action.expires_in_days
        if days is not None:
            at = parse_instant(self._after(days * DAY_US))
            command, tags = UUID(self._id(action)).bytes, self._tags(action)
            end = GroupEnd(at, action.group_id, command, self._rule.id, action.index, tags)
        self._carried.group_changes.append((action.group_id, True, end))
        self._emit(AssignGroup, action, "ASSIGN_GROUP", group_id=action.group_id)

    def _end_of_quiet_hours(self) -> str | None:
        push = self._values.rule_set.limits.push
        if push is None or push.quiet_since is None or push.quiet_until is None:
            return None
        calendar, at = self._values.calendar, self._event.occurred_at
        end = quiet_until(calendar, at, push.quiet_since, push.quiet_until)
        return None if end is None else later_text(end)

    def _after(self, length_us: int) -> str:
        return later_text(self._event.occurred_at + length_us)

    def _id(self, action: Action) -> str:
        event, rule = self._event, self._rule
        organization_id = self._values.rule_set.organization_id
        return command_id(organization_id, event.client_id, event.event_id, rule.id, action.index)

    def _tags(self, action: Action) -> tuple[str, ...]:
        tags = [*self._rule.tags]
        tags += [tag for tag in dict.fromkeys(action.tags) if tag not in tags]
        return tuple(dict.fromkeys(tags))

    def _emit(self, make: Any, action: Action, name: str, **payload: object) -> None:
        event, origin, rule_set = self._event, self._origin, self._values.rule_set
        self._carried.commands.append(
            make(
                command_id=self._id(action),
                type=name,
                organization_id=rule_set.organization_id,
                club_id=event.club_id,
                client_id=event.client_id,
                rule_id=self._rule.id,
                rule_set_version=rule_set.version,
                tags=self._tags(action),
                executor=EXECUTOR,
                caused_by=CausedBy(
                    event_id=event.event_id,
                    type=event.type,
                    topic=None if origin is None else origin.topic,
                    partition=None if origin is None else origin.partition,
                    offset=None if origin is None else origin.offset,
                ),
                issued_at=instant_text(event.occurred_at),
                **payload,
            )
        )


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
