"""Topics of the benchmark's broker: made, filled, watched and read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from confluent_kafka import Producer

from benchmarks.harness.errors import WrongCommands
from benchmarks.workload.events import InputEvent
from benchmarks.workload.expected import Command

PARTITIONS = 8


class _Cause(msgspec.Struct, rename="camel"):
    event_id: str


class _AddBonus(msgspec.Struct, rename="camel"):
    rule_id: str
    amount_major: str
    caused_by: _Cause


decode_command = msgspec.json.Decoder(_AddBonus).decode


async def create_topics(
    bootstrap: str, names: Iterable[str], timestamps: str = "CreateTime"
) -> None:
    """With `PARTITIONS` partitions each, kept for ever. `timestamps`: CreateTime is the
    producer's, LogAppendTime the broker's."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        config = {"retention.ms": "-1", "message.timestamp.type": timestamps}
        answer = await admin.create_topics(
            [NewTopic(name, PARTITIONS, 1, topic_configs=config) for name in names]
        )
        refused = [error for error in answer.topic_errors if error[1]]
        if refused:
            raise RuntimeError(f"topics were not created: {refused}")
    finally:
        await admin.close()


def load(bootstrap: str, topics: Mapping[str, str], events: Sequence[InputEvent]) -> None:
    """Produces a backlog in its order, partitioned by key as the Java client does."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "partitioner": "murmur2_random",
            "linger.ms": 50,
            "batch.num.messages": 5000,
            "queue.buffering.max.messages": 2_000_000,
            "enable.idempotence": True,
            "log_level": 2,
        }
    )
    for number, event in enumerate(events):
        producer.produce(topics[event.topic], event.value, event.client_id)
        if number % 1000 == 0:
            producer.poll(0)
    left = producer.flush(120)
    if left:
        raise RuntimeError(f"{left} events of the backlog were not acknowledged")


class OutputWatch:
    """Counts and reads what a contender wrote to its topic of commands, without being a member
    of any group. `partitions`: those that it looks at."""

    def __init__(
        self, bootstrap: str, topic: str, partitions: Iterable[int] = range(PARTITIONS)
    ) -> None:
        self._partitions = [TopicPartition(topic, number) for number in partitions]
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
        )

    async def __aenter__(self) -> "OutputWatch":
        await self._consumer.start()
        self._consumer.assign(self._partitions)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def ends(self) -> dict[TopicPartition, int]:
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(self._partitions)
        return ends

    async def produced_since(self, begin: Mapping[TopicPartition, int]) -> int:
        ends = await self.ends()
        return sum(ends[tp] - begin[tp] for tp in self._partitions)

    def seek(self, positions: Mapping[TopicPartition, int]) -> None:
        for partition, offset in positions.items():
            self._consumer.seek(partition, offset)

    async def poll(self, timeout_ms: int) -> list[Any]:
        """Records as soon as there are some, at most `timeout_ms` later."""
        polled = await self._consumer.getmany(timeout_ms=timeout_ms)
        return [record for records in polled.values() for record in records]

    async def read(self, begin: Mapping[TopicPartition, int], count: int) -> list[Command]:
        """The `count` commands from `begin` on."""
        self.seek(begin)
        commands: list[Command] = []
        while len(commands) < count:
            for record in await self.poll(5000):
                command = decode_command(record.value)
                commands.append((command.caused_by.event_id, command.rule_id, command.amount_major))
        return commands


def check_commands(who: str, found: Sequence[Command], expected: set[Command]) -> None:
    """Raises WrongCommands with the first few that are missing, foreign or repeated."""
    unique = set(found)
    faults = {
        "missing": sorted(expected - unique),
        "not expected": sorted(unique - expected),
        "repeated": sorted(set(_repeated(found))) if len(unique) < len(found) else [],
    }
    told = [
        f"{len(commands)} {kind}, such as {commands[:3]}"
        for kind, commands in faults.items()
        if commands
    ]
    if told:
        raise WrongCommands(f"{who} produced other commands than the rules give: {'; '.join(told)}")


def _repeated(commands: Iterable[Command]) -> Iterable[Command]:
    seen: set[Command] = set()
    for command in commands:
        if command in seen:
            yield command
        seen.add(command)
