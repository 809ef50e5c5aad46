"""The pages over a real socket, asked by a real client."""

import threading
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace

import aiohttp
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from worker.errors import Misconfigured
from worker.telemetry.metrics import Metrics
from worker.web.health import Health
from worker.web.server import WebServer

OPEN = Health(assigned=True, rules_read=True, lanes_assigned=2, lanes_open=2)


class Worker:
    """What the server reads: the latest health and the metrics."""

    def __init__(self) -> None:
        self.health = Health()
        self.metrics = Metrics(version="1.2.3")


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
async def client(worker: Worker) -> AsyncIterator[aiohttp.ClientSession]:
    server = WebServer(lambda: worker.health, worker.metrics.registry, "127.0.0.1", 0)
    async with server, aiohttp.ClientSession(server.address) as session:
        yield session


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [("/health/live", 200, 200), ("/health/startup", 503, 200), ("/health/ready", 503, 200)],
)
async def test_probes_follow_the_health_of_the_moment(
    client: aiohttp.ClientSession, worker: Worker, path: str, before: int, after: int
) -> None:
    async with client.get(path) as answer:
        assert answer.status == before
        assert answer.content_type == "application/json"
    worker.health = OPEN
    async with client.get(path) as answer:
        assert answer.status == after
        assert "status" in await answer.json()


async def test_a_crashed_worker_is_not_live(client: aiohttp.ClientSession, worker: Worker) -> None:
    worker.health = replace(OPEN, crashed="Lane 1: the log does not contain the state's plan.")
    async with client.get("/health/live") as answer:
        assert answer.status == 503
        body = await answer.json()
    assert body["reasons"] == ["Lane 1: the log does not contain the state's plan."]


async def test_metrics_are_what_prometheus_reads(client: aiohttp.ClientSession) -> None:
    async with client.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain")
        families = {family.name: family for family in parsed(await answer.text())}
    assert families["loyalty_build_info"].samples[0].labels["version"] == "1.2.3"


async def test_metrics_come_as_openmetrics_to_who_asks(client: aiohttp.ClientSession) -> None:
    accept = "application/openmetrics-text; version=1.0.0"
    async with client.get("/metrics", headers={"Accept": accept}) as answer:
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        assert (await answer.text()).endswith("# EOF\n")


async def test_the_index_page_links_everything_and_escapes(
    client: aiohttp.ClientSession, worker: Worker
) -> None:
    worker.health = replace(OPEN, lanes_open=1, waiting="rule <b> & 'c'")
    async with client.get("/") as answer:
        assert answer.content_type == "text/html"
        text = await answer.text()
    for path in ("/health/live", "/health/ready", "/health/startup", "/metrics"):
        assert f'href="{path}"' in text
    assert "1 of 2 lanes open" in text
    assert "rule &lt;b&gt; &amp; &#x27;c&#x27;" in text


async def test_unknown_pages_and_other_methods_are_refused(client: aiohttp.ClientSession) -> None:
    async with client.get("/admin") as answer:
        assert answer.status == 404
    async with client.post("/health/live") as answer:
        assert answer.status == 405


async def test_a_taken_port_is_named_with_its_remedy(worker: Worker) -> None:
    first = WebServer(lambda: worker.health, worker.metrics.registry, "127.0.0.1", 0)
    async with first:
        port = int(first.address.rsplit(":", 1)[1])
        second = WebServer(lambda: worker.health, worker.metrics.registry, "127.0.0.1", port)
        with pytest.raises(Misconfigured, match=f"127.0.0.1:{port}") as raised:
            await second.start()
    assert "LOYALTY_HTTP_PORT" in raised.value.remedy


def parsed(text: str) -> list[Metric]:
    return list(text_string_to_metric_families(text))


async def test_metrics_are_written_aside(client: aiohttp.ClientSession, worker: Worker) -> None:
    """The loop of the lanes goes on meanwhile."""
    collected_in: list[threading.Thread] = []

    class Slow(Collector):
        def collect(self) -> Iterable[Metric]:
            collected_in.append(threading.current_thread())
            return ()

    worker.metrics.registry.register(Slow())
    collected_in.clear()
    async with client.get("/metrics") as answer:
        assert answer.status == 200
    assert collected_in
    assert threading.main_thread() not in collected_in
