"""The table of rules in the forms that the contenders take: a rule set in YAML, and lambdas.

The formulas for asteval need no rendering: they are the table's own text.
"""

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from benchmarks.workload.rules import (
    CLUBS,
    CURRENCY,
    LADDER_PRIORITY,
    LADDERS,
    ORGANIZATION,
    RULES,
    SINGLE_RULES,
    TIME_ZONE,
    VERSION,
    Ladder,
    Rule,
)


def rule_set_yaml(
    organization: str = ORGANIZATION,
    ladders: Iterable[Ladder] = LADDERS,
    rules: Iterable[Rule] = SINGLE_RULES,
) -> str:
    """The rule set as its author would have written it, ladders as ladders."""
    return yaml.safe_dump(
        {
            "organizationId": organization,
            "version": VERSION,
            "timeZone": TIME_ZONE,
            "currency": CURRENCY,
            "ladders": [
                {
                    "id": ladder.id,
                    "name": f"Ladder of {ladder.club}",
                    "priority": LADDER_PRIORITY,
                    "clubIds": [ladder.club],
                    "tiers": [
                        {"id": tier, "atLeast": at_least, "percent": percent}
                        for tier, at_least, percent in ladder.tiers
                    ],
                }
                for ladder in ladders
            ],
            "rules": [_authored(rule) for rule in rules],
        },
        sort_keys=False,
    )


def _authored(rule: Rule) -> dict[str, Any]:
    written: dict[str, Any] = {"id": rule.id, "name": rule.id, "trigger": rule.trigger}
    if rule.priority:
        written["priority"] = rule.priority
    if rule.club:
        written["clubIds"] = [rule.club]
    if rule.when:
        written["when"] = rule.when
    if rule.exclusive:
        written["exclusive"] = rule.exclusive
    written["actions"] = [{"type": "ADD_BONUS", "formula": rule.credit}]
    return written


ATTRIBUTES: Mapping[str, str] = {
    "topupAmountMajor": "e.topup_amount_major",
    "topUpSource": "e.top_up_source",
    "durationMinutes": "e.duration_minutes",
    "totalAmountMajor": "e.total_amount_major",
    "productType": "e.product_type",
    "topupCount": "c.topup_count",
    "totalTopupMajor": "c.total_topup_major",
    "isFirstTopup": "(c.topup_count == 0)",
    "visitCount": "c.visit_count",
    "totalSpentMajor": "c.total_spent_major",
    "hour": "t.hour",
    "dayOfWeek": "t.isoweekday()",
}
"""Names of formulas where event and counters are objects."""

ITEMS: Mapping[str, str] = {
    **{
        name: f"e['{name}']"
        for name in (
            "topupAmountMajor",
            "topUpSource",
            "durationMinutes",
            "totalAmountMajor",
            "productType",
        )
    },
    **{
        name: f"c['{name}']"
        for name in ("topupCount", "totalTopupMajor", "visitCount", "totalSpentMajor")
    },
    "isFirstTopup": "(c['topupCount'] == 0)",
    "hour": "t.hour",
    "dayOfWeek": "t.isoweekday()",
}
"""Names of formulas where event and counters are dictionaries."""


@dataclass(frozen=True, slots=True)
class LambdaRule:
    """A rule as one writes it in Python. `when` and `credit` take the event, the client's
    counters before it and its local time."""

    id: str
    trigger: str
    club: str
    exclusive: str
    when: Callable[[Any, Any, Any], bool]
    credit: Callable[[Any, Any, Any], Any]


def lambdas(names: Mapping[str, str], rules: Iterable[Rule] = RULES) -> list[LambdaRule]:
    """The table as lambdas, in matching order; `names` is `ATTRIBUTES` or `ITEMS`."""
    return [
        LambdaRule(
            id=rule.id,
            trigger=rule.trigger,
            club=rule.club,
            exclusive=rule.exclusive,
            when=eval(lambda_source(rule.when or "True", names)),
            credit=eval(lambda_source(rule.credit, names)),
        )
        for rule in rules
    ]


def lambda_source(formula: str, names: Mapping[str, str]) -> str:
    """`percent(topupAmountMajor, 5)` → `lambda e, c, t: e.topup_amount_major * 5 / 100`."""
    body = _Inline(names).visit(ast.parse(formula, mode="eval").body)
    return f"lambda e, c, t: {ast.unparse(body)}"


class _Inline(ast.NodeTransformer):
    """Puts a source's expression in the place of each name and of each call of `percent`."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        source = self._names.get(node.id)
        return node if source is None else ast.parse(source, mode="eval").body

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not (isinstance(node.func, ast.Name) and node.func.id == "percent"):
            return self.generic_visit(node)
        amount, rate = (ast.unparse(self.visit(argument)) for argument in node.args)
        return ast.parse(f"({amount}) * ({rate}) / 100", mode="eval").body


def by_trigger_and_club(rules: Iterable[LambdaRule]) -> dict[tuple[str, str], list[LambdaRule]]:
    """The candidates of each event, in matching order: what anyone with a hundred rules does."""
    found: dict[tuple[str, str], list[LambdaRule]] = {}
    for rule in rules:
        for club in (rule.club,) if rule.club else CLUBS:
            found.setdefault((rule.trigger, club), []).append(rule)
    return found
