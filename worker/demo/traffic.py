"""Sample traffic of a network of clubs: the same seed gives the same records, for ever.

People come, top up, take a seat, pay, eat, leave; some get money back. Now and then a record comes
twice, and one in about eighty is malformed. Time is the network's own: it begins at ORIGIN, and an
event follows the last one by some seven seconds (at night by more).

Kafka gives no order between topics, so what a rule set makes of this traffic is a function of the
records alone only where no rule looks at a client across topics. The traffic does its part: what it
says of a client never changes (groups come with the first top-up, before any other), a repeat
follows within a minute, an id is used again on its own topic, and ids of different topics never
meet. The sample rule set does the other part: rules of one topic look at facts of that topic, and
no limit is shared between rules of different topics. A test evaluates the traffic in several
interleavings and gets the same totals.
"""

from collections.abc import Iterator
from datetime import datetime
from heapq import heappop, heappush
from itertools import count as numbers
from itertools import islice

from msgspec import Struct

from worker.demo.clients import Client, Dice, make_clients
from worker.demo.events import ORIGIN, Desk, Message
from worker.demo.malformed import KINDS

WARM_UP = 2 * 3600
"""Seconds before ORIGIN in which people already come, so that it begins with a house half full."""
ARRIVAL_SECONDS = (10, 50)
"""Between two arrivals by day."""
NIGHT_PACE = 2
"""At night people come so much slower."""
MALFORMED_EVERY = 80
REPEATED = 0.01

HOUR_TARIFF = ("TARIFF", "hour")
NIGHT_PACK = ("TARIFF", "night-pack")
BAR_MENU = (("cola", 90), ("coffee", 120), ("burger", 290), ("pizza", 450))
MULTIPLES = ((0.7, 2), (1.0, 4), (1.4, 4), (2.0, 3), (2.8, 3), (5.4, 1))
"""A deposit in multiples of the club's usual one, with weights."""


class DemoRecord(Struct, frozen=True):
    """A record to send. `channel` names the setting that gives its topic."""

    channel: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


Step = tuple[Message | None, int]
"""What happens now, and after how many seconds the process goes on."""
Process = Iterator[Step]


def traffic(
    seed: int, count: int | None = None, *, until: datetime | None = None
) -> Iterator[DemoRecord]:
    """The first `count` records of the seed's traffic (None: without end).

    `until`: end before an event would happen later, as it would be refused as `IN_FUTURE`; the
    sample's time reaches today after some six million events.
    """
    last = None if until is None else int((until - ORIGIN).total_seconds())
    return islice(_Network(seed).records(last), count)


class _Network:
    """A simulation of processes, each a generator that says what happens and when it goes on."""

    def __init__(self, seed: int) -> None:
        self._dice = Dice(seed)
        self._desk = Desk(self._dice)
        self._clients = make_clients(self._dice)
        self._turns = numbers()
        self._agenda: list[tuple[int, int, Process]] = []
        self._now = -WARM_UP

    def records(self, last: int | None) -> Iterator[DemoRecord]:
        """Those from ORIGIN on, until `last` seconds after it."""
        self._start(self._door())
        sent, latest = 0, None
        while last is None or self._now <= last:
            message = self._next()
            if message is None or self._now < 0:
                continue
            yield _record(message, message.value())
            sent += 1
            if message.body["type"] == "BALANCE_TOPPED_UP":
                latest = message
            if latest is not None and sent % MALFORMED_EVERY == 0:
                kind = KINDS[sent // MALFORMED_EVERY % len(KINDS)]
                yield _record(*kind(latest, self._desk.new_id("x")))
            if self._dice.chance(REPEATED):
                self._start(self._again(message))

    def _next(self) -> Message | None:
        """Take the process whose turn it is one step further."""
        self._now, _, process = heappop(self._agenda)
        step = next(process, None)
        if step is None:
            return None
        message, pause = step
        heappush(self._agenda, (self._now + pause, next(self._turns), process))
        return message

    def _start(self, process: Process, after: int = 0) -> None:
        heappush(self._agenda, (self._now + after, next(self._turns), process))

    def _door(self) -> Process:
        """Somebody comes in, again and again."""
        dice = self._dice
        while True:
            away = [(client, client.frequency) for client in self._clients if not client.here]
            if away:
                client = dice.weighted(away)
                client.here = True
                self._start(self._visit(client))
            pace = NIGHT_PACE if self._at_night() else 1
            yield None, dice.between(*ARRIVAL_SECONDS) * pace

    def _visit(self, client: Client) -> Process:
        """Top up, take a seat, pay for it, perhaps eat, leave."""
        dice, desk = self._dice, self._desk
        if dice.chance(0.7) or client.deposited < 100:
            yield self._topup(client), dice.between(20, 120)
        minutes = dice.weighted(((25, 2), (55, 5), (90, 3), (150, 1), (240, 1)))
        minutes += dice.between(0, 10)
        tariff = NIGHT_PACK if self._at_night() else HOUR_TARIFF
        visit, began = desk.new_id("visit"), self._now
        yield desk.visit_start(client, self._now, visit, tariff[1]), 30
        yield self._payment(client, tariff, 2 * minutes), dice.between(120, 900)
        while self._now - began < minutes * 60 and dice.chance(client.thirst):
            product, price = dice.pick(BAR_MENU)
            yield self._payment(client, ("BAR", product), price), dice.between(300, 1500)
        yield None, max(0, minutes * 60 - (self._now - began))
        spent = (self._now - began) // 60
        yield desk.visit_end(client, self._now, visit, tariff[1], spent), 60
        if dice.chance(0.01):
            yield desk.gift(client, self._now), 60
        client.here = False

    def _topup(self, client: Client) -> Message:
        dice = self._dice
        usual = client.club.usual_topup * client.generosity * dice.weighted(MULTIPLES)
        amount = max(50, round(usual / 10) * 10)
        message = self._desk.topup(client, self._now, amount)
        if self._now >= 0:
            client.introduced = True
        client.deposited += amount
        if dice.chance(0.03):
            self._start(self._topup_refund(client, message, amount), dice.between(120, 1800))
        return message

    def _payment(self, client: Client, product: tuple[str, str], total: int) -> Message:
        """Sometimes in part with bonuses: at most a tenth of what was ever deposited."""
        bonus = min(total * 30 // 100, client.deposited // 10) if self._dice.chance(0.2) else 0
        message = self._desk.payment(client, self._now, product, total, bonus)
        if self._dice.chance(0.02):
            self._start(self._payment_refund(client, message), self._dice.between(60, 900))
        return message

    def _topup_refund(self, client: Client, topup: Message, amount: int) -> Process:
        part = amount if self._dice.chance(0.5) else amount // 2
        yield self._desk.topup_refund(client, self._now, topup, part), 0

    def _payment_refund(self, client: Client, payment: Message) -> Process:
        yield self._desk.payment_refund(client, self._now, payment), 0

    def _again(self, message: Message) -> Process:
        """The sender did not hear that it was taken."""
        yield None, self._dice.between(2, 60)
        yield message, 0

    def _at_night(self) -> bool:
        hour = (14.5 + self._now / 3600) % 24
        return hour < 8


def _record(message: Message, value: bytes) -> DemoRecord:
    return DemoRecord(message.channel.value, message.key.encode(), value, message.headers)
