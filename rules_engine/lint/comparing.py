"""Comparisons of what is known of two values."""

import ast

from rules_engine.lint.values import EITHER, FALSE, TRUE, Flags, Numbers, Texts, Value


def compared(left: Value, operator: ast.cmpop, right: Value) -> Flags:
    """`left operator right`, both of one kind, which have nothing to do with each other."""
    if isinstance(operator, ast.NotEq):
        return compared(left, ast.Eq(), right).negated()
    if isinstance(operator, ast.Gt):
        return compared(right, ast.Lt(), left)
    if isinstance(operator, ast.GtE):
        return compared(right, ast.LtE(), left)
    if isinstance(left, Numbers) and isinstance(right, Numbers):
        return _numbers(left, operator, right)
    if isinstance(left, Texts) and isinstance(right, Texts):
        return _texts(left, operator, right)
    if isinstance(left, Flags) and isinstance(right, Flags):
        return _flags(left, right)
    return EITHER


def _numbers(left: Numbers, operator: ast.cmpop, right: Numbers) -> Flags:
    if isinstance(operator, ast.Lt):
        return Flags(left.least < right.most, left.most >= right.least)
    if isinstance(operator, ast.LtE):
        return Flags(left.least <= right.most, left.most > right.least)
    apart = left.most < right.least or right.most < left.least
    return Flags(not apart, not (left.is_one and right.is_one) or apart)


def _flags(left: Flags, right: Flags) -> Flags:
    alike = (left.may_hold and right.may_hold) or (left.may_not and right.may_not)
    differ = (left.may_hold and right.may_not) or (left.may_not and right.may_hold)
    return Flags(alike, differ)


def _texts(left: Texts, operator: ast.cmpop, right: Texts) -> Flags:
    if isinstance(operator, ast.Eq):
        return _equal_texts(left, right)
    strictly = isinstance(operator, ast.Lt)
    if left.words is not None and right.words is not None:
        outcomes = {x < y or (not strictly and x == y) for x in left.words for y in right.words}
        return Flags(True in outcomes, False in outcomes)
    if _all_before(left, right):
        return TRUE
    return FALSE if _all_before(right, left) else EITHER


def _equal_texts(left: Texts, right: Texts) -> Flags:
    if left.words is None and right.words is None:
        apart = _all_before(left, right) or _all_before(right, left)
        return FALSE if apart else EITHER
    if left.words is None:
        left, right = right, left
    assert left.words is not None
    may_hold = any(right.may_be(word) for word in left.words)
    return Flags(may_hold, not (left.is_one and right.is_one) or not may_hold)


def _all_before(left: Texts, right: Texts) -> bool:
    """Is every text of one before every text of the other, surely? They are not both words: of two
    equal ends one is no possible text itself."""
    ends = max(left.words) if left.words else left.below
    begins = min(right.words) if right.words else right.above
    if ends is None or begins is None:
        return False
    return ends <= begins
