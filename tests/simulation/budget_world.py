"""Several lanes that share budgets, each with a log, tables and an input of its own.

Every lane is a `World` (appends late or lost, tables that fall back); the partitions of the
internal topic join them. An event has one or two rules; each needs so much of the set's budget, of
its own, or of both; some events give back what an earlier one was credited.
"""

from collections.abc import Sequence
from decimal import Decimal
from random import Random

from msgspec import Struct

from rules_engine.budgets.port import BudgetKey, Need, budget_key
from schemas.records import InputRecord, Output, Record
from tests.simulation.source import SomeOfEach
from tests.simulation.world import SimulatedPublisher, Step, World
from worker.lane.ports import Batch

LANES = 3
UNIT = Decimal(1)


class Item(Struct, frozen=True):
    """One rule of an event. `only_after_refusal`: it matches only where the one before did not."""

    rule: str
    needs: tuple[Need, ...]
    only_after_refusal: bool


class Event(Struct, frozen=True):
    """`refund_of`: offset of an earlier event of the lane whose credits go back."""

    items: tuple[Item, ...] = ()
    refund_of: int | None = None


class Shared:
    """What the lanes have in common."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        random = self.random
        self.refunds = random.random() < 0.4
        self.periods = random.choice((1, 2, 2, 4))
        self.versions = [
            {
                (organization, rule): Decimal(random.randint(3, 25))
                for organization in ("p", "q")
                for rule in ("", "a")
            }
        ]
        self.internal: list[list[InputRecord]] = [[] for _ in range(LANES)]
        self.lanes = [LaneWorld(self, n, seed) for n in range(LANES)]

    def limit_of(self, key: BudgetKey, version: int = -1) -> Decimal:
        """The amount by a version of the rules; -1: the latest."""
        organization, rule, _, _ = key.split("\x1f")
        return self.versions[version][organization, rule]

    def raise_limit(self, key: BudgetKey | None = None) -> None:
        """An author gives one budget more; from now on plans name the new version."""
        raised = dict(self.versions[-1])
        chosen = self.random.choice(list(raised))
        if key is not None:
            organization, rule, _, _ = key.split("\x1f")
            chosen = (organization, rule)
        raised[chosen] += self.random.randint(1, 8)
        self.versions.append(raised)

    def make_event(self, offset: int) -> Event:
        random = self.random
        if self.refunds and offset and random.random() < 0.3:
            return Event(refund_of=random.randrange(offset))
        organization = random.choice("pq")
        late = random.choice((0, 0, 0, 0, 1, 3))
        ordinal = max(0, offset * self.periods // 9 - late)
        count = random.choice((1, 1, 2))
        return Event(tuple(self._item(organization, ordinal, n) for n in range(count)))

    def _item(self, organization: str, ordinal: int, number: int) -> Item:
        random = self.random
        amount = Decimal(random.randint(1, 6))
        rules = random.choice((("",), ("a",), ("", "a"), ("a", "")))
        needs = tuple(self.need(organization, rule, ordinal, amount) for rule in rules)
        return Item(f"rule-{number}", needs, number > 0 and random.random() < 0.5)

    def need(self, organization: str, rule: str, ordinal: int, amount: Decimal) -> Need:
        key = budget_key(organization, rule, "MONTH", ordinal)
        return Need(key, amount, self.limit_of(key))


class LaneWorld(World):
    """One lane's part of the world."""

    def __init__(self, shared: Shared, number: int, seed: int) -> None:
        super().__init__(seed * LANES + number)
        self.random = shared.random
        self.shared = shared
        self.number = number
        self.events: list[Event] = []
        for offset in range(self.random.randint(3, 9)):
            self.events.append(shared.make_event(offset))

    def records(self, topic: str) -> Sequence[InputRecord]:
        if topic == "B":
            return self.shared.internal[self.number]
        return [InputRecord("E", self.number, n, 0, None, b"") for n in range(len(self.events))]


class BudgetSource(SomeOfEach[LaneWorld]):
    partitions = LANES
    topics: Sequence[str] = ("B", "E")
    internal: str | None = "B"

    def records(self, topic: str) -> Sequence[Record]:
        return self.world.records(topic)

    async def poll(self, internal_only: bool = False, seconds: float = 1.0) -> Batch | None:
        await Step()
        topics = ("B",) if internal_only else self.topics
        return self.taken([record for topic in topics for record in self.some(topic)])


class BudgetPublisher(SimulatedPublisher):
    """Messages arrive in the receiver's partition, again with every repetition."""

    def __init__(self, world: LaneWorld) -> None:
        super().__init__(world)
        self._internal = world.shared.internal

    async def publish(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            await super().publish([output])
            if output.partition is not None:
                log = self._internal[output.partition]
                place = (output.partition, len(log), 0)
                log.append(InputRecord("B", *place, output.key, output.value))
