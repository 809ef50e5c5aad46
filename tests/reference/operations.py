"""What an event itself does to the bonus account, before the rules credit anything."""

from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from tests.reference.account import total
from tests.reference.emitting import after_days
from tests.reference.journal import operation_id, record_of
from tests.reference.scene import Scene

COMMAND_SETTLES = timedelta(minutes=10)


def read_balance(scene: Scene) -> None:
    """The snapshot's balance: opens, sets (`resync`) or is compared."""
    balance: Decimal | None = scene.event["client"].get("bonusBalanceMajor")
    if balance is None:
        return
    client = scene.client
    difference = balance - client.account.balance
    if not client.account.operated:
        if balance > 0:
            add(scene, "BONUS_OPENING", balance)
    elif difference == 0:
        return
    elif scene.event.get("resync"):
        if difference > 0:
            add(scene, "BONUS_ADJUSTMENT", difference)
        else:
            client.account.take(-difference)
            record_of(scene, "BONUS_ADJUSTMENT", difference, difference)
    elif client.latest_command is None or scene.at - client.latest_command >= COMMAND_SETTLES:
        scene.model.result.note(scene.model.result.drifts, "drift")


def operate(scene: Scene) -> None:
    """The event's own record."""
    event = scene.event
    kind = event["type"]
    if kind == "PAYMENT_MADE" and event["bonusAmountMajor"] > 0:
        pay(scene)
    elif kind == "PAYMENT_REFUNDED":
        refund(scene)
    elif kind == "BONUS_CREDITED":
        by = {"executor": event["executor"], "reason": event.get("reason")}
        add(scene, "BONUS_CREDIT", event["amountMajor"], **by)
    elif kind == "PROMO_CODE_REDEEMED":
        add(scene, "PROMO_CREDIT", event["amountMajor"], event.get("expiresInDays"),
            reason=event["code"])  # fmt: skip
    elif kind == "CLIENT_IMPORTED" and "batches" in event:
        bring_along(scene)
    elif kind == "BONUS_WRITTEN_OFF":
        taken = total(scene.client.account.take(event["amountMajor"]))
        if taken > 0:
            by = {"executor": event["executor"], "reason": event.get("reason")}
            record_of(scene, "BONUS_WRITE_OFF", taken, taken, **by)


def add(scene: Scene, kind: str, amount: Decimal, days: Any = None, **more: Any) -> None:
    """A batch that no command made has the id of the operation that did."""
    batch_id = operation_id(scene, kind)
    expires = after_days(scene.at, days)
    scene.model.open_batch(scene.client, batch_id, amount, expires, {}, None)
    record_of(scene, kind, amount, amount, batch_id=batch_id, **more)


def bring_along(scene: Scene) -> None:
    """One opening of the whole sum; of several batches each has an id by its number."""
    batches = scene.event["batches"]
    several = len(batches) > 1
    for number, batch in enumerate(batches):
        name = str(number) if several else ""
        batch_id = operation_id(scene, "BONUS_OPENING", name)
        restriction = batch.get("restriction", {})
        scene.model.open_batch(
            scene.client, batch_id, batch["amountMajor"], batch.get("expiresAt"), restriction, None
        )
    opened = sum((batch["amountMajor"] for batch in batches), Decimal(0))
    only = None if several else operation_id(scene, "BONUS_OPENING")
    record_of(scene, "BONUS_OPENING", opened, opened, batch_id=only)


def pay(scene: Scene) -> None:
    """Recorded as it happened; what should not have happened is flagged."""
    event = scene.event
    amount: Decimal = event["bonusAmountMajor"]
    draws, violations = scene.client.account.pay(amount, event["productType"], event["productId"])
    product = product_of(scene)
    percent = Decimal(product["maxBonusPercent"])
    if amount * 100 > event["totalAmountMajor"] * percent:
        violations.append("OVER_MAX_BONUS_PERCENT")
    payment = scene.client.payments[event["paymentId"]]
    payment.draws, payment.policy = draws, product["refundPolicy"]
    record_of(scene, "BONUS_PAYMENT", amount, total(draws), violations=tuple(violations))


def product_of(scene: Scene) -> dict[str, str]:
    """Cap and policy; an entry that names the club goes before one for every club."""
    event = scene.event
    given: dict[str, str] = {}
    for entry in scene.rule_set.get("products") or []:
        clubs = entry.get("clubIds") or []
        named = event["clubId"] in clubs
        if entry["productId"] != event["productId"]:
            continue
        if named or (not clubs and not given):
            given = entry
    return {"maxBonusPercent": "100", "refundPolicy": "RETURN"} | defaults(scene) | given


def defaults(scene: Scene) -> dict[str, str]:
    made: dict[str, str] = scene.rule_set.get("productDefaults") or {}
    return made


def refund(scene: Scene) -> None:
    """By the policy in force at the payment; of an unknown payment by the default one."""
    event, client = scene.event, scene.client
    asked: Decimal = event["bonusAmountMajor"]
    payment = client.refundable(event["paymentId"], scene.model.clock)
    if payment is None:
        policy = defaults(scene).get("refundPolicy", "RETURN")
        if policy != "FORFEIT" and asked > 0:
            add(scene, "BONUS_REFUND", asked)
        return
    spent = payment.spent
    given = min(asked, spent - payment.returned)
    if payment.policy == "FORFEIT":
        given = Decimal(0)
    if payment.policy == "KEEP_PARTIAL":
        part = spent * event["refundAmountMajor"] / payment.event["totalAmountMajor"]
        unit = Decimal(1).scaleb(-scene.rule_set["digits"])
        given = min(given, part.quantize(unit, ROUND_DOWN))
    if given > 0:
        came = client.account.give_back(payment, given, scene.model.clock)
        record_of(scene, "BONUS_REFUND", given, came)
