"""Warnings of the worker, kept for the console instead of written across it."""

import logging
from collections import deque

KEPT = 4


class Notices(logging.Handler):
    """The latest lines, newest first."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: deque[str] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.appendleft(f"{record.levelname.lower()}: {record.getMessage()}")


def keep_notices() -> Notices:
    """Replace the root's handlers: while the console is up, nothing else may write to it."""
    notices = Notices()
    root = logging.getLogger()
    root.handlers = [notices]
    root.setLevel(logging.WARNING)
    return notices
