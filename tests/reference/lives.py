"""How a client begins by an import, and ends by an erasure (docs/clients.md)."""

from decimal import Decimal
from typing import Any

from tests.reference.events import Rejected
from tests.reference.journal import record_of
from tests.reference.memory import Client
from tests.reference.scene import Scene


def judge_import(client: Client, event: dict[str, Any], ours: bool) -> None:
    """Nothing may be counted or booked before it; an account needs a rule set's currency."""
    counted = (client.total_topup, client.topup_count, client.total_spent, client.visit_count)
    if any(counted) or client.last_visit is not None or client.account.operated:
        raise Rejected("NOT_IMPORTED", "has a history")
    if not ours and (event["client"].get("bonusBalanceMajor") or "batches" in event):
        raise Rejected("NOT_IMPORTED", "no rule set")


def begin(client: Client, event: dict[str, Any]) -> None:
    """Counters as the export has them; the account is opened as any other operation."""
    client.total_topup = event.get("totalTopupMajor", Decimal(0))
    client.topup_count = int(event.get("topupCount", 0))
    client.total_spent = event.get("totalSpentMajor", Decimal(0))
    client.visit_count = int(event.get("visitCount", 0))
    client.first_visit = event.get("firstVisitAt")
    client.last_visit = event.get("lastVisitAt")


def forget(scene: Scene) -> None:
    """What is left is written down and goes; only what tells a repeat stays. The record is of the
    client's latest club, since an erasure is no club's."""
    client = scene.client
    left = client.account.balance
    if left > 0:
        for batch in client.account.batches:
            batch.left = Decimal(0)
        scene.event = scene.event | {"clubId": client.last_club}
        record_of(scene, "BONUS_ADJUSTMENT", -left, -left)
    anew = Client(client.key, events=client.events, payments=client.payments)
    for payment in anew.payments.values():
        payment.forgotten = True
    vars(client).update(vars(anew))
