"""(a) A stock Faust agent: pydantic models, asteval formulas, Redis GET and SET for every event.

What the documentation of each part leads to. Tuned where they say so: formulas are parsed once,
asteval runs without NumPy, models are read by `validate_json`, rules are indexed by trigger and
club, the producer lingers and batches, the stream's buffer and the fetch size are raised. The
agent's concurrency stays at one: with more, two events of one client may be read, changed and
written at the same time.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import faust
import redis.asyncio as redis
from asteval import Interpreter
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from benchmarks.baselines.settings import Settings
from benchmarks.workload.rules import (
    CLUBS,
    CURRENCY,
    ORGANIZATION,
    RULES,
    TIME_ZONE,
    VERSION,
)

ZONE = ZoneInfo(TIME_ZONE)
CENT = Decimal("0.01")


class Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Event(Model):
    event_id: str
    organization_id: str
    club_id: str
    client_id: str
    occurred_at: datetime


class BalanceToppedUp(Event):
    type: Literal["BALANCE_TOPPED_UP"]
    topup_amount_major: Decimal
    top_up_source: Literal["ACQUIRING", "POS_TERMINAL", "CASH"]
    shift_id: str | None = None
    gateway_transaction_id: str | None = None


class VisitStarted(Event):
    type: Literal["VISIT_STARTED"]
    visit_id: str
    tariff_id: str


class VisitEnded(Event):
    type: Literal["VISIT_ENDED"]
    visit_id: str
    tariff_id: str
    duration_minutes: int


class PaymentMade(Event):
    type: Literal["PAYMENT_MADE"]
    payment_id: str
    total_amount_major: Decimal
    bonus_amount_major: Decimal
    product_type: Literal["TARIFF", "BAR", "MULTIPASS"]
    product_id: str


AnyEvent = BalanceToppedUp | VisitStarted | VisitEnded | PaymentMade
EVENTS: TypeAdapter[AnyEvent] = TypeAdapter(Annotated[AnyEvent, Field(discriminator="type")])


class Client(Model):
    """The state in Redis. Its names are those of the formulas."""

    topup_count: int = 0
    total_topup_major: Decimal = Decimal(0)
    visit_count: int = 0
    total_spent_major: Decimal = Decimal(0)

    def count(self, event: AnyEvent) -> None:
        if isinstance(event, BalanceToppedUp):
            self.topup_count += 1
            self.total_topup_major += event.topup_amount_major
        elif isinstance(event, VisitStarted):
            self.visit_count += 1
        elif isinstance(event, PaymentMade):
            self.total_spent_major += event.total_amount_major


class CausedBy(Model):
    event_id: str
    type: str
    topic: str
    partition: int
    offset: int


class Restriction(Model):
    product_types: list[str] = []
    product_ids: list[str] = []


class AddBonus(Model):
    command_id: str
    type: str = "ADD_BONUS"
    organization_id: str = ORGANIZATION
    club_id: str
    client_id: str
    rule_id: str
    rule_set_version: str = VERSION
    tags: list[str] = []
    executor: str = "SYSTEM"
    caused_by: CausedBy
    issued_at: datetime
    amount_major: str
    currency: str = CURRENCY
    batch_id: str
    expires_at: datetime | None = None
    restriction: Restriction = Restriction()


@dataclass(frozen=True)
class ParsedRule:
    id: str
    exclusive: str
    when: Any
    credit: Any


class Rules:
    """The formulas, parsed once, and the interpreter that runs them."""

    def __init__(self) -> None:
        self._interpreter = Interpreter(minimal=True, use_numpy=False)
        self._interpreter.symtable["percent"] = lambda amount, rate: amount * rate / 100
        self._candidates: dict[tuple[str, str], list[ParsedRule]] = {}
        for rule in RULES:
            parsed = ParsedRule(
                rule.id,
                rule.exclusive,
                self._interpreter.parse(rule.when or "True"),
                self._interpreter.parse(rule.credit),
            )
            for club in (rule.club,) if rule.club else CLUBS:
                self._candidates.setdefault((rule.trigger, club), []).append(parsed)

    def credits(self, event: AnyEvent, client: Client) -> list[tuple[str, Decimal]]:
        """(rule id, amount) of every rule that fires."""
        self._interpreter.symtable.update(self._variables(event, client))
        held = set()
        found = []
        for rule in self._candidates[event.type, event.club_id]:
            if rule.exclusive in held or not self._run(rule.when):
                continue
            if rule.exclusive:
                held.add(rule.exclusive)
            amount = Decimal(self._run(rule.credit)).quantize(CENT, ROUND_HALF_UP)
            if amount > 0:
                found.append((rule.id, amount))
        return found

    def _variables(self, event: AnyEvent, client: Client) -> dict[str, Any]:
        local = event.occurred_at.astimezone(ZONE)
        return {
            **event.model_dump(by_alias=True),
            **client.model_dump(by_alias=True),
            "isFirstTopup": client.topup_count == 0,
            "hour": local.hour,
            "dayOfWeek": local.isoweekday(),
        }

    def _run(self, formula: Any) -> Any:
        result = self._interpreter.run(formula)
        if self._interpreter.error:
            raise ValueError(self._interpreter.error[0].get_error())
        return result


settings = Settings.from_environment()
rules = Rules()
store = redis.from_url(settings.redis_url)
app = faust.App(
    settings.group,
    broker=f"kafka://{settings.bootstrap}",
    value_serializer="raw",
    topic_allow_declare=False,
    topic_disable_leader=True,
    web_enabled=False,
    broker_max_poll_records=1000,
    stream_buffer_maxsize=8192,
    producer_linger=0.005,
    producer_max_batch_size=131072,
)
inputs = app.topic(*settings.inputs, value_type=bytes, value_serializer="raw")
commands = app.topic(settings.commands, value_type=bytes, value_serializer="raw")


@app.agent(inputs)  # type: ignore[untyped-decorator]
async def credit(stream: Any) -> None:
    async for event in stream.events():
        message = event.message
        happened = EVENTS.validate_json(event.value)
        key = settings.key_prefix + happened.client_id
        stored = await store.get(key)
        client = Client.model_validate_json(stored) if stored else Client()
        for rule_id, amount in rules.credits(happened, client):
            command = add_bonus(happened, message, rule_id, amount)
            await commands.send(key=message.key, value=command.model_dump_json(by_alias=True))
        client.count(happened)
        await store.set(key, client.model_dump_json(by_alias=True))


def add_bonus(event: AnyEvent, message: Any, rule_id: str, amount: Decimal) -> AddBonus:
    command_id = f"{event.event_id}:{rule_id}"
    return AddBonus(
        command_id=command_id,
        club_id=event.club_id,
        client_id=event.client_id,
        rule_id=rule_id,
        caused_by=CausedBy(
            event_id=event.event_id,
            type=event.type,
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
        ),
        issued_at=event.occurred_at,
        amount_major=str(amount),
        batch_id=command_id,
    )


if __name__ == "__main__":
    app.main()
