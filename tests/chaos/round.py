"""A round: faults at random times, alone and several at once, then peace, then the verdict."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from random import Random

from msgspec import Struct, field

from tests.chaos.faults import EVERYTHING, Kind
from tests.chaos.site import Site
from tests.chaos.stage import NothingUnderWay, Stage, Standstill, Struck
from tests.integration.verifier import Verdict, verify

IDLE_SECONDS = 6.0
"""After so long without a record a lane has taken everything that was due half of it ago."""
PATIENCE = 90.0
"""Seconds after which a lane that does not serve again is a failure."""
TRIES = 6
"""A kind that hits nothing under way so many times in a row is one that the run does not have."""


class Options(Struct, frozen=True):
    """Of every round: faults at most, events a second, what the kinds' names must have in them, and
    how many faults may come together."""

    round: int = 60
    rate: int = 150
    kinds: str = ""
    together: Sequence[int] = (1, 1, 2, 2, 3)


class Fault(Struct):
    """One that hit while a batch was under way. Seconds; `served`: from the strike until every lane
    had answered an event that was sent after it; `settled`: from the fault's end until every lane
    had answered one that was sent after that; `alone`: no other was near."""

    kind: str
    began: float
    over: float
    served: float
    settled: float
    flights: dict[str, int]
    alone: bool = False


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
    """Which kind comes next: each as often as its share, in an order of the seed; what only this
    layout has comes first, and of that what bears no other beside it."""

    def __init__(self, kinds: Sequence[Kind], random: Random, together: Sequence[int]) -> None:
        self._kinds = [kind for kind in kinds for _ in range(kind.share)]
        self._random, self._together = random, together
        self._bag = sorted(self._shuffled(), key=lambda kind: (kind.of != "", _is_lone(kind)))
        self._missed: dict[Kind, int] = {}

    def _shuffled(self) -> list[Kind]:
        return self._random.sample(self._kinds, len(self._kinds))

    def group(self, most: int) -> list[Kind]:
        """One kind, or several that get on with each other: what does not waits for its turn."""
        size = min(most, self._random.choice(self._together))
        if len(self._bag) < len(self._kinds):  # so that there always is one to go with these
            self._bag = self._shuffled() + self._bag
        chosen = [self._bag.pop()]
        while len(chosen) < size and not _is_lone(chosen[0]):
            following = self._following(chosen)
            if following is None:
                break
            chosen.append(self._bag.pop(following))
        return chosen

    def _following(self, chosen: Sequence[Kind]) -> int | None:
        """Where in the bag the next one is that gets on with these; None: nowhere."""
        taken = {kind.alone for kind in chosen if kind.alone}
        for place in reversed(range(len(self._bag))):
            kind = self._bag[place]
            if kind not in chosen and kind.alone not in taken and not _is_lone(kind):
                return place
        return None

    def again(self, kind: Kind) -> None:
        """It hit nothing under way: its turn comes once more, behind the others."""
        self._bag.insert(0, kind)
        self._missed[kind] = self._missed.get(kind, 0) + 1

    def counts(self, kind: Kind) -> None:
        """It hit something."""
        self._missed.pop(kind, None)

    @property
    def owed(self) -> list[Kind]:
        """What hit nothing since it last counted: a round does not end before it has."""
        return list(self._missed)

    @property
    def vain(self) -> list[Kind]:
        """What never hits anything."""
        return [kind for kind, times in self._missed.items() if times >= TRIES]


def _is_lone(kind: Kind) -> bool:
    return kind.alone == EVERYTHING


async def play(
    site: Site, directory: Path, seed: str, kinds: Sequence[Kind], faults: int, options: Options
) -> Round:
    """At least so many faults that count, and one of each kind that was tried; then the verdict.
    Whatever goes wrong is told in it."""
    played, begun = Round(seed), time.time()
    async with Stage(site, directory, seed, options.rate) as stage:
        plan = Plan(kinds, stage.random, options.together)
        while (len(played.faults) < faults or plan.owed) and not played.complaints:
            missing = faults - len(played.faults)
            group = plan.group(missing) if missing > 0 else plan.owed[:1]
            calm = _is_lone(group[0]) or stage.random.random() < 0.75
            if calm:
                await stage.calm(PATIENCE)
            first = len(played.faults)
            strikes = (_one(stage, kind, played, number) for number, kind in enumerate(group))
            for kind, counts in zip(group, await asyncio.gather(*strikes), strict=True):
                if counts:
                    plan.counts(kind)
                else:
                    plan.again(kind)
            played.complaints += [f"{kind.name}: never hits a batch" for kind in plan.vain]
            for fault in played.faults[first:]:
                fault.alone = calm and len(group) == 1
        rested = await _to_rest(stage, played)
        played.verdict = await verify(stage.loyalty, stage.versions, rested)
        played.failed_starts = sum(worker.failed for worker in stage.crew.workers)
    played.seconds = time.time() - begun
    return played


async def _one(stage: Stage, kind: Kind, played: Round, number: int) -> bool:
    """One fault until every lane serves again. Did it hit something under way, and count?"""
    if number:
        await asyncio.sleep(stage.random.uniform(0, 2.5))
    with stage.site.outage() if kind.outage else nullcontext():
        try:
            struck = await kind.strike(stage)
        except NothingUnderWay:
            played.missed += 1
            return False
        except TimeoutError:
            played.complaints.append(f"{kind.name}: a worker does not stop")
            return False
        except Standstill as error:
            played.complaints.append(f"{kind.name}: {error}")
            return False
        recovers = await stage.pulse.beyond(struck.over, PATIENCE)
    if not recovers:
        told = {n: struck.over - at for n, at in stage.pulse.latest.items()}
        played.complaints.append(f"{kind.name}: lanes do not serve again, behind by {told}")
        return False
    if not struck.flights:
        played.missed += 1
        return False
    played.faults.append(_fault(stage, kind, struck))
    return True


def _fault(stage: Stage, kind: Kind, struck: Struck) -> Fault:
    flights = {point.value: count for point, count in struck.flights.items()}
    served = stage.pulse.answered(struck.began) - struck.began
    settled = stage.pulse.answered(struck.over) - struck.over
    return Fault(kind.name, struck.began, struck.over, served, settled, flights)


async def _to_rest(stage: Stage, played: Round) -> int | None:
    """The load ends, clocks go right, everything is worked off, the workers stop: an instant up to
    which nothing may be left due."""
    await stage.quiet()
    stage.crew.set_clocks_right()
    try:
        await stage.loyalty.caught_up(PATIENCE)
        await asyncio.sleep(IDLE_SECONDS)
        rested = int((time.time() - IDLE_SECONDS / 2) * 1_000_000)
        await stage.crew.stop()
    except (AssertionError, TimeoutError) as error:
        played.complaints.append(f"{type(error).__name__}: {error}")
        return None
    return rested
