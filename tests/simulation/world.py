"""A world that misbehaves on command: the lane log, the tables and the outputs of one lane, and
what is under way to them. What an owner sees of it is in `parts` and `tables`.

Everything that waits yields to the scheduler, so a lane can be stopped, overtaken or killed at
every step. Appends land late, twice or never; tables fall back to any earlier write or to nothing.
"""

from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from schemas.records import Output
from worker.errors import OutcomeUnknown
from worker.lane.plan import Plan, decode_record
from worker.tables.memory import LaneStore

Answer = TypeVar("Answer")
Listener = Callable[[str], None]
"""Is told what happens."""


class Step:
    """One turn of the scheduler, or of an event loop."""

    def __await__(self) -> Generator[None, None, None]:
        yield


@dataclass
class Append:
    raw: bytes
    owner: int
    offset: int | None = None


class World:
    """One lane's."""

    number, lanes = 0, 1

    def __init__(self, random: Random) -> None:
        self.random = random
        self.log: list[bytes] = []
        self.under_way: list[Append] = []
        self.history = [LaneStore()]
        """The tables after every write; none of them changes any more."""
        self.falling = 0
        """By so many writes the tables fall back while a commit is under way."""
        self.delayed: list[list[Callable[[], object]]] = []
        """Requests to the tables that are still under way, each command by command (`late.py`)."""
        self.published: list[Output] = []
        self.now = 1_000_000
        self.newest = 0
        self.dismissed: set[int] = set()
        """Owners who heard that the lane is another one's: until it is theirs again they wait."""
        self.lossy = 0.02
        self.changes = 0
        """Of the log, the tables and the topics."""
        self._waited = (0, 0)
        """How often the lane's owner asked for records in vain since the last of them."""
        self.listener: Listener | None = None

    @property
    def tables(self) -> LaneStore:
        """As they are now. Not to be written to but by `change`."""
        return self.history[-1]

    def change(self, command: Callable[[LaneStore], Answer]) -> Answer:
        """A write of its own: the tables may fall back to between it and the next."""
        after = self.tables.copy()
        answer = command(after)
        if after != self.tables:
            if after.head != self.tables.head:
                self.tell("the head moves")
            self.history.append(after)
            self.changes += 1
        return answer

    def roll_back(self, writes: int) -> None:
        del self.history[max(1, len(self.history) - writes) :]
        self.changes += 1

    def perhaps_fall(self) -> None:
        if self.falling and self.chance(0.5):
            self.tell("the tables fall back under a commit")
            self.roll_back(self.falling)
            self.falling = 0

    def land(self, append: Append) -> None:
        """The record arrives; now and then twice, and the acknowledgement names either."""
        self.under_way.remove(append)
        append.offset = len(self.log)
        self.log.append(append.raw)
        self.changes += 1
        if self.listener is not None:
            self.tell(f"owner {append.owner} appends {append.offset}: {_name(append.raw)}")
        if self.random.random() < 0.03:
            append.offset += self.random.randint(0, 1)
            self.log.append(append.raw)

    def arrive(self) -> None:
        """The next command of a delayed request is carried out; nobody waits for the answer."""
        request = self.random.choice(self.delayed)
        with suppress(OutcomeUnknown):
            request.pop(0)()
        if not request:
            self.delayed.remove(request)

    def is_member(self, owner: int) -> bool:
        """Does the group hold the lane to be this owner's?"""
        return owner == self.newest

    def wait(self, owner: int) -> None:
        """It asked for records, and there are none."""
        if self.is_member(owner):
            times = self.vain + 1
            self._waited = (self.changes, times)

    @property
    def vain(self) -> int:
        """How often the owner asked in vain since anything happened."""
        at, times = self._waited
        return times if at == self.changes else 0

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def tell(self, what: str) -> None:
        if self.listener is not None:
            self.listener(f"lane {self.number}: {what}")


def _name(raw: bytes) -> str:
    record = decode_record(raw)
    return f"plan {record.seq} of term {record.term}" if isinstance(record, Plan) else "a start"
