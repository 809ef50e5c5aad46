"""A round: faults at random times, alone and several at once, then peace, then the verdict."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from random import Random

from msgspec import Struct, field

from tests.chaos.faults import Kind, Struck
from tests.chaos.site import Site
from tests.chaos.stage import NothingUnderWay, Stage
from tests.integration.verifier import Verdict, verify

PATIENCE = 90.0
"""Seconds after which a lane that does not serve again is a failure."""


class Fault(Struct):
    """One that hit while a batch was under way. Seconds; `served`: from the strike until every lane
    had answered an event that was sent after it; `settled`: from the fault's end until every lane
    had answered one that was sent after that; `alone`: no other overlapped."""

    kind: str
    began: float
    over: float
    served: float
    settled: float
    flights: dict[str, int]
    alone: bool = True


class Round(Struct):
    """`missed`: strikes that hit while nothing was under way; they do not count."""

    seed: str
    faults: list[Fault] = field(default_factory=list)
    missed: int = 0
    failed_starts: int = 0
    seconds: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)
    complaints: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return self.verdict.clean and not self.complaints


class Plan:
    """Which kind comes next: each as often as any other, in an order of the seed."""

    def __init__(self, kinds: Sequence[Kind], random: Random) -> None:
        self._kinds, self._random = list(kinds), random
        self._bag: list[Kind] = []

    def group(self, most: int) -> list[Kind]:
        """One kind, or two or three that get on with each other."""
        size = min(most, self._random.choice((1, 1, 2, 2, 3)))
        chosen: list[Kind] = []
        while len(chosen) < size:
            if not self._bag:
                self._bag = self._random.sample(self._kinds, len(self._kinds))
            taken = {kind.alone for kind in chosen if kind.alone}
            if self._bag[-1].alone in taken or self._bag[-1] in chosen:
                break
            chosen.append(self._bag.pop())
        return chosen


async def play(
    site: Site, directory: Path, seed: str, kinds: Sequence[Kind], faults: int, rate: int
) -> Round:
    """At least so many faults that count, and the verdict. Whatever goes wrong is told in it."""
    played, begun = Round(seed), time.time()
    async with Stage(site, directory, seed, rate) as stage:
        plan = Plan(kinds, stage.random)
        while len(played.faults) < faults and not played.complaints:
            group = plan.group(faults - len(played.faults))
            await asyncio.gather(*(_one(stage, kind, played, n) for n, kind in enumerate(group)))
            await asyncio.sleep(stage.random.uniform(0, 0.5))
        await _to_rest(stage, played)
        played.verdict = await verify(stage.loyalty, stage.versions)
        played.failed_starts = sum(worker.failed for worker in stage.crew.workers)
    _mark_overlaps(played.faults)
    played.seconds = time.time() - begun
    return played


async def _one(stage: Stage, kind: Kind, played: Round, number: int) -> None:
    """One fault until every lane serves again."""
    if number:
        await asyncio.sleep(stage.random.uniform(0, 2.5))
    with stage.site.outage() if kind.outage else nullcontext():
        try:
            struck = await kind.strike(stage)
        except NothingUnderWay:
            played.missed += 1
            return
        except TimeoutError:
            played.complaints.append(f"{kind.name}: a worker does not stop")
            return
        recovers = await stage.pulse.beyond(struck.over, PATIENCE)
    if not recovers:
        told = {n: struck.over - at for n, at in stage.pulse.latest.items()}
        played.complaints.append(f"{kind.name}: lanes do not serve again, behind by {told}")
    elif not struck.flights:
        played.missed += 1
    else:
        played.faults.append(_fault(stage, kind, struck))


def _fault(stage: Stage, kind: Kind, struck: Struck) -> Fault:
    flights = {point.value: count for point, count in struck.flights.items()}
    served = stage.pulse.answered(struck.began) - struck.began
    settled = stage.pulse.answered(struck.over) - struck.over
    return Fault(kind.name, struck.began, struck.over, served, settled, flights)


async def _to_rest(stage: Stage, played: Round) -> None:
    """The load ends, everything is worked off, the workers stop."""
    await stage.quiet()
    try:
        await stage.loyalty.caught_up(PATIENCE)
        await stage.crew.stop()
    except (AssertionError, TimeoutError) as error:
        played.complaints.append(f"{type(error).__name__}: {error}")


def _mark_overlaps(faults: Sequence[Fault]) -> None:
    for fault in faults:
        fault.alone = not any(
            other.began < fault.over + fault.settled and fault.began < other.over + other.settled
            for other in faults
            if other is not fault
        )
