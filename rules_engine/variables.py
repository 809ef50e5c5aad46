"""Which names a formula or a push text may use, per trigger: one table for everybody.

The formula check, the generated code, the reference evaluator, push templates and `loyalty rules
variables` all read it. Event variables are the payload fields of the trigger by their wire names;
fields of the envelope are not variables. Context variables are the client as it was before the
event; calendar variables are the event's instant in the time zone of its club (the rule set's where
the club has none).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from rules_engine.formula.checked import Kind


class Source(StrEnum):
    """Where a variable's value is taken from."""

    EVENT = "event"
    CLIENT = "client"
    CALENDAR = "calendar"
    CREDIT = "credit"


@dataclass(frozen=True)
class Variable:
    """A name and what stands behind it.

    `attribute` says how generated code gets at it: the attribute of the decoded event
    (`schemas.decoded`) for `Source.EVENT`, else the variable's name in snake_case.
    `whole` numbers are held as `int` and bound as `Decimal(int)`: a formula sees decimals only.
    `optional` variables may be missing (`None`). `words` are all the values that the wire allows,
    where it allows a few.
    """

    name: str
    kind: Kind
    description: str
    source: Source
    attribute: str
    optional: bool = False
    whole: bool = False
    words: tuple[str, ...] = ()

    @property
    def is_money(self) -> bool:
        """An amount in major units of the rule set's currency."""
        return self.name.endswith("Major")


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def _variable(
    source: Source,
    name: str,
    kind: Kind,
    description: str,
    *,
    optional: bool = False,
    whole: bool = False,
    words: tuple[str, ...] = (),
) -> Variable:
    return Variable(name, kind, description, source, _snake(name), optional, whole, words)


def _event(
    name: str,
    kind: Kind,
    description: str,
    *,
    optional: bool = False,
    whole: bool = False,
    words: tuple[str, ...] = (),
) -> Variable:
    return _variable(
        Source.EVENT, name, kind, description, optional=optional, whole=whole, words=words
    )


def _client(
    name: str, kind: Kind, description: str, *, optional: bool = False, whole: bool = False
) -> Variable:
    return _variable(Source.CLIENT, name, kind, description, optional=optional, whole=whole)


def _days(name: str, description: str) -> Variable:
    return _client(name, Kind.NUMBER, description, optional=True, whole=True)


_VISIT = (
    _event("visitId", Kind.TEXT, "id of the visit"),
    _event("tariffId", Kind.TEXT, "id of the tariff that is played"),
)

EVENT_VARIABLES: Mapping[str, tuple[Variable, ...]] = MappingProxyType(
    {
        "BALANCE_TOPPED_UP": (
            _event("topupAmountMajor", Kind.NUMBER, "money paid in, above zero"),
            _event(
                "topUpSource",
                Kind.TEXT,
                "how it was paid: app or widget, card at the desk, cash",
                words=("ACQUIRING", "POS_TERMINAL", "CASH"),
            ),
            _event("shiftId", Kind.TEXT, "shift at the desk; always there for CASH", optional=True),
            _event(
                "gatewayTransactionId",
                Kind.TEXT,
                "payment at the gateway; always there for ACQUIRING",
                optional=True,
            ),
            _event(
                "productId", Kind.TEXT, "product that the deposit is earmarked for", optional=True
            ),
        ),
        "VISIT_STARTED": _VISIT,
        "VISIT_ENDED": (
            *_VISIT,
            _event(
                "durationMinutes", Kind.NUMBER, "length of the visit, whole minutes", whole=True
            ),
        ),
        "PAYMENT_MADE": (
            _event("paymentId", Kind.TEXT, "id of the payment"),
            _event("totalAmountMajor", Kind.NUMBER, "price of the whole payment, above zero"),
            _event("bonusAmountMajor", Kind.NUMBER, "part that was paid with bonuses"),
            _event(
                "productType",
                Kind.TEXT,
                "what was bought",
                words=("TARIFF", "BAR", "MULTIPASS"),
            ),
            _event("productId", Kind.TEXT, "id of the product bought"),
        ),
        "CLIENT_REGISTERED": (),
        "CLIENT_ABSENT": (),
        "BIRTHDAY": (),
        "AFTER_FIRST_VISIT": (),
        "BONUS_EXPIRING": (
            _event("expiringAmountMajor", Kind.NUMBER, "bonuses that lapse on that day"),
        ),
        "BONUS_EXPIRED": (
            _event("expiredAmountMajor", Kind.NUMBER, "bonuses that have lapsed at that instant"),
        ),
        "PROMO_CODE_REDEEMED": (
            _event("code", Kind.TEXT, "the code that was redeemed"),
            _event("amountMajor", Kind.NUMBER, "bonuses that the code itself gives, above zero"),
            _event(
                "expiresInDays",
                Kind.NUMBER,
                "days that those bonuses live; missing if for ever",
                optional=True,
                whole=True,
            ),
        ),
    }
)
"""Trigger → variables of its event, in the order in which they are listed. Timers start those from
CLIENT_ABSENT to BONUS_EXPIRED."""

CLIENT_VARIABLES: tuple[Variable, ...] = (
    _client("bonusBalanceMajor", Kind.NUMBER, "the client's bonus balance"),
    _client("totalSpentMajor", Kind.NUMBER, "sum of the client's payments less refunds"),
    _client("totalTopupMajor", Kind.NUMBER, "sum of the client's top-ups less refunds"),
    _client("topupCount", Kind.NUMBER, "number of top-ups; refunds do not lower it", whole=True),
    _client("isFirstTopup", Kind.FLAG, "true while the client has no top-up before this event"),
    _client(
        "averageTopupMajor",
        Kind.NUMBER,
        "totalTopupMajor / topupCount; missing at no top-ups",
        optional=True,
    ),
    _client("visitCount", Kind.NUMBER, "number of visits started", whole=True),
    _days("daysSinceLastVisit", "whole local days since the latest visit; missing if none"),
    _days("daysSinceFirstVisit", "whole local days since the first visit; missing if none"),
    _days("daysSinceRegistration", "whole local days since registration; missing if unknown"),
    _client("isBirthday", Kind.FLAG, "true on the client's birthday; false if it is unknown"),
    _client("groups", Kind.GROUPS, "the client's groups: 'vip' in groups"),
)

CALENDAR_VARIABLES: tuple[Variable, ...] = (
    _variable(
        Source.CALENDAR, "dayOfWeek", Kind.NUMBER, "1 = Monday to 7 = Sunday, local", whole=True
    ),
    _variable(Source.CALENDAR, "hour", Kind.NUMBER, "hour of the local day, 0 to 23", whole=True),
    _variable(Source.CALENDAR, "localDate", Kind.TEXT, "local date as text: '2026-11-22'"),
)

CREDITED_NOW = _variable(
    Source.CREDIT, "bonusAmountMajor", Kind.NUMBER, "what this rule credits now; push texts only"
)
"""In a push text this name always means the rule's own credit, also where the event has a field
of that name."""

ENVELOPE: Mapping[str, str] = MappingProxyType(
    {
        "eventId": "a rule cannot ask for it",
        "type": "a rule has one trigger: see `trigger`",
        "organizationId": "a rule set belongs to one organization",
        "clubId": "name the clubs in the rule's `clubIds`",
        "clientId": "put clients into a group and ask for it: 'vip' in groups",
        "occurredAt": "use `window`, `validity`, or the variables localDate, hour and dayOfWeek",
        "client": "use the context variables: groups, visitCount, totalTopupMajor and so on",
    }
)
"""Fields of every event that are not variables → what to do instead."""

TRIGGERS: tuple[str, ...] = tuple(EVENT_VARIABLES)
"""The triggers whose rules this release evaluates."""

_BY_TRIGGER: Mapping[str, Mapping[str, Variable]] = MappingProxyType(
    {
        trigger: MappingProxyType(
            {variable.name: variable for variable in (*own, *CLIENT_VARIABLES, *CALENDAR_VARIABLES)}
        )
        for trigger, own in EVENT_VARIABLES.items()
    }
)


def variables(trigger: str) -> Mapping[str, Variable]:
    """The variables of formulas under one trigger, by name: event, then client, then calendar.

    Raises KeyError for a trigger that is not in `TRIGGERS`.
    """
    return _BY_TRIGGER[trigger]


def template_variables(trigger: str) -> Mapping[str, Variable]:
    """The names that a push text may use: those of formulas but `groups`, and the rule's credit.

    Raises KeyError for a trigger that is not in `TRIGGERS`.
    """
    usable = {
        name: variable
        for name, variable in variables(trigger).items()
        if variable.kind is not Kind.GROUPS
    }
    return usable | {CREDITED_NOW.name: CREDITED_NOW}


def triggers_of(name: str) -> tuple[str, ...]:
    """The triggers whose events carry the variable; empty for context and unknown names."""
    return tuple(
        trigger
        for trigger, own in EVENT_VARIABLES.items()
        if any(variable.name == name for variable in own)
    )
