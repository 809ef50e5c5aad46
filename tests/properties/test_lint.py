"""What lint claims holds: against the evaluator, on generated formulas, rule sets and events."""

from dataclasses import replace
from decimal import Decimal, localcontext
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rules_engine.checked import CheckedRule, CheckedRuleSet, Rounding
from rules_engine.client import ClientState
from rules_engine.compile import compile_rule_set
from rules_engine.evaluate import apply_event
from rules_engine.explain import explain_event
from rules_engine.formula.checked import CheckedFormula, Kind
from rules_engine.formula.compiled import Result as Evaluated
from rules_engine.formula.compiled import compile_formula
from rules_engine.formula.runtime import DECIMAL128, ROUNDINGS, Cause, Failure
from rules_engine.lint import Code, check
from rules_engine.lint.abstract import Abstract
from rules_engine.lint.boxes import Box, Cell
from rules_engine.lint.cuts import Cuts
from rules_engine.lint.domains import BUCKET, GROUP, MINUTE, WEEKDAY, Domains
from rules_engine.lint.ordering import Ordering
from rules_engine.lint.payout import Assumed, credited_by
from rules_engine.lint.payouts import greatest_payouts
from rules_engine.lint.values import Flags, Numbers, Result, Texts
from rules_engine.outcome import Origin, Reason
from schemas.decoded import Event
from schemas.ids import command_id
from schemas.wire import AddBonus, Command
from tests.properties.engine_cases import HOUR_US, START, histories, rule_sets
from tests.properties.formulas import TRIGGER, amounts, conditions
from tests.properties.test_formula import checked_or_assumed

SETTINGS = settings(
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FORMULAS = st.one_of(
    st.tuples(st.just(Kind.NUMBER), amounts()), st.tuples(st.just(Kind.FLAG), conditions())
)
GROUPS = ["vip", "a", "2026-11-22"]
CENTS = st.decimals("0", "1200", places=2)


@st.composite
def clients(draw: st.DrawFn) -> dict[str, Any]:
    """Values of every name that fit each other, as an event and a client have them."""
    source = draw(st.sampled_from(["CASH", "ACQUIRING", "POS_TERMINAL"]))
    texts = st.sampled_from(["a", "it's", "ночь", "vip"])
    count = draw(st.integers(0, 5))
    days = st.one_of(st.none(), st.integers(-3, 400))
    average = draw(CENTS) if count else None
    return {
        "topupAmountMajor": draw(CENTS) + Decimal("0.01"),
        "topUpSource": source,
        "shiftId": draw(texts if source == "CASH" else st.one_of(st.none(), texts)),
        "gatewayTransactionId": draw(
            texts if source == "ACQUIRING" else st.one_of(st.none(), texts)
        ),
        "productId": draw(st.one_of(st.none(), texts)),
        "bonusBalanceMajor": draw(CENTS),
        "totalSpentMajor": draw(CENTS),
        "totalTopupMajor": draw(CENTS),
        "topupCount": count,
        "isFirstTopup": count == 0,
        "averageTopupMajor": average,
        "visitCount": draw(st.integers(0, 40)),
        "daysSinceLastVisit": draw(days),
        "daysSinceFirstVisit": draw(days),
        "daysSinceRegistration": draw(days),
        "isBirthday": draw(st.booleans()),
        "groups": draw(st.frozensets(st.sampled_from(GROUPS))),
        "weekday": (weekday := draw(st.integers(1, 7))),
        "minute": (minute := draw(st.integers(0, 1439))),
        "dayOfWeek": weekday,
        "hour": minute // 60,
        "localDate": draw(st.sampled_from(["2026-11-22", "2024-02-29", "1999-12-31"])),
        "bucket": draw(st.integers(0, 99)),
    }


def lies_in(cell: Cell, name: str, values: dict[str, Any]) -> bool:
    if name.startswith(GROUP):
        value: Any = name.removeprefix(GROUP) in values["groups"]
    elif name.startswith(BUCKET):
        value = values["bucket"]
    else:
        value = values[name]
    return may_be(cell.value, value)


def may_be(known: object, value: object) -> bool:
    if value is None or known is None:
        return value is known
    if isinstance(value, bool):
        assert isinstance(known, Flags)
        return known.may_hold if value else known.may_not
    if isinstance(value, str):
        assert isinstance(known, Texts)
        return known.may_be(value)
    assert isinstance(value, Decimal | int)
    assert isinstance(known, Numbers)
    return known.least <= value <= known.most


def boxes_around(whole: Box, values: dict[str, Any]) -> list[Box]:
    """From everything down to the cells that hold the values."""
    found = [whole]
    names = tuple(whole.spans)
    while (name := found[-1].widest(names)) is not None:
        cells = whole.space.axes[name]
        inside = next(n for n, cell in enumerate(cells) if lies_in(cell, name, values))
        first, second = found[-1].halves(name)
        found.append(second if inside >= second.spans[name][0] else first)
    return found


def covers(known: Result, evaluated: Evaluated) -> bool:
    if isinstance(evaluated, Failure):
        return known.may_miss if evaluated.cause is Cause.MISSING_VALUE else known.may_fail
    return known.value is not None and may_be(known.value, evaluated)


@settings(SETTINGS, max_examples=200)
@given(FORMULAS, clients(), st.sampled_from(Rounding))
def test_every_box_around_an_event_knows_what_its_formula_comes_to(
    written: tuple[Kind, str], values: dict[str, Any], rounding: Rounding
) -> None:
    formula = checked_or_assumed(written[1], written[0])
    cuts = Cuts(Domains(TRIGGER, 2))
    cuts.formula(formula.tree)
    cuts.name(MINUTE)
    cuts.name(WEEKDAY)
    evaluated = evaluate(formula, values, rounding)
    with localcontext(DECIMAL128):
        for box in boxes_around(cuts.space().whole(), values):
            assert box.is_possible
            assert covers(Abstract(box, ROUNDINGS[rounding]).result(formula.tree), evaluated)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str]:
    """Two amounts of which the first is often the smaller one."""
    one, other, share = draw(amounts()), draw(amounts()), draw(st.integers(0, 30))
    return draw(
        st.sampled_from(
            [
                (one, other),
                (one, f"max({other}, {one})"),
                (f"min({one}, {other})", one),
                (f"percent({one}, {share})", f"percent({one}, {share + 1})"),
                (f"({one}) * {share}", f"(({one}) * {share + 2})"),
                (f"({one}) - ({other})", f"({one}) - min({other}, {share})"),
                (f"({one}) / ({other})", f"({one}) / ({other})"),
                (f"floor({one})", f"floor(max({one}, {other}))"),
                (f"-max({one}, {other})", f"-({one})"),
                (f"min({one}, {other}) if isFirstTopup else {one}", f"coalesce({one}, {one})"),
                (f"clamp({one}, 0, {share})", f"clamp({one}, 0, {share + 1})"),
            ]
        )
    )


@settings(SETTINGS, max_examples=150)
@given(pairs(), clients(), st.sampled_from(Rounding))
def test_a_formula_that_is_said_never_to_be_above_another_is_not(
    written: tuple[str, str], values: dict[str, Any], rounding: Rounding
) -> None:
    lower, upper = (checked_or_assumed(text, Kind.NUMBER) for text in written)
    cuts = Cuts(Domains(TRIGGER, 2))
    cuts.formula(lower.tree)
    cuts.formula(upper.tree)
    first, second = (evaluate(each, values, rounding) for each in (lower, upper))
    assume(isinstance(first, Decimal) and isinstance(second, Decimal))
    assert isinstance(first, Decimal)
    assert isinstance(second, Decimal)
    with localcontext(DECIMAL128):
        for box in boxes_around(cuts.space().whole(), values):
            ordering = Ordering(Abstract(box, ROUNDINGS[rounding]))
            assert first <= second or not ordering.never_above(lower.tree, upper.tree)


def evaluate(formula: CheckedFormula, values: dict[str, Any], rounding: Rounding) -> Evaluated:
    return compile_formula(formula).evaluate(values, rounding, lambda _: values["bucket"])


NEVER = {Code.NEVER_FIRES, Code.SHADOWED, Code.OVER_LIMIT, Code.FORMULA_FAILS}


@SETTINGS
@given(rule_sets(), histories())
def test_claims_about_rules_hold_for_every_event(
    drawn: CheckedRuleSet, events: list[Event]
) -> None:
    rules = replace(drawn, minor_digits=max(2, drawn.minor_digits))
    found = list(check(rules, START - 90 * HOUR_US))
    silent = {each.rule_id for each in found if each.code in NEVER}
    no_credit = {
        (each.rule_id, int(each.where[1])) for each in found if each.code is Code.ZERO_CREDIT
    }
    always = {
        each.rule_id
        for each in found
        if each.code is Code.ALWAYS_TRUE
        and each.where == ("when",)
        and is_whole(rules, each.rule_id, each.span)
    }
    late = {each.rule_id for each in found if each.code is Code.ONLY_AFTER_LIMIT}
    compiled, client = compile_rule_set(rules), ClientState()
    for offset, event in enumerate(events):
        origin = Origin("loyalty.topups", 0, offset)
        outcome = apply_event(compiled, client, event, origin)
        assert not silent & set(outcome.fired)
        refused = any(each.reason is Reason.CLIENT_CREDIT for each in outcome.rejections)
        assert refused or not late & set(outcome.fired)
        assert not any(
            is_of_action(command, event, rule_id, index)
            for command in outcome.commands
            for rule_id, index in no_credit
        )
        explained = explain_event(rules, client, event, origin)
        assert not any(
            each.rule_id in always and each.reason == "CONDITION" for each in explained.rules
        )
        client = outcome.client


def is_whole(rules: CheckedRuleSet, rule_id: str, span: tuple[int, int] | None) -> bool:
    rule = named(rules, rule_id)
    return rule.when is not None and rule.at_least is None and span == (0, len(rule.when.text))


def named(rules: CheckedRuleSet, rule_id: str) -> CheckedRule:
    return next(rule for rule in rules.rules if rule.id == rule_id)


def is_of_action(command: Command, event: Event, rule_id: str, index: int) -> bool:
    made = command_id("izi", event.client_id, event.event_id, rule_id, index)
    return command.command_id == made


@settings(SETTINGS, max_examples=40)
@given(rule_sets(), histories())
def test_no_event_gets_more_than_the_greatest_payout(
    drawn: CheckedRuleSet, events: list[Event]
) -> None:
    rules = replace(drawn, minor_digits=max(2, drawn.minor_digits))
    payouts = greatest_payouts(rules, Assumed(START - 90 * HOUR_US))
    compiled, client = compile_rule_set(rules), ClientState()
    at_most = {payout.trigger: payout.at_most for payout in payouts}
    for payout in payouts:
        assert payout.reached <= payout.at_most
        if payout.lines:
            assert credited_by(compiled, payout.lines) == (payout.reached, payout.rules)
    for offset, event in enumerate(events):
        outcome = apply_event(compiled, client, event, Origin("loyalty.topups", 0, offset))
        credited = [
            Decimal(each.amount_major) for each in outcome.commands if isinstance(each, AddBonus)
        ]
        assert sum(credited) <= at_most.get(event.type, Decimal(0))
        client = outcome.client
