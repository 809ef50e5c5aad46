"""Payment ids are remembered as long as their events are."""

from rules_engine.memory import remember
from rules_engine.payment_ids import ENTRY, is_taken, with_payment
from schemas.digests import event_digest

HOUR = 3600 * 1_000_000


class Client:
    """Takes events; every one is a payment of its own id, unless told."""

    def __init__(self) -> None:
        self.memory, self.payments, self.latest = b"", b"", 0

    def take(self, name: str, at: int, *, pays: bool = True) -> None:
        self.latest = max(self.latest, at)
        digest = event_digest(name)
        self.memory = remember(self.memory, digest, b"abc", at, self.latest)
        if pays:
            payment = event_digest(f"p-{name}")
            self.payments = with_payment(self.payments, payment, digest, self.memory, self.latest)

    def knows(self, name: str) -> bool:
        return is_taken(self.payments, event_digest(f"p-{name}"), self.memory, self.latest)


def test_a_payment_goes_with_its_event() -> None:
    client = Client()
    client.take("first", 0)
    for number in range(15):
        client.take(f"later-{number}", 100 * HOUR, pays=False)
    assert client.knows("first")
    assert not client.knows("other")
    client.take("last", 100 * HOUR, pays=False)
    assert not client.knows("first")
    client.take("next", 100 * HOUR)
    assert len(client.payments) == ENTRY


def test_a_remembered_one_in_front_does_not_keep_all_behind_it() -> None:
    client = Client()
    client.take("front", 100 * HOUR)
    for number in range(2_000):
        client.take(f"old-{number}", 0)
    assert client.knows("front")
    assert client.knows("old-1999")
    assert not client.knows("old-1900")
    assert len(client.payments) <= 257 * ENTRY


def test_of_many_within_48_hours_the_latest_256_are_known() -> None:
    client = Client()
    for number in range(300):
        client.take(f"e-{number}", number)
    assert [client.knows(f"e-{number}") for number in (43, 44, 299)] == [False, True, True]
