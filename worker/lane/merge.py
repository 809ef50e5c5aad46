"""The order in which a lane takes the records of its topics: pure, and the same in every replay."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from operator import attrgetter

from schemas.records import Record

_timestamp = attrgetter("timestamp")


def merge(runs: Sequence[Sequence[Record]]) -> list[Record]:
    """Runs (one per topic, in topic order, each in offset order) as one.

    Always the run whose next record has the lowest broker timestamp, ties to the earlier topic:
    offsets of a topic never change places, whatever its timestamps say. The merge of prefixes is
    the prefix of the merge, so a replay of a plan's ranges meets the order of its evaluation.
    """
    filled = [run for run in runs if run]
    if len(filled) == 1:
        return list(filled[0])
    if all(_ascending(run) for run in filled):
        return sorted((record for run in filled for record in run), key=_timestamp)
    keyed = [
        (stamp, record)
        for run in filled
        for stamp, record in zip(accumulate(map(_timestamp, run), max), run, strict=True)
    ]
    keyed.sort(key=lambda pair: pair[0])
    return [record for _, record in keyed]


def _ascending(run: Sequence[Record]) -> bool:
    stamps = [record.timestamp for record in run]
    return stamps == sorted(stamps)


def before_gaps(merged: list[Record], lagging: Mapping[str, int]) -> list[Record]:
    """The part of the merge that is certain: up to and with the last buffered record of the first
    topic that has more to come (`lagging`: topic → offset of its last buffered record)."""
    if not lagging:
        return merged
    for index, record in enumerate(merged):
        if lagging.get(record.topic) == record.offset:
            return merged[: index + 1]
    return merged
