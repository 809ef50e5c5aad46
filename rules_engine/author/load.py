"""Text → `CheckedRuleSet`, or every finding at once."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from rules_engine.author.findings import Findings
from rules_engine.author.ladders import check_ladder, tier_id
from rules_engine.author.products import check_clubs, check_products, check_set_limits
from rules_engine.author.rules import check_rule
from rules_engine.author.scope import Scope, open_scope
from rules_engine.author.shape import Shape
from rules_engine.checked import CheckedRule, CheckedRuleSet, RefundPolicy, Rounding
from rules_engine.document import Path, read_document
from rules_engine.errors import RuleSetError
from schemas import rule_set as authored


def load_rule_set(text: str | bytes, file: str) -> CheckedRuleSet:
    """The rule set that a YAML or JSON text holds. `file` is the name that findings give.

    1. Text to values with places; what cannot be read ends here.
    2. Shape: the authored model, as far as it can be had.
    3. Every part on its own, 4. ids that meet.

    Raises RuleSetError with every finding of 2 to 4, in the order of the file.
    """
    with _collector_at_rest():
        document = read_document(text, file)  # 1
        findings = Findings(document)
        shape = Shape(document, findings)  # 2
        checked = _check(shape, findings, document.content_hash())  # 3
        _check_ids(shape, findings)  # 4
        if findings:
            raise RuleSetError(findings.sorted())
        return checked


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """A load makes millions of objects and hardly a cycle: looking for garbage among them again
    and again took 5 of 11 seconds for 10,000 rules."""
    ran = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if ran:
            gc.enable()


def _check(shape: Shape, findings: Findings, content_hash: str) -> CheckedRuleSet:
    scope = open_scope(shape, findings)
    rule_set = shape.rule_set
    defaults = rule_set.product_defaults
    return CheckedRuleSet(
        organization_id=rule_set.organization_id,
        version=rule_set.version,
        content_hash=content_hash,
        time_zone=scope.time_zone,
        currency=rule_set.currency,
        minor_digits=scope.minor_digits,
        rounding=Rounding(rule_set.rounding),
        rules=_rules(rule_set, scope),
        club_zones=check_clubs(rule_set, scope),
        products=check_products(rule_set, scope),
        default_max_bonus_percent=defaults.max_bonus_percent,
        default_refund_policy=RefundPolicy(defaults.refund_policy),
        limits=check_set_limits(rule_set.limits, scope),
    )


def _rules(rule_set: authored.RuleSet, scope: Scope) -> tuple[CheckedRule, ...]:
    """Rules and tiers in matching order."""
    rules = [
        check_rule(rule, path, scope)
        for path, rule in scope.shape.items(("rules",), rule_set.rules)
    ]
    for path, ladder in scope.shape.items(("ladders",), rule_set.ladders):
        rules += check_ladder(ladder, path, scope)
    return tuple(sorted(rules, key=lambda rule: (-rule.priority, rule.id)))


def _check_ids(shape: Shape, findings: Findings) -> None:
    """Rule ids are unique, those of tiers (`ladder.tier`) included; so are the ids of ladders."""
    for ids in (_ladder_ids(shape), _rule_ids(shape)):
        places: dict[str, list[Path]] = {}
        for name, path in ids:
            places.setdefault(name, []).append(path)
        for name, paths in places.items():
            first, *others = sorted(paths, key=findings.line_of) if len(paths) > 1 else paths
            for path in others:
                findings.add(
                    "DUPLICATE_ID",
                    path,
                    f"the id `{name}` stands twice, first in line {findings.line_of(first)}",
                    "give every rule, ladder and tier its own id; a tier's is `ladder.tier`",
                )


def _ladder_ids(shape: Shape) -> Iterator[tuple[str, Path]]:
    for path, ladder in shape.items(("ladders",), shape.rule_set.ladders):
        yield ladder.id, (*path, "id")


def _rule_ids(shape: Shape) -> Iterator[tuple[str, Path]]:
    for path, rule in shape.items(("rules",), shape.rule_set.rules):
        yield rule.id, (*path, "id")
    for path, ladder in shape.items(("ladders",), shape.rule_set.ladders):
        for place, tier in shape.items((*path, "tiers"), ladder.tiers):
            yield tier_id(ladder, tier), (*place, "id")
