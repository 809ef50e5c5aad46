"""What the checks of every part need of the whole: zone, money, formulas, and where to report."""

from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

from rules_engine.author.currencies import MINOR_DIGITS
from rules_engine.author.findings import Findings
from rules_engine.author.shape import Shape
from rules_engine.author.times import read_zone
from rules_engine.checked import TopupRefund
from rules_engine.diagnostics import did_you_mean
from rules_engine.document import Path
from rules_engine.errors import FormulaError
from rules_engine.formula.checked import CheckedFormula, Kind
from rules_engine.formula.grammar import check_formula
from rules_engine.variables import TRIGGERS
from schemas.errors import NotAllowed
from schemas.money import MAX_MINOR_DIGITS, allowed_money


@dataclass(frozen=True)
class Scope:
    """`minor_digits` of an unknown currency are the most that any has: nothing is refused for a
    fault that lies elsewhere."""

    shape: Shape
    findings: Findings
    time_zone: ZoneInfo
    minor_digits: int
    on_topup_refund: TopupRefund
    _formulas: dict[tuple[str, str, Kind], CheckedFormula] = field(default_factory=dict)

    def money(self, amount: Decimal | None, path: Path, *, zero: bool = False) -> Decimal | None:
        """The amount in plain form; None, and reported, where currency or size do not allow it."""
        if amount is None:
            return None
        try:
            return allowed_money(amount, self.minor_digits, zero=zero)
        except NotAllowed as refused:
            message = f"`{path[-1]}` {refused.message}"
            remedy = "round it to an amount that can be paid"
            self.findings.add("MONEY", path, message, remedy)
            return None

    def ratio(self, ratio: Decimal, path: Path) -> Decimal | None:
        """A percentage or multiple in plain form; None, and reported, with too many decimals."""
        try:
            return allowed_money(ratio, MAX_MINOR_DIGITS, zero=True)
        except NotAllowed:
            message = f"`{path[-1]}` has more than {MAX_MINOR_DIGITS} decimals"
            self.findings.add("OUT_OF_RANGE", path, message, "round it")
            return None

    def formula(
        self, text: str | None, trigger: str, expects: Kind, path: Path
    ) -> CheckedFormula | None:
        """The checked formula; None where it is refused, or its trigger is (then its names are
        not known)."""
        if text is None or trigger not in TRIGGERS:
            return None
        checked = self._formulas.get((text, trigger, expects))
        if checked is None:
            try:
                checked = check_formula(text, trigger, expects)
            except FormulaError as refused:
                for problem in refused.problems:
                    self.findings.add_problem(path, problem)
                return None
            self._formulas[text, trigger, expects] = checked
        return checked


def open_scope(shape: Shape, findings: Findings) -> Scope:
    """Zone and currency of the set."""
    authored = shape.rule_set
    digits = MINOR_DIGITS.get(authored.currency)
    if digits is None:
        findings.add(
            "UNKNOWN_CURRENCY",
            ("currency",),
            f"unknown currency `{authored.currency[:60]}`",
            did_you_mean(authored.currency, MINOR_DIGITS)
            or "write the three letters of ISO 4217: RUB, USD, KZT",
        )
    return Scope(
        shape,
        findings,
        read_zone(authored.time_zone, ("timeZone",), findings),
        MAX_MINOR_DIGITS if digits is None else digits,
        TopupRefund(authored.on_topup_refund),
    )
