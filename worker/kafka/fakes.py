"""Lane log and publisher in memory, with the contract of the real ones."""

from collections.abc import Mapping, Sequence

from schemas.records import InputRecord, Output
from worker.errors import BadLog


class MemoryLog:
    """`worker.lane.ports.LaneLog`. `begins` moves when retention takes the head (`forget`)."""

    def __init__(self) -> None:
        self._records: list[bytes] = []
        self._begins = 0

    def __len__(self) -> int:
        return len(self._records)

    async def append(self, record: bytes) -> int:
        self._records.append(record)
        return len(self._records) - 1

    async def read(self, first: int, last: int) -> Sequence[tuple[int, bytes]]:
        if last < max(first, 0):
            return []
        if max(first, 0) < self._begins or last >= len(self._records):
            raise BadLog(
                f"The log holds offsets {self._begins} to {len(self._records) - 1}, "
                f"not {max(first, 0)} to {last}.",
                "State and log do not belong together.",
            )
        first = max(first, 0)
        return list(enumerate(self._records[first : last + 1], start=first))

    def forget(self, before: int) -> None:
        """What retention does to a log."""
        self._begins = before


class MemoryLaneLog:
    """The logs of all lanes."""

    def __init__(self) -> None:
        self._lanes: dict[int, MemoryLog] = {}

    async def start(self) -> None:
        """Nothing to connect."""

    async def stop(self) -> None:
        """Nothing to close."""

    def lane(self, n: int) -> MemoryLog:
        return self._lanes.setdefault(n, MemoryLog())


class MemoryPublisher:
    """The outputs of all lanes, by topic, in the order of arrival."""

    def __init__(self, topics: Mapping[str, str]) -> None:
        self._topics = dict(topics)
        self._published: dict[str, list[InputRecord]] = {}

    async def start(self) -> None:
        """Nothing to connect."""

    async def stop(self) -> None:
        """Nothing to close."""

    def lane(self, n: int) -> "MemoryLanePublisher":
        return MemoryLanePublisher(self, n)

    def records(self, topic: str) -> Sequence[InputRecord]:
        """Everything published to a topic. Timestamps are 0."""
        return tuple(self._published.get(topic, ()))

    def add(self, n: int, output: Output) -> None:
        topic = self._topics[output.channel]
        records = self._published.setdefault(topic, [])
        offset = sum(record.partition == n for record in records)
        records.append(
            InputRecord(topic, n, offset, 0, output.key, output.value, list(output.headers))
        )


class MemoryLanePublisher:
    """`worker.lane.ports.Publisher`."""

    def __init__(self, publisher: MemoryPublisher, n: int) -> None:
        self._publisher, self._n = publisher, n

    async def publish(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            partition = self._n if output.partition is None else output.partition
            self._publisher.add(partition, output)
