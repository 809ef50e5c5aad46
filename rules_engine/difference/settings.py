"""What a rule set says beside its rules: facts of the set, of its clubs and of its products."""

from collections.abc import Iterator

from rules_engine.checked import CheckedRuleSet, Product
from rules_engine.difference.facts import Fact, amount, number, time_of_day, times


def set_facts(rule_set: CheckedRuleSet) -> Iterator[Fact]:
    limits, push = rule_set.limits, rule_set.limits.push
    for what, text in (
        ("organization", rule_set.organization_id),
        ("time zone", rule_set.time_zone.key),
        ("currency", rule_set.currency),
        ("rounding", rule_set.rounding.value),
    ):
        yield Fact(what, text, text)
    if limits.budget is not None:
        yield Fact("budget", limits.budget, amount(limits.budget))
    if limits.per_client_credit is not None:
        most = limits.per_client_credit
        yield Fact("credit per client", most, amount(most))
    if push is not None and push.times is not None:
        yield Fact("pushes per client", (push.times, push.per), times(push.times, push.per))
    if push is not None and push.quiet_since is not None and push.quiet_until is not None:
        hours = push.quiet_since, push.quiet_until
        yield Fact("quiet hours", hours, "–".join(time_of_day(minute) for minute in hours))
    percent, policy = rule_set.default_max_bonus_percent, rule_set.default_refund_policy
    yield Fact("products by default: paid with bonuses", percent, f"at most {number(percent)} %")
    yield Fact("products by default: refund policy", policy, policy.value)


def clubs(rule_set: CheckedRuleSet) -> dict[str, list[Fact]]:
    """By club id."""
    return {
        club_id: [Fact("time zone", zone.key, zone.key)]
        for club_id, zone in rule_set.club_zones.items()
    }


def products(rule_set: CheckedRuleSet) -> dict[str, list[Fact]]:
    """By product and the clubs that its entry is for."""
    return {_named(product): _product(product) for product in rule_set.products}


def _named(product: Product) -> str:
    named = f"{product.product_type} {product.product_id}"
    return f"{named} in {', '.join(sorted(product.club_ids))}" if product.club_ids else named


def _product(product: Product) -> list[Fact]:
    percent, policy = product.max_bonus_percent, product.refund_policy
    return [
        Fact("paid with bonuses", percent, f"at most {number(percent)} %"),
        Fact("refund policy", policy, policy.value),
    ]
