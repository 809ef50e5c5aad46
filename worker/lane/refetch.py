"""The records of logged plans, read from the topics again, in the order of their evaluation.

Plans are taken in windows: the ranges of a window are read at once.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from schemas.records import Record
from worker.errors import Misconfigured
from worker.lane.merge import merge
from worker.lane.plan import Chained, Plan, timer_at

if TYPE_CHECKING:
    from worker.lane.lane import Lane
    from worker.lane.ports import Source

WINDOW = 500
"""Offsets that are fetched and evaluated at once: some 15 ms of the event loop, and few enough to
stay in the processor's caches meanwhile."""

_offset = attrgetter("offset")


def windows(links: Sequence[Chained]) -> Iterator[Sequence[Chained]]:
    first, size = 0, 0
    for number, link in enumerate(links):
        own = sum(part.last - part.first + 1 for part in link.plan.ranges)
        if size and size + own > WINDOW:
            yield links[first:number]
            first, size = number, 0
        size += max(own, 1)
    if first < len(links):
        yield links[first:]


class Refetched:
    """What the topics hold of the plans of one window."""

    def __init__(self, source: "Source", by_topic: Mapping[str, Sequence[Record]]) -> None:
        self._source, self._by_topic = source, by_topic

    def records(self, plan: Plan) -> list[Record]:
        """Those of the plan, in the order of its evaluation."""
        source = self._source
        ranges = {part.topic: part for part in plan.ranges}
        internal, runs = list[Record](), list[Sequence[Record]]()
        for topic in source.topics:
            if topic not in ranges:
                continue
            run = _within(self._by_topic[topic], ranges[topic].first, ranges[topic].last)
            if topic == source.internal:
                internal.extend(run)
            else:
                runs.append(run)
        return [*internal, *merge(runs)]

    async def tried(self, plan: Plan) -> Sequence[Record]:
        """The record that the plan tried in vain: it is evaluated again, for the same question."""
        if plan.cut is None or timer_at(plan.cut) is not None:
            return ()
        topic, offset = plan.cut
        found = _within(self._by_topic.get(topic, ()), offset, offset)
        return found or await self._source.fetch(topic, offset, offset)


async def refetch(lane: "Lane", window: Sequence[Chained]) -> Refetched:
    """The records of all ranges of the plans. Raises Misconfigured where a topic of theirs is no
    input now, BadLog where it no longer holds them."""
    source = lane.ports.source
    spans: dict[str, tuple[int, int]] = {}
    for link in window:
        for part in link.plan.ranges:
            _check_topic(lane, link.plan, part.topic)
            first, _ = spans.get(part.topic, (part.first, part.last))
            spans[part.topic] = (first, part.last)
    found = {t: await source.fetch(t, *spans[t]) for t in source.topics if t in spans}
    return Refetched(source, found)


def _check_topic(lane: "Lane", plan: Plan, topic: str) -> None:
    if topic not in lane.ports.source.topics:
        raise Misconfigured(
            f"Plan {plan.seq} of lane {lane.number} takes records of {topic}, "
            "which is not an input topic now.",
            "Set the TOPIC_ names as they were until the lane has caught up.",
        )


def _within(records: Sequence[Record], first: int, last: int) -> Sequence[Record]:
    begin = bisect_left(records, first, key=_offset)
    return records[begin : bisect_right(records, last, lo=begin, key=_offset)]
