"""What a rule does, ready to be done: actions with their texts, tags and lengths prebuilt."""

from decimal import Decimal

from rules_engine.calendar import DAY_US, HOUR_US
from rules_engine.checked import (
    Action,
    AddBonusAction,
    AssignGroupAction,
    CheckedRule,
    CheckedRuleSet,
    SendPushAction,
    SetLimits,
    Template,
)
from rules_engine.compile.conditions import Dialect
from rules_engine.compile.formulas import Formulas
from rules_engine.formula.runtime import ROUNDINGS
from rules_engine.ledger import budgets_of, client_limits
from rules_engine.plans import (
    ActionPlan,
    CreditPlan,
    GroupPlan,
    PushPlan,
    Quote,
    RulePlan,
    SetTerms,
    TextPlan,
)
from rules_engine.variables import CREDITED_NOW
from schemas.wire import Restriction


def terms_of(checked: CheckedRuleSet) -> SetTerms:
    """What all rules of the set share."""
    return SetTerms(
        checked.organization_id,
        checked.version,
        checked.currency,
        Decimal((0, (1,), -checked.minor_digits)),
        ROUNDINGS[checked.rounding],
        checked.limits,
    )


def plan_of(
    rule: CheckedRule, checked: CheckedRuleSet, dialect: Dialect, formulas: Formulas
) -> RulePlan:
    """What the rule does once its conditions hold."""
    planner = _Planner(rule, dialect, formulas)
    actions = tuple(planner.plan(action) for action in rule.actions)
    credits_ = tuple(each for each in actions if isinstance(each, CreditPlan))
    pushes = tuple(each for each in actions if isinstance(each, PushPlan))
    limits = client_limits(rule.id, rule.limits)
    budgets = budgets_of(rule, checked.limits) if credits_ else ()
    is_charged = (
        limits is not None
        or bool(budgets)
        or _set_limits_apply(checked.limits, bool(credits_), bool(pushes))
    )
    is_plain = len(actions) == len(credits_) == 1 and not is_charged
    only = credits_[0] if is_plain else None
    return RulePlan(rule.id, actions, credits_, pushes, limits, budgets, is_charged, only)


def _set_limits_apply(limits: SetLimits, pays: bool, pushes: bool) -> bool:
    if pays and limits.per_client_credit is not None:
        return True
    return pushes and limits.push is not None and limits.push.times is not None


class _Planner:
    """Plans the actions of one rule."""

    def __init__(self, rule: CheckedRule, dialect: Dialect, formulas: Formulas) -> None:
        self._rule, self._dialect, self._formulas = rule, dialect, formulas

    def plan(self, action: Action) -> ActionPlan:
        # The rule's tags, then the action's, without repeats.
        tags = tuple(dict.fromkeys((*self._rule.tags, *action.tags)))
        if isinstance(action, AddBonusAction):
            return self._credit(action, tags)
        if isinstance(action, SendPushAction):
            return self._push(action, tags)
        if isinstance(action, AssignGroupAction):
            days = action.expires_in_days
            lasts_us = None if days is None else days * DAY_US
            return GroupPlan(action.index, tags, action.group_id, True, lasts_us)
        return GroupPlan(action.index, tags, action.group_id, False)

    def _credit(self, action: AddBonusAction, tags: tuple[str, ...]) -> CreditPlan:
        days = action.expires_in_days
        return CreditPlan(
            action.index,
            tags,
            self._formulas.credit(action, self._dialect),
            None if days is None else days * DAY_US,
            Restriction(action.product_types, action.product_ids),
        )

    def _push(self, action: SendPushAction, tags: tuple[str, ...]) -> PushPlan:
        hours = action.ttl_hours
        lives_us = None if hours is None else hours * HOUR_US
        title, body = self._text(action.title), self._text(action.body)
        return PushPlan(action.index, tags, title, body, lives_us)

    def _text(self, template: Template) -> TextPlan:
        pieces = tuple(
            (literal, None if name is None else self._quote(name))
            for literal, name in template.pieces
        )
        return TextPlan(pieces, template.limit)

    def _quote(self, name: str) -> Quote:
        """`{bonusAmountMajor}` is what this rule credits now, whatever else has that name."""
        if name == CREDITED_NOW.name:
            return Quote(name, None, is_money=True)
        variable = self._dialect.variables[name]
        return Quote(name, self._formulas.reader(name, self._dialect), variable.is_money)
