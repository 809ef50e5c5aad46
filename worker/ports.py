"""What a lane needs of the world. Adapters implement these; the simulation's fakes do too.

A lane knows neither asyncio nor Kafka nor Redis: whatever waits, waits inside a port. So the same
lane runs under Faust and, driven step by step, in the deterministic simulation.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from rules_engine.timers.due import Due, Position
from schemas.records import Output, Record
from worker.plan import Terms, timer_at

CommitAnswer = Literal["OK", "DONE", "MOVED"]


class Batch(Struct, frozen=True):
    """Records of one lane in the order of evaluation, each topic's without a gap; or none: what
    falls due up to `wall`, an instant after which every input was seen read to its end."""

    records: Sequence[Record]
    wall: int = 0


class Source(Protocol):
    """The lane's own partitions of the input topics."""

    async def seek(self, positions: Mapping[str, int]) -> None:
        """The next record of each topic is the one at this offset; buffers are dropped."""

    async def poll(self, internal_only: bool = False, seconds: float = 1.0) -> Batch | None:
        """The next records: those of the internal topic first, the others merged by (timestamp,
        topic number, offset); None: nothing came in so many seconds, or the lane is asked to stop.
        Raises BadLog where the position is outside the topic."""

    async def at_end(self) -> bool:
        """Has every record that the topics held when this was asked been taken? False also where
        nobody answers."""

    async def fetch(self, topic: str, first: int, last: int) -> Sequence[Record]:
        """Records first..last again, for a replay. Raises BadLog where they are gone."""

    async def resolve_start(self, topics: Sequence[str]) -> Mapping[str, int]:
        """The first offset to take of each of the topics, of which the lane has no position
        (START_FROM; the internal topic's beginning). Raises Misconfigured where nothing was
        chosen."""

    @property
    def topics(self) -> Sequence[str]:
        """The input topics in topic order."""

    @property
    def internal(self) -> str | None:
        """The one of them that lanes speak to each other over; its records come first."""

    @property
    def partitions(self) -> int:
        """Partition count of the inputs."""

    async def still_member(self) -> bool:
        """Does the group still see this worker as the owner?"""


class LaneLog(Protocol):
    """One partition of the lane log."""

    async def append(self, record: bytes) -> int:
        """The record's offset once it is acknowledged; OutcomeUnknown when that stays open."""

    async def read(self, first: int, last: int) -> Sequence[tuple[int, bytes]]:
        """Records first..last with their offsets; first = -1: from the log's beginning, which
        must be offset 0. BadLog where it no longer holds them."""


class IndexRange(Struct, frozen=True):
    """Entries e of the index with first <= e < beyond in byte order, at most `most` of them."""

    first: bytes
    beyond: bytes
    most: int


class IndexChange(Struct, frozen=True):
    """What a commit does to the lane's index beside the values.

    `drop`: entries that the state before it has no need of; `add`: those that the state after it
    needs, be they there already or not. An entry in both is there afterwards.
    """

    add: Sequence[bytes] = ()
    drop: Sequence[bytes] = ()


UNCHANGED = IndexChange()


class Tables(Protocol):
    """One lane's state: a head, an outbox and values, all under one hash tag; beside them an index,
    a set of byte strings in their order, which may hold more than the state needs, never less."""

    async def peek(self) -> tuple[bytes, bytes]:
        """Head and outbox, b"" where there is none. One atomic read."""

    async def load(self, head: bytes, keys: Sequence[str]) -> list[bytes | None] | None:
        """Values by key, only if the head still is `head`; None: it moved."""

    async def commit(
        self,
        old: bytes,
        new: bytes,
        outbox: bytes,
        values: Mapping[str, bytes],
        index: IndexChange = UNCHANGED,
    ) -> CommitAnswer:
        """old → new with outbox and values in one write command. Safe to repeat: DONE when the
        head already is `new`. Raises OutcomeUnknown; the same call again resolves it.

        The index changes before it, in the same round trip: `index.drop` only while the head is
        `old`, and the head becomes `new` only while every entry of `index.add` is there."""

    async def look(self, head: bytes, ranges: Sequence[IndexRange]) -> list[list[bytes]] | None:
        """Entries of each range of the index, ascending, only if the head still is `head`; None: it
        moved."""

    async def tidy(self, head: bytes, entries: Sequence[bytes], keys: Sequence[str] = ()) -> None:
        """Delete values and entries that the state of `head` has no need of, if the head still is
        that. Safe to repeat; it may have been carried out in part, entries last."""

    async def trim(self, head: bytes) -> None:
        """Empty the outbox if the head still is `head`."""


class Publisher(Protocol):
    """Outputs to their topics, to one partition number."""

    async def publish(self, outputs: Sequence[Output]) -> None:
        """Returns when every record is acknowledged. Retries by itself; on failure everything
        from the first failed record on is sent again, in order."""


class Clock(Protocol):
    def now_us(self) -> int:
        """Wall clock, microseconds since the epoch."""

    def perf(self) -> float:
        """Seconds of a clock that never steps back, for durations."""

    async def sleep(self, seconds: float) -> None: ...


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
    position then is `end`; None: behind the last unit, or at the clock."""

    units: int
    end: Due | None = None
    tried: Due | None = None


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
    """A record, or a timer (`worker.plan.timer_place`), that was tried and could not be decided
    yet: it comes next, alone, under `rules`.

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
    (`worker.plan.timer_place`); `report`: counts for the observer, opaque to the lane.
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


class Evaluator(Protocol):
    """The pure part of a batch, behind one port so that the lane can be simulated."""

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

    def search(
        self, work: Work, moment: Moment, terms: Terms, floor: Callable[[bytes], bytes | None]
    ) -> Search | None:
        """Who may have a timer due; None: nobody. `floor`: below which entry an index surely holds
        none that begin with these bytes; None: not known."""

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


class Observer(Protocol):
    """What the lane tells metrics and log. Cheap calls, one per batch or rarer."""

    def acquired(self, lane: int, term: int, replayed: int, silent: int) -> None: ...
    def committed(self, lane: int, evaluated: Evaluated, records: Sequence[Record]) -> None: ...
    def published(self, lane: int, outputs: int) -> None: ...
    def stage(self, name: str, seconds: float) -> None: ...
    def fenced(self, lane: int, cause: str) -> None: ...
    def retried(self, lane: int, what: str, error: Exception) -> None: ...
    def released(self, lane: int) -> None: ...
