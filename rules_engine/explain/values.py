"""What every variable was worth: read by name, one at a time, as an author would look it up."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from rules_engine.account.packed import balance_of
from rules_engine.calendar import (
    ZoneCalendar,
    date_text,
    hour_of,
    is_birthday,
    minute_of,
    weekday_of,
)
from rules_engine.checked import CheckedRuleSet
from rules_engine.client import ClientState
from rules_engine.formula.runtime import bucket_of
from rules_engine.variables import Source, variables
from schemas.decoded import Event
from schemas.instants import DAY_US

Value = Decimal | str | bool | tuple[str, ...] | None
"""None: missing."""

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Values:
    """The values that the formulas of one event see. The client is as it was before the event."""

    def __init__(
        self,
        rule_set: CheckedRuleSet,
        event: Event,
        client: ClientState,
        calendar: ZoneCalendar,
    ) -> None:
        self.rule_set = rule_set
        self.event = event
        self.client = client
        self.calendar = calendar
        local = calendar.local_us(event.occurred_at)
        self.day = local // DAY_US
        hours, minutes = hour_of(local), minute_of(local) % 60
        weekday = _WEEKDAYS[weekday_of(self.day) - 1]
        self.clock = f"{weekday} {date_text(self.day)} {hours:02}:{minutes:02}"
        self.context: Mapping[str, Callable[[], Value]] = {
            "bonusBalanceMajor": lambda: balance_of(client.account),
            "totalSpentMajor": lambda: client.spent_total,
            "totalTopupMajor": lambda: client.topup_total,
            "topupCount": lambda: Decimal(client.topup_count),
            "isFirstTopup": lambda: client.topup_count == 0,
            "averageTopupMajor": self._average_topup,
            "visitCount": lambda: Decimal(client.visit_count),
            "daysSinceLastVisit": lambda: self._days_since(client.last_visit_at),
            "daysSinceFirstVisit": lambda: self._days_since(client.first_visit_at),
            "daysSinceRegistration": lambda: self._days_since(client.registered_at),
            "isBirthday": lambda: is_birthday(client.birthday, self.day),
            "groups": lambda: client.groups,
            "dayOfWeek": lambda: Decimal(weekday_of(self.day)),
            "hour": lambda: Decimal(hour_of(local)),
            "localDate": lambda: date_text(self.day),
        }

    def value(self, name: str) -> Value:
        """The variable's value; None where it is missing."""
        variable = variables(self.event.type)[name]
        if variable.source is not Source.EVENT:
            return self.context[name]()
        raw: Value = getattr(self.event, variable.attribute)
        return Decimal(raw) if isinstance(raw, int) else raw

    def bucket(self, salt: str) -> Decimal:
        organization_id = self.rule_set.organization_id
        return Decimal(bucket_of(organization_id, self.event.client_id, salt))

    def _average_topup(self) -> Decimal | None:
        count = self.client.topup_count
        return None if count == 0 else self.client.topup_total / Decimal(count)

    def _days_since(self, earlier: int | None) -> Decimal | None:
        if earlier is None:
            return None
        return Decimal(self.calendar.days_between(earlier, self.event.occurred_at))
