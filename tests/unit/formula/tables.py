"""Reads the tables of cases in tests/data/formula."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from rules_engine.checked import Rounding
from rules_engine.formula.checked import Kind
from rules_engine.formula.compiled import Result
from rules_engine.formula.runtime import Cause, Failure
from rules_engine.variables import variables

DATA = Path(__file__).parents[2] / "data" / "formula"


@dataclass(frozen=True)
class Case:
    """One row of language.yaml."""

    text: str
    values: Mapping[str, object]
    expected: Result
    expects: Kind
    trigger: str = "BALANCE_TOPPED_UP"
    rounding: Rounding = Rounding.HALF_UP
    bucket: int = 7
    section: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.section}: {' '.join(self.text.split())}"


@dataclass(frozen=True)
class Refused:
    """One row of refused.yaml: the codes that are found, in order."""

    text: str
    expects: Kind
    codes: tuple[str, ...]
    trigger: str
    section: str

    def __str__(self) -> str:
        return f"{self.section}: {self.text[:60]!r}"


def language() -> Iterator[Case]:
    for section, rows in _table("language.yaml").items():
        for text, values, expected, *rest in rows:
            options: dict[str, Any] = rest[0] if rest else {}
            trigger = options.get("trigger", "BALANCE_TOPPED_UP")
            result = _result(expected)
            yield Case(
                text=text,
                values={name: _value(trigger, name, value) for name, value in values.items()},
                expected=result,
                expects=_kind(isinstance(result, bool) or options.get("when", False)),
                trigger=trigger,
                rounding=Rounding(options.get("rounding", "HALF_UP")),
                bucket=options.get("bucket", 7),
                section=section,
            )


def refused() -> Iterator[Refused]:
    for section, rows in _table("refused.yaml").items():
        for text, codes, *rest in rows:
            options: dict[str, Any] = rest[0] if rest else {}
            yield Refused(
                text=text,
                expects=_kind(options.get("when", False)),
                codes=tuple(_code(code) for code in codes.split()),
                trigger=options.get("trigger", "BALANCE_TOPPED_UP"),
                section=section,
            )


def _table(name: str) -> dict[str, list[list[Any]]]:
    table: dict[str, list[list[Any]]] = yaml.safe_load((DATA / name).read_text(encoding="utf-8"))
    return table


def _kind(condition: bool) -> Kind:
    return Kind.FLAG if condition else Kind.NUMBER


def _code(word: str) -> str:
    return f"FORMULA_{word}"


def _value(trigger: str, name: str, value: object) -> object:
    if value is not None and variables(trigger)[name].kind is Kind.NUMBER:
        return Decimal(str(value))
    return tuple(value) if isinstance(value, list) else value


def _result(expected: str | bool) -> Result:
    if isinstance(expected, bool):
        return expected
    if expected.startswith("! "):
        cause, _, variable = expected[2:].partition(" ")
        return Failure(Cause(cause), variable)
    return Decimal(expected)
