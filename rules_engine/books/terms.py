"""What a rule set says about the bonus account, ready to be asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, Inexact

from rules_engine.account.products import Products
from rules_engine.account.values import EXACT
from rules_engine.checked import AddBonusAction, CheckedRule, CheckedRuleSet, TopupRefund
from rules_engine.ledger import BudgetPlan, ClientLimits, budgets_of, client_limits

TOPUP = "BALANCE_TOPPED_UP"
BONUS_EXPIRED = "BONUS_EXPIRED"
_NOT_CHARGED = "-"


@dataclass(frozen=True, slots=True)
class CreditTerms:
    """One rule that credits top-ups. `takes`: a refunded top-up takes its bonus back.

    `actions`: (index, tags) of its credits. `charged`: the period letters of its budget, the set's
    budget and the set's credit per client, `-` for none; kept with the batch, so that what is
    revoked goes back to where it was charged. Empty: there is nothing to charge.
    """

    rule_id: str
    takes: bool
    actions: tuple[tuple[int, tuple[str, ...]], ...]
    limits: ClientLimits | None
    budgets: tuple[BudgetPlan, ...]
    charged: str


class BookTerms:
    """`credits`: the rules that credit top-ups, by id, in matching order, switched off or not.
    `tells_lapses`: a rule that is switched on has the trigger BONUS_EXPIRED."""

    __slots__ = (
        "credits",
        "currency",
        "organization_id",
        "per_client_credit",
        "products",
        "revokes",
        "tells_lapses",
        "unit",
        "version",
    )

    def __init__(self, rule_set: CheckedRuleSet) -> None:
        self.organization_id = rule_set.organization_id
        self.version = rule_set.version
        self.currency = rule_set.currency
        self.unit = Decimal((0, (1,), -rule_set.minor_digits))
        self.products = Products(rule_set)
        self.per_client_credit = rule_set.limits.per_client_credit
        self.credits: Mapping[str, CreditTerms] = {
            rule.id: _credit_terms(rule, rule_set)
            for rule in rule_set.rules
            if rule.trigger == TOPUP
        }
        self.revokes = any(each.takes for each in self.credits.values())
        self.tells_lapses = any(
            rule.enabled and rule.trigger == BONUS_EXPIRED for rule in rule_set.rules
        )

    def exact(self, amount: Decimal) -> Decimal:
        """With the currency's decimals; as it is where it has more."""
        try:
            return amount.quantize(self.unit, context=EXACT)
        except Inexact:
            return amount

    def text(self, amount: Decimal) -> str:
        """As it goes out. (Only a currency that lost decimals meanwhile has too many of them.)"""
        return str(amount if amount.same_quantum(self.unit) else self.exact(amount))


def _credit_terms(rule: CheckedRule, rule_set: CheckedRuleSet) -> CreditTerms:
    budgets = budgets_of(rule, rule_set.limits)
    pers = {each.rule_id: each.per.value for each in budgets}
    per_client = rule_set.limits.per_client_credit
    charged = "".join(
        (
            pers.get(rule.id, _NOT_CHARGED)[0],
            pers.get("", _NOT_CHARGED)[0],
            _NOT_CHARGED if per_client is None else per_client.per.value[0],
        )
    )
    return CreditTerms(
        rule.id,
        rule.on_topup_refund is TopupRefund.REVOKE,
        tuple(
            (action.index, tuple(dict.fromkeys((*rule.tags, *action.tags))))
            for action in rule.actions
            if isinstance(action, AddBonusAction)
        ),
        client_limits(rule.id, rule.limits),
        budgets,
        charged.rstrip(_NOT_CHARGED),
    )
