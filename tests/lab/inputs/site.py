"""A site on loopback that ends WebSockets in every way a browser tells apart, and the page that dials them in turn.

Needs websockets and cryptography (the extra `lab`).
"""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.lab.certificates import authority, write_leaf

PLAIN, SECURE, CLOSED, PROXY, RUDE, SILENT = 18080, 18443, 18081, 18128, 18082, 18083
"""Ports on loopback: ws, wss, nothing, a proxy that refuses, a server that hangs up, one that never answers."""
TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxNyIsImlhdCI6MTc5NTQyMDU4NSwiZXhwIjoxNzk1NDI0MTg1fQ"
    ".A1yOr1rtzufS_jagRVNIEcv_8L_iw3J7MsLzMctpEX8"
)
"""Made up, signed with a throwaway key."""

PAGE = """<!doctype html><meta charset="utf-8"><title>Realtime</title><link rel="icon" href="data:,"><script src="/app.js"></script>"""
SCRIPT = """const tries = %s;
window.told = [];
function dial(url, protocols) {
  return new Promise((resolve) => {
    const socket = protocols ? new WebSocket(url, protocols) : new WebSocket(url);
    socket.onopen = () => { console.log('[ws] open'); socket.send('hello'); };
    socket.onmessage = () => { if (url.includes('/api/v1/ws?')) setTimeout(() => socket.close(1000), 200); };
    socket.onclose = (event) => {
      console.log(`[ws] closed code=${event.code} reason=${event.reason} clean=${event.wasClean}`);
      resolve(event.code);
    };
    if (url.includes('early')) socket.close();
  });
}
async function start() {
  await new Promise((resolve) => setTimeout(resolve, %d));
  for (const [url, protocols] of tries) {
    window.told.push([url, await dial(url, protocols)]);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  window.done = true;
}
start();
"""


def page(tries: list[str], wait_ms: int = 0) -> str:
    """The page's script: dials each address when the one before it is over."""
    return SCRIPT % (json.dumps([[one, None] for one in tries]), wait_ms)


@contextlib.asynccontextmanager
async def site(folder: Path, script: str) -> AsyncIterator[None]:
    """Runs the servers until the block ends. The certificate of the secure one is from an authority that nobody trusts."""
    write_leaf(folder, "testdomen.uz", authority("Lab authority"), "untrusted")
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(folder / "fullchain.pem", folder / "privkey.pem")

    def before(connection: ServerConnection, request: Request) -> Response | None:
        return _answer(connection, request, script)

    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(serve(_talk, "127.0.0.1", PLAIN, process_request=before, ping_interval=None))
        await stack.enter_async_context(serve(_talk, "127.0.0.1", SECURE, process_request=before, ssl=secure, ping_interval=None))
        for port, handler in ((PROXY, _refuse), (RUDE, _hang_up), (SILENT, _wait)):
            await stack.enter_async_context(await asyncio.start_server(handler, "127.0.0.1", port))
        yield


def _answer(connection: ServerConnection, request: Request, script: str) -> Response | None:
    where = request.path.partition("?")[0]
    if where in ("/", "/app.js"):
        answer = connection.respond(HTTPStatus.OK, PAGE if where == "/" else script)
        del answer.headers["Content-Type"]
        answer.headers["Content-Type"] = "text/html; charset=utf-8" if where == "/" else "text/javascript"
        return answer
    refused = {"/api/v1/refused": HTTPStatus.FORBIDDEN, "/api/v1/login": HTTPStatus.UNAUTHORIZED, "/api/v1/down": HTTPStatus.BAD_GATEWAY}
    if where in refused:
        answer = connection.respond(refused[where], "no\n")
        answer.headers["X-Request-Id"] = "7c9e6679742540de944be07fc1f90ae7"
        return answer
    return None


async def _talk(connection: ServerConnection) -> None:
    assert connection.request is not None
    if "/lost" in connection.request.path:
        await asyncio.sleep(0.3)
        connection.transport.abort()
        return
    if "/kicked" in connection.request.path:
        await asyncio.sleep(0.2)
        await connection.close(4401, "token expired")
        return
    with contextlib.suppress(ConnectionClosed):
        async for message in connection:
            await connection.send(message)


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A proxy that lets no tunnel through."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
    writer.close()


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that takes the request and closes."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def _wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that takes the request and keeps silent until the browser goes."""
    with contextlib.suppress(ConnectionError, asyncio.CancelledError):
        await reader.read(-1)
    writer.close()
