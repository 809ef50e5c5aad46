"""A TCP proxy that loses replies, cuts connections, delays and refuses."""

import asyncio
import contextlib
from types import TracebackType


class Proxy:
    """`async with Proxy(port_of_the_server) as proxy:`, then connect to `proxy.port`. A server that
    must know its proxy's port before it starts is named afterwards (`retarget`).

    What was sent to the server before a fault reaches it: the faults lose answers, which is what
    makes an outcome unknown.
    """

    def __init__(self, target_port: int = 0, target_host: str = "127.0.0.1") -> None:
        self._target = (target_host, target_port)
        self.port = 0
        self.delay_seconds = 0.0
        """Every reply waits this long."""
        self.lose_replies = 0
        """So many of the next replies are swallowed and their connections closed."""
        self.silent = False
        """Replies are swallowed and connections stay open: the peer seems to hang."""
        self.refuse = False
        """New connections are closed at once."""
        self.lost = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._served: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        self.refuse = True
        self.cut()
        if self._served:
            await asyncio.wait(self._served, timeout=5)

    async def lose(self, replies: int, seconds: float) -> int:
        """Swallow so many of the next replies; how many came in that time."""
        before, self.lose_replies = self.lost, replies
        for _ in range(int(seconds * 100)):
            if self.lost >= before + replies:
                break
            await asyncio.sleep(0.01)
        self.lose_replies = 0
        return self.lost - before

    def retarget(self, port: int) -> None:
        """New connections go there; those that stand, stay."""
        self._target = (self._target[0], port)

    def cut(self) -> None:
        """Reset every connection now."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._served.add(task)
        try:
            await self._serve(reader, writer)
        finally:
            self._served.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuse:
            writer.transport.abort()
            return
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, server_writer}
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._forward(reader, server_writer, replies=False))
                both.create_task(self._forward(server_reader, writer, replies=True))
        finally:
            self._writers -= {writer, server_writer}

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, replies: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if replies and not await self._let_through():
                    if self.silent:
                        continue
                    break
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    async def _let_through(self) -> bool:
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        if self.silent:
            self.lost += 1
            return False
        if self.lose_replies:
            self.lose_replies -= 1
            self.lost += 1
            return False
        return True
