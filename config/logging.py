"""Logging of the process: one JSON object a line for machines, or text for people.

Only the standard library's logging: whatever a line is about stands in `extra` and becomes a key.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Literal, TextIO

TALKATIVE = ("aiokafka", "asyncio")
"""Loggers that repeat themselves while a broker is away, asyncio on behalf of Kafka's client."""
MOST_LINES, PERIOD_SECONDS = 3, 60.0
KEPT = 1000
"""Kinds of messages whose lines are counted."""

_NUMBER = re.compile(r"0x[0-9a-f]+|\d+")
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure_logging(
    level: str = "INFO",
    log_format: Literal["json", "console"] = "json",
    stream: TextIO | None = None,
) -> None:
    """Replace the root's handlers by one. `stream`: standard error where it is not given."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else ConsoleFormatter())
    handler.addFilter(Repeats())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level)


class Repeats(logging.Filter):
    """Kafka's client says a hundred times a second that a broker is away: of one kind of message
    (`_kind_of`), MOST_LINES are written in PERIOD_SECONDS. The first one after that says in
    `repeats` how many were not."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[tuple[str, str, str], Kind] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in TALKATIVE:
            return True
        key = _kind_of(record)
        if key not in self._kinds and len(self._kinds) >= KEPT:
            self._kinds.clear()
        kind = self._kinds.setdefault(key, Kind(record.created))
        if not 0 <= record.created - kind.since < PERIOD_SECONDS:  # the clock may step back
            if kind.unwritten:
                record.repeats = kind.unwritten
            self._kinds[key] = kind = Kind(record.created)
        if kind.written < MOST_LINES:
            kind.written += 1
            return True
        kind.unwritten += 1
        return False


def _kind_of(record: logging.LogRecord) -> tuple[str, str, str]:
    """Logger, first line without its numbers, and what failed: asyncio says of every task that
    failed unnoticed the same, and one of ours must not be lost among those of Kafka's client."""
    try:
        text = record.getMessage()
    except (TypeError, ValueError, KeyError):  # the formatter's to report
        text = str(record.msg)
    failure = record.exc_info[0] if record.exc_info else None
    first, _, _ = text.partition("\n")
    return record.name, _NUMBER.sub("#", first), failure.__name__ if failure else ""


class Kind:
    """Lines of one kind in the period that began at `since`."""

    def __init__(self, since: float) -> None:
        self.since = since
        self.written = self.unwritten = 0


class JsonFormatter(logging.Formatter):
    """`time` (RFC 3339, UTC), `level`, `logger`, `message`, what `extra` held, `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _instant(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in _extra(record).items() if key not in line}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class ConsoleFormatter(logging.Formatter):
    """`12:00:00.123 INFO    worker.lane: message key=value`"""

    def format(self, record: logging.LogRecord) -> str:
        extra = "".join(f" {key}={value}" for key, value in _extra(record).items())
        time = _instant(record)[11:23]
        line = f"{time} {record.levelname:<7} {record.name}: {record.getMessage()}{extra}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def _instant(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _OWN}
