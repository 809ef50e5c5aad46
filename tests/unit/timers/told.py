"""What happened, told in short lines: events in, effects out, times local to the organization.

2026-11-01 18:00 anna visits
2026-11-15 10:00 anna +50.00 by miss
"""

import json
import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rules_engine.author import load_rule_set
from rules_engine.compile import compile_rule_set
from rules_engine.explain.simulated import explain_simulated
from rules_engine.simulate import Simulated, simulate
from schemas.instants import parse_instant

HEAD = """
organizationId: izi
version: "1"
timeZone: {zone}
currency: RUB
"""
MOSCOW = "Europe/Moscow"

_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?) (\w+) (.*)")
_SENTENCES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (r"visits", "VISIT_STARTED", {"visitId": "v", "tariffId": "t"}),
    (r"leaves", "VISIT_ENDED", {"visitId": "v", "tariffId": "t", "durationMinutes": 60}),
    (
        r"tops up (?P<topupAmountMajor>\S+)",
        "BALANCE_TOPPED_UP",
        {"topUpSource": "CASH", "shiftId": "s"},
    ),
    (
        r"pays (?P<bonusAmountMajor>\S+) with bonuses",
        "PAYMENT_MADE",
        {"totalAmountMajor": "9999", "productType": "BAR", "productId": "cola"},
    ),
    (r"redeems (?P<amountMajor>\S+) for (?P<expiresInDays>\d+) days", "PROMO_CODE_REDEEMED", {}),
    (r"gets (?P<amountMajor>\S+) by hand", "BONUS_CREDITED", {"executor": "Olga"}),
    (r"was born on (?P<birthday>\S+)", "CLIENT_UPDATED", {}),
    (r"is in (?P<groups>\S+)", "CLIENT_UPDATED", {}),
)


class Told:
    """A rule set and events, one a line."""

    def __init__(self, rules: str, events: str = "", zone: str = MOSCOW) -> None:
        head = "" if "organizationId" in rules else HEAD.format(zone=zone)
        self.checked = load_rule_set(f"{head}\n{rules}".encode(), "rules.yaml")
        self.compiled = compile_rule_set(self.checked)
        self.zone = ZoneInfo(zone)
        lines = [line.strip() for line in events.strip().splitlines()]
        self.lines = [json.dumps(self.event(line, at)).encode() for at, line in enumerate(lines)]

    def event(self, line: str, number: int) -> dict[str, Any]:
        """`… anna visits @club-2 #e-7`: at another club, under an id of its own."""
        line, _, own_id = line.partition(" #")
        line, _, club_id = line.partition(" @")
        found = _LINE.fullmatch(line)
        assert found is not None, line
        kind, payload = _understood(found[3])
        if kind == "PAYMENT_MADE":
            payload["paymentId"] = f"p-{number}"
        elif kind == "PROMO_CODE_REDEEMED":
            payload |= {"code": "C", "expiresInDays": int(payload["expiresInDays"])}
        elif "groups" in payload:
            payload["groups"] = [] if payload["groups"] == "none" else payload["groups"].split(",")
        return {
            "eventId": own_id or f"e-{number}",
            "type": kind,
            "organizationId": "izi",
            "clubId": club_id or "club-1",
            "clientId": found[2],
            "occurredAt": self.instant(found[1]).isoformat(),
            **payload,
        }

    def instant(self, text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=self.zone)

    def simulated(self, until: str | None = None) -> list[Simulated]:
        """All lines and timers; the interpreter of explanations must agree about each."""
        end = None if until is None else parse_instant(self.instant(until).isoformat())
        results = list(simulate(self.compiled, self.lines, end))
        for each in results:
            explained = explain_simulated(self.checked, each)
            assert explained is None or explained.outcome == each.outcome
        return results

    def effects(self, until: str | None = None) -> list[str]:
        """Commands and lapses in order."""
        return [
            line
            for each in self.simulated(until)
            for line in (
                *(self._command(json.loads(command)) for command in each.commands),
                *self._lapses(each),
            )
        ]

    def _lapses(self, each: Simulated) -> list[str]:
        records = [json.loads(record) for record in each.journal]
        return [
            f"{self._local(record['occurredAt'])} {record['clientId']} lapse "
            f"{record['takenMajor']} → {record['balanceAfterMajor']}"
            for record in records
            if record["type"] == "BONUS_EXPIRY"
        ]

    def _command(self, command: dict[str, Any]) -> str:
        what = {
            "ADD_BONUS": lambda: f"+{command['amountMajor']}",
            "ASSIGN_GROUP": lambda: f"into {command['groupId']}",
            "UNASSIGN_GROUP": lambda: f"out of {command['groupId']}",
            "SEND_PUSH": lambda: f"“{command['title']}”",
        }[command["type"]]()
        return (
            f"{self._local(command['issuedAt'])} {command['clientId']} {what} "
            f"by {command['ruleId']}"
        )

    def _local(self, text: str) -> str:
        written = datetime.fromisoformat(text).astimezone(self.zone)
        return written.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")


def _understood(said: str) -> tuple[str, dict[str, Any]]:
    for pattern, kind, given in _SENTENCES:
        found = re.fullmatch(pattern, said)
        if found is not None:
            return kind, given | found.groupdict()
    raise AssertionError(f"no event is {said!r}")


def happened(text: str) -> list[str]:
    """The lines that a table expects."""
    return [line.strip() for line in text.strip().splitlines()]
