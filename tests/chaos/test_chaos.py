"""Sixty faults of every kind that one machine can have, at random times: nothing is lost, doubled
or wrong. `make chaos FAULTS=1000` is the same for longer, also on three brokers."""

import logging
from random import SystemRandom

import pytest

from tests.chaos.faults import CLUSTER, KINDS, ONE, PAIR
from tests.chaos.round import Options
from tests.chaos.run import run
from tests.chaos.table import as_text

FAULTS = {"one": 57, "cluster": 3}
"""By layout. What only the cluster has strikes alone, takes longest, and comes first."""
TOGETHER = (3, 4, 5)


@pytest.mark.timeout(1200)
async def test_nothing_is_lost_doubled_or_wrong(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    seed = str(SystemRandom().randrange(10**6))
    caplog.set_level(logging.CRITICAL + 1, logger="aiokafka")  # faults are what it complains of
    report = await run(seed, FAULTS, Options(together=TOGETHER))
    with capsys.disabled():
        print("\n" + as_text(report))
    assert report.clean, f"make chaos SEED={seed}: see the directories that it kept"
    assert report.faults >= 60
    struck = {line.kind for line in report.kinds}
    assert struck == {kind.name for kind in KINDS if kind.of in ("", ONE, PAIR, CLUSTER)}
    assert report.effects > 10_000
    assert report.timers > 200
