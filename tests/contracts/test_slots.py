"""Hash tags: the committed table is its rule, and lanes spread over any cluster."""

import binascii
from collections import Counter

import pytest

from worker.tables.slots import LANES, lane_tag


def slot(key: str) -> int:
    tag = key[key.index("{") + 1 : key.index("}")]
    return binascii.crc_hqx(tag.encode(), 0) % 16384


def test_every_tag_names_its_lane_and_lies_where_the_rule_says() -> None:
    for n in range(LANES):
        tag = lane_tag(n)
        assert tag.startswith(f"{n:04d}-")
        assert len(tag) == 9
        assert slot("{" + tag + "}") == int(f"{n:014b}"[::-1], 2)


@pytest.mark.parametrize("prefix", ["loyalty:", "", "another-group:", "x"])
@pytest.mark.parametrize("lanes", [6, 12, 24, 48, 100])
@pytest.mark.parametrize("masters", [2, 3, 4, 6])
def test_lanes_spread_evenly_over_masters(prefix: str, lanes: int, masters: int) -> None:
    counts = Counter(
        slot("{" + prefix + lane_tag(n) + "}:head") * masters // 16384 for n in range(lanes)
    )
    share = lanes / masters
    assert all(abs(counts[m] - share) <= 2 for m in range(masters)), counts


@pytest.mark.parametrize("n", [0, 1, 7, 1023])
def test_tags_never_change(n: int) -> None:
    """State lies under them: another tag would be another, empty lane."""
    assert lane_tag(n) == {0: "0000-019f", 1: "0001-0iz3", 7: "0007-0cms", 1023: "1023-0jx1"}[n]
