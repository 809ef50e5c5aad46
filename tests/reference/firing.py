"""Rules for one event or timer: who matches, and what comes of it."""

from decimal import Decimal
from typing import Any

from tests.reference import limits
from tests.reference.calendar import in_window
from tests.reference.drafts import draft
from tests.reference.emitting import emit
from tests.reference.formulas import Failed, evaluate
from tests.reference.memory import GroupEnd
from tests.reference.rules import moment
from tests.reference.scene import Scene

GroupChange = tuple[str, bool, GroupEnd | None]


class Firing:
    """The rules of one event, in the order of matching.

    Formulas see the client before the event; group changes are carried out last. `expiring` is
    the value of `expiringAmountMajor` for each rule.
    """

    def __init__(self, scene: Scene, expiring: dict[str, Decimal] | None = None) -> None:
        self.scene = scene
        self.expiring = expiring or {}
        self.held: dict[str, str] = {}
        self.group_changes: list[GroupChange] = []

    def fire(self, rules: list[dict[str, Any]], event_ids: dict[str, str]) -> dict[str, str]:
        """Reasons by rule; `event_ids` are those of each rule's timer, empty for an event."""
        reasons = {}
        for rule in rules:
            if rule["id"] in event_ids:
                self.scene.event["eventId"] = event_ids[rule["id"]]
            if rule["id"] in self.expiring:
                self.scene.values.variables["expiringAmountMajor"] = self.expiring[rule["id"]]
            reasons[rule["id"]] = self.judge(rule)
        for group, assigned, end in self.group_changes:
            self.scene.client.change_group(group, assigned, self.scene.at, end)
        return reasons

    def judge(self, rule: dict[str, Any]) -> str:
        """The reason why it did not match, or what came of it."""
        reason = self.unmatched(rule)
        if reason is not None:
            return reason
        scene = self.scene
        try:
            made = draft(scene, rule)
        except Failed as failure:
            return f"FORMULA_FAILED {failure}"
        around = (scene.model, scene.client, rule, scene.at, scene.today, made.total)
        reason = limits.blocked(*around)
        if reason is not None:
            return reason
        if "exclusive" in rule:
            self.held[rule["exclusive"]] = rule["id"]
        if emit(scene, rule, made, self.group_changes) == 0:
            return "NOTHING"
        limits.charge(*around)
        return "FIRED"

    def unmatched(self, rule: dict[str, Any]) -> str | None:
        scene = self.scene
        if rule.get("enabled", "true") == "false":
            return "DISABLED"
        if rule.get("clubIds") and scene.event["clubId"] not in rule["clubIds"]:
            return "CLUB"
        validity = rule.get("validity") or {}
        if "from" in validity and scene.at < moment(validity["from"]):
            return "VALIDITY"
        if "to" in validity and scene.at >= moment(validity["to"]):
            return "VALIDITY"
        windows = rule.get("window")
        if windows and not any(in_window(scene.local, window) for window in windows):
            return "WINDOW"
        if not self.in_audience(rule.get("audience") or {}):
            return "AUDIENCE"
        try:
            if "when" in rule and not evaluate(rule["when"], scene.values):
                return "CONDITION"
        except Failed as failure:
            return f"FORMULA_FAILED {failure}"
        if rule.get("exclusive") in self.held:
            return f"EXCLUDED_BY {self.held[rule['exclusive']]}"
        return None

    def in_audience(self, audience: dict[str, Any]) -> bool:
        client = self.scene.client
        if audience.get("anyOfGroups") and not client.groups & set(audience["anyOfGroups"]):
            return False
        if client.groups & set(audience.get("noneOfGroups") or ()):
            return False
        if audience.get("firstTopupOnly") == "true" and client.topup_count > 0:
            return False
        registered = self.scene.values.variables.get("daysSinceRegistration")
        if "newMemberWithinDays" in audience and (
            registered is None or registered > int(audience["newMemberWithinDays"])
        ):
            return False
        away = self.scene.values.variables.get("daysSinceLastVisit")
        return "dormantForDays" not in audience or (
            away is not None and away >= int(audience["dormantForDays"])
        )
