"""What limits count of one client, and the packed form in which its state carries it.

Most events meet no rule with limits, so the state holds these counters as bytes that are opened
only when a rule is about to be charged.

Bytes: msgpack of firings, limit counts, credits, pushes, dates of facts (left out where there are
none). A counter is a flat list: ordinal, count,
by how much the second ordinal is higher, its count. Amounts are numbers of `rules_engine.units`, a
period is named by its first letter. No bytes: nothing has been counted yet.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct, msgpack

from rules_engine.checked import Period
from rules_engine.units import Number, fitting, from_number, to_number

PeriodCounts = tuple[tuple[int, int], ...]
"""(ordinal of the local calendar period, count), the two latest periods that charged, ascending."""

PeriodAmounts = tuple[tuple[int, Decimal], ...]
"""(ordinal of the local calendar period, amount in major units), the two latest, ascending."""

_PERIODS = {each.value[0]: each.value for each in Period}


class Counters(Struct, frozen=True, gc=False):
    """`firings`: rule id → instant of its latest firing, microseconds since the epoch (cooldowns).
    `limit_counts`: "rule id␟PERIOD" → firings per period (per-client limits).
    `credited`: period name → what the rules credited (set-level limit per client).
    `pushed`: period name → pushes emitted (set-level push limit).
    `fact_days`: rule id → dates of the facts, in days since 1970-01-01, for which a rule that is
    due by dates has fired: the latest, and those that are still to come.
    """

    firings: Mapping[str, int] = {}
    limit_counts: Mapping[str, PeriodCounts] = {}
    credited: Mapping[str, PeriodAmounts] = {}
    pushed: Mapping[str, PeriodCounts] = {}
    fact_days: Mapping[str, tuple[int, ...]] = {}


class _Packed(Struct, frozen=True, gc=False, array_like=True):
    firings: dict[str, int]
    limit_counts: dict[str, tuple[int, ...]]
    credited: dict[str, tuple[Number, ...]]
    pushed: dict[str, tuple[int, ...]]
    fact_days: dict[str, tuple[int, ...]] = {}


NO_COUNTERS = Counters()

_encode = msgpack.Encoder(order="deterministic").encode
_decode = msgpack.Decoder(_Packed).decode


def pack_counters(counters: Counters) -> bytes:
    """The one form in bytes: equal counters give equal bytes."""
    if counters == NO_COUNTERS:
        return b""
    fields = (
        counters.firings,
        {_short(key): _flat(counts) for key, counts in counters.limit_counts.items()},
        {per[0]: _flat_amounts(held) for per, held in counters.credited.items()},
        {per[0]: _flat(counts) for per, counts in counters.pushed.items()},
    )
    return _encode((*fields, counters.fact_days) if counters.fact_days else fields)


def unpack_counters(packed: bytes) -> Counters:
    """Raises msgspec.DecodeError for damaged bytes."""
    if not packed:
        return NO_COUNTERS
    read = _decode(packed)
    return Counters(
        read.firings,
        {key[:-1] + _PERIODS[key[-1]]: _pairs(flat) for key, flat in read.limit_counts.items()},
        {_PERIODS[per]: _amounts(flat) for per, flat in read.credited.items()},
        {_PERIODS[per]: _pairs(flat) for per, flat in read.pushed.items()},
        read.fact_days,
    )


def _short(key: str) -> str:
    rule_id, _, per = key.rpartition("\x1f")
    return f"{rule_id}\x1f{per[0]}"


def _flat(counts: PeriodCounts) -> tuple[int, ...]:
    if len(counts) == 2:
        (first, one), (second, other) = counts
        return first, one, second - first, other
    return counts[0] if counts else ()


def _pairs(flat: tuple[int, ...]) -> PeriodCounts:
    if len(flat) == 4:
        first, one, after, other = flat
        return (first, one), (first + after, other)
    return ((flat[0], flat[1]),) if flat else ()


def _flat_amounts(held: PeriodAmounts) -> list[Number]:
    flat: list[Number] = []
    before = 0
    for ordinal, amount in held:
        flat += (ordinal - before, fitting(to_number(amount)))
        before = ordinal
    return flat


def _amounts(flat: tuple[Number, ...]) -> PeriodAmounts:
    if not flat:
        return ()
    first = (int(flat[0]), from_number(flat[1]))
    if len(flat) == 2:
        return (first,)
    return first, (first[0] + int(flat[2]), from_number(flat[3]))
