"""Which fault comes next in a round."""

from collections.abc import Sequence
from random import Random

from tests.chaos.faults import EVERYTHING, Kind
from tests.chaos.round import TRIES, Plan
from tests.chaos.stage import Stage, Struck


async def _strike(stage: Stage) -> Struck:
    raise AssertionError("nothing is struck here")


def _kind(name: str, alone: str = "", *, of: str = "", share: int = 1) -> Kind:
    return Kind(name, _strike, alone, of=of, share=share)


def _names(kinds: Sequence[Kind]) -> list[str]:
    return sorted(kind.name for kind in kinds)


PLAIN = tuple(_kind(name) for name in "abc")


def test_each_kind_comes_as_often_as_its_share() -> None:
    plan = Plan([*PLAIN, _kind("often", share=3)], Random(1), (1,))
    came = [plan.group(9)[0].name for _ in range(6 * 5)]
    assert {name: came.count(name) for name in set(came)} == {"a": 5, "b": 5, "c": 5, "often": 15}


def test_what_only_the_layout_has_comes_first() -> None:
    lone = _kind("lone", EVERYTHING, of="cluster")
    plan = Plan([*PLAIN, _kind("only here", of="pair"), lone], Random(1), (3,))
    assert _names(plan.group(9)) == ["lone"], "and nothing comes beside it"
    assert "only here" in _names(plan.group(9))


def test_what_touches_the_same_does_not_come_together() -> None:
    plan = Plan([_kind("one", "redis"), _kind("other", "redis"), *PLAIN], Random(2), (5,))
    for _ in range(20):
        assert {"one", "other"} - set(_names(plan.group(9)))


def test_a_kind_that_hit_nothing_is_owed_until_it_counts() -> None:
    plan = Plan(PLAIN, Random(3), (1,))
    a, b, _ = PLAIN
    plan.again(a)
    plan.again(b)
    plan.counts(b)
    assert _names(plan.owed) == ["a"]
    assert not plan.vain


def test_a_kind_that_never_hits_anything_is_told() -> None:
    plan = Plan(PLAIN, Random(4), (1,))
    for _ in range(TRIES):
        assert not plan.vain
        plan.again(PLAIN[0])
    assert _names(plan.vain) == ["a"]
