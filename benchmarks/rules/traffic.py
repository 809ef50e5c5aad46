"""Events as values, and the counters that their clients begin with."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from benchmarks.rules.book import (
    CLUBS,
    LEAST,
    MEAN_TOPUPS,
    MOST,
    ORGANIZATION,
    PRODUCTS,
    SOURCES,
    STEP,
    trigger_of,
)
from benchmarks.workload.rules import TOPUP, VISIT_ENDED, VISIT_STARTED
from schemas.decoded import BalanceToppedUp, Event, PaymentMade, VisitEnded, VisitStarted
from schemas.instants import SECOND_US

CLIENTS = 1000
BEGIN = 1_735_689_600 * SECOND_US
_APART_US = 97 * SECOND_US


@dataclass(frozen=True)
class Past:
    """What a client has behind it when the measurement begins."""

    topup_count: int
    topup_total: Decimal
    spent_total: Decimal
    visit_count: int


def client_of(number: int) -> str:
    return f"client-{number:05d}"


def pasts(seed: int) -> dict[str, Past]:
    """By client id."""
    dice = random.Random(seed)
    found = {}
    for number in range(CLIENTS):
        topups = dice.randrange(1, 2 * MEAN_TOPUPS)
        total = sum(dice.randrange(LEAST, MOST, STEP) for _ in range(topups))
        spent = dice.randrange(0, total)
        past = Past(topups, Decimal(f"{total}.0000"), Decimal(f"{spent}.0000"), dice.randrange(100))
        found[client_of(number)] = past
    return found


def traffic(seed: int) -> Iterator[Event]:
    """Without end; every client keeps to one club."""
    dice = random.Random(seed)
    number = 0
    while True:
        client = dice.randrange(CLIENTS)
        yield _event(dice, number, client, trigger_of(dice.randrange(10)))
        number += 1


def _event(dice: random.Random, number: int, client: int, trigger: str) -> Event:
    amount = dice.randrange(LEAST, MOST, STEP)
    event_id, client_id = f"{dice.getrandbits(128):032x}", client_of(client)
    club_id, at = CLUBS[client % len(CLUBS)], BEGIN + number * _APART_US
    if trigger == TOPUP:
        return BalanceToppedUp(
            event_id=event_id,
            organization_id=ORGANIZATION,
            club_id=club_id,
            client_id=client_id,
            occurred_at=at,
            topup_amount_major=Decimal(amount),
            top_up_source=dice.choice(SOURCES),
            shift_id="shift-1",
            gateway_transaction_id=f"gw-{number:010d}",
        )
    if trigger == VISIT_STARTED:
        return VisitStarted(
            event_id=event_id,
            organization_id=ORGANIZATION,
            club_id=club_id,
            client_id=client_id,
            occurred_at=at,
            visit_id=f"visit-{number:010d}",
            tariff_id="standard",
        )
    if trigger == VISIT_ENDED:
        return VisitEnded(
            event_id=event_id,
            organization_id=ORGANIZATION,
            club_id=club_id,
            client_id=client_id,
            occurred_at=at,
            visit_id=f"visit-{number:010d}",
            tariff_id="standard",
            duration_minutes=amount // 20,
        )
    return PaymentMade(
        event_id=event_id,
        organization_id=ORGANIZATION,
        club_id=club_id,
        client_id=client_id,
        occurred_at=at,
        payment_id=f"payment-{number:010d}",
        total_amount_major=Decimal(amount),
        bonus_amount_major=Decimal(0),
        product_type=dice.choice(PRODUCTS),
        product_id="product-1",
    )
