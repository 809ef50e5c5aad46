"""Ladders in the rules that they expand into: which rule is a tier of which ladder."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from rules_engine.checked import AddBonusAction, CheckedRule
from rules_engine.difference.facts import Fact, credit_settings, number, settings_of


@dataclass(frozen=True)
class Tier:
    """`percent` of every top-up from `at_least` on. `rank`: its place in the ladder, from 1."""

    rule: CheckedRule
    ladder_id: str
    ladder_name: str
    rank: int
    at_least: Decimal
    percent: Decimal

    @property
    def step(self) -> str:
        return f"{number(self.percent)} % from {number(self.at_least)}"

    def facts(self, zone: ZoneInfo) -> Iterator[Fact]:
        """Without name, priority and exclusivity group."""
        yield Fact("step", (self.percent, self.at_least), self.step)
        yield from settings_of(self.rule, zone)
        [credit] = self.rule.actions
        assert isinstance(credit, AddBonusAction)
        yield from credit_settings(credit)


def tiers_of(rules: Iterable[CheckedRule]) -> dict[str, Tier]:
    """The tiers among the rules, by id."""
    ladders: dict[str, list[CheckedRule]] = {}
    for rule in rules:
        if rule.at_least is not None:
            ladders.setdefault(_ladder_id(rule), []).append(rule)
    return {
        tier.rule.id: tier
        for ladder_id, members in ladders.items()
        for tier in _ranked(ladder_id, members)
    }


def _ranked(ladder_id: str, members: list[CheckedRule]) -> Iterator[Tier]:
    by_threshold = sorted((rule.at_least or Decimal(0), rule.id, rule) for rule in members)
    for rank, (at_least, _, rule) in enumerate(by_threshold, start=1):
        tier_id = rule.id.removeprefix(f"{ladder_id}.")
        name = rule.name.removesuffix(f": {tier_id}")
        yield Tier(rule, ladder_id, name, rank, at_least, _percent(rule))


def _ladder_id(rule: CheckedRule) -> str:
    """A tier's id is `ladder.tier` and its name `ladder's name: tier`; either part of the id may
    hold dots."""
    parts = rule.id.split(".")
    for count in range(1, len(parts)):
        if rule.name.endswith(f": {'.'.join(parts[count:])}"):
            return ".".join(parts[:count])
    return parts[0]


def _percent(rule: CheckedRule) -> Decimal:
    """Of the formula that the ladder wrote: `percent(topupAmountMajor, 12)`."""
    [credit] = rule.actions
    assert isinstance(credit, AddBonusAction)
    call = credit.formula.tree
    assert isinstance(call, ast.Call)
    share = call.args[1]
    assert isinstance(share, ast.Constant)
    value: object = share.value
    assert isinstance(value, Decimal)
    return value
