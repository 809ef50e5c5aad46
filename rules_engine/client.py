"""What the worker knows of one client: counters, groups, remembered events, limit counters.

A value: nobody changes one in place; `after_event` and its like return a new one.
"""

from decimal import Decimal

from msgspec import Struct

PeriodCounts = tuple[tuple[int, int], ...]
"""(ordinal of the local calendar period, count), the two latest periods that charged, ascending."""

PeriodAmounts = tuple[tuple[int, Decimal], ...]
"""(ordinal of the local calendar period, amount in major units), the two latest, ascending."""


class GroupChange(Struct, frozen=True, gc=False, array_like=True):
    """One of the worker's own assignments, kept while a snapshot must not undo it."""

    group_id: str
    assigned: bool
    at: int


class ClientState(Struct, frozen=True, array_like=True):
    """Counters as of before the next event. Instants: microseconds since the epoch, UTC.

    `memory`: remembered events, packed, in order of arrival (see `memory.py`).
    `firings`: rule id → instant of its latest firing (cooldowns).
    `limit_counts`: "rule id␟PERIOD" → firings per period (per-client limits).
    `credited`: period name → what the rules credited (set-level limit per client).
    `pushed`: period name → pushes emitted (set-level push limit).
    `last_club`: club of the latest event (timers).
    """

    topup_total: Decimal = Decimal(0)
    topup_count: int = 0
    spent_total: Decimal = Decimal(0)
    visit_count: int = 0
    first_visit_at: int | None = None
    last_visit_at: int | None = None
    registered_at: int | None = None
    birthday: str | None = None
    groups: tuple[str, ...] = ()
    group_changes: tuple[GroupChange, ...] = ()
    latest_at: int | None = None
    memory: bytes = b""
    firings: dict[str, int] = {}
    limit_counts: dict[str, PeriodCounts] = {}
    credited: dict[str, PeriodAmounts] = {}
    pushed: dict[str, PeriodCounts] = {}
    last_club: str = ""
