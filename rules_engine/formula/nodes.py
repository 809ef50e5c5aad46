"""Reading the nodes of a formula's tree: constants, places, and words for them."""

import ast
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rules_engine.formula.checked import Kind
from rules_engine.formula.faults import Fault, Findings

SIGNS: Mapping[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.USub: "-",
    ast.UAdd: "+",
    ast.And: "and",
    ast.Or: "or",
    ast.Not: "not",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}

CALLED: Mapping[Kind, str] = {
    Kind.NUMBER: "a number",
    Kind.TEXT: "a text",
    Kind.FLAG: "true or false",
    Kind.GROUPS: "the client's groups",
}
"""A kind in the words of a message."""

_PLAIN_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


class Report:
    """Findings that point at nodes."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def add(self, fault: Fault, message: str, node: ast.expr, remedy: str) -> None:
        self._findings.add(fault, message, node.col_offset, end_of(node), remedy)

    def quote(self, node: ast.expr) -> str:
        """The node's text in back quotes, for a message."""
        return self._findings.quote(node.col_offset, end_of(node))

    def plain(self, node: ast.expr) -> str:
        """The node's text, for a remedy that shows how to write it."""
        return self.quote(node)[1:-1]


def end_of(node: ast.expr) -> int:
    """The offset after the node's last code point."""
    return node.end_col_offset or node.col_offset


def span_of(node: ast.expr, text: str) -> tuple[int, int]:
    """Where the node stands in the formula's text, with every bracket that is open in it: nodes
    themselves know nothing of brackets around their first and last part."""
    start, end = node.col_offset, end_of(node)
    opened = closed = 0
    quote = ""
    characters = iter(text[start:end])
    for character in characters:
        if quote and character == "\\":
            next(characters)
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "(":
            opened += 1
        elif character == ")" and opened:
            opened -= 1
        elif character == ")":
            closed += 1
    for _ in range(closed):
        start = text.rindex("(", 0, start)
    for _ in range(opened):
        end = text.index(")", end) + 1
    return start, end


def constant(value: Decimal | str, start: int, end: int) -> ast.Constant:
    """A constant of the language; `ast` has no notion of a decimal, but carries one."""
    carried: Any = value
    node = ast.Constant(carried)
    node.lineno = node.end_lineno = 1
    node.col_offset, node.end_col_offset = start, end
    return node


def text_of(node: ast.expr) -> str | None:
    """The text of a text constant."""
    value: object = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) else None


def number_of(node: ast.expr) -> Decimal | None:
    """The number of a constant, with its sign."""
    match node:
        case ast.Constant():
            value: object = node.value
            return value if isinstance(value, Decimal) else None
        case ast.UnaryOp(op=ast.UAdd(), operand=ast.Constant() as operand):
            return number_of(operand)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as operand):
            number = number_of(operand)
            return None if number is None else number.copy_negate()
    return None


def folded(node: ast.expr) -> ast.expr:
    """A signed constant as one constant; anything else as it is."""
    number = number_of(node)
    return node if number is None else constant(number, node.col_offset, end_of(node))


def numeric_text(node: ast.expr) -> str | None:
    """The text of a constant that is a number in quotes."""
    text = text_of(node)
    return text if text is not None and _PLAIN_NUMBER.fullmatch(text) else None


def way_to_number(node: ast.expr, kind: Kind) -> str:
    """A remedy where a number belongs and something else stands."""
    if (number := numeric_text(node)) is not None:
        return f"write the number without quotes: {number}"
    return {
        Kind.FLAG: "turn a condition into a number: (10 if condition else 0)",
        Kind.TEXT: "texts can be compared: ==, in ('a', 'b')",
        Kind.GROUPS: "groups can be asked: 'vip' in groups",
        Kind.NUMBER: "",
    }[kind]


def way_to_condition(plain: str, kind: Kind) -> str:
    """A remedy where a condition belongs and `plain`, of another kind, stands."""
    return {
        Kind.NUMBER: f"compare it: {plain} > 0",
        Kind.TEXT: "compare it: x == 'a'; for one of several texts: x in ('a', 'b')",
        Kind.GROUPS: "ask for one: 'vip' in groups",
        Kind.FLAG: "",
    }[kind]
