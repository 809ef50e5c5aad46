"""What kills a worker at a named point cannot be in a worker that is deployed."""

import ast
from pathlib import Path

SHIPPED = ("schemas", "rules_engine", "worker", "config")


def trees() -> list[ast.AST]:
    files = [file for package in SHIPPED for file in sorted(Path(package).rglob("*.py"))]
    assert len(files) > 100
    return [ast.parse(file.read_text()) for file in files]


def test_nothing_that_is_shipped_does_anything_at_a_point() -> None:
    found = {
        node.name: [type(line) for line in method.body]
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for method in node.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and method.name == "reached"
    }
    only_a_docstring = [ast.Expr]
    assert found == {"Points": only_a_docstring, "Unmarked": only_a_docstring}


def given(name: str) -> list[str]:
    """What is passed under this name, wherever anything is called."""
    return [
        ast.unparse(keyword.value)
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == name
    ]


def test_nothing_that_is_shipped_brings_points_of_its_own() -> None:
    assert given("points") == ["parts.points"], "worker.app hands on what the caller gave it"


def test_nothing_that_is_shipped_brings_a_clock_of_its_own() -> None:
    of_heads = "work.evaluated.clock"
    assert sorted(given("clock")) == ["SystemClock()", "parts.clock", of_heads]
