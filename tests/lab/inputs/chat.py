"""A small app with every way in which a WebSocket goes; runs under the Python of its server, from its own folder, as `chat:app`.

CHAT_LOG names how it logs (loggers.py); without it the app says nothing of its own and its server logs as it comes.
"""

import asyncio
import logging
import os
from importlib import import_module
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, WebSocket, WebSocketDisconnect

STYLE = os.environ.get("CHAT_LOG", "")
if STYLE:
    say = import_module("loggers").setup(STYLE)
else:
    say = logging.getLogger("chat")
    say.addHandler(logging.NullHandler())
app = FastAPI()


def tell(write: Any, text: str, **fields: object) -> None:
    """Fields of their own where the logger has such, else in the text."""
    if STYLE.startswith("structlog"):
        write(text, **fields)
    elif STYLE == "python-json-logger":
        write(text, extra=fields)
    else:
        write(" ".join([text, *(f"{name}={value}" for name, value in fields.items())]))


PRICES = {"tea": 3}


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


def member(token: str = "") -> str:
    if token != "good":
        raise HTTPException(401, "Could not validate credentials")
    return token


@app.websocket("/api/v1/ws")
async def chat(socket: WebSocket, token: str = "", user: int = 0) -> None:
    if token == "expired":
        tell(say.warning, "ws refused: token expired", user=user)
        await socket.close(1008)
        return
    await socket.accept()
    tell(say.info, "ws connected", user=user)
    code = 1006
    try:
        code = await serve(socket)
    except WebSocketDisconnect as gone:
        code = gone.code
    except ZeroDivisionError:
        tell(say.exception, "ws handler failed", user=user)
        raise
    finally:
        tell(say.info, "ws disconnected", user=user, code=code)


async def serve(socket: WebSocket) -> int:
    while True:
        text = await socket.receive_text()
        if text == "expire":
            await socket.close(4401, "token expired")
            return 4401
        if text == "forbid":
            await socket.close(1008, "policy violation")
            return 1008
        if text == "divide":
            await socket.send_text(str(1 / len(text.removeprefix("divide"))))
        if text.startswith("price "):
            await socket.send_text(str(price(text.removeprefix("price "))))
        await socket.send_text(text)


def price(what: str) -> int:
    try:
        return PRICES[what]
    except KeyError as error:
        raise ValueError("no price for this") from error


@app.websocket("/api/v1/ws/member")
async def for_members(socket: WebSocket, who: str = Depends(member)) -> None:
    await socket.accept()


@app.websocket("/api/v1/ws/early")
async def raises_before_accept(socket: WebSocket) -> None:
    raise RuntimeError("no such room")


@app.websocket("/api/v1/ws/careless")
async def does_not_catch(socket: WebSocket) -> None:
    """As many examples are written: what the client's leaving raises goes up to the server."""
    await socket.accept()
    while True:
        await socket.send_text(await socket.receive_text())


@app.websocket("/api/v1/ws/group")
async def fails_in_a_group(socket: WebSocket) -> None:
    await socket.accept()
    await socket.receive_text()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(fail("queue is gone"))


async def fail(text: str) -> Any:
    raise LookupError(text)
