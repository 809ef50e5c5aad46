"""The operators of the language, and those of other languages with the way round each."""

import ast
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from rules_engine.formula.faults import Fault
from rules_engine.formula.tokens import Token, TokenKind

IF, OR, AND, NOT, COMPARE, SUM, TERM, UNARY = range(1, 9)
"""How strongly an operator binds, weakest first: the same as in Python."""


class _Refused(NamedTuple):
    """A sign that other languages have: what to say, and the sign whose place it takes."""

    fault: Fault
    message: str
    remedy: str
    instead: str


def _wrong_sign(sign: str, right: str) -> _Refused:
    return _Refused(Fault.SPELLING, f"`{sign}` is not an operator", f"write {right}", right)


def _no_operator(sign: str, name: str, remedy: str, instead: str) -> _Refused:
    return _Refused(Fault.OPERATOR, f"`{sign}` ({name}) is not in the language", remedy, instead)


_WHOLE = "floor(x / y) gives whole parts"
_BITS = "combine conditions with `and`, `or`, `not`"

_REFUSED: Mapping[str, _Refused] = MappingProxyType(
    {
        "=": _Refused(Fault.SPELLING, "`=` does not compare", "write ==", "=="),
        "===": _wrong_sign("===", "=="),
        "!==": _wrong_sign("!==", "!="),
        "<>": _wrong_sign("<>", "!="),
        "=>": _wrong_sign("=>", ">="),
        "=<": _wrong_sign("=<", "<="),
        "&&": _wrong_sign("&&", "and"),
        "||": _wrong_sign("||", "or"),
        "**": _no_operator("**", "power", "multiply: x * x", "*"),
        "//": _no_operator("//", "whole division", "write floor(x / y)", "/"),
        "%": _no_operator(
            "%",
            "remainder",
            "20 % of x is percent(x, 20); a remainder is x - floor(x / y) * y",
            "/",
        ),
        "@": _no_operator("@", "matrix product", "write *", "*"),
        "<<": _no_operator("<<", "shift", "multiply", "*"),
        ">>": _no_operator(">>", "shift", _WHOLE, "/"),
        "&": _no_operator("&", "bits", _BITS, "and"),
        "|": _no_operator("|", "bits", _BITS, "or"),
        "^": _no_operator("^", "bits", "multiply for a power: x * x", "*"),
        "is": _no_operator("is", "identity", "write ==, or known(x) to ask for a value", "=="),
        "is not": _no_operator("is not", "identity", "write !=, or not known(x)", "!="),
    }
)

COMPARISONS: Mapping[str, type[ast.cmpop]] = MappingProxyType(
    {
        "==": ast.Eq,
        "!=": ast.NotEq,
        "<": ast.Lt,
        "<=": ast.LtE,
        ">": ast.Gt,
        ">=": ast.GtE,
        "in": ast.In,
        "not in": ast.NotIn,
    }
)
ARITHMETIC: Mapping[str, tuple[int, type[ast.operator]]] = MappingProxyType(
    {
        "+": (SUM, ast.Add),
        "-": (SUM, ast.Sub),
        "*": (TERM, ast.Mult),
        "/": (TERM, ast.Div),
    }
)
BOOLEAN: Mapping[str, tuple[int, type[ast.boolop]]] = MappingProxyType(
    {"and": (AND, ast.And), "or": (OR, ast.Or)}
)


class Operator(NamedTuple):
    """A binary operator at the parser's place: `length` tokens long, or refused."""

    spelling: str
    power: int
    length: int
    refused: _Refused | None = None


def _power(spelling: str) -> int:
    if spelling in BOOLEAN:
        return BOOLEAN[spelling][0]
    if spelling in ARITHMETIC:
        return ARITHMETIC[spelling][0]
    return IF if spelling == "if" else COMPARE


def operator_at(tokens: Sequence[Token], at: int) -> Operator | None:
    """The binary operator that begins at a token, or None where there is none."""
    token = tokens[at]
    if token.kind not in (TokenKind.WORD, TokenKind.SIGN):
        return None
    spelling, length = token.text, 1
    pair = f"{spelling} {tokens[at + 1].text}" if spelling in ("is", "not") else ""
    if pair in ("is not", "not in"):
        spelling, length = pair, 2
    refused = _REFUSED.get(spelling)
    if refused is not None:
        return Operator(refused.instead, _power(refused.instead), length, refused)
    if spelling == "if" or any(spelling in known for known in (COMPARISONS, ARITHMETIC, BOOLEAN)):
        return Operator(spelling, _power(spelling), length)
    return None
