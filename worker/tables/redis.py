"""Tables in Redis 7.0 or newer: one hash tag per lane, one write command per commit.

Redis 7.0 writes a script of several writes as MULTI..EXEC into its append-only file; a file that
ends inside one is loaded with the MULTI open, and the restart after that applies half of a lost
commit. So COMMIT is a single MSET and TRIM a single DEL. Both may be run again at any time, also by
a reply that comes late: what they compare is the head, which no two commits share.
"""

import asyncio
from collections.abc import Mapping, Sequence
from hashlib import sha1
from typing import Any, cast

from redis.exceptions import NoScriptError, RedisClusterException, RedisError

from worker.errors import Misconfigured, OutcomeUnknown, TablesUnavailable
from worker.findings import Finding
from worker.ports import CommitAnswer
from worker.tables.connect import Client, execute
from worker.tables.health import CONNECTION, check_redis
from worker.tables.limits import LOAD_KEYS, check_commit
from worker.tables.slots import lane_tag

# Every way in which redis-py says that a call did not come to a good end.
FAILURES = (RedisError, RedisClusterException, OSError)


class Script:
    """A Lua script and the digest that Redis knows it by."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = sha1(text.encode(), usedforsecurity=False).hexdigest()


# KEYS head, outbox
PEEK = Script("return redis.call('MGET', KEYS[1], KEYS[2])")

# KEYS head, value…; ARGV head. Values mean something only together with the head they belong to.
LOAD = Script("""
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return false end
if #KEYS == 1 then return {} end
return redis.call('MGET', unpack(KEYS, 2))
""")

# KEYS head, outbox, value…; ARGV old head, new head, outbox, value…
COMMIT = Script("""
local head = redis.call('GET', KEYS[1]) or ''
if head == ARGV[2] then return 'DONE' end
if head ~= ARGV[1] then return 'MOVED' end
local set = {}
for i = 1, #KEYS do
  set[i * 2 - 1] = KEYS[i]
  set[i * 2] = ARGV[i + 1]
end
redis.call('MSET', unpack(set))
return 'OK'
""")

# KEYS head, outbox; ARGV head. DEL, because Redis carries it out also when its memory is full.
TRIM = Script(
    "if (redis.call('GET', KEYS[1]) or '') == ARGV[1] then redis.call('DEL', KEYS[2]) end"
)


class RedisTables:
    """`worker.tables.factory.TablesFactory` over one client."""

    def __init__(self, client: Client, prefix: str, deadline_seconds: float) -> None:
        if "{" in prefix or "}" in prefix:
            raise Misconfigured(
                f"REDIS_KEY_PREFIX is {prefix!r}: braces would move keys out of their lane's slot.",
                "Choose a prefix without braces.",
            )
        self._client, self._prefix, self._deadline = client, prefix, deadline_seconds
        self._commits: set[asyncio.Task[CommitAnswer]] = set()

    def lane(self, n: int) -> "RedisLane":
        return RedisLane(self, "{" + self._prefix + lane_tag(n) + "}:")

    async def check(self) -> Sequence[Finding]:
        try:
            async with asyncio.timeout(self._deadline):
                return await check_redis(self._client)
        except FAILURES as error:
            remedy = "Is it up, are REDIS_URL, user, password and certificates right?"
            return [Finding("redis", CONNECTION, f"{describe(error).rstrip('.')}.", remedy)]

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
    """`worker.ports.Tables` of one lane. Keys: `base` + head, outbox, v:<key>."""

    def __init__(self, tables: RedisTables, base: str) -> None:
        self._tables = tables
        self._head, self._outbox, self._value = f"{base}head", f"{base}outbox", f"{base}v:"

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
        self, old: bytes, new: bytes, outbox: bytes, values: Mapping[str, bytes]
    ) -> CommitAnswer:
        check_commit(values)
        keys = [self._head, self._outbox, *[self._value + key for key in values]]
        task = asyncio.create_task(self._commit(keys, old, new, outbox, *values.values()))
        return await self._tables.uncancelled(task)

    async def _commit(self, keys: Sequence[str], *args: bytes) -> CommitAnswer:
        try:
            answer: bytes = await self._tables.run(COMMIT, keys, *args)
        except FAILURES as error:
            # Also a plain refusal: a call before this one may have been carried out.
            raise OutcomeUnknown(describe(error)) from error
        return cast(CommitAnswer, answer.decode())

    async def trim(self, head: bytes) -> None:
        try:
            await self._tables.run(TRIM, [self._head, self._outbox], head)
        except FAILURES as error:
            raise TablesUnavailable(describe(error)) from error


def describe(error: BaseException) -> str:
    """What an operator reads; a timeout has no text of its own."""
    if isinstance(error, TimeoutError) and not str(error):
        return "Redis did not answer in time."
    return f"Redis: {type(error).__name__}: {error}"
