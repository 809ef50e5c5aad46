"""Where to cut domains into cells: at the numbers and texts that formulas compare with.

These are guesses at where a condition changes, never part of a proof: a cut that is missing costs
a finding, one too many costs time.
"""

import ast
from collections.abc import Iterator
from decimal import Decimal, localcontext
from fractions import Fraction

from msgspec import Struct

from rules_engine.calendar import MINUTES_OF_DAY
from rules_engine.formula.nodes import constant
from rules_engine.formula.runtime import DECIMAL128
from rules_engine.lint.boxes import Cell, Space
from rules_engine.lint.domains import (
    BUCKET,
    DERIVED,
    GROUP,
    MINUTE,
    WEEKDAY,
    Domain,
    Domains,
)
from rules_engine.lint.values import FALSE, TRUE, Flags, Groups, Numbers, Texts

_MOST_FORMS = 6
_ZERO = constant(Decimal(0), 0, 0)
_ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_CHOOSING = ("min", "max", "clamp")


class _Line(Struct, frozen=True):
    """`slope × name + offset`; a constant has no name."""

    name: str | None
    slope: Fraction
    offset: Fraction


class Cuts:
    """Collects cuts of a trigger's domains; `space()` makes the cells."""

    def __init__(self, domains: Domains) -> None:
        self._domains = domains
        self._numbers: dict[str, set[Fraction]] = {}
        self._texts: dict[str, set[str]] = {}
        self._ordered: set[str] = {"localDate"}

    def name(self, name: str) -> None:
        """Ask about a name at all."""
        self._numbers.setdefault(DERIVED.get(name, name), set())

    def number(self, name: str, at: Fraction) -> None:
        """A number at which something changes."""
        if name == "hour":
            first = at.__floor__()
            for edge in (first, first + 1):
                self.number(MINUTE, Fraction(edge * 60))
            return
        self._numbers.setdefault(DERIVED.get(name, name), set()).add(at)

    def text(self, name: str, text: str) -> None:
        """A text that is asked for."""
        self.name(name)
        self._texts.setdefault(name, set()).add(text)

    def formula(self, tree: ast.expr) -> None:
        """Everything that a formula mentions and compares."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare):
                self._compare(node)
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                self._meet(node.right, _ZERO)
            elif isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.Name) and node.id in self._domains.names:
                self._mention(node.id)

    def _mention(self, name: str) -> None:
        self.name(name)
        if name == "isFirstTopup":
            self.number("topupCount", Fraction(0))
        if name == "averageTopupMajor":
            self.number("topupCount", Fraction(0))
        if name in ("shiftId", "gatewayTransactionId"):
            self.name("topUpSource")

    def _call(self, node: ast.Call) -> None:
        assert isinstance(node.func, ast.Name)
        if node.func.id == "bucket" and isinstance(node.args[0], ast.Constant):
            self.name(f"{BUCKET}{node.args[0].value!s}")
        elif node.func.id in _CHOOSING:
            for each in node.args[1:]:
                self._meet(node.args[0], each)
        elif node.func.id == "abs":
            self._meet(node.args[0], _ZERO)

    def _compare(self, node: ast.Compare) -> None:
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(right, ast.Tuple):
                for each in right.elts:
                    self._meet(left, each)
            elif isinstance(operator, ast.In | ast.NotIn):
                self._group(left)
            else:
                self._meet(left, right, is_order=isinstance(operator, _ORDERS))
                left = right

    def _group(self, asked: ast.expr) -> None:
        if isinstance(asked, ast.Constant):
            self.name(f"{GROUP}{asked.value!s}")

    def _meet(self, left: ast.expr, right: ast.expr, *, is_order: bool = False) -> None:
        """Where one side may equal the other."""
        for texts, other in ((left, right), (right, left)):
            text: object = other.value if isinstance(other, ast.Constant) else None
            if isinstance(text, str):
                self._meet_text(texts, text, is_order)
                return
        for first in _lines(left):
            for second in _lines(right):
                self._cross(first, second)

    def _meet_text(self, node: ast.expr, text: str, is_order: bool) -> None:
        for each in ast.walk(node):
            if isinstance(each, ast.Name) and each.id in self._domains.names:
                self.text(each.id, text)
                if is_order:
                    self._ordered.add(each.id)

    def _cross(self, first: _Line, second: _Line) -> None:
        if None not in (first.name, second.name) and first.name != second.name:
            return
        name, slope = first.name or second.name, first.slope - second.slope
        if name is not None and slope:
            self.number(name, (second.offset - first.offset) / slope)

    def space(self) -> Space:
        """The cells between all cuts."""
        axes: dict[str, tuple[Cell, ...]] = {}
        for name in self._numbers:
            domain = self._domains.of(name)
            if isinstance(domain.value, Groups):
                continue
            cells = [Cell(None)] if domain.may_miss else []
            axes[name] = (*cells, *(Cell(each) for each in self._cells(name, domain)))
        return Space(self._domains, axes)

    def _cells(self, name: str, domain: Domain) -> Iterator[Numbers | Texts | Flags]:
        value = domain.value
        if isinstance(value, Flags):
            yield from (FALSE,) if value.may_not else ()
            yield from (TRUE,) if value.may_hold else ()
        elif isinstance(value, Numbers):
            yield from _number_cells(value, domain.step, sorted(self._numbers[name]))
        elif isinstance(value, Texts) and value.words is not None:
            yield from (Texts(frozenset({word})) for word in sorted(value.words))
        elif isinstance(value, Texts):
            asked = sorted(text for text in self._texts.get(name, ()) if value.may_be(text))
            if name in self._ordered:
                yield from _text_run(value, asked)
            else:
                yield from (Texts(frozenset({text})) for text in asked)
                yield Texts(None, value.excluded | set(asked))


def week_cuts(cuts: Cuts, minutes: set[int]) -> None:
    """Cells for windows: every weekday, and these minutes of the day."""
    for day in range(1, 8):
        cuts.number(WEEKDAY, Fraction(day))
    for minute in minutes:
        if minute < MINUTES_OF_DAY:
            cuts.number(MINUTE, Fraction(minute))
    cuts.name(MINUTE)


def _number_cells(whole: Numbers, step: Decimal | None, asked: list[Fraction]) -> Iterator[Numbers]:
    """The numbers asked for, each alone, and what lies between them."""
    with localcontext(DECIMAL128):
        start = whole.least
        for cut in asked:
            below, at, above = _around(cut, step)
            if start <= below:
                yield Numbers(start, min(below, whole.most))
                start = above if at is None else at
            if at is not None and start <= at <= whole.most:
                yield Numbers(at, at)
                start = above
            if start > whole.most:
                return
        yield Numbers(start, whole.most)


def _around(cut: Fraction, step: Decimal | None) -> tuple[Decimal, Decimal | None, Decimal]:
    """The possible numbers before, at and after a cut."""
    if step is None:
        at = Decimal(cut.numerator) / Decimal(cut.denominator)
        return at.next_minus(), at, at.next_plus()
    steps = cut / Fraction(step)
    below = Decimal(steps.__floor__()) * step
    if steps.denominator == 1:
        return below - step, below, below + step
    return below, None, below + step


def _text_run(whole: Texts, asked: list[str]) -> Iterator[Texts]:
    """The texts asked for, and all between them, in order."""
    above = whole.above
    for text in asked:
        yield Texts(None, whole.excluded, above, text)
        yield Texts(frozenset({text}))
        above = text
    yield Texts(None, whole.excluded, above, whole.below)


def _lines(node: ast.expr) -> list[_Line]:
    """What a part of a formula is in terms of one name, where it is that simple; of functions that
    round or choose, what goes into them."""
    match node:
        case ast.Constant():
            value: object = node.value
            if not isinstance(value, Decimal):
                return []
            return [_Line(None, Fraction(0), Fraction(value))]
        case ast.Name():
            return [_Line(node.id, Fraction(1), Fraction(0))]
        case ast.UnaryOp(op=ast.USub()):
            return [_scaled(each, Fraction(-1)) for each in _lines(node.operand)]
        case ast.UnaryOp(op=ast.UAdd()):
            return _lines(node.operand)
        case ast.BinOp():
            return _combined(node)
        case ast.IfExp():
            return [*_lines(node.body), *_lines(node.orelse)][:_MOST_FORMS]
        case ast.Call(func=ast.Name(id="percent"), args=[value_node, share]):
            rates = [each.offset for each in _lines(share) if each.name is None]
            return [_scaled(line, rate / 100) for line in _lines(value_node) for rate in rates]
        case ast.Call(func=ast.Name(id="bucket"), args=[ast.Constant(value=salt)]):
            return [_Line(f"{BUCKET}{salt!s}", Fraction(1), Fraction(0))]
        case ast.Call():
            return [line for each in node.args for line in _lines(each)][:_MOST_FORMS]
    return []


def _scaled(line: _Line, by: Fraction) -> _Line:
    return _Line(line.name, line.slope * by, line.offset * by)


def _combined(node: ast.BinOp) -> list[_Line]:
    made = []
    for left in _lines(node.left):
        for right in _lines(node.right):
            line = _of_two(left, node.op, right)
            if line is not None:
                made.append(line)
    return made[:_MOST_FORMS]


def _of_two(left: _Line, operator: ast.operator, right: _Line) -> _Line | None:
    if isinstance(operator, ast.Add | ast.Sub):
        if None not in (left.name, right.name) and left.name != right.name:
            return None
        sign = Fraction(1) if isinstance(operator, ast.Add) else Fraction(-1)
        return _Line(
            left.name or right.name,
            left.slope + sign * right.slope,
            left.offset + sign * right.offset,
        )
    if isinstance(operator, ast.Div):
        return None if right.name or not right.offset else _scaled(left, 1 / right.offset)
    if left.name is None:
        return _scaled(right, left.offset)
    return _scaled(left, right.offset) if right.name is None else None
