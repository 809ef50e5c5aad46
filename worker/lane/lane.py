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

Steps 1 and 2 are in `acquire.py` and `replay.py`, 4 to 8 in `batch.py`; what falls due without a
record is taken by `waking.py`. A crash between any two steps repeats nothing but 8, with the same
ids (docs/adr/0005-crash-points.md). A record that cannot be decided yet (its budget is with another
lane) is *pending*: it is cut from its batch, and until the answer comes the lane takes nothing but
what lanes say to each other. The lane knows neither asyncio nor Kafka nor Redis: whatever waits,
waits in a port.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from schemas.instants import DAY_US, HOUR_US
from schemas.records import Output, Record
from worker.errors import Contradicted, Fenced, Moved, Unavailable
from worker.index.view import IndexView
from worker.lane.acquire import Owned, acquire
from worker.lane.batch import load, step, step_empty
from worker.lane.cache import CacheBudget, LaneCache
from worker.lane.evaluator_port import Evaluated, Evaluator, Only, Pending
from worker.lane.housekeeping import Housekeeping
from worker.lane.points import UNMARKED, Point, Points
from worker.lane.ports import Batch, Clock, LaneLog, Observer, Process, Publisher, Source
from worker.lane.setbacks import Setbacks
from worker.lane.waking import next_due, patience, rings
from worker.tables.port import Tables

LOOK_AGAIN_US = 5_000_000
"""An idle lane looks so often whether its tables fell back under it."""


class LaneSettings(Struct, frozen=True):
    """`owner` names the process in the log. Seconds, except where the name says otherwise."""

    owner: str
    give_up_after: float = 120.0
    """A dependency that is away longer than this stops the worker, nothing committed."""
    repeat_horizon_us: int = 7 * DAY_US
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
    points: Points = UNMARKED


class Lane:
    def __init__(
        self, number: int, ports: LanePorts, settings: LaneSettings, budget: CacheBudget
    ) -> None:
        self.number = number
        self.ports = ports
        self.settings = settings
        self.cache = LaneCache(budget)
        self.index = IndexView(ports.tables)
        self.setbacks = Setbacks(number, settings.give_up_after)
        self._housekeeping = Housekeeping()
        self.idle_until = 0
        """Up to this instant every input was read to its end, and nothing due. Microseconds."""
        self.stopping = False
        self.owned: Owned | None = None
        self.acquired = False
        """Steps 1 and 2 are behind it: the lane takes events."""
        self._pending: Pending | None = None
        self._untrimmed = False
        self._looked_at = 0

    @property
    def waits(self) -> bool:
        """For another lane's answer about a budget."""
        return self._pending is not None and self._pending.waits

    def held(self) -> Owned:
        """What the lane owns. Raises Moved before it owns anything."""
        if self.owned is None:
            raise Moved
        return self.owned

    def stop(self) -> None:
        """Finish the batch at hand, then leave."""
        self.stopping = True

    async def run(self, process: Process | None = None) -> None:
        """Until stopped. Raises LoudStop where going on could pay wrongly; everything else that a
        dependency can do is retried with backoff, in a new term."""
        try:
            await self._run(process or self.process)
        finally:
            self.cache.clear()
            self.ports.observer.released(self.number)

    async def _run(self, process: Process) -> None:
        pause = 0.05
        while not self.stopping:
            try:
                await self._own(process)
                pause = 0.05
            except (Moved, Fenced, Contradicted) as error:
                self.ports.observer.fenced(self.number, type(error).__name__.lower())
                if isinstance(error, Contradicted):
                    seq = self.owned.head.seq if self.owned is not None else -1
                    self.setbacks.contradicted(error, seq)
                await self._await_membership()
            except Unavailable as error:
                self.ports.observer.retried(self.number, "lane", error)
                self.setbacks.unavailable(error, self.ports.clock.perf())
                await self.ports.clock.sleep(pause)
                pause = min(pause * 2, 1.0)

    async def _own(self, process: Process) -> None:
        """One term: acquire, then batch after batch."""
        self.owned, self.acquired = None, False
        self.cache.clear()
        self.owned = await acquire(self)  # 1, 2
        self._untrimmed = self.owned.untrimmed
        shared = self.ports.evaluator.shared_key
        self._see_pending(await load(self, [shared] if shared is not None else []))
        self.acquired = True
        self._housekeeping.begin()
        while not self.stopping:
            await self._housekeeping.erase_forgotten(self)
            if self._pending is not None and not self._pending.waits:
                await process(await self._pending_record(self._pending))
                continue
            await self._housekeeping.drop_outdated(self)
            due = await next_due(self)
            if await rings(self, due, process):
                continue
            batch = await self.ports.source.poll(self.waits, patience(self, due))  # 3
            if batch is None or not batch.records:
                await self.rest()
            elif not self.stopping:
                self.ports.points.reached(Point.POLLED)
                await process(batch)
        await self._leave()

    async def process(self, batch: Batch) -> None:
        """Steps 4–8 for the whole batch: several plans where one commit cannot hold it."""
        pending = self._pending
        if pending is not None and not pending.waits:
            only = None if pending.timer is None else Only(1, end=pending.timer)
            await self._carry_out(
                batch.records, rules=pending.rules, only=only, again_at=pending.wall
            )
            await self._seek()
            return
        if not batch.records:
            await self._carry_out((), wall=batch.wall)
            return
        records = batch.records
        while records:
            evaluated = await self._carry_out(records)
            if self._pending is not None or pending is not None:
                await self._seek()
                return
            records = records[evaluated.taken :]

    async def _carry_out(
        self,
        records: Sequence[Record],
        *,
        wall: int | None = None,
        rules: Mapping[str, str | None] | None = None,
        only: Only | None = None,
        again_at: int | None = None,
    ) -> Evaluated:
        evaluated = await step(self, records, wall=wall, rules=rules, only=only, again_at=again_at)
        self.setbacks.over()
        self._housekeeping.noted(evaluated.index)
        self._see_pending(evaluated.values)
        if wall is not None and evaluated.is_empty:
            self.idle_until = wall
        return evaluated

    def _see_pending(self, values: Mapping[str, bytes]) -> None:
        """Do fresh values of the state hold a record that was tried in vain?"""
        key = self.ports.evaluator.shared_key
        if key is not None and key in values:
            self._pending = self.ports.evaluator.pending(values[key])

    async def _pending_record(self, pending: Pending) -> Batch:
        """The pending record alone, or none where it is a timer: nothing may come between its two
        evaluations."""
        if pending.timer is not None:
            return Batch(())
        records = await self.ports.source.fetch(pending.topic, pending.offset, pending.offset)
        return Batch(records)

    async def _seek(self) -> None:
        """Back to the position: what was polled beyond it is polled again."""
        positions = self.held().head.positions
        await self.ports.source.seek({t: positions[t] for t in self.ports.source.topics})

    async def publish(self, outputs: Sequence[Output]) -> None:
        """Step 8: what the head's plan put into the outbox."""
        owned = self.held()
        if outputs:
            self.ports.points.reached(Point.PUBLISHING)
            await self.ports.publisher.publish(outputs)
        self.ports.observer.published(self.number, len(outputs))
        owned.done = owned.head.seq
        self._untrimmed = bool(outputs)

    async def rest(self) -> None:
        """Nothing came: empty the outbox, look whether the tables fell back, and now and then say
        in the log what is published. Raises Moved."""
        await self.trim()
        self.setbacks.over()
        owned, now = self.held(), self.ports.clock.now_us()
        if now - self._looked_at >= LOOK_AGAIN_US:
            self._looked_at = now
            head, _ = await self.ports.tables.peek()
            if head != owned.raw_head:
                raise Moved
            await self.index.tidy(head)
        quiet = now - owned.planned_at
        if quiet >= (HOUR_US if owned.done > owned.logged_done else DAY_US):
            await step_empty(self)

    async def trim(self) -> None:
        """Empty the outbox of a published plan, or the next owner would publish it again."""
        if self._untrimmed:
            await self.ports.tables.trim(self.held().raw_head)
            self._untrimmed = False
            self.ports.points.reached(Point.TRIMMED)

    async def _leave(self) -> None:
        """What nobody would know of later: that everything is published, and the entries that the
        last plan made stale. Raises Moved, Unavailable."""
        await self.trim()
        await self.index.tidy(self.held().raw_head)

    async def _await_membership(self) -> None:
        """Only a member may start a term: a start fences whoever else believes to own the lane."""
        while not self.stopping:
            await self.ports.clock.sleep(0.5)
            if await self.ports.source.still_member():
                return
