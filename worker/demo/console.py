"""What the terminal shows while the demo runs, and the table at its end."""

from collections import deque
from collections.abc import Iterable, Mapping

from msgspec import Struct
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from worker.demo.totals import Totals

RATE_SECONDS = 3.0
"""The throughput shown is that of so many seconds."""


class Speed:
    """Events a second over the last moments."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, now: float, events: int) -> float:
        """`now`: seconds of any clock; `events`: how many there were until then."""
        self._marks.append((now, events))
        while now - self._marks[0][0] > RATE_SECONDS:
            self._marks.popleft()
        since, before = self._marks[0]
        return (events - before) / (now - since) if now > since else 0.0


class View(Struct):
    """Everything on the screen. `address`: of the health page, empty until it listens."""

    totals: Totals
    wanted: int | None
    address: str = ""
    state: str = "starting"
    seconds: float = 0.0
    speed: float = 0.0
    waiting: Mapping[int, int] = {}
    """Records by lane that are sent and not yet through."""
    notices: Iterable[str] = ()


def screen(view: View) -> RenderableType:
    totals = view.totals
    columns = Table.grid(padding=(0, 3))
    columns.add_row(
        _counts("commands", totals.commands),
        _counts("dead letters", totals.dead_letters),
        _lanes(view),
    )
    parts: list[RenderableType] = [_head(view), Text(), columns, Text(), _credits(totals)]
    parts += [Text(), _letters(totals)]
    parts += [Text(line, style="yellow", no_wrap=True) for line in view.notices]
    return Panel(Group(*parts), title="loyalty demo", subtitle="Ctrl-C ends it")


def _head(view: View) -> RenderableType:
    of = f" of {view.wanted:,}" if view.wanted is not None else ""
    line = Text.assemble(
        (view.state, "bold green" if view.state == "running" else "bold"),
        f"   {view.totals.events:,}{of} events",
        f"   {view.speed:,.0f} events/s",
        f"   {view.totals.latest * 1000:,.0f} ms to the command",
        f"   {view.seconds:,.0f} s",
    )
    where = f"health {view.address}/   metrics {view.address}/metrics" if view.address else ""
    return Group(line, Text(where, style="dim"))


def _counts(title: str, counts: Mapping[str, int]) -> Table:
    table = Table(title, "", box=None, header_style="bold", pad_edge=False, min_width=26)
    table.columns[1].justify = "right"
    for name, count in sorted(counts.items()):
        table.add_row(name, f"{count:,}")
    return table


def _lanes(view: View) -> Table:
    table = Table("lane", "taken", "waiting", box=None, header_style="bold", pad_edge=False)
    for column in table.columns:
        column.justify = "right"
    for lane in sorted({*view.totals.lanes, *view.waiting}):
        waiting = view.waiting.get(lane, 0)
        table.add_row(str(lane), f"{view.totals.lanes[lane]:,}", f"{waiting:,}")
    return table


def _credits(totals: Totals) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("last credits", min_width=10)
    table.add_column("amount", justify="right")
    for name in ("rule", "club", "event"):
        table.add_column(name)
    for credit in totals.credits_shown:
        amount = Text(f"+{credit.amount_major} {credit.currency}", style="green")
        texts = (credit.rule_id, credit.club_id, credit.caused_by.event_id)
        table.add_row(Text(credit.client_id), amount, *map(Text, texts))
    return table


def _letters(totals: Totals) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("last dead letters", min_width=17, no_wrap=True)
    table.add_column("why", no_wrap=True)
    for letter in totals.letters_shown:
        table.add_row(Text(letter.code, style="red"), Text(letter.message))
    return table


def totals_table(totals: Totals, seconds: float) -> Table:
    """What `loyalty demo` leaves behind."""
    table = Table("total", "count", header_style="bold", title="loyalty demo")
    table.columns[1].justify = "right"
    table.add_row("events", f"{totals.events:,}", style="bold", end_section=True)
    for command, count in sorted(totals.commands.items()):
        table.add_row(command, f"{count:,}")
    table.add_section()
    for code, count in sorted(totals.dead_letters.items()):
        table.add_row(f"dead letter {code}", f"{count:,}")
    table.caption = f"{seconds:.1f} s, {totals.events / seconds:,.0f} events/s" if seconds else ""
    return table
