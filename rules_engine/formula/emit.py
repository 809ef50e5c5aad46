"""A checked formula as a Python expression, to be spliced into generated code.

The source that `python_source` gives is as plain as one would write it by hand. It mentions

- the expressions that the caller bound the variables to (locals of the generated function). A
  NUMBER is bound as `Decimal` (never `int`), TEXT as `str`, FLAG as `bool`, GROUPS as any container
  of `str`; a missing value as `None`;
- `f_rounding`, one of `runtime.ROUNDINGS`, where `round` is called;
- `f_bucket`, a callable (salt: str) -> int, 0 to 99, where `bucket` is called;
- names of `Literals.namespace()`: helpers, prebuilt numbers and sets of numbers.

It is to run under `runtime.DECIMAL128` and may raise `runtime.FAILURES`, nothing else.
"""

import ast
from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from rules_engine.formula import runtime
from rules_engine.formula.checked import CheckedFormula
from rules_engine.variables import Variable, variables

ROUNDING_NAME = "f_rounding"
BUCKET_NAME = "f_bucket"

_HELPERS: Mapping[str, object] = {
    "f_missing": runtime.missing,
    "f_known": runtime.known,
    "f_coalesce": runtime.coalesce,
    "f_round": runtime.round_to,
    "f_clamp": runtime.clamp,
    "f_min": min,
    "f_max": max,
    "f_abs": abs,
    "f_floor": ROUND_FLOOR,
    "f_ceil": ROUND_CEILING,
    "f_hundred": Decimal(100),
    "f_buckets": tuple(Decimal(each) for each in range(100)),
}

_ATOMS = (ast.Name, ast.Attribute)
"""What costs next to nothing to evaluate twice."""


class Literals:
    """The prebuilt numbers of one generated function: shared by all its formulas."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, object] = {}

    def number(self, value: Decimal) -> str:
        """The name under which the generated code finds this number."""
        return self._name(str(value), value)

    def members(self, values: tuple[Decimal, ...]) -> str:
        """The name of a prebuilt set for the right side of `in`: a third of a tuple's cost."""
        return self._name(" ".join(map(str, values)) + ",", frozenset(values))

    def namespace(self) -> dict[str, object]:
        """Globals that the generated code needs; no builtins among them."""
        return {"__builtins__": {}, **_HELPERS, **self._values}

    def _name(self, key: str, value: object) -> str:
        name = self._names.setdefault(key, f"f_{len(self._names)}")
        self._values[name] = value
        return name


def python_source(checked: CheckedFormula, bindings: Mapping[str, str], literals: Literals) -> str:
    """The formula as one Python expression (no outer parentheses).

    `bindings`: variable → the expression that stands for it, a local name or another atom without
    side effects, for every name in `checked.names`. Numbers are put into `literals`.
    """
    return ast.unparse(Emitter(checked.trigger, bindings, literals).emit(checked.tree))


class Emitter:
    """Rewrites checked trees, whole or in part, into trees of plain Python."""

    def __init__(self, trigger: str, bindings: Mapping[str, str], literals: Literals) -> None:
        self._variables: Mapping[str, Variable] = variables(trigger)
        self._bindings = bindings
        self._literals = literals
        self._proven: frozenset[str] = frozenset()
        self._handlers: dict[type[ast.expr], Callable[..., ast.expr]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._binary,
            ast.Compare: self._compare,
            ast.BoolOp: self._bool,
            ast.IfExp: self._if,
            ast.Call: self._call,
        }
        self._calls: dict[str, Callable[[list[ast.expr]], ast.expr]] = {
            "min": lambda args: self._extreme("f_min", ast.LtE(), args),
            "max": lambda args: self._extreme("f_max", ast.GtE(), args),
            "abs": lambda args: _call("f_abs", self._all(args)),
            "round": self._round,
            "floor": lambda args: self._whole(args[0], "f_floor"),
            "ceil": lambda args: self._whole(args[0], "f_ceil"),
            "clamp": lambda args: _call("f_clamp", self._all(args)),
            "percent": self._percent,
            "known": self._known,
            "coalesce": self._coalesce,
            "bucket": self._bucket,
        }

    def emit(self, node: ast.expr) -> ast.expr:
        """The Python tree for one node of a checked tree."""
        return self._handlers[type(node)](node)

    def _all(self, nodes: list[ast.expr]) -> list[ast.expr]:
        return [self.emit(node) for node in nodes]

    def _constant(self, node: ast.Constant) -> ast.expr:
        value: object = node.value
        if isinstance(value, Decimal):
            return _load(self._literals.number(value))
        return node

    def _name(self, node: ast.Name) -> ast.expr:
        bound = self._bound(node.id)
        if not self._may_be_missing(node.id):
            return bound
        failing = _call("f_missing", [ast.Constant(node.id)])
        return ast.IfExp(_is_known(bound), bound, failing)

    def _unary(self, node: ast.UnaryOp) -> ast.expr:
        return ast.UnaryOp(node.op, self.emit(node.operand))

    def _binary(self, node: ast.BinOp) -> ast.expr:
        return ast.BinOp(self.emit(node.left), node.op, self.emit(node.right))

    def _compare(self, node: ast.Compare) -> ast.expr:
        left = self.emit(node.left)
        right = [
            self._members(each) if isinstance(each, ast.Tuple) else self.emit(each)
            for each in node.comparators
        ]
        return ast.Compare(left, node.ops, right)

    def _members(self, node: ast.Tuple) -> ast.expr:
        values: list[object] = [each.value for each in node.elts if isinstance(each, ast.Constant)]
        numbers = tuple(value for value in values if isinstance(value, Decimal))
        if numbers:
            return _load(self._literals.members(numbers))
        return ast.Set(node.elts)

    def _bool(self, node: ast.BoolOp) -> ast.expr:
        before = self._proven
        values: list[ast.expr] = []
        for each in node.values:
            values.append(self.emit(each))
            if isinstance(node.op, ast.And):
                self._proven |= _proves(each)
        self._proven = before
        return ast.BoolOp(node.op, values)

    def _if(self, node: ast.IfExp) -> ast.expr:
        test, before = self.emit(node.test), self._proven
        self._proven = before | _proves(node.test)
        body = self.emit(node.body)
        self._proven = before
        return ast.IfExp(test, body, self.emit(node.orelse))

    def _call(self, node: ast.Call) -> ast.expr:
        assert isinstance(node.func, ast.Name)
        return self._calls[node.func.id](node.args)

    def _extreme(self, function: str, wins: ast.cmpop, args: list[ast.expr]) -> ast.expr:
        values = self._all(args)
        if len(values) == 2 and all(isinstance(value, _ATOMS) for value in values):
            first, second = values
            return ast.IfExp(ast.Compare(first, [wins], [second]), first, second)
        return _call(function, values)

    def _round(self, args: list[ast.expr]) -> ast.expr:
        digits = _digits(args)
        if digits == 0:
            return self._whole(args[0], ROUNDING_NAME)
        unit = self._literals.number(Decimal((0, (1,), -digits)))
        return _call("f_round", [self.emit(args[0]), _load(unit), _load(ROUNDING_NAME)])

    def _whole(self, node: ast.expr, rounding: str) -> ast.expr:
        method = ast.Attribute(self.emit(node), "to_integral_value", ast.Load())
        return ast.Call(method, [_load(rounding)], [])

    def _percent(self, args: list[ast.expr]) -> ast.expr:
        value, share = self._all(args)
        return ast.BinOp(ast.BinOp(value, ast.Mult(), share), ast.Div(), _load("f_hundred"))

    def _known(self, args: list[ast.expr]) -> ast.expr:
        (node,) = args
        if isinstance(node, ast.Name):
            if self._may_be_missing(node.id):
                return _is_known(self._bound(node.id))
            return ast.Constant(True)
        return _call("f_known", [_later(self.emit(node))])

    def _coalesce(self, args: list[ast.expr]) -> ast.expr:
        node, otherwise = args
        if isinstance(node, ast.Name) and self._may_be_missing(node.id):
            bound = self._bound(node.id)
            return ast.IfExp(_is_known(bound), bound, self.emit(otherwise))
        if not self._uses_missing(node):
            return self.emit(node)
        return _call("f_coalesce", [_later(self.emit(node)), _later(self.emit(otherwise))])

    def _bucket(self, args: list[ast.expr]) -> ast.expr:
        return ast.Subscript(_load("f_buckets"), _call(BUCKET_NAME, args), ast.Load())

    def _bound(self, name: str) -> ast.expr:
        return ast.parse(self._bindings[name], mode="eval").body

    def _may_be_missing(self, name: str) -> bool:
        variable = self._variables.get(name)
        return variable is not None and variable.optional and name not in self._proven

    def _uses_missing(self, node: ast.expr) -> bool:
        return any(
            isinstance(each, ast.Name) and self._may_be_missing(each.id) for each in ast.walk(node)
        )


def _proves(node: ast.expr) -> frozenset[str]:
    """Variables that are known to have a value once this condition was true."""
    match node:
        case ast.Call(func=ast.Name(id="known"), args=[ast.Name(id=name)]):
            return frozenset({name})
        case ast.BoolOp(op=ast.And(), values=values):
            return frozenset().union(*map(_proves, values))
    return frozenset()


def _digits(args: list[ast.expr]) -> int:
    if len(args) == 1:
        return 0
    assert isinstance(args[1], ast.Constant)
    digits: object = args[1].value
    assert isinstance(digits, Decimal)
    return int(digits)


def _load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _call(name: str, args: list[ast.expr]) -> ast.Call:
    return ast.Call(_load(name), args, [])


def _is_known(bound: ast.expr) -> ast.expr:
    return ast.Compare(bound, [ast.IsNot()], [ast.Constant(None)])


def _later(value: ast.expr) -> ast.expr:
    nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.Lambda(nothing, value)
