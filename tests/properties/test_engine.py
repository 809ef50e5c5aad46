"""Generated code and the plain interpreter come to the same commands, reasons, states and journal,
and the journal adds up."""

from decimal import Decimal

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rules_engine.account.packed import balance_of, unpack_account
from rules_engine.books.around import Around, HeldPayments
from rules_engine.checked import CheckedRuleSet
from rules_engine.client import ClientState
from rules_engine.compile import compile_rule_set
from rules_engine.evaluate import apply_event
from rules_engine.explain import explain_event
from rules_engine.outcome import Origin
from schemas.decoded import Event
from schemas.wire import JournalRecord
from tests.properties.engine_cases import HOUR_US, histories, rule_sets

SUBTRACTING = {"BONUS_PAYMENT", "BONUS_WRITE_OFF", "BONUS_EXPIRY", "BONUS_REVOKED"}


@settings(
    max_examples=150,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(rule_sets(), histories(), st.sampled_from([0, HOUR_US]))
def test_generated_code_is_the_interpreter(
    rules: CheckedRuleSet, events: list[Event], grace: int
) -> None:
    compiled, client, payments = compile_rule_set(rules), ClientState(), HeldPayments()
    around, clock, balance = Around(grace, payments=payments), events[0].occurred_at, Decimal(0)
    for offset, event in enumerate(events):
        origin, clock = Origin("loyalty.topups", 0, offset), max(clock, event.occurred_at)
        outcome = apply_event(compiled, client, event, origin, around=around, clock=clock)
        explained = explain_event(rules, client, event, origin, around=around, clock=clock)
        assert outcome == explained.outcome
        assert outcome.fired == tuple(each.rule_id for each in explained.rules if each.fired)
        balance = added_up(balance, outcome.journal)
        client = outcome.client
        payments.keep(event, outcome.payment)
        account = unpack_account(client.account)
        assert balance == account.balance == balance_of(client.account)
        ends = [each.expires_at for each in account.batches if each.expires_at is not None]
        assert client.lapses_at == min(ends, default=None)


def added_up(balance: Decimal, journal: tuple[JournalRecord, ...]) -> Decimal:
    for record in journal:
        taken = Decimal(record.taken_major)
        balance += -taken if record.type in SUBTRACTING else taken
        assert Decimal(record.balance_after_major) == balance >= 0
    return balance
