"""What the demo's worker has done, counted when all that a batch caused is acknowledged."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence

import msgspec
from msgspec import Struct, field

from schemas.records import Output, Record
from schemas.topics import Channel
from schemas.wire import AddBonus
from worker.ports import Evaluated

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
        self.events += len(records)
        for record in records:
            self.lanes[record.partition] += 1
        for output in evaluated.outputs:
            self._count(output)
        if records:
            self.latest = max(0.0, time.time() - records[-1].timestamp / 1000)
        self.moved.set()

    def _count(self, output: Output) -> None:
        headers = {name: value.decode() for name, value in output.headers}
        if output.channel == Channel.DEAD_LETTERS:
            code = headers["error.code"]
            self.dead_letters[code] += 1
            letter = DeadLetter(code, headers["error.message"], headers["source.topic"])
            self.letters_shown.appendleft(letter)
            return
        self.commands[headers["type"]] += 1
        if headers["type"] == "ADD_BONUS" and output.value is not None:
            self.credits_shown.appendleft(_credit.decode(output.value))

    def summary(self) -> dict[str, object]:
        """The answer of `--format json`."""
        return {
            "events": self.events,
            "commands": dict(sorted(self.commands.items())),
            "deadLetters": dict(sorted(self.dead_letters.items())),
        }
