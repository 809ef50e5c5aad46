"""When each probe is good: one row per state of the worker."""

from dataclasses import replace

import pytest

from worker.web.health import Health

STARTED = Health(assigned=True, rules_read=True)
OPEN = replace(STARTED, lanes_assigned=6, lanes_open=6)

# what the worker is in, the health, live, startup, ready
STATES = [
    ("just begun", Health(), True, False, False),
    ("assigned without rules", Health(assigned=True), True, False, False),
    ("rules without assignment", Health(rules_read=True), True, False, False),
    ("lanes being acquired", replace(OPEN, lanes_open=5), True, True, False),
    ("all lanes open", OPEN, True, True, True),
    ("standing by without a lane", STARTED, True, True, True),
    ("stopping", replace(OPEN, stopping=True), True, True, False),
    ("Kafka away", replace(OPEN, waiting="Kafka has not answered for 12 s."), True, True, False),
    ("Kafka away, standing by", replace(STARTED, waiting="Kafka is away."), True, True, False),
    ("crashed", replace(OPEN, crashed="Diverged."), False, True, False),
]


@pytest.mark.parametrize(("health", "live", "startup", "ready"), [row[1:] for row in STATES])
def test_probe(health: Health, live: bool, startup: bool, ready: bool) -> None:
    assert (health.live()[0], health.startup()[0], health.ready()[0]) == (live, startup, ready)


def test_pages_say_what_is_missing() -> None:
    _, body = replace(OPEN, lanes_open=5, waiting="Lane 3 waits for Redis.").ready()
    assert body == {
        "status": "not ready",
        "assigned": True,
        "rulesRead": True,
        "lanesAssigned": 6,
        "lanesOpen": 5,
        "reasons": ["Lane 3 waits for Redis."],
    }
    assert Health().startup()[1] == {"status": "starting", "assigned": False, "rulesRead": False}
    assert OPEN.live()[1] == {"status": "live"}
