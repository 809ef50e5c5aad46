"""Step 2a of the lane: plans that are in the log and not in the state, exactly as they stand there.

1. Plans are taken in windows: the ranges of a window are read from the topics at once
   (`refetch.py`).
2. Each is decoded under its own rule sets; what all of them need is loaded at once, checked
   against the head.
3. Each is evaluated under its own terms, over the states that the plans before it came to.
4. Its digests are compared: another outcome than the logged one is DIVERGED, nothing is paid.
5. Published plans join into one commit, which takes the head from s to s+k in one write command,
   with an empty outbox; it holds as much as one commit can.
6. A plan that nothing calls published is committed alone, with its outputs, and published before
   the next, as if it had just been made.

The same code brings a lane up after a restart and rebuilds it from nothing (`loyalty rebuild`).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from xxhash import xxh3_128_digest

from schemas.records import Output
from worker.errors import BadLog, Contradicted, Diverged, LoudStop
from worker.lane.batch import load, search_timers
from worker.lane.commit import Commit, digest_states, encode_outbox, following, write
from worker.lane.evaluator_port import Evaluated, Moment, Only, Work
from worker.lane.plan import LOST_MESSAGES, Chained, Head, advance, timer_at
from worker.lane.points import Point
from worker.lane.refetch import refetch, windows
from worker.lane.republish import publish, publishable

if TYPE_CHECKING:
    from worker.lane.lane import Lane

FEW = 20
"""Plans that are searched for timers one by one, as after a restart. To know from when on anybody
may be due is a question more, and saves one for nearly each of many plans."""
MOST_KEYS = 3_500
MOST_BYTES = 4 * 1024 * 1024
"""Of the values of one commit."""


class Prepared(Struct, frozen=True):
    """A plan with its records, decoded. `records`: those of its ranges, without a tried one."""

    link: Chained
    records: int
    work: Work


class Group:
    """Plans that are evaluated and not yet committed: `head` is where they lead."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self.values: dict[str, bytes] = {}
        self.bytes = 0
        self.plans = 0

    def has_room(self, values: Mapping[str, bytes]) -> bool:
        if self.bytes + _size(values) > MOST_BYTES:
            return False
        return (
            len(self.values) + len(values) <= MOST_KEYS
            or len(self.values.keys() | values.keys()) <= MOST_KEYS
        )

    def add(self, head: Head, values: Mapping[str, bytes]) -> None:
        """`bytes` counts what is overwritten, too: it only ends the group a little earlier."""
        self.head = head
        self.values.update(values)
        self.bytes += _size(values)
        self.plans += 1


def _size(values: Mapping[str, bytes]) -> int:
    return sum(map(len, values.values()))


class Replay:
    """The replay of one acquisition. `plans` and `silent` count what was carried out."""

    def __init__(self, lane: "Lane") -> None:
        self.plans = self.silent = 0
        self._lane = lane
        self._many = False
        self._group = Group(lane.held().head)

    async def take(self, links: Sequence[Chained], done: int) -> None:
        """The next plans of the chain; those up to sequence `done` are published. Raises LoudStop
        where they cannot be repeated exactly, Moved where somebody else did meanwhile."""
        self._many = len(links) > FEW
        for window in windows(links):
            prepared = await self._prepare(window)  # 1, 2
            values = await self._load(prepared)
            for plan in prepared:
                await self._carry_out(plan, values, silent=plan.link.plan.seq <= done)

    async def finish(self) -> None:
        """Commit what is still open."""
        group, lane = self._group, self._lane
        if not group.plans:
            return
        await write(lane, group.head, b"", group.values)
        lane.ports.points.reached(Point.REPLAY_COMMITTED)
        self._settled(group.head)

    def _settled(self, head: Head) -> None:
        self._group = Group(head)
        owned = self._lane.held()
        owned.done = max(owned.done, head.seq)
        self._lane.setbacks.over()

    async def _prepare(self, window: Sequence[Chained]) -> list[Prepared]:
        """Raises LoudStop where a plan is beyond this release, or its records are gone."""
        lane, evaluator = self._lane, self._lane.ports.evaluator
        for link in window:
            _check_evaluation(lane, link)
        fetched = await refetch(lane, window)
        prepared = []
        for link in window:
            plan = link.plan
            records, tried = fetched.records(plan), await fetched.tried(plan)
            await evaluator.learn(plan.rules)
            work = evaluator.prepare([*records, *tried], plan.rules)
            prepared.append(Prepared(link, len(records), work))
        return prepared

    async def _load(self, prepared: Sequence[Prepared]) -> dict[str, bytes]:
        """What the window needs, as of the open group's last plan."""
        held = self._group.values
        needed = dict.fromkeys(key for plan in prepared for key in plan.work.keys)
        values = await load(self._lane, [key for key in needed if key not in held])
        return values | {key: held[key] for key in needed if key in held}

    async def _carry_out(self, prepared: Prepared, values: dict[str, bytes], silent: bool) -> None:
        """Steps 3 to 6. `values` is kept up to date from plan to plan."""
        lane, link = self._lane, prepared.link
        evaluated = await self._evaluate(prepared, values)  # 3
        outbox = encode_outbox(evaluated.outputs)
        _compare(lane, prepared, outbox, evaluated)  # 4
        outputs = () if silent else publishable(lane, link.plan, evaluated.outputs)
        if outputs or not self._group.has_room(evaluated.values):
            await self.finish()
        owed = encode_outbox(outputs)
        work = Commit(link.offset, link.digest, link.plan, link.terms, owed, evaluated)
        self._group.add(following(self._group.head, work), evaluated.values)
        lane.index.note(evaluated.index)
        values.update(evaluated.values)
        self.plans += 1
        self.silent += silent
        lane.ports.points.reached(Point.REPLAY_EVALUATED)
        if outputs:
            await self._commit_alone(work, outputs)  # 6

    async def _commit_alone(self, work: Commit, outputs: Sequence[Output]) -> None:
        lane, head = self._lane, self._group.head
        await write(lane, head, work.outbox, work.evaluated.values)
        lane.ports.points.reached(Point.REPLAY_COMMITTED)
        await publish(lane, outputs)
        lane.held().untrimmed = True
        lane.ports.points.reached(Point.REPLAY_PUBLISHED)
        self._settled(head)

    async def _evaluate(self, prepared: Prepared, values: dict[str, bytes]) -> Evaluated:
        plan, lane, terms = prepared.link.plan, self._lane, prepared.link.terms
        head = self._group.head
        advance(head.positions, plan)  # a plan of another chain is told as such
        tried = None if plan.cut is None else timer_at(plan.cut)
        tries_record = plan.cut is not None and tried is None
        only = Only(plan.timers, plan.timer, tried, tries_record)
        moment = Moment(plan.wall, head.clock, plan.idle, head.timer, plan.since, only)
        if self._many:
            wakes = lane.ports.evaluator.wakes_under(plan.rules)
            await lane.index.earliest(lane.held().raw_head, wakes)  # nothing is searched before
        search = await search_timers(lane, prepared.work, moment, terms)
        if search is not None:
            unknown = [key for key in search.keys if key not in values]
            held = self._group.values
            values |= await load(lane, [key for key in unknown if key not in held])
            values |= {key: held[key] for key in unknown if key in held}
        try:
            return lane.ports.evaluator.evaluate(prepared.work, values, moment, terms, search)
        except Contradicted as error:
            message = f"Plan {plan.seq} of lane {lane.number}: {error}."
            raise BadLog(message, LOST_MESSAGES) from error


def _check_evaluation(lane: "Lane", link: Chained) -> None:
    if not lane.ports.evaluator.supports(link.terms.evaluation):
        raise LoudStop(
            f"Plan {link.plan.seq} of lane {lane.number} was made by evaluation version "
            f"{link.terms.evaluation}, which this release cannot repeat.",
            "Run the release that made it until the lane has caught up, then this one.",
        )


def _compare(lane: "Lane", prepared: Prepared, outbox: bytes, evaluated: Evaluated) -> None:
    link, plan = prepared.link, prepared.link.plan
    same = evaluated.taken == prepared.records and evaluated.cut == plan.cut
    same = same and (evaluated.timers, evaluated.timer) == (plan.timers, plan.timer)
    same = same and plan.outputs_digest == xxh3_128_digest(outbox)
    if same and link.terms.codec == lane.ports.evaluator.terms.codec:
        same = plan.states_digest == digest_states(evaluated.values)
    if not same:
        raise Diverged(
            f"DIVERGED: plan {plan.seq} of lane {lane.number} (lane log offset {link.offset}) "
            "comes out differently than it was logged.",
            "Nothing was paid. Run the release that logged it (docs/runbooks/diverged.md).",
        )
