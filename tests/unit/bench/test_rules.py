"""The benchmark of the rules: books, contenders that must agree, and aims."""

from dataclasses import replace

import msgspec
import pytest

from benchmarks.harness.errors import WrongCommands
from benchmarks.rules.book import CLUBS, MIXES, Mix, book, rule_set_yaml
from benchmarks.rules.measure import ASTEVAL, LAMBDAS, OURS, Cell, compare, growth, measure
from benchmarks.rules.report import as_json
from rules_engine.author import load_rule_set

FEW = 120


@pytest.mark.parametrize("mix", MIXES, ids=lambda mix: mix.name)
def test_a_book_is_a_rule_set_of_all_clubs(mix: Mix) -> None:
    rules = book(1_000, mix, seed=3)
    checked = load_rule_set(rule_set_yaml(rules), "book.yaml")
    assert [rule.id for rule in checked.rules] == [rule.id for rule in rules]
    assert {rule.club for rule in rules} == {"", *CLUBS}


@pytest.fixture(scope="module")
def cell() -> Cell:
    return measure(FEW, MIXES[0], repetitions=1, seed=5)


def test_all_contenders_see_events_and_about_one_rule_fires(cell: Cell) -> None:
    assert 0.4 < cell.firings_per_event < 1.6
    assert min(cell.events[OURS], cell.events[LAMBDAS]) > cell.events[ASTEVAL] > 4
    assert set(cell.times) < set(cell.micros)


def test_other_firings_end_the_benchmark() -> None:
    ours = [(("r-1", "5.00"),), ()]
    compare({OURS: ours, LAMBDAS: ours[:1]}, FEW, MIXES[0])
    with pytest.raises(WrongCommands, match="event 1"):
        compare({OURS: ours, LAMBDAS: [ours[0], (("r-2", "1.00"),)]}, FEW, MIXES[0])


def test_aims_are_those_of_the_sizes_that_were_measured(cell: Cell) -> None:
    thousand = replace(cell, size=1_000, times={LAMBDAS: 6.0, ASTEVAL: 149.9})
    told = msgspec.json.decode(as_json([cell, thousand], 2.0))["aims"]
    assert {aim["name"]: aim["is_met"] for aim in told} == {
        "× lambdas at 1,000 rules": True,
        "× asteval at 1,000 rules": False,
        "growth from 100 to 10,000 rules": False,
        "seconds to load, check and compile 1,000": True,
    }
    assert msgspec.json.decode(as_json([cell], None))["aims"] == []


def test_growth_is_that_of_two_books_on_the_same_events() -> None:
    assert 0.2 < growth(10, 60, MIXES[0], repetitions=1, seed=5) < 10
