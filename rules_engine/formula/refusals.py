"""What to say where the text stops being a formula: one finding, and the way round."""

import keyword
from collections.abc import Mapping
from types import MappingProxyType

from rules_engine.formula.faults import Fault, Findings, Refusal
from rules_engine.formula.tokens import Token, TokenKind

NO_LOOPS = "a formula has no loops (comprehension)"
CHOICE = "a choice is written: x if condition else y"

_OPERANDS = (TokenKind.NUMBER, TokenKind.TEXT, TokenKind.NAME, TokenKind.UNREADABLE)


def no_constant(name: str) -> Refusal:
    """True, False and None."""
    remedy = "write the condition itself, or `not` before it"
    if name == "None":
        remedy = "ask known(x) whether there is a value"
    return Refusal(Fault.CONSTRUCT, f"there is no constant {name}", remedy)


def reserved(word: str) -> Refusal | None:
    """A word with which Python would begin something else than a value."""
    if word in ("for", "async"):
        return Refusal(Fault.CONSTRUCT, NO_LOOPS, "write the comparisons one by one")
    if word == "lambda":
        return Refusal(
            Fault.CONSTRUCT, "a formula defines no functions (lambda)", "write the value itself"
        )
    if keyword.iskeyword(word):
        return Refusal(
            Fault.CONSTRUCT,
            f"`{word}` has no meaning here: a formula is one expression",
            "it computes a value and can do nothing else",
        )
    return None


def no_operand(token: Token) -> Refusal:
    """The token stands where a value belongs."""
    if token.kind is TokenKind.END:
        return Refusal(Fault.SYNTAX, "the formula breaks off here", "a value is missing")
    if token.text in (";", ":=", ":", "\\", "?", "$", "`", "~"):
        return _misplaced(token)
    message = f"a value is missing before `{token.text}`"
    if token.text in ("if", "else"):
        return Refusal(Fault.SYNTAX, message, CHOICE)
    remedy = "a variable, a constant, a function or a bracket belongs here"
    return Refusal(Fault.SYNTAX, message, remedy)


def unexpected(before: Token, token: Token, findings: Findings) -> Refusal:
    """The token stands where an operator or the end belongs."""
    if token.kind is TokenKind.END:
        return Refusal(Fault.SYNTAX, "the formula breaks off here", "is a closing bracket missing?")
    if token.kind not in _OPERANDS:
        return _misplaced(token)
    if token.kind is TokenKind.NAME and (refusal := reserved(token.text)) is not None:
        return refusal
    if before.kind is token.kind is TokenKind.TEXT:
        return Refusal(Fault.SYNTAX, "two texts stand side by side", "is a comma missing?")
    message = (
        f"no operator between {findings.quote(before.start, before.end)} and "
        f"{findings.quote(token.start, token.end)}"
    )
    if before.kind is token.kind is TokenKind.NUMBER:
        return Refusal(Fault.SYNTAX, message, "a number is written without spaces: 1000")
    general = "combine conditions with `and` or `or`, numbers with + - * /"
    said = _SAID.get(token.text.lower()) or _SAID.get(before.text.lower())
    return Refusal(Fault.SYNTAX, message, said or general)


_PERCENT = "5 percent of x is written percent(x, 5)"
_SAID: Mapping[str, str] = MappingProxyType(
    {
        "between": "write the value in the middle: 10 <= hour < 17",
        "contains": "write it the other way round: 'vip' in groups",
        "has": "write it the other way round: 'vip' in groups",
        "equals": "write ==",
        "of": _PERCENT,
        "percent": _PERCENT,
        "then": CHOICE,
        "when": CHOICE,
        "x": "multiply with *",
    }
)
"""Words that people put between two values, and what the language has for them."""


def _misplaced(token: Token) -> Refusal:
    if token.text[1:].endswith("="):
        message = f"a formula assigns nothing (`{token.text}`)"
        return Refusal(Fault.CONSTRUCT, message, "write the expression where it is needed")
    general = (f"`{token.text}` has no place here", "is an operator or a bracket missing?")
    fault = Fault.CONSTRUCT if token.text == ";" else Fault.SYNTAX
    return Refusal(fault, *_UNEXPECTED.get(token.text, general))


_UNEXPECTED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        ";": (
            "a formula is one expression (`;`)",
            "a comma stands between arguments; several amounts are several actions",
        ),
        ",": (
            "a comma stands only between arguments and inside of a tuple",
            "a decimal point is a point: 0.5",
        ),
        ")": ("this bracket was never opened", "remove it or add ("),
        "]": ("this bracket was never opened", "remove it"),
        "}": ("this bracket was never opened", "remove it"),
        "?": ("`? :` is not in the language", CHOICE),
        ":": ("`:` is not in the language", CHOICE),
        "else": ("this `else` has no `if`", CHOICE),
        "$": ("`$` is not in the language", "variables and amounts are written without it"),
        "`": ("a back quote is not in the language", "names stand as they are, texts in '"),
        "\\": (
            "a backslash is not in the language",
            "a formula may go over several lines as it is",
        ),
        "~": ("`~` is not in the language", "negate a condition with `not`, a number with -"),
        "!": ("`!` has no place here", "write != to compare, `not` to negate"),
    }
)
