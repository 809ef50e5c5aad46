"""The model itself: events through a rule set from empty state, in order."""

import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from tests.reference import events
from tests.reference.calendar import in_window, is_birthday, local, period, quiet_until
from tests.reference.formulas import DECIMAL128, Failed, Missing, Values, evaluate
from tests.reference.memory import Client, Counter
from tests.reference.rules import moment, read_rule_set

UNKNOWN_CURRENCY_DIGITS = 4
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "loyalty-worker")
PAYLOAD_VARIABLES = {
    kind: tuple(events.PAYLOADS[kind])
    for kind in ("BALANCE_TOPPED_UP", "VISIT_STARTED", "VISIT_ENDED", "PAYMENT_MADE")
}
TITLE, BODY = 40, 120


@dataclass
class Result:
    """`commands` as on the wire, in order; `dead_letters` with code, offset, topic and value;
    `reasons` by offset and rule."""

    commands: list[dict[str, Any]] = field(default_factory=list)
    dead_letters: list[dict[str, Any]] = field(default_factory=list)
    reasons: dict[int, dict[str, str]] = field(default_factory=dict)
    duplicates: int = 0


@dataclass
class Draft:
    """What a rule would emit, its formulas evaluated."""

    credits: dict[int, Decimal]
    pushes: dict[int, tuple[str, str]]

    @property
    def total(self) -> Decimal:
        return sum(self.credits.values(), Decimal(0))


def run(rules_yaml: str, lines: list[bytes]) -> Result:
    """The meaning of `loyalty simulate --rules --events`."""
    with localcontext() as context:
        context.prec = 2000
        return Model(rules_yaml).run(lines)


def topic_of(line: bytes) -> str | None:
    """The type decides it, wherever it can be read."""
    try:
        return events.topic_of(events.parse(line))
    except events.Rejected:
        return None


class Model:
    """One rule set, all clients."""

    def __init__(self, rules_yaml: str) -> None:
        self.rule_set = read_rule_set(rules_yaml)
        self.clients: dict[tuple[str, str], Client] = {}
        self.budgets: dict[str, Counter] = {}
        self.clock = datetime.min.replace(tzinfo=UTC)
        self.result = Result()

    def run(self, lines: list[bytes]) -> Result:
        for offset, line in enumerate(lines):
            if not line.strip():
                continue
            try:
                events.small_enough(line)
                value = events.parse(line)
                self.take(self.read(value), offset)
            except events.Rejected as rejected:
                self.result.dead_letters.append(
                    {
                        "code": rejected.code,
                        "offset": offset,
                        "topic": topic_of(line),
                        "value": line.decode("utf-8", "replace"),
                    }
                )
        return self.result

    def read(self, value: Any) -> dict[str, Any]:
        ours = events.organization_of(value) == self.rule_set["organizationId"]
        return events.read(value, self.rule_set["digits"] if ours else UNKNOWN_CURRENCY_DIGITS)

    def take(self, event: dict[str, Any], offset: int) -> None:
        """One event: duplicates, snapshot, rules on the state before it, its own effect."""
        client = self.clients.setdefault((event["organizationId"], event["clientId"]), Client())
        known = client.known_event(event["eventId"])
        if known is not None:
            if known != event:
                raise events.Rejected("EVENT_ID_REUSED", event["eventId"])
            self.result.duplicates += 1
            return
        clock = max(self.clock, event["occurredAt"])
        if client.payment_reused(event, clock):
            raise events.Rejected("PAYMENT_ID_REUSED", event["paymentId"])
        self.clock = clock
        client.remember(event)
        client.read_snapshot(event["client"], event["occurredAt"])
        if event["organizationId"] == self.rule_set["organizationId"]:
            Firing(self, client, event, offset).fire()
        client.take(event)


class Firing:
    """All rules for one event of one client."""

    def __init__(self, model: Model, client: Client, event: dict[str, Any], offset: int) -> None:
        self.model, self.client, self.event, self.offset = model, client, event, offset
        self.rule_set = model.rule_set
        self.at: datetime = event["occurredAt"]
        zone = self.rule_set["zones"].get(event["clubId"], self.rule_set["timeZone"])
        self.local = local(self.at, zone)
        self.zone = zone
        self.today: date = self.local.date()
        salt = (event["organizationId"], event["clientId"])
        self.values = Values(self.variables(), self.rule_set["rounding"], salt)
        self.held: dict[str, str] = {}
        self.group_changes: list[tuple[str, bool]] = []

    def variables(self) -> dict[str, Any]:
        """Names that have a value for this event, with the state before it."""
        client, event = self.client, self.event
        names: dict[str, Any] = {
            name: event.get(name) for name in PAYLOAD_VARIABLES.get(event["type"], ())
        }
        count = Decimal(client.topup_count)
        names |= {
            "totalSpentMajor": client.total_spent,
            "totalTopupMajor": client.total_topup,
            "topupCount": count,
            "isFirstTopup": count == 0,
            "averageTopupMajor": DECIMAL128.divide(client.total_topup, count) if count else None,
            "visitCount": Decimal(client.visit_count),
            "daysSinceLastVisit": self.days_since(client.last_visit),
            "daysSinceFirstVisit": self.days_since(client.first_visit),
            "daysSinceRegistration": self.days_since(client.registered),
            "isBirthday": is_birthday(self.today, client.birthday),
            "groups": frozenset(client.groups),
            "dayOfWeek": Decimal(self.today.isoweekday()),
            "hour": Decimal(self.local.hour),
            "localDate": self.today.isoformat(),
        }
        return {name: value for name, value in names.items() if value is not None}

    def days_since(self, instant: datetime | None) -> Decimal | None:
        if instant is None:
            return None
        return Decimal((self.today - local(instant, self.zone).date()).days)

    def fire(self) -> None:
        reasons = self.model.result.reasons.setdefault(self.offset, {})
        for rule in self.rule_set["rules"]:
            if rule["trigger"] == self.event["type"]:
                reasons[rule["id"]] = self.judge(rule)
        for group, assigned in self.group_changes:
            self.client.change_group(group, assigned, self.at)

    def judge(self, rule: dict[str, Any]) -> str:
        """The reason why it did not match, or what came of it."""
        reason = self.unmatched(rule)
        if reason is not None:
            return reason
        try:
            draft = self.draft(rule)
        except Failed as failure:
            return f"FORMULA_FAILED {failure}"
        reason = self.limited(rule, draft)
        if reason is not None:
            return reason
        if "exclusive" in rule:
            self.held[rule["exclusive"]] = rule["id"]
        emitted = self.emit(rule, draft)
        if emitted == 0:
            return "NOTHING"
        self.charge(rule, draft)
        return "FIRED"

    def unmatched(self, rule: dict[str, Any]) -> str | None:
        if rule.get("enabled", "true") == "false":
            return "DISABLED"
        if rule.get("clubIds") and self.event["clubId"] not in rule["clubIds"]:
            return "CLUB"
        validity = rule.get("validity") or {}
        if "from" in validity and self.at < moment(validity["from"]):
            return "VALIDITY"
        if "to" in validity and self.at >= moment(validity["to"]):
            return "VALIDITY"
        windows = rule.get("window")
        if windows and not any(in_window(self.local, window) for window in windows):
            return "WINDOW"
        if not self.in_audience(rule.get("audience") or {}):
            return "AUDIENCE"
        try:
            if "when" in rule and not evaluate(rule["when"], self.values):
                return "CONDITION"
        except Failed as failure:
            return f"FORMULA_FAILED {failure}"
        if rule.get("exclusive") in self.held:
            return f"EXCLUDED_BY {self.held[rule['exclusive']]}"
        return None

    def in_audience(self, audience: dict[str, Any]) -> bool:
        groups = self.client.groups
        if audience.get("anyOfGroups") and not groups & set(audience["anyOfGroups"]):
            return False
        if groups & set(audience.get("noneOfGroups") or ()):
            return False
        if audience.get("firstTopupOnly") == "true" and self.client.topup_count > 0:
            return False
        registered = self.values.variables.get("daysSinceRegistration")
        if "newMemberWithinDays" in audience and (
            registered is None or registered > int(audience["newMemberWithinDays"])
        ):
            return False
        away = self.values.variables.get("daysSinceLastVisit")
        return "dormantForDays" not in audience or (
            away is not None and away >= int(audience["dormantForDays"])
        )

    def draft(self, rule: dict[str, Any]) -> Draft:
        """Credits above zero and push texts by action; one failure fails the rule."""
        draft = Draft({}, {})
        for index, action in enumerate(rule["actions"]):
            if action["type"] == "ADD_BONUS":
                amount = self.amount(action)
                if amount > 0:
                    draft.credits[index] = amount
        for index, action in enumerate(rule["actions"]):
            if action["type"] == "SEND_PUSH":
                title = cut(self.text(action["title"], draft.total), TITLE)
                body = cut(self.text(action["body"], draft.total), BODY)
                draft.pushes[index] = (title, body)
        return draft

    def amount(self, action: dict[str, Any]) -> Decimal:
        """Formula, then min and max, then one rounding to the minor digits."""
        value: Decimal = evaluate(action["formula"], self.values)
        if "min" in action:
            value = max(value, Decimal(action["min"]))
        if "max" in action:
            value = min(value, Decimal(action["max"]))
        return self.rounded(value)

    def rounded(self, value: Decimal) -> Decimal:
        unit = Decimal(1).scaleb(-self.rule_set["digits"])
        try:
            rounding = f"ROUND_{self.rule_set['rounding']}"
            return value.quantize(unit, rounding=rounding, context=DECIMAL128)
        except InvalidOperation:
            raise Failed(f"{value} has more than 34 digits") from None

    def text(self, template: str, credited: Decimal) -> str:
        def substitute(match: re.Match[str]) -> str:
            if match[0] in ("{{", "}}"):
                return match[0][0]
            name = match[1]
            value = credited if name == "bonusAmountMajor" else self.values.variables.get(name)
            if value is None:
                raise Missing(name)
            if name.endswith("Major"):
                money = self.rounded(value)
                return f"{money:.0f}" if money == int(money) else f"{money:f}"
            if isinstance(value, bool):
                return "true" if value else "false"
            return f"{value:f}" if isinstance(value, Decimal) else str(value)

        return re.sub(r"\{\{|\}\}|\{(\w+)\}", substitute, template)

    def limited(self, rule: dict[str, Any], draft: Draft) -> str | None:
        """Which limit blocks the rule as a whole."""
        limits = rule.get("limits") or {}
        for limit in limits.get("perClient") or []:
            counter = self.client.firings.get((rule["id"], limit["per"]), Counter())
            at = period(self.today, limit["per"])
            if not counter.fits(at, Decimal(1), Decimal(limit["times"])):
                return "LIMIT_PER_CLIENT"
        latest = self.client.latest_firing.get(rule["id"])
        cooldown = limits.get("cooldown")
        if cooldown and latest and self.at < latest + timedelta(hours=int(cooldown["hours"])):
            return "COOLDOWN"
        if draft.total == 0:
            return None
        credit = self.rule_set["limits"].get("perClientCredit")
        if credit and not self.client.credit.fits(
            period(self.today, credit["per"]), draft.total, Decimal(credit["amountMajor"])
        ):
            return "CLIENT_CREDIT"
        for name, budget in self.budgets_of(rule):
            counter = self.model.budgets.get(name, Counter())
            at = period(self.today, budget["per"])
            if not counter.fits(at, draft.total, Decimal(budget["amountMajor"])):
                return "BUDGET"
        return None

    def budgets_of(self, rule: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
        """The rule's and the set's, by the name of its counter."""
        named = [("rule " + rule["id"], (rule.get("limits") or {}).get("budget"))]
        named.append(("set", self.rule_set["limits"].get("budget")))
        return [(name, budget) for name, budget in named if budget]

    def charge(self, rule: dict[str, Any], draft: Draft) -> None:
        """A firing: it is counted everywhere that it has a limit."""
        limits = rule.get("limits") or {}
        for limit in limits.get("perClient") or []:
            counter = self.client.firings.setdefault((rule["id"], limit["per"]), Counter())
            counter.charge(period(self.today, limit["per"]), Decimal(1))
        latest = self.client.latest_firing.get(rule["id"], self.at)
        self.client.latest_firing[rule["id"]] = max(latest, self.at)
        if draft.total == 0:
            return
        credit = self.rule_set["limits"].get("perClientCredit")
        if credit:
            self.client.credit.charge(period(self.today, credit["per"]), draft.total)
        for name, budget in self.budgets_of(rule):
            counter = self.model.budgets.setdefault(name, Counter())
            counter.charge(period(self.today, budget["per"]), draft.total)

    def emit(self, rule: dict[str, Any], draft: Draft) -> int:
        """Its commands, in the order of its actions; how many."""
        emitted = 0
        for index, action in enumerate(rule["actions"]):
            command = self.envelope(rule, action, index)
            if action["type"] == "ADD_BONUS":
                if index not in draft.credits:
                    continue
                command |= self.bonus(action, draft.credits[index], command["commandId"])
            elif action["type"] == "SEND_PUSH":
                if not self.may_push():
                    continue
                command |= self.push(action, *draft.pushes[index])
            else:
                command["groupId"] = action["groupId"]
                self.group_changes.append((action["groupId"], action["type"] == "ASSIGN_GROUP"))
            self.model.result.commands.append(command)
            emitted += 1
        return emitted

    def envelope(self, rule: dict[str, Any], action: dict[str, Any], index: int) -> dict[str, Any]:
        event = self.event
        parts = (event["organizationId"], event["clientId"], event["eventId"], rule["id"], index)
        tags = [*(rule.get("tags") or []), *(action.get("tags") or [])]
        return {
            "commandId": str(uuid.uuid5(NAMESPACE, "\x1f".join(map(str, parts)))),
            "type": action["type"],
            "organizationId": event["organizationId"],
            "clubId": event["clubId"],
            "clientId": event["clientId"],
            "ruleId": rule["id"],
            "ruleSetVersion": self.rule_set["version"],
            "tags": list(dict.fromkeys(tags)),
            "executor": "SYSTEM",
            "causedBy": {
                "eventId": event["eventId"],
                "type": event["type"],
                "topic": events.TOPICS[event["type"]],
                "partition": 0,
                "offset": self.offset,
            },
            "issuedAt": self.at.isoformat(),
        }

    def bonus(self, action: dict[str, Any], amount: Decimal, batch: str) -> dict[str, Any]:
        expires = None
        if "expiresInDays" in action:
            expires = (self.at + timedelta(hours=24 * int(action["expiresInDays"]))).isoformat()
        restriction = action.get("restriction") or {}
        return {
            "amountMajor": f"{amount:f}",
            "currency": self.rule_set["currency"],
            "batchId": batch,
            "expiresAt": expires,
            "restriction": {
                "productTypes": list(dict.fromkeys(restriction.get("productTypes") or [])),
                "productIds": list(dict.fromkeys(restriction.get("productIds") or [])),
            },
        }

    def may_push(self) -> bool:
        """Each push counts by itself."""
        limit = self.rule_set["limits"].get("push") or {}
        if "times" not in limit:
            return True
        at = period(self.today, limit["per"])
        if not self.client.pushes.fits(at, Decimal(1), Decimal(limit["times"])):
            return False
        self.client.pushes.charge(at, Decimal(1))
        return True

    def push(self, action: dict[str, Any], title: str, body: str) -> dict[str, Any]:
        quiet = (self.rule_set["limits"].get("push") or {}).get("quietHours")
        not_before = quiet_until(self.local, quiet) if quiet else None
        not_after = None
        if "ttlHours" in action:
            not_after = (self.at + timedelta(hours=int(action["ttlHours"]))).isoformat()
        return {
            "title": title,
            "body": body,
            "notBefore": not_before.isoformat() if not_before else None,
            "notAfter": not_after,
        }


def cut(text: str, limit: int) -> str:
    """At most so many code points, the last a sign that there was more."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
