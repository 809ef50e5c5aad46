"""The cache of packed values keeps to its budget and forgets the least recently written first."""

from worker.lane.cache import OVERHEAD, CacheBudget, LaneCache


def entries(count: int) -> int:
    """A budget for so many entries of one byte of key and ten of value."""
    return count * (1 + 10 + OVERHEAD)


def test_the_least_recently_written_goes_first() -> None:
    cache = LaneCache(CacheBudget(entries(2)))
    cache.put({"a": b"x" * 10, "b": b"x" * 10})
    cache.put({"a": b"y" * 10})
    cache.put({"c": b"x" * 10})
    found, missing = cache.take(["a", "b", "c"])
    assert (sorted(found), missing) == (["a", "c"], ["b"])


def test_a_client_without_state_is_remembered_as_such() -> None:
    cache = LaneCache(CacheBudget(entries(2)))
    cache.put({"a": b""})
    assert cache.take(["a"]) == ({"a": b""}, [])


def test_lanes_share_one_budget_and_give_back_what_they_clear() -> None:
    budget = CacheBudget(entries(2))
    one, other = LaneCache(budget), LaneCache(budget)
    one.put({"a": b"x" * 10, "b": b"x" * 10})
    other.put({"c": b"x" * 10})
    assert len(other) == 0
    one.clear()
    assert budget.used == 0
    other.put({"c": b"x" * 10, "d": b"x" * 10})
    assert len(other) == 2


def test_a_value_that_grows_counts_once() -> None:
    budget = CacheBudget(entries(5))
    cache = LaneCache(budget)
    cache.put({"a": b"x" * 10})
    cache.put({"a": b"x" * 30})
    assert budget.used == 1 + 30 + OVERHEAD
