"""What an evaluation may read beside the client and the event."""

from typing import Protocol

from msgspec import Struct

from rules_engine.account.payments import Payment
from schemas.decoded import Event, PaymentMade, PaymentRefunded
from schemas.instants import DAY_US

REMEMBER_PAYMENTS_US = 180 * DAY_US


class Payments(Protocol):
    """The payments with a bonus part that are remembered."""

    def known(self, event: PaymentMade | PaymentRefunded) -> Payment | None:
        """The client's payment with the event's `paymentId`."""


class OnePayment:
    """The one that the event names, looked up before; None: it is not remembered."""

    def __init__(self, payment: Payment | None) -> None:
        self._payment = payment

    def known(self, event: PaymentMade | PaymentRefunded) -> Payment | None:
        return self._payment


class HeldPayments:
    """All payments of all clients in one hand, as `simulate` has them."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str, str], Payment] = {}

    def known(self, event: PaymentMade | PaymentRefunded) -> Payment | None:
        return self._held.get((event.organization_id, event.client_id, event.payment_id))

    def keep(self, event: Event, payment: Payment | None) -> None:
        """What the event came to (`Outcome.payment`)."""
        if payment is not None and isinstance(event, PaymentMade | PaymentRefunded):
            key = (event.organization_id, event.client_id, event.payment_id)
            self._held[key] = payment

    def only(self, event: Event) -> OnePayment:
        """As of now, for an explanation that may be asked for later."""
        if isinstance(event, PaymentMade | PaymentRefunded):
            return OnePayment(self.known(event))
        return OnePayment(None)


class Around(Struct, frozen=True, gc=False):
    """`lapse_grace_us`: how long after its instant a lapse is carried out; `remember_payments_us`:
    how long a payment is remembered, by the clock."""

    lapse_grace_us: int = 0
    remember_payments_us: int = REMEMBER_PAYMENTS_US
    payments: Payments = OnePayment(None)


ALONE = Around()
