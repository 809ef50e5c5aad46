"""The functions of the language: the closed list, as authors see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Function:
    """`most` is None where there is no upper bound on the number of arguments."""

    name: str
    signature: str
    description: str
    least: int
    most: int | None


_ALL = (
    Function("min", "min(x, y, ...)", "the smallest", 2, None),
    Function("max", "max(x, y, ...)", "the largest", 2, None),
    Function("abs", "abs(x)", "without its sign", 1, 1),
    Function(
        "round",
        "round(x) or round(x, n)",
        "to n decimals (0 unless told), by the rule set's rounding; n is written as a number",
        1,
        2,
    ),
    Function("floor", "floor(x)", "down to a whole number", 1, 1),
    Function("ceil", "ceil(x)", "up to a whole number", 1, 1),
    Function("clamp", "clamp(x, lo, hi)", "x, but at least lo and at most hi", 3, 3),
    Function("percent", "percent(x, p)", "p percent of x: x * p / 100", 2, 2),
    Function("known", "known(x)", "true unless x uses a missing value", 1, 1),
    Function("coalesce", "coalesce(x, y)", "x, or y if x uses a missing value", 2, 2),
    Function(
        "bucket",
        "bucket('salt')",
        "0 to 99, always the same for a client and a salt: holdouts and A/B tests",
        1,
        1,
    ),
)

FUNCTIONS: Mapping[str, Function] = MappingProxyType({each.name: each for each in _ALL})
