"""The pure part of a batch as the lane sees it, with what goes in and what comes out.

Behind one port so that the lane can be simulated with another evaluator than that of the rules.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from rules_engine.timers.due import Due, Position
from schemas.records import Output, Record
from worker.lane.plan import Terms, timer_at
from worker.tables.port import UNCHANGED, IndexChange, IndexRange


class Moment(Struct, frozen=True):
    """The instants that an evaluation may know. Microseconds since the epoch.

    `wall`: the wall clock when the plan was chosen; `clock` and `timer`: the lane's position
    before the batch; `since`: where the clock stands at least, nothing being due up to there;
    `idle`: every input is read to its end, so the clock follows the wall clock.
    `only`: what a logged plan did, or a unit that is tried again; None: whatever is due.
    """

    wall: int
    clock: int
    idle: bool
    timer: Due | None = None
    since: int = 0
    only: "Only | None" = None

    @property
    def position(self) -> Position | None:
        """Where timers are taken from; None: the lane has no clock yet, its first event sets it."""
        if self.since > self.clock:
            return Position(self.since)
        return Position(self.clock, self.timer) if self.clock else None

    @property
    def begin(self) -> int:
        """Where the clock stands at first."""
        return max(self.clock, self.since)


class Only(Struct, frozen=True):
    """Exactly so many units are taken, with `tried` behind them, which is tried in vain, and the
    position then is `end`; None: behind the last unit, or at the clock. `tries_record`: a record is
    what was tried in vain, so nothing was due up to its clock, which may lie behind `end`."""

    units: int
    end: Due | None = None
    tried: Due | None = None
    tries_record: bool = False


class Work(Protocol):
    """Decoded records: what must be loaded before they can be evaluated."""

    @property
    def keys(self) -> Sequence[str]: ...


class Search(Protocol):
    """Who may have a timer due in a plan, read out of the index before its evaluation."""

    @property
    def keys(self) -> Sequence[str]:
        """Values that the evaluation needs beside those of the records."""

    def ranges(self) -> Sequence[IndexRange]:
        """What is to be read next; empty: the search is over."""

    def found(self, entries: Sequence[Sequence[bytes]]) -> None:
        """The entries of each range."""


class Pending(Struct, frozen=True):
    """A record, or a timer (`worker.lane.plan.timer_place`), that was tried and could not be
    decided yet: it comes next, alone, under `rules`.

    `waits`: an answer of another lane is awaited, until then only internal records are taken.
    `wall`: the wall clock of its first attempt.
    """

    topic: str
    offset: int
    rules: dict[str, str | None]
    waits: bool
    wall: int

    @property
    def timer(self) -> Due | None:
        """The unit; None where it is a record."""
        return timer_at((self.topic, self.offset))


class Evaluated(Struct, frozen=True):
    """What a prefix of the records comes to, with the timers before and behind them.

    `taken`: how many records it covers; `rules`: content hash by organization that occurs in it;
    `cut`: (topic, offset) of the record behind the prefix, tried in vain, or of a timer
    (`worker.lane.plan.timer_place`); `report`: counts for the observer, opaque to the lane.
    `timers`: units taken; `timer`: up to where, if in the middle of an instant; `index.drop` is to
    be dropped once this is committed.
    """

    taken: int
    values: dict[str, bytes]
    outputs: list[Output]
    rules: dict[str, str | None]
    clock: int
    report: object = None
    cut: tuple[str, int] | None = None
    timers: int = 0
    timer: Due | None = None
    index: IndexChange = UNCHANGED
    halted: bool = False
    """More may be due: so many candidates were looked at as one plan takes."""

    @property
    def is_empty(self) -> bool:
        """Nothing happened: there is nothing to plan."""
        return not (self.taken or self.timers or self.cut or self.halted)


class Floors(Protocol):
    """What is known of an index without reading it."""

    @property
    def version(self) -> int:
        """Another one whenever an answer of `floor` may be another."""

    def floor(self, prefix: bytes) -> bytes | None:
        """No entry that begins with this prefix lies below; None: not known."""


class Evaluator(Protocol):
    """Decodes, searches, evaluates; neither waits nor asks a clock."""

    @property
    def terms(self) -> Terms:
        """What a new term is opened with."""

    def supports(self, evaluation: int) -> bool:
        """Can plans of that evaluation version be replayed exactly?"""

    async def learn(self, rules: Mapping[str, str | None]) -> None:
        """Look the rule sets of a plan up where another worker may have recorded them."""

    def prepare(self, records: Sequence[Record], rules: Mapping[str, str | None] | None) -> Work:
        """Decode under the rule sets in force (None), or under those of a plan, by hash.
        Raises LoudStop where the history does not hold one."""

    def search(self, work: Work, moment: Moment, terms: Terms, floors: Floors) -> Search | None:
        """Who may have a timer due; None: nobody."""

    def evaluate(
        self,
        work: Work,
        values: Mapping[str, bytes],
        moment: Moment,
        terms: Terms,
        search: Search | None = None,
    ) -> Evaluated:
        """Pure. Takes the longest prefix that one commit can hold: at least one record or timer, or
        none and a cut. Raises Contradicted."""

    @property
    def wakes(self) -> Sequence[bytes]:
        """Of entries that begin with one of these the first says when somebody may wake."""

    def wakes_under(self, rules: Mapping[str, str | None]) -> Sequence[bytes]:
        """The same under the rules of a plan."""

    def next_due(self, moment: Moment, earliest: Sequence[bytes]) -> int | None:
        """When something may be due behind the position, under the rules in force; None: never.
        `earliest`: the first entry of each of `wakes`, where there is one."""

    def old(self, clock: int) -> IndexRange:
        """Entries of values that nothing asks for any more, once the lane's clock is there."""

    def key_of(self, entry: bytes) -> str:
        """The value that such an entry is about."""

    def forgets(self, values: Mapping[str, bytes], clock: int) -> Sequence[str]:
        """Which of these values are to be deleted; an entry may be about what is there no more."""

    @property
    def shared_key(self) -> str | None:
        """Key of the value that says whether a record is pending; None: there is no such thing."""

    def pending(self, shared: bytes) -> Pending | None:
        """What the value under `shared_key` says."""
