"""What a story is, and short forms for the actions of its rules."""

from dataclasses import dataclass

from tests.unit.timers.told import MOSCOW


@dataclass(frozen=True)
class Story:
    """`then`: what happens up to and including `until`; None: up to the last event."""

    name: str
    rules: str
    events: str
    until: str | None
    then: str
    zone: str = MOSCOW


def credit(amount: str, days: int | None = None) -> str:
    lasts = "" if days is None else f", expiresInDays: {days}"
    return f'{{type: ADD_BONUS, formula: "{amount}"{lasts}}}'


def push(title: str) -> str:
    return f'{{type: SEND_PUSH, title: "{title}", body: b}}'
