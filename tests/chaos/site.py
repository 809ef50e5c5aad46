"""The servers of a fault run, each behind a proxy that cuts and slows its connections."""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from random import Random
from types import TracebackType

from redis.asyncio import Redis, RedisCluster

from tests.integration.deployment import AnyRedis
from tests.parts.kafka import KafkaServer, kafka_trio
from tests.parts.proxy import Proxy
from tests.parts.redis import RedisServer, redis_cluster

GRACE_SECONDS = 30.0


class Site:
    """`async with Site() as site:` one broker, or three with three replicas of everything; one
    Redis and its replica, or a Redis Cluster of three masters, which no proxy stands before."""

    def __init__(self, *, brokers: int = 1, cluster: bool = False) -> None:
        self._stack = AsyncExitStack()
        self._broker_count, self._is_cluster = brokers, cluster
        self.brokers: list[KafkaServer] = []
        self.broker_proxies: list[Proxy] = []
        self.masters: list[RedisServer] = []
        self.redis_proxy = Proxy()
        self._out, self._back_at = 0, 0.0

    async def __aenter__(self) -> "Site":
        try:
            await self._start_brokers()
            if self._is_cluster:
                await self._start_cluster()
            else:
                await self._start_pair()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _start_brokers(self) -> None:
        for _ in range(self._broker_count):
            self.broker_proxies.append(await self._stack.enter_async_context(Proxy()))
        addresses = [f"127.0.0.1:{proxy.port}" for proxy in self.broker_proxies]
        if self._broker_count == 1:
            self.brokers.append(KafkaServer(advertised=addresses[0]))
        else:
            self.brokers += kafka_trio(addresses)
        for broker, proxy in zip(self.brokers, self.broker_proxies, strict=True):
            self._stack.callback(broker.close)
            proxy.retarget(broker.port)
        await asyncio.gather(*(asyncio.to_thread(broker.start) for broker in self.brokers))

    async def _start_pair(self) -> None:
        await self._stack.enter_async_context(self.redis_proxy)
        self.redis, self.replica = RedisServer(), RedisServer()
        for server in (self.redis, self.replica):
            self._stack.callback(server.close)
            await asyncio.to_thread(server.start)
        self.follow()

    async def _start_cluster(self) -> None:
        whole = ("--cluster-require-full-coverage", "no")
        self.masters = await asyncio.to_thread(self._stack.enter_context, redis_cluster(3, whole))

    @property
    def redis_url(self) -> str:
        if not self.masters:
            return f"redis://127.0.0.1:{self.port}"
        return "redis+cluster://" + ",".join(f"127.0.0.1:{each.port}" for each in self.masters)

    def redis_client(self) -> AnyRedis:
        """To look at what is stored."""
        if not self.masters:
            return Redis(port=self.port)
        return RedisCluster(host="127.0.0.1", port=self.masters[0].port)

    def pick_redis(self, random: Random) -> RedisServer:
        """The one that workers use, or one of the cluster's masters."""
        return random.choice(self.masters) if self.masters else self.redis

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

    def forget(self) -> None:
        """Redis as before the first round."""
        for server in self.masters or [self.redis]:
            server.cli("FLUSHALL")


def lose_tail(redis: RedisServer, count: int) -> None:
    """Kill Redis, cut so many bytes off its file, start it."""
    redis.kill()
    file = redis.append_only_file()
    os.truncate(file, max(0, file.stat().st_size - count))
    redis.start()
