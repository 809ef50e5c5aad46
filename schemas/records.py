"""Kafka records on their way in and out, as values."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class Record(Protocol):
    """A record as a consumer hands it over (aiokafka's ConsumerRecord is one).

    `timestamp`: the broker's, milliseconds since the epoch.
    """

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class InputRecord(Struct, frozen=True, gc=False):
    """A plain `Record` for simulation, tests and replay."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class Output(Struct, frozen=True, gc=False, array_like=True):
    """A record to publish. `channel` names the setting that gives its topic:
    BONUS_COMMANDS, GROUP_COMMANDS, PUSH_COMMANDS, BONUS_JOURNAL, DEAD_LETTERS, BUDGETS.
    `partition` None: the lane's own number."""

    channel: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None
