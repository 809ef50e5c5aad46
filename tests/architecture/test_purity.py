"""`schemas` and `rules_engine` are functions of their arguments: no I/O, clock or randomness.

The lane's procedure in `worker`, and what decides for it, touch the world through ports alone:
whatever waits, waits in a port, so that a simulation may drive every step.
"""

import ast

import pytest

from tests.architecture.imports import Module, modules

PURE = modules("schemas", "rules_engine")
BEHIND_PORTS = modules("worker/lane", "worker/index", "worker/timers", "worker/evaluation")
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
    places = {module.path.rpartition("/")[0] for module in BEHIND_PORTS}
    assert places == {"worker/lane", "worker/index", "worker/timers", "worker/evaluation"}


@pytest.mark.parametrize("module", PURE + BEHIND_PORTS, ids=lambda module: module.path)
def test_no_module_that_touches_the_world(module: Module) -> None:
    assert not {name.partition(".")[0] for name in module.imports} & MODULES


@pytest.mark.parametrize("module", PURE + BEHIND_PORTS, ids=lambda module: module.path)
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
