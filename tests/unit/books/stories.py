"""Stories of one client: events as JSON through a rule set, and what the journal says of them."""

import json
from decimal import Decimal
from typing import Any

from rules_engine.author.load import load_rule_set
from rules_engine.compile import compile_rule_set
from rules_engine.explain.simulated import explain_simulated
from rules_engine.simulate import Simulated, simulate

HEAD = """
organizationId: izi
version: "7"
timeZone: Europe/Moscow
currency: RUB
"""

RULES = f"""{HEAD}
products:
  - {{productId: pack, productType: TARIFF, maxBonusPercent: 50, refundPolicy: RETURN}}
  - {{productId: gift, productType: TARIFF, refundPolicy: FORFEIT}}
  - {{productId: part, productType: TARIFF, refundPolicy: KEEP_PARTIAL}}
rules:
  - id: tenth
    trigger: BALANCE_TOPPED_UP
    tags: [topup]
    actions: [{{type: ADD_BONUS, formula: "percent(topupAmountMajor, 10)", expiresInDays: 10}}]
"""

SUBTRACTING = {"BONUS_PAYMENT", "BONUS_WRITE_OFF", "BONUS_EXPIRY", "BONUS_REVOKED"}


class Story:
    """Events of client c-1 in March 2026, an id each; `at`: day, hour and minute in Moscow."""

    def __init__(self, rules: str = RULES) -> None:
        self._rules = load_rule_set(rules.encode(), "rules.yaml")
        self._lines: list[bytes] = []

    def event(self, kind: str, at: str = "02 12:00", **fields: Any) -> "Story":
        day, _, time = at.partition(" ")
        number = len(self._lines) + 1
        event = {
            "eventId": f"e-{number}",
            "type": kind,
            "organizationId": "izi",
            "clubId": "club-1",
            "clientId": "c-1",
            "occurredAt": f"2026-03-{day}T{time}:00+03:00",
        }
        self._lines.append(json.dumps(event | fields).encode())
        return self

    def topup(self, amount: str, at: str = "02 12:00", **fields: Any) -> "Story":
        given = {"topupAmountMajor": amount, "topUpSource": "CASH", "shiftId": "s-1"}
        return self.event("BALANCE_TOPPED_UP", at, **given | fields)

    def topup_refund(self, amount: str, of: str, at: str = "02 12:00", **fields: Any) -> "Story":
        given = {"refundAmountMajor": amount, "originalEventId": of}
        return self.event("TOPUP_REFUNDED", at, **given | fields)

    def pay(self, bonus: str, total: str = "1000", at: str = "02 12:00", **fields: Any) -> "Story":
        given = {
            "paymentId": f"p-{len(self._lines) + 1}",
            "totalAmountMajor": total,
            "bonusAmountMajor": bonus,
            "productType": "TARIFF",
            "productId": "pack",
        }
        return self.event("PAYMENT_MADE", at, **given | fields)

    def refund(self, bonus: str, of: str, amount: str = "1000", at: str = "02 12:00") -> "Story":
        fields = {"paymentId": of, "refundAmountMajor": amount, "bonusAmountMajor": bonus}
        return self.event("PAYMENT_REFUNDED", at, **fields)

    def credit(self, amount: str, at: str = "02 12:00", **fields: Any) -> "Story":
        given = {"amountMajor": amount, "executor": "Anna"}
        return self.event("BONUS_CREDITED", at, **given | fields)

    def told(self) -> list[Simulated]:
        """Line by line, and timer by timer; the interpreter of explanations must agree."""
        results = list(simulate(compile_rule_set(self._rules), self._lines))
        for each in results:
            explained = explain_simulated(self._rules, each)
            assert explained is None or explained.outcome == each.outcome
        return results

    def records(self) -> list[dict[str, Any]]:
        """The client's journal, which must add up."""
        written = [json.loads(record) for each in self.told() for record in each.journal]
        records = [record for record in written if record["clientId"] == "c-1"]
        balance = Decimal(0)
        for record in records:
            taken = Decimal(record["takenMajor"])
            balance += -taken if record["type"] in SUBTRACTING else taken
            assert record["balanceAfterMajor"] == f"{balance:f}"
        return records

    def journal(self) -> list[str]:
        """`CREDIT 40.00 → 40.00`; what was taken where it is another amount; violations."""
        return [_line(record) for record in self.records()]

    def commands(self) -> list[dict[str, Any]]:
        return [json.loads(command) for each in self.told() for command in each.commands]

    def codes(self) -> list[str]:
        letters = [json.loads(each.dead_letter) for each in self.told() if each.dead_letter]
        return [letter["headers"]["error.code"] for letter in letters]


def _line(record: dict[str, Any]) -> str:
    amount, taken = record["amountMajor"], record["takenMajor"]
    parts = [record["type"].removeprefix("BONUS_"), amount]
    if taken != amount:
        parts.append(f"took {taken}")
    parts += ["→", record["balanceAfterMajor"], *record["violations"]]
    return " ".join(parts)
