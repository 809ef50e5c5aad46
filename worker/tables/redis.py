"""Tables in Redis 7.0 or newer: one hash tag per lane, one write command per commit.

Redis 7.0 writes a script of several writes as MULTI..EXEC into its append-only file; a file that
ends inside one is loaded with the MULTI open, and the restart after that applies half of a lost
commit. So COMMIT is a single MSET and TRIM a single DEL. Both may be run again at any time, also by
a reply that comes late: what they compare is the head, which no two commits share.

The index is a sorted set whose scores are all 0, so Redis orders it by bytes. A commit that adds to
it is a pipeline: stale entries out (only under the old head), new ones in, then the script, which
looks whether all of them are there. So neither a part of the pipeline that failed nor somebody's
removal that comes late can leave the state without an entry that it needs.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from redis.asyncio import RedisCluster
from redis.exceptions import NoScriptError, RedisClusterException, RedisError, ResponseError

from worker.errors import Misconfigured, OutcomeUnknown, TablesUnavailable
from worker.findings import Finding
from worker.tables.connect import Client, execute
from worker.tables.durability import check_durability
from worker.tables.emptying import empty
from worker.tables.health import CONNECTION, check_redis
from worker.tables.limits import LOAD_KEYS, check_commit
from worker.tables.port import UNCHANGED, CommitAnswer, IndexChange, IndexRange
from worker.tables.scripts import (
    COMMIT,
    COMMIT_INDEXED,
    DELETE,
    DROP,
    LOAD,
    LOOK,
    PEEK,
    TRIM,
    UNINDEXED,
    Script,
)
from worker.tables.slots import lane_tag

Call = tuple[str | int | bytes, ...]
Word = TypeVar("Word", str, bytes)

# Every way in which redis-py says that a call did not come to a good end.
FAILURES = (RedisError, RedisClusterException, OSError)


class RedisTables:
    """`worker.tables.factory.TablesFactory` over one client."""

    def __init__(self, client: Client, prefix: str, deadline_seconds: float) -> None:
        if "{" in prefix or "}" in prefix:
            raise Misconfigured(
                f"LOYALTY_REDIS_KEY_PREFIX is {prefix!r}: braces would move "
                "keys out of their lane's slot.",
                "Choose a prefix without braces.",
            )
        self._client, self._prefix, self._deadline = client, prefix, deadline_seconds
        self._commits: set[asyncio.Task[CommitAnswer]] = set()

    def lane(self, n: int) -> "RedisLane":
        return RedisLane(self, self._base(n))

    def _base(self, n: int) -> str:
        return "{" + self._prefix + lane_tag(n) + "}:"

    async def check(self) -> Sequence[Finding]:
        try:
            async with asyncio.timeout(self._deadline):
                return await check_redis(self._client)
        except FAILURES as error:
            remedy = "Is it up, are LOYALTY_REDIS_URL, user, password and certificates right?"
            return [Finding("redis", CONNECTION, f"{describe(error).rstrip('.')}.", remedy)]

    async def durability(self) -> Sequence[Finding]:
        try:
            async with asyncio.timeout(self._deadline):
                return await check_durability(self._client)
        except FAILURES:
            return ()  # `check` has said so

    async def empty(self, lanes: Collection[int]) -> int:
        return await empty(self._client, self._prefix, [self._base(n) for n in lanes])

    async def close(self) -> None:
        if self._commits:
            await asyncio.wait(self._commits)
        await self._client.aclose()

    async def run(self, script: Script, keys: Sequence[str], *args: bytes) -> Any:
        """One script within the deadline. Raises FAILURES; all but a refusal leave open whether
        it ran."""
        async with asyncio.timeout(self._deadline):
            try:
                return await self._execute(keys, "EVALSHA", script.sha, *args)
            except NoScriptError:  # a restarted server or another master: nothing was executed
                return await self._execute(keys, "EVAL", script.text, *args)

    async def _execute(self, keys: Sequence[str], how: str, script: str, *args: bytes) -> Any:
        return await execute(self._client, keys[0], how, script, len(keys), *keys, *args)

    async def run_behind(
        self, before: Sequence[Call], script: Script, keys: Sequence[str], args: Sequence[bytes]
    ) -> Any:
        """A script behind other commands on its keys, in one round trip where there is one server.
        Raises FAILURES, also where one of the others failed: it is open then what was carried out.
        """
        known: Call = ("EVALSHA", script.sha, len(keys), *keys, *args)
        spelled: Call = ("EVAL", script.text, len(keys), *keys, *args)
        async with asyncio.timeout(self._deadline):
            answers = await self._send_all(keys[0], [*before, known])
            if isinstance(answers[-1], NoScriptError):
                answers = await self._send_all(keys[0], [*before, spelled])
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers[-1]

    async def _send_all(self, key: str, calls: Sequence[Call]) -> list[Any]:
        if isinstance(self._client, RedisCluster):
            return [await self._answer(key, call) for call in calls]
        async with self._client.pipeline(transaction=False) as pipeline:
            for call in calls:
                pipeline.execute_command(*call)
            answers: list[Any] = await pipeline.execute(raise_on_error=False)
            return answers

    async def _answer(self, key: str, call: Call) -> Any:
        try:
            return await execute(self._client, key, *call)
        except ResponseError as error:
            return error

    async def uncancelled(self, task: "asyncio.Task[CommitAnswer]") -> CommitAnswer:
        """A caller that is cancelled leaves; the commit goes on to its end."""
        self._commits.add(task)
        task.add_done_callback(self._settled)
        return await asyncio.shield(task)

    def _settled(self, task: "asyncio.Task[CommitAnswer]") -> None:
        self._commits.discard(task)
        if not task.cancelled():
            task.exception()  # the caller may be gone: mark it as seen


class RedisLane:
    """`worker.tables.port.Tables` of one lane. Keys: `base` + head, outbox, index, v:<key>."""

    def __init__(self, tables: RedisTables, base: str) -> None:
        self._tables = tables
        self._head, self._outbox, self._value = f"{base}head", f"{base}outbox", f"{base}v:"
        self._index = f"{base}index"

    async def peek(self) -> tuple[bytes, bytes]:
        try:
            head, outbox = await self._tables.run(PEEK, [self._head, self._outbox])
        except FAILURES as error:
            raise TablesUnavailable(describe(error)) from error
        return head or b"", outbox or b""

    async def load(self, head: bytes, keys: Sequence[str]) -> list[bytes | None] | None:
        values: list[bytes | None] = []
        for first in range(0, len(keys) or 1, LOAD_KEYS):
            part = keys[first : first + LOAD_KEYS]
            found = await self._load(head, [self._head, *[self._value + key for key in part]])
            if found is None:
                return None
            values += found
        return values

    async def _load(self, head: bytes, keys: Sequence[str]) -> list[bytes | None] | None:
        try:
            return cast("list[bytes | None] | None", await self._tables.run(LOAD, keys, head))
        except FAILURES as error:
            raise TablesUnavailable(describe(error)) from error

    async def commit(
        self,
        old: bytes,
        new: bytes,
        outbox: bytes,
        values: Mapping[str, bytes],
        index: IndexChange = UNCHANGED,
    ) -> CommitAnswer:
        check_commit(values)
        keys = [self._head, self._outbox, *[self._value + key for key in values]]
        args = [old, new, outbox, *values.values()]
        if index.add or index.drop:
            committing = self._commit_indexed(keys, args, index)
        else:
            committing = self._commit(keys, args)
        return await self._tables.uncancelled(asyncio.create_task(committing))

    async def _commit(self, keys: Sequence[str], args: Sequence[bytes]) -> CommitAnswer:
        try:
            answer: bytes = await self._tables.run(COMMIT, keys, *args)
        except FAILURES as error:
            # Also a plain refusal: a call before this one may have been carried out.
            raise OutcomeUnknown(describe(error)) from error
        return cast(CommitAnswer, answer.decode())

    async def _commit_indexed(
        self, keys: Sequence[str], args: Sequence[bytes], index: IndexChange
    ) -> CommitAnswer:
        before: list[Call] = [
            # Spelled out: behind a commit that was carried out it could not be repeated.
            ("EVAL", DROP.text, 2, self._head, self._index, args[0], *part)
            for part in _parts(index.drop, LOAD_KEYS)
        ]
        if index.add:
            scored = [word for entry in index.add for word in (b"0", entry)]
            before.append(("ZADD", self._index, *scored))
        script_keys, script_args = [*keys, self._index], [*args, *index.add]
        try:
            answer = await self._tables.run_behind(before, COMMIT_INDEXED, script_keys, script_args)
        except FAILURES as error:
            raise OutcomeUnknown(describe(error)) from error
        if answer == UNINDEXED:
            raise OutcomeUnknown("Redis: entries of the index went missing under a commit.")
        return cast(CommitAnswer, answer.decode())

    async def look(self, head: bytes, ranges: Sequence[IndexRange]) -> list[list[bytes]] | None:
        words = [
            word
            for each in ranges
            for word in (b"[" + each.first, b"(" + each.beyond, b"%d" % each.most)
        ]
        try:
            found = await self._tables.run(LOOK, [self._head, self._index], head, *words)
        except FAILURES as error:
            raise TablesUnavailable(describe(error)) from error
        return cast("list[list[bytes]] | None", found)

    async def tidy(self, head: bytes, entries: Sequence[bytes], keys: Sequence[str] = ()) -> None:
        values = [self._value + key for key in keys]
        try:
            for gone in _parts(values, LOAD_KEYS):
                await self._tables.run(DELETE, [self._head, *gone], head)
            for part in _parts(entries, LOAD_KEYS):
                await self._tables.run(DROP, [self._head, self._index], head, *part)
        except FAILURES as error:
            raise TablesUnavailable(describe(error)) from error

    async def trim(self, head: bytes) -> None:
        try:
            await self._tables.run(TRIM, [self._head, self._outbox], head)
        except FAILURES as error:
            raise TablesUnavailable(describe(error)) from error


def _parts(words: Sequence[Word], size: int) -> Iterator[Sequence[Word]]:
    return (words[first : first + size] for first in range(0, len(words), size))


def describe(error: BaseException) -> str:
    """What an operator reads; a timeout has no text of its own."""
    if isinstance(error, TimeoutError) and not str(error):
        return "Redis did not answer in time."
    return f"Redis: {type(error).__name__}: {error}"
