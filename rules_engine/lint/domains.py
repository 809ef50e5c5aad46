"""Every value that a name can have under a trigger: what the wire and the calendar allow.

Beside the variables of formulas there are names for what rules ask otherwise: `weekday` (1–7) and
`minute` (0–1439) of the local clock, `occurredAt` (microseconds, UTC), `clubId`, `group:ID` and
`bucket:SALT`. `hour`, `dayOfWeek` and `isFirstTopup` are read from these.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from msgspec import Struct

from rules_engine.calendar import DAY_US, MINUTES_OF_DAY
from rules_engine.formula.checked import Kind
from rules_engine.lint.values import ANY_NUMBER, ANY_TEXT, EITHER, Flags, Groups, Numbers, Texts
from rules_engine.variables import Source, Variable, variables
from schemas.money import MAX_INTEGER_DIGITS, MAX_MINOR_DIGITS

WEEKDAY, MINUTE, OCCURRED_AT, CLUB = "weekday", "minute", "occurredAt", "clubId"
GROUP, BUCKET = "group:", "bucket:"

DERIVED = {"hour": MINUTE, "dayOfWeek": WEEKDAY, "isFirstTopup": "topupCount"}
"""Variable → the name that it is read from."""

_ONE = Decimal(1)
_FINEST = Decimal(1).scaleb(-MAX_MINOR_DIGITS)
"""Totals may hold amounts from before the organization had a currency here."""
_MOST_MONEY = Decimal(10) ** MAX_INTEGER_DIGITS
_MOST_TOTAL = _MOST_MONEY * 10**10
_MOST_COUNT = Decimal(10) ** 18
_MOST_DAYS = Decimal(3_660_000)
_LAST_INSTANT = Decimal(2_932_897 * DAY_US)
_FIRST_INSTANT = Decimal(-719_163 * DAY_US)
_LONGEST_LIFE = Decimal(36_500)


class Domain(Struct, frozen=True):
    """`step`: the distance between neighbours; None: as fine as 34 digits are."""

    value: Numbers | Texts | Flags | Groups
    may_miss: bool = False
    step: Decimal | None = None


class Domains:
    """The domains of one trigger in a currency.

    `largest`: no amount of money is taken to be above it, neither of the event nor of the client,
    or finer than the currency;
    `most_times`: no count or number of days is; `since`: no event is dated before.
    None: whatever the wire allows. `held`: names that are narrower than that.
    """

    def __init__(
        self,
        trigger: str,
        minor_digits: int,
        largest: Decimal | None = None,
        most_times: int | None = None,
        since: int | None = None,
        held: Mapping[str, Domain] = MappingProxyType({}),
    ) -> None:
        self._held = held
        self._variables = variables(trigger)
        self._minor_unit = Decimal(1).scaleb(-minor_digits)
        self._largest = largest
        self._most_times = most_times
        first = _FIRST_INSTANT if since is None else Decimal(since)
        self._instants = Domain(Numbers(first, _LAST_INSTANT), step=_ONE)

    @property
    def names(self) -> Mapping[str, Variable]:
        """The variables of formulas."""
        return self._variables

    def of(self, name: str) -> Domain:
        """The domain of a variable, or of one of the names above."""
        if name in self._held:
            return self._held[name]
        if name == OCCURRED_AT:
            return self._instants
        if name in _CALENDAR:
            return _CALENDAR[name]
        if name == CLUB:
            return Domain(Texts(excluded=frozenset({""})))
        if name.startswith(GROUP):
            return Domain(EITHER)
        if name.startswith(BUCKET):
            return _whole(0, 99)
        variable = self._variables[name]
        value, step = self._value(variable)
        return Domain(value, variable.optional, step)

    def _value(self, variable: Variable) -> tuple[Numbers | Texts | Flags | Groups, Decimal | None]:
        if variable.kind is Kind.NUMBER:
            return self._number(variable)
        if variable.kind is Kind.FLAG:
            return EITHER, None
        if variable.kind is Kind.GROUPS:
            return Groups(), None
        if variable.name == "localDate":
            return Texts(above="0001-01-0", below="9999-12-32"), None
        if variable.words:
            return Texts(frozenset(variable.words)), None
        is_id = variable.source is Source.EVENT
        return Texts(excluded=frozenset({""})) if is_id else ANY_TEXT, None

    def _number(self, variable: Variable) -> tuple[Numbers, Decimal | None]:
        if variable.is_money:
            return self._money(variable)
        if not variable.whole:
            return ANY_NUMBER, None
        if variable.name.startswith("daysSince"):
            far = _MOST_DAYS if self._most_times is None else Decimal(self._most_times)
            return Numbers(-far, far), _ONE
        if variable.name == "expiresInDays":
            return Numbers(_ONE, _LONGEST_LIFE), _ONE
        most = _MOST_COUNT if self._most_times is None else Decimal(self._most_times)
        return Numbers(Decimal(0), most), _ONE

    def _money(self, variable: Variable) -> tuple[Numbers, Decimal | None]:
        if variable.source is Source.EVENT and variable.name not in _OF_THE_ACCOUNT:
            step = self._minor_unit
            least = Decimal(0) if variable.name == "bonusAmountMajor" else step
            most = _MOST_MONEY - step
        else:
            step = _FINEST if self._largest is None else self._minor_unit
            least = step if variable.name in _OF_THE_ACCOUNT else Decimal(0)
            most = _MOST_TOTAL
        if self._largest is not None:
            most = self._largest
        # An average is a quotient: on no grid.
        return Numbers(least, most), None if variable.name == "averageTopupMajor" else step


_OF_THE_ACCOUNT = frozenset({"expiringAmountMajor", "expiredAmountMajor"})


def _whole(least: int, most: int) -> Domain:
    return Domain(Numbers(Decimal(least), Decimal(most)), step=_ONE)


_CALENDAR = {
    WEEKDAY: _whole(1, 7),
    MINUTE: _whole(0, MINUTES_OF_DAY - 1),
}
