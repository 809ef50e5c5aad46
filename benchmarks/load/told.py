"""What a scenario tells: figures beside those of its baseline, and faults."""

import sys
from collections.abc import Sequence
from os import cpu_count
from platform import python_version

import msgspec
from msgspec import Struct, field
from rich.console import Console
from rich.table import Table


class Line(Struct, frozen=True):
    """One figure. `baseline`: the same of what it is compared with, in the same run."""

    name: str
    value: float
    baseline: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline if self.baseline else None


class Told(Struct):
    """Of one scenario. `baseline` says what its figures are held against; `faults` are empty where
    all is well."""

    scenario: str
    title: str
    baseline: str
    lines: list[Line] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def tell(self, name: str, value: float, baseline: float | None = None) -> None:
        self.lines.append(Line(name, value, baseline))


def as_json(told: Sequence[Told]) -> str:
    """With the ratio beside each figure."""
    scenarios = [
        msgspec.to_builtins(each)
        | {"lines": [msgspec.to_builtins(line) | {"ratio": line.ratio} for line in each.lines]}
        for each in told
    ]
    machine = {"cores": cpu_count(), "python": python_version()}
    document = {"machine": machine, "scenarios": scenarios}
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode()


def show(told: Sequence[Told]) -> None:
    """A table for each scenario, its faults below."""
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    for each in told:
        table = Table(
            title=each.title, caption=f"baseline: {each.baseline}; {each.seconds:.0f} s in all"
        )
        table.add_column(each.scenario)
        for heading in ("figure", "baseline", "×"):
            table.add_column(heading, justify="right")
        for line in each.lines:
            table.add_row(line.name, _figure(line.value), _figure(line.baseline), _times(line))
        console.print(table)
        for fault in each.faults:
            console.print(f"WRONG {fault}", markup=False)


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.2f}"


def _times(line: Line) -> str:
    return "" if line.ratio is None else f"{line.ratio:.2f}"
