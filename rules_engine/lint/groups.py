"""Rules that switch each other on and off by groups, and guards that do not last."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from rules_engine.checked import (
    AddBonusAction,
    AssignGroupAction,
    CheckedRule,
    CheckedRuleSet,
    SendPushAction,
    UnassignGroupAction,
)
from rules_engine.lint.codes import Code
from rules_engine.lint.counting import OF_A_DATE, RARE_TRIGGERS, matches_of
from rules_engine.lint.found import Found
from rules_engine.lint.membership import keeps_out


class _Wiring(Struct, frozen=True):
    """What a rule leaves behind and what it needs: group → whether the client is in it."""

    rule: CheckedRule
    leaves: Mapping[str, bool]
    needs: Mapping[str, bool]

    @property
    def credits(self) -> bool:
        return _has(self.rule, AddBonusAction)


def check_groups(rule_set: CheckedRuleSet, rules: Sequence[CheckedRule]) -> Iterator[Found]:
    """`rules`: those that may fire on their own, in matching order."""
    left = {group for rule in rules for group in _leaves(rule)}
    wired = [_Wiring(rule, _leaves(rule), _needs(rule_set, rule, left)) for rule in rules]
    for each in wired:
        yield from _own_guard(rule_set, each)
    yield from _rings(rule_set, wired)


def _leaves(rule: CheckedRule) -> Mapping[str, bool]:
    leaves: dict[str, bool] = {}
    for action in rule.actions:
        if isinstance(action, AssignGroupAction | UnassignGroupAction):
            leaves[action.group_id] = isinstance(action, AssignGroupAction)
    return leaves


def _needs(rule_set: CheckedRuleSet, rule: CheckedRule, left: set[str]) -> Mapping[str, bool]:
    """Of the groups that rules assign or take away those without which, or with which, the rule is
    proven never to match; and of several that will do each, for who is in none of the others."""
    needs = {group: True for group in rule.audience.any_of_groups if group in left}
    for group in sorted(left):
        for is_in in (False, True):
            if keeps_out(rule_set, rule, group, is_in=is_in):
                needs[group] = not is_in
    return needs


def _own_guard(rule_set: CheckedRuleSet, wiring: _Wiring) -> Iterator[Found]:
    rule = wiring.rule
    if not wiring.credits or rule.trigger in OF_A_DATE or _is_limited(rule_set, rule):
        return
    for group, is_in in wiring.leaves.items():
        if is_in and wiring.needs.get(group) is False:
            index = next(
                action.index
                for action in rule.actions
                if isinstance(action, AssignGroupAction) and action.group_id == group
            )
            yield Found(
                Code.OWN_GROUP_GUARD,
                rule.id,
                f"only the group `{group}`, which the rule assigns, keeps it from paying again: "
                "whatever takes the client out of it makes it pay once more",
                "add `limits: {perClient: [{times: 1, per: LIFETIME}]}`",
                ("actions", index, "groupId"),
            )
            return


def _rings(rule_set: CheckedRuleSet, wired: Sequence[_Wiring]) -> Iterator[Found]:
    """Rules that lead back to themselves: each leaves the client as the next one needs it. A
    trigger that is rare holds such a ring back as a limit does."""
    active = [
        each for each in wired if each.leaves and each.needs and _is_free(rule_set, each.rule)
    ]
    follows = {
        first.rule.id: [second.rule.id for second in active if _leads(first, second)]
        for first in active
    }
    reached = {each: _reached(each, follows) for each in follows}
    told: set[str] = set()
    for each in active:
        first = each.rule.id
        if first in told or first not in reached[first]:
            continue
        ring = [
            other
            for other in active
            if other.rule.id in reached[first] and first in reached[other.rule.id]
        ]
        told |= {other.rule.id for other in ring}
        yield _ring(rule_set, ring)


def _leads(first: _Wiring, second: _Wiring) -> bool:
    """Does the first leave the client in a group, or out of one, as the second needs it?"""
    if first is second:
        return False
    return any(second.needs.get(group) is is_in for group, is_in in first.leaves.items())


def _reached(start: str, follows: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(follows[start])
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += follows[each]
    return found


def _ring(rule_set: CheckedRuleSet, ring: Sequence[_Wiring]) -> Found:
    names = ", ".join(f"`{each.rule.id}`" for each in ring)
    push = rule_set.limits.push
    pushes = any(_has(each.rule, SendPushAction) for each in ring)
    is_loop = pushes and (push is None or push.times is None)
    goods = (("credits", any(each.credits for each in ring)), ("pushes", pushes))
    gives = " and ".join(word for word, is_there in goods if is_there)
    return Found(
        Code.PUSH_LOOP if is_loop else Code.GROUP_CYCLE,
        ring[0].rule.id,
        f"{names} switch each other on by groups, round and round"
        + (f", with {gives} each time" if gives else ""),
        "give one of them `limits: {perClient: …}` or a `cooldown`"
        + (", or the set `limits: {push: …}`" if is_loop else ""),
    )


def _is_limited(rule_set: CheckedRuleSet, rule: CheckedRule) -> bool:
    limits = rule.limits
    held = bool(limits.per_client) or limits.cooldown_us is not None
    return held or matches_of(rule_set, rule) is not None


def _is_free(rule_set: CheckedRuleSet, rule: CheckedRule) -> bool:
    return rule.trigger not in RARE_TRIGGERS and not _is_limited(rule_set, rule)


def _has(rule: CheckedRule, kind: type[AddBonusAction] | type[SendPushAction]) -> bool:
    return any(isinstance(action, kind) for action in rule.actions)
