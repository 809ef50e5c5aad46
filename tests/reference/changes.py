"""Another version of a rule set: what an author changes from one day to the next.

A rule keeps its trigger, the set its zones and its currency.
"""

import copy
import random
from collections.abc import Callable
from typing import Any

from tests.reference import ledger_rules, timer_rules
from tests.reference.ledger_rules import POLICIES, limit
from tests.reference.world import PERIODS, Switches, World

Document = dict[str, Any]
TIMED = {"CLIENT_ABSENT": "after", "AFTER_FIRST_VISIT": "after", "BONUS_EXPIRING": "before"}
MakeRule = Callable[[random.Random, str], Document]


def versions(
    rng: random.Random, world: World, lines: int, make_rule: MakeRule
) -> dict[int, Document]:
    """One to three changes, each of the version before it; sometimes one goes back to the first."""
    documents = [world.document]
    for number in range(rng.choice([1, 1, 2, 3])):
        document = copy.deepcopy(rng.choice([documents[-1], documents[-1], documents[0]]))
        if document["rules"] != documents[0]["rules"] or rng.random() < 0.9:
            change(rng, document, documents, make_rule)
        document["version"] = f"v{number + 2}"
        documents.append(document)
    at = sorted(rng.randint(1, lines) for _ in documents[1:])
    return dict(zip(at, documents[1:], strict=True))


def ledger_rule(rng: random.Random, name: str) -> Document:
    return ledger_rules.rule(rng, name, Switches())


def timer_rule(world: World) -> MakeRule:
    return lambda rng, name: timer_rules.rule(rng, world, name, Switches())


def change(
    rng: random.Random, document: Document, earlier: list[Document], make_rule: MakeRule
) -> None:
    rules = document["rules"]
    for rule in rules:
        while rng.random() < 0.5:
            change_rule(rng, rule)
    if rng.random() < 0.3 and len(rules) > 1:
        rules.remove(rng.choice(rules))
    names = {rule["id"] for rule in rules}
    gone = [rule for old in earlier for rule in old["rules"] if rule["id"] not in names]
    if gone and rng.random() < 0.5:
        rules.append(copy.deepcopy(rng.choice(gone)))
        names.add(rules[-1]["id"])
    if rng.random() < 0.3 and "new" not in names and all(r["id"] != "new" for r in gone):
        rules.append(make_rule(rng, "new"))
    if rng.random() < 0.3:
        change_set(rng, document)


def change_rule(rng: random.Random, rule: Document) -> None:
    """One setting of a rule; where it has a date, mostly that."""
    if rule["trigger"] in TIMED or rule["trigger"] == "BIRTHDAY":
        if rng.random() < 0.4:
            rule["at"] = rng.choice(timer_rules.TIMES)
            return
        if rule["trigger"] in TIMED and rng.random() < 0.5:
            rule[TIMED[rule["trigger"]]] = {"days": rng.choice([1, 2, 3, 4])}
            return
    rng.choice([toggle, limited, paid, acted, revoked])(rng, rule)


def toggle(rng: random.Random, rule: Document) -> None:
    rule["enabled"] = not rule.get("enabled", True)
    if rng.random() < 0.5:
        rule["priority"] = rng.choice([0, 5, 10])


def limited(rng: random.Random, rule: Document) -> None:
    limits = rule.setdefault("limits", {})
    kind = rng.choice(["perClient", "cooldown", "budget"])
    if kind in limits and rng.random() < 0.4:
        del limits[kind]
    elif kind == "perClient":
        limits[kind] = [{"times": rng.choice([1, 2]), "per": rng.choice(PERIODS)}]
    elif kind == "cooldown":
        limits[kind] = {"hours": rng.choice([1, 24])}
    else:
        limits[kind] = limit(rng, ["40", "90", "150"])
    if not limits:
        del rule["limits"]


def paid(rng: random.Random, rule: Document) -> None:
    for action in rule["actions"]:
        if action["type"] == "ADD_BONUS":
            action["formula"] = rng.choice(["10", "33", "60"])
        if rng.random() < 0.5 and action["type"] in ("ADD_BONUS", "ASSIGN_GROUP"):
            action["expiresInDays"] = rng.choice([1, 2, 3])
    rule["tags"] = rng.choice([["t"], ["t", "тег"], []])


def acted(rng: random.Random, rule: Document) -> None:
    actions = rule["actions"]
    if len(actions) > 1 and rng.random() < 0.6:
        actions.pop(rng.randrange(len(actions)))
    elif rng.random() < 0.5:
        actions.insert(0, {"type": "ASSIGN_GROUP", "groupId": "a", "expiresInDays": 1})
    else:
        actions.append({"type": "ADD_BONUS", "formula": "7"})


def revoked(rng: random.Random, rule: Document) -> None:
    rule["onTopupRefund"] = rng.choice(["REVOKE", "KEEP"])


def change_set(rng: random.Random, document: Document) -> None:
    limits = document.setdefault("limits", {})
    for kind, amounts in (("budget", ["100", "300"]), ("perClientCredit", ["60", "150"])):
        roll = rng.random()
        if roll < 0.4:
            limits[kind] = limit(rng, amounts)
        elif roll < 0.6:
            limits.pop(kind, None)
    if rng.random() < 0.3:
        limits["push"] = {"times": rng.choice([1, 2]), "per": rng.choice(["DAY", "WEEK"])}
    if not limits:
        del document["limits"]
    document["onTopupRefund"] = rng.choice(["REVOKE", "KEEP"])
    document["productDefaults"] = {"refundPolicy": rng.choice(POLICIES)}
    for product in document.get("products", []):
        product["refundPolicy"] = rng.choice(POLICIES)
