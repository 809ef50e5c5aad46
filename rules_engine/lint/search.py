"""Proofs by halving: a claim about all events is one about every box of them.

A box in which the claim is plain needs no more; another is halved. A claim that is not proven
within the effort is not made.
"""

from collections.abc import Callable
from decimal import localcontext

from rules_engine.formula.runtime import DECIMAL128
from rules_engine.lint.boxes import Box, Space
from rules_engine.lint.values import Flags

EFFORT = 600
"""Boxes that are looked at for one claim."""
_TRIED = 60
"""Boxes that are looked at for a plain answer."""

Question = Callable[[Box], Flags]


def never(space: Space, question: Question, effort: int = EFFORT) -> bool:
    """Is it proven that the question holds in no box? False says nothing."""
    names = tuple(space.axes)
    with localcontext(DECIMAL128):
        waiting = [space.whole()]
        while waiting:
            box = waiting.pop()
            if not box.is_possible:
                continue
            effort -= 1
            truth = question(box)
            if not truth.may_hold:
                continue
            name = box.widest(names)
            if truth.surely or name is None or effort <= 0:
                return False
            waiting += box.halves(name)
    return True


def always(space: Space, question: Question, effort: int = EFFORT) -> bool:
    """Is it proven that the question holds in every box? False says nothing."""
    return never(space, lambda box: question(box).negated(), effort)


def found(space: Space, question: Question, effort: int = _TRIED) -> bool:
    """Is there a box in which the question surely holds? No proof either way that there are
    events in it: it spares the search for a proof of the contrary, which there is none."""
    return box_where(space, question, effort) is not None


def box_where(space: Space, question: Question, effort: int = _TRIED) -> Box | None:
    """A box in which the question surely holds; None where none is found."""
    names = tuple(space.axes)
    with localcontext(DECIMAL128):
        waiting = [space.whole()]
        while waiting and effort > 0:
            box = waiting.pop()
            if not box.is_possible:
                continue
            effort -= 1
            truth = question(box)
            if truth.surely:
                return box
            name = box.widest(names) if truth.may_hold else None
            if name is not None:
                waiting += box.halves(name)
    return None
