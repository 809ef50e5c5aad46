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
from tests.simulation.parts import SimulatedPublisher
from tests.simulation.source import SomeOfEach
from tests.simulation.world import Step, World
from worker.lane.ports import Batch

LANES = 3
INTERNAL = "B"
TOPICS = (INTERNAL, "E")
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
        self.lanes = [LaneWorld(self, n) for n in range(LANES)]

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

    lanes = LANES

    def __init__(self, shared: Shared, number: int) -> None:
        super().__init__(shared.random)
        self.shared, self.number = shared, number
        self.events: list[Event] = []
        self._records: list[InputRecord] = []
        for offset in range(self.random.randint(3, 9)):
            self.append(shared.make_event(offset))

    def append(self, event: Event) -> None:
        place = ("E", self.number, len(self.events), 0)
        self.events.append(event)
        self._records.append(InputRecord(*place, None, b""))
        self.changes += 1

    def records(self, topic: str) -> list[InputRecord]:
        return self.shared.internal[self.number] if topic == INTERNAL else self._records


class BudgetSource(SomeOfEach[LaneWorld]):
    partitions = LANES
    topics: Sequence[str] = TOPICS
    internal: str | None = INTERNAL

    def records(self, topic: str) -> Sequence[Record]:
        return self.world.records(topic)

    async def poll(self, internal_only: bool = False, seconds: float = 1.0) -> Batch | None:
        await Step()
        topics = (INTERNAL,) if internal_only else self.topics
        return self.taken([record for topic in topics for record in self.some(topic)], topics)


class BudgetPublisher(SimulatedPublisher):
    """Messages arrive in the receiver's partition, again with every repetition."""

    def __init__(self, world: LaneWorld) -> None:
        super().__init__(world)
        self._lanes = world.shared.lanes

    def deliver(self, output: Output) -> None:
        if output.partition is not None:
            receiver = self._lanes[output.partition]
            receiver.changes += 1
            log = receiver.records(INTERNAL)
            place = (INTERNAL, output.partition, len(log), 0)
            log.append(InputRecord(*place, output.key, output.value))
