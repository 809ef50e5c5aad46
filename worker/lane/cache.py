"""Packed client values that a lane has seen, least recently written first to go (what a batch
reads it nearly always writes, too).

A lane may trust its cache because it has executed every plan since the value was loaded; it is
dropped whenever the lane acquires again. All lanes of a worker share one budget of bytes.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

OVERHEAD = 150
"""Bytes that Python spends on an entry beside key and value."""


class CacheBudget:
    """Bytes that the lanes of one worker may hold together."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0


class LaneCache:
    """key → packed value; b"" = known to have no state."""

    def __init__(self, budget: CacheBudget) -> None:
        self._budget = budget
        self._values: OrderedDict[str, bytes] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def take(self, keys: Iterable[str]) -> tuple[dict[str, bytes], list[str]]:
        """What is known of the keys, and those that must be loaded."""
        found: dict[str, bytes] = {}
        missing: list[str] = []
        values = self._values
        for key in keys:
            value = values.get(key)
            if value is None:
                missing.append(key)
            else:
                found[key] = value
        return found, missing

    def put(self, fresh: Mapping[str, bytes]) -> None:
        values, grown = self._values, 0
        for key, value in fresh.items():
            old = values.pop(key, None)
            grown += len(value) - len(old) if old is not None else _size(key, value)
            values[key] = value
        self._budget.used += grown
        while values and self._budget.used > self._budget.limit:
            key, value = values.popitem(last=False)
            self._budget.used -= _size(key, value)

    def clear(self) -> None:
        self._budget.used -= sum(_size(key, value) for key, value in self._values.items())
        self._values.clear()


def _size(key: str, value: bytes) -> int:
    return len(key) + len(value) + OVERHEAD
