"""What the demo's worker has done, counted when all that a batch caused is acknowledged."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence

import msgspec
from msgspec import Struct, field

from schemas.records import Output, Record
from schemas.topics import CHANNEL_OF_COMMAND, DEFAULT_TOPICS, EVENT_TYPES, Channel
from schemas.wire import AddBonus
from worker.lane.evaluator_port import Evaluated

EVENTS = frozenset(DEFAULT_TOPICS[channel] for channel in EVENT_TYPES)
"""Topics whose records are events; lanes take records of their own among them."""
COMMANDS = frozenset(CHANNEL_OF_COMMAND.values())
SHOWN = 8
"""Credits and dead letters that are kept to be shown."""
_credit = msgspec.json.Decoder(AddBonus)


class DeadLetter(Struct, frozen=True):
    """What is shown of one."""

    code: str
    message: str
    topic: str


class Totals(Struct):
    """`lanes`: records applied by partition number; `moved` is set whenever a batch is through.

    `latest`: seconds from the broker timestamp of the latest batch's last record to its end.
    """

    events: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    dead_letters: Counter[str] = field(default_factory=Counter)
    lanes: Counter[int] = field(default_factory=Counter)
    credits_shown: deque[AddBonus] = field(default_factory=lambda: deque(maxlen=SHOWN))
    letters_shown: deque[DeadLetter] = field(default_factory=lambda: deque(maxlen=SHOWN))
    latest: float = 0.0
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def batch_published(self, evaluated: Evaluated, records: Sequence[Record]) -> None:
        """The worker's listener."""
        for record in records:
            if record.topic in EVENTS:
                self.events += 1
                self.lanes[record.partition] += 1
        for output in evaluated.outputs:
            if output.channel == Channel.DEAD_LETTERS:
                self._count_dead_letter(output)
            elif output.channel in COMMANDS:
                self._count_command(output)
        if records:
            self.latest = max(0.0, time.time() - records[-1].timestamp / 1000)
        self.moved.set()

    def _count_dead_letter(self, output: Output) -> None:
        headers = {name: value.decode(errors="replace") for name, value in output.headers}
        letter = DeadLetter(
            headers["error.code"], headers["error.message"], headers["source.topic"]
        )
        self.dead_letters[letter.code] += 1
        self.letters_shown.appendleft(letter)

    def _count_command(self, output: Output) -> None:
        kind = dict(output.headers)["type"].decode()
        self.commands[kind] += 1
        if kind == "ADD_BONUS" and output.value is not None:
            self.credits_shown.appendleft(_credit.decode(output.value))

    def summary(self) -> dict[str, object]:
        """The answer of `--format json`."""
        return {
            "events": self.events,
            "commands": dict(sorted(self.commands.items())),
            "deadLetters": dict(sorted(self.dead_letters.items())),
        }
