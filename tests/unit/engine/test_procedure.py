"""The numbered procedure of one event: duplicates, snapshot, rules, state."""

from decimal import Decimal, getcontext, localcontext

import pytest

from rules_engine.checked import Period, RuleLimits, Times
from rules_engine.client import ClientState
from rules_engine.compile import compile_rule_set
from rules_engine.counters import Counters
from rules_engine.evaluate import apply_event, evaluating
from schemas.decoded import (
    BonusCredited,
    BonusWrittenOff,
    ClientRegistered,
    ClientUpdated,
    Event,
    PaymentRefunded,
    PromoCodeRedeemed,
    Snapshot,
    TopupRefunded,
)
from tests.unit.engine.builders import (
    NOON,
    ORIGIN,
    assign,
    at,
    counting,
    credit,
    credits_of,
    fire,
    payment,
    reasons,
    rule,
    rule_set,
    run,
    topup,
    unassign,
    visit_started,
)

LIFETIME = RuleLimits((Times(1, Period.LIFETIME),))


def test_a_duplicate_has_no_effect() -> None:
    first, again = run(rule_set(rule()), topup(), topup())
    assert credits_of(first) == ["10.00"]
    assert again.duplicate
    assert (again.commands, again.client, again.rejected) == ((), first.client, None)


def test_the_same_id_with_other_content_is_a_dead_letter() -> None:
    first, again = run(rule_set(rule()), topup("100"), topup("100.01"))
    assert again.rejected is not None
    assert again.rejected.code == "EVENT_ID_REUSED"
    assert "'e-1'" in again.rejected.message
    assert (again.commands, again.client, again.duplicate) == ((), first.client, False)


def test_one_amount_written_in_two_ways_is_one_content() -> None:
    assert run(rule_set(rule()), topup("100"), topup("100.00"))[1].client.topup_count == 1


def test_an_organization_without_rules_keeps_state_and_ids() -> None:
    outcome = apply_event(None, ClientState(), topup("150"), ORIGIN)
    assert (outcome.commands, outcome.client.topup_total) == ((), Decimal(150))
    assert apply_event(None, outcome.client, topup("150"), ORIGIN).duplicate
    assert apply_event(None, outcome.client, topup("151"), ORIGIN).rejected is not None


def test_formulas_see_the_state_before_the_event() -> None:
    rules = rule_set(
        rule("r", credit("topupCount * 1000 + totalTopupMajor", min_major="1")),
        rule("v", credit("visitCount + 1", trigger="VISIT_STARTED"), trigger="VISIT_STARTED"),
    )
    outcomes = run(rules, topup("100", event_id="a"), topup("50", event_id="b"), visit_started("c"))
    assert credits_of(outcomes) == ["1.00", "1100.00", "1.00"]
    state = outcomes[-1].client
    assert (state.topup_count, state.topup_total, state.visit_count) == (2, Decimal(150), 1)


def test_refunds_lower_totals_and_trigger_nothing() -> None:
    given = {"organization_id": "izi", "club_id": "club-1", "client_id": "c-1"}
    refund = TopupRefunded(
        event_id="b",
        occurred_at=at(NOON),
        original_event_id="a",
        refund_amount_major=Decimal(30),
        **given,  # type: ignore[arg-type]
    )
    outcomes = run(rule_set(rule()), topup("100", event_id="a"), refund)
    assert outcomes[1].commands == ()
    assert (outcomes[1].client.topup_total, outcomes[1].client.topup_count) == (Decimal(70), 1)


def silent(kind: type[Event], **fields: object) -> Event:
    envelope = {"event_id": "e-1", "organization_id": "izi", "club_id": "club-1"}
    return kind(**envelope, client_id="c-1", occurred_at=at(NOON), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "event",
    [
        silent(TopupRefunded, original_event_id="x", refund_amount_major=Decimal(1)),
        silent(
            PaymentRefunded,
            payment_id="p",
            refund_amount_major=Decimal(1),
            bonus_amount_major=Decimal(0),
        ),
        silent(BonusCredited, amount_major=Decimal(5), executor="Ann"),
        silent(BonusWrittenOff, amount_major=Decimal(5), executor="Ann"),
        silent(PromoCodeRedeemed, code="SPRING", amount_major=Decimal(5)),
        silent(ClientRegistered),
        silent(ClientUpdated, snapshot=Snapshot(groups=("vip",))),
    ],
    ids=lambda event: event.type,
)
def test_events_without_rules_are_taken_and_remembered(event: Event) -> None:
    triggers = (topup().type, visit_started().type, payment().type)
    rules = rule_set(
        *[rule(f"r-{n}", credit(trigger=t), trigger=t) for n, t in enumerate(triggers)]
    )
    outcome, again = run(rules, event, event)
    assert (outcome.commands, outcome.fired, outcome.rejections) == ((), (), ())
    assert outcome.client.latest_at == at(NOON)
    assert again.duplicate


def test_own_assignments_stay_against_a_snapshot_for_ten_minutes() -> None:
    rules = rule_set(rule("r", assign("vip", 0), unassign("cold", 1), limits=LIFETIME))
    old = Snapshot(groups=("cold",))
    outcomes = run(
        rules,
        topup(event_id="a", snapshot=old),
        topup(event_id="b", when="2026-03-02T12:09:59+03:00", snapshot=old),
        topup(event_id="c", when="2026-03-02T12:10:00+03:00", snapshot=old),
    )
    assert [each.client.groups for each in outcomes] == [("vip",), ("vip",), ("cold",)]


def test_two_rules_that_change_one_group_leave_what_the_later_did() -> None:
    rules = rule_set(rule("in", assign("vip"), priority=2), rule("out", unassign("vip")))
    assert fire(rules).client.groups == ()


def test_nothing_but_the_outcome_is_touched() -> None:
    client = counting(limit_counts={"r\x1fDAY": ((1, 1),)})
    rules = rule_set(rule(limits=RuleLimits((Times(9, Period.DAY),), 1)))
    outcome = fire(rules, client=client)
    assert outcome.fired == ("r",)
    assert client.counters.limit_counts == {"r\x1fDAY": ((1, 1),)}
    assert ClientState().counters == Counters()
    assert outcome.client.counters.firings == {"r": at(NOON)}


def test_the_callers_decimal_context_is_left_alone_and_does_not_matter() -> None:
    compiled = compile_rule_set(rule_set(rule("r", credit("100 / 3 * 3"))))
    with localcontext() as context:
        context.prec = 3
        outcome = apply_event(compiled, ClientState(), topup(), ORIGIN)
        assert getcontext().prec == 3
        with evaluating():
            assert apply_event(compiled, ClientState(), topup(), ORIGIN) == outcome
            assert getcontext().prec == 34
        assert getcontext().prec == 3
    assert credits_of(outcome) == ["100.00"]


def test_a_late_event_moves_no_clock_back() -> None:
    late = topup(event_id="b", when="2026-03-01T12:00:00+03:00")
    outcomes = run(rule_set(rule()), topup(event_id="a"), late)
    assert outcomes[1].client.latest_at == at(NOON)
    assert reasons(outcomes[1]) == []
