"""A TCP relay between one user and one host: it tells nginx the user's address, and is where the network fails."""

import asyncio
import contextlib
import socket
import struct
from typing import Literal

Mode = Literal["pass", "reset", "swallow"]


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


class Relay:
    """`address` is told to nginx by the PROXY protocol; where it is empty the target is no nginx."""

    def __init__(self, address: str, target: int) -> None:
        self.mode: Mode = "pass"
        self.port = 0
        self._address = address
        self._target = target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Reset every connection that is open now, on both sides."""
        for writer in list(self._open):
            _reset(writer)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._carry(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(65536)
        if not first:
            return
        if self.mode == "reset":
            _reset(writer)
            return
        if self.mode == "swallow":
            while await reader.read(65536):
                pass
            return
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._target)
        port = writer.get_extra_info("peername")[1]
        told = f"PROXY TCP4 {self._address} 192.0.2.10 {port} 443\r\n".encode() if self._address else b""
        inner_writer.write(told + first)
        pair = {writer, inner_writer}
        self._open |= pair
        try:
            await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))
        finally:
            self._open -= pair
            inner_writer.close()
