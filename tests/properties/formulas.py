"""Formulas by the grammar, and values for them: everything that the language can say."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from hypothesis import strategies as st

from rules_engine.formula.checked import Kind
from rules_engine.variables import Variable, variables

TRIGGER = "BALANCE_TOPPED_UP"
KNOWN = variables(TRIGGER)
NUMBERS = [each.name for each in KNOWN.values() if each.kind is Kind.NUMBER]
FLAGS = [each.name for each in KNOWN.values() if each.kind is Kind.FLAG]
TEXTS = ["productId", "shiftId", "gatewayTransactionId"]
"""The texts that may be compared with any constant."""
CONSTANTS = ["'a'", "'vip'", '"it\'s"', "'ночь'", "'two  spaces'", "''"]
ORDERS = ["<", "<=", ">", ">=", "==", "!="]

DEPTHS = st.sampled_from([1, 1, 2, 2, 2, 3])
Level = Callable[[int], str]

number_texts = st.one_of(
    st.integers(0, 100).map(str),
    st.decimals(0, 1000, places=2).map(str),
    st.from_regex(r"(0|[1-9][0-9]{0,25})(\.[0-9]{1,8})?|\.[0-9]{1,5}", fullmatch=True),
    st.sampled_from(["0", "9" * 34, "0." + "3" * 33, "0." + "0" * 32 + "1"]),
)


class Writer:
    """Writes an expression of a kind, at most so many levels deep. What stands side by side has
    brackets only by chance, so that precedence decides."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def number(self, depth: int) -> str:
        return self._perhaps_choice(self._sum(depth), self._sum, depth)

    def flag(self, depth: int) -> str:
        return self._perhaps_choice(self._logic(depth), self._logic, depth)

    def text(self, depth: int) -> str:
        return self._draw(st.sampled_from(TEXTS)) if depth <= 0 else self._text_atom(depth)

    def _perhaps_choice(self, plain: str, other: Level, depth: int) -> str:
        if depth <= 0 or not self._chance():
            return plain
        return f"{plain} if {self._logic(depth - 1)} else {other(depth - 1)}"

    def _sum(self, depth: int) -> str:
        parts = [self._signed(depth) for _ in range(self._count(1, 3 if depth > 0 else 1))]
        return self._chain(parts, "+-*/")

    def _signed(self, depth: int) -> str:
        return self._draw(st.sampled_from(["", "", "", "-", "+", "--"])) + self._number_atom(depth)

    def _number_atom(self, depth: int) -> str:
        if depth <= 0:
            return self._draw(st.one_of(st.sampled_from(NUMBERS), number_texts))
        inner = depth - 1
        match self._count(0, 9):
            case 0 | 1:
                return f"({self.number(inner)})"
            case 2:
                name = self._draw(st.sampled_from(["min", "max"]))
                return f"{name}({self._several(self.number, inner)})"
            case 3:
                name = self._draw(st.sampled_from(["abs", "floor", "ceil", "round"]))
                return f"{name}({self.number(inner)})"
            case 4:
                return f"round({self.number(inner)}, {self._count(-4, 6)})"
            case 5:
                return f"percent({self.number(inner)}, {self.number(inner)})"
            case 6:
                return f"clamp({self.number(inner)}, {self.number(inner)}, hour)"
            case 7:
                return f"coalesce({self.number(inner)}, {self.number(inner)})"
            case 8:
                return f"bucket({self._draw(st.sampled_from(CONSTANTS[:-1]))})"
        return self._number_atom(0)

    def _logic(self, depth: int) -> str:
        parts = [self._negated(depth) for _ in range(self._count(1, 3 if depth > 0 else 1))]
        return self._chain(parts, [" and ", " or "])

    def _negated(self, depth: int) -> str:
        return self._draw(st.sampled_from(["", "", "not ", "not not "])) + self._condition(depth)

    def _condition(self, depth: int) -> str:
        if depth <= 0:
            return self._draw(st.sampled_from(FLAGS))
        inner = depth - 1
        match self._count(0, 8):
            case 0 | 1:
                return f"({self.flag(inner)})"
            case 2 | 3:
                parts = [self._sum(inner) for _ in range(self._count(2, 4))]
                return self._chain(parts, ORDERS)
            case 4:
                return f"{self._text_atom(inner)} {self._sign(ORDERS)} {self._sign(CONSTANTS)}"
            case 5:
                return f"known({self._any(inner)})"
            case 6:
                return self._membership(inner)
            case 7:
                return f"coalesce({self.flag(inner)}, {self.flag(inner)})"
        return f"({self.flag(inner)}) {self._sign(['==', '!='])} {self._sign(FLAGS)}"

    def _membership(self, depth: int) -> str:
        word = self._sign(["in", "not in"])
        match self._count(0, 3):
            case 0:
                numbers = [self._sign(["", "-", "+"]) + self._draw(number_texts) for _ in "ab"]
                return f"{self._sum(depth)} {word} ({', '.join(numbers * self._count(1, 3))})"
            case 1:
                texts = [self._sign(CONSTANTS) for _ in range(self._count(1, 6))]
                return f"{self._text_atom(depth)} {word} ({', '.join(texts)},)"
            case 2:
                return f"{self._sign([*CONSTANTS, 'localDate'])} {word} groups"
        return f"topUpSource {word} ('CASH', 'ACQUIRING')"

    def _text_atom(self, depth: int) -> str:
        if depth <= 0:
            return self._sign(TEXTS)
        inner = depth - 1
        match self._count(0, 2):
            case 0:
                return f"coalesce({self.text(inner)}, {self._sign(CONSTANTS)})"
            case 1:
                return f"({self.text(inner)} if {self._logic(inner)} else {self._sign(TEXTS)})"
        return self.text(0)

    def _any(self, depth: int) -> str:
        return self._draw(st.sampled_from([self.number, self.flag, self.text]))(depth)

    def _several(self, level: Level, depth: int) -> str:
        return ", ".join(level(depth) for _ in range(self._count(2, 4)))

    def _chain(self, parts: Sequence[str], signs: Sequence[str]) -> str:
        text = parts[0]
        for part in parts[1:]:
            text += self._space() + self._sign(signs) + self._space() + part
        return text

    def _sign(self, signs: Sequence[str]) -> str:
        return self._draw(st.sampled_from(signs))

    def _space(self) -> str:
        return self._draw(st.sampled_from(["", " ", "\n  "]))

    def _count(self, least: int, most: int) -> int:
        return self._draw(st.integers(least, most))

    def _chance(self) -> bool:
        return self._draw(st.booleans())


@st.composite
def amounts(draw: st.DrawFn) -> str:
    return Writer(draw).number(draw(DEPTHS))


@st.composite
def conditions(draw: st.DrawFn) -> str:
    return Writer(draw).flag(draw(DEPTHS))


money = st.one_of(
    st.decimals(-1000, 1000, places=2),
    st.sampled_from(
        [
            *map(Decimal, ("0", "-0", "1", "100", "1E+6144", "-9.99E+6000", "1E-6176", "1E-33")),
            *map(Decimal, ("9" * 34, "0." + "9" * 34, "0." + "3" * 34)),
        ]
    ),
)


def values_of(variable: Variable) -> st.SearchStrategy[object]:
    """Any value that a variable may have, and some that are out of all proportion."""
    made: st.SearchStrategy[object] = money
    if variable.kind is Kind.FLAG:
        made = st.booleans()
    elif variable.kind is Kind.TEXT:
        made = st.sampled_from(variable.words or ("a", "it's", "ночь", "2026-11-22"))
    elif variable.kind is Kind.GROUPS:
        made = st.frozensets(st.sampled_from(["vip", "a", "2026-11-22"]))
    elif variable.whole:
        made = st.one_of(st.integers(-3, 40), money)
    return st.one_of(st.none(), made) if variable.optional else made


contexts = st.fixed_dictionaries({name: values_of(each) for name, each in KNOWN.items()})
