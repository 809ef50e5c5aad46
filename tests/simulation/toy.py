"""A tiny domain whose answers betray every fault: each effect carries the whole history before it.

A client's state is (events seen, checksum of their order). Every second event of a client gives an
output whose content holds the checksum, the wall clock and the rule set of its plan, and the lane's
clock before it: an event lost, doubled, reordered or decided anew shows in all content after it.
"""

import zlib
from collections.abc import Mapping, Sequence
from random import Random

from msgspec import Struct

from schemas.records import InputRecord, Output, Record
from tests.simulation.world import World
from worker.lane.evaluator_port import Evaluated, Moment, Pending, Search, Work
from worker.lane.plan import Terms
from worker.tables.port import IndexRange

TERMS = Terms(0, 0, 0, evaluation=1, codec=1)
MOST_CLIENTS = 2
TOPICS = ("A", "B", "C")
PER_TOPIC = 7


class ToyWorld(World):
    """`rules`: those that are in force."""

    def __init__(self, seed: int) -> None:
        super().__init__(Random(seed))
        self.topics = make_topics(self.random)
        self.rules = "r1"


def make_topics(random: Random) -> dict[str, list[InputRecord]]:
    """Three topics, three clients; broker timestamps mostly ascending, sometimes not."""
    topics: dict[str, list[InputRecord]] = {}
    for number, topic in enumerate(TOPICS):
        stamp = 0
        topics[topic] = []
        for offset in range(PER_TOPIC):
            stamp += random.choice((0, 1, 2, 5, -2))
            client = "xyz"[(offset * (number + 1) + random.randint(0, 1)) % 3]
            value = f"{topic}{offset}".encode()
            record = InputRecord(topic, 0, offset, stamp, client.encode(), value)
            topics[topic].append(record)
    return topics


class ToyWork(Struct, frozen=True):
    records: Sequence[Record]
    rules: dict[str, str | None]
    keys: Sequence[str]


class Timeless:
    """The part of an evaluator in which nothing is ever due and nothing is forgotten."""

    terms = TERMS

    async def learn(self, rules: Mapping[str, str | None]) -> None: ...

    def supports(self, evaluation: int) -> bool:
        return evaluation == TERMS.evaluation

    def search(self, *_: object) -> Search | None:
        return None

    def old(self, clock: int) -> IndexRange:
        return IndexRange(b"p\x1f", b"p\x1f", 0)

    def key_of(self, entry: bytes) -> str:
        raise AssertionError(entry)

    def forgets(self, values: Mapping[str, bytes], clock: int) -> Sequence[str]:
        raise AssertionError(values)

    @property
    def wakes(self) -> Sequence[bytes]:
        return ()

    def wakes_under(self, _: Mapping[str, str | None]) -> Sequence[bytes]:
        return ()

    def next_due(self, moment: Moment, earliest: Sequence[bytes]) -> int | None:
        return None


class ToyEvaluator(Timeless):
    def __init__(self, world: ToyWorld) -> None:
        self.world = world

    @property
    def shared_key(self) -> str | None:
        return None

    def pending(self, shared: bytes) -> Pending | None:
        raise AssertionError(shared)

    def prepare(self, records: Sequence[Record], rules: Mapping[str, str | None] | None) -> Work:
        keys = dict.fromkeys(client(record) for record in records)
        chosen: dict[str, str | None] = {"o": self.world.rules}
        if rules is not None:
            chosen = dict(rules)
        return ToyWork(records, chosen, list(keys))

    def evaluate(
        self,
        work: Work,
        values: Mapping[str, bytes],
        moment: Moment,
        terms: Terms,
        search: Search | None = None,
    ) -> Evaluated:
        assert isinstance(work, ToyWork)
        fresh: dict[str, bytes] = {}
        outputs: list[Output] = []
        taken = 0
        for record in work.records:
            key = client(record)
            if key not in fresh and len(fresh) == MOST_CLIENTS:
                break
            count, checksum = unpack(fresh.get(key) or values[key])
            assert record.value is not None
            count, checksum = count + 1, zlib.crc32(record.value, checksum)
            fresh[key] = f"{count}:{checksum}".encode()
            taken += 1
            if count % 2 == 0:
                content = f"{checksum}:{moment.wall}:{moment.begin}:{work.rules.get('o')}".encode()
                outputs.append(Output("BONUS_COMMANDS", record.value, content))
        rules = work.rules if taken else {}
        return Evaluated(taken, fresh, outputs, rules, moment.begin + taken)


def client(record: Record) -> str:
    assert record.key is not None
    return record.key.decode()


def unpack(raw: bytes) -> tuple[int, int]:
    if not raw:
        return 0, 0
    count, checksum = raw.decode().split(":")
    return int(count), int(checksum)
