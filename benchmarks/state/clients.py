"""The clients that sizes and costs are told of (docs/state.md).

A typical client comes every third day and causes four events each time. Random digits and times to
the microsecond keep the figures honest: nothing is rounder here than in life.
"""

import random
from decimal import Decimal

from msgspec.structs import replace

from rules_engine.account.packed import unpack_account, with_credit
from rules_engine.account.payments import Payment, Purchase, pay
from rules_engine.account.products import ProductTerms
from rules_engine.account.values import Earned
from rules_engine.checked import RefundPolicy
from rules_engine.client import ClientState, GroupChange
from rules_engine.counters import Counters, pack_counters
from rules_engine.memory import remember
from rules_engine.payment_ids import with_payment
from schemas.digests import CONTENT_BYTES, event_digest
from schemas.instants import DAY_US, HOUR_US, SECOND_US

NOW = 1_795_348_800_000_000 + 123_457
DAY = NOW // DAY_US

EVENTS, BATCHES = 16, 5


def without_batches(apart_us: int = 3 * DAY_US) -> ClientState:
    """16 remembered events (four a visit, visits so far apart), 3 groups, 4 limit counters: one
    per day, one of a lifetime, a cooldown, the set's credit per day."""
    at, memory = _remembered(EVENTS, apart_us)
    counters = Counters(
        firings={"evening-visit": NOW - DAY_US},
        limit_counts={"daytime\x1fDAY": ((DAY - 3, 1), (DAY, 2)), "welcome\x1fLIFETIME": ((0, 1),)},
        credited={"DAY": ((DAY - 3, Decimal("48.00")), (DAY, Decimal("160.50")))},
    )
    return ClientState(
        topup_units=12_400_5000,
        topup_count=31,
        spent_units=9_800_0000,
        visit_count=40,
        first_visit_at=NOW - 300 * DAY_US - 7_654_321,
        last_visit_at=at,
        registered_at=NOW - 301 * DAY_US - 1_234_567,
        birthday="1999-05-17",
        groups=("night-owls", "regulars", "vip"),
        latest_at=at,
        memory=memory,
        counted=pack_counters(counters),
        last_club="club-150",
    )


def with_batches(apart_us: int = 3 * DAY_US) -> ClientState:
    """The same with 5 batches that rules of a ladder credited for top-ups."""
    dice, account, ends = random.Random(5), b"", None
    for number in range(BATCHES):
        at = NOW - (BATCHES - number) * 3 * DAY_US - dice.randrange(HOUR_US)
        ends = at + 45 * DAY_US if ends is None else ends
        credit = Decimal(dice.randrange(1000, 20_000)) / 100
        earned = Earned(credit, Decimal(dice.randrange(20, 150) * 10), at // DAY_US)
        rule = "everyday.anchor" if number % 2 else "everyday.entry"
        until = at + 45 * DAY_US
        account, _ = with_credit(
            account, at, dice.randbytes(16), credit, until, ((), ()), rule, earned
        )
    return replace(without_batches(apart_us), account=account, lapses_at=ends)


def with_own_changes() -> ClientState:
    """The same; the worker itself put the client into a group, and four events are payments."""
    client, ids = with_batches(), b""
    for number in (2, 6, 10, 14):
        ids = with_payment(
            ids, event_digest(f"p-{number}"), event_digest(f"e-{number}"), client.memory, NOW
        )
    return replace(client, group_changes=(GroupChange("regulars", True, NOW),), payments=ids)


def busy() -> ClientState:
    """256 events within 48 hours: the most that is remembered."""
    at, memory = _remembered(256, 40 * 60 * SECOND_US)
    return replace(with_batches(), latest_at=at, memory=memory)


def payment() -> Payment:
    """One that a batch paid."""
    account = unpack_account(with_batches().account)
    bought = Purchase("TARIFF", "night-pack", Decimal("200.00"), Decimal("9.50"))
    terms = ProductTerms(Decimal(100), RefundPolicy.RETURN)
    return pay(account, bought, terms, event_digest("e-2"), NOW, NOW)[2]


def _remembered(count: int, apart_us: int) -> tuple[int, bytes]:
    """The latest instant, and the memory of so many events."""
    dice, memory, at = random.Random(1), b"", NOW
    for number in range(count):
        before = (count - 1 - number) // 4 * apart_us + (
            count - 1 - number
        ) % 4 * 20 * 60 * SECOND_US
        at = NOW - before + dice.randrange(SECOND_US)
        memory = remember(
            memory, event_digest(f"e-{number}"), dice.randbytes(CONTENT_BYTES), at, at
        )
    return at, memory
