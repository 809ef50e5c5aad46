"""The scheduler of one lane: owners come and go, and everything fails."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from tests.simulation.oracle import Broken
from tests.simulation.world import World
from worker.lane.lane import Lane

AnyWorld = TypeVar("AnyWorld", bound=World)
MakeLane = Callable[[AnyWorld, int], Lane]
"""An owner of a world, by its number."""
MOST_STEPS = 20_000
PATIENCE = 3_000
"""Steps after which a rebalance comes anyway: an idle lane does not notice that its tables fell
back until it writes again."""


class History(ABC, Generic[AnyWorld]):
    """`faults`: at most so many, of the kinds that `kinds` names, each as often as it stands there;
    `fault_rate`: of a turn, while there are some left. All luck is the world's, so that one seed is
    one history."""

    fault_rate = 0.05

    def __init__(self, world: AnyWorld, faults: int, make: MakeLane[AnyWorld]) -> None:
        self.world, self.make = world, make
        self.faults = world.random.randint(0, faults)
        self.kinds: list[Callable[[], None]] = [
            *(self.crash, self.crash, self.overtake, self.overtake),
            *(self.fall_back, self.fall_back, self.doze, self.reload),
        ]
        self.owners: dict[int, Lane] = {}
        self.running: dict[int, Coroutine[Any, Any, None]] = {}
        self.asleep: dict[int, int] = {}
        """Owner → the step at which it goes on."""
        self.back_at = 0
        """The step at which somebody has the lane again, where nobody has it now."""
        self.steps = 0

    @abstractmethod
    def finished(self) -> bool:
        """Is everything taken, committed, published and trimmed?"""

    @abstractmethod
    def reload(self) -> None:
        """Other rules are in force."""

    def play(self) -> None:
        """Raises Broken, LoudStop."""
        self.new_owner()
        while not self.finished():
            self.turn()

    def close(self) -> None:
        for coroutine in self.running.values():
            coroutine.close()

    def turn(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Broken("no progress")
        if self.is_away and self.steps >= self.back_at:
            self.back_at = 0
            self.new_owner()
        if self.steps % PATIENCE == 0:
            self.new_owner()
        luck = self.world.random.random()
        if self.faults and luck < self.fault_rate:
            self.faults -= 1
            self.fault()
        elif self.world.under_way and luck < 0.3:
            self.land_one()
        elif self.world.delayed and luck < 0.35:
            self.world.arrive()
        else:
            self.step_one()

    def land_one(self) -> None:
        """In order per owner; a sleeping owner's records mostly land late."""
        world = self.world
        picked = world.random.choice(world.under_way)
        if self.asleep.get(picked.owner, 0) > self.steps and world.chance(0.9):
            return
        world.land(next(a for a in world.under_way if a.owner == picked.owner))

    def step_one(self) -> None:
        awake = [owner for owner in self.running if self._is_awake(owner)]
        if not awake:
            return
        newest = self.world.newest
        owner = newest if newest in awake and self.world.chance(0.5) else awake[0]
        if owner != newest:
            owner = self.world.random.choice(awake)
        try:
            self.running[owner].send(None)
        except StopIteration:
            del self.running[owner]

    def _is_awake(self, owner: int) -> bool:
        if self.asleep.get(owner, 0) > self.steps:
            return False
        return owner not in self.world.dismissed or self.world.is_member(owner)

    # ------------------------------------------------------------------ owners

    @property
    def is_away(self) -> bool:
        return self.back_at > 0

    def new_owner(self) -> None:
        if self.is_away:
            return
        self.world.newest += 1
        owner = self.world.newest
        self.owners[owner] = self.make(self.world, owner)
        self.running[owner] = self.owners[owner].run()
        self.world.tell(f"owner {owner} comes")

    # ------------------------------------------------------------------ faults

    def fault(self) -> None:
        kind = self.world.random.choice(self.kinds)
        self.world.tell(f"step {self.steps}: {kind.__name__}")
        kind()

    def crash(self) -> None:
        """The newest owner dies, and another one comes; what it sent may still land."""
        if self.world.newest in self.running:
            self.die()
            self.new_owner()

    def die(self) -> None:
        owner = self.world.newest
        self.running.pop(owner).close()
        for append in [a for a in self.world.under_way if a.owner == owner]:
            if self.world.chance(0.5):
                self.world.under_way.remove(append)

    def overtake(self) -> None:
        """Another owner comes, and the one before it does not know."""
        self.asleep[self.world.newest] = self.steps + self.world.random.choice((0, 20, 100, 400))
        self.new_owner()

    def fall_back(self) -> None:
        """Now, or just while the next commit is under way."""
        random = self.world.random
        deep = 10**9 if random.random() < 0.15 else 1 + int(random.expovariate(0.3))
        if random.random() < 0.3:
            self.world.falling = deep
        else:
            self.world.roll_back(deep)

    def doze(self) -> None:
        self.asleep[self.world.newest] = self.steps + self.world.random.choice((10, 50))

    def stay_away(self) -> None:
        """Nobody has the lane for a while."""
        if self.world.newest in self.running:
            self.die()
            self.back_at = self.steps + self.world.random.choice((30, 100, 300))
