"""Rule tests against the rule set that they are about: the second half of a load."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from rules_engine.author.times import read_instant
from rules_engine.cases.checked import (
    CheckedCase,
    CheckedCases,
    Field,
    How,
    Pattern,
    ReasonPattern,
    Wanted,
)
from rules_engine.cases.events import EventReader
from rules_engine.cases.read import ReadTests, read_tests
from rules_engine.checked import CheckedRuleSet
from rules_engine.diagnostics import did_you_mean
from rules_engine.document import Path
from rules_engine.errors import RuleSetError
from rules_engine.outcome import Reason
from schemas.authored import Authored
from schemas.rule_actions import Restriction
from schemas.rule_tests import Case, Defaults, ExpectedReason

_INSTANTS = ("expiresAt", "notBefore", "notAfter")
_TIMER = "timer:"


def load_cases(text: str | bytes, file: str, rule_set: CheckedRuleSet) -> CheckedCases:
    """The rule tests of a YAML or JSON text about `rule_set`.

    Raises RuleSetError with every finding, in the order of the file.
    """
    return check_tests(read_tests(text, file), rule_set)


def check_tests(read: ReadTests, rule_set: CheckedRuleSet) -> CheckedCases:
    """The cases of a file that was read. Raises RuleSetError with every finding."""
    cases = []
    if read.has_cases:
        checker = _Checker(read, rule_set)
        for path, case in read.shape.items(("cases",), read.tests.cases):
            cases.append(checker.case(case, path))
        checker.check_names(cases)
    if read.findings:
        raise RuleSetError(read.findings.sorted())
    source = read.document.source
    return CheckedCases(source.file, read.document, rule_set, tuple(cases))


class _Checker:
    def __init__(self, read: ReadTests, rule_set: CheckedRuleSet) -> None:
        self._read = read
        self._findings = read.findings
        self._rule_set = rule_set
        self._rule_ids = {rule.id for rule in rule_set.rules}
        self._defaults = self._check_defaults(read.tests.defaults)

    def case(self, case: Case, path: Path) -> CheckedCase:
        history, events, ids = self._events(case, path)
        expect, place = case.expect, (*path, "expect")
        if expect.commands is None and expect.journal is None and not expect.reasons:
            self._expects_nothing(place)
        return CheckedCase(
            case.name,
            path,
            self._findings.line_of(path),
            tuple(history),
            tuple(events),
            self._until(case, (*path, "given")),
            self._patterns(expect.commands, (*place, "commands"), ids),
            self._patterns(expect.journal, (*place, "journal"), ids),
            tuple(self._reasons(expect.reasons, (*place, "reasons"), ids)),
        )

    def check_names(self, cases: Sequence[CheckedCase]) -> None:
        first: dict[str, CheckedCase] = {}
        for case in cases:
            other = first.setdefault(case.name, case)
            if other is not case:
                self._findings.add(
                    "DUPLICATE_NAME",
                    (*case.path, "name"),
                    f"the case `{case.name}` stands twice, first in line {other.line}",
                    "give every case its own name: reports know it by that",
                )

    def _check_defaults(self, defaults: Defaults) -> Defaults:
        path: Path = ("defaults", "occurredAt")
        at = defaults.occurred_at
        if at is not None and self._instant(at, path) is None:
            return defaults.model_copy(update={"occurred_at": None})
        return defaults

    def _events(self, case: Case, path: Path) -> tuple[list[bytes], list[bytes], list[str]]:
        """History, events, and the ids of the events."""
        given, shape = case.given, self._read.shape
        reader = EventReader(self._rule_set, self._defaults, shape, self._findings)
        place = (*path, "given")
        history: list[bytes | None] = []
        if given.client is not None:
            first = next(iter([*given.before, *given.events]), None)
            history.append(reader.client(given.client, (*place, "client"), first))
        for number, (at, event) in enumerate(shape.items((*place, "before"), given.before), 1):
            history.append(reader.event(event, at, f"before-{number}"))
        events: list[bytes | None] = []
        ids: list[str] = []
        for number, (at, event) in enumerate(shape.items((*place, "events"), given.events), 1):
            events.append(reader.event(event, at, f"e-{number}"))
            ids.append(str((event.model_extra or {}).get("eventId", f"e-{number}")))
        return [*filter(None, history)], [*filter(None, events)], ids

    def _until(self, case: Case, path: Path) -> int | None:
        until = case.given.until
        if until is not None:
            return self._instant(until, (*path, "until"))
        if not case.given.events and not self._read.shape.is_cut(path):
            self._findings.add(
                "NOTHING_HAPPENS",
                path,
                "nothing happens in this case",
                "add `events: [{type: …}]`, or `until: …` to let time pass",
                on_key=True,
            )
        return None

    def _expects_nothing(self, path: Path) -> None:
        if not self._read.shape.is_cut(path):
            self._findings.add(
                "EXPECTS_NOTHING",
                path,
                "the case expects nothing, so it cannot fail",
                "add `commands`, `journal` or `reasons`; `commands: []` is no command at all",
                on_key=True,
            )

    def _patterns(
        self, items: Sequence[Authored] | None, path: Path, ids: Sequence[str]
    ) -> tuple[Pattern, ...] | None:
        if items is None:
            return None
        return tuple(
            Pattern(place, tuple(self._fields(item, place, ids)))
            for place, item in self._read.shape.items(path, items)
        )

    def _fields(self, item: Authored, path: Path, ids: Sequence[str]) -> Iterator[Field]:
        for name, info in type(item).model_fields.items():
            value, key = getattr(item, name), info.alias or name
            if value is None:
                continue
            place = (*path, key)
            if key == "ruleId":
                self._check_rule(value, place)
            elif key == "eventId":
                self._check_event(value, place, ids)
            how, wanted = self._wanted(key, value, place)
            if wanted is not None:
                yield Field(key, how, wanted)

    def _wanted(self, key: str, value: object, path: Path) -> tuple[How, Wanted | None]:
        if isinstance(value, Decimal):
            return How.AMOUNT, value
        if isinstance(value, Restriction):
            return How.RESTRICTION, _restriction(value)
        if isinstance(value, list):
            return How.TEXTS, tuple(value)
        text = str(value)
        return (How.INSTANT, self._instant(text, path)) if key in _INSTANTS else (How.TEXT, text)

    def _reasons(
        self, items: Sequence[ExpectedReason], path: Path, ids: Sequence[str]
    ) -> Iterator[ReasonPattern]:
        for place, item in self._read.shape.items(path, items):
            self._check_rule(item.rule_id, (*place, "ruleId"))
            if item.event_id is not None:
                self._check_event(item.event_id, (*place, "eventId"), ids)
            reason = Reason(item.reason)
            yield ReasonPattern(place, item.rule_id, reason, item.detail, item.event_id)

    def _check_rule(self, rule_id: str, path: Path) -> None:
        if rule_id not in self._rule_ids:
            remedy = did_you_mean(rule_id, self._rule_ids)
            self._findings.add(
                "UNKNOWN_RULE",
                path,
                f"the rule set has no rule `{rule_id}`",
                remedy or "write a rule's id; a tier's is `ladder.tier`",
            )

    def _check_event(self, event_id: str, path: Path, ids: Sequence[str]) -> None:
        if event_id not in ids and not event_id.startswith(_TIMER):
            self._findings.add(
                "UNKNOWN_EVENT",
                path,
                f"the case has no event `{event_id}`",
                did_you_mean(event_id, ids) or f"its events are {', '.join(ids) or 'none'}",
            )

    def _instant(self, text: str, path: Path) -> int | None:
        return read_instant(text, path, self._rule_set.time_zone, self._findings)


def _restriction(value: Restriction) -> Mapping[str, tuple[str, ...]]:
    return {
        "productTypes": tuple(value.product_types),
        "productIds": tuple(value.product_ids),
    }
