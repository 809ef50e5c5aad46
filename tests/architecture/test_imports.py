"""Who may import whom: schemas ← rules_engine ← worker → config, and each library in its place."""

from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture.imports import PACKAGES, Module, at_import, modules

OURS = modules(*PACKAGES)
MAY_IMPORT = {
    "config": {"config"},
    "schemas": {"schemas"},
    "rules_engine": {"rules_engine", "schemas"},
    "worker": {"worker", "rules_engine", "schemas", "config"},
}
PLACES = {
    "faust": ("worker/faust_app.py", "worker/feed.py"),
    "mode": ("worker/faust_app.py", "worker/feed.py"),
    "aiokafka": ("worker/kafka/*.py", "worker/feed.py", "worker/demo/feeder.py"),
    "redis": ("worker/tables/*.py",),
    "hiredis": ("worker/tables/*.py",),
    "confluent_kafka": ("worker/demo/broker.py",),
    "asteval": ("rules_engine/formula/*.py",),
    "prometheus_client": ("worker/telemetry/*.py", "worker/web/*.py"),
    "aiohttp": ("worker/web/*.py",),
    "typer": ("worker/cli/*.py",),
    "rich": ("worker/cli/*.py", "worker/demo/*.py"),
    "pydantic_settings": ("config/settings.py",),
}
"""Where a library may be imported. What is not named here may be imported anywhere."""


def libraries(module: Module) -> set[str]:
    return {name.partition(".")[0] for name in module.imports}


def test_the_packages_were_found() -> None:
    assert {module.package for module in OURS} == set(PACKAGES)


@pytest.mark.parametrize("module", OURS, ids=lambda module: module.path)
def test_direction(module: Module) -> None:
    ours = libraries(module) & {*PACKAGES, "tests", "benchmarks", "examples"}
    assert ours <= MAY_IMPORT[module.package]


@pytest.mark.parametrize("module", OURS, ids=lambda module: module.path)
def test_libraries_stay_in_their_places(module: Module) -> None:
    strayed = {
        library
        for library, places in PLACES.items()
        if library in libraries(module)
        and not any(Path(module.path).match(place) for place in places)
    }
    assert not strayed


def test_no_cycles() -> None:
    names = {module.name for module in OURS}
    graph = {
        module.name: {own for name in at_import(module) if (own := _owner(name, names))}
        for module in OURS
    }
    for name, imported in graph.items():
        imported.discard(name)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {' → '.join(error.args[1])}")


def _owner(name: str, names: set[str]) -> str:
    """The module that a dotted name is, or is in."""
    while name and name not in names:
        name = name.rpartition(".")[0]
    return name
