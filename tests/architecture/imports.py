"""What our modules import, read from their source; nothing is imported to find out."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("config", "schemas", "rules_engine", "worker")


@dataclass(frozen=True)
class Module:
    """`imports`: full dotted names, of modules or of what is in them. `tree`: its source."""

    name: str
    path: str
    tree: ast.Module
    imports: frozenset[str]

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]


def modules(*packages: str) -> list[Module]:
    return [
        _module(path) for package in packages for path in sorted((ROOT / package).rglob("*.py"))
    ]


def _module(path: Path) -> Module:
    relative = path.relative_to(ROOT)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    dotted = relative.with_suffix("").parts
    parent = dotted[:-1]
    name = ".".join(parent if dotted[-1] == "__init__" else dotted)
    return Module(name, relative.as_posix(), tree, frozenset(_imports(tree, parent)))


def _imports(tree: ast.Module, parent: tuple[str, ...]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = list(parent[: len(parent) - node.level + 1]) if node.level else []
            base += node.module.split(".") if node.module else []
            yield from (".".join([*base, alias.name]) for alias in node.names)


def at_import(module: Module) -> frozenset[str]:
    """What importing the module imports at once: not inside functions or TYPE_CHECKING."""
    return frozenset(_imports(ast.Module(list(_statements(module.tree)), []), _parent(module)))


def _parent(module: Module) -> tuple[str, ...]:
    parts = tuple(module.name.split("."))
    return parts if module.path.endswith("__init__.py") else parts[:-1]


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
