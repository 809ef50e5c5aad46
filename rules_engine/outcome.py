"""What one event came to: commands, journal, the client's new state, why a rule did not fire."""

from enum import StrEnum

from msgspec import Struct

from rules_engine.account.payments import Payment
from rules_engine.client import ClientState
from schemas.decoded import Rejected
from schemas.wire import Command, JournalRecord


class Reason(StrEnum):
    """Why a rule did not fire: explain, traces and tests use these words."""

    DISABLED = "DISABLED"
    CLUB = "CLUB"
    VALIDITY = "VALIDITY"
    WINDOW = "WINDOW"
    AUDIENCE = "AUDIENCE"
    CONDITION = "CONDITION"
    EXCLUDED_BY = "EXCLUDED_BY"
    FORMULA_FAILED = "FORMULA_FAILED"
    LIMIT_PER_CLIENT = "LIMIT_PER_CLIENT"
    COOLDOWN = "COOLDOWN"
    CLIENT_CREDIT = "CLIENT_CREDIT"
    BUDGET = "BUDGET"
    ZERO_CREDIT = "ZERO_CREDIT"
    PUSH_LIMIT = "PUSH_LIMIT"


class Origin(Struct, frozen=True, gc=False):
    """Where the event was read."""

    topic: str
    partition: int
    offset: int


class Rejection(Struct, frozen=True, gc=False):
    """A rule that passed its `when` and yet emitted nothing (or not everything).

    `detail`: the winner of EXCLUDED_BY, the cause of FORMULA_FAILED (DIVISION_BY_ZERO,
    MISSING_VALUE, OVERFLOW, INVALID_OPERATION), else empty.
    """

    rule_id: str
    reason: Reason
    detail: str = ""


class Outcome(Struct, frozen=True, gc=False):
    """`client` is the state after the event. A duplicate or a rejected event changes nothing.

    `short`: a budget's answer is awaited; the event had no effect and is to be tried again.
    `fired`: ids of the rules that emitted at least one command, in matching order.
    `payment`: the event's payment as it is to be remembered from now on.
    `has_drifted`: the CRM knows another bonus balance than this projection.
    """

    client: ClientState
    commands: tuple[Command, ...] = ()
    fired: tuple[str, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    truncated_pushes: int = 0
    duplicate: bool = False
    rejected: Rejected | None = None
    short: bool = False
    journal: tuple[JournalRecord, ...] = ()
    payment: Payment | None = None
    has_drifted: bool = False
