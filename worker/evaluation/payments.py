"""Remembered payments as a batch meets them: keys of their own beside the clients' (a client's
value would grow by each of them for half a year)."""

from collections.abc import Mapping

from rules_engine.account.payments import Payment
from schemas.decoded import Event, PaymentMade, PaymentRefunded
from worker.tables.codec import pack_payment, unpack_payment

MARK = "payment"


def payment_key(event: PaymentMade | PaymentRefunded) -> str:
    """organization ␟ client ␟ payment ␟ paymentId: no id holds the separator."""
    return payments_prefix(event.organization_id, event.client_id) + event.payment_id


def payments_prefix(organization_id: str, client_id: str) -> str:
    """What the keys of a client's payments begin with."""
    return "\x1f".join((organization_id, client_id, MARK, ""))


def key_to_load(event: Event) -> str | None:
    """Of every payment, since its id may be another's, and of refunds with a bonus part."""
    if type(event) is PaymentMade or (type(event) is PaymentRefunded and event.bonus_amount_major):
        return payment_key(event)
    return None


class BatchPayments:
    """`Payments` of one batch: as loaded, then as written by earlier records of it."""

    def __init__(self, values: Mapping[str, bytes]) -> None:
        self._values = values
        self._written: dict[str, Payment] = {}

    def __len__(self) -> int:
        """How many values the batch writes for them."""
        return len(self._written)

    def known(self, event: PaymentMade | PaymentRefunded) -> Payment | None:
        key = payment_key(event)
        written = self._written.get(key)
        if written is not None:
            return written
        return self._loaded(key)

    def _loaded(self, key: str) -> Payment | None:
        packed = self._values[key]
        return unpack_payment(packed) if packed else None

    def keep(self, event: Event, payment: Payment | None) -> None:
        """What the event came to (`Outcome.payment`)."""
        if payment is not None and isinstance(event, PaymentMade | PaymentRefunded):
            self._written[payment_key(event)] = payment

    def opened(self) -> list[tuple[str, Payment]]:
        """Those that the batch made, by key: not what came back of earlier ones."""
        return [
            (key, payment)
            for key, payment in self._written.items()
            if (old := self._loaded(key)) is None
            or (old.life, old.paid_at) != (payment.life, payment.paid_at)
        ]

    def packed(self) -> dict[str, bytes]:
        return {key: pack_payment(payment) for key, payment in self._written.items()}


def outdated(values: Mapping[str, bytes], before: int) -> list[str]:
    """Keys of the payments that were made before an instant."""
    return [key for key, raw in values.items() if raw and unpack_payment(raw).paid_at < before]
