"""Which rules are old ones under another id."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from rules_engine.difference.facts import Fact

Signature = tuple[str, tuple[Fact, ...], frozenset[Fact]]
"""Subject (`rule`, `tier`), the name where it has one of its own, facts."""
_Key = TypeVar("_Key")

REFUND = "a refunded top-up"
"""What a fact about `onTopupRefund` is called."""


def renamed_rules(old: Mapping[str, Signature], new: Mapping[str, Signature]) -> dict[str, str]:
    """Old id → new id.

    1. What does exactly the same, 2. then what does but for `onTopupRefund`, which the set may have
    changed for all, 3. then what has kept its trigger and a name of its own. Where several fit,
    nobody can say which became which: they are gone and new.
    """
    lost = {id_: held for id_, held in old.items() if id_ not in new}
    fresh = {id_: held for id_, held in new.items() if id_ not in old}
    renames: dict[str, str] = {}
    for key in (_deeds, _deeds_but_refunds, _name):
        found = _paired(lost, fresh, key)
        for old_id, new_id in found.items():
            del lost[old_id], fresh[new_id]
        renames |= found
    return renames


def _paired(
    lost: Mapping[str, Signature],
    fresh: Mapping[str, Signature],
    key: Callable[[Signature], _Key | None],
) -> dict[str, str]:
    """Those whose key is theirs alone on both sides."""
    was, now = _by_key(lost, key), _by_key(fresh, key)
    return {
        ids[0]: now[held][0]
        for held, ids in was.items()
        if len(ids) == 1 and len(now.get(held, ())) == 1
    }


def _by_key(
    rules: Mapping[str, Signature], key: Callable[[Signature], _Key | None]
) -> dict[_Key, list[str]]:
    found: dict[_Key, list[str]] = {}
    for id_, signature in rules.items():
        held = key(signature)
        if held is not None:
            found.setdefault(held, []).append(id_)
    return found


def _deeds(signature: Signature) -> tuple[str, frozenset[tuple[str, object]]]:
    """A ladder that has no group of its own choice has one of its own name."""
    subject, _name, facts = signature
    left_out = "exclusive" if subject == "tier" else ""
    held = frozenset((fact.what, fact.value) for fact in facts if fact.what != left_out)
    return subject, held


def _deeds_but_refunds(signature: Signature) -> tuple[str, frozenset[tuple[str, object]]]:
    subject, held = _deeds(signature)
    return subject, frozenset(each for each in held if each[0] != REFUND)


def _name(signature: Signature) -> tuple[object, object] | None:
    subject, name, facts = signature
    if subject == "tier" or not name:
        return None
    trigger = next(fact.value for fact in facts if fact.what == "trigger")
    return name[0].value, trigger
