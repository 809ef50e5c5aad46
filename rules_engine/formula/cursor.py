"""Where the parser stands in the tokens, and how it reports and makes nodes there."""

import ast
from typing import TypeVar

from rules_engine.formula.faults import Fault, Findings, Refusal
from rules_engine.formula.nodes import end_of
from rules_engine.formula.refusals import unexpected
from rules_engine.formula.tokens import Token, TokenKind

UNKNOWN = "?"
"""`Name.id` of a stand-in for something refused: it is of every kind and causes no findings."""

CLOSING = {"(": ")", "[": "]", "{": "}"}

_Node = TypeVar("_Node", bound=ast.expr)


class GiveUp(Exception):
    """Private to the parser: the rest of the text cannot be read; the finding has been made."""


class Cursor:
    """A place among tokens that end in an END token."""

    def __init__(self, tokens: list[Token], findings: Findings) -> None:
        self.tokens = tokens
        self.findings = findings
        self.at = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    @property
    def end(self) -> int:
        """Where the token before the cursor ends."""
        return self.tokens[self.at - 1].end

    def skip_brackets(self) -> bool:
        """Step over a bracketed piece whole; True if it holds a loop."""
        start, depth, loops = self.token, 0, False
        while self.token.kind is not TokenKind.END:
            token = self.token
            self.at += 1
            if token.kind is TokenKind.SIGN:
                depth += (token.text in "([{") - (token.text in ")]}")
            loops |= token.kind is TokenKind.NAME and token.text in ("for", "async")
            if depth == 0:
                return loops
        raise self.give_up(start, never_closed(start))

    def is_sign(self, *signs: str) -> bool:
        return self.token.kind is TokenKind.SIGN and self.token.text in signs

    def report(self, token: Token, refusal: Refusal) -> None:
        self.findings.add(refusal.fault, refusal.message, token.start, token.end, refusal.remedy)

    def give_up(self, token: Token, refusal: Refusal) -> GiveUp:
        self.report(token, refusal)
        return GiveUp()

    def unexpected(self) -> GiveUp:
        before = self.tokens[self.at - 1]
        if TokenKind.UNREADABLE in (before.kind, self.token.kind):
            return GiveUp()
        return self.give_up(self.token, unexpected(before, self.token, self.findings))

    def unknown(self, start: int, end: int) -> ast.expr:
        return self.located(ast.Name(UNKNOWN, ast.Load()), start, end)

    def spanning(self, node: _Node, first: ast.expr, last: ast.expr) -> _Node:
        return self.located(node, first.col_offset, end_of(last))

    def located(self, node: _Node, start: int, end: int) -> _Node:
        node.lineno = node.end_lineno = 1
        node.col_offset, node.end_col_offset = start, end
        return node


def never_closed(start: Token) -> Refusal:
    remedy = f"add {CLOSING[start.text]}"
    return Refusal(Fault.SYNTAX, "this bracket is never closed", remedy)
