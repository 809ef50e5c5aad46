"""Steps 4 to 8 of the lane for one prefix of a batch.

4. Decode, load the states (checked against the head), evaluate: pure.
5. Plan: append it and wait for the acknowledgement.
6. Acknowledged at the next offset after mine: valid. A hole is read; a start in it means fenced.
7. Commit head, outbox and values by one write command (`commit.py`).
8. Publish; the next commit waits for it and overwrites the outbox.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from xxhash import xxh3_128_digest

from schemas.records import Record
from worker.errors import BadLog, Fenced, Moved, OutcomeUnknown
from worker.lane.commit import Commit, commit, digest_states, encode_outbox, plan_digest
from worker.lane.evaluator_port import Evaluated, Moment, Only, Search, Work
from worker.lane.plan import Plan, Range, Start, Terms, decode_record, encode
from worker.lane.points import Point
from worker.lane.stages import Stages

if TYPE_CHECKING:
    from worker.lane.lane import Lane


async def step(
    lane: "Lane",
    records: Sequence[Record],
    *,
    wall: int | None = None,
    rules: Mapping[str, str | None] | None = None,
    only: Only | None = None,
    again_at: int | None = None,
) -> Evaluated:
    """The longest prefix that one commit can hold, planned, committed and published; nothing of
    that where nothing happens.

    `wall`: an instant after which every input was seen read to its end: without records, what
    falls due up to it. `rules` None: the sets in force. `again_at`: what is tried again keeps the
    instant of its first attempt.
    """
    ports, stages = lane.ports, Stages(lane.ports)
    if rules is not None:
        await ports.evaluator.learn(rules)
    work = ports.evaluator.prepare(records, rules)  # 4
    stages.over()
    moment = _moment(lane, wall, only, again_at)
    evaluated = await _evaluate(lane, work, moment, stages)
    if evaluated.is_empty:
        lane.index.found_stale(evaluated.index.drop)
        return evaluated
    taken = records[: evaluated.taken]
    again = 0 if again_at is None else ports.clock.now_us()
    raw, planned = _planned(lane, taken, evaluated, moment, again=again)
    stages.over(Point.EVALUATED)
    offset = await append(lane, raw)  # 5, 6
    stages.over(Point.APPENDED)
    lane.index.note(evaluated.index)
    await commit(lane, planned.at(offset))  # 7
    stages.over(Point.COMMITTED)
    ports.observer.committed(lane.number, evaluated, taken)
    await lane.publish(evaluated.outputs)  # 8
    stages.over(Point.PUBLISHED)
    stages.tell()
    return evaluated


async def step_empty(lane: "Lane", positions: dict[str, int] | None = None) -> None:
    """A plan without records: carries `done`, or the positions of topics that join."""
    moment = _moment(lane)
    timer = moment.position.timer if moment.position is not None else None
    evaluated = Evaluated(0, {}, [], {}, moment.begin, timer=timer)
    raw, planned = _planned(lane, (), evaluated, moment, positions)
    offset = await append(lane, raw)
    lane.ports.points.reached(Point.EMPTY_APPENDED)
    await commit(lane, planned.at(offset))
    lane.ports.points.reached(Point.EMPTY_COMMITTED)
    owned = lane.held()
    owned.done = owned.logged_done = owned.head.seq  # it has no outputs that a log could miss


def _moment(
    lane: "Lane",
    wall: int | None = None,
    only: Only | None = None,
    again_at: int | None = None,
) -> Moment:
    head = lane.held().head
    at = again_at if wall is None else wall
    now = lane.ports.clock.now_us() if at is None else at
    return Moment(now, head.clock, wall is not None, head.timer, lane.idle_until, only)


async def _evaluate(lane: "Lane", work: Work, moment: Moment, stages: Stages) -> Evaluated:
    """The rest of step 4: whose values are needed, loading them, deciding. Raises Moved."""
    evaluator = lane.ports.evaluator
    search = await search_timers(lane, work, moment, evaluator.terms)
    keys = work.keys if search is None else list(dict.fromkeys([*work.keys, *search.keys]))
    values = await load(lane, keys)
    stages.over(Point.LOADED)
    return evaluator.evaluate(work, values, moment, evaluator.terms, search)


async def search_timers(lane: "Lane", work: Work, moment: Moment, terms: Terms) -> Search | None:
    """Who may have a timer due, by the index; None: nobody. Raises Moved."""
    search = lane.ports.evaluator.search(work, moment, terms, lane.index)
    if search is not None:
        while wanted := search.ranges():
            search.found(await lane.index.look(lane.held().raw_head, wanted))
    return search


async def load(lane: "Lane", keys: Sequence[str]) -> dict[str, bytes]:
    """Values of the keys as of the head; b"" where there is none. Raises Moved."""
    values, missing = lane.cache.take(keys)
    if missing:
        found = await lane.ports.tables.load(lane.held().raw_head, missing)
        if found is None:
            raise Moved
        for key, value in zip(missing, found, strict=True):
            values[key] = value or b""
    return values


async def append(lane: "Lane", raw: bytes) -> int:
    """Steps 5 and 6. Raises Fenced; OutcomeUnknown where only a new term can tell."""
    owned = lane.held()
    lane.ports.points.reached(Point.APPENDING)
    offset = await lane.ports.log.append(raw)
    if offset <= owned.last:
        raise OutcomeUnknown(f"the log answered offset {offset} after {owned.last}")
    if offset != owned.last + 1:
        hole = await lane.ports.log.read(owned.last + 1, offset - 1)
        if any(isinstance(decode_record(record), Start) for _, record in hole):
            raise Fenced
    owned.last = offset
    return offset


def _planned(
    lane: "Lane",
    taken: Sequence[Record],
    evaluated: Evaluated,
    moment: Moment,
    positions: dict[str, int] | None = None,
    again: int = 0,
) -> tuple[bytes, Commit]:
    """The plan of the evaluation as the log takes it, and all that its commit writes."""
    owned, ports = lane.held(), lane.ports
    outbox = encode_outbox(evaluated.outputs)
    head = owned.head
    arrived = evaluated.timer is None and evaluated.clock >= moment.wall
    plan = Plan(
        term=owned.term,
        seq=owned.head.seq + 1,
        done=owned.done,
        wall=moment.wall,
        idle=moment.idle and arrived and evaluated.cut is None,
        ranges=ranges(taken, ports.source.topics, owned.head.positions),
        rules=evaluated.rules,
        outputs_digest=xxh3_128_digest(outbox),
        states_digest=digest_states(evaluated.values),
        positions=positions or {},
        partitions=ports.source.partitions if positions is not None else 0,
        cut=evaluated.cut,
        since=moment.since if moment.since > head.clock else 0,
        timers=evaluated.timers,
        timer=evaluated.timer,
        again=again,
    )
    owned.planned_at, owned.logged_done = plan.made_at, owned.done
    raw = encode(plan)
    return raw, Commit(-1, plan_digest(raw), plan, ports.evaluator.terms, outbox, evaluated)


def ranges(
    taken: Sequence[Record], topics: Sequence[str], positions: Mapping[str, int]
) -> tuple[Range, ...]:
    """One range per topic, in topic order. A range begins at the position, so that offsets without
    records (which Kafka may skip) belong to the plan that stepped over them. Raises BadLog where
    a record lies before the position, or comes twice: it would be decided twice."""
    following: dict[str, int] = {}
    for record in taken:
        topic, offset = record.topic, record.offset
        due = following.get(topic)
        if due is None:
            due = positions.get(topic, offset + 1)
        if offset < due:
            raise BadLog(
                f"Offset {offset} of {topic} came where the lane's position is "
                f"{due if topic in positions else 'unknown'}.",
                "Nothing was paid for it. Start the worker again, and report this as a bug.",
            )
        following[topic] = offset + 1
    return tuple(Range(t, positions[t], following[t] - 1) for t in topics if t in following)
