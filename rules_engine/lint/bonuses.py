"""Bonuses that never lapse, that nothing limits, or that feed themselves; the guide's advice.

Sources: "we recommend 30–60 days … if no expiry is set, bonuses never expire; we do not recommend
this"; "set [the maximum bonus percentage] at 25–35 % for gaming tariffs" (the guide for owners).
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rules_engine.checked import (
    AddBonusAction,
    AssignGroupAction,
    CheckedRule,
    CheckedRuleSet,
    Period,
    UnassignGroupAction,
)
from rules_engine.lint.codes import Code
from rules_engine.lint.counting import RARE_TRIGGERS, is_once_a_date, matches_of
from rules_engine.lint.found import Found
from rules_engine.lint.membership import keeps_out
from schemas.instants import DAY_US

SHORTEST_DAYS, LONGEST_DAYS = 30, 60
MOST_SHARE = Decimal(35)
_NAMED = 4

_PAID_IN = frozenset({"BALANCE_TOPPED_UP", "PAYMENT_MADE"})
_OF_LAPSES = frozenset({"BONUS_EXPIRED", "BONUS_EXPIRING"})


def check_bonuses(rule_set: CheckedRuleSet, rules: Sequence[CheckedRule]) -> Iterator[Found]:
    """`rules`: those that may fire on their own, in matching order."""
    paying = [rule for rule in rules if _credits(rule)]
    for rule in paying:
        yield from _feeds_itself(rule_set, rule)
        for action in _credits(rule):
            yield from _expiry(rule, action)
    yield from _limits(rule_set, paying)
    if paying:
        yield from _shares(rule_set)


def _credits(rule: CheckedRule) -> list[AddBonusAction]:
    return [action for action in rule.actions if isinstance(action, AddBonusAction)]


def _feeds_itself(rule_set: CheckedRuleSet, rule: CheckedRule) -> Iterator[Found]:
    """A lapse that credits what lapses again."""
    if rule.trigger not in _OF_LAPSES or _ends(rule_set, rule):
        return
    for action in _credits(rule):
        if action.expires_in_days is not None and not _outlives(rule, action.expires_in_days):
            yield Found(
                Code.FEEDS_ITSELF,
                rule.id,
                f"the rule is about bonuses that lapse ({rule.trigger}) and credits bonuses that "
                "lapse again: it feeds itself",
                "add `limits: {perClient: [{times: 1, per: LIFETIME}]}`, or send a push instead",
                ("actions", action.index, "expiresInDays"),
            )
            return


def _ends(rule_set: CheckedRuleSet, rule: CheckedRule) -> bool:
    """Does the rule stop by itself for a client? By the group that it takes away, or by the one
    that it gives, while the client stays in it."""
    left = {each.group_id for each in rule.actions if isinstance(each, UnassignGroupAction)}
    wanted = rule.audience.any_of_groups
    if wanted and left >= set(wanted):
        return True
    if any(each.per is Period.LIFETIME for each in rule.limits.per_client):
        return True
    return _leaves_itself(rule_set, rule, for_good=True)


def _leaves_itself(rule_set: CheckedRuleSet, rule: CheckedRule, *, for_good: bool) -> bool:
    """Does it leave the client in a group with which it never matches, or out of one without which
    it does not? `for_good`: in a group that does not lapse by itself."""
    given, taken = set[str](), set[str]()
    for action in rule.actions:
        if isinstance(action, UnassignGroupAction):
            taken.add(action.group_id)
            given.discard(action.group_id)
        elif isinstance(action, AssignGroupAction):
            taken.discard(action.group_id)
            if action.expires_in_days is None or not for_good:
                given.add(action.group_id)
    return any(keeps_out(rule_set, rule, group, is_in=True) for group in given) or any(
        keeps_out(rule_set, rule, group, is_in=False) for group in taken
    )


def _outlives(rule: CheckedRule, days: int) -> bool:
    """Is the rule over before what it credits is due again?"""
    if rule.valid_from is None or rule.valid_until is None:
        return False
    ahead = 0 if rule.timer is None else rule.timer.days
    return rule.valid_until - rule.valid_from <= (days - ahead) * DAY_US


def _expiry(rule: CheckedRule, action: AddBonusAction) -> Iterator[Found]:
    days = action.expires_in_days
    if days is None:
        yield Found(
            Code.NO_EXPIRY,
            rule.id,
            "these bonuses never lapse: they pile up and give no reason to come back",
            f"add `expiresInDays: 45`; {SHORTEST_DAYS} to {LONGEST_DAYS} days are recommended",
            ("actions", action.index),
        )
    elif not SHORTEST_DAYS <= days <= LONGEST_DAYS:
        why = (
            "are too few for two or three visits"
            if days < SHORTEST_DAYS
            else "are so many that nobody has to hurry"
        )
        yield Found(
            Code.EXPIRY_LENGTH,
            rule.id,
            f"bonuses live {days} days: these {why}",
            f"{SHORTEST_DAYS} to {LONGEST_DAYS} days are recommended",
            ("actions", action.index, "expiresInDays"),
        )


def _is_unlimited(rule_set: CheckedRuleSet, rule: CheckedRule) -> bool:
    """Can it fire as often as its trigger comes, for anybody?"""
    own, whole = rule.limits, rule_set.limits
    limits = (own.budget, own.cooldown_us, whole.budget, whole.per_client_credit)
    if own.per_client or any(limit is not None for limit in limits):
        return False
    if rule.trigger in RARE_TRIGGERS or is_once_a_date(rule_set, rule):
        return False
    if matches_of(rule_set, rule) is not None:
        return False
    return rule.trigger in _PAID_IN or not _leaves_itself(rule_set, rule, for_good=False)


def _limits(rule_set: CheckedRuleSet, paying: Sequence[CheckedRule]) -> Iterator[Found]:
    unlimited = [rule for rule in paying if _is_unlimited(rule_set, rule)]
    for rule in unlimited:
        if rule.trigger not in _PAID_IN:
            yield Found(
                Code.NO_LIMIT,
                rule.id,
                f"{rule.trigger} costs the client nothing, and no limit says how often the rule "
                "may credit",
                "add `limits: {perClient: [{times: 1, per: DAY}]}`",
            )
    names = [f"`{rule.id}`" for rule in unlimited if rule.trigger in _PAID_IN]
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield Found(
            Code.NO_BUDGET,
            "",
            f"nothing limits what the credits of {', '.join(names[:_NAMED])}{more} come to",
            "add `limits: {budget: {amountMajor: 100000, per: MONTH}}` to the set, or to them",
            ("limits",),
        )


def _shares(rule_set: CheckedRuleSet) -> Iterator[Found]:
    remedy = "25 to 35 % are recommended, so that real money flows in every session"
    for index, product in enumerate(rule_set.products):
        share = product.max_bonus_percent
        if product.product_type == "TARIFF" and share > MOST_SHARE:
            message = f"up to {share:f} % of the tariff `{product.product_id}` is paid with bonuses"
            yield Found(
                Code.BONUS_SHARE, "", message, remedy, ("products", index, "maxBonusPercent")
            )
    share = rule_set.default_max_bonus_percent
    if share > MOST_SHARE:
        yield Found(
            Code.BONUS_SHARE,
            "",
            f"up to {share:f} % of a tariff that `products` does not list is paid with bonuses",
            f"write `productDefaults: {{maxBonusPercent: 30}}`; {remedy}",
            ("productDefaults", "maxBonusPercent"),
        )
