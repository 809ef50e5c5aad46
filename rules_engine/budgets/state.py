"""What a lane keeps about budgets between its plans: one packed value.

The structs are mutable: an evaluation works on its own unpacked copy.
"""

from decimal import Decimal

import msgspec
from msgspec import Struct, field

from rules_engine.budgets.messages import Bound, Request
from rules_engine.budgets.port import BudgetKey, Need
from rules_engine.errors import BudgetsUnreadable


class Tried(Struct, array_like=True):
    """The record that could not be decided: where it is, and what is settled of it so far.

    `verdicts`: rule id → was its credit charged? `asking`: the rule whose answer is awaited, empty
    when it has come. `rules`: hash of the rule set that decides it, whatever is in force by then.
    """

    topic: str
    offset: int
    organization_id: str
    rules: str
    wall: int
    verdicts: dict[str, bool]
    asking: str
    needs: tuple[Need, ...]


class Ledger(Struct, array_like=True):
    """A budget's period in its owner's hand. `out`: lane → what it was given; `told`: the lanes
    that know a bound. `limit` is the amount that `free` and `out` add up to, less what was paid."""

    limit: Decimal
    free: Decimal
    out: dict[int, Decimal] = field(default_factory=dict)
    told: list[int] = field(default_factory=list)
    granted: bool = False


class Queued(Struct, array_like=True):
    """A request that waits for recalled slices. `rounds`: budget → the recall made for it."""

    lane: int
    request: Request
    rounds: dict[BudgetKey, int] = field(default_factory=dict)


class Awaited(Struct, array_like=True):
    """A recall under way: what the lane held when it was sent, less what came back since."""

    lane: int
    key: BudgetKey
    recall: int
    held: Decimal


class BudgetState(Struct, array_like=True):
    """`sent`, `seen`: lane → latest number of the channel to it and from it."""

    sent: dict[int, int] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)
    slices: dict[BudgetKey, Decimal] = field(default_factory=dict)
    bounds: dict[BudgetKey, Bound] = field(default_factory=dict)
    tried: Tried | None = None
    ledgers: dict[BudgetKey, Ledger] = field(default_factory=dict)
    queues: dict[str, list[Queued]] = field(default_factory=dict)
    awaited: list[Awaited] = field(default_factory=list)
    recalls: int = 0

    @property
    def is_waiting(self) -> bool:
        """An answer is awaited: the lane takes nothing but budget messages."""
        return self.tried is not None and bool(self.tried.asking)


_VERSION = b"\x01"
_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder = msgspec.msgpack.Decoder(BudgetState)


def pack_budgets(state: BudgetState) -> bytes:
    """First byte: the version of the shape."""
    return _VERSION + _encoder.encode(state)


def unpack_budgets(packed: bytes) -> BudgetState:
    """The empty state for b"". Raises BudgetsUnreadable for another version and damaged bytes."""
    if not packed:
        return BudgetState()
    if packed[:1] != _VERSION:
        raise BudgetsUnreadable(f"the budgets of a lane have version {packed[0]} of their shape")
    try:
        return _decoder.decode(memoryview(packed)[1:])
    except msgspec.MsgspecError as fault:
        raise BudgetsUnreadable(f"the budgets of a lane cannot be read: {fault}") from fault
