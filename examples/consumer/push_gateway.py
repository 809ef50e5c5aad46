"""The push gateway's reader: a push goes out, and the mark that it did is kept in Redis.

The effect (a call to a push provider) and the mark lie in two systems, so there is an instant
between them. This reader marks in two steps, which decides what a crash there costs:

1. Claim the command: `SET id claimed NX EX 60`. Somebody else's claim: wait; a mark: a repeat.
2. Send the push.
3. Mark it: `SET id done EX 8 days`.

A crash between 2 and 3 lets the claim run out, and the push goes out a second time; never is one
lost. For a push that is right: nobody is hurt by a second one. For money it is not: see `crm.py`.
Where the provider drops repeats by an idempotency key, give it the `commandId`, and the window is
closed.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from redis.asyncio import Redis
from redis.exceptions import RedisError

from examples.consumer.commands import Command
from examples.consumer.reader import REPEAT_HORIZON_DAYS, NotNow

TOPICS = ("loyalty.push-commands",)
CLAIM_SECONDS = 60
"""Longer than a call to the provider may take."""
MARK_SECONDS = (REPEAT_HORIZON_DAYS + 1) * 86_400

Send = Callable[[Command], Awaitable[None]]
"""Hands the push to the provider, with `notBefore` where it has one; raises NotNow."""


class Pushes:
    """`Effects` through a push provider. `now` gives the wall clock."""

    def __init__(
        self,
        redis: Redis,
        send: Send,
        prefix: str = "push:",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._redis, self._send = redis, send
        self._prefix, self._now = prefix, now

    async def apply(self, command: Command) -> bool:
        key = self._prefix + command.command_id
        try:
            if not await self._redis.set(key, "claimed", nx=True, ex=CLAIM_SECONDS):  # 1
                return await self._already(key)
            await self._deliver(command, key)  # 2
            await self._redis.set(key, "done", ex=MARK_SECONDS)  # 3
        except RedisError as error:
            raise NotNow(f"Redis: {error}") from error
        return True

    async def _already(self, key: str) -> bool:
        if await self._redis.get(key) == b"done":
            return False
        raise NotNow("it is being sent by another reader, or was when that one crashed")

    async def _deliver(self, command: Command, key: str) -> None:
        """A push past its time is dropped. What the provider refused is given back."""
        if command.not_after is not None and command.not_after <= self._now():
            return
        try:
            await self._send(command)
        except NotNow:
            await self._redis.delete(key)
            raise
