"""Plain values → the authored model, as far as it can be had, with every fault of the shape.

A file with a fault in one place is still checked everywhere else: what does not fit is reported,
taken out, and the rest is read again, until something fits.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rules_engine.author.findings import Findings
from rules_engine.author.wording import describe, describe_null
from rules_engine.document import Document, Path
from schemas.authored import Authored
from schemas.rule_set import RuleSet

_STAND_INS = {"organizationId": "?", "version": "?", "timeZone": "UTC", "currency": "BHD"}
"""Read in place of what is missing, so that the rest is checked; the set is refused anyway.
No currency has more decimals than BHD among those in use, so none are found too many."""

_PART_STAND_INS = {"groupId": "stand-in", "title": "-", "body": "-", "formula": "0"}
"""The same for keys of a rule's parts: one that is missing hides no fault beside it."""

_T = TypeVar("_T")
_Model = TypeVar("_Model", bound=Authored)


class ShapeOf(Generic[_Model]):
    """The authored model of a document, less what had to be taken out: `value`.

    `stand_ins`: read in place of keys of the root that are missing, so that the rest is checked.
    """

    def __init__(
        self,
        model: type[_Model],
        document: Document,
        findings: Findings,
        stand_ins: Mapping[str, Any],
    ) -> None:
        self._model = model
        self._stand_ins = stand_ins
        self._unnamed = count()
        self._document = document
        self._dropped: dict[Path, set[int]] = {}
        self.stood_in: set[str] = set()
        """Keys of the root that were missing, or that were taken out."""
        self._values: Any = document.values()
        self._nulls = tuple(_nulls(self._values, ()))
        for path in self._nulls:
            described = describe_null(path, document)
            findings.add(described.code, path, described.message, described.remedy)
        self._gone: list[Path] = []
        self._drop(self._nulls)
        self.value = self._read(findings)

    def items(self, path: Path, items: Sequence[_T]) -> Iterator[tuple[Path, _T]]:
        """The items of the list at `path` with their own paths in the document."""
        dropped = self._dropped.get(path)
        if dropped is None:
            for index, item in enumerate(items):
                yield (*path, index), item
            return
        kept = (index for index in range(len(items) + len(dropped)) if index not in dropped)
        for index, item in zip(kept, items, strict=True):
            yield (*path, index), item

    def is_cut(self, path: Path) -> bool:
        """Whether something in the value at `path` was taken out, and reported: what it lacks
        then is no fault of its own."""
        return any(gone[: len(path)] == path for gone in self._gone)

    def _read(self, findings: Findings) -> _Model:
        first_round = True
        while True:
            try:
                return self._model.model_validate(self._values)
            except ValidationError as refused:
                errors = refused.errors(include_url=False, include_input=False)
            if first_round:
                self._report(errors, findings)
            first_round = False
            self._drop(self._obstacle(error) for error in errors)

    def _report(self, errors: list[ErrorDetails], findings: Findings) -> None:
        for error in errors:
            loc = _without_tags(error["loc"])
            path = self._original(loc)
            if any(null[: len(path)] == path for null in self._nulls):
                continue  # a consequence of the missing value, which has been reported
            described = describe(error, path, self._document, self._model)
            findings.add(
                described.code,
                described.path or path,
                described.message,
                described.remedy,
                on_key=described.on_key,
            )

    def _obstacle(self, error: ErrorDetails) -> Path:
        """What to take out so that the rest can be read."""
        loc = _without_tags(error["loc"])
        if error["type"] != "missing":
            return loc
        name = str(loc[-1])
        if len(loc) == 1:
            self.stood_in.add(name)
            self._values[name] = self._stand_ins[name]
            return ()
        stand_in = f"stand-in {next(self._unnamed)}" if name == "id" else _PART_STAND_INS.get(name)
        if stand_in is None:
            return loc[:-1]
        container = self._values
        for step in loc[:-1]:
            container = container[step]
        container[name] = stand_in
        return ()

    def _drop(self, paths: "Sequence[Path] | Iterator[Path]") -> None:
        """Take values out, the last first, so that indexes stay good meanwhile."""
        gone = sorted({path for path in paths if path}, reverse=True)
        originals = [self._original(path) for path in gone]
        self._gone += originals
        for original in originals:
            if isinstance(original[-1], int):
                self._dropped.setdefault(original[:-1], set()).add(original[-1])
        for path in gone:
            container = self._values
            for step in path[:-1]:
                container = container[step]
            del container[path[-1]]

    def _original(self, path: Path) -> Path:
        """The path in the document of a path in the values that are left."""
        original: Path = ()
        for step in path:
            if isinstance(step, int) and original in self._dropped:
                for dropped in sorted(self._dropped[original]):
                    step += dropped <= step
            original = (*original, step)
        return original


class Shape(ShapeOf[RuleSet]):
    """That of a rule set."""

    def __init__(self, document: Document, findings: Findings) -> None:
        super().__init__(RuleSet, document, findings, _STAND_INS)

    @property
    def rule_set(self) -> RuleSet:
        return self.value


def _nulls(value: Any, path: Path) -> Iterator[Path]:
    children: Iterator[tuple[str | int, Any]]
    if isinstance(value, dict):
        children = iter(value.items())
    elif isinstance(value, list):
        children = enumerate(value)
    else:
        return
    for step, child in children:
        if child is None:
            yield (*path, step)
        else:
            yield from _nulls(child, (*path, step))


def _without_tags(loc: Path) -> Path:
    """pydantic names the kind of an action behind its index: no step of the document."""
    return tuple(
        step
        for at, step in enumerate(loc)
        if not (at >= 2 and loc[at - 2] == "actions" and isinstance(loc[at - 1], int))
    )
