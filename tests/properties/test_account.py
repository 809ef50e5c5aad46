"""Whatever happens to an account, in whatever order: it can be added up."""

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from rules_engine.account.operations import (
    adjust,
    credit,
    lapse,
    revoke,
    tidied,
    write_off,
)
from rules_engine.account.packed import (
    balance_of,
    pack_account,
    pack_payment,
    unpack_account,
    unpack_payment,
)
from rules_engine.account.payments import (
    Payment,
    Purchase,
    Refund,
    give_back,
    give_unknown_back,
    pay,
)
from rules_engine.account.products import ProductTerms
from rules_engine.account.values import UNUSED, Batch, Earned, Entry
from rules_engine.checked import RefundPolicy
from tests.unit.account.builders import credited

KOPEK = Decimal("0.01")
AMOUNTS = st.integers(1, 100_000).map(lambda minor: Decimal(minor) * KOPEK)
KINDS = st.sampled_from([(), ("TARIFF",), ("BAR",)])
POLICIES = st.sampled_from(RefundPolicy)
SUBTRACTING = {"BONUS_PAYMENT", "BONUS_WRITE_OFF", "BONUS_EXPIRY", "BONUS_REVOKED"}


class AccountMachine(RuleBasedStateMachine):
    """Operations at a clock that goes on, sometimes of an earlier date."""

    def __init__(self) -> None:
        super().__init__()
        self.account, self.clock, self.made = UNUSED, 0, 0
        self.journal = Decimal(0)
        self.payments: dict[bytes, Payment] = {}
        self.returned: dict[bytes, Decimal] = {}
        self.credited: dict[bytes, Decimal] = {}
        self.revoked: dict[bytes, Decimal] = {}

    def record(self, entry: Entry | None) -> None:
        if entry is None:
            return
        assert entry.taken >= 0 or entry.type == "BONUS_ADJUSTMENT"
        self.journal += -entry.taken if entry.type in SUBTRACTING else entry.taken
        assert entry.balance_after == self.journal

    def new_id(self) -> bytes:
        self.made += 1
        return self.made.to_bytes(16, "big")

    @rule(step=st.integers(0, 20))
    def time_passes(self, step: int) -> None:
        self.clock += step
        self.account, entries = lapse(self.account, self.clock)
        for _, entry in entries:
            self.record(entry)
        self.account = tidied(self.account, self.clock, 30, keeps_earned=True)

    @rule(amount=AMOUNTS, lasts=st.none() | st.integers(0, 40), types=KINDS)
    def a_batch_is_opened(self, amount: Decimal, lasts: int | None, types: tuple[str, ...]) -> None:
        expires = None if lasts is None else self.clock + lasts
        terms = Earned(amount, amount * 7, 20_000)
        batch = Batch(0, self.new_id(), amount, expires, types, rule_id="r", earned=terms)
        self.credited[batch.id] = amount
        grown, balance = credited(pack_account(self.account), batch, self.clock)
        self.account, entry = credit(self.account, "BONUS_CREDIT", batch)
        self.account = replace(self.account, commanded_at=self.clock)
        assert unpack_account(grown) == self.account
        assert balance == entry.balance_after
        self.record(entry)

    @rule(asked=AMOUNTS, total=AMOUNTS, policy=POLICIES, kind=st.sampled_from(["TARIFF", "BAR"]))
    def a_payment(self, asked: Decimal, total: Decimal, policy: RefundPolicy, kind: str) -> None:
        bought = Purchase(kind, "product", total, asked)
        terms = ProductTerms(Decimal(50), policy)
        name = self.new_id()
        self.account, entry, payment = pay(
            self.account, bought, terms, name[8:], self.clock, self.clock
        )
        self.payments[name], self.returned[name] = payment, Decimal(0)
        assert entry.taken <= asked
        self.record(entry)

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), asked=AMOUNTS, amount=AMOUNTS)
    def a_payment_is_refunded(self, data: st.DataObject, asked: Decimal, amount: Decimal) -> None:
        name = data.draw(st.sampled_from(sorted(self.payments)))
        known = unpack_payment(pack_payment(self.payments[name]))
        self.account, entry, payment = give_back(
            self.account, known, Refund(amount, asked), self.clock, KOPEK
        )
        self.payments[name] = payment
        assert known.policy is not RefundPolicy.FORFEIT or entry is None
        if entry is not None:
            self.returned[name] += entry.taken
            assert self.returned[name] <= payment.spent
        self.record(entry)

    @rule(asked=AMOUNTS, policy=POLICIES)
    def an_unknown_payment_is_refunded(self, asked: Decimal, policy: RefundPolicy) -> None:
        refund = Refund(asked, asked)
        self.account, entry = give_unknown_back(self.account, refund, policy, self.new_id())
        self.record(entry)

    @rule(amount=AMOUNTS)
    def a_write_off(self, amount: Decimal) -> None:
        self.account, entry = write_off(self.account, amount, self.clock, self.clock)
        self.record(entry)

    @rule(balance=AMOUNTS | st.just(Decimal(0)))
    def a_resync(self, balance: Decimal) -> None:
        excess = Batch(0, self.new_id(), balance)
        self.account, entry = adjust(self.account, balance, self.clock, excess)
        self.record(entry)
        assert self.account.balance == balance

    @rule(data=st.data(), part=AMOUNTS)
    def a_top_up_is_refunded(self, data: st.DataObject, part: Decimal) -> None:
        found = [each for each in self.account.batches if each.earned is not None]
        if not found:
            return
        batch = data.draw(st.sampled_from(found))
        self.account, _, entry = revoke(
            self.account, batch, part, self.clock, self.clock, KOPEK, takes=True
        )
        self.record(entry)
        taken = Decimal(0) if entry is None else entry.taken
        self.revoked[batch.id] = self.revoked.get(batch.id, Decimal(0)) + taken
        assert self.revoked[batch.id] <= self.credited[batch.id]

    @invariant()
    def the_journal_adds_up(self) -> None:
        assert self.journal == self.account.balance >= 0
        assert all(batch.left >= 0 for batch in self.account.batches)
        numbers = [batch.number for batch in self.account.batches]
        assert numbers == sorted(set(numbers))

    @invariant()
    def it_survives_as_bytes(self) -> None:
        packed = pack_account(self.account)
        assert balance_of(packed) == self.account.balance
        assert unpack_account(packed) == self.account


TestAccount = AccountMachine.TestCase
TestAccount.settings = settings(max_examples=60, stateful_step_count=30)
