"""Of two formulas, or the credits of two rules: is one never above the other, event by event?

Where the intervals of a box meet, the formulas themselves are compared, part by part. Every
operation of the language rounds, and rounding never turns two numbers round: what is ordered stays
ordered.
"""

import ast
from decimal import Decimal

from rules_engine.checked import AddBonusAction, CheckedRule
from rules_engine.lint.abstract import Abstract
from rules_engine.lint.boxes import Box
from rules_engine.lint.matching import Judge
from rules_engine.lint.values import Numbers

_ZERO = Decimal(0)
_KEEPS_ORDER = ("floor", "ceil", "round")


def credits_no_more(judge: Judge, lower: CheckedRule, upper: CheckedRule, box: Box) -> bool:
    """Is it proven that `lower` credits at most what `upper` does, wherever both have credits?

    By what all their credits come to, or credit by credit: each of the lower rule against one of
    the upper rule, which may have more. To be asked under `DECIMAL128`.
    """
    below, above = judge.credits(lower, box).value, judge.credits(upper, box).value
    if isinstance(below, Numbers) and isinstance(above, Numbers) and below.most <= above.least:
        return True
    wanted, given = _credits(lower), _credits(upper)
    fits = [[_no_more(judge, each, other, box) for other in given] for each in wanted]
    return _are_paired(fits, len(given))


def _credits(rule: CheckedRule) -> list[AddBonusAction]:
    return [action for action in rule.actions if isinstance(action, AddBonusAction)]


def _are_paired(fits: list[list[bool]], given: int) -> bool:
    """Does each row find a column of its own? By augmenting paths."""
    taken: dict[int, int] = {}

    def finds(row: int, seen: set[int]) -> bool:
        for column in range(given):
            if fits[row][column] and column not in seen:
                seen.add(column)
                if column not in taken or finds(taken[column], seen):
                    taken[column] = row
                    return True
        return False

    return all(finds(row, set()) for row in range(len(fits)))


def _no_more(judge: Judge, lower: AddBonusAction, upper: AddBonusAction, box: Box) -> bool:
    """Bounds keep the order of what they bound, where they are in order themselves."""
    below, above = judge.credit(lower, box).value, judge.credit(upper, box).value
    if not (isinstance(below, Numbers) and isinstance(above, Numbers)):
        return False
    if below.most <= above.least:
        return True
    raised, cut = lower.min_major, upper.max_major
    if raised is not None and raised > above.least and not _is_within(raised, upper.min_major):
        return False
    if cut is not None and cut < below.most and not _is_within(lower.max_major, cut):
        return False
    return Ordering(Abstract(box, judge.rounding)).never_above(
        lower.formula.tree, upper.formula.tree
    )


def _is_within(bound: Decimal | None, other: Decimal | None) -> bool:
    return bound is not None and other is not None and bound <= other


class Ordering:
    """Of formulas over one box. To be used under `DECIMAL128`."""

    def __init__(self, abstract: Abstract) -> None:
        self._abstract = abstract
        self._known: dict[tuple[str, str], bool] = {}

    def never_above(self, lower: ast.expr, upper: ast.expr) -> bool:
        """Is it proven that `lower` is at most `upper` in every event that has both? False says
        nothing."""
        key = ast.dump(lower), ast.dump(upper)
        if key not in self._known:
            self._known[key] = (
                key[0] == key[1]
                or self._is_apart(lower, upper)
                or self._is_chosen(lower, upper)
                or self._is_alike(lower, upper)
            )
        return self._known[key]

    def _range(self, node: ast.expr) -> Numbers | None:
        value = self._abstract.result(node).value
        return value if isinstance(value, Numbers) else None

    def _is_apart(self, lower: ast.expr, upper: ast.expr) -> bool:
        below, above = self._range(lower), self._range(upper)
        return below is not None and above is not None and below.most <= above.least

    def _is_chosen(self, lower: ast.expr, upper: ast.expr) -> bool:
        """One of them is what a function or an `if` chooses from others."""
        chooses_low, of_low = _chosen(lower)
        chooses_high, of_high = _chosen(upper)
        return (
            (chooses_low in ("max", "any") and all(self.never_above(x, upper) for x in of_low))
            or (chooses_high in ("min", "any") and all(self.never_above(lower, x) for x in of_high))
            or (chooses_low == "min" and any(self.never_above(x, upper) for x in of_low))
            or (chooses_high == "max" and any(self.never_above(lower, x) for x in of_high))
        )

    def _is_alike(self, lower: ast.expr, upper: ast.expr) -> bool:
        """Both do the same with parts that are in order."""
        match lower, upper:
            case ast.UnaryOp(op=ast.UAdd()), ast.UnaryOp(op=ast.UAdd()):
                return self.never_above(lower.operand, upper.operand)
            case ast.UnaryOp(op=ast.USub()), ast.UnaryOp(op=ast.USub()):
                return self.never_above(upper.operand, lower.operand)
            case ast.IfExp(), ast.IfExp() if ast.dump(lower.test) == ast.dump(upper.test):
                return self._each([lower.body, lower.orelse], [upper.body, upper.orelse])
            case ast.BinOp(), ast.BinOp() if type(lower.op) is type(upper.op):
                return self._of_two(lower, upper)
            case ast.Call(func=ast.Name(id=name)), ast.Call(func=ast.Name(id=other)):
                return name == other and self._called(name, lower.args, upper.args)
        return False

    def _each(self, lower: list[ast.expr], upper: list[ast.expr]) -> bool:
        return all(self.never_above(x, y) for x, y in zip(lower, upper, strict=True))

    def _of_two(self, lower: ast.BinOp, upper: ast.BinOp) -> bool:
        match lower.op:
            case ast.Add():
                return self._each([lower.left, lower.right], [upper.left, upper.right])
            case ast.Sub():
                return self._each([lower.left, upper.right], [upper.left, lower.right])
            case ast.Mult():
                return self._grows([lower.left, lower.right], [upper.left, upper.right])
            case ast.Div():
                divisor = self._range(upper.right)
                is_positive = divisor is not None and divisor.least > _ZERO
                return is_positive and self._grows(
                    [lower.left, upper.right], [upper.left, lower.right]
                )
        return False

    def _called(self, name: str, lower: list[ast.expr], upper: list[ast.expr]) -> bool:
        if name == "percent":
            return self._grows(lower, upper)
        if name == "clamp":
            return self._each(lower, upper)
        digits = [[ast.dump(each) for each in arguments[1:]] for arguments in (lower, upper)]
        return name in _KEEPS_ORDER and digits[0] == digits[1] and self._each(lower[:1], upper[:1])

    def _grows(self, lower: list[ast.expr], upper: list[ast.expr]) -> bool:
        """Products of two grow with both, where none is below zero."""
        ranges = [self._range(each) for each in (*lower, *upper)]
        is_positive = all(each is not None and each.least >= _ZERO for each in ranges)
        return is_positive and self._each(lower, upper)


def _chosen(node: ast.expr) -> tuple[str, list[ast.expr]]:
    """`min`, `max` or `any` (one of them, no matter which), and what is chosen from."""
    match node:
        case ast.Call(func=ast.Name(id="min" | "max" as name), args=parts):
            return name, parts
        case ast.Call(func=ast.Name(id="coalesce"), args=parts):
            return "any", parts
        case ast.IfExp():
            return "any", [node.body, node.orelse]
    return "", []
