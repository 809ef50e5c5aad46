"""The load of a fault run: a seeded stream of events whose ids say when they were sent."""

import json
from collections import deque
from datetime import UTC, datetime, timedelta
from random import Random

from schemas.topics import Channel
from tests.chaos.rules import ZONE
from tests.integration.traffic import Sent, event_of

CLIENTS = 240
DAY = timedelta(days=1)


def sent_at(event_id: str) -> float | None:
    """Seconds since the epoch at which an event of the load was sent; None: not one of it."""
    stamp, dash, _ = event_id.partition("-")
    return int(stamp) / 1000 if dash and stamp.isdigit() else None


class Load:
    """Top-ups, visits, payments, refunds, birthdays, promo codes: of today, and of the same hour
    yesterday, so that credits, groups and absences come to their ends while the run lasts."""

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)
        self._number = 0
        self._recent: deque[Sent] = deque(maxlen=400)
        self._names: deque[str] = deque(maxlen=CLIENTS * 3)

    def batch(self, count: int, now: datetime) -> list[Sent]:
        """The next events, in order; a few of them repeat."""
        made = [self._one(now) for _ in range(count)]
        if self._random.random() < 0.1:
            made += self.repeats(1)
        return made

    def repeats(self, count: int) -> list[Sent]:
        """What was sent not long ago, once more."""
        known = list(self._recent)
        return [self._random.choice(known) for _ in range(count)] if known else []

    def malformed(self, count: int, now: datetime) -> list[Sent]:
        """Records that cannot be taken, of every kind."""
        return [self._broken(now) for _ in range(count)]

    def years_ahead(self, now: datetime) -> list[Sent]:
        """A good event but for its date."""
        ahead = now + timedelta(days=self._random.randint(365, 20_000))
        return [self._one(now, {"occurredAt": ahead.isoformat()})]

    def _one(self, now: datetime, over: dict[str, object] | None = None) -> Sent:
        random = self._random
        self._number += 1
        name = f"{int(now.timestamp() * 1000)}-{self._number}"
        # So many events before, the same client made what a refund may go back to.
        before = CLIENTS * random.randint(1, 3)
        earlier = self._names[-before] if before <= len(self._names) else "none"
        self._names.append(name)
        client = f"c-{self._number % CLIENTS}"
        is_of_yesterday = self._number % CLIENTS % 2 == 1
        at = now - DAY + timedelta(seconds=random.uniform(0, 240)) if is_of_yesterday else now
        channel, event = event_of(random, name, earlier, at)
        if random.random() < 0.03:
            channel, event = Channel.CLIENTS, self._update(event, now)
        event |= {"clientId": client, **(over or {})}
        record = (channel, client.encode(), json.dumps(event).encode())
        self._recent.append(record)
        return record

    def _update(self, event: dict[str, object], now: datetime) -> dict[str, object]:
        envelope = ("eventId", "organizationId", "clubId", "occurredAt")
        born = now.astimezone(ZONE).date().replace(year=1992, day=min(28, now.day))
        kept = {name: event[name] for name in envelope}
        return {**kept, "type": "CLIENT_UPDATED", "birthday": born.isoformat()}

    def _broken(self, now: datetime) -> Sent:
        channel, key, value = self._one(now)
        event = json.loads(value or b"")
        broken: tuple[bytes | None, ...] = (
            b"",
            None,
            b'{"eventId": "\xff"}',
            b'{"eventId": NaN}',
            b"[" * 2000,
            (value or b"")[: self._random.randint(1, 60)],
            json.dumps({**event, "type": "CLIENT_ABSENT"}).encode(),
            json.dumps({**event, "occurredAt": "yesterday"}).encode(),
            json.dumps({**event, "clientId": f"x{event['clientId']}"}).encode(),
            json.dumps({**event, "topupAmountMajor": "-1"}).encode(),
        )
        return channel, key, self._random.choice(broken)


def instant() -> datetime:
    return datetime.now(UTC)
