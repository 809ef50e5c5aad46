"""The conditions of one rule as Python expressions, in the order in which they are tested.

Conditions that cannot fail are true or false and leave no trace when false, so they may be tested
in any order: cheap ones first, those that need the local clock last. From the first condition of
`when` that may fail on, the author's order holds (`Conditions.late`).
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rules_engine.checked import Audience, CheckedRule, Window
from rules_engine.compile.bindings import NEEDS, SHARED, expression_of, is_plain
from rules_engine.compile.bounds import INDEXED, Interval, narrowed
from rules_engine.compile.trees import asks_bucket, cannot_fail, conjuncts, is_costly, names_of
from rules_engine.compile.whole import ConditionEmitter
from rules_engine.formula.checked import CheckedFormula
from rules_engine.formula.emit import Literals
from rules_engine.variables import Variable, variables


@dataclass(frozen=True, slots=True)
class Test:
    """One condition. `needs`: locals that must be there before; `is_shared`: worth to be worked
    out once for all rules that ask the same."""

    source: str
    needs: tuple[str, ...] = ()
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Conditions:
    """`interval`: the values of the trigger's indexed number for which the rule can fire."""

    interval: Interval
    early: tuple[Test, ...]
    late: tuple[Test, ...]


class Dialect:
    """How formulas of one trigger are written in generated code."""

    def __init__(self, trigger: str, literals: Literals) -> None:
        self.trigger = trigger
        self.literals = literals
        self.indexed = INDEXED.get(trigger)
        self.variables = variables(trigger)
        bindings = {name: self._binding(each) for name, each in self.variables.items()}
        self._emitter = ConditionEmitter(trigger, bindings, literals)
        self._locals = frozenset(name for name, bound in bindings.items() if bound == name)

    def _binding(self, variable: Variable) -> str:
        expression = expression_of(variable)
        plain = is_plain(expression) and variable.name != self.indexed
        return expression if plain else variable.name

    def source(self, node: ast.expr) -> tuple[str, tuple[str, ...]]:
        """The expression of a part of a checked tree, and the locals that it reads, each after
        those that it needs itself."""
        emitted = self._emitter.emit(node)
        read = names_of(emitted) & (self._locals | SHARED.keys())
        return ast.unparse(emitted), with_needs(sorted(read))

    def definition(self, name: str) -> str:
        """The expression that a local is set to; it may read the locals in `NEEDS`."""
        return SHARED[name] if name in SHARED else expression_of(self.variables[name])

    def test(self, nodes: list[ast.expr]) -> Test:
        """All of these conditions of a formula, in their order."""
        node = nodes[0] if len(nodes) == 1 else ast.BoolOp(ast.And(), nodes)
        return Test(*self.source(node), is_costly(node))


def with_needs(names: Iterable[str]) -> tuple[str, ...]:
    """These locals and those behind them, in an order in which they can be worked out."""
    ordered: dict[str, None] = {}
    for name in names:
        ordered.update(dict.fromkeys(NEEDS.get(name, ())))
        ordered[name] = None
    return tuple(ordered)


def conditions_of(rule: CheckedRule, dialect: Dialect) -> Conditions:
    """Everything that decides about a rule before exclusivity, but trigger and club."""
    interval = Interval()
    if rule.at_least is not None:
        interval = interval.from_(rule.at_least, is_open=False)
    early: list[Test] = list(_validity(rule))
    late: tuple[Test, ...] = ()
    if rule.when is not None:
        interval, plain, risky = _split(rule.when, interval, dialect)
        early += [dialect.test([node]) for node in plain]
        late = tuple(_late(risky, dialect))
    early += _audience(rule.audience)
    if rule.windows:
        early.append(_windows(rule.windows))
    early.sort(key=lambda test: len(test.needs))
    return Conditions(interval, tuple(early), late)


def _split(
    when: CheckedFormula, interval: Interval, dialect: Dialect
) -> tuple[Interval, list[ast.expr], list[ast.expr]]:
    """Bounds of the indexed number, other conditions that cannot fail, and the rest from the
    first on that may."""
    plain: list[ast.expr] = []
    nodes = list(conjuncts(when.tree))
    for index, node in enumerate(nodes):
        if not cannot_fail(node, dialect.trigger):
            return interval, plain, nodes[index:]
        bounded = narrowed(interval, node, dialect.indexed) if dialect.indexed else None
        if bounded is None:
            plain.append(node)
        else:
            interval = bounded
    return interval, plain, []


def _late(nodes: list[ast.expr], dialect: Dialect) -> Iterator[Test]:
    """Costly conditions stand alone, so that rules can share them; others stay together, so that
    `known(x) and x == …` is seen whole."""
    together: list[ast.expr] = []
    for node in nodes:
        if any(isinstance(each, ast.BinOp) for each in ast.walk(node)) or asks_bucket(node):
            if together:
                yield dialect.test(together)
            together = []
            yield dialect.test([node])
        else:
            together.append(node)
    if together:
        yield dialect.test(together)


def _validity(rule: CheckedRule) -> Iterator[Test]:
    if rule.valid_from is not None:
        yield Test(f"e.occurred_at >= {rule.valid_from}")
    if rule.valid_until is not None:
        yield Test(f"e.occurred_at < {rule.valid_until}")


def _audience(audience: Audience) -> Iterator[Test]:
    """Missing values: `dormantForDays` and `newMemberWithinDays` do not hold."""
    if audience.first_topup_only:
        yield Test("c.topup_count == 0")
    if audience.any_of_groups:
        yield Test(_any_group(audience.any_of_groups))
    if audience.none_of_groups:
        yield Test(f"not ({_any_group(audience.none_of_groups)})")
    if audience.new_member_within_days is not None:
        yield _days("daysSinceRegistration", "<=", audience.new_member_within_days)
    if audience.dormant_for_days is not None:
        yield _days("daysSinceLastVisit", ">=", audience.dormant_for_days)


def _any_group(groups: tuple[str, ...]) -> str:
    return " or ".join(f"{group!r} in c.groups" for group in groups)


def _days(name: str, comparison: str, days: int) -> Test:
    return Test(f"{name} is not None and {name} {comparison} {days}", with_needs([name]))


def _windows(windows: tuple[Window, ...]) -> Test:
    sources = " or ".join(dict.fromkeys(source for each in windows for source in _window(each)))
    return Test(f"({sources})", with_needs(["minute", "weekday"]), is_shared=True)


def _window(window: Window) -> Iterator[str]:
    if window.since < window.until:
        yield f"{window.since} <= minute < {window.until}" + _on(window.days)
        return
    # It crosses midnight and belongs to the day on which it began.
    yield f"minute >= {window.since}" + _on(window.days)
    if window.until:
        yield f"minute < {window.until}" + _on(frozenset(day % 7 + 1 for day in window.days))


def _on(days: frozenset[int]) -> str:
    if len(days) == 7:
        return ""
    if len(days) == 1:
        return f" and weekday == {min(days)}"
    return f" and weekday in {{{', '.join(map(str, sorted(days)))}}}"
