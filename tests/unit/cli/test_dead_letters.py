"""Dead letters on their way back: lines, and where an original may go."""

from pathlib import Path

import pytest

from schemas.dead_letters import Code, dead_letter
from schemas.decoded import Rejected
from schemas.records import InputRecord
from worker.cli.application import run
from worker.dead_letters import Letter, Refused, Rules, Sending, from_lines, route, to_line
from worker.kafka.dead_letters import partition_of

NOW = 1_790_000_000_000


def letter(**changed: str) -> Letter:
    """The letter of a record with key c-1 at partition 3, offset 42."""
    record = InputRecord(
        "loyalty.topups", 3, 42, NOW, b"c-1", b'{"eventId": "\xff"}', (("traceparent", b"00-1"),)
    )
    output = dead_letter(record, Rejected(Code.NOT_UTF8, "Byte 13 is not UTF-8."))
    own = dict(output.headers) | {f"source.{k}": v.encode() for k, v in changed.items()}
    return Letter("dead-1@7", output.key, output.value, tuple(own.items()))


def rules(**changed: object) -> Rules:
    given: dict[str, object] = {
        "partitions": {"loyalty.topups": 6},
        "by_key": lambda key, count: 3,
        "partition": "agreed",
        "oldest_ms": NOW - 1,
    }
    return Rules(**(given | changed))  # type: ignore[arg-type]


def test_the_original_goes_back_unchanged() -> None:
    sent = route(letter(), rules())
    assert isinstance(sent, Sending)
    assert (sent.topic, sent.partition) == ("loyalty.topups", 3)
    assert (sent.letter.key, sent.letter.value) == (b"c-1", b'{"eventId": "\xff"}')
    assert sent.letter.original_headers == (("traceparent", b"00-1"),)


NO_NUMBER = (
    "source.partition or source.timestamp is missing or no number from 0; a letter of `simulate` "
    "has no timestamp: send its event itself"
)


@pytest.mark.parametrize(
    ("changed", "given", "said"),
    [
        ({"topic": "elsewhere"}, {}, "elsewhere is no input topic of these settings"),
        ({"partition": "x"}, {}, NO_NUMBER),
        ({"timestamp": ""}, {}, NO_NUMBER),
        ({"timestamp": "-1"}, {}, NO_NUMBER),
        ({}, {"oldest_ms": NOW + 1}, "it is older than readers remember repeats: see --old"),
        (
            {},
            {"by_key": lambda key, count: 4},
            "its key belongs to partition 4 of loyalty.topups, it came from 3: see --partition",
        ),
        (
            {"partition": "6"},
            {"partition": "source"},
            "loyalty.topups has 6 partitions, it came from 6",
        ),
    ],
)
def test_what_is_not_sent(changed: dict[str, str], given: dict[str, object], said: str) -> None:
    refused = route(letter(**changed), rules(**given))
    assert isinstance(refused, Refused)
    assert str(refused) == f"dead-1@7: not sent: {said}"


def test_a_letter_that_was_cut_is_not_sent() -> None:
    record = InputRecord("loyalty.topups", 3, 42, NOW, b"c-1", b"x" * 9000)
    output = dead_letter(record, Rejected(Code.TOO_LARGE, "…"), max_bytes=5000)
    refused = route(Letter("dead-1@7", output.key, output.value, output.headers), rules())
    assert isinstance(refused, Refused)
    assert refused.reason == "its value was cut: let its producer send it again"


@pytest.mark.parametrize(("partition", "goes_to"), [("source", 3), ("key", 4)])
def test_a_choice_where_key_and_source_differ(partition: str, goes_to: int) -> None:
    sent = route(letter(), rules(by_key=lambda key, count: 4, partition=partition))
    assert isinstance(sent, Sending)
    assert sent.partition == goes_to


def test_without_a_key_the_source_decides() -> None:
    keyless = Letter("dead-1@7", None, b"{}", letter().headers)
    sent = route(keyless, rules(by_key=lambda key, count: 4))
    assert isinstance(sent, Sending)
    assert sent.partition == 3


def test_partitions_are_those_of_the_default_partitioner() -> None:
    """Values of Kafka's own test of murmur2: toPositive(murmur2("21")) = 1,173,551,340."""
    assert partition_of(b"21", 7) == 1_173_551_340 % 7
    assert partition_of(b"foobar", 1000) == (-790332482 & 0x7FFFFFFF) % 1000


@pytest.mark.parametrize(
    "one",
    [
        letter(),
        Letter("f:1", None, None, ()),
        Letter("f:1", b"\xff", "п".encode(), (("a", b"1"), ("a", b"\xfe"), ("b", b""))),
    ],
)
def test_a_line_and_back(one: Letter) -> None:
    [back] = from_lines([to_line(one).encode(), b"  "], "f")
    assert (back.key, back.value, back.headers) == (one.key, one.value, one.headers)


@pytest.mark.parametrize(
    "line", [b"x", b"[]", b'{"key": 1}', b'{"key": 1, "value": "", "headers": {}}', b"\xff"]
)
def test_a_line_that_is_none(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"^f:2: this is no dead letter; write "):
        list(from_lines([b"", line], "f"))


def test_a_file_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "d.jsonl"
    file.write_text(to_line(letter()) + "\n")
    assert run(["dead-letters", "list", "--file", str(file)]) == 0
    shown = capsys.readouterr()
    assert shown.out == (f"{file}:1\tNOT_UTF8\tloyalty.topups-3@42\tc-1\tByte 13 is not UTF-8.\n")
    assert shown.err == "1 dead letter.\n"
    assert run(["dead-letters", "list", "--file", str(file), "--format", "json"]) == 0
    assert capsys.readouterr().out == to_line(letter()) + "\n"
    assert run(["dead-letters", "list", "--file", str(file), "--code", "SCHEMA"]) == 0
    assert capsys.readouterr().out == ""


def test_a_broken_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "d.jsonl"
    file.write_text("{}\n")
    assert run(["dead-letters", "list", "--file", str(file)]) == 1
    assert f"error: {file}:1: this is no dead letter; write " in capsys.readouterr().err
