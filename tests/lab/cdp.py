"""A small client of the Chrome DevTools Protocol: one socket to the browser, one flat session per tab."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Message = dict[str, Any]
CALL_S = 20.0


class CdpError(RuntimeError):
    pass


class Cdp:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._listeners: list[Callable[[Message], None]] = []
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, url: str) -> Self:
        return cls(await connect(url, max_size=None, ping_interval=None, proxy=None, open_timeout=10))

    async def close(self) -> None:
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionClosed):
            await self._reader
        await self._socket.close()

    def listen(self, listener: Callable[[Message], None]) -> None:
        self._listeners.append(listener)

    async def _read(self) -> None:
        async for text in self._socket:
            message: Message = json.loads(text)
            future = self._waiting.pop(message.get("id", 0), None)
            if future is None:
                for listener in self._listeners:
                    listener(message)
            elif not future.done():
                future.set_result(message)

    async def call(self, method: str, session: str | None = None, /, **params: Any) -> Message:
        number = next(self._ids)
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        message: Message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        await self._socket.send(json.dumps(message))
        answer = await asyncio.wait_for(future, CALL_S)
        if "error" in answer:
            raise CdpError(f"{method}: {answer['error'].get('message')}")
        result: Message = answer.get("result", {})
        return result

    async def evaluate(self, session: str, expression: str) -> Any:
        answer = await self.call("Runtime.evaluate", session, expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise CdpError(details.get("exception", {}).get("description", details.get("text", "exception")))
        return answer.get("result", {}).get("value")

    async def tab(self, url: str) -> tuple[str, str]:
        """A new window at `url`: its target id and the session attached to it."""
        target = (await self.call("Target.createTarget", url=url, newWindow=True))["targetId"]
        session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        return str(target), str(session)
