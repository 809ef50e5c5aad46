"""Log lines: one JSON object each, or text for people."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from config.logging import configure_logging


@pytest.fixture(autouse=True)
def root_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    yield
    root.handlers, root.level = handlers, level


def test_a_line_of_json() -> None:
    stream = io.StringIO()
    configure_logging("INFO", "json", stream)
    logging.getLogger("worker.lane").info("Lane %d is open.", 3, extra={"lane": 3, "level": "x"})
    logging.getLogger("worker.lane").debug("not written")
    line = json.loads(stream.getvalue())
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "worker.lane",
        "message": "Lane 3 is open.",
        "lane": 3,
    }


def test_an_exception_stays_on_its_line() -> None:
    stream = io.StringIO()
    configure_logging("INFO", "json", stream)
    try:
        raise ValueError("первый\nsecond")
    except ValueError:
        logging.getLogger().exception("It failed.")
    [text] = stream.getvalue().splitlines()
    assert "ValueError: первый\nsecond" in json.loads(text)["exception"]


def test_text_for_people() -> None:
    stream = io.StringIO()
    configure_logging("WARNING", "console", stream)
    logging.getLogger("worker.lane").warning("Lane is late.", extra={"lane": 3})
    assert stream.getvalue()[12:] == " WARNING worker.lane: Lane is late. lane=3\n"


def test_configuring_again_replaces_the_handler() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure_logging("INFO", "console", first)
    configure_logging("INFO", "console", second)
    logging.getLogger().info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


def say(
    logger: str,
    second: float,
    text: str,
    *arguments: object,
    failure: Exception | None = None,
) -> None:
    talkative = logging.getLogger(logger)
    cause = None if failure is None else (type(failure), failure, None)
    record = talkative.makeRecord(logger, logging.ERROR, "", 1, text, arguments, cause)
    record.created = 1_800_000_000 + second
    talkative.handle(record)


def test_what_kafka_s_client_repeats_is_written_thrice_a_minute() -> None:
    """Of three brokers that are away a line each, then how many were not written."""
    stream = io.StringIO()
    configure_logging("INFO", "json", stream)
    for second in range(61):
        for node in (1, 2, 3):
            say(
                "aiokafka.consumer", second, "node %d away: Connect to 10.0.0.%d failed", node, node
            )
            say("worker.lane", second, "lane %d", node)
    say("aiokafka.consumer", 61, "node %d was found", 1)
    written = [json.loads(line) for line in stream.getvalue().splitlines()]
    of_client = [line for line in written if line["logger"] == "aiokafka.consumer"]
    assert [(line["message"][:11], line.get("repeats")) for line in of_client] == [
        ("node 1 away", None),
        ("node 2 away", None),
        ("node 3 away", None),
        ("node 1 away", 177),
        ("node 2 away", None),
        ("node 3 away", None),
        ("node 1 was ", None),
    ]
    assert len(written) - len(of_client) == 183


def test_a_failure_that_nobody_took_is_the_same_whatever_its_trace() -> None:
    stream = io.StringIO()
    configure_logging("INFO", "json", stream)
    for number in range(9):
        say(
            "asyncio",
            number,
            f"Task exception was never retrieved\nfuture: <Task-{number} at 0xf{number}>",
        )
    assert len(stream.getvalue().splitlines()) == 3


def test_another_failure_is_not_lost_among_those_that_repeat_themselves() -> None:
    stream = io.StringIO()
    configure_logging("INFO", "json", stream)
    for second in range(9):
        unnoticed = "Task exception was never retrieved\nfuture: <Task>"
        say("asyncio", second, unnoticed, failure=ConnectionError("10.0.0.1"))
    say("asyncio", 9, unnoticed, failure=KeyError("ours"))
    written = [json.loads(line)["exception"] for line in stream.getvalue().splitlines()]
    assert written == ["ConnectionError: 10.0.0.1"] * 3 + ["KeyError: 'ours'"]


def test_a_clock_that_steps_back_silences_nobody() -> None:
    stream = io.StringIO()
    configure_logging("INFO", "json", stream)
    for second in (0, 1, 2, 3, -3600):
        say("aiokafka", second, "node 1 is away")
    repeats = [json.loads(line).get("repeats") for line in stream.getvalue().splitlines()]
    assert repeats == [None, None, None, 1]


def test_a_line_that_cannot_be_put_together_harms_nobody_but_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("INFO", "json", io.StringIO())
    say("aiokafka", 0, "%d of %d", 1)
    assert "not enough arguments" in capsys.readouterr().err


def test_as_many_kinds_are_counted_as_memory_is_given() -> None:
    stream = io.StringIO()
    configure_logging("INFO", "json", stream)
    for number in range(5000):
        say("aiokafka", 0, "x" * (number % 2500))
    assert len(stream.getvalue().splitlines()) == 5000
