"""A rule set → its findings: what each check found, with its place, less what is allowed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rules_engine.author import load_rule_set
from rules_engine.checked import CheckedRuleSet
from rules_engine.diagnostics import Diagnostic
from rules_engine.document import read_document
from rules_engine.lint.bonuses import check_bonuses
from rules_engine.lint.codes import KINDS, Code, Severity
from rules_engine.lint.conditions import check_conditions
from rules_engine.lint.days import DayPayout, greatest_day
from rules_engine.lint.found import Found
from rules_engine.lint.groups import check_groups
from rules_engine.lint.payout import Assumed, Payout
from rules_engine.lint.payouts import greatest_payouts
from rules_engine.lint.places import Places
from rules_engine.lint.shadows import check_shadows
from rules_engine.lint.suppressions import Suppressions
from rules_engine.lint.tiers import check_tiers

_DEAD = frozenset({Code.NEVER_FIRES, Code.FORMULA_FAILS, Code.OVER_LIMIT, Code.EXPIRED})
"""Of a rule that never fires nothing else is worth saying."""


@dataclass(frozen=True)
class LintFinding:
    """`diagnostic` has the code and the place; `allowed` is the reason of the comment that allows
    the finding, empty where none does."""

    severity: Severity
    diagnostic: Diagnostic
    rule_id: str = ""
    allowed: str = ""

    def __str__(self) -> str:
        told = f"{self.severity}: {self.diagnostic.message}"
        return str(replace(self.diagnostic, message=told))


@dataclass(frozen=True)
class LintReport:
    """`findings` as the file reads; `allowed` are those that comments allow; `payouts` and `day`:
    the most that an event, and a client on a day, can be credited, as far as `assumed` looks."""

    rule_set: CheckedRuleSet
    assumed: Assumed
    findings: tuple[LintFinding, ...]
    allowed: tuple[LintFinding, ...]
    payouts: tuple[Payout, ...]
    day: DayPayout | None

    def of(self, severity: Severity) -> tuple[LintFinding, ...]:
        return tuple(each for each in self.findings if each.severity is severity)


def lint(text: str | bytes, file: str, assumed: Assumed) -> LintReport:
    """Everything that lint has to say of a text that holds a rule set. `file`: the name that
    findings give. Validities are over by `assumed.since`.

    1. Load it: what `validate` finds comes first. 2. Every check. 3. Places; what is said of a
    ladder is said once. 4. What comments allow, and comments that allow nothing. 5. Payouts.

    Raises RuleSetError where it does not load.
    """
    rule_set = load_rule_set(text, file)  # 1.
    document = read_document(text, file)
    found = list(check(rule_set, assumed.since))  # 2.
    places = Places(document)  # 3.
    placed: dict[tuple[str, str], LintFinding] = {}
    for each in found:
        diagnostic = places.diagnostic(each)
        finding = LintFinding(KINDS[each.code].severity, diagnostic, each.rule_id)
        placed.setdefault((each.code, f"{diagnostic.path} {each.span}"), finding)
    suppressions = Suppressions(document)  # 4.
    findings, allowed = _sorted_out(list(placed.values()), suppressions)
    payouts = greatest_payouts(rule_set, assumed)  # 5.
    day = greatest_day(rule_set, payouts, assumed)
    return LintReport(
        rule_set, assumed, _in_order(findings), _in_order(allowed), tuple(payouts), day
    )


def check(rule_set: CheckedRuleSet, now: int) -> Iterator[Found]:
    """Everything that the checks find in a checked rule set. Rules that are switched off are not
    looked at."""
    firing = []
    for rule in rule_set.rules:
        if rule.enabled:
            own = list(check_conditions(rule_set, rule, now))
            yield from own
            if not any(each.code in _DEAD for each in own):
                firing.append(rule)
    for check_all in (check_shadows, check_tiers, check_groups, check_bonuses):
        yield from check_all(rule_set, firing)


def _sorted_out(
    findings: list[LintFinding], suppressions: Suppressions
) -> tuple[list[LintFinding], list[LintFinding]]:
    """What is to be mended, and what is allowed."""
    left, allowed, used = [], [], set()
    for finding in findings:
        by = [each for each in suppressions.good if each.allows(finding.diagnostic)]
        used |= set(by)
        if by:
            allowed.append(replace(finding, allowed=by[0].reason))
        else:
            left.append(finding)
    about = list(suppressions.bad)
    about += [
        suppressions.unused(each)
        for each in suppressions.good
        if each not in used and not each.is_off
    ]
    left += [LintFinding(KINDS[Code(each.code)].severity, each) for each in about]
    return left, allowed


def _in_order(findings: list[LintFinding]) -> tuple[LintFinding, ...]:
    return tuple(
        sorted(
            findings,
            key=lambda each: (each.diagnostic.line, each.diagnostic.column, each.diagnostic.code),
        )
    )
