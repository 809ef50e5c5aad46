"""What a formula is once the closed grammar has let it through."""

import ast
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The type of a variable or of an expression."""

    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    GROUPS = "groups"


@dataclass(frozen=True)
class CheckedFormula:
    """A formula that may be compiled. Made by `check_formula` only.

    `tree` holds number literals as `ast.Constant` of `Decimal`, read from the source text.
    `names` are the variables that it mentions; `kind` is the type of its value.
    """

    text: str
    trigger: str
    tree: ast.expr
    kind: Kind
    names: frozenset[str]
