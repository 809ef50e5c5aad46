"""Every verdict on a record, in the order of judgement, and the sentence that says what to mend."""

import json
from typing import Any

import pytest

from schemas.decode import decode
from schemas.decoded import Event, Rejected
from schemas.events import EVENT_MODELS
from schemas.topics import CHANNEL_OF_EVENT
from tests.unit.schemas.samples import FIELDS, MINOR_DIGITS, encoded, wire


def verdict(
    value: bytes | None, key: bytes | None = b"c-1", channel: str | None = None
) -> Event | Rejected:
    return decode(value, key, channel, MINOR_DIGITS.get)


def code(value: bytes | None, key: bytes | None = b"c-1", channel: str | None = None) -> str:
    read = verdict(value, key, channel)
    return read.code if isinstance(read, Rejected) else "taken"


def visits(first: str, last: str | None) -> dict[str, Any]:
    return {"visitCount": 2, "firstVisitAt": first, "lastVisitAt": last}


@pytest.mark.parametrize("name", FIELDS)
def test_a_good_event_of_every_type_is_taken(name: str) -> None:
    read = verdict(encoded(name), channel=CHANNEL_OF_EVENT[name])
    assert isinstance(read, Event)
    assert read.type == name
    assert read.occurred_at == 1_795_348_800_000_000
    assert (read.event_id, read.organization_id) == ("e-1", "izi")
    assert (read.club_id, read.client_id) == ("club-1", "c-1")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "NOT_JSON"),
        (b"", "NOT_JSON"),
        (b"  \n", "NOT_JSON"),
        (b"null", "NOT_JSON"),
        (b" null ", "NOT_JSON"),
        (b"NaN", "NOT_JSON"),
        (b"{", "NOT_JSON"),
        (b"{}{}", "NOT_JSON"),
        (b"\xef\xbb\xbf{}", "NOT_JSON"),
        (b"[" * 100_000, "NOT_JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "NOT_JSON"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "TOO_LARGE"),
        (b'"' + b"\\" * 100_000, "NOT_JSON"),
        (b"\xff", "NOT_UTF8"),
        (b"\xed\xa0\x80", "NOT_UTF8"),
        (b'{"a": "\xc3"}', "NOT_UTF8"),
        (b"[]", "SCHEMA"),
        (b'"text"', "SCHEMA"),
        (b"5", "SCHEMA"),
        (b"9" * 5000, "SCHEMA"),
        (b"true", "SCHEMA"),
        (b"{}", "SCHEMA"),
        (b'{"type": 5}', "SCHEMA"),
        (b'{"type": null}', "SCHEMA"),
        (b'{"type": "\\ud800"}', "SCHEMA"),
        (b'{"type": "CLIENT_ABSENT"}', "UNKNOWN_TYPE"),
        (b'{"type": ""}', "UNKNOWN_TYPE"),
        (b'{"type": "balance_topped_up"}', "UNKNOWN_TYPE"),
        (b'{"type": "BALANCE_TOPPED_UP"}', "SCHEMA"),
    ],
)
def test_what_is_no_event_at_all(value: bytes | None, expected: str) -> None:
    assert code(value) == expected


def test_size_is_judged_before_anything_else() -> None:
    assert code(b"\xff" * 262_145) == "TOO_LARGE"
    assert code(b"\xff" * 262_144) == "NOT_UTF8"
    padding = 262_144 - len(encoded("VISIT_STARTED", note=""))
    assert code(encoded("VISIT_STARTED", note="x" * padding)) == "taken"
    assert code(encoded("VISIT_STARTED", note="x" * (padding + 1))) == "TOO_LARGE"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_are_no_json_are_refused_even_in_unknown_fields(number: str) -> None:
    text = encoded("VISIT_STARTED", note=[1])
    assert code(text.replace(b"[1]", f"[{number}]".encode())) == "NOT_JSON"


def test_numbers_of_any_size_in_unknown_fields_do_not_matter() -> None:
    text = encoded("VISIT_STARTED", note=[1])
    for number in (b"1e400", b"9" * 5000, b"1e999999999999999999999"):
        assert code(text.replace(b"[1]", b"[" + number + b"]")) == "taken"


def test_the_topic_is_judged_before_the_fields() -> None:
    assert code(encoded("VISIT_STARTED", visitId=...), channel="TOPUPS") == "WRONG_TOPIC"
    assert code(encoded("VISIT_STARTED", visitId=...), channel="VISITS") == "SCHEMA"
    assert code(encoded("VISIT_STARTED", visitId=...)) == "SCHEMA"
    assert code(encoded("CLIENT_UPDATED"), channel="PAYMENTS") == "WRONG_TOPIC"


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize(
    "field", ["eventId", "organizationId", "clubId", "clientId", "occurredAt", "own"]
)
@pytest.mark.parametrize("bad", [..., None, 5, True, "", [], {}])
def test_required_fields(name: str, field: str, bad: Any) -> None:
    own = {
        alias
        for alias in FIELDS[name]
        if EVENT_MODELS[name].model_json_schema()["required"].count(alias)
    }
    for each in own - {"durationMinutes"} if field == "own" else {field}:
        if each.lower().endswith("amountmajor") and bad == 5:
            continue
        assert code(encoded(name, **{each: bad})) == "SCHEMA", each


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        # a time must have an offset and exist
        ("VISIT_STARTED", {"occurredAt": "2026-11-22T12:00:00"}, "SCHEMA"),
        ("VISIT_STARTED", {"occurredAt": "2026-02-30T12:00:00Z"}, "SCHEMA"),
        ("VISIT_STARTED", {"occurredAt": 1795348800}, "SCHEMA"),
        # ids
        ("VISIT_STARTED", {"visitId": "\ud800"}, "SCHEMA"),
        ("VISIT_STARTED", {"clientId": "a\x1fb"}, "SCHEMA"),
        ("VISIT_STARTED", {"visitId": " "}, "taken"),
        ("VISIT_STARTED", {"note": "\ud800"}, "taken"),
        # what a source requires
        ("BALANCE_TOPPED_UP", {"topUpSource": "CASH"}, "SCHEMA"),
        ("BALANCE_TOPPED_UP", {"topUpSource": "CASH", "shiftId": None}, "SCHEMA"),
        ("BALANCE_TOPPED_UP", {"topUpSource": "CASH", "shiftId": ""}, "SCHEMA"),
        ("BALANCE_TOPPED_UP", {"topUpSource": "CASH", "shiftId": "s"}, "taken"),
        ("BALANCE_TOPPED_UP", {"topUpSource": "ACQUIRING"}, "SCHEMA"),
        ("BALANCE_TOPPED_UP", {"topUpSource": "ACQUIRING", "gatewayTransactionId": "g"}, "taken"),
        ("BALANCE_TOPPED_UP", {"topUpSource": "cash"}, "SCHEMA"),
        ("BALANCE_TOPPED_UP", {"shiftId": "", "productId": None}, "SCHEMA"),
        ("BALANCE_TOPPED_UP", {"shiftId": None, "productId": None}, "taken"),
        # SCHEMA goes before OUT_OF_RANGE wherever it stands
        ("BALANCE_TOPPED_UP", {"topUpSource": "CASH", "topupAmountMajor": "-1"}, "SCHEMA"),
        ("BALANCE_TOPPED_UP", {"productId": 5, "topupAmountMajor": "-1"}, "SCHEMA"),
        # money
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": "1_000"}, "SCHEMA"),
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": " 5"}, "SCHEMA"),
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": "５"}, "SCHEMA"),
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": "Infinity"}, "SCHEMA"),
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": True}, "SCHEMA"),
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": "0"}, "OUT_OF_RANGE"),
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": -5}, "OUT_OF_RANGE"),
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": "0.001"}, "OUT_OF_RANGE"),
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": "100.000"}, "taken"),
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": "1e2"}, "taken"),
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": "1" + "0" * 20}, "OUT_OF_RANGE"),
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": "9" * 20}, "taken"),
        ("BALANCE_TOPPED_UP", {"organizationId": "tokyo", "topupAmountMajor": 0.5}, "OUT_OF_RANGE"),
        ("BALANCE_TOPPED_UP", {"organizationId": "tokyo", "topupAmountMajor": "100.0"}, "taken"),
        ("BALANCE_TOPPED_UP", {"organizationId": "tunis", "topupAmountMajor": "0.125"}, "taken"),
        ("BALANCE_TOPPED_UP", {"organizationId": "new", "topupAmountMajor": "0.1255"}, "taken"),
        (
            "BALANCE_TOPPED_UP",
            {"organizationId": "new", "topupAmountMajor": "1e-5"},
            "OUT_OF_RANGE",
        ),
        ("TOPUP_REFUNDED", {"refundAmountMajor": 0}, "OUT_OF_RANGE"),
        ("PAYMENT_MADE", {"totalAmountMajor": 0}, "OUT_OF_RANGE"),
        ("PAYMENT_MADE", {"bonusAmountMajor": 0}, "taken"),
        ("PAYMENT_MADE", {"bonusAmountMajor": "-0.01"}, "OUT_OF_RANGE"),
        ("PAYMENT_MADE", {"bonusAmountMajor": 1000}, "taken"),
        ("PAYMENT_MADE", {"productType": "FOOD"}, "SCHEMA"),
        ("PAYMENT_REFUNDED", {"refundAmountMajor": "0.00"}, "OUT_OF_RANGE"),
        ("PAYMENT_REFUNDED", {"bonusAmountMajor": "-1"}, "OUT_OF_RANGE"),
        ("BONUS_CREDITED", {"amountMajor": 0}, "OUT_OF_RANGE"),
        ("BONUS_WRITTEN_OFF", {"amountMajor": "-5"}, "OUT_OF_RANGE"),
        ("BONUS_CREDITED", {"executor": ""}, "SCHEMA"),
        ("BONUS_CREDITED", {"reason": 5}, "SCHEMA"),
        ("BONUS_CREDITED", {"reason": "\ud800"}, "SCHEMA"),
        # whole numbers
        ("VISIT_ENDED", {"durationMinutes": "45"}, "SCHEMA"),
        ("VISIT_ENDED", {"durationMinutes": 45.0}, "SCHEMA"),
        ("VISIT_ENDED", {"durationMinutes": 45.5}, "SCHEMA"),
        ("VISIT_ENDED", {"durationMinutes": True}, "SCHEMA"),
        ("VISIT_ENDED", {"durationMinutes": None}, "SCHEMA"),
        ("VISIT_ENDED", {"durationMinutes": -1}, "OUT_OF_RANGE"),
        ("VISIT_ENDED", {"durationMinutes": 10**18}, "taken"),
        ("VISIT_ENDED", {"durationMinutes": 10**18 + 1}, "OUT_OF_RANGE"),
        ("PROMO_CODE_REDEEMED", {"expiresInDays": 0}, "OUT_OF_RANGE"),
        ("PROMO_CODE_REDEEMED", {"expiresInDays": 36_501}, "OUT_OF_RANGE"),
        ("PROMO_CODE_REDEEMED", {"expiresInDays": None}, "taken"),
        ("PROMO_CODE_REDEEMED", {"expiresInDays": "30"}, "SCHEMA"),
        # snapshots
        ("VISIT_STARTED", {"client": None}, "taken"),
        ("VISIT_STARTED", {"client": {}}, "taken"),
        ("VISIT_STARTED", {"client": []}, "SCHEMA"),
        ("VISIT_STARTED", {"client": {"groups": "vip"}}, "SCHEMA"),
        ("VISIT_STARTED", {"client": {"groups": [""]}}, "SCHEMA"),
        ("VISIT_STARTED", {"client": {"groups": [None]}}, "SCHEMA"),
        ("VISIT_STARTED", {"client": {"registeredAt": "2026-11-22"}}, "SCHEMA"),
        ("VISIT_STARTED", {"client": {"birthday": "2026-11-31"}}, "SCHEMA"),
        ("VISIT_STARTED", {"client": {"birthday": "2026-11-22T00:00:00Z"}}, "SCHEMA"),
        ("VISIT_STARTED", {"client": {"bonusBalanceMajor": 0}}, "taken"),
        ("VISIT_STARTED", {"client": {"bonusBalanceMajor": "-1"}}, "OUT_OF_RANGE"),
        ("VISIT_STARTED", {"client": {"bonusBalanceMajor": "1.001"}}, "OUT_OF_RANGE"),
        # resync needs a balance
        ("CLIENT_UPDATED", {"bonusBalanceMajor": ...}, "SCHEMA"),
        ("CLIENT_UPDATED", {"bonusBalanceMajor": None}, "SCHEMA"),
        ("CLIENT_UPDATED", {"bonusBalanceMajor": 0}, "taken"),
        (
            "CLIENT_UPDATED",
            {"bonusBalanceMajor": ..., "client": {"bonusBalanceMajor": "3"}},
            "taken",
        ),
        ("CLIENT_UPDATED", {"bonusBalanceMajor": ..., "resync": False}, "taken"),
        ("CLIENT_UPDATED", {"bonusBalanceMajor": ..., "resync": None}, "taken"),
        ("CLIENT_UPDATED", {"resync": "true"}, "SCHEMA"),
        ("CLIENT_UPDATED", {"resync": 1}, "SCHEMA"),
        ("CLIENT_IMPORTED", {"topupCount": -1}, "OUT_OF_RANGE"),
        # an import makes no newcomer of a regular
        ("CLIENT_IMPORTED", {"topupCount": ...}, "SCHEMA"),
        ("CLIENT_IMPORTED", {"topupCount": 0}, "SCHEMA"),
        ("CLIENT_IMPORTED", {"topupCount": 0, "totalTopupMajor": "0.00"}, "taken"),
        ("CLIENT_IMPORTED", {"visitCount": 3}, "SCHEMA"),
        ("CLIENT_IMPORTED", {"visitCount": 0}, "taken"),
        ("CLIENT_IMPORTED", {"firstVisitAt": "2026-01-01T00:00:00Z"}, "SCHEMA"),
        ("CLIENT_IMPORTED", {"lastVisitAt": "2026-01-01T00:00:00Z"}, "SCHEMA"),
        ("CLIENT_IMPORTED", {"visitCount": 1, "firstVisitAt": "2026-01-01T00:00:00Z"}, "taken"),
        ("CLIENT_IMPORTED", visits("2026-01-01T00:00:00Z", "2026-11-22T15:00:00+03:00"), "taken"),
        (
            "CLIENT_IMPORTED",
            visits("2026-01-01T00:00:00Z", "2026-11-22T15:00:01+03:00"),
            "OUT_OF_RANGE",
        ),
        ("CLIENT_IMPORTED", visits("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"), "OUT_OF_RANGE"),
        ("CLIENT_IMPORTED", visits("2026-12-01T00:00:00Z", None), "OUT_OF_RANGE"),
        # batches
        ("CLIENT_IMPORTED", {"batches": None}, "taken"),
        ("CLIENT_IMPORTED", {"batches": []}, "taken"),
        ("CLIENT_IMPORTED", {"batches": {}}, "SCHEMA"),
        ("CLIENT_IMPORTED", {"batches": [5]}, "SCHEMA"),
        ("CLIENT_IMPORTED", {"batches": [{}]}, "SCHEMA"),
        ("CLIENT_IMPORTED", {"batches": [{"amountMajor": "0"}]}, "OUT_OF_RANGE"),
        (
            "CLIENT_IMPORTED",
            {"batches": [{"amountMajor": "1"}, {"amountMajor": "1.001"}]},
            "OUT_OF_RANGE",
        ),
        ("CLIENT_IMPORTED", {"batches": [{"amountMajor": "1"}] * 500}, "taken"),
        ("CLIENT_IMPORTED", {"batches": [{"amountMajor": "1"}] * 501}, "OUT_OF_RANGE"),
        ("CLIENT_IMPORTED", {"batches": [{"amountMajor": 1, "expiresAt": "2027-01-01"}]}, "SCHEMA"),
        (
            "CLIENT_IMPORTED",
            {"batches": [{"amountMajor": 1, "restriction": {"productTypes": ["FOOD"]}}]},
            "SCHEMA",
        ),
        (
            "CLIENT_IMPORTED",
            {"batches": [{"amountMajor": 1, "restriction": {"productTypes": ["BAR"]}}]},
            "taken",
        ),
        (
            "CLIENT_IMPORTED",
            {"batches": [{"amountMajor": "1e99999999"}], "bonusBalanceMajor": "5"},
            "SCHEMA",
        ),
        (
            "CLIENT_IMPORTED",
            {"batches": [{"amountMajor": "5"}], "bonusBalanceMajor": "4.99"},
            "SCHEMA",
        ),
        (
            "CLIENT_IMPORTED",
            {"batches": [{"amountMajor": "5"}], "bonusBalanceMajor": 5.00},
            "taken",
        ),
        ("CLIENT_IMPORTED", {"batches": [], "bonusBalanceMajor": "1"}, "SCHEMA"),
    ],
)
def test_fields(name: str, fields: dict[str, Any], expected: str) -> None:
    assert code(encoded(name, **fields)) == expected


def test_a_fault_in_a_batch_names_its_place() -> None:
    batches = [{"amountMajor": "1"}, {"amountMajor": "-1"}]
    rejected = verdict(encoded("CLIENT_IMPORTED", batches=batches))
    assert isinstance(rejected, Rejected)
    assert rejected.message == "`batches.1.amountMajor` must be greater than 0."


def test_monstrous_numbers_are_refused_and_never_crash() -> None:
    text = encoded("BALANCE_TOPPED_UP", topupAmountMajor=7)
    numbers = (b"1e400", b"1e999999999999999999", b"1e-9999999999999999999", b"9" * 5000)
    for number in numbers:
        for written in (number, b'"' + number + b'"'):
            mended = text.replace(b'"topupAmountMajor": 7', b'"topupAmountMajor": ' + written)
            assert mended != text
            assert code(mended) == "OUT_OF_RANGE"
    minutes = encoded("VISIT_ENDED", durationMinutes=7)
    assert code(minutes.replace(b": 7", b": " + b"9" * 5000)) == "OUT_OF_RANGE"
    assert code(minutes.replace(b": 7", b": -" + b"9" * 5000)) == "OUT_OF_RANGE"


def test_the_key_is_judged_last() -> None:
    good = encoded("VISIT_STARTED", clientId="клиент-1")
    assert code(good, "клиент-1".encode()) == "taken"
    for key in (None, b"", b"c-1", b"\xff"):
        assert code(good, key) == "KEY_MISMATCH"
    assert code(encoded("TOPUP_REFUNDED", refundAmountMajor=0), b"other") == "OUT_OF_RANGE"


def test_files_carry_no_key() -> None:
    read = decode(encoded("VISIT_STARTED"), None, None, MINOR_DIGITS.get, check_key=False)
    assert isinstance(read, Event)


def test_of_repeated_keys_the_last_counts() -> None:
    text = json.dumps(wire("VISIT_STARTED"))[:-1]
    last = verdict((text + ', "visitId": 5, "visitId": "v-2"}').encode())
    assert getattr(last, "visit_id", None) == "v-2"
    assert code((text + ', "visitId": 5}').encode()) == "SCHEMA"


def test_own_fields_of_a_client_event_win_over_its_snapshot() -> None:
    read = verdict(
        encoded(
            "CLIENT_REGISTERED",
            registeredAt=None,
            groups=["b", "a", "b"],
            client={"groups": ["c"], "registeredAt": "1970-01-01T00:00:01Z"},
        )
    )
    assert isinstance(read, Event)
    assert read.snapshot is not None
    assert read.snapshot.groups == ("a", "b")
    assert read.snapshot.registered_at == 1_000_000
    assert read.snapshot.birthday is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "The record has no value: send the event as JSON."),
        (b"null", "The value is null: send the event as a JSON object."),
        (b"{,}", "The value is not one well-formed JSON value: send the event as one JSON object."),
        (b"ab\xff", "The value is not UTF-8 at byte 2: encode it as UTF-8."),
        (
            b"[NaN]",
            "The value holds 'NaN', which is no JSON number: send the event as one JSON object.",
        ),
        (
            b"[" * 300,
            "The value is nested more than 256 levels deep: send the event as one JSON object.",
        ),
        (encoded("VISIT_STARTED", visitId=...), "`visitId` is missing: add it."),
        (encoded("VISIT_STARTED", visitId=5), "`visitId` must be text."),
        (encoded("VISIT_STARTED", visitId=""), "`visitId` must not be empty."),
        (
            encoded("VISIT_STARTED", visitId="\udc00"),
            "`visitId` must be text, without half of a surrogate pair.",
        ),
        (
            encoded("VISIT_STARTED", visitId="\x1f"),
            "`visitId` must not hold the control character U+001F.",
        ),
        (encoded("CLIENT_UPDATED", resync=1), "`resync` must be true or false."),
        (encoded("VISIT_STARTED", client=5), "`client` must be an object."),
        (
            encoded("VISIT_STARTED", client={"groups": 5}),
            "`client.groups` must be a list of texts.",
        ),
        (encoded("VISIT_STARTED", client={"groups": [5]}), "`client.groups.0` must be text."),
        (
            encoded("BALANCE_TOPPED_UP", topUpSource="CARD"),
            "`topUpSource` must be one of ACQUIRING, POS_TERMINAL, CASH.",
        ),
        (
            encoded("BALANCE_TOPPED_UP", topUpSource="CASH"),
            "`shiftId` is missing: a top-up in CASH must name its shift.",
        ),
        (
            encoded("BALANCE_TOPPED_UP", topupAmountMajor="1_000"),
            "`topupAmountMajor` must be a number as 100 or 100.50, not '1_000'.",
        ),
        (
            encoded("BALANCE_TOPPED_UP", topupAmountMajor="1.005"),
            "`topupAmountMajor` has more decimals than the 2 that the currency allows.",
        ),
        (
            encoded("VISIT_STARTED", client={"bonusBalanceMajor": -1}),
            "`client.bonusBalanceMajor` must not be negative.",
        ),
        (
            encoded("VISIT_STARTED", occurredAt="2026-11-22T12:00:00"),
            "`occurredAt` must be a time with date, seconds and offset as "
            "2026-11-22T12:00:00+03:00, not '2026-11-22T12:00:00'.",
        ),
        (
            encoded("VISIT_STARTED", clientId="клиент"),
            "The record's key is not `clientId` '\\u043a\\u043b\\u0438\\u0435\\u043d\\u0442': "
            "use the clientId as the key.",
        ),
    ],
)
def test_the_sentence_names_the_field_and_what_to_mend(value: bytes | None, message: str) -> None:
    read = verdict(value)
    assert isinstance(read, Rejected)
    assert read.message == message
