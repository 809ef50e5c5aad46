"""Boxes of values: per name a run of neighbouring cells, and halves of them.

A cell is a part of a name's domain within which no condition at hand changes its mind, as far as
`cuts` can see. Where it cannot, nothing is lost but precision.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from rules_engine.lint.domains import DERIVED, GROUP, Domains
from rules_engine.lint.values import EITHER, Flags, Numbers, Result, Texts, Value, united

_MINUTES_OF_HOUR = 60
_TRACED = {"shiftId": "CASH", "gatewayTransactionId": "ACQUIRING"}
"""Variable → the source of top-ups that always has it."""


class Cell(Struct, frozen=True, gc=False):
    """`value` None: the value is missing."""

    value: Value | None


class Space:
    """The cells of every name that is asked about; others are whole."""

    def __init__(self, domains: Domains, axes: Mapping[str, tuple[Cell, ...]]) -> None:
        self.domains = domains
        self.axes = axes

    def whole(self) -> "Box":
        """The box of all events and clients."""
        return Box(self, {name: (0, len(cells)) for name, cells in self.axes.items()})


class Box:
    """A part of a space. `spans`: per name the first cell and the one after the last."""

    __slots__ = ("_held", "space", "spans")

    def __init__(self, space: Space, spans: Mapping[str, tuple[int, int]]) -> None:
        self.space = space
        self.spans = spans
        self._held: dict[str, Result] = {}

    def held(self, name: str) -> Result:
        """What a variable may be here."""
        found = self._held.get(name)
        if found is None:
            found = self._held[name] = self._find(name)
        return found

    def group(self, group_id: str) -> Flags:
        """May the client be in the group?"""
        value = self.held(f"{GROUP}{group_id}").value
        assert isinstance(value, Flags)
        return value

    def numbers(self, name: str) -> Numbers:
        """As `held`, of a number that is always there."""
        value = self.held(name).value
        assert isinstance(value, Numbers)
        return value

    def widest(self, names: "list[str] | tuple[str, ...]") -> str | None:
        """The name with the most cells left among these; None where all have one."""
        best, most = None, 1
        for name in names:
            first, last = self.spans[name]
            if last - first > most:
                best, most = name, last - first
        return best

    def halves(self, name: str) -> tuple["Box", "Box"]:
        """Both halves of the cells of a name that has more than one."""
        first, last = self.spans[name]
        middle = (first + last) // 2
        lower = Box(self.space, {**self.spans, name: (first, middle)})
        return lower, Box(self.space, {**self.spans, name: (middle, last)})

    @property
    def is_possible(self) -> bool:
        """False where what is known of one value rules another out."""
        if "averageTopupMajor" in self.spans:
            average, counts = self.held("averageTopupMajor"), self.numbers("topupCount")
            if average.value is None and counts.least > 0:
                return False
            if not average.may_miss and counts.most == 0:
                return False
        for name, source in _TRACED.items():
            if name in self.spans and self.held(name).value is None:
                paid = self.held("topUpSource").value
                if isinstance(paid, Texts) and paid.words == frozenset({source}):
                    return False
        return True

    def _find(self, name: str) -> Result:
        if name in DERIVED:
            return self._derived(name)
        if name not in self.spans:
            if name.startswith(GROUP):
                return Result(EITHER)
            domain = self.space.domains.of(name)
            return Result(domain.value, domain.may_miss)
        first, last = self.spans[name]
        value: Value | None = None
        may_miss = False
        for cell in self.space.axes[name][first:last]:
            if cell.value is None:
                may_miss = True
            else:
                value = united(value, cell.value)
        if isinstance(value, Texts) and value.words is None and last - first > 1:
            value = self._run(name, first, last, value)
        return Result(value, may_miss)

    def _run(self, name: str, first: int, last: int, value: Texts) -> Texts:
        """Neighbouring cells of texts in order lie between their outer bounds."""
        cells = [
            each.value
            for each in self.space.axes[name][first:last]
            if isinstance(each.value, Texts)
        ]
        lowest, highest = cells[0], cells[-1]
        if lowest.above is None and highest.below is None:
            return value
        return Texts(None, value.excluded, lowest.above, highest.below)

    def _derived(self, name: str) -> Result:
        read = self.numbers(DERIVED[name])
        if name == "hour":
            return Result(Numbers(read.least // _MINUTES_OF_HOUR, read.most // _MINUTES_OF_HOUR))
        if name == "isFirstTopup":
            return Result(Flags(read.least <= Decimal(0), read.most > Decimal(0)))
        return Result(read)
