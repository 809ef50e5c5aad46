"""What this worker applied and refused, on `loyalty.rules-status` for `rules status` and `push`.

Key: worker ␟ organization; the topic is compacted. Value: JSON, see `Status`. Written in the
background: lanes never wait for it. A worker that stops in good order removes what it wrote; what
a killed one left is told apart by the members of the consumer group.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from worker.errors import Unavailable, WorkerError
from worker.rules.listener import Applied, Refusal

log = logging.getLogger(__name__)

SEPARATOR = "\x1f"
WRITE_AGAIN_SECONDS = 2.0
STOP_SECONDS = 0.5
MOST_FINDINGS = 4_000
"""Characters of findings in a record: enough to act upon, far below any topic's record limit."""

Write = Callable[[bytes, bytes | None], Awaitable[None]]


class AppliedSet(Struct, frozen=True, rename="camel"):
    """`since`: when this worker took it up, RFC 3339."""

    version: str
    hash: str
    since: str


class RefusedSet(Struct, frozen=True, rename="camel"):
    """`text_hash`: SHA-256 of the refused bytes, hex."""

    text_hash: str
    at: str
    findings: str


class Status(Struct, frozen=True, rename="camel"):
    """One organization on one worker. `refused`: the latest text that did not get through; None
    once a later one did."""

    worker: str
    organization_id: str
    applied: AppliedSet | None = None
    refused: RefusedSet | None = None


class StatusBoard:
    """`write`: key and value to the topic (a null value removes)."""

    def __init__(self, worker: str, write: Write) -> None:
        self._worker, self._write = worker, write
        self._known: dict[str, Status] = {}
        self._dirty: dict[str, None] = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def applied(self, told: Applied) -> None:
        """Told again of what it has (its author went back to it), a worker has it since before."""
        before = self._known.get(told.organization)
        fresh = AppliedSet(told.version, told.content_hash, _now())
        has = None if before is None else before.applied
        if has is not None and (has.version, has.hash) == (fresh.version, fresh.hash):
            fresh = has
        stands = before.refused if before is not None and told.refused else None
        self._set(Status(self._worker, told.organization, fresh, stands))

    def refused(self, told: Refusal) -> None:
        organization = _readable(told.organization)
        before = self._known.get(organization)
        findings = _readable(told.findings[:MOST_FINDINGS])
        self._set(
            Status(
                self._worker,
                organization,
                before.applied if before is not None else None,
                RefusedSet(told.text_hash, _now(), findings),
            )
        )

    def removed(self, organization: str) -> None:
        self._known.pop(organization, None)
        self._mark(organization)

    def _set(self, status: Status) -> None:
        self._known[status.organization_id] = status
        self._mark(status.organization_id)

    def _mark(self, organization: str) -> None:
        self._dirty[organization] = None
        self._changed.set()
        if self._task is None:
            self._task = asyncio.create_task(self._keep(), name="rules status")

    async def _keep(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._flush()
            except (Unavailable, WorkerError) as error:
                log.warning("the rules' status is not written, again in a moment: %s", error)
                self._changed.set()
                await asyncio.sleep(WRITE_AGAIN_SECONDS)

    async def _flush(self) -> None:
        while self._dirty:
            organization = next(iter(self._dirty))
            status = self._known.get(organization)
            key = f"{self._worker}{SEPARATOR}{organization}".encode()
            await self._write(key, None if status is None else msgspec.json.encode(status))
            if self._known.get(organization) is status:
                del self._dirty[organization]

    async def stop(self) -> None:
        """Takes back what was written, as far as that goes quickly."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._dirty = dict.fromkeys(self._known)
        self._known.clear()
        with suppress(TimeoutError, WorkerError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._flush()


def _readable(text: str) -> str:
    """What is refused may be named by bytes that are no UTF-8: a record has to be."""
    return text.encode(errors="backslashreplace").decode()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
