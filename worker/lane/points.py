"""The named points of the lane's procedure, where a test may let the process die or stall.

Every point stands between two steps that reach the world; docs/adr/0005-crash-points.md says of
each what is durable there, who repeats what, and why no effect doubles. The worker passes them
without a look: what stands behind `UNMARKED` does nothing, and no setting or option of the command
replaces it. Only whoever builds a worker in code can (`worker.app.Parts`), as the tests do.
"""

from enum import StrEnum
from typing import Protocol


class Point(StrEnum):
    """Named by what has just happened; the numbers are those of the procedure (`lane.py`)."""

    PEEKED = "1a-peeked"
    STARTED = "1b-started"
    FOLDED = "1c-folded"
    OUTBOX_PUBLISHED = "1d-outbox-published"
    REPLAY_EVALUATED = "2a-replay-evaluated"
    REPLAY_COMMITTED = "2a-replay-committed"
    REPLAY_PUBLISHED = "2a-replay-published"
    EMPTY_APPENDED = "2b-empty-appended"
    EMPTY_COMMITTED = "2b-empty-committed"
    SOUGHT = "2c-sought"
    POLLED = "3-polled"
    LOADED = "4-loaded"
    EVALUATED = "4-evaluated"
    APPENDING = "5-appending"
    APPENDED = "6-appended"
    COMMITTING = "7-committing"
    COMMITTED = "7-committed"
    PUBLISHING = "8-publishing"
    PUBLISHED = "8-published"
    TRIMMED = "8-trimmed"


class Points(Protocol):
    def reached(self, point: Point) -> None:
        """Called at each point, by every lane. It may not return."""


class Unmarked:
    """Production: nothing happens anywhere."""

    def reached(self, point: Point) -> None:
        """Pass."""


UNMARKED = Unmarked()
