"""The model itself: events through a rule set from empty state, in order, timers between them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from types import MappingProxyType
from typing import Any

from tests.reference import agenda, events, lives, operations, ring
from tests.reference.firing import Firing
from tests.reference.memory import Client, Counter, Topup
from tests.reference.result import Result
from tests.reference.revoking import revoke
from tests.reference.rules import read_rule_set
from tests.reference.scene import Cause, Scene

UNKNOWN_CURRENCY_DIGITS = 4
START = datetime.min.replace(tzinfo=UTC)


def run(
    rules_yaml: str,
    lines: list[bytes],
    until: datetime | None = None,
    versions: Mapping[int, str] = MappingProxyType({}),
) -> Result:
    """The meaning of `loyalty simulate --rules --events --until`, where another version of the
    rule set may come into force just before a line."""
    with localcontext() as context:
        context.prec = 2000
        return Model(rules_yaml, versions).run(lines, until)


def topic_of(line: bytes) -> str | None:
    """The type decides it, wherever it can be read."""
    try:
        return events.topic_of(events.parse(line))
    except events.Rejected:
        return None


class Model:
    """One rule set, all clients.

    `clock` is the latest `occurredAt`; `position` the latest timer or event that was taken.
    """

    def __init__(self, rules_yaml: str, versions: Mapping[int, str]) -> None:
        self.rule_set = read_rule_set(rules_yaml)
        self.versions = versions
        self.clients: dict[tuple[str, str], Client] = {}
        self.budgets: dict[tuple[str, str], Counter] = {}
        self.clock = START
        self.position: agenda.Position = (START, agenda.EVENTS)
        self.result = Result()

    def run(self, lines: list[bytes], until: datetime | None) -> Result:
        for offset, line in enumerate(lines):
            if offset in self.versions:
                self.change_rules(self.versions[offset])
            if not line.strip():
                continue
            self.result.line = offset
            try:
                events.small_enough(line)
                value = events.parse(line)
                self.take(self.read(value), offset)
            except events.Rejected as rejected:
                letter = {
                    "code": rejected.code,
                    "offset": offset,
                    "topic": topic_of(line),
                    "value": line.decode("utf-8", "replace"),
                }
                self.result.note(self.result.dead_letters, letter)
        self.result.line = len(lines)
        self.advance(max(self.clock, until or self.clock))
        return self.result

    def change_rules(self, rules_yaml: str) -> None:
        """Counters stay with the ids of their rules; what is due is due by the new set. What an
        event gave that was over by then has ended under the old one."""
        self.advance(self.clock)
        self.rule_set = read_rule_set(rules_yaml)
        for client in self.clients.values():
            if client.key[0] == self.rule_set["organizationId"]:
                agenda.start_over(self, client)

    def read(self, value: Any) -> dict[str, Any]:
        ours = events.organization_of(value) == self.rule_set["organizationId"]
        return events.read(value, self.rule_set["digits"] if ours else UNKNOWN_CURRENCY_DIGITS)

    def take(self, event: dict[str, Any], offset: int) -> None:
        """One event: duplicates, timers before it, snapshot, its own operation, rules on the state
        before it, its other effects."""
        key = (event["organizationId"], event["clientId"])
        client = self.clients.setdefault(key, Client(key))
        known = client.known_event(event["eventId"])
        if known is not None:
            if known != event:
                raise events.Rejected("EVENT_ID_REUSED", event["eventId"])
            return
        clock = max(self.clock, event["occurredAt"])
        if client.payment_reused(event, clock):
            raise events.Rejected("PAYMENT_ID_REUSED", event["paymentId"])
        ours = event["organizationId"] == self.rule_set["organizationId"]
        if event["type"] == "CLIENT_IMPORTED":
            lives.judge_import(client, event, ours)
        self.advance(clock)
        if event["type"] == "CLIENT_IMPORTED":  # a timer may have booked something meanwhile
            lives.judge_import(client, event, ours)
        client.remember(event)
        if event["type"] == "CLIENT_FORGOTTEN":
            lives.forget(Scene(self, client, Cause(event, offset)))
            return
        if event["type"] == "CLIENT_IMPORTED":
            lives.begin(client, event)
        client.last_club = event["clubId"]
        client.read_snapshot(event["client"], event["occurredAt"])
        if ours:
            self.judge(client, Cause(event, offset))
        client.take(event)
        self.set_timers(client)

    def judge(self, client: Client, cause: Cause) -> None:
        """The snapshot's balance is read before the rules, the operation itself after."""
        event = cause.event
        operations.read_balance(Scene(self, client, cause))
        before = Scene(self, client, cause)
        operations.operate(before)
        if event["type"] == "TOPUP_REFUNDED":
            revoke(before)
        if event["type"] == "BALANCE_TOPPED_UP":
            client.topups[event["eventId"]] = Topup(event["topupAmountMajor"], before.today)
        rules = [rule for rule in self.rule_set["rules"] if rule["trigger"] == event["type"]]
        reasons = Firing(before).fire(rules, {})
        self.result.reasons[cause.offset or 0] = reasons

    def open_batch(
        self,
        client: Client,
        batch_id: str,
        amount: Decimal,
        expires: datetime | None,
        restriction: dict[str, Any],
        rule_id: str | None,
    ) -> None:
        client.account.open(batch_id, amount, expires, self.clock, restriction, rule_id)
        if expires is not None:
            agenda.watch_lapse(self, client, expires)

    def set_timers(self, client: Client) -> None:
        if client.key[0] == self.rule_set["organizationId"]:
            agenda.watch_facts(self, client)

    def advance(self, clock: datetime) -> None:
        """Timers due at or before the clock, the clock standing at each meanwhile."""
        ours = [client for client in self.clients.values()
                if client.key[0] == self.rule_set["organizationId"]]  # fmt: skip
        while (due := agenda.earliest(ours)) is not None and due.at <= clock:
            self.clock = max(self.clock, due.at)
            self.position = max(self.position, (due.at, due.rank))
            ring.ring(self, due)
            self.set_timers(due.client)
        self.clock = clock
        self.position = (clock, agenda.EVENTS)
