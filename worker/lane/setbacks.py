"""What goes wrong under a lane: a new term mends it, as long as that can help.

A dependency that is away comes back, and the lane goes on where it stood; a stale owner knows
better once it has acquired again. Neither may go on for ever unnoticed: there is an end to both.
"""

from worker.errors import BadLog, Contradicted, LoudStop, Unavailable
from worker.lane.plan import LOST_MESSAGES

MOST_CONTRADICTIONS = 5
"""At one head: whoever acquired so often is not stale, the topic of budgets lost records."""


class Setbacks:
    """Those of one lane. `give_up_after`: seconds that a dependency may be away."""

    def __init__(self, lane: int, give_up_after: float) -> None:
        self._lane, self._give_up_after = lane, give_up_after
        self._failing_since: float | None = None
        self._contradicted = (-1, 0)
        """Sequence of the head at which lanes contradicted this one last, and how often."""

    def over(self) -> None:
        """A plan was carried out, or there is nothing to do: all dependencies answer."""
        self._failing_since = None

    def unavailable(self, error: Unavailable, now: float) -> None:
        """`now`: seconds of a clock that never steps back. Raises LoudStop where it was too
        long."""
        if self._failing_since is None:
            self._failing_since = now
        elif now - self._failing_since > self._give_up_after:
            raise LoudStop(
                f"Lane {self._lane} stood still for {self._give_up_after:g} s: {error}.",
                "Mend the dependency; the worker goes on where it stood.",
            ) from error

    def contradicted(self, error: Contradicted, seq: int) -> None:
        """`seq`: the head's. Raises BadLog where acquiring again never helps."""
        at, times = self._contradicted
        self._contradicted = (seq, times + 1 if at == seq else 1)
        if self._contradicted[1] >= MOST_CONTRADICTIONS:
            message = f"Lane {self._lane} is contradicted again and again: {error}."
            raise BadLog(message, LOST_MESSAGES) from error
