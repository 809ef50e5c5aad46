"""A refunded top-up takes back the bonuses that it earned, where the rule set says so."""

from decimal import ROUND_DOWN, Decimal
from typing import Any

from tests.reference import limits
from tests.reference.emitting import envelope, send
from tests.reference.journal import record_of
from tests.reference.memory import Credit, Topup
from tests.reference.scene import Scene


def revoke(scene: Scene) -> None:
    """Rules in matching order, then actions; the share refunded so far is at most 1. A refund is of
    the credits that the rule set in force can find."""
    topup = scene.client.topups.get(scene.event["originalEventId"])
    if topup is None:
        return
    default = scene.rule_set.get("onTopupRefund", "KEEP")
    for rule in scene.rule_set["rules"]:
        earned = [credit for credit in topup.credits if credit.rule_id == rule["id"]]
        found = [credit for credit in earned if credits_at(rule, credit.index)]
        for credit in found:
            credit.refunded += scene.event["refundAmountMajor"]
        if rule.get("onTopupRefund", default) != "REVOKE" or not earned:
            continue
        for credit in found:
            revoke_credit(scene, rule, topup, credit)
        whole = all(credit.revoked == credit.amount for credit in earned)
        if whole and rule["id"] not in topup.firings_given_back:
            topup.firings_given_back.add(rule["id"])
            limits.give_back_firing(scene.client, rule, topup)


def credits_at(rule: dict[str, Any], index: int) -> bool:
    """The rule set in force says what a rule's actions are: others are found no more."""
    actions = rule["actions"]
    return index < len(actions) and actions[index]["type"] == "ADD_BONUS"


def revoke_credit(scene: Scene, rule: dict[str, Any], topup: Topup, credit: Credit) -> None:
    """The share so far less what was revoked, at most what is left in the batch."""
    batch = scene.client.account.find(credit.batch_id)
    assert batch is not None
    due = credit.amount * min(credit.refunded, topup.amount) / topup.amount
    unit = Decimal(1).scaleb(-scene.rule_set["digits"])
    amount = min(batch.left, due.quantize(unit, ROUND_DOWN) - credit.revoked)
    if amount <= 0:
        return
    batch.left -= amount
    credit.revoked += amount
    command = envelope(scene, rule, credit.index, "REVOKE_BONUS") | {
        "amountMajor": f"{amount:.{scene.rule_set['digits']}f}",
        "currency": scene.rule_set["currency"],
        "batchId": credit.batch_id,
    }
    send(scene, command)
    record_of(scene, "BONUS_REVOKED", amount, amount, command=command)
    limits.give_back_money(scene.model, scene.client, rule, credit, topup.today, amount)
