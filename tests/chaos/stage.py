"""What a round plays on: a deployment of its own on the site's servers, its load and its crew."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from types import TracebackType

from aiokafka.errors import KafkaError
from msgspec import Struct

from tests.chaos.crew import Crew, Worker
from tests.chaos.load import Load, instant
from tests.chaos.pulse import Pulse
from tests.chaos.rules import Rules
from tests.chaos.site import Site
from tests.integration.deployment import PARTITIONS, AnyRedis, Deployment
from tests.integration.traffic import Sent
from tests.parts.redis import SLOTS, RedisServer
from worker.lane.points import Point
from worker.tables.slots import lane_tag

Flights = dict[Point, int]
SESSION_SECONDS = 6.0
TICK = 0.1


class NothingUnderWay(Exception):
    """No batch was in flight for so long that the fault would hit nothing."""


class Standstill(AssertionError):
    """A lane stood still that no fault struck."""


class Struck(Struct):
    """When a fault began and was over, seconds since the epoch, and what was under way then."""

    began: float
    over: float
    flights: Flights


class SiteDeployment(Deployment):
    """On the servers of a site."""

    def __init__(self, site: Site, directory: Path, rules: str, **settings: str) -> None:
        super().__init__(site, site, directory, rules, REDIS_URL=site.redis_url, **settings)
        self.site, self.replicas = site, site.replicas

    def redis_client(self) -> AnyRedis:
        return self.site.redis_client()


class Stage:
    """`async with Stage(site, directory, seed) as stage:` all lanes serve when it is entered."""

    def __init__(self, site: Site, directory: Path, seed: str, rate: int = 150) -> None:
        self.site, self.directory, self.rate = site, directory, rate
        self.random = Random(seed)
        self.rules = Rules(seed, instant(), budgets=not site.masters)
        self.versions = [self.rules.next()]
        self.load = Load(seed)
        self.busy: set[Worker] = set()
        """Workers to whom something is happening."""
        self.sent = 0
        self._stack = AsyncExitStack()
        self._sending: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Stage":
        try:
            await self._open()
        except BaseException:
            await self.quiet()
            await self._stack.aclose()
            raise
        return self

    async def _open(self) -> None:
        settings = {"LAPSE_GRACE_SECONDS": "1", "BATCH_MAX_EVENTS": "100"}
        deployment = SiteDeployment(self.site, self.directory, self.versions[0], **settings)
        self.loyalty = await self._stack.enter_async_context(deployment)
        environment = self.loyalty.environment(KAFKA_SESSION_TIMEOUT_SECONDS=str(SESSION_SECONDS))
        crew = Crew(environment, self.directory, self.site.is_out)
        self.crew = await self._stack.enter_async_context(crew)
        self.pulse = await self._stack.enter_async_context(Pulse(self.loyalty))
        self._sending = asyncio.create_task(self._send())
        if not await self.pulse.beyond(1.0, 60):
            told = [worker.log.read_text(errors="replace")[-800:] for worker in self.crew.workers]
            raise AssertionError("the lanes do not open:\n" + "\n".join(told))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.quiet()
        await self._stack.aclose()

    async def _send(self) -> None:
        """The load, at its rate however long a send takes; nothing is made up for."""
        while True:
            begun = time.monotonic()
            await self.send(self.load.batch(max(1, int(self.rate * TICK)), instant()))
            await asyncio.sleep(max(0.0, TICK - (time.monotonic() - begun)))

    async def send(self, events: list[Sent]) -> None:
        """What the broker refuses or does not acknowledge may have arrived, or not."""
        try:
            self.sent += await self.loyalty.send(events)
        except KafkaError:
            await asyncio.sleep(0.2)

    async def quiet(self) -> None:
        """The end of the load."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
            self._sending = None

    async def under_way(self, worker: Worker | None = None, seconds: float = 8.0) -> Flights:
        """The batches that are decided and not yet published right now, of one worker or of all.
        Raises NothingUnderWay where there were none for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            flights = self.crew.flights() if worker is None else worker.page.flights()
            if flights:
                return flights
            await asyncio.sleep(0.001)
        raise NothingUnderWay

    def pick_worker(self) -> Worker:
        """One that lives and to whom nothing happens yet, but never the last; who never owned a
        lane has nothing under way, so rather another. Raises NothingUnderWay."""
        free = [worker for worker in self.crew.alive if worker not in self.busy]
        if len(free) < 2:
            raise NothingUnderWay
        return self.random.choice([worker for worker in free if worker.page.has_owned] or free)

    async def calm(self, seconds: float) -> None:
        """Until everybody is back at work and no lane keeps an event waiting for a second."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            whole = all(worker.is_as_wanted for worker in self.crew.workers)
            begun = time.time()
            if whole and await self.pulse.beyond(begun, 2) and time.time() < begun + 1:
                return
            await asyncio.sleep(0.1)

    def lanes_elsewhere(self, master: RedisServer) -> set[int]:
        """Lanes whose state lies with another master of the cluster."""
        lanes = set()
        for lane in range(PARTITIONS):
            key = f"{{{self.loyalty.prefix}{lane_tag(lane)}}}"
            slot = int(master.cli("CLUSTER", "KEYSLOT", key))
            if slot * len(self.site.masters) // SLOTS != self.site.masters.index(master):
                lanes.add(lane)
        return lanes

    def reload(self) -> None:
        """Another version of the rules, whole at once."""
        text = self.rules.next()
        self.versions.append(text)
        draft = self.loyalty.rules / ".draft"
        draft.write_text(text)
        draft.rename(self.loyalty.rules / "izi.yaml")
