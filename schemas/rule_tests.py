"""Rule tests as authored: cases that say what a rule set is to do, exported as JSON Schema.

Shape only. What an event of a type may hold is `schemas.events`; whether rules exist and events can
be read is checked by `rules_engine.cases` against the rule set that the tests are about.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from schemas.authored import (
    Authored,
    Id,
    Instant,
    MoneyOrZero,
    SignedMoney,
    Text,
    authored_json_schema,
)
from schemas.journal import Operation, Violation
from schemas.rule_actions import Restriction

EventType = Literal[
    "BALANCE_TOPPED_UP",
    "TOPUP_REFUNDED",
    "VISIT_STARTED",
    "VISIT_ENDED",
    "PAYMENT_MADE",
    "PAYMENT_REFUNDED",
    "BONUS_CREDITED",
    "BONUS_WRITTEN_OFF",
    "PROMO_CODE_REDEEMED",
    "CLIENT_REGISTERED",
    "CLIENT_UPDATED",
    "CLIENT_IMPORTED",
    "CLIENT_FORGOTTEN",
]
CommandType = Literal["ADD_BONUS", "REVOKE_BONUS", "ASSIGN_GROUP", "UNASSIGN_GROUP", "SEND_PUSH"]
ReasonCode = Literal[
    "DISABLED",
    "CLUB",
    "VALIDITY",
    "WINDOW",
    "AUDIENCE",
    "CONDITION",
    "EXCLUDED_BY",
    "FORMULA_FAILED",
    "LIMIT_PER_CLIENT",
    "COOLDOWN",
    "CLIENT_CREDIT",
    "BUDGET",
    "ZERO_CREDIT",
    "PUSH_LIMIT",
]


class Defaults(Authored):
    """What events of this file have where they do not say otherwise."""

    club_id: Id = "club-1"
    client_id: Id = "client-1"
    occurred_at: Instant | None = Field(default=None, examples=["2026-11-23T12:00:00+03:00"])
    """Of a case's first event; each later one comes a minute after the one before it.
    Absent: Monday 2026-01-05, noon in the rule set's zone."""


_IN_WIRE_WORDS = ConfigDict(
    strict=True,
    extra="allow",
    frozen=True,
    alias_generator=to_camel,
    use_attribute_docstrings=True,
)


class GivenClient(BaseModel):
    """What is known of the client before the case: the fields of CLIENT_IMPORTED."""

    model_config = _IN_WIRE_WORDS


class GivenEvent(BaseModel):
    """An event in the words of the wire. What is left out of its envelope has defaults."""

    model_config = _IN_WIRE_WORDS

    type: EventType


class Given(Authored):
    """What is there, and what happens."""

    client: GivenClient | None = None
    """Its state as of the first event. Absent: nothing is known."""
    before: list[GivenEvent] = Field(default_factory=list)
    """Events that happened before: they count, and nothing is expected of them."""
    events: list[GivenEvent] = Field(default_factory=list)
    """What the case is about. Absent: time alone, up to `until`."""
    until: Instant | None = Field(default=None, examples=["2026-12-07T12:00:00+03:00"])
    """So long time goes on after the events, inclusive. Absent: up to the last event."""


class ExpectedCommand(Authored):
    """A command by the fields that matter; those that are left out may be anything."""

    event_id: Id | None = None
    """The event that causes it. Events without an id are `e-1`, `e-2`, …; a timer's is
    `timer:TRIGGER:rule:client:due date`."""
    client_id: Id | None = None
    rule_id: Id | None = None
    type: CommandType | None = None
    amount_major: MoneyOrZero | None = None
    expires_at: Instant | None = None
    restriction: Restriction | None = None
    group_id: Id | None = None
    title: Text | None = None
    body: Text | None = None
    not_before: Instant | None = None
    not_after: Instant | None = None
    tags: list[Id] | None = None


class ExpectedRecord(Authored):
    """A record of the bonus journal by the fields that matter."""

    event_id: Id | None = None
    client_id: Id | None = None
    rule_id: Id | None = None
    type: Operation | None = None
    amount_major: SignedMoney | None = None
    taken_major: SignedMoney | None = None
    balance_after_major: MoneyOrZero | None = None
    executor: Id | None = None
    reason: Text | None = None
    violations: list[Violation] | None = None
    tags: list[Id] | None = None


class ExpectedReason(Authored):
    """Why a rule did not fire, or not all of it."""

    rule_id: Id
    reason: ReasonCode
    detail: Text | None = None
    """The winner of EXCLUDED_BY, the cause of FORMULA_FAILED; for other reasons their words."""
    event_id: Id | None = None
    """Absent: the last event or timer that the rule was asked at."""


class Expect(Authored):
    """What comes of the events. A list tells all of them, in any order; an empty one: none."""

    commands: list[ExpectedCommand] | None = None
    """Absent: commands are not looked at."""
    journal: list[ExpectedRecord] | None = None
    """Absent: the journal is not looked at."""
    reasons: list[ExpectedReason] = Field(default_factory=list)


class Case(Authored):
    """One example of what the rule set is to do."""

    name: Text
    given: Given
    expect: Expect


class RuleTests(Authored):
    """A file of tests, `*.test.yaml`, beside the rule set that it is about."""

    rules: Text | None = None
    """The rule set's file, from this one's folder. Absent: the one of the same name, `izi.yaml` of
    `izi.test.yaml`."""
    defaults: Defaults = Field(default_factory=Defaults)
    cases: Annotated[list[Case], Field(min_length=1)]


def rule_tests_json_schema() -> dict[str, Any]:
    """JSON Schema of a file of tests, for editors."""
    return authored_json_schema(RuleTests)
