"""A record that waits longer than readers remember: what it came to in the end is published, also
by an heir, for nobody has seen it before.

`REPEAT_HORIZON_DAYS` (7): readers remember ids for so long, and the worker never publishes an older
plan again by itself. A plan is as old as its place in the log, not as the instant at which its
record was tried first, which it is evaluated at.
"""

from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace

from schemas.records import Record
from schemas.topics import Channel
from tests.simulation.toy import ToyEvaluator, ToyWork, ToyWorld
from tests.unit.lane.test_lane import DAY_US, NOON, Place
from worker.errors import LoudStop
from worker.lane.acquire import acquire
from worker.lane.evaluator_port import Evaluated, Moment, Pending, Search, Work
from worker.lane.lane import Lane
from worker.lane.plan import Terms
from worker.lane.points import UNMARKED, Point, Points
from worker.lane.ports import Batch
from worker.tables.memory import MemoryLane

TRIED = "tried"
LAST = 1
"""Offset of the record that is tried in vain at first; it gives the only output."""


class TwiceTried(ToyEvaluator):
    """The last record's answer is there when it is tried again."""

    @property
    def shared_key(self) -> str | None:
        return TRIED

    def pending(self, shared: bytes) -> Pending | None:
        return Pending("A", LAST, {"o": "r"}, False, int(shared)) if shared else None

    def prepare(self, records: Sequence[Record], rules: Mapping[str, str | None] | None) -> Work:
        work = super().prepare(records, rules)
        assert isinstance(work, ToyWork)
        return replace(work, keys=[*work.keys, TRIED])

    def evaluate(
        self,
        work: Work,
        values: Mapping[str, bytes],
        moment: Moment,
        terms: Terms,
        search: Search | None = None,
    ) -> Evaluated:
        assert isinstance(work, ToyWork)
        again, known = bool(values[TRIED]), [r for r in work.records if r.offset != LAST]
        records = work.records if again else known
        evaluated = super().evaluate(replace(work, records=records), values, moment, terms)
        if len(known) == len(work.records):
            return evaluated
        tried = b"" if again else f"{moment.wall}".encode()
        cut = None if again else ("A", LAST)
        return replace(evaluated, values=evaluated.values | {TRIED: tried}, cut=cut)


class Crash(Exception):
    """The process died here."""


class CrashAt:
    def __init__(self, point: Point) -> None:
        self._point = point

    def reached(self, point: Point) -> None:
        if point == self._point:
            raise Crash


def owner(place: Place, points: Points = UNMARKED) -> Lane:
    lane = place.lane()
    lane.ports = replace(lane.ports, evaluator=TwiceTried(ToyWorld(0)), points=points)
    return lane


async def once(lane: Lane) -> Lane:
    async def process(batch: Batch) -> None:
        await lane.process(batch)
        lane.stop()

    await lane.run(process)
    return lane


async def try_in_vain(place: Place) -> None:
    lane = await once(owner(place))
    assert lane.held().head.positions == {"A": LAST}


async def die_after_a_wait(place: Place, days: int, point: Point) -> None:
    """At the second try."""
    await try_in_vain(place)
    place.clock.now += days * DAY_US
    with pytest.raises(Crash):
        await owner(place, CrashAt(point)).run()
    assert not place.published(Channel.BONUS_COMMANDS)


@pytest.mark.parametrize("point", [Point.APPENDED, Point.COMMITTED])
async def test_what_waited_longer_than_readers_remember_is_published_by_the_heir(
    point: Point,
) -> None:
    """Logged a minute ago, whatever instant it was evaluated at: nothing to be asked about."""
    place = Place()
    await die_after_a_wait(place, 8, point)
    place.clock.now += 60_000_000
    heir = owner(place)
    heir.owned = await acquire(heir)
    [output] = place.publisher.records(Channel.BONUS_COMMANDS)
    instant = (output.value or b"").split(b":")[1]
    assert instant == str(NOON).encode(), "evaluated at the first try"
    assert heir.held().head.positions == {"A": LAST + 1}


async def test_it_comes_out_alike_where_the_tables_are_lost() -> None:
    place = Place()
    await try_in_vain(place)
    place.clock.now += 8 * DAY_US
    lane = await once(owner(place))
    assert place.published(Channel.BONUS_COMMANDS) == 1
    place.clock.now += 60_000_000
    place.tables = MemoryLane()
    heir = owner(place)
    heir.owned = await acquire(heir)
    assert heir.held().raw_head == lane.held().raw_head


@pytest.mark.parametrize("point", [Point.APPENDED, Point.COMMITTED])
async def test_its_horizon_runs_from_the_plan_that_decided_it(point: Point) -> None:
    place = Place()
    await die_after_a_wait(place, 8, point)
    place.clock.now += 8 * DAY_US
    with pytest.raises(LoudStop, match="REPEAT_HORIZON_DAYS"):
        await acquire(owner(place))


async def test_a_lane_that_decided_what_waited_long_is_not_at_rest_since_then() -> None:
    """The empty plan of a quiet lane comes a day after its latest one."""
    place = Place()
    await try_in_vain(place)
    place.clock.now += 8 * DAY_US
    lane = await once(owner(place))
    plans = len(await place.plans())
    await lane.rest()
    assert len(await place.plans()) == plans
