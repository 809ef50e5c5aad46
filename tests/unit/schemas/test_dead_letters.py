"""Dead letters keep the original, say why, and always fit a topic."""

from hashlib import sha256

import pytest

from schemas.dead_letters import MAX_RECORD_BYTES, Code, DeadLetterHeaders, dead_letter
from schemas.decoded import Rejected
from schemas.records import InputRecord, Output

REJECTED = Rejected(Code.SCHEMA, "`visitId` is missing: add it.")


def record(
    value: bytes | None = b"{}",
    key: bytes | None = b"c-1",
    headers: tuple[tuple[str, bytes], ...] = (),
) -> InputRecord:
    return InputRecord("loyalty.visits", 3, 42, 1_795_348_800_000, key, value, headers)


def size(letter: Output) -> int:
    headers = sum(len(name) + len(value) for name, value in letter.headers)
    return len(letter.key or b"") + len(letter.value or b"") + headers


def test_the_original_goes_on_unchanged_with_its_reason() -> None:
    letter = dead_letter(record(b"\xff{", b"\x00", (("traceparent", b"00-1"),)), REJECTED)
    assert letter.channel == "DEAD_LETTERS"
    assert (letter.key, letter.value) == (b"\x00", b"\xff{")
    assert letter.headers == (
        ("traceparent", b"00-1"),
        ("error.code", b"SCHEMA"),
        ("error.message", b"`visitId` is missing: add it."),
        ("source.topic", b"loyalty.visits"),
        ("source.partition", b"3"),
        ("source.offset", b"42"),
        ("source.timestamp", b"1795348800000"),
    )


@pytest.mark.parametrize(("value", "key"), [(None, None), (b"", b""), (None, b"c-1")])
def test_nothing_stays_nothing(value: bytes | None, key: bytes | None) -> None:
    letter = dead_letter(record(value, key), REJECTED)
    assert (letter.value, letter.key) == (value, key)


def test_a_record_that_comes_back_gets_new_reasons() -> None:
    first = dead_letter(record(headers=(("a", b"1"),)), REJECTED)
    again = dead_letter(record(headers=first.headers), Rejected(Code.NOT_JSON, "Mend it."))
    assert [name for name, _ in again.headers] == [name for name, _ in first.headers]
    assert dict(again.headers)["error.code"] == b"NOT_JSON"


def test_headers_are_dropped_first_the_largest_first() -> None:
    headers = (("small", b"s"), ("large", b"l" * 700_000), ("middle", b"m" * 200_000))
    value = b"v" * 262_145
    letter = dead_letter(record(value, headers=headers), REJECTED)
    assert letter.value == value
    assert [name for name, _ in letter.headers][:2] == ["small", "middle"]
    assert dict(letter.headers)["error.headers-dropped"] == b"1"
    assert "error.truncated" not in dict(letter.headers)
    assert size(letter) <= MAX_RECORD_BYTES


def test_of_equal_headers_the_later_are_dropped() -> None:
    headers = tuple((f"h{index}", b"x" * 400_000) for index in range(4))
    letter = dead_letter(record(headers=headers), REJECTED)
    assert [name for name, _ in letter.headers][:3] == ["h0", "h1", "error.code"]
    assert dict(letter.headers)["error.headers-dropped"] == b"2"


def test_a_value_that_does_not_fit_is_cut() -> None:
    value = bytes(range(256)) * 8_000
    letter = dead_letter(record(value, headers=(("a", b"1"),)), REJECTED)
    told = dict(letter.headers)
    assert letter.value
    assert value.startswith(letter.value)
    assert len(letter.value) > MAX_RECORD_BYTES - 5_000
    assert size(letter) <= MAX_RECORD_BYTES
    assert letter.key == b"c-1"
    assert told["error.truncated"] == b"value"
    assert told["error.size"] == b"2048000"
    assert told["error.sha256"] == sha256(value).hexdigest().encode()
    assert told["error.headers-dropped"] == b"1"


def test_a_key_that_does_not_fit_is_cut_after_the_value() -> None:
    key, value = b"k" * 1_500_000, b"v" * 300_000
    letter = dead_letter(record(value, key), REJECTED)
    told = dict(letter.headers)
    assert letter.value == b""
    assert letter.key
    assert key.startswith(letter.key)
    assert size(letter) <= MAX_RECORD_BYTES
    assert told["error.truncated"] == b"value,key"
    assert told["error.size"] == b"300000,1500000"
    assert told["error.sha256"] == b",".join(
        sha256(part).hexdigest().encode() for part in (value, key)
    )


def test_a_smaller_bound_holds_too() -> None:
    letter = dead_letter(record(b"v" * 50_000, b"k" * 50_000), REJECTED, max_bytes=20_000)
    assert size(letter) <= 20_000


def test_a_long_message_of_wide_characters_fits_too() -> None:
    wide = Rejected(Code.SCHEMA, "😀" * 10_000)
    assert size(dead_letter(record(b"v" * 2_000_000), wide)) <= MAX_RECORD_BYTES


def test_a_long_message_is_cut() -> None:
    letter = dead_letter(record(), Rejected(Code.SCHEMA, "x" * 10_000))
    assert len(dict(letter.headers)["error.message"]) == 500


def test_many_small_headers_are_no_trap() -> None:
    headers = tuple((f"h{index}", b"x") for index in range(100_000))
    letter = dead_letter(record(headers=headers), REJECTED)
    assert size(letter) <= MAX_RECORD_BYTES


def test_headers_are_those_of_the_contract() -> None:
    letter = dead_letter(record(b"v" * 2_000_000, headers=(("a", b"1"),)), REJECTED)
    read = DeadLetterHeaders.model_validate({n: v.decode() for n, v in letter.headers})
    assert read.code is Code.SCHEMA
    assert (read.topic, read.partition, read.offset) == ("loyalty.visits", "3", "42")
    assert read.headers_dropped == "1"


def test_every_code_of_the_interface_is_there() -> None:
    assert set(Code) == {
        *("NOT_UTF8", "NOT_JSON", "SCHEMA", "UNKNOWN_TYPE", "WRONG_TOPIC", "OUT_OF_RANGE"),
        *("KEY_MISMATCH", "EVENT_ID_REUSED", "PAYMENT_ID_REUSED", "IN_FUTURE", "TOO_LARGE"),
        "NOT_IMPORTED",  # of the command line's own records
    }
