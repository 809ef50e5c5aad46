"""The processes of a rebuild: who gets which lanes, what they tell, and what is left of one that
falls."""

import asyncio
import os
import sys
from collections.abc import Sequence

import pytest

from worker.rebuild import jobs
from worker.rebuild.jobs import divide, run_jobs
from worker.rebuild.news import Failed, News, Order, Rebuilt, Replayed, Share

JOB = """
import json, os, signal, sys, time
order = json.loads(sys.stdin.readline())
for share in order["shares"]:
    lane = share["lane"]
    if lane == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    if lane == 14:
        sys.exit(3)
    if lane == 15:
        print(json.dumps({"type": "Failed", "lane": 15, "why": "It came out otherwise."}))
        continue
    if lane == 16:
        print(json.dumps({"type": "Replayed", "records": os.getpid()}), flush=True)
        time.sleep(60)
    if lane == 18:
        print("warning: something is old", flush=True)
        time.sleep(60)
    print(json.dumps({"type": "Replayed", "records": share["records"]}))
    print(json.dumps({"type": "Rebuilt", "seconds": 0.5, **share}), flush=True)
"""


def shares(**records: int) -> list[Share]:
    """`l3=70`: lane 3 has 70 records."""
    return [Share(int(name[1:]), 1, count) for name, count in records.items()]


def lanes(parts: Sequence[Sequence[Share]]) -> list[list[int]]:
    return [[share.lane for share in part] for part in parts]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, [[0, 1, 2, 3, 4]]),
        (2, [[0, 3], [1, 2, 4]]),  # 90 + 20 and 50 + 40 + 10
        (3, [[0], [1, 4], [2, 3]]),  # 90, 50 + 10, 40 + 20
        (9, [[0], [1], [2], [3], [4]]),
    ],
)
def test_lanes_are_divided_by_their_records_and_no_job_is_idle(
    number: int, expected: list[list[int]]
) -> None:
    assert lanes(divide(shares(l0=90, l1=50, l2=40, l3=20, l4=10), number)) == expected


def test_nothing_to_rebuild_needs_no_job() -> None:
    assert divide([], 4) == []


def told_by(monkeypatch: pytest.MonkeyPatch, *parts: list[Share]) -> list[News]:
    monkeypatch.setattr(jobs, "JOB", (sys.executable, "-c", JOB))
    told: list[News] = []
    asyncio.run(run_jobs([Order(part, 20, "stop", len(parts)) for part in parts], told.append))
    return told


def test_what_jobs_tell_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    told = told_by(monkeypatch, shares(l1=10, l15=5), shares(l2=30))
    assert sum(each.records for each in told if isinstance(each, Replayed)) == 40
    assert {each.lane for each in told if isinstance(each, Rebuilt)} == {1, 2}
    assert [each for each in told if isinstance(each, Failed)] == [
        Failed(15, "It came out otherwise.")
    ]


@pytest.mark.parametrize(
    ("lane", "how"),
    [
        (13, "was ended by signal 9 (SIGKILL)"),
        (14, "ended with code 3 before it was through"),
        (18, "said what is no news (JSON is malformed: invalid character (byte 0)) and was ended"),
    ],
)
def test_a_job_that_falls_leaves_its_lanes_named_and_the_others_rebuilt(
    monkeypatch: pytest.MonkeyPatch, lane: int, how: str
) -> None:
    told = told_by(monkeypatch, shares(l1=10, **{f"l{lane}": 5, "l19": 5}), shares(l2=30))
    assert {each.lane for each in told if isinstance(each, Rebuilt)} == {1, 2}
    why = f"The process for it {how}."
    assert [each for each in told if isinstance(each, Failed)] == [
        Failed(lane, why),
        Failed(19, why),
    ]


def test_a_job_that_cannot_be_started_leaves_its_lanes_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs, "JOB", ("/nowhere/python",))
    told: list[News] = []
    asyncio.run(run_jobs([Order(shares(l4=1), 5, "stop")], told.append))
    [failed] = told
    assert isinstance(failed, Failed)
    assert failed.lane == 4
    assert "cannot be started" in failed.why


def test_whoever_is_cancelled_leaves_no_job_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "JOB", (sys.executable, "-c", JOB))

    async def cancelled() -> int:
        heard: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def tell(news: News) -> None:
            assert isinstance(news, Replayed)
            heard.set_result(news.records)

        running = asyncio.create_task(run_jobs([Order(shares(l16=1), 17, "stop")], tell))
        process = await heard
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return process

    with pytest.raises(ProcessLookupError):
        os.kill(asyncio.run(cancelled()), 0)
