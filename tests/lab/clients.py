"""One user without a browser, as a mobile app is: it dials as the page does, and tells what it saw of its sockets."""

import asyncio
import contextlib
import json
import ssl
import time
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.lab.model import Page, User
from tests.lab.seen import Seen

AGENT = "okhttp/4.12.0"
PING = '{"type": "ping"}'


def trusting(authority_pem: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority_pem)
    # The lab's authority lacks a key identifier, which Python 3.13 asks for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


class Client:
    def __init__(self, user: User, token: str, page: Page) -> None:
        self.user = user
        self.token = token
        self.attempts: list[Seen] = []
        self._page = page
        self._task: asyncio.Task[None] | None = None

    async def go(self, ports: dict[str, int], tls: ssl.SSLContext) -> None:
        """Starts to dial; `ports` are the relays' by host."""
        self._task = asyncio.create_task(self._run(ports, tls))

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self, ports: dict[str, int], tls: ssl.SSLContext) -> None:
        page, in_a_row = self._page, 0
        base = page.ws_base or page.api_base.replace("http", "ws", 1)
        url = f"{base}{page.ws_path}?token={self.token}"
        first_ms = int(self.user.stored.get("first_wait_ms", page.first_wait_ms))
        while True:
            seen = Seen(self.user, self.user.name, 0, len(self.attempts) + 1, url, time.time())
            self.attempts.append(seen)
            await self._dial(seen, ports, tls)
            seen.end = time.time()
            in_a_row = 1 if seen.opened else in_a_row + 1
            if seen.code == 1000 or in_a_row >= page.tries or len(self.attempts) == page.dials:
                return
            await asyncio.sleep(min(first_ms * page.growth ** (in_a_row - 1), 8000) / 1000)

    async def _dial(self, seen: Seen, ports: dict[str, int], tls: ssl.SSLContext) -> None:
        class Connection(ClientConnection):
            def __init__(self, protocol: ClientProtocol, **settings: Any) -> None:
                super().__init__(protocol, **settings)
                seen.key = protocol.key

        host = seen.url.split("/")[2]
        secure = seen.url.startswith("wss:")
        with contextlib.suppress(InvalidHandshake, OSError, EOFError):
            async with connect(
                seen.url,
                host="127.0.0.1",
                port=ports[host],
                ssl=tls if secure else None,
                proxy=None,
                user_agent_header=AGENT,
                create_connection=Connection,
                ping_interval=None,
            ) as socket:
                seen.opened = True
                with contextlib.suppress(ConnectionClosed):
                    await self._stay(socket)
                seen.code, seen.reason = socket.close_code, socket.close_reason
                seen.clean = seen.code != 1006

    async def _stay(self, socket: ClientConnection) -> None:
        page = self._page
        if page.subscribe:
            await socket.send(json.dumps({"type": "subscribe", "channel": page.subscribe}))
        if self.user.bad_text:
            await socket.send(b'{"type": "draft", "text": "\xcf\xf0\xe8\xe2\xe5\xf2"}', text=True)
        beat = asyncio.create_task(self._beat(socket)) if page.heartbeat_ms else None
        try:
            async with asyncio.timeout(self.user.stays_s or None):
                async for _ in socket:
                    pass
        except TimeoutError:
            await socket.close(1000, "bye")
        finally:
            if beat:
                beat.cancel()

    async def _beat(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(self._page.heartbeat_ms / 1000)
                await socket.send(PING)
