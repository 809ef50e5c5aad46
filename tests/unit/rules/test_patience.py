"""A start waits for what does not answer yet, with a message, and not for ever."""

import pytest

from worker import start
from worker.errors import Misconfigured, SourceUnavailable
from worker.start import patiently


@pytest.fixture(name="quick", autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "PATIENCE", (0.001, 0.002))


class Attempts:
    """Fails so often."""

    def __init__(self, failures: int) -> None:
        self.left, self.made = failures, 0

    async def __call__(self) -> str:
        self.made += 1
        if self.made <= self.left:
            raise SourceUnavailable(f"attempt {self.made}")
        return "here"


async def test_what_comes_late_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    attempts = Attempts(2)
    assert await patiently(attempts) == "here"
    assert caplog.messages == [
        "attempt 1; trying again in 0.001 s",
        "attempt 2; trying again in 0.002 s",
    ]


async def test_what_never_comes_ends_it() -> None:
    with pytest.raises(Misconfigured, match=r"attempt 3\. See to that, then start the worker\."):
        await patiently(Attempts(9))
