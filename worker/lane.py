"""One lane: everything of one partition number, effectively once, end to end.

The order of the lane log decides; Redis is a fold of the input topics in that order and may fall
back to any earlier commit, even to nothing (docs/adr/0002-lane-log.md). The procedure:

1. Acquire: read head and outbox, append a start, fold the log, publish what is not acknowledged.
2. Replay every valid plan beyond the head exactly, then seek to the position.
3. Poll a batch, merged by (timestamp, topic number, offset).
4. Decode, load the states (checked against the head), evaluate: pure.
5. Plan: append it and wait for the acknowledgement.
6. Acknowledged at the next offset after mine: valid. A hole is read; a start in it means fenced.
7. Commit head, outbox and values by one write command; an unknown reply: run it again.
8. Publish; the next commit waits for it and overwrites the outbox.

Steps 1 and 2 are in `acquire.py`. A crash between any two steps repeats nothing but 8, with the
same ids. The lane knows neither asyncio nor Kafka nor Redis: whatever waits, waits in a port.
"""

from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct
from xxhash import xxh3_128_digest

from schemas.records import Output, Record
from worker.acquire import Owned, acquire
from worker.cache import CacheBudget, LaneCache
from worker.commit import Commit, commit, digest_states, encode_outbox
from worker.errors import BadLog, Fenced, LoudStop, Moved, OutcomeUnknown, Unavailable
from worker.plan import Plan, Range, Start, decode_record, encode
from worker.ports import (
    Batch,
    Clock,
    Evaluated,
    Evaluator,
    LaneLog,
    Moment,
    Observer,
    Publisher,
    Source,
    Tables,
)

HOUR_US = 3_600_000_000


class LaneSettings(Struct, frozen=True):
    """`owner` names the process in the log. Seconds, except where the name says otherwise."""

    owner: str
    give_up_after: float = 120.0
    """A dependency that is away longer than this stops the worker, nothing committed."""
    repeat_horizon_us: int = 7 * 24 * HOUR_US
    stale_outputs: str = "stop"
    """What to do with unacknowledged outputs beyond the horizon: stop | publish | skip."""


class LanePorts(Struct, frozen=True):
    source: Source
    log: LaneLog
    tables: Tables
    publisher: Publisher
    evaluator: Evaluator
    clock: Clock
    observer: Observer


class Lane:
    def __init__(
        self, number: int, ports: LanePorts, settings: LaneSettings, budget: CacheBudget
    ) -> None:
        self.number = number
        self.ports = ports
        self.settings = settings
        self.cache = LaneCache(budget)
        self.stopping = False
        self.owned: Owned | None = None
        self.acquired = False
        """Steps 1 and 2 are behind it: the lane takes events."""
        self._untrimmed = False
        self._failing_since: int | None = None

    def stop(self) -> None:
        """Finish the batch at hand, then leave."""
        self.stopping = True

    async def run(self, process: Callable[[Batch], Awaitable[None]] | None = None) -> None:
        """Until stopped. Raises LoudStop where going on could pay wrongly; everything else that a
        dependency can do is retried with backoff, in a new term."""
        pause = 0.05
        while not self.stopping:
            try:
                await self._own(process or self.process)
                pause = 0.05
            except (Moved, Fenced) as error:
                self.ports.observer.fenced(self.number, type(error).__name__.lower())
                await self._await_membership()
            except Unavailable as error:
                self.ports.observer.retried(self.number, "lane", error)
                self._give_up(error)
                await self.ports.clock.sleep(pause)
                pause = min(pause * 2, 1.0)
        self.cache.clear()

    async def _own(self, process: Callable[[Batch], Awaitable[None]]) -> None:
        """One term: acquire, then batch after batch."""
        self.owned, self.acquired = None, False
        self.cache.clear()
        self.owned = await acquire(self)  # 1, 2
        self.acquired = True
        self._untrimmed = self.owned.untrimmed
        while not self.stopping:
            batch = await self.ports.source.poll()  # 3
            if batch is None or not batch.records:
                await self.rest()
            elif not self.stopping:
                await process(batch)
        await self.trim()

    async def process(self, batch: Batch) -> None:
        """Steps 4–8 for the whole batch: several plans where one commit cannot hold it."""
        records: Sequence[Record] = batch.records
        while records:
            taken = await self.step(records, idle=batch.idle)
            records = records[taken:]

    async def step(self, records: Sequence[Record], *, idle: bool) -> int:
        """Steps 4–8 for the longest prefix that one commit can hold; returns its length."""
        owned, clock = self._held(), self.ports.clock
        begun = clock.perf()
        work = self.ports.evaluator.prepare(records, None)  # 4
        decoded = clock.perf()
        values = await self.load(work.keys)
        loaded = clock.perf()
        moment = Moment(clock.now_us(), owned.head.clock, idle)
        terms = self.ports.evaluator.terms
        evaluated = self.ports.evaluator.evaluate(work, values, moment, terms)
        taken = records[: evaluated.taken]
        outbox = encode_outbox(evaluated.outputs)
        plan = self._plan(taken, evaluated, moment, outbox)
        raw = encode(plan)
        planned = clock.perf()
        offset = await self.append(raw)  # 5, 6
        appended = clock.perf()
        await commit(self, Commit(offset, raw, plan, terms, outbox, evaluated))  # 7
        committed = clock.perf()
        self.ports.observer.committed(self.number, evaluated, taken)
        await self.publish(evaluated.outputs)  # 8
        self._observe(begun, decoded, loaded, planned, appended, committed)
        return len(taken)

    async def load(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Values of the keys as of the head; b"" where there is none. Raises Moved."""
        values, missing = self.cache.take(keys)
        if missing:
            found = await self.ports.tables.load(self._held().raw_head, missing)
            if found is None:
                raise Moved
            for key, value in zip(missing, found, strict=True):
                values[key] = value or b""
        return values

    async def append(self, raw: bytes) -> int:
        """Steps 5 and 6. Raises Fenced; OutcomeUnknown where only a new term can tell."""
        owned = self._held()
        offset = await self.ports.log.append(raw)
        if offset <= owned.last:
            raise OutcomeUnknown(f"the log answered offset {offset} after {owned.last}")
        if offset != owned.last + 1:
            hole = await self.ports.log.read(owned.last + 1, offset - 1)
            if any(isinstance(decode_record(record), Start) for _, record in hole):
                raise Fenced
        owned.last = offset
        return offset

    async def publish(self, outputs: Sequence[Output]) -> None:
        """Step 8: what the head's plan put into the outbox."""
        owned = self._held()
        if outputs:
            await self.ports.publisher.publish(outputs)
        self.ports.observer.published(self.number, len(outputs))
        owned.done = owned.head.seq
        self._untrimmed = bool(outputs)
        self._failing_since = None

    async def rest(self) -> None:
        """Nothing came: empty the outbox, and now and then say in the log what is published."""
        await self.trim()
        self._failing_since = None
        owned = self._held()
        quiet = self.ports.clock.now_us() - owned.planned_at
        if quiet >= (HOUR_US if owned.done > owned.logged_done else 24 * HOUR_US):
            await self.step_empty()

    async def step_empty(self, positions: dict[str, int] | None = None) -> None:
        """A plan without records: carries `done`, or the positions of topics that join."""
        owned, terms = self._held(), self.ports.evaluator.terms
        moment = Moment(self.ports.clock.now_us(), owned.head.clock, False)
        evaluated = Evaluated(0, {}, [], {}, owned.head.clock)
        plan = self._plan((), evaluated, moment, b"", positions)
        raw = encode(plan)
        offset = await self.append(raw)
        await commit(self, Commit(offset, raw, plan, terms, b"", evaluated))
        owned.done = owned.head.seq

    async def trim(self) -> None:
        """Empty the outbox of a published plan, or the next owner would publish it again."""
        if self._untrimmed:
            await self.ports.tables.trim(self._held().raw_head)
            self._untrimmed = False

    def _plan(
        self,
        taken: Sequence[Record],
        evaluated: Evaluated,
        moment: Moment,
        outbox: bytes,
        positions: dict[str, int] | None = None,
    ) -> Plan:
        owned = self._held()
        owned.planned_at, owned.logged_done = moment.wall, owned.done
        return Plan(
            term=owned.term,
            seq=owned.head.seq + 1,
            done=owned.done,
            wall=moment.wall,
            idle=moment.idle,
            ranges=ranges(taken, self.ports.source.topics, owned.head.positions),
            rules=evaluated.rules,
            outputs_digest=xxh3_128_digest(outbox),
            states_digest=digest_states(evaluated.values),
            positions=positions or {},
            partitions=self.ports.source.partitions if positions is not None else 0,
        )

    def _held(self) -> Owned:
        if self.owned is None:
            raise Moved
        return self.owned

    async def _await_membership(self) -> None:
        """Only a member may start a term: a start fences whoever else believes to own the lane."""
        while not self.stopping:
            await self.ports.clock.sleep(0.5)
            if await self.ports.source.still_member():
                return

    def _give_up(self, error: Unavailable) -> None:
        now = self.ports.clock.now_us()
        if self._failing_since is None:
            self._failing_since = now
        elif now - self._failing_since > self.settings.give_up_after * 1_000_000:
            raise LoudStop(
                f"Lane {self.number} stood still for {self.settings.give_up_after:g} s: {error}.",
                "Mend the dependency; the worker goes on where it stood.",
            ) from error

    def _observe(self, *marks: float) -> None:
        names = ("decode", "load", "evaluate", "log", "commit")
        for name, since, until in zip(names, marks, marks[1:], strict=False):
            self.ports.observer.stage(name, until - since)
        self.ports.observer.stage("publish", self.ports.clock.perf() - marks[-1])


def ranges(
    taken: Sequence[Record], topics: Sequence[str], positions: dict[str, int]
) -> tuple[Range, ...]:
    """One range per topic, in topic order. A range begins at the position, so that offsets without
    records (which Kafka may skip) belong to the plan that stepped over them."""
    last: dict[str, int] = {}
    for record in taken:
        last[record.topic] = record.offset
    for topic in last:
        if topic not in positions:
            raise BadLog(f"Records of {topic} came without a position.", "Report this as a bug.")
    return tuple(Range(t, positions[t], last[t]) for t in topics if t in last)
