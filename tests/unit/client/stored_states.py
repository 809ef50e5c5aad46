"""States and payments of many kinds, and the bytes that each version of the codec made of them.

`tests/data/state/version-N.json` holds those bytes, frozen: no release may read them otherwise.
The states themselves are made here by the current code, so they follow when a field is added.
`python -m tests.unit.client.stored_states` writes the file of a version that has none yet.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from rules_engine.account.packed import pack_account
from rules_engine.account.payments import Payment
from rules_engine.account.spending import Draw
from rules_engine.account.values import Account, Batch, Earned, Opened
from rules_engine.author.load import load_rule_set
from rules_engine.checked import RefundPolicy
from rules_engine.client import ClientState, GroupChange, GroupEnd
from rules_engine.compile import compile_rule_set
from rules_engine.counters import Counters, pack_counters
from rules_engine.memory import WITHIN_US, remember
from rules_engine.payment_ids import with_payment
from rules_engine.simulate import simulate
from schemas.decoded import PaymentMade, PaymentRefunded
from schemas.digests import event_digest
from schemas.instants import DAY_US, HOUR_US
from worker.tables.codec import CODEC_VERSION, pack_client, pack_payment

DATA = Path(__file__).parents[2] / "data" / "state"
AT = 1_795_348_800_000_000


def clients(version: int = CODEC_VERSION) -> Iterator[tuple[str, ClientState]]:
    """Those that such a version could write; each with a name that never changes."""
    if version >= 2:
        yield "what timers need", _with_ends()
    yield "nothing", ClientState()
    yield "every counter", _counted()
    yield (
        "instants before the epoch",
        ClientState(
            first_visit_at=-1,
            last_visit_at=-(10**15),
            registered_at=-62_135_596_800_000_000,
            latest_at=253_402_300_799_999_999,
            group_changes=(GroupChange("", False, -(10**15)),),
            counted=pack_counters(Counters(firings={"": -1})),
        ),
    )
    yield (
        "the widest counters",
        ClientState(
            topup_units=999999999999999999999999,
            topup_count=2**40,
            spent_units=1,
            visit_count=2**33,
            counted=pack_counters(
                Counters(
                    limit_counts={"long-" * 24 + "\x1fLIFETIME": ((0, 2**31),)},
                    credited={"LIFETIME": ((0, Decimal("12345678901234567890.1234")),)},
                    pushed={"WEEK": ((-1, 1), (2_922, 70_000))},
                )
            ),
            last_club="клуб ★",
        ),
    )
    for name, step, count in _MEMORIES:
        yield name, _remembering(step, count)
    yield "late events among young ones", _with_late_events()
    yield "payment ids", _with_payments()
    yield "batches of every kind", ClientState(account=pack_account(_account()), lapses_at=AT)
    yield (
        "an account in use without a batch",
        ClientState(account=pack_account(Account((), 0, None, True))),
    )
    yield "an account that was emptied", ClientState(account=pack_account(Account((), 3, AT, True)))


def payments() -> Iterator[tuple[str, Payment]]:
    event = event_digest("e-1")
    draws = tuple(
        Draw(batch, Decimal("1.50"), Decimal("0.50") * (number % 2))
        for number, batch in enumerate(_account().batches)
    )
    yield (
        "one batch paid",
        Payment(event, AT, Decimal("200.00"), RefundPolicy.KEEP_PARTIAL, draws[:1]),
    )
    yield "many batches paid", Payment(event, -AT, Decimal("1E+3"), RefundPolicy.FORFEIT, draws)
    yield "nothing was spent", Payment(event, 0, Decimal("0.01"), RefundPolicy.RETURN, ())


def told() -> Iterator[tuple[str, ClientState | Payment]]:
    """What the history in `events.jsonl` leaves: clients, and payments by their ids."""
    rules = load_rule_set((DATA / "rules.yaml").read_text(), "rules.yaml")
    kept: dict[str, ClientState | Payment] = {}
    for each in simulate(
        compile_rule_set(rules), (DATA / "events.jsonl").read_bytes().splitlines()
    ):
        assert each.event is not None
        assert each.outcome is not None
        kept[each.event.client_id] = each.outcome.client
        if each.outcome.payment is not None:
            assert isinstance(each.event, PaymentMade | PaymentRefunded)
            kept[f"{each.event.client_id} {each.event.payment_id}"] = each.outcome.payment
    yield from kept.items()


def packed() -> Mapping[str, Mapping[str, str]]:
    """Everything above as the current version writes it, in hexadecimal digits."""
    return {
        "clients": {name: pack_client(state).hex() for name, state in clients()},
        "payments": {name: pack_payment(payment).hex() for name, payment in payments()},
        "told": {
            name: (pack_client(kept) if isinstance(kept, ClientState) else pack_payment(kept)).hex()
            for name, kept in told()
        },
    }


def stored(version: int) -> dict[str, dict[str, bytes]]:
    """As `packed`, as that version wrote it."""
    read = json.loads(file_of(version).read_text())
    return {
        kind: {name: bytes.fromhex(digits) for name, digits in held.items()}
        for kind, held in read.items()
    }


def file_of(version: int) -> Path:
    return DATA / f"version-{version}.json"


_MEMORIES = (
    ("one event", 0, 1),
    ("16 events, each three days after the other", 3 * DAY_US, 16),
    ("16 events within two hours", 8 * 60_000_000, 16),
    ("18 events, 16 of them still known", 3 * HOUR_US, 18),
    ("30 events, all within 48 hours", HOUR_US, 30),
    ("60 events, 49 of them still known", HOUR_US, 60),
    ("256 events within an hour", 1_000_000, 256),
    ("300 events within an hour", 1_000_000, 300),
)


def _counted() -> ClientState:
    return ClientState(
        topup_units=12_400_5000,
        topup_count=31,
        spent_units=9_800_0000,
        visit_count=40,
        first_visit_at=AT - 300 * DAY_US,
        last_visit_at=AT - DAY_US + 1,
        registered_at=AT - 400 * DAY_US,
        birthday="1999-05-17",
        groups=("night-owls", "regulars", "vip"),
        group_changes=(GroupChange("regulars", True, AT), GroupChange("guests", False, AT - 1)),
        latest_at=AT,
        counted=pack_counters(
            Counters(
                firings={"daytime": AT, "a": AT - 7},
                limit_counts={
                    "daytime\x1fDAY": ((20_778, 1), (20_779, 2)),
                    "daytime\x1fMONTH": ((682, 3),),
                    "everyday.anchor\x1fWEEK": ((2_968, 1), (2_969, 0)),
                    "welcome\x1fLIFETIME": ((0, 1),),
                },
                credited={"DAY": ((20_778, Decimal("48.0000")), (20_779, Decimal("160.5000")))},
                pushed={"DAY": ((20_779, 2),)},
            )
        ),
        last_club="club-150",
    )


def _with_ends() -> ClientState:
    return ClientState(
        groups=("vip",),
        group_changes=(GroupChange("vip", True, AT),),
        ends=(
            GroupEnd(AT + DAY_US, "vip", _id(0), "welcome", 1, ("new",)),
            GroupEnd(AT + 2 * DAY_US, "guests", _id(1), "everyday.anchor", 0),
        ),
        lapsed=((AT - DAY_US, Decimal("48.0000")), (AT, Decimal("0.5000"))),
        life=2,
    )


def _remembering(step: int, count: int) -> ClientState:
    memory, at = b"", AT
    for number in range(count):
        at = AT + number * step
        memory = remember(memory, event_digest(f"e-{number}"), _content(number), at, at)
    return ClientState(latest_at=at, memory=memory)


def _with_late_events() -> ClientState:
    memory, latest = b"", AT
    for number in range(40):
        at = AT + number * HOUR_US
        if number % 3 == 1:
            at -= WITHIN_US + number
        latest = max(latest, at)
        memory = remember(memory, event_digest(f"e-{number}"), _content(number), at, latest)
    return ClientState(latest_at=latest, memory=memory)


def _with_payments() -> ClientState:
    memory, ids, at = b"", b"", AT
    for number in range(24):
        at, event = AT + number * 2 * HOUR_US, event_digest(f"e-{number}")
        memory = remember(memory, event, _content(number), at, at)
        if number % 3:
            ids = with_payment(ids, event_digest(f"p-{number}"), event, memory, at)
    return ClientState(latest_at=at, memory=memory, payments=ids)


def _content(number: int) -> bytes:
    return sha256(f"content {number}".encode()).digest()[:CONTENT]


CONTENT = 3
"""Bytes of a content digest: a later version may keep fewer of them."""


def _account() -> Account:
    amount = Decimal("48.00")
    earned = Earned(amount, Decimal("400.00"), 20_778)
    part = Earned(amount, Decimal("400.5"), 20_779, 2, "D-M", Decimal("100.00"), Decimal("12.00"))
    return Account(
        (
            Batch(0, _id(0), Decimal("0.10"), None, opened_by=Opened.OPENING),
            Batch(2, _id(2), amount, AT, rule_id="everyday.anchor", earned=earned),
            Batch(3, _id(3), Decimal(36), AT + 1, rule_id="everyday.anchor", earned=part),
            Batch(4, _id(4), Decimal(0), AT, rule_id="r", earned=part, emptied_at=AT - 5),
            Batch(5, _id(5), Decimal("1.00"), AT, ("BAR", "TARIFF"), ("tea",), rule_id="r"),
            Batch(6, _id(6), Decimal("20.00"), AT + DAY_US, opened_by=Opened.PROMO),
            Batch(7, _id(7), Decimal("5.0001"), opened_by=Opened.MANUAL),
            Batch(8, _id(8), Decimal("99999999999999999999.99"), opened_by=Opened.REFUND),
            Batch(300, _id(9), Decimal("7.00"), -AT, opened_by=Opened.ADJUSTMENT),
        ),
        301,
        AT + 2,
        True,
    )


def _id(number: int) -> bytes:
    return sha256(f"batch {number}".encode()).digest()[:16]


if __name__ == "__main__":
    with file_of(CODEC_VERSION).open("x") as made:
        json.dump(packed(), made, indent=1)
        made.write("\n")
