"""Tokens → tree, by precedence climbing over the closed grammar.

The tree is made of Python's own node types, and means what the same text means to Python: a
property test holds the two against each other. Only what is listed here can be built:

    expression := disjunction ["if" disjunction "else" expression]     (weakest)
    and or not, comparisons (chained) and "in", + -, * /, unary + -    (strongest)
    atom       := number | text | name | name "(" arguments ")" | "(" expression ")" | tuple

Whatever else the text holds is refused with its place; where a stand-in has an obvious shape the
parser goes on with it, so that one run shows all findings.
"""

import ast
from collections.abc import Callable

from rules_engine.formula.cursor import CLOSING, UNKNOWN, Cursor, GiveUp, never_closed
from rules_engine.formula.faults import MAX_DEPTH, Fault, Findings, Refusal
from rules_engine.formula.nodes import constant, end_of
from rules_engine.formula.refusals import (
    CHOICE,
    NO_LOOPS,
    no_constant,
    no_operand,
    reserved,
)
from rules_engine.formula.signs import (
    ARITHMETIC,
    BOOLEAN,
    COMPARE,
    COMPARISONS,
    IF,
    NOT,
    OR,
    SUM,
    UNARY,
    Operator,
    operator_at,
)
from rules_engine.formula.tokens import Token, TokenKind

_TOO_DEEP = f"the formula is nested more than {MAX_DEPTH} levels deep"
_SPLIT = "split it into several rules"


class _Parser(Cursor):
    def formula(self) -> ast.expr:
        tree = self.expression(IF)
        if self.token.kind is not TokenKind.END:
            raise self.unexpected()
        return tree

    # operators

    def expression(self, least: int) -> ast.expr:
        """What binds at least as strongly as `least`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.give_up(self.token, Refusal(Fault.TOO_DEEP, _TOO_DEEP, _SPLIT))
        left = self.operand(least)
        while (operator := self.operator()) is not None and operator.power >= least:
            left = self.combined(left, operator)
        self.depth -= 1
        return left

    def combined(self, left: ast.expr, operator: Operator) -> ast.expr:
        if operator.power == IF:
            return self.choice(left)
        if operator.power == COMPARE:
            return self.comparison(left)
        if operator.spelling in BOOLEAN:
            return self.logic(left, operator)
        self.take(operator)
        if operator.refused is not None and not self.begins_operand():
            return self.unknown(left.col_offset, self.end)  # 20%: a sign with nothing after it
        right = self.expression(operator.power + 1)
        sign = ARITHMETIC[operator.spelling][1]()
        return self.spanning(ast.BinOp(left, sign, right), left, right)

    def choice(self, body: ast.expr) -> ast.expr:
        start = self.token
        self.at += 1
        test = self.expression(OR)
        if self.token.kind is not TokenKind.WORD or self.token.text != "else":
            raise self.give_up(start, Refusal(Fault.SYNTAX, "this `if` has no `else`", CHOICE))
        self.at += 1
        otherwise = self.expression(IF)
        return self.spanning(ast.IfExp(test, body, otherwise), body, otherwise)

    def comparison(self, left: ast.expr) -> ast.expr:
        signs: list[ast.cmpop] = []
        values: list[ast.expr] = []
        while (operator := self.operator()) is not None and operator.power == COMPARE:
            self.take(operator)
            signs.append(COMPARISONS[operator.spelling]())
            values.append(self.expression(SUM))
        return self.spanning(ast.Compare(left, signs, values), left, values[-1])

    def logic(self, left: ast.expr, first: Operator) -> ast.expr:
        values = [left]
        while (operator := self.operator()) is not None and operator.power == first.power:
            self.take(operator)
            values.append(self.expression(first.power + 1))
        sign = BOOLEAN[first.spelling][1]()
        return self.spanning(ast.BoolOp(sign, values), left, values[-1])

    def operator(self) -> Operator | None:
        return operator_at(self.tokens, self.at)

    def take(self, operator: Operator) -> None:
        """Step over an operator; a refused one is reported."""
        start = self.token.start
        self.at += operator.length
        if operator.refused is not None:
            refused = operator.refused
            end = self.end
            self.findings.add(refused.fault, refused.message, start, end, refused.remedy)

    def begins_operand(self) -> bool:
        """Whether what follows may begin a value."""
        kind = self.token.kind
        return kind not in (TokenKind.END, TokenKind.WORD) and not self.is_sign(")", ",")

    # operands

    def operand(self, least: int) -> ast.expr:
        token = self.token
        if self.is_sign("+", "-"):
            self.at += 1
            value = self.expression(UNARY)
            sign = ast.USub() if token.text == "-" else ast.UAdd()
            return self.located(ast.UnaryOp(sign, value), token.start, end_of(value))
        if self.is_sign("!") or (token.kind is TokenKind.WORD and token.text == "not"):
            return self.negation(token, least)
        value = self.atom()
        while self.is_sign("(", ".", "["):
            value = self.trailed(value)
        return value

    def negation(self, token: Token, least: int) -> ast.expr:
        if token.text == "!":
            self.report(token, Refusal(Fault.SPELLING, "`!` is not an operator", "write not"))
        elif least > NOT:
            message = "`not` cannot stand right after an operator of this kind"
            self.report(token, Refusal(Fault.SYNTAX, message, "put it in brackets: (not x)"))
        self.at += 1
        value = self.expression(NOT)
        return self.located(ast.UnaryOp(ast.Not(), value), token.start, end_of(value))

    def atom(self) -> ast.expr:
        token = self.token
        if self.is_sign("("):
            return self.brackets()
        if self.is_sign("[", "{"):
            return self.collection(token)
        if token.kind in (TokenKind.SIGN, TokenKind.WORD, TokenKind.END):
            raise self.give_up(token, no_operand(token))
        if token.kind is TokenKind.NAME:
            return self.name(token)
        self.at += 1
        if token.kind is TokenKind.UNREADABLE:
            return self.unknown(token.start, token.end)
        assert token.value is not None
        return constant(token.value, token.start, token.end)

    def name(self, token: Token) -> ast.expr:
        self.at += 1
        if token.text in ("True", "False", "None"):
            self.report(token, no_constant(token.text))
            return self.unknown(token.start, token.end)
        if (refusal := reserved(token.text)) is not None:
            raise self.give_up(token, refusal)
        return self.located(ast.Name(token.text, ast.Load()), token.start, token.end)

    def brackets(self) -> ast.expr:
        start = self.token
        elements, comma = self.listed(self.expression)
        end = self.end
        if len(elements) == 1 and not comma:
            return elements[0]
        return self.located(ast.Tuple(elements, ast.Load()), start.start, end)

    def collection(self, start: Token) -> ast.expr:
        """`[…]` and `{…}` are refused whole."""
        loops = self.skip_brackets()
        end = self.end
        message = f"`{start.text} {CLOSING[start.text]}` is not in the language"
        remedy = "for a tuple write ('a', 'b')"
        if start.text == "{":
            remedy += "; a variable is written without braces"
        self.findings.add(Fault.CONSTRUCT, NO_LOOPS if loops else message, start.start, end, remedy)
        return self.unknown(start.start, end)

    # what follows an operand

    def trailed(self, value: ast.expr) -> ast.expr:
        if self.is_sign("("):
            return self.call(value)
        start = self.token.start
        if self.is_sign("["):
            self.skip_brackets()
            message = "nothing can be picked out with `[ ]`"
            remedy = "a text is compared whole: ==, in ('a', 'b')"
        else:
            self.at += 1
            if self.token.kind in (TokenKind.NAME, TokenKind.WORD):
                self.at += 1
            piece = self.findings.quote(start, self.end)
            message = f"{piece}: nothing has attributes or methods"
            remedy = "variables and functions have plain names: min(x, y)"
        end = self.end
        self.findings.add(Fault.CONSTRUCT, message, start, end, remedy)
        return self.unknown(value.col_offset, end)

    def call(self, function: ast.expr) -> ast.expr:
        start = self.token
        args, _ = self.listed(self.argument)
        end = self.end
        if not isinstance(function, ast.Name):
            piece = self.findings.quote(function.col_offset, start.start)
            self.findings.add(
                Fault.CONSTRUCT,
                f"{piece} is not a function",
                function.col_offset,
                start.start,
                "is an operator missing before the bracket?",
            )
        elif function.id != UNKNOWN:
            return self.located(ast.Call(function, args, []), function.col_offset, end)
        return self.unknown(function.col_offset, end)

    def argument(self, least: int) -> ast.expr:
        token = self.token
        if self.is_sign("*", "**"):
            self.at += 1
            message = f"`{token.text}` cannot spread arguments"
            self.report(token, Refusal(Fault.ARGUMENTS, message, "write them one by one"))
        elif token.kind is TokenKind.NAME:
            following = self.tokens[self.at + 1]
            if following.kind is TokenKind.SIGN and following.text == "=":
                self.at += 2
                message = f"arguments go by their position, not by name (`{token.text}=`)"
                remedy = "leave the name out; a comparison is written =="
                self.findings.add(Fault.ARGUMENTS, message, token.start, following.end, remedy)
        return self.expression(least)

    # helpers

    def listed(self, element: Callable[[int], ast.expr]) -> tuple[list[ast.expr], bool]:
        """The elements of a round bracket, and whether a comma closed the list."""
        start = self.token
        self.at += 1
        elements: list[ast.expr] = []
        comma = False
        while not self.is_sign(")"):
            elements.append(element(IF))
            comma = self.is_sign(",")
            if not comma:
                break
            self.at += 1
        if self.token.kind is TokenKind.END:
            raise self.give_up(start, never_closed(start))
        if not self.is_sign(")"):
            raise self.unexpected()
        self.at += 1
        return elements, comma


def _tree_depth(tree: ast.expr) -> int:
    """Levels of expressions in the tree, without recursion."""
    deepest, pending = 0, [(tree, 1)]
    while pending:
        node, depth = pending.pop()
        deepest = max(deepest, depth)
        children = (each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr))
        pending += [(child, depth + 1) for child in children]
    return deepest


def parse(tokens: list[Token], findings: Findings) -> ast.expr | None:
    """The tree of a formula, or None where the text cannot be read to its end.

    Number constants are `Decimal`; `col_offset` and `end_col_offset` count code points of the
    text. A tree is of no use unless `findings` stayed empty.
    """
    try:
        tree = _Parser(tokens, findings).formula()
    except GiveUp:
        return None
    if _tree_depth(tree) > MAX_DEPTH:
        findings.add(Fault.TOO_DEEP, _TOO_DEEP, 0, tokens[-1].end, _SPLIT)
        return None
    return tree
