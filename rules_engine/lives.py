"""How a client's life here begins and ends: CLIENT_IMPORTED and CLIENT_FORGOTTEN.

An import is state to begin with, so it is taken only where nothing was counted or booked before it:
anything else would count twice what the CRM's export holds already. What a registration or a
snapshot said (groups, dates) is in nobody's way. After an erasure the client is as one who was
never seen, but for what keeps events that were taken from being taken again: the digests of the
latest event ids and of their payments, and how often this happened.
"""

from decimal import Decimal

from msgspec.structs import replace

from rules_engine.client import ClientState
from rules_engine.units import to_units
from schemas.dead_letters import Code
from schemas.decoded import ClientImported, Rejected


def has_history(client: ClientState) -> bool:
    """Was anything counted or booked that an import would contradict?"""
    return bool(
        client.topup_count
        or client.topup_units
        or client.spent_units
        or client.visit_count
        or client.last_visit_at is not None
        or client.account
    )


def refused_import(client: ClientState, event: ClientImported, has_rules: bool) -> Rejected | None:
    """Why the import is not taken, None where it is. `has_rules`: the organization has a rule set,
    and with it a currency in which an account can be opened."""
    if has_history(client):
        return Rejected(
            Code.NOT_IMPORTED,
            f"The client {event.client_id!r} has counters or an account here already, which the "
            "import would count twice: mend a balance by CLIENT_UPDATED with `resync`, or forget "
            "the client and import it anew.",
        )
    snapshot = event.snapshot
    balance = None if snapshot is None else snapshot.bonus_balance_major
    if not has_rules and (balance or event.batches):
        return Rejected(
            Code.NOT_IMPORTED,
            f"The organization {event.organization_id!r} has no rule set, so no currency in which "
            "a bonus account could be opened: publish its rules, then send the event again.",
        )
    return None


def begun(client: ClientState, event: ClientImported) -> ClientState:
    """The counters as of before the import's own event; its account is opened by the books."""
    return replace(
        client,
        topup_units=_units(event.total_topup_major),
        topup_count=event.topup_count or 0,
        spent_units=_units(event.total_spent_major),
        visit_count=event.visit_count or 0,
        first_visit_at=event.first_visit_at,
        last_visit_at=event.last_visit_at,
    )


def forgotten(client: ClientState) -> ClientState:
    """Nothing of the client but what a repeat is known by. `client` remembers the erasure too."""
    return ClientState(
        latest_at=client.latest_at,
        memory=client.memory,
        payments=client.payments,
        life=client.life + 1,
    )


def _units(amount: Decimal | None) -> int:
    return 0 if amount is None else to_units(amount)
