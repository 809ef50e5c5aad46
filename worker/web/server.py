"""The worker's HTTP server: `/health/live`, `/health/ready`, `/health/startup`, `/metrics`, `/`.

It runs in the worker's own event loop, so that an answer also says that the loop is not stuck.
"""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from worker.errors import Misconfigured
from worker.web.health import Answer, Health
from worker.web.page import index_page

Probe = Callable[[Health], Answer]
Handler = Callable[[web.Request], Awaitable[web.Response]]
PROBES: dict[str, Probe] = {
    "/health/live": Health.live,
    "/health/ready": Health.ready,
    "/health/startup": Health.startup,
}
SHUTDOWN_SECONDS = 1.0


class WebServer:
    """`health` is asked anew for every request. Port 0 takes a free one; see `address`."""

    def __init__(
        self, health: Callable[[], Health], registry: CollectorRegistry, host: str, port: int
    ) -> None:
        self._health, self._registry = health, registry
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Raises Misconfigured where the port cannot be had."""
        application = web.Application()
        application.router.add_get("/", self._index)
        application.router.add_get("/metrics", self._metrics)
        for path, probe in PROBES.items():
            application.router.add_get(path, self._probe(probe))
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            await runner.cleanup()
            reason = error.strerror or str(error)
            raise Misconfigured(
                f"Health and metrics cannot listen on {self._host}:{self._port}: {reason}.",
                "Choose another LOYALTY_HTTP_HOST or LOYALTY_HTTP_PORT (0: any free port).",
            ) from error
        self._runner = runner
        self._port = runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening. Repeating it does nothing."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def address(self) -> str:
        """`http://host:port` that it listens on."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def _probe(self, probe: Probe) -> Handler:
        async def answer(_: web.Request) -> web.Response:
            good, body = probe(self._health())
            return web.json_response(body, status=200 if good else 503)

        return answer

    async def _metrics(self, request: web.Request) -> web.Response:
        """Written aside: for a thousand organizations it is megabytes, and lanes would wait."""
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        body = await asyncio.to_thread(encode, self._registry)
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _index(self, _: web.Request) -> web.Response:
        return web.Response(text=index_page(self._health(), PROBES), content_type="text/html")
