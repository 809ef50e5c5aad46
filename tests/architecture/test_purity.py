"""`schemas` and `rules_engine` are functions of their arguments: no I/O, clock or randomness."""

import ast

import pytest

from tests.architecture.imports import Module, modules

PURE = modules("schemas", "rules_engine")
MODULES = {
    *("asyncio", "concurrent", "ctypes", "fileinput", "ftplib", "glob", "http", "importlib", "io"),
    *("logging", "multiprocessing", "os", "pathlib", "pickle", "platform", "queue", "random"),
    *("requests", "resource", "secrets", "select", "selectors", "shelve", "shutil", "signal"),
    *("socket", "socketserver", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading"),
    *("time", "urllib"),
}
BUILTINS = {"breakpoint", "input", "open", "print"}
ATTRIBUTES = {
    *("getrandom", "now", "perf_counter", "read_bytes", "read_text", "today", "token_hex"),
    *("urandom", "utcnow", "uuid1", "uuid4", "write_bytes", "write_text"),
}


def test_the_packages_were_found() -> None:
    assert {module.package for module in PURE} == {"schemas", "rules_engine"}


@pytest.mark.parametrize("module", PURE, ids=lambda module: module.path)
def test_no_module_that_touches_the_world(module: Module) -> None:
    assert not {name.partition(".")[0] for name in module.imports} & MODULES


@pytest.mark.parametrize("module", PURE, ids=lambda module: module.path)
def test_no_name_that_touches_the_world(module: Module) -> None:
    called = {
        node.func.id
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & BUILTINS
    used = {node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}
    imported = {name.rpartition(".")[2] for name in module.imports}
    assert not (used | imported) & ATTRIBUTES
