"""Rules that can never fire, and conditions that decide nothing."""

import ast
from collections.abc import Iterator
from decimal import Decimal

from rules_engine.checked import AddBonusAction, Amount, CheckedRule, CheckedRuleSet
from rules_engine.formula.nodes import span_of
from rules_engine.lint.abstract import Abstract
from rules_engine.lint.boxes import Box, Space
from rules_engine.lint.codes import Code
from rules_engine.lint.cuts import Cuts
from rules_engine.lint.domains import Domains
from rules_engine.lint.found import Found
from rules_engine.lint.matching import Judge, in_windows
from rules_engine.lint.search import always, found, never
from rules_engine.lint.timers import held_by_timer
from rules_engine.lint.values import EITHER, FALSE, TRUE, Flags, Numbers, flags_of
from schemas.instants import instant_text

_ZERO = Decimal(0)


def check_conditions(rule_set: CheckedRuleSet, rule: CheckedRule, now: int) -> Iterator[Found]:
    """One enabled rule on its own.

    1. Its validity is over: nothing else counts.
    2. Its conditions contradict themselves or each other.
    3. Parts of its conditions that always hold, or never.
    4. What it would credit fails, comes to nothing, or fits no limit.

    A box in which the rule plainly fires answers 2 and 4 at once.
    """
    # 1.
    if rule.valid_until is not None and rule.valid_until <= now:
        yield _expired(rule)
        return
    judge = Judge(rule_set, rule.trigger)
    space = judge.space([rule])
    is_fine = found(space, lambda box: _fires_plainly(judge, rule, box))
    # 2.
    contradiction = None if is_fine else _contradiction(judge, rule, space)
    if contradiction is not None:
        yield contradiction
        return
    # 3.
    if rule.when is not None and rule.at_least is None:
        yield from _parts(judge, rule, rule.when.tree)
    if rule.windows and always(space, lambda box: in_windows(rule.windows, box)):
        message = "the windows together are the whole week: they ask nothing"
        yield Found(Code.ALWAYS_TRUE, rule.id, message, "remove them", ("window",))
    # 4.
    if not is_fine:
        yield from _credits(judge, rule, space)


def _fires_plainly(judge: Judge, rule: CheckedRule, box: Box) -> Flags:
    """Does every event here match, and get all of the rule's credits, above zero and within the
    limits?"""
    truth = judge.matches(rule, box)
    if not truth.may_hold:
        return FALSE
    if not truth.surely or not judge.credits(rule, box).is_sound:
        return EITHER
    total = _ZERO
    for action in rule.actions:
        if isinstance(action, AddBonusAction):
            value = judge.credit(action, box).value
            if not isinstance(value, Numbers) or value.most <= _ZERO:
                return EITHER
            total += value.least
    return EITHER if any(total > each.amount_major for _, each in _limits(judge, rule)) else TRUE


def _expired(rule: CheckedRule) -> Found:
    assert rule.valid_until is not None
    return Found(
        Code.EXPIRED,
        rule.id,
        f"the validity ended at {instant_text(rule.valid_until)}: the rule fires no more",
        "give it a new validity, set `enabled: false`, or remove it",
        ("validity", "to"),
    )


def _contradiction(judge: Judge, rule: CheckedRule, space: Space) -> Found | None:
    """Conditions that hold together for no event."""
    if rule.when is not None and never(*_asked(judge, rule, rule.when.tree)):
        return Found(
            Code.NEVER_FIRES,
            rule.id,
            "the condition holds for no event: the rule never fires",
            "correct it, or remove the rule",
            ("when",),
            (0, len(rule.when.text)),
        )
    if never(space, lambda box: judge.matches(rule, box)):
        return Found(
            Code.NEVER_FIRES,
            rule.id,
            f"{_listed(rule)} contradict each other: the rule never fires",
            "correct one of them, or remove the rule",
        )
    return None


def _listed(rule: CheckedRule) -> str:
    """The kinds of conditions that the rule has."""
    asked = rule.audience
    kinds = {
        "`when`": rule.when is not None,
        "the audience": asked != type(asked)(),
        "the windows": bool(rule.windows),
        "the time at which it is due": rule.timer is not None and bool(rule.windows),
        "the validity": rule.valid_from is not None or rule.valid_until is not None,
    }
    named = [kind for kind, is_there in kinds.items() if is_there]
    return " and ".join(named) if len(named) > 1 else f"what {named[0]} asks for: its parts"


def _asked(judge: Judge, rule: CheckedRule, node: ast.expr) -> "tuple[Space, _Truth]":
    held = held_by_timer(judge.rule_set, rule)
    cuts = Cuts(Domains(judge.trigger, judge.rule_set.minor_digits, held=held))
    cuts.formula(node)
    return cuts.space(), _Truth(judge, node)


class _Truth:
    """The truth of a part of a formula over a box."""

    def __init__(self, judge: Judge, node: ast.expr) -> None:
        self._judge, self._node = judge, node

    def __call__(self, box: Box) -> Flags:
        return flags_of(Abstract(box, self._judge.rounding).result(self._node))


def _parts(judge: Judge, rule: CheckedRule, node: ast.expr) -> Iterator[Found]:
    """The largest parts that always hold or never do, from left to right."""
    space, truth = _asked(judge, rule, node)
    assert rule.when is not None
    span = span_of(node, rule.when.text)
    quoted = rule.when.text[slice(*span)]
    if always(space, truth):
        yield Found(
            Code.ALWAYS_TRUE,
            rule.id,
            f"`{quoted}` holds for every event: it asks nothing",
            "remove it, or ask for what was meant",
            ("when",),
            span,
        )
    elif node is not rule.when.tree and never(space, truth):
        yield Found(
            Code.NEVER_TRUE,
            rule.id,
            f"`{quoted}` holds for no event",
            "remove it, or ask for what was meant",
            ("when",),
            span,
        )
    else:
        for part in _conditions_in(node):
            yield from _parts(judge, rule, part)


def _conditions_in(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.BoolOp():
            return node.values
        case ast.UnaryOp(op=ast.Not()):
            return [node.operand]
    return []


def _credits(judge: Judge, rule: CheckedRule, space: Space) -> Iterator[Found]:
    if not any(isinstance(action, AddBonusAction) for action in rule.actions):
        return

    def has_value(box: Box) -> Flags:
        return judge.matches(rule, box).also(
            Flags(judge.credits(rule, box).value is not None, may_not=True)
        )

    if never(space, has_value):
        yield Found(
            Code.FORMULA_FAILS,
            rule.id,
            "wherever the rule matches, a formula or a push text has no value: it never fires",
            "ask `known(x)` or write `coalesce(x, 0)` for what may be missing, and divide by "
            "nothing that is zero",
            ("actions",),
        )
        return
    for action in rule.actions:
        if isinstance(action, AddBonusAction) and _is_zero(judge, rule, action, space):
            yield Found(
                Code.ZERO_CREDIT,
                rule.id,
                "the credit comes to zero or less wherever the rule matches",
                "correct the formula, or remove the action",
                ("actions", action.index, "formula"),
                (0, len(action.formula.text)),
            )
    yield from _over_limit(judge, rule, space)


def _is_zero(judge: Judge, rule: CheckedRule, action: AddBonusAction, space: Space) -> bool:
    def pays(box: Box) -> Flags:
        value = judge.credit(action, box).value
        is_positive = isinstance(value, Numbers) and value.most > _ZERO
        return judge.matches(rule, box).also(Flags(is_positive, may_not=True))

    return never(space, pays)


def _over_limit(judge: Judge, rule: CheckedRule, space: Space) -> Iterator[Found]:
    """A credit that does not fit whole does not happen."""
    for name, limit in _limits(judge, rule):

        def fits(box: Box, most: Decimal = limit.amount_major) -> Flags:
            value = judge.credits(rule, box).value
            may_fit = isinstance(value, Numbers) and value.least <= most
            return judge.matches(rule, box).also(Flags(may_fit, may_not=True))

        if never(space, fits):
            yield Found(
                Code.OVER_LIMIT,
                rule.id,
                f"every credit of the rule is above {name}, {limit.amount_major:f} per "
                f"{limit.per}: it never fires",
                "raise the limit, or credit less",
                ("actions",),
            )


def _limits(judge: Judge, rule: CheckedRule) -> Iterator[tuple[str, Amount]]:
    limits = judge.rule_set.limits
    named = (
        ("the rule's budget", rule.limits.budget),
        ("the set's budget", limits.budget),
        ("the set's limit per client", limits.per_client_credit),
    )
    for name, limit in named:
        if limit is not None:
            yield name, limit
