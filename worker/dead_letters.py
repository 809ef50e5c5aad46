"""Dead letters on their way back: what the original was, and where it may be sent again.

A letter carries the original's bytes, key and headers, and its own headers beside them
(`schemas.dead_letters`). In a file it is one line, `{"key", "value", "headers"}`, as
`loyalty simulate --dead-letters` and `loyalty dead-letters list --format json` write it: text as
it is, bytes that are not UTF-8 as `{"base64": "…"}`, a header that stands twice as a list.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from schemas.dead_letters import OWN_HEADERS

DAY_MS = 86_400_000


class Letter(Struct, frozen=True):
    """`place`: where it was read, for people."""

    place: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    def own(self, name: str) -> str:
        """One of the letter's own headers, "" where it has none such."""
        return next(
            (text.decode("utf-8", "replace") for key, text in self.headers if key == name), ""
        )

    @property
    def original_headers(self) -> tuple[tuple[str, bytes], ...]:
        return tuple(header for header in self.headers if header[0] not in OWN_HEADERS)


class Sending(Struct, frozen=True):
    """A letter's original with the partition that it goes to."""

    letter: Letter
    topic: str
    partition: int


class Refused(Struct, frozen=True):
    """A letter that is not sent, and what to do about it."""

    letter: Letter
    reason: str

    def __str__(self) -> str:
        return f"{self.letter.place}: not sent: {self.reason}"


class Rules(Struct, frozen=True):
    """Where originals may go.

    `partitions`: partition count by input topic. `by_key`: the partition that a key belongs to.
    `partition`: `agreed` sends only where the key's partition is the one the letter came from,
    `source` and `key` say which of the two counts where they differ. `oldest_ms`: originals that
    are older are refused, for readers may have forgotten a first redrive's `commandId`s.
    """

    partitions: Mapping[str, int]
    by_key: Callable[[bytes, int], int]
    partition: str
    oldest_ms: int


def route(letter: Letter, rules: Rules) -> Sending | Refused:
    """The partition decides which lane, and so which client's state, the event comes to."""
    topic, number = letter.own("source.topic"), letter.own("source.partition")
    count = rules.partitions.get(topic)
    if count is None:
        return Refused(letter, f"{topic or 'no topic'} is no input topic of these settings")
    if lost := letter.own("error.truncated"):
        return Refused(letter, f"its {lost} was cut: let its producer send it again")
    timestamp = letter.own("source.timestamp")
    if not (number.isdecimal() and timestamp.isdecimal()):
        return Refused(
            letter,
            "source.partition or source.timestamp is missing or no number from 0; a letter of "
            "`simulate` has no timestamp: send its event itself",
        )
    if int(timestamp) < rules.oldest_ms:
        return Refused(letter, "it is older than readers remember repeats: see --old")
    source = int(number)
    by_key = source if letter.key is None else rules.by_key(letter.key, count)
    if rules.partition == "agreed" and by_key != source:
        return Refused(
            letter,
            f"its key belongs to partition {by_key} of {topic}, it came from {source}: "
            "see --partition",
        )
    partition = by_key if rules.partition == "key" else source
    if partition >= count:
        return Refused(letter, f"{topic} has {count} partitions, it came from {source}")
    return Sending(letter, topic, partition)


def to_line(letter: Letter) -> str:
    """The letter as one line of JSON."""
    headers: dict[str, Any] = {}
    for name, text in letter.headers:
        if name in headers:
            earlier = headers[name]
            headers[name] = [*(earlier if isinstance(earlier, list) else [earlier]), _text(text)]
        else:
            headers[name] = _text(text)
    line = {"key": _text(letter.key), "value": _text(letter.value), "headers": headers}
    return json.dumps(line, ensure_ascii=False)


def from_lines(lines: Iterable[bytes], file: str) -> Iterator[Letter]:
    """Letters of a file. ValueError names the line that is none."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _from_line(f"{file}:{number}", json.loads(line))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            wanted = '{"key": …, "value": …, "headers": {…}}'
            raise ValueError(f"{file}:{number}: this is no dead letter; write {wanted}") from None


def _from_line(place: str, line: Any) -> Letter:
    headers: list[tuple[str, bytes]] = []
    for name, value in line["headers"].items():
        for one in value if isinstance(value, list) else [value]:
            headers.append((name, _bytes(one) or b""))
    return Letter(place, _bytes(line["key"]), _bytes(line["value"]), tuple(headers))


def _text(data: bytes | None) -> object:
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _bytes(value: Any) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode()
    return base64.b64decode(value["base64"], validate=True)
