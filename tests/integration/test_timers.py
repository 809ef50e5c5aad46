"""Time passes in the worker: what falls due while a test runs, and what fell due while nobody ran.

The same events through `simulate` say which commands and which journal there have to be.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from rules_engine.author.load import load_rule_set
from rules_engine.compile import compile_rule_set
from rules_engine.simulate import simulate
from schemas.instants import parse_instant
from schemas.topics import CHANNEL_OF_EVENT, Channel
from tests.integration.deployment import COMMANDS, Deployment
from tests.integration.verifier import verify
from tests.parts.kafka import KafkaServer
from tests.parts.redis import RedisServer

ZONE = ZoneInfo("Europe/Moscow")
RULES = """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
rules:
  - {{id: topup, name: Top-up, trigger: BALANCE_TOPPED_UP, actions: [
     {{type: ADD_BONUS, formula: "10", expiresInDays: 1}},
     {{type: ASSIGN_GROUP, groupId: fresh, expiresInDays: 1}}]}}
  - {{id: absent, name: Absent, trigger: CLIENT_ABSENT, after: {{days: 1}}, at: "{at}",
     actions: [{{type: ADD_BONUS, formula: "5"}}]}}
  - {{id: absent-two, name: Absent, trigger: CLIENT_ABSENT, after: {{days: 2}}, at: "{at}",
     actions: [{{type: ADD_BONUS, formula: "6 + visitCount"}}]}}
  - {{id: first, name: First, trigger: AFTER_FIRST_VISIT, after: {{days: 1}}, at: "{at}",
     actions: [{{type: SEND_PUSH, title: "{{visitCount}} visits", body: b, ttlHours: 1}}]}}
  - {{id: birthday, name: Birthday, trigger: BIRTHDAY, at: "{at}",
     actions: [{{type: ADD_BONUS, formula: "7", expiresInDays: 1}}]}}
  - {{id: expiring, name: Expiring, trigger: BONUS_EXPIRING, before: {{days: 1}}, at: "{at}",
     actions: [{{type: SEND_PUSH, title: "{{expiringAmountMajor}}", body: b, ttlHours: 1}}]}}
  - {{id: expired, name: Expired, trigger: BONUS_EXPIRED,
     actions: [{{type: ADD_BONUS, formula: "expiredAmountMajor / 2"}}]}}
"""
LEAD = 75.0
"""Seconds that a worker needs at most to start, die, start again and catch up."""
CLIENTS = 30
Event = dict[str, Any]
Effects = dict[str, dict[str, Any]]


class Plot:
    """What happens, around the next full minute that leaves enough time."""

    def __init__(self) -> None:
        now = datetime.now(UTC)
        self.due = (now + timedelta(seconds=LEAD + 60)).replace(second=0, microsecond=0)
        self.rules = RULES.format(at=self.due.astimezone(ZONE).strftime("%H:%M"))
        self.lapses = self.due + timedelta(seconds=2)
        self.end = self.due + timedelta(seconds=6)

    def events(self) -> list[Event]:
        """In order of their dates: visits of the last three days, birthdays, and top-ups whose
        credits and groups end a little after the minute."""
        found: list[Event] = []
        for number in range(CLIENTS):
            client = f"c-{number}"
            visited = self.due - timedelta(days=1 + number % 3, minutes=number)
            visit = {"type": "VISIT_STARTED", "visitId": "v", "tariffId": "t"}
            found.append(self._event(client, visited, visit))
            if number % 2:
                topup = {"type": "BALANCE_TOPPED_UP", "topupAmountMajor": "100"}
                topup |= {"topUpSource": "CASH", "shiftId": "s"}
                at = self.lapses - timedelta(days=1) + timedelta(milliseconds=50 * number)
                found.append(self._event(client, at, topup))
            if number % 5 == 0:
                born = self.due.astimezone(ZONE).date().replace(year=1992)
                update = {"type": "CLIENT_UPDATED", "birthday": born.isoformat()}
                found.append(self._event(client, visited + timedelta(minutes=1), update))
            if number % 7 == 0:
                code = {"type": "PROMO_CODE_REDEEMED", "code": "X", "amountMajor": "9"}
                at = visited + timedelta(minutes=2)
                found.append(self._event(client, at, {**code, "expiresInDays": 2 + number % 3}))
        return sorted(found, key=lambda event: str(event["occurredAt"]))

    def _event(self, client: str, at: datetime, fields: Event) -> Event:
        name = f"{client}-{fields['type']}"
        envelope = {"eventId": name, "organizationId": "izi", "clubId": "club-1"}
        return {**envelope, "clientId": client, "occurredAt": at.isoformat(), **fields}

    def expected(self) -> tuple[Effects, Effects]:
        """Commands and journal by id, as `simulate` has them."""
        rule_set = compile_rule_set(load_rule_set(self.rules, "izi"))
        lines = [json.dumps(event).encode() for event in self.events()]
        commands: Effects = {}
        journal: Effects = {}
        for each in simulate(rule_set, lines, int(self.end.timestamp() * 1_000_000)):
            for raw in map(msgspec.json.decode, each.commands):
                commands[raw["commandId"]] = _placeless(raw)
            for raw in map(msgspec.json.decode, each.journal):
                journal[raw["operationId"]] = _placeless(raw)
        return commands, journal


def _placeless(effect: dict[str, Any]) -> dict[str, Any]:
    """Without where its event was read."""
    cause = {k: v for k, v in effect["causedBy"].items() if k in ("eventId", "type")}
    return {**effect, "causedBy": cause}


@pytest.fixture(name="plot")
def _plot() -> Plot:
    return Plot()


@pytest.fixture(name="loyalty")
async def _loyalty(
    kafka: KafkaServer, redis_server: RedisServer, tmp_path: Path, plot: Plot
) -> AsyncIterator[Deployment]:
    settings = {"LAPSE_GRACE_SECONDS": "1"}
    async with Deployment(kafka, redis_server, tmp_path, plot.rules, **settings) as loyalty:
        yield loyalty


async def test_timers_ring_once_and_in_time_through_a_killed_worker(
    loyalty: Deployment, plot: Plot
) -> None:
    for event in plot.events():
        channel = CHANNEL_OF_EVENT[str(event["type"])]
        await loyalty.send_events([event], channel)
    first = loyalty.start_worker()
    await first.ready()
    await asyncio.sleep(0.3)
    first.kill()
    second = loyalty.start_worker(KAFKA_GROUP_ID=loyalty.name)
    await second.ready()
    await loyalty.caught_up()
    assert datetime.now(UTC) < plot.due, "the machine is too slow for the test's lead"
    await asyncio.sleep(plot.end.timestamp() - time.time() + 3)
    commands, journal = plot.expected()
    found = [(json.loads(r.value or b""), r.timestamp) for r in await loyalty.read(*COMMANDS)]
    assert {raw["commandId"]: _placeless(raw) for raw, _ in found} == commands
    written = [json.loads(r.value or b"") for r in await loyalty.read(Channel.BONUS_JOURNAL)]
    assert {raw["operationId"]: _placeless(raw) for raw in written} == journal
    _in_time(plot, found)
    verdict = await verify(loyalty)
    assert verdict.clean, verdict
    assert second.metric("loyalty_timer_delay_seconds_count") > CLIENTS


def _in_time(plot: Plot, found: list[tuple[dict[str, Any], int]]) -> None:
    """An idle lane takes what is due within a second; publishing it and a loaded machine add."""
    delays = []
    for raw, published in found:
        due = parse_instant(str(raw["issuedAt"])) // 1000
        if due >= plot.due.timestamp() * 1000:
            delays.append(published - due)
    assert len(delays) > CLIENTS
    assert max(delays) < 1000 + 1000 + 1000, sorted(delays)[-5:]
