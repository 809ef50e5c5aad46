"""The actions of a rule."""

from rules_engine.author.scope import Scope
from rules_engine.author.settings import unique
from rules_engine.author.templates import BODY_LIMIT, TITLE_LIMIT, parse_template
from rules_engine.checked import (
    Action,
    AddBonusAction,
    AssignGroupAction,
    SendPushAction,
    Template,
    UnassignGroupAction,
)
from rules_engine.document import Path
from rules_engine.formula.checked import Kind
from schemas import rule_actions as authored

_ACTIONS = authored.AddBonus | authored.AssignGroup | authored.UnassignGroup | authored.SendPush


def check_action(
    action: _ACTIONS, index: int, trigger: str, path: Path, scope: Scope
) -> Action | None:
    """The action as number `index` of its rule; None where its formula is refused."""
    tags = unique(action.tags)
    if isinstance(action, authored.AddBonus):
        return _add_bonus(action, index, trigger, path, scope)
    if isinstance(action, authored.AssignGroup):
        return AssignGroupAction(index, action.group_id, action.expires_in_days, tags)
    if isinstance(action, authored.UnassignGroup):
        return UnassignGroupAction(index, action.group_id, tags)
    title = _template(action.title, TITLE_LIMIT, trigger, (*path, "title"), scope)
    body = _template(action.body, BODY_LIMIT, trigger, (*path, "body"), scope)
    return SendPushAction(index, title, body, action.ttl_hours, tags)


def restricted(restriction: authored.Restriction | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Types and ids of the products that a credit may pay for; both empty: any."""
    if restriction is None:
        return (), ()
    return unique(restriction.product_types), unique(restriction.product_ids)


def _add_bonus(
    action: authored.AddBonus, index: int, trigger: str, path: Path, scope: Scope
) -> AddBonusAction | None:
    formula = scope.formula(action.formula, trigger, Kind.NUMBER, (*path, "formula"))
    least = scope.money(action.min, (*path, "min"), zero=True)
    most = scope.money(action.max, (*path, "max"))
    if least is not None and most is not None and least > most:
        scope.findings.add(
            "MIN_ABOVE_MAX",
            (*path, "min"),
            f"`min` {least:f} is above `max` {most:f}",
            "swap them, or remove one",
        )
    if formula is None:
        return None
    return AddBonusAction(
        index,
        formula,
        least,
        most,
        action.expires_in_days,
        *restricted(action.restriction),
        tags=unique(action.tags),
    )


def _template(text: str, limit: int, trigger: str, path: Path, scope: Scope) -> Template:
    template, problems = parse_template(text, limit, trigger)
    for problem in problems:
        scope.findings.add_problem(path, problem)
    return template
