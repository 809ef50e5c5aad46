"""The servers of a fault run, each behind a proxy that cuts and slows its connections."""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from types import TracebackType

from tests.parts.kafka import KafkaServer
from tests.parts.proxy import Proxy
from tests.parts.redis import RedisServer

GRACE_SECONDS = 30.0


class Site:
    """`async with Site() as site:` one broker, one Redis and its replica."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self.brokers: list[KafkaServer] = []
        self.broker_proxies: list[Proxy] = []
        self.redis_proxy = Proxy()
        self._out, self._back_at = 0, 0.0

    async def __aenter__(self) -> "Site":
        await self._add_broker()
        await self._stack.enter_async_context(self.redis_proxy)
        self.redis = await self._add_redis()
        self.replica = await self._add_redis()
        self.follow()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _add_broker(self) -> None:
        proxy = await self._stack.enter_async_context(Proxy())
        broker = KafkaServer(advertised=f"127.0.0.1:{proxy.port}")
        self._stack.callback(broker.close)
        await asyncio.to_thread(broker.start)
        proxy.retarget(broker.port)
        self.brokers.append(broker)
        self.broker_proxies.append(proxy)

    async def _add_redis(self) -> RedisServer:
        server = RedisServer()
        self._stack.callback(server.close)
        await asyncio.to_thread(server.start)
        return server

    @property
    def bootstrap(self) -> str:
        return ",".join(broker.bootstrap for broker in self.brokers)

    @property
    def port(self) -> int:
        """Where workers find Redis."""
        return self.redis_proxy.port

    @property
    def replicas(self) -> int:
        return len(self.brokers)

    @contextmanager
    def outage(self) -> Iterator[None]:
        """A server is away."""
        self._out += 1
        try:
            yield
        finally:
            self._out -= 1
            self._back_at = time.monotonic()

    def is_out(self) -> bool:
        """A server is away, or was until just now."""
        return self._out > 0 or time.monotonic() < self._back_at + GRACE_SECONDS

    def follow(self) -> None:
        """Workers speak to the master, and the replica repeats it."""
        self.redis_proxy.retarget(self.redis.port)
        self.replica.cli("REPLICAOF", "127.0.0.1", str(self.redis.port))

    async def replica_is_up(self, seconds: float = 15.0) -> bool:
        for _ in range(int(seconds * 20)):
            told = await asyncio.to_thread(self.replica.cli, "INFO", "replication")
            if "master_link_status:up" in told:
                return True
            await asyncio.sleep(0.05)
        return False

    async def fail_over(self) -> None:
        """The master dies, its replica is asked; a new replica begins with nothing."""
        await asyncio.to_thread(self.redis.kill)
        self.redis, self.replica = self.replica, self.redis
        self.redis_proxy.retarget(self.redis.port)
        self.redis_proxy.cut()

    async def renew_replica(self) -> None:
        await asyncio.to_thread(self.replica.start)
        self.follow()

    async def lose_tail(self, count: int) -> None:
        """Kill Redis, cut so many bytes off its file, start it."""
        await asyncio.to_thread(self.redis.kill)
        file = self.redis.append_only_file()
        os.truncate(file, max(0, os.path.getsize(file) - count))
        await asyncio.to_thread(self.redis.start)

    def forget(self) -> None:
        """Redis as before the first round."""
        self.redis.cli("CONFIG", "SET", "maxmemory", "0")
        self.redis.cli("FLUSHALL")
