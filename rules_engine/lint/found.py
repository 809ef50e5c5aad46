"""What a check finds, before it has a place in a file."""

from dataclasses import dataclass

from rules_engine.document import Path
from rules_engine.lint.codes import Code


@dataclass(frozen=True)
class Found:
    """`rule_id`: the rule or tier, empty for the whole set. `where`: the path below it, or from the
    root. `span`: code points of the formula there."""

    code: Code
    rule_id: str
    message: str
    remedy: str
    where: Path = ()
    span: tuple[int, int] | None = None
