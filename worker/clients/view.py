"""One client as people and programs are shown it: JSON values in the words of the wire."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rules_engine.account.packed import unpack_account
from rules_engine.account.payments import Payment
from rules_engine.account.values import EXACT, Batch
from rules_engine.checked import CheckedRuleSet
from rules_engine.client import ClientState
from rules_engine.memory import entries_in
from schemas.ids import uuid_text
from schemas.instants import instant_text
from schemas.money import money_text
from worker.clients.counters import cooldowns, counters, fired_for
from worker.clients.reading import Held
from worker.clients.timers import timers


def view(
    organization_id: str, client_id: str, held: Held, rules: CheckedRuleSet | None
) -> dict[str, Any]:
    """`rules`: of the organization, None where they are not at hand: what needs them says null."""
    told: dict[str, Any] = {
        "organizationId": organization_id,
        "clientId": client_id,
        "lane": held.lane,
        "sequence": held.head.seq,
        "clock": instant_text(held.head.clock),
        "ruleSetVersion": None if rules is None else rules.version,
        "known": held.client is not None,
    }
    if held.client is None:
        return told
    return told | _Shown(held.client, rules, held.head.clock).all(held.payments)


class _Shown:
    def __init__(self, client: ClientState, rules: CheckedRuleSet | None, clock: int) -> None:
        self._client, self._rules, self._clock = client, rules, clock
        self._account = unpack_account(client.account)

    def all(self, payments: Mapping[str, Payment]) -> dict[str, Any]:
        client, rules = self._client, self._rules
        return {
            "timesForgotten": client.life,
            "counters": self._counters(),
            "groups": list(client.groups),
            "groupChanges": [
                {"groupId": each.group_id, "assigned": each.assigned, "at": _instant(each.at)}
                for each in client.group_changes
            ],
            "bonusBalanceMajor": self._money(self._account.balance),
            "accountIsOpen": self._account.is_used,
            "batches": [self._batch(batch) for batch in self._account.batches],
            "limits": counters(client, rules),
            "cooldowns": _timed(cooldowns(client, rules), "firedAt"),
            "firedFor": fired_for(client, rules),
            "payments": [self._payment(name, payments[name]) for name in _latest_first(payments)],
            "timers": _timed(timers(client, rules, self._clock), "at"),
            "rememberedEvents": entries_in(client.memory),
        }

    def _counters(self) -> dict[str, Any]:
        client = self._client
        return {
            "totalTopupMajor": self._money(client.topup_total),
            "topupCount": client.topup_count,
            "totalSpentMajor": self._money(client.spent_total),
            "visitCount": client.visit_count,
            "firstVisitAt": _instant(client.first_visit_at),
            "lastVisitAt": _instant(client.last_visit_at),
            "registeredAt": _instant(client.registered_at),
            "birthday": client.birthday,
            "latestEventAt": _instant(client.latest_at),
            "latestClubId": client.last_club or None,
        }

    def _batch(self, batch: Batch) -> dict[str, Any]:
        return {
            "batchId": uuid_text(batch.id),
            "leftMajor": self._money(batch.left),
            "expiresAt": _instant(batch.expires_at),
            "restriction": {
                "productTypes": list(batch.product_types),
                "productIds": list(batch.product_ids),
            },
            "openedBy": batch.opened_by.name,
            "ruleId": batch.rule_id or None,
        }

    def _payment(self, payment_id: str, payment: Payment) -> dict[str, Any]:
        return {
            "paymentId": payment_id,
            "paidAt": _instant(payment.paid_at),
            "totalAmountMajor": self._money(payment.total),
            "spentMajor": self._money(payment.spent),
            "unsettledMajor": self._money(payment.unsettled),
            "refundPolicy": payment.policy.value,
        }

    def _money(self, amount: Decimal) -> str:
        """With the currency's decimals where that is known and they are enough, else as it is."""
        plain = EXACT.normalize(amount)
        if self._rules is not None and -_exponent(plain) <= self._rules.minor_digits:
            return money_text(amount, self._rules.minor_digits)
        return f"{plain:f}"


def _exponent(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent


def _instant(at: int | None) -> str | None:
    return None if at is None else instant_text(at)


def _timed(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [{**row, name: instant_text(row[name])} for row in rows]


def _latest_first(payments: Mapping[str, Payment]) -> list[str]:
    return sorted(payments, key=lambda name: (-payments[name].paid_at, name))
