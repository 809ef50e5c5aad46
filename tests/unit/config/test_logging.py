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


def test_what_kafka_s_client_repeats_is_written_once() -> None:
    stream = io.StringIO()
    configure_logging("INFO", "json", stream)
    said = [(0.0, 1), (0.1, 1), (9.9, 1), (10.0, 1), (10.1, 1), (10.2, 2)]
    for second, node in said:
        for name in ("aiokafka.consumer", "worker.lane"):
            logger = logging.getLogger(name)
            record = logger.makeRecord(name, logging.ERROR, "", 1, "node %d away", (node,), None)
            record.created = 1_800_000_000 + second
            logger.handle(record)
    written = [json.loads(line) for line in stream.getvalue().splitlines()]
    of_client = [line for line in written if line["logger"] == "aiokafka.consumer"]
    assert [line["message"] for line in of_client] == ["node 1 away", "node 1 away", "node 2 away"]
    assert len(written) - len(of_client) == len(said)
