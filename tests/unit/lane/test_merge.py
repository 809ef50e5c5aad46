"""The order of a lane's records, worked by hand, and its one invariant: prefixes merge alike."""

import heapq

from hypothesis import given
from hypothesis import strategies as st

from schemas.records import InputRecord, Record
from worker.lane.merge import before_gaps, merge


def run(topic: str, *stamps: int) -> list[InputRecord]:
    return [InputRecord(topic, 0, n, stamp, None, None) for n, stamp in enumerate(stamps)]


def names(records: list[Record]) -> list[str]:
    return [f"{record.topic}{record.offset}" for record in records]


def test_the_lowest_timestamp_comes_first_and_ties_go_to_the_earlier_topic() -> None:
    merged = merge([run("a", 1, 5, 9), run("b", 1, 6), run("c", 0, 5)])
    assert names(merged) == ["c0", "a0", "b0", "a1", "c1", "b1", "a2"]


def test_offsets_of_a_topic_never_change_places() -> None:
    merged = merge([run("a", 7, 3, 8), run("b", 5, 7)])
    assert names(merged) == ["b0", "a0", "a1", "b1", "a2"]


def test_one_topic_alone_stays_as_it_is() -> None:
    assert names(merge([[], run("b", 9, 1), []])) == ["b0", "b1"]


stamps = st.lists(st.integers(0, 9), max_size=6)


@given(stamps, stamps, stamps, st.integers(0, 18))
def test_a_replay_of_a_prefix_meets_the_same_order(
    a: list[int], b: list[int], c: list[int], length: int
) -> None:
    runs = [run("a", *a), run("b", *b), run("c", *c)]
    merged = merge(runs)
    prefix = merged[:length]
    again = merge([[r for r in prefix if r.topic == topic] for topic in "abc"])
    assert again == prefix
    rest = merge([[r for r in merged[length:] if r.topic == topic] for topic in "abc"])
    assert rest == merged[length:]


@given(stamps, stamps)
def test_it_is_the_greedy_merge(a: list[int], b: list[int]) -> None:
    runs = [run("a", *a), run("b", *b)]
    heads = [(r[0].timestamp, n, 0) for n, r in enumerate(runs) if r]
    heapq.heapify(heads)
    greedy: list[Record] = []
    while heads:
        _, number, index = heapq.heappop(heads)
        greedy.append(runs[number][index])
        if index + 1 < len(runs[number]):
            heapq.heappush(heads, (runs[number][index + 1].timestamp, number, index + 1))
    assert merge(runs) == greedy


def test_nothing_is_taken_beyond_a_topic_that_has_more_to_come() -> None:
    merged = merge([run("a", 1, 2, 3), run("b", 1, 9)])
    assert names(before_gaps(merged, {"a": 1})) == ["a0", "b0", "a1"]
    assert names(before_gaps(merged, {"a": 2, "b": 0})) == ["a0", "b0"]
    assert before_gaps(merged, {}) == merged
