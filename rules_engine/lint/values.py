"""What is known of a value: every number between two bounds, some texts, true or false or both.

A bound is itself a possible value. On the grid of a currency, or among the numbers that 34 digits
can write, the numbers below 400 end at a greatest one: open ends need no sign of their own.
"""

from decimal import Decimal

from msgspec import Struct

MOST = Decimal("9." + "9" * 33 + "E+6144")
"""The greatest number that a formula can come to."""


class Numbers(Struct, frozen=True, gc=False):
    """`least <= x <= most`."""

    least: Decimal
    most: Decimal

    @property
    def is_one(self) -> bool:
        return self.least == self.most


ANY_NUMBER = Numbers(MOST.copy_negate(), MOST)


class Texts(Struct, frozen=True, gc=False):
    """One of `words`; where they are None any text after `above`, before `below` (both are not
    among them) that is not `excluded`."""

    words: frozenset[str] | None = None
    excluded: frozenset[str] = frozenset()
    above: str | None = None
    below: str | None = None

    def may_be(self, text: str) -> bool:
        if self.words is not None:
            return text in self.words
        if text in self.excluded:
            return False
        after = self.above is None or text > self.above
        return after and (self.below is None or text < self.below)

    @property
    def is_one(self) -> bool:
        return self.words is not None and len(self.words) == 1


ANY_TEXT = Texts()


class Flags(Struct, frozen=True, gc=False):
    """Which of true and false are possible."""

    may_hold: bool
    may_not: bool

    @property
    def surely(self) -> bool:
        return self.may_hold and not self.may_not

    def negated(self) -> "Flags":
        return Flags(self.may_not, self.may_hold)

    def also(self, other: "Flags") -> "Flags":
        """Both hold; independent of each other."""
        return Flags(self.may_hold and other.may_hold, self.may_not or other.may_not)


TRUE, FALSE, EITHER = Flags(True, False), Flags(False, True), Flags(True, True)


class Groups(Struct, frozen=True, gc=False):
    """The client's groups: asked one by one (`Box.group`)."""


Value = Numbers | Texts | Flags | Groups


class Result(Struct, frozen=True, gc=False):
    """What a part of a formula may come to.

    `value`: None where it never comes to one. `may_miss`: a missing value may be used; `may_fail`:
    it may fail otherwise (division by zero, overflow), which `known` and `coalesce` do not mend.
    """

    value: Value | None
    may_miss: bool = False
    may_fail: bool = False

    @property
    def is_sound(self) -> bool:
        """Does it always come to a value?"""
        return self.value is not None and not self.may_miss and not self.may_fail


def flags_of(result: Result) -> Flags:
    """A condition's truth where a failure counts as no."""
    if result.value is None:
        return FALSE
    assert isinstance(result.value, Flags)
    failing = result.may_miss or result.may_fail
    return Flags(result.value.may_hold, result.value.may_not or failing)


def united(first: Value | None, second: Value | None) -> Value | None:
    """What may be one or the other; both are of one kind."""
    if first is None or second is None:
        return second if first is None else first
    if isinstance(first, Numbers) and isinstance(second, Numbers):
        return Numbers(min(first.least, second.least), max(first.most, second.most))
    if isinstance(first, Flags) and isinstance(second, Flags):
        return Flags(first.may_hold or second.may_hold, first.may_not or second.may_not)
    if isinstance(first, Texts) and isinstance(second, Texts):
        return _texts_united(first, second)
    return first


def _texts_united(first: Texts, second: Texts) -> Texts:
    if first.words is not None and second.words is not None:
        return Texts(first.words | second.words)
    if first.words is None and second.words is None:
        excluded = frozenset(each for each in first.excluded if not second.may_be(each))
        return Texts(None, excluded & second.excluded)
    words, rest = (first, second) if first.words is not None else (second, first)
    assert words.words is not None
    return Texts(None, rest.excluded - words.words)
