"""Steps 1 and 2 of the lane: become the owner, and bring the state to the end of the log.

1. Acquire
   a. read head and outbox (no fence);
   b. append a start: its offset is my term;
   c. read the log from the head's plan to my start and fold it;
   d. publish the outbox unless its sequence is covered by `done`;
   e. no plan at all: resolve START_FROM once, append the genesis, commit it before the first poll.
2. Replay
   a. each valid plan beyond the head: fetch its ranges, evaluate, compare digests, commit, publish
      only sequences above `done`;
   b. topics that joined get their position by a plan of that kind;
   c. seek to the positions.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from xxhash import xxh3_128_digest

from schemas.records import Output, Record
from schemas.topics import Channel
from worker.batch import load, step_empty
from worker.commit import Commit, commit, decode_outbox, digest_states, encode_outbox, plan_digest
from worker.errors import BadLog, Contradicted, Diverged, LoudStop, Misconfigured, Moved
from worker.merge import merge
from worker.plan import (
    RESTORE,
    Chain,
    Chained,
    Head,
    Plan,
    Start,
    decode_head,
    decode_record,
    encode,
    fold,
)
from worker.ports import Moment

if TYPE_CHECKING:
    from worker.lane import Lane

LOST_MESSAGES = (
    "The topic of budgets lost records or was recreated: restore it, or follow "
    "docs/runbooks/bad-log.md."
)


class Owned(msgspec.Struct):
    """What an owner knows: its term, the last offset it wrote, the head it committed last."""

    term: int
    last: int
    head: Head
    raw_head: bytes
    """The head's bytes as they stand in the tables; b"" = none."""
    done: int
    logged_done: int
    planned_at: int
    untrimmed: bool = False


async def acquire(lane: "Lane") -> Owned:
    """Raises LoudStop where state, log, topics or settings contradict each other."""
    ports = lane.ports
    raw_head, raw_outbox = await ports.tables.peek()  # 1a
    head = decode_head(raw_head)
    term = await ports.log.append(encode(Start(lane.settings.owner, ports.evaluator.terms)))  # 1b
    chain = await _chain(lane, head, term)  # 1c
    now = ports.clock.now_us()
    owned = Owned(term, term, head, raw_head, chain.done, chain.done, now)
    lane.owned = owned
    _check_partitions(lane, head)
    await _publish_outbox(lane, raw_outbox, chain)  # 1d
    for link in chain.plans:
        await _replay(lane, link, publish=link.plan.seq > chain.done)  # 2a
    _check_partitions(lane, owned.head)
    await _join_topics(lane)  # 1e, 2b
    await ports.source.seek({t: owned.head.positions[t] for t in ports.source.topics})  # 2c
    silent = sum(link.plan.seq <= chain.done for link in chain.plans)
    ports.observer.acquired(lane.number, term, len(chain.plans), silent)
    return owned


async def _chain(lane: "Lane", head: Head, term: int) -> Chain:
    if head.plan_offset >= term:
        raise BadLog(
            f"The state of lane {lane.number} knows offset {head.plan_offset} of the lane log, "
            f"which ends at {term}: the log was recreated under the state.",
            RESTORE,
        )
    raw = await lane.ports.log.read(head.plan_offset, term)
    records = ((offset, decode_record(record), plan_digest(record)) for offset, record in raw)
    if head.plan_offset >= 0 and (not raw or raw[0][0] != head.plan_offset):
        raise BadLog(f"The lane log no longer holds offset {head.plan_offset}.", RESTORE)
    chain = fold(records, head)
    if head.plan_offset >= 0 and chain.head_plan is None:
        raise BadLog(f"Offset {head.plan_offset} of the lane log is not the state's plan.", RESTORE)
    if chain.term != term:
        raise Moved
    return chain


async def _publish_outbox(lane: "Lane", raw_outbox: bytes, chain: Chain) -> None:
    if not raw_outbox:
        return
    owned = lane.held()
    owned.untrimmed = True
    if owned.head.seq > chain.done:
        await _publish(lane, _publishable(lane, chain.head_plan, decode_outbox(raw_outbox)))
    owned.done = max(owned.done, owned.head.seq)


def _check_partitions(lane: "Lane", head: Head) -> None:
    count = lane.ports.source.partitions
    if head.seq and head.partitions != count:
        raise Misconfigured(
            f"The state of lane {lane.number} was made with {head.partitions} partitions, "
            f"the input topics have {count}.",
            "Partition counts of the inputs are fixed; give the topics their old count back.",
        )


async def _replay(lane: "Lane", link: Chained, *, publish: bool) -> None:
    """Exactly this plan, under its own terms."""
    plan, terms, ports, owned = link.plan, link.terms, lane.ports, lane.held()
    if not ports.evaluator.supports(terms.evaluation):
        raise LoudStop(
            f"Plan {plan.seq} of lane {lane.number} was made by evaluation version "
            f"{terms.evaluation}, which this release cannot repeat.",
            "Run the release that made it until the lane has caught up, then this one.",
        )
    records = await _fetch(lane, plan)
    tried = await _fetch_cut(lane, plan)
    await ports.evaluator.learn(plan.rules)
    work = ports.evaluator.prepare([*records, *tried], plan.rules)
    values = await load(lane, work.keys)
    moment = Moment(plan.wall, owned.head.clock, plan.idle)
    try:
        evaluated = ports.evaluator.evaluate(work, values, moment, terms)
    except Contradicted as error:
        raise BadLog(f"Plan {plan.seq} of lane {lane.number}: {error}.", LOST_MESSAGES) from error
    outbox = encode_outbox(evaluated.outputs)
    same = evaluated.taken == len(records) and evaluated.cut == plan.cut
    _compare(lane, link, same, outbox, evaluated.values)
    outputs = _publishable(lane, plan, evaluated.outputs) if publish else ()
    written = encode_outbox(outputs)
    raw = encode(plan)
    await commit(lane, Commit(link.offset, raw, plan, terms, written, evaluated))
    if outputs:
        await _publish(lane, outputs)
        owned.untrimmed = True
    owned.done = max(owned.done, plan.seq)
    lane.progressed()


async def _publish(lane: "Lane", outputs: Sequence[Output]) -> None:
    await lane.ports.publisher.publish(outputs)
    lane.ports.observer.published(lane.number, len(outputs))


def _compare(
    lane: "Lane", link: Chained, whole: bool, outbox: bytes, values: dict[str, bytes]
) -> None:
    plan = link.plan
    same = whole and plan.outputs_digest == xxh3_128_digest(outbox)
    if same and link.terms.codec == lane.ports.evaluator.terms.codec:
        same = plan.states_digest == digest_states(values)
    if not same:
        raise Diverged(
            f"DIVERGED: plan {plan.seq} of lane {lane.number} (lane log offset {link.offset}) "
            "comes out differently than it was logged.",
            "Nothing was paid. Run the release that logged it (docs/runbooks/diverged.md).",
        )


def _publishable(lane: "Lane", plan: Plan | None, outputs: Sequence[Output]) -> Sequence[Output]:
    """Readers forget ids after the horizon: an older plan is never published again by itself.
    Lanes forget nothing of what they heard of each other, and a message left out would be a gap."""
    messages = [output for output in outputs if output.channel == Channel.BUDGETS]
    age = lane.ports.clock.now_us() - plan.wall if plan else 0
    if (
        plan is None
        or len(messages) == len(outputs)
        or age <= lane.settings.repeat_horizon_us
        or lane.settings.stale_outputs == "publish"
    ):
        return outputs
    if lane.settings.stale_outputs == "skip":
        return messages
    raise LoudStop(
        f"Outputs of plan {plan.seq} of lane {lane.number} are older than REPEAT_HORIZON_DAYS, "
        "and nothing says that they were published.",
        "Find out whether the readers have them; then start once with "
        "`loyalty worker --stale-outputs publish` or `--stale-outputs skip`.",
    )


async def _fetch(lane: "Lane", plan: Plan) -> list[Record]:
    source = lane.ports.source
    order = {topic: number for number, topic in enumerate(source.topics)}
    for part in plan.ranges:
        if part.topic not in order:
            raise Misconfigured(
                f"Plan {plan.seq} of lane {lane.number} takes records of {part.topic}, "
                "which is not an input topic now.",
                "Set the TOPIC_ names as they were until the lane has caught up.",
            )
    parts = sorted(plan.ranges, key=lambda part: order[part.topic])
    internal, runs = list[Record](), list[Sequence[Record]]()
    for part in parts:
        run = await source.fetch(part.topic, part.first, part.last)
        if part.topic == source.internal:
            internal.extend(run)
        else:
            runs.append(run)
    return [*internal, *merge(runs)]


async def _fetch_cut(lane: "Lane", plan: Plan) -> Sequence[Record]:
    """The record that the plan tried in vain: it is evaluated again, for the same question."""
    if plan.cut is None:
        return ()
    topic, offset = plan.cut
    return await lane.ports.source.fetch(topic, offset, offset)


async def _join_topics(lane: "Lane") -> None:
    """The genesis of a lane without any plan, or the positions of topics new to it."""
    owned = lane.held()
    new = [t for t in lane.ports.source.topics if t not in owned.head.positions]
    if new:
        resolved = await lane.ports.source.resolve_start(new)
        await step_empty(lane, {topic: resolved[topic] for topic in new})
