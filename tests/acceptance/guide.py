"""docs/rules.md as something that runs: its rule sets, its tables of events, its terminals.

- A `yaml` block is a rule set, or the part of one that goes below the guide's head. A first line
  `# name.yaml` names it for terminals; a name that begins with `wrong` means that it is refused.
  `# name.test.yaml` are rule tests.
- A table `| when | what happens | answer |` runs its rows, in order and from empty state, through
  the rule set above it. An answer tells all commands in their order, and may tell reasons. A row in
  which `time passes` is no event: its answer is what timers did until then, lapses too.
- A `console` block is a terminal in a folder with all named files.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from rules_engine.simulate import Simulated
from schemas.instants import parse_instant

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs/rules.md"
HEADING = "| when | what happens | answer |"

_FENCE = re.compile(r"```(\w+)\n(.*?)```\n?", re.DOTALL)
_NAME = re.compile(r"# (\S+\.yaml)\b.*\n")
_SECTION = re.compile(r"^#+ (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """One line of a table of events."""

    when: str
    what: str
    answer: str

    @property
    def is_time(self) -> bool:
        """No event: the clock goes on to there, inclusive."""
        return self.what == "time passes"


@dataclass
class Example:
    """A rule set of the guide and the events that run through it. `line`: of its fence."""

    line: int
    section: str
    name: str | None
    text: str
    rows: list[Row] = field(default_factory=list)

    @property
    def label(self) -> str:
        return f"line {self.line}, {self.section}"

    @property
    def events_name(self) -> str:
        """The file of its events, beside its own."""
        assert self.name is not None
        path = Path(self.name)
        return str(
            path.with_name("events.jsonl" if path.name == "rules.yaml" else f"{path.stem}.jsonl")
        )

    @property
    def is_wrong(self) -> bool:
        return self.name is not None and self.name.startswith("wrong")

    @property
    def is_rule_set(self) -> bool:
        return self.name is None or not self.name.endswith(".test.yaml")


@dataclass(frozen=True)
class Terminal:
    """Commands with what they answer."""

    line: int
    text: str

    def commands(self) -> Iterator[tuple[str, str]]:
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            command, _, answer = part.partition("\n")
            yield command, answer


def read(text: str) -> tuple[list[Example], list[Terminal]]:
    """Everything of the guide that runs, in order."""
    head = next(body for kind, body in _FENCE.findall(text) if kind == "yaml")
    examples: list[Example] = []
    terminals: list[Terminal] = []
    for match in _FENCE.finditer(text):
        kind, body = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        if kind == "console":
            terminals.append(Terminal(line, body))
        elif kind == "yaml":
            section = _SECTION.findall(text, 0, match.start())[-1]
            named = _NAME.match(body)
            name = named[1] if named else None
            whole = body if name else _below(head, body)
            rows = list(_rows(text[match.end() :]))
            examples.append(Example(line, section, name, whole, rows))
    return examples, terminals


def _below(head: str, body: str) -> str:
    """The block as a whole rule set: with the lines of the guide's head that it lacks."""
    own = set(yaml.safe_load(body))
    lacking = [line for line in head.splitlines(keepends=True) if line.split(":")[0] not in own]
    return "".join([*lacking, body])


def _rows(after: str) -> Iterator[Row]:
    """The rows of the table of events that stands before the next block."""
    before_next = after.partition("\n```")[0]
    _, heading, table = before_next.partition(f"{HEADING}\n")
    if heading:
        for line in table.splitlines()[1:]:
            if not line.startswith("|"):
                return
            when, what, answer = (cell.strip() for cell in line.strip("|").split("|"))
            yield Row(when, what, answer.replace("`", ""))


# ------------------------------------------------------------------------------ events

_SENTENCES: tuple[tuple[str, str], ...] = (
    ("BALANCE_TOPPED_UP", r"tops up (?P<topupAmountMajor>[\d.]+)"),
    ("TOPUP_REFUNDED", r"gets (?P<refundAmountMajor>[\d.]+) of that top-up back"),
    ("VISIT_STARTED", r"starts a visit"),
    ("VISIT_ENDED", r"leaves after (?P<durationMinutes>\d+) minutes"),
    (
        "PAYMENT_MADE",
        r"pays (?P<totalAmountMajor>[\d.]+)(?:, (?P<bonusAmountMajor>[\d.]+) of it with bonuses,)?"
        r" for (?P<productType>TARIFF|BAR|MULTIPASS) (?P<productId>[\w-]+)",
    ),
    ("CLIENT_REGISTERED", r"registers"),
)
_TAIL = (
    r"(?P<source> in cash| in the app)?(?: for (?P<earmarked>[\w-]+))?(?: at (?P<club>[\w-]+))?"
    r"(?: \((?P<known>[^)]*)\))?"
)
_PAID: dict[str | None, dict[str, str]] = {
    None: {"topUpSource": "POS_TERMINAL"},
    " in cash": {"topUpSource": "CASH", "shiftId": "shift-1"},
    " in the app": {"topUpSource": "ACQUIRING", "gatewayTransactionId": "gateway-1"},
}
_KNOWN = {"groups": "groups", "registered": "registeredAt", "born": "birthday"}


def events(rows: list[Row], zones: dict[str, ZoneInfo], zone: ZoneInfo) -> list[dict[str, Any]]:
    """The events of a table. `zones`: of clubs that have their own."""
    made: list[dict[str, Any]] = []
    for number, row in enumerate(row for row in rows if not row.is_time):
        client_id, _, said = row.what.partition(" ")
        kind, found = _understood(said)
        event: dict[str, Any] = {
            "eventId": f"e-{number + 1}",
            "type": kind,
            "organizationId": "izi",
            "clubId": found.pop("club") or "club-1",
            "clientId": client_id.lower(),
        }
        event["occurredAt"] = _instant(row.when, zones.get(event["clubId"], zone)).isoformat()
        made.append(event | _payload(kind, found, event, made))
    return made


def _understood(said: str) -> tuple[str, dict[str, Any]]:
    for kind, pattern in _SENTENCES:
        match = re.fullmatch(pattern + _TAIL, said)
        if match:
            return kind, match.groupdict()
    raise AssertionError(f"the guide says {said!r}, which no event is")


def _payload(
    kind: str, found: dict[str, Any], event: dict[str, Any], before: list[dict[str, Any]]
) -> dict[str, Any]:
    source, earmarked, known = (found.pop(name) for name in ("source", "earmarked", "known"))
    payload = {name: value for name, value in found.items() if value is not None}
    if known:
        payload["client"] = _snapshot(known)
    if kind == "BALANCE_TOPPED_UP":
        payload |= _PAID[source]
        if earmarked:
            payload["productId"] = earmarked
    elif kind.startswith("VISIT"):
        payload |= {"visitId": f"v-{event['eventId']}", "tariffId": "hour"}
    elif kind == "PAYMENT_MADE":
        payload = {"paymentId": f"p-{event['eventId']}", "bonusAmountMajor": "0"} | payload
    elif kind == "TOPUP_REFUNDED":
        own = [e for e in before if (e["clientId"], e["type"]) == (event["clientId"], _TOPUP)]
        payload["originalEventId"] = own[-1]["eventId"]
    if "durationMinutes" in payload:
        payload["durationMinutes"] = int(payload["durationMinutes"])
    return payload


_TOPUP = "BALANCE_TOPPED_UP"


def _snapshot(known: str) -> dict[str, Any]:
    """`groups vip and staff; registered 2026-11-10`"""
    snapshot: dict[str, Any] = {}
    for part in known.split("; "):
        word, _, value = part.partition(" ")
        name = _KNOWN[word]
        if name == "groups":
            snapshot[name] = [] if value == "none" else value.split(" and ")
        else:
            snapshot[name] = f"{value}T12:00:00+03:00" if name == "registeredAt" else value
    return snapshot


def _instant(when: str, zone: ZoneInfo) -> datetime:
    """`Mon 2026-11-23 12:00`, local; an offset behind it where the clock shows the time twice."""
    weekday, _, written = when.partition(" ")
    at = datetime.fromisoformat(written.replace(" ", "T"))
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    assert at.astimezone(zone).strftime("%a") == weekday, when
    return at


def end_of(rows: list[Row], zone: ZoneInfo) -> int | None:
    """Up to where time passes after the last event; None: not beyond it."""
    if not rows or not rows[-1].is_time:
        return None
    return parse_instant(_instant(rows[-1].when, zone).isoformat())


def by_row(rows: list[Row], simulated: list[Simulated], zone: ZoneInfo) -> list[list[Simulated]]:
    """What each row is about: its event, or the timers that rang since the row before."""
    left, found = list(simulated), []
    for row in rows:
        until = parse_instant(_instant(row.when, zone).isoformat()) if row.is_time else -(1 << 62)
        mine: list[Simulated] = []
        while left and (rung := left[0].rung) is not None and rung.due.at <= until:
            mine.append(left.pop(0))
        found.append(mine if row.is_time else [left.pop(0)])
    assert not left, "timers rang that the guide does not tell of"
    return found


def lines(made: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(event).encode() for event in made]


# ----------------------------------------------------------------------------- answers


def told(command: dict[str, Any]) -> str:
    """A command in the words of the guide."""
    rule, kind = command["ruleId"], command["type"]
    if kind == "ADD_BONUS":
        return f"{command['amountMajor']} by {rule}"
    if kind == "SEND_PUSH":
        later = f" not before {command['notBefore']}" if command["notBefore"] else ""
        return f"push by {rule}: “{command['title']}” “{command['body']}”{later}"
    word = "into" if kind == "ASSIGN_GROUP" else "out of"
    return f"{word} {command['groupId']} by {rule}"


def told_lapse(record: dict[str, Any]) -> str:
    """A batch that has lapsed, in the words of the guide."""
    return f"{record['takenMajor']} lapse"


_REASON = re.compile(r"(\S+): ([A-Z_]+)(?: (.*))?")


@dataclass(frozen=True)
class Reason:
    rule_id: str
    code: str
    detail: str | None


def answer(cell: str) -> tuple[list[str], list[Reason]]:
    """The commands that a cell tells, and the reasons."""
    commands: list[str] = []
    reasons: list[Reason] = []
    for part in cell.split("; "):
        reason = _REASON.fullmatch(part)
        if reason:
            reasons.append(Reason(reason[1], reason[2], reason[3]))
        elif part != "nothing":
            commands.append(part)
    assert (not commands) == ("nothing" in cell.split("; ")), f"{cell!r}: nothing, or what?"
    return commands, reasons
