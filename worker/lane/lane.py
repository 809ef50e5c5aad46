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

Steps 1 and 2 are in `acquire.py` and `replay.py`, 4 to 8 in `batch.py`. A crash between any two
steps repeats nothing but 8, with the same ids (docs/adr/0005-crash-points.md). A record that cannot
be decided yet (its budget is with another lane) is *pending*: it is cut from its batch, and until
the answer comes the lane takes nothing but what lanes say to each other. The lane knows neither
asyncio nor Kafka nor Redis: whatever waits, waits in a port.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Struct

from schemas.records import Output, Record
from worker.errors import BadLog, Contradicted, Fenced, LoudStop, Moved, Unavailable
from worker.index.changes import names_forgotten
from worker.index.view import IndexView
from worker.lane.acquire import Owned, acquire
from worker.lane.batch import load, step, step_empty
from worker.lane.cache import CacheBudget, LaneCache
from worker.lane.erasing import erase
from worker.lane.evaluator_port import Evaluated, Evaluator, Moment, Only, Pending
from worker.lane.plan import LOST_MESSAGES
from worker.lane.points import UNMARKED, Point, Points
from worker.lane.ports import Batch, Clock, LaneLog, Observer, Publisher, Source
from worker.tables.port import Tables

HOUR_US = 3_600_000_000
LOOK_AGAIN_US = 5_000_000
"""An idle lane looks so often whether its tables fell back under it."""
LONGEST_WAIT = 1.0
"""Seconds that a lane waits for records before it looks up."""
MOST_CONTRADICTIONS = 5
"""At one head: whoever acquired so often is not stale, the topic of budgets lost records."""


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
    points: Points = UNMARKED


Process = Callable[[Batch], Awaitable[None]]


class Lane:
    def __init__(
        self, number: int, ports: LanePorts, settings: LaneSettings, budget: CacheBudget
    ) -> None:
        self.number = number
        self.ports = ports
        self.settings = settings
        self.cache = LaneCache(budget)
        self.index = IndexView(ports.tables)
        self.idle_until = 0
        """Up to this instant every input was read to its end, and nothing due. Microseconds."""
        self.stopping = False
        self._may_erase = False
        """Somebody was forgotten whose payments may still be held."""
        self.owned: Owned | None = None
        self.acquired = False
        """Steps 1 and 2 are behind it: the lane takes events."""
        self._pending: Pending | None = None
        self._untrimmed = False
        self._looked_at = 0
        self._tidied_at = 0
        self._failing_since: float | None = None
        self._contradicted = (-1, 0)
        """Sequence of the head at which lanes contradicted this one last, and how often."""

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
                    self._doubt(error)
                await self._await_membership()
            except Unavailable as error:
                self.ports.observer.retried(self.number, "lane", error)
                self._give_up(error)
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
        self._may_erase = True
        while not self.stopping:
            await self._erase()
            if self._pending is not None and not self._pending.waits:
                await process(await self._pending_record(self._pending))
                continue
            await self._forget_old()
            due = None if self.waits else await self._next_due()
            if await self._rings(due, process):
                continue
            batch = await self.ports.source.poll(self.waits, self._patience(due))  # 3
            if batch is None or not batch.records:
                await self.rest()
            elif not self.stopping:
                self.ports.points.reached(Point.POLLED)
                await process(batch)
        await self._leave()

    async def _forget_old(self) -> None:
        """Housekeeping, no part of a plan: what the evaluation counts as forgotten by the clock of
        the head is deleted, only while that is the head. Raises Moved, Unavailable."""
        owned, evaluator, now = self.held(), self.ports.evaluator, self.ports.clock.now_us()
        if now - self._tidied_at < LOOK_AGAIN_US:
            return
        self._tidied_at = now
        old = evaluator.old(owned.head.clock)
        if not any(e < old.beyond for e in await self.index.earliest(owned.raw_head, [old.first])):
            return
        (entries,) = await self.index.look(owned.raw_head, [old])
        values = await load(self, [evaluator.key_of(entry) for entry in entries])
        gone = evaluator.forgets(values, owned.head.clock)
        self.index.found_stale(entries)
        await self.index.tidy(owned.raw_head, gone)
        self.cache.put(dict.fromkeys(gone, b""))

    async def _next_due(self) -> int | None:
        """When something may fall due by itself. Raises Moved."""
        evaluator, owned = self.ports.evaluator, self.held()
        earliest = await self.index.earliest(owned.raw_head, evaluator.wakes)
        head = owned.head
        moment = Moment(head.clock, head.clock, False, head.timer, self.idle_until)
        return evaluator.next_due(moment, earliest)

    def _patience(self, due: int | None) -> float:
        """Seconds to wait for records: no longer than until something is due."""
        if due is None:
            return LONGEST_WAIT
        left = (due - self.ports.clock.now_us()) / 1_000_000
        return min(left, LONGEST_WAIT) if left > 0 else LONGEST_WAIT

    async def _rings(self, due: int | None, process: Process) -> bool:
        """Where every input is read to its end, the clock follows the wall clock: what is due by it
        is taken. The wall clock is read first: what is unread then came after it."""
        now = self.ports.clock.now_us()
        is_due = due is not None and due <= now
        if self.waits or not (is_due or now - self.idle_until >= LOOK_AGAIN_US):
            return False
        if not await self.ports.source.at_end():
            return False
        if is_due:
            await process(Batch((), wall=now))
            return True
        self.idle_until = now
        return False

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
        self.progressed()
        self._may_erase = self._may_erase or names_forgotten(evaluated.index)
        self._see_pending(evaluated.values)
        if wall is not None and evaluated.is_empty:
            self.idle_until = wall
        return evaluated

    async def _erase(self) -> None:
        """What clients who were forgotten have left behind. Raises Moved, Unavailable."""
        if self._may_erase:
            gone = await erase(self.ports.tables, self.index, self.held().raw_head)
            self.cache.put(dict.fromkeys(gone, b""))
            self._may_erase = False

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
        self.progressed()
        owned, now = self.held(), self.ports.clock.now_us()
        if now - self._looked_at >= LOOK_AGAIN_US:
            self._looked_at = now
            head, _ = await self.ports.tables.peek()
            if head != owned.raw_head:
                raise Moved
            await self.index.tidy(head)
        quiet = now - owned.planned_at
        if quiet >= (HOUR_US if owned.done > owned.logged_done else 24 * HOUR_US):
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

    def progressed(self) -> None:
        """A plan was carried out, or there is nothing to do: all dependencies answer."""
        self._failing_since = None

    def _doubt(self, error: Contradicted) -> None:
        """A stale owner knows better once it has acquired again. Raises BadLog where that never
        helps."""
        seq = self.owned.head.seq if self.owned is not None else -1
        at, times = self._contradicted
        self._contradicted = (seq, times + 1 if at == seq else 1)
        if self._contradicted[1] >= MOST_CONTRADICTIONS:
            message = f"Lane {self.number} is contradicted again and again: {error}."
            raise BadLog(message, LOST_MESSAGES) from error

    def _give_up(self, error: Unavailable) -> None:
        now = self.ports.clock.perf()
        if self._failing_since is None:
            self._failing_since = now
        elif now - self._failing_since > self.settings.give_up_after:
            raise LoudStop(
                f"Lane {self.number} stood still for {self.settings.give_up_after:g} s: {error}.",
                "Mend the dependency; the worker goes on where it stood.",
            ) from error
