"""The rule sets' files of a directory, read again only where the system says that they changed.

A file is what it was while its *signature* is: device, inode, size and both times of whatever the
name leads to, so also when a link on the way was swapped. Two things a signature cannot tell: a
second change within one tick of the file system's clock, so what changed lately is read again; and
what a file system keeps to itself, so now and then everything is read.
"""

import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from rules_engine.cases.names import is_rule_set
from worker.rules.ports import RuleText
from worker.rules.texts import rule_text, unreadable_text

LATELY_NS = 2_000_000_000
"""Longer than the ticks of file systems, and than a server's clock is mostly off."""
WHOLE_SECONDS = 30.0

Signature = tuple[int, ...]


class RuleFiles:
    """`*.yaml`, `*.yml` and `*.json`, rule tests beside them left out (`*.test.yaml`). `now_ns`:
    the clock of the files' times; `clock`: seconds, never back."""

    def __init__(
        self,
        directory: Path,
        now_ns: Callable[[], int] = time.time_ns,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory, self._now_ns, self._clock = directory, now_ns, clock
        self._held: Mapping[str, tuple[Signature, RuleText]] = {}
        self._whole_at = clock()

    def read(self) -> Mapping[str, RuleText]:
        """By name, ascending. Blocks; raises OSError where the directory cannot be listed."""
        known, now = self._held, self._clock()
        if now - self._whole_at >= WHOLE_SECONDS:
            known, self._whole_at = {}, now
        held: dict[str, tuple[Signature, RuleText]] = {}
        texts: dict[str, RuleText] = {}
        for name, found in _files(self._directory):
            before, signature = known.get(name), self._signature(found)
            if before is not None and before[0] == signature:
                held[name], texts[name] = before, before[1]
                continue
            text = _read_file(self._directory / name)
            if text is None:
                continue
            texts[name] = text
            if signature and text.unreadable is None:
                held[name] = (signature, text)
        self._held = held
        return texts

    def _signature(self, found: os.stat_result | None) -> Signature:
        """Taken before the file is read: what changes in between is seen the next time. Empty where
        it may not be relied on."""
        if found is None or self._now_ns() - found.st_ctime_ns < LATELY_NS:
            return ()
        times = (found.st_mtime_ns, found.st_ctime_ns)
        return (found.st_dev, found.st_ino, found.st_size, *times)


def _files(directory: Path) -> Iterator[tuple[str, os.stat_result | None]]:
    """Those that are meant, with what the system says of them. What it says nothing of is meant,
    too: reading tells a file that is gone by now from one that nobody can get at, such as a link
    that leads nowhere (whoever removes rules removes the link)."""
    place = os.path.join(directory, "")
    for name in sorted(filter(is_rule_set, os.listdir(directory))):
        if name.startswith("."):
            continue
        try:
            found = os.stat(place + name)
        except OSError:
            yield name, None
            continue
        if stat.S_ISREG(found.st_mode):
            yield name, found


def _read_file(path: Path) -> RuleText | None:
    """None where it is gone by now."""
    try:
        return rule_text(path.read_bytes().decode(errors="surrogateescape"))
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not path.is_symlink():
            return None
        return unreadable_text(error.strerror or str(error))
