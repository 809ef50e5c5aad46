"""Scenes in which time passes that a search by chance comes upon too seldom, written down."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from schemas.records import InputRecord
from tests.simulation.history import MakeLane
from tests.simulation.tables import SimulatedTables
from tests.simulation.timer_history import make_lane, run_world
from tests.simulation.timer_world import BEGIN, DAY_US, TOPICS, TimerWorld
from worker.tables.port import IndexChange

VISITS = "VISITS"
ROUNDS, SCENE_DAYS = 4, 16
MOST_UNITS = 100
MOST_OWNERS = 40
"""After so many the tables stay as they are, so that every history ends."""


def run_refusals(seed: int, faults: int = 12, make: MakeLane[TimerWorld] = make_lane) -> int:
    """A catch-up in which clients visit, send something else under the same id dated days later,
    and visit again a day after the first time: what is refused moves no clock, so nobody was absent
    who came back. Timers that rang. Raises Broken where an effect was lost, doubled or wrong."""
    world = TimerWorld(seed, hurry=True, swapped=seed % 2 == 0)
    world.most_units = MOST_UNITS
    for topic in TOPICS:
        world.topics[topic].clear()
    world.topics[VISITS] += _refusals()
    world.now = world.started + SCENE_DAYS * DAY_US
    return run_world(world, faults, make)


class FallsBack(SimulatedTables):
    """Falls back by a few writes just while a commit is under way: before the entries of the index
    change, or between them and the commit."""

    async def _change_index(self, old: bytes, index: IndexChange) -> None:
        self._perhaps()
        await super()._change_index(old, index)
        self._perhaps()

    def _perhaps(self) -> None:
        if self.world.newest < MOST_OWNERS and self.world.chance(0.07):
            self.world.roll_back(self.world.random.randint(1, 4))


def _refusals() -> Iterator[InputRecord]:
    offset = 0
    for number in range(ROUNDS):
        for client in "xyz":
            first = BEGIN + timedelta(days=4 * number, hours=9)
            name = f"{client}{number}"
            arrived = first + timedelta(days=3)
            for event_id, at in (
                (name, first),
                (name, arrived),
                (f"{name}-again", first + timedelta(days=1)),
            ):
                yield _visit(offset, client, event_id, at, arrived)
                offset += 1


def _visit(offset: int, client: str, event_id: str, at: datetime, arrived: datetime) -> InputRecord:
    event = {
        "eventId": event_id,
        "organizationId": "p",
        "clubId": "c1",
        "clientId": client,
        "occurredAt": at.isoformat(),
        "type": "VISIT_STARTED",
        "visitId": "v",
        "tariffId": "t",
    }
    stamp = int(arrived.timestamp() * 1000)
    return InputRecord(VISITS, 0, offset, stamp, client.encode(), json.dumps(event).encode())
