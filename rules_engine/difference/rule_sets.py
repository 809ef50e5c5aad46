"""Two rule sets → what was changed, in words of rules and amounts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from rules_engine.checked import CheckedRule, CheckedRuleSet
from rules_engine.difference.changes import Change, Detail, Kind
from rules_engine.difference.facts import Fact, rule_facts
from rules_engine.difference.renames import REFUND, Signature, renamed_rules
from rules_engine.difference.settings import clubs, products, set_facts
from rules_engine.difference.tiers import Tier, tiers_of

ANEW = "renamed, so its limits per client, its cooldown and its budget begin anew"


def diff_rule_sets(old: CheckedRuleSet, new: CheckedRuleSet) -> tuple[Change, ...]:
    """What is another in `new`. Order, layout and spelling that mean nothing are no difference,
    nor is the version, which is a label.

    1. The set itself, its clubs and products.
    2. Ladders and rules that are new or gone.
    3. Rules that are called otherwise now, and 4. what else is another in them and in those that
       kept their ids; what is the same change in all tiers of a ladder, or in all rules, is said
       once.
    5. The order within exclusivity groups.
    """
    before, after = _Side.of(old), _Side.of(new)
    renames = renamed_rules(before.signatures(), after.signatures())
    kept = {**{id_: id_ for id_ in before.rules if id_ in after.rules}, **renames}
    changes = [*_set_changes(old, new)]  # 1
    changes += _gone(before, kept.keys(), Kind.REMOVED)  # 2
    changes += _gone(after, set(kept.values()), Kind.ADDED)
    changes += _renamed(after, renames)  # 3
    changes += _changed(before, after, kept)  # 4
    changes += _orders(before, after, kept)  # 5
    return tuple(changes)


@dataclass(frozen=True)
class _Side:
    """One of the two rule sets, its rules by id in matching order. `alone`: exclusivity groups that
    hold nothing but one ladder, whatever they are called."""

    rules: Mapping[str, CheckedRule]
    tiers: Mapping[str, Tier]
    alone: frozenset[str]
    zone: ZoneInfo

    @staticmethod
    def of(rule_set: CheckedRuleSet) -> "_Side":
        rules, tiers = {rule.id: rule for rule in rule_set.rules}, tiers_of(rule_set.rules)
        members: dict[str, set[str | None]] = {}
        for rule in rule_set.rules:
            if rule.exclusive is not None:
                ladder = tiers[rule.id].ladder_id if rule.id in tiers else None
                members.setdefault(rule.exclusive, set()).add(ladder)
        alone = (group for group, held in members.items() if len(held) == 1 and None not in held)
        return _Side(rules, tiers, frozenset(alone), rule_set.time_zone)

    def subject(self, rule_id: str) -> str:
        return "tier" if rule_id in self.tiers else "rule"

    def facts(self, rule_id: str) -> Iterator[Fact]:
        """Everything but the name."""
        rule, tier = self.rules[rule_id], self.tiers.get(rule_id)
        yield from rule_facts(rule, self.zone) if tier is None else tier.facts(self.zone)
        priority = rule.priority - (0 if tier is None else tier.rank)
        if priority:
            yield Fact("priority", priority, str(priority))
        if rule.exclusive is not None and rule.exclusive not in self.alone:
            yield Fact("exclusive", rule.exclusive, rule.exclusive)
        refund = rule.on_topup_refund
        yield Fact(REFUND, refund, f"{refund.value} its bonus")

    def named(self, rule_id: str) -> tuple[Fact, ...]:
        """A name of its own; without one a rule is called by its id."""
        tier = self.tiers.get(rule_id)
        name, id_ = self.rules[rule_id].name, rule_id
        if tier is not None:
            name, id_ = tier.ladder_name, tier.ladder_id
        return () if name == id_ else (Fact("name", name, f'"{name}"'),)

    def signatures(self) -> dict[str, Signature]:
        """By id."""
        return {
            rule_id: (self.subject(rule_id), self.named(rule_id), frozenset(self.facts(rule_id)))
            for rule_id in self.rules
        }

    def about(self, rule_id: str) -> str:
        """A rule in words."""
        shown = (fact for fact in self.facts(rule_id) if fact.what != "a refunded top-up")
        plain = ("trigger", "step")
        return "; ".join(f.text if f.what in plain else f"{f.what} {f.text}" for f in shown)


def _set_changes(old: CheckedRuleSet, new: CheckedRuleSet) -> Iterator[Change]:
    details = _details(set_facts(old), set_facts(new))
    if details:
        yield Change(Kind.CHANGED, "rule set", details=details)
    for subject, was, now in (
        ("club", clubs(old), clubs(new)),
        ("product", products(old), products(new)),
    ):
        for key in sorted({*was, *now}):
            held, holds = was.get(key), now.get(key)
            if held is None or holds is None:
                kind, facts = (Kind.ADDED, holds) if held is None else (Kind.REMOVED, held)
                about = "; ".join(f"{fact.what} {fact.text}" for fact in facts or ())
                yield Change(kind, subject, key, about=about)
            elif found := _details(held, holds):
                yield Change(Kind.CHANGED, subject, key, found)


def _gone(side: _Side, kept: Iterable[str], kind: Kind) -> Iterator[Change]:
    """Rules that the other side has not; a ladder of which nothing is left is one change."""
    alone = [rule_id for rule_id in side.rules if rule_id not in set(kept)]
    told: set[str] = set()
    for rule_id in alone:
        tier = side.tiers.get(rule_id)
        if tier is None:
            yield Change(kind, "rule", rule_id, about=side.about(rule_id))
            continue
        members = [each for each in side.tiers.values() if each.ladder_id == tier.ladder_id]
        if not all(each.rule.id in alone for each in members):
            yield Change(kind, "tier", rule_id, about=side.about(rule_id))
        elif tier.ladder_id not in told:
            told.add(tier.ladder_id)
            steps = ", ".join(f"{each.rule.id} {each.step}" for each in members)
            yield Change(kind, "ladder", tier.ladder_id, about=steps)


def _renamed(after: _Side, renames: Mapping[str, str]) -> Iterator[Change]:
    for old_id, new_id in renames.items():
        subject = after.subject(new_id)
        yield Change(Kind.RENAMED, subject, new_id, old_id=old_id, about=ANEW)


def _changed(before: _Side, after: _Side, kept: Mapping[str, str]) -> list[Change]:
    found = {new_id: _rule_details(before, after, old, new_id) for old, new_id in kept.items()}
    changes: list[Change] = []
    everywhere = _common(found, list(found)) if len(found) > 1 else ()
    refunds = tuple(detail for detail in everywhere if detail.what == "a refunded top-up")
    if refunds:
        changes.append(Change(Kind.CHANGED, "all rules", details=refunds))
    found = _less(found, list(found), refunds)
    ladders: dict[str, list[str]] = {}
    for new_id in found:
        if new_id in after.tiers:
            ladders.setdefault(after.tiers[new_id].ladder_id, []).append(new_id)
    for ladder_id, members in ladders.items():
        alike = _common(found, members) if len(members) > 1 else ()
        if alike:
            changes.append(Change(Kind.CHANGED, "ladder", ladder_id, alike))
        found = _less(found, members, alike)
    for new_id, details in found.items():
        if details:
            changes.append(Change(Kind.CHANGED, after.subject(new_id), new_id, details))
    return changes


def _rule_details(before: _Side, after: _Side, old_id: str, new_id: str) -> tuple[Detail, ...]:
    old = (*before.named(old_id), *before.facts(old_id))
    return _details(old, (*after.named(new_id), *after.facts(new_id)))


def _details(old: Iterable[Fact], new: Iterable[Fact]) -> tuple[Detail, ...]:
    """In the order of the new facts, then what is gone."""
    was, now = {fact.what: fact for fact in old}, {fact.what: fact for fact in new}
    details = []
    for what in dict.fromkeys([*now, *was]):
        before, after = was.get(what), now.get(what)
        if before is None or after is None or before.value != after.value:
            details.append(_detail(what, before, after))
    return tuple(details)


def _detail(what: str, before: Fact | None, after: Fact | None) -> Detail:
    texts = (None if before is None else before.text, None if after is None else after.text)
    if what == "step" and texts[0] and texts[1]:
        return Detail(what, *texts, words=_step_words(texts[0], texts[1]))
    return Detail(what, *texts)


def _step_words(before: str, after: str) -> str:
    """`12 % → 14 % from 400`, `12 % from 400 → 450`"""
    (old_percent, old_from), (percent, at_least) = before.split(" from "), after.split(" from ")
    if old_from == at_least:
        return f"{old_percent} → {after}"
    return f"{before} → {at_least if old_percent == percent else after}"


def _common(found: Mapping[str, tuple[Detail, ...]], ids: list[str]) -> tuple[Detail, ...]:
    """The details that all of them have."""
    first, *others = (found[each] for each in ids)
    return tuple(detail for detail in first if all(detail in each for each in others))


def _less(
    found: Mapping[str, tuple[Detail, ...]], ids: list[str], said: tuple[Detail, ...]
) -> dict[str, tuple[Detail, ...]]:
    """Without what has been said of them."""
    kept = dict(found)
    for each in ids:
        kept[each] = tuple(detail for detail in found[each] if detail not in said)
    return kept


def _orders(before: _Side, after: _Side, kept: Mapping[str, str]) -> Iterator[Change]:
    """Who is asked first decides who fires, where only one of a group does."""
    was, now = _groups(before, kept), _groups(after, {new: new for new in kept.values()})
    for group in sorted(was.keys() & now.keys()):
        old = [each for each in was[group] if each in now[group]]
        new = [each for each in now[group] if each in old]
        if old != new:
            detail = Detail("asked in the order", ", ".join(old), ", ".join(new))
            yield Change(Kind.CHANGED, "exclusivity group", " of ".join(group), (detail,))


def _groups(side: _Side, names: Mapping[str, str]) -> dict[tuple[str, str], list[str]]:
    """New ids by exclusivity group and trigger, in matching order."""
    groups: dict[tuple[str, str], list[str]] = {}
    for rule in side.rules.values():
        if rule.exclusive is not None and rule.id in names:
            groups.setdefault((rule.exclusive, rule.trigger), []).append(names[rule.id])
    return groups
