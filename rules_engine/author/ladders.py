"""Ladders: thresholds and percentages that expand into one rule per tier.

Tier k of n, counted by threshold from 1, gets the ladder's priority + k, so that higher tiers are
seen first; all tiers share one exclusivity group, the ladder's id unless it names another: the
highest tier that a top-up reaches fires.
"""

from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from itertools import pairwise

from rules_engine.author.actions import restricted
from rules_engine.author.scope import Scope
from rules_engine.author.settings import Settings, check_settings
from rules_engine.checked import AddBonusAction, CheckedRule
from rules_engine.document import Path
from rules_engine.formula.checked import Kind
from schemas import rule_set as authored
from schemas.errors import NotAllowed
from schemas.money import allowed_money

_TRIGGER = "BALANCE_TOPPED_UP"
_STEPS = tuple(
    Decimal(tenths) / 10 for tenths in (10, 12, 15, 18, 20, 25, 30, 40, 50, 60, 80, 90, 100)
)
_EXACT = Context(prec=200)


def deposit_near(amount: Decimal) -> Decimal:
    """The amount that people deposit nearest to `amount`: 1, 1.2, 1.5, 1.8, 2, 2.5, 3, 4, 5, 6, 8
    or 9 × 10ⁿ, ties up. 1.3, 2.9 and 5.6 times 150 give 200, 400, 800; times 300 give 400, 900,
    1800: both ladders of the guide. `amount` is above zero.
    """
    with localcontext(_EXACT):
        unit = Decimal(1).scaleb(amount.adjusted())
        steps = (step * unit for step in _STEPS)
        return min(steps, key=lambda step: (abs(step - amount), -step))


@dataclass(frozen=True)
class _Step:
    """A tier with its threshold."""

    path: Path
    tier: authored.Tier
    at_least: Decimal


def check_ladder(ladder: authored.Ladder, path: Path, scope: Scope) -> list[CheckedRule]:
    """The rules of a ladder, from its lowest tier up."""
    settings = check_settings(ladder, path, scope)
    average = scope.money(ladder.average_topup_major, (*path, "averageTopupMajor"))
    if ladder.average_topup_major is None:
        _check_average_is_there(ladder, path, scope)
    steps = []
    for place, tier in scope.shape.items((*path, "tiers"), ladder.tiers):
        at_least = _threshold(tier, average, place, scope)
        if at_least is not None:
            steps.append(_Step(place, tier, at_least))
    _check_average_is_used(ladder, path, scope)
    steps.sort(key=lambda step: step.at_least)
    _check_thresholds_differ(steps, scope)
    rules = (_rule(ladder, settings, step, rank, scope) for rank, step in enumerate(steps, start=1))
    return [rule for rule in rules if rule is not None]


def tier_id(ladder: authored.Ladder, tier: authored.Tier) -> str:
    """The id of the rule that a tier becomes."""
    return f"{ladder.id}.{tier.id}"


def _threshold(
    tier: authored.Tier, average: Decimal | None, place: Path, scope: Scope
) -> Decimal | None:
    if (tier.at_least is None) == (tier.times_average is None):
        _report_thresholds(tier, place, scope)
        return None
    if tier.times_average is None:
        return scope.money(tier.at_least, (*place, "atLeast"))
    path = (*place, "timesAverage")
    multiple = scope.ratio(tier.times_average, path)
    if multiple is None or average is None:
        return None
    return _deposit(deposit_near(_EXACT.multiply(average, multiple)), path, scope)


def _report_thresholds(tier: authored.Tier, place: Path, scope: Scope) -> None:
    if tier.at_least is not None:
        scope.findings.add(
            "TIER_THRESHOLD",
            (*place, "timesAverage"),
            "the tier has two thresholds",
            "keep `atLeast` or `timesAverage`",
            on_key=True,
        )
    elif not scope.shape.is_cut(place):
        scope.findings.add(
            "TIER_THRESHOLD", place, "the tier has no threshold", "add `atLeast: 200`"
        )


def _check_average_is_there(ladder: authored.Ladder, path: Path, scope: Scope) -> None:
    if scope.shape.is_cut((*path, "averageTopupMajor")):
        return
    for place, tier in scope.shape.items((*path, "tiers"), ladder.tiers):
        if tier.times_average is not None:
            scope.findings.add(
                "MISSING_KEY",
                (*place, "timesAverage"),
                "`averageTopupMajor` is missing: `timesAverage` multiplies it",
                "add it to the ladder: `averageTopupMajor: 150`",
            )


def _deposit(amount: Decimal, path: Path, scope: Scope) -> Decimal | None:
    try:
        return allowed_money(amount, scope.minor_digits)
    except NotAllowed:
        scope.findings.add(
            "MONEY",
            path,
            f"the threshold comes to {amount.normalize(_EXACT)}, which nobody can deposit",
            "correct `timesAverage` or `averageTopupMajor`",
        )
        return None


def _check_average_is_used(ladder: authored.Ladder, path: Path, scope: Scope) -> None:
    used = any(tier.times_average is not None for tier in ladder.tiers)
    if ladder.average_topup_major is not None and not used and not scope.shape.is_cut(path):
        scope.findings.add(
            "UNUSED_AVERAGE",
            (*path, "averageTopupMajor"),
            "`averageTopupMajor` changes nothing: no tier has `timesAverage`",
            "remove it, or write `timesAverage: 1.3` in place of `atLeast`",
            on_key=True,
        )


def _check_thresholds_differ(steps: list[_Step], scope: Scope) -> None:
    for lower, upper in pairwise(steps):
        if lower.at_least == upper.at_least:
            key = "atLeast" if upper.tier.at_least is not None else "timesAverage"
            scope.findings.add(
                "DUPLICATE_THRESHOLD",
                (*upper.path, key),
                f"the tiers `{lower.tier.id}` and `{upper.tier.id}` both begin "
                f"at {upper.at_least:f}",
                "give every tier its own threshold",
            )


def _rule(
    ladder: authored.Ladder, settings: Settings, step: _Step, rank: int, scope: Scope
) -> CheckedRule | None:
    percent = scope.ratio(step.tier.percent, (*step.path, "percent"))
    if percent is None:
        return None
    amount = f"percent(topupAmountMajor, {percent:f})"
    condition = f"topupAmountMajor >= {step.at_least:f}"
    formula = scope.formula(amount, _TRIGGER, Kind.NUMBER, (*step.path, "percent"))
    when = scope.formula(condition, _TRIGGER, Kind.FLAG, step.path)
    if formula is None or when is None:
        return None
    tier = step.tier
    credit = AddBonusAction(
        0,
        formula,
        None,
        None,
        ladder.expires_in_days if tier.expires_in_days is None else tier.expires_in_days,
        *restricted(ladder.restriction if tier.restriction is None else tier.restriction),
    )
    return CheckedRule(
        id=tier_id(ladder, tier),
        name=f"{ladder.name or ladder.id}: {tier.id}",
        priority=ladder.priority + rank,
        trigger=_TRIGGER,
        actions=(credit,),
        when=when,
        at_least=step.at_least,
        exclusive=ladder.id if ladder.exclusive is None else ladder.exclusive,
        **settings.fields(),
    )
