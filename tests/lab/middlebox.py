"""What an office puts between its users and the server: a proxy that browsers must ask, or a filter that opens TLS."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Mapping
from pathlib import Path

from tests.lab.relay import pump

HEAD_BYTES = 65536
HOP_BY_HOP = re.compile(rb"^(upgrade|connection): .*\r\n", re.IGNORECASE | re.MULTILINE)


class _Between:
    def __init__(self) -> None:
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls(), limit=HEAD_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            await self._carry(reader, writer)
        self._tasks.discard(task)
        writer.close()

    def _tls(self) -> ssl.SSLContext | None:
        raise NotImplementedError

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


class TunnelProxy(_Between):
    """A forward proxy: CONNECT (RFC 9110 section 9.3.6) to the known places, but not to `refused`."""

    def __init__(self, places: Mapping[str, int], refused: str) -> None:
        super().__init__()
        self._places = {place if ":" in place else f"{place}:443": port for place, port in places.items()}
        self._refused = refused if ":" in refused else f"{refused}:443"

    def _tls(self) -> None:
        return None

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, _, rest = head.decode("latin-1").partition(" ")
        place = rest.split(" ")[0]
        if method != "CONNECT" or place == self._refused or place not in self._places:
            page = b"<html><title>Access denied</title><body>Blocked by the policy of your organisation.</body></html>"
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page))
            await writer.drain()
            return
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._places[place])
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))
        finally:
            inner_writer.close()


class Interceptor(_Between):
    """Ends TLS with a certificate of its own for `host`, and passes each request on as a plain one: no Upgrade."""

    def __init__(self, host: str, relay: int, certificate: Path) -> None:
        super().__init__()
        self.host = host
        self._relay = relay
        self._certificate = certificate

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self._certificate / "fullchain.pem", self._certificate / "privkey.pem")
        return context

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        unchecked = ssl.create_default_context()
        unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
        inner_reader, inner_writer = await asyncio.open_connection(
            "127.0.0.1", self._relay, ssl=unchecked, server_hostname=self.host.split(":")[0]
        )
        inner_writer.write(HOP_BY_HOP.sub(b"", head).replace(b"\r\n\r\n", b"\r\nConnection: close\r\nVia: 1.1 filter\r\n\r\n"))
        try:
            await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))
        finally:
            inner_writer.close()
