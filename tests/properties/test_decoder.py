"""The quick path of the decoder says what the contract says, over good and broken input."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas import decode as decoder
from schemas.contract import judge
from schemas.decode import decode
from schemas.decoded import Event, Rejected
from schemas.digests import content_digest
from schemas.events import EVENT_MODELS
from schemas.topics import CHANNEL_OF_EVENT, EVENT_TYPES
from tests.unit.schemas.samples import FIELDS, wire

MINOR_DIGITS: dict[str, int] = {"izi": 2, "tokyo": 0, "tunis": 3}

texts = st.text(min_size=1, max_size=8) | st.sampled_from(["e-1", "клуб", "a\x1fb", "\U0001f600"])
ids = st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]), min_size=1)
organizations = st.sampled_from([*MINOR_DIGITS, "unknown"])
instants = st.builds(
    lambda moment, minutes, separator: (
        moment.astimezone(timezone(timedelta(minutes=minutes)))
        .isoformat()
        .replace("T", separator)
        .replace("+00:00", "Z" if separator == "T" else "+00:00")
    ),
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(["T", "t", " "]),
)


class Number(str):
    """A JSON number that is written exactly so."""


def written(value: Any, ascii_only: bool = True) -> str:
    """JSON, with every `Number` as its bare text."""

    def marked(part: Any) -> Any:
        if isinstance(part, Number):
            return f"@@{part}@@"
        if isinstance(part, dict):
            return {name: marked(inner) for name, inner in part.items()}
        return [marked(inner) for inner in part] if isinstance(part, list) else part

    return re.sub(r'"@@(.*?)@@"', r"\1", json.dumps(marked(value), ensure_ascii=ascii_only))


def amounts(minimum: int) -> st.SearchStrategy[Any]:
    plain = st.decimals(minimum, 10**7, places=2).map(str) | st.integers(minimum, 10**6).map(str)
    exact = st.sampled_from(["100", "100.0", "1e2", "12.50", "0.01", "99999999999999999999.99"])
    texts = plain | exact
    return texts | texts.map(Number)


def event(name: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    snapshot = st.fixed_dictionaries(
        {},
        optional={
            "groups": st.lists(ids, max_size=3) | st.none(),
            "registeredAt": instants | st.none(),
            "birthday": st.dates().map(str) | st.none(),
            "bonusBalanceMajor": amounts(0) | st.none(),
        },
    )
    return st.fixed_dictionaries(
        {
            "eventId": ids,
            "type": st.just(name),
            "organizationId": organizations,
            "clubId": ids,
            "clientId": ids,
            "occurredAt": instants,
            **fields,
        },
        optional={"client": snapshot | st.none(), "note": st.text(max_size=3)},
    )


EVENTS = st.one_of(
    event(
        "BALANCE_TOPPED_UP",
        topupAmountMajor=amounts(1),
        topUpSource=st.sampled_from(["ACQUIRING", "POS_TERMINAL", "CASH"]),
        shiftId=ids | st.none(),
        gatewayTransactionId=ids | st.none(),
        productId=ids | st.none(),
    ),
    event("TOPUP_REFUNDED", originalEventId=ids, refundAmountMajor=amounts(1)),
    event("VISIT_STARTED", visitId=ids, tariffId=ids),
    event("VISIT_ENDED", visitId=ids, tariffId=ids, durationMinutes=st.integers(0, 10**19)),
    event(
        "PAYMENT_MADE",
        paymentId=ids,
        totalAmountMajor=amounts(1),
        bonusAmountMajor=amounts(0),
        productType=st.sampled_from(["TARIFF", "BAR", "MULTIPASS"]),
        productId=ids,
    ),
    event(
        "PAYMENT_REFUNDED",
        paymentId=ids,
        refundAmountMajor=amounts(1),
        bonusAmountMajor=amounts(0),
    ),
    event("CLIENT_UPDATED", resync=st.booleans() | st.none(), bonusBalanceMajor=amounts(0)),
)

NUMBERS = [
    *("0", "-0", "-0.00", "-5", "5.", ".5", "05", "+5", "1e", "1E+2", "1e-2", "0.001", "1.00000"),
    *("1e400", "-1e400", "1e999999999999999999999", "0e99999999999", "1e-99999999999"),
    *("100000000000000000000", "99999999999999999999", "9" * 5000, "1." + "0" * 5000),
    *("NaN", "Infinity", "-Infinity", "45.0", "4e1"),
]
STRINGS = [
    *NUMBERS,
    *("", " ", "1_000", " 5", "5 ", "٣", "100", "\x1f", "a\x1fb", "\ud800", "\udc00x"),
    *("null", "NULL", "CASH", "cash", "CLIENT_UPDATED", "BALANCE_TOPPED_UP", "izi"),
    *(
        "2026-11-22T12:00:00Z",
        "2026-11-22T12:00:00",
        "2026-11-22 12:00:00z",
        "2026-02-30T12:00:00Z",
    ),
    *("2026-11-22T12:00:60Z", "2026-11-22T24:00:00Z", "2026-11-22T12:00:00.1234567+03:00"),
    *("2026-11-22T12:00:00,5Z", "2026-11-22T12:00:00.Z", "2026-11-22T12:00:00+24:00"),
    *("0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00Z"),
    *("２026-11-22T12:00:00Z", "2026-11-22T12:00:00.５Z", "2026-11-22", "1990-02-29", "19900101"),
]
ODD = st.one_of(
    st.sampled_from(STRINGS),
    st.sampled_from(NUMBERS).map(Number),
    st.none(),
    st.booleans(),
    st.lists(st.sampled_from(["vip", "", 5, None]), max_size=2),
    st.just({}),
    st.just({"groups": 5}),
    st.just({"bonusBalanceMajor": "-1"}),
    st.text(max_size=5),
)


@st.composite
def mended_or_not(draw: st.DrawFn) -> bytes:
    """An event as text, most of the time with something wrong in it."""
    value = dict(draw(EVENTS))
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from(sorted(value)))
        match draw(st.sampled_from(["replace", "drop", "rename", "inside"])):
            case "replace":
                value[name] = draw(ODD)
            case "drop":
                value.pop(name)
            case "rename":
                value[draw(texts)] = value.pop(name)
            case "inside":
                value["client"] = {draw(st.sampled_from(SNAPSHOT_FIELDS)): draw(ODD)}
    ascii_only = draw(st.booleans())
    text = written(value, ascii_only)
    if draw(st.integers(0, 3)) == 0:
        twice = draw(st.sampled_from(sorted(value) or ["type"]))
        text = f"{text[:-1]}, {json.dumps(twice)}: {written(draw(ODD))}" + "}"
    return text.encode("utf-8", "surrogatepass")


SNAPSHOT_FIELDS = ["groups", "registeredAt", "birthday", "bonusBalanceMajor"]
CHANNELS = st.sampled_from([None, None, None, *EVENT_TYPES])


def same(value: bytes, key: bytes | None, channel: str | None) -> Event | Rejected:
    quick = decode(value, key, channel, MINOR_DIGITS.get)
    contract = judge(value, key, channel, MINOR_DIGITS.get)
    assert quick == contract
    assert type(quick) is type(contract)
    if isinstance(quick, Event) and isinstance(contract, Event):
        assert content_digest(quick) == content_digest(contract)
    # Equal decimals may be written differently: not here.
    assert msgspec.msgpack.encode(quick) == msgspec.msgpack.encode(contract)
    return quick


@given(mended_or_not(), CHANNELS)
def test_quick_and_contract_agree_on_mutated_fields(value: bytes, channel: str | None) -> None:
    same(value, b"c-1", channel)
    quick = decode(value, None, channel, MINOR_DIGITS.get, check_key=False)
    assert quick == judge(value, None, channel, MINOR_DIGITS.get, check_key=False)


@given(mended_or_not(), st.data())
def test_quick_and_contract_agree_on_mutated_bytes(value: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(value)))
    length = data.draw(st.integers(0, 3))
    broken = data.draw(
        st.binary(max_size=3)
        | st.sampled_from([b"\xff", b"\xc3", b"\xed\xa0\x80"])
        | st.sampled_from([b'"', b"\\", b"{", b"[", b",", b"}", b"NaN", b"\\ud800", b"\\u001F"])
    )
    same(value[:place] + broken + value[place + length :], b"c-1", None)


@pytest.mark.parametrize("part", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80"])
@pytest.mark.parametrize("field", ["visitId", "note"])
def test_quick_and_contract_agree_on_bytes_that_are_no_text(part: bytes, field: str) -> None:
    text = json.dumps(VISIT | {field: "@@"}).encode().replace(b"@@", part)
    read = same(text, b"c-1", None)
    assert isinstance(read, Rejected)
    assert read.code == "NOT_UTF8"


@given(st.integers(250, 270), st.sampled_from(["[", "{"]))
def test_quick_and_contract_agree_on_nesting(depth: int, bracket: str) -> None:
    nested = '{"a":' * depth + "1" + "}" * depth if bracket == "{" else "[" * depth + "]" * depth
    text = json.dumps(VISIT)[:-1] + f', "note": {nested}' + "}"
    assert isinstance(same(text.encode(), b"c-1", None), Rejected) == (depth >= 256)


@pytest.mark.parametrize("name", FIELDS)
def test_quick_and_contract_agree_on_every_odd_value_of_every_field(name: str) -> None:
    good = wire(name, client={}, shiftId="s-1", gatewayTransactionId="g-1", productId="p-1")
    strange: list[Any] = [
        *STRINGS,
        *map(Number, NUMBERS),
        None,
        True,
        5,
        0,
        -1,
        [],
        ["vip"],
        ["b", "a", "b"],
        [""],
        {},
    ]
    for value in strange:
        for field in good:
            same(written(good | {field: value}).encode("utf-8", "surrogatepass"), b"c-1", None)
        for field in SNAPSHOT_FIELDS:
            odd = good | {"client": {field: value}}
            same(written(odd).encode("utf-8", "surrogatepass"), b"c-1", None)


VISIT = {
    "eventId": "e-1",
    "type": "VISIT_STARTED",
    "organizationId": "izi",
    "clubId": "club-1",
    "clientId": "c-1",
    "occurredAt": "2026-11-22T12:00:00+03:00",
    "visitId": "v-1",
    "tariffId": "t-1",
}


@given(EVENTS)
@example(VISIT)
def test_good_events_are_taken_and_know_their_channel(value: dict[str, Any]) -> None:
    text = written(value).encode()
    key = value["clientId"].encode()
    read = same(text, key, CHANNEL_OF_EVENT[value["type"]])
    if isinstance(read, Event):
        assert read.type == value["type"]
        assert type(read) is EVENT_MODELS[read.type].value
        assert read.event_id == value["eventId"]
        assert read.client_id == value["clientId"]
    else:
        assert read.code in {"SCHEMA", "OUT_OF_RANGE"}


def test_the_quick_path_takes_what_is_common(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Rejected:
        raise AssertionError("the contract was asked")

    monkeypatch.setattr(decoder, "judge", refuse)
    topup = VISIT | {
        "type": "BALANCE_TOPPED_UP",
        "topupAmountMajor": "100.50",
        "topUpSource": "CASH",
        "shiftId": "смена-1",
        "client": {"groups": ["vip"], "bonusBalanceMajor": 0, "birthday": "1990-01-31"},
    }
    for value in (VISIT, topup):
        for ascii_only in (True, False):
            text = json.dumps(value, ensure_ascii=ascii_only).encode()
            for channel in (None, CHANNEL_OF_EVENT[str(value["type"])]):
                assert isinstance(decode(text, b"c-1", channel, MINOR_DIGITS.get), Event)
