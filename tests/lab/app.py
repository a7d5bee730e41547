"""The application that is broken on purpose. It runs alone, from its own folder, as `uvicorn main:app`."""

import asyncio
import json
import logging
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import jwt
from fastapi import FastAPI, Header, HTTPException, Query, WebSocket, WebSocketDisconnect
from fastapi.staticfiles import StaticFiles

log = logging.getLogger("app.realtime")
OPTIONS: dict[str, Any] = json.loads(os.environ.get("APP_OPTIONS", "{}"))
SECRET = os.environ.get("JWT_SECRET", "")
app = FastAPI()
online: set[str] = set()


def subject(token: str) -> str:
    claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    if OPTIONS.get("needs_tenant"):
        # The bug of a story: tokens of older logins have no tenant.
        log.debug("tenant %s", claims["tenant"])
    return str(claims["sub"])


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/api/v1/me")
def me(authorization: str = Header(default="")) -> dict[str, str]:
    try:
        return {"id": subject(authorization.removeprefix("Bearer "))}
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "Could not validate credentials") from error


@app.get("/api/v1/items")
def items() -> list[dict[str, Any]]:
    return [{"id": number, "title": f"Заявка {number}", "open": number % 2 == 0} for number in range(1, 6)]


@app.get("/api/v1/notifications")
def notifications() -> dict[str, int]:
    return {"unread": 0}


@app.get("/api/v1/reports/{number}")
def report(number: int) -> dict[str, Any]:
    raise HTTPException(404, f"report {number} not found")


@app.get("/api/v1/events")
def events() -> list[str]:
    """What a page asks for again and again; no socket."""
    return []


@app.get("/api/v1/export")
async def export() -> dict[str, str]:
    # The bug of a story: the whole event loop waits.
    time.sleep(OPTIONS.get("export_takes_s", 0))
    return {"file": "export.csv"}


@app.get("/api/v1/summary")
def summary() -> dict[str, float]:
    totals: dict[str, int] = {}
    return {"share": totals["paid"] / totals["all"]}


def legacy(environ: dict[str, Any], start: Callable[[str, list[Any]], Any]) -> Iterable[bytes]:
    start("404 Not Found", [])
    return [b""]


# Mounted before the route of the socket, by one who does not know that the first match wins.
if folder := OPTIONS.get("static_at_root"):
    app.mount("/", StaticFiles(directory=folder, check_dir=False, html=True), name="site")
if prefix := OPTIONS.get("legacy_at"):
    # Late, for it warns that it will go.
    from fastapi.middleware.wsgi import WSGIMiddleware

    app.mount(prefix, WSGIMiddleware(legacy))


@app.websocket(OPTIONS.get("ws_path", "/api/v1/ws"))
async def realtime(socket: WebSocket, token: str = Query(... if OPTIONS.get("token_required") else "")) -> None:
    allowed = OPTIONS.get("origins")
    if allowed and socket.headers.get("origin") not in allowed:
        log.warning("websocket refused: origin %s is not allowed", socket.headers.get("origin"))
        await socket.close(1008)
        return
    try:
        user = subject(token)
    except jwt.InvalidTokenError as error:
        reason = "token expired" if isinstance(error, jwt.ExpiredSignatureError) else "token invalid"
        log.warning("websocket refused: %s (%s)", reason, error)
        if OPTIONS.get("refuses_with_401"):
            raise HTTPException(401, reason) from error
        await socket.close(1008)
        return
    if user in OPTIONS.get("barred", ()):
        log.warning("websocket refused: user %s has no access to realtime in this plan", user)
        await socket.close(1008)
        return
    request_id = socket.headers.get("x-request-id")
    tag = f"request_id={request_id} " if request_id else ""
    await asyncio.sleep(OPTIONS.get("accept_after_s", 0))
    await socket.accept(OPTIONS.get("subprotocol"), [(b"x-request-id", request_id.encode())] if request_id else None)
    if user in OPTIONS.get("suspended", ()):
        log.warning("%suser %s turned away: account suspended", tag, user)
        await socket.close(OPTIONS.get("suspended_code", 1008), "account suspended")
        return
    online.add(user)
    log.info("%suser %s online, %d in all", tag, user, len(online))
    code = 1006
    try:
        code = await serve(socket, user)
    except WebSocketDisconnect as gone:
        code = gone.code
    finally:
        online.discard(user)
        log.info("%suser %s offline, code %s", tag, user, code)


async def serve(socket: WebSocket, user: str) -> int:
    every_s = OPTIONS.get("push_every_s", 0)
    pusher = asyncio.create_task(push(socket, every_s)) if every_s else None
    try:
        while True:
            if OPTIONS.get("refuses_bytes"):
                text = await only_text(socket)
            else:
                text = await asyncio.wait_for(socket.receive_text(), remaining_s(socket))
            # Two bugs of stories: one waits and does not read meanwhile, one stops the whole event loop.
            await asyncio.sleep(OPTIONS.get("busy_s", 0))
            time.sleep(OPTIONS.get("block_s", 0))
            message = json.loads(text)
            if message["type"] == "subscribe":
                await socket.send_text(json.dumps({"type": "subscribed", "channel": channel(message)}))
            elif message["type"] == "ping":
                await socket.send_text('{"type": "pong"}')
    except TimeoutError:
        log.warning("session of user %s closed: token expired", user)
        await socket.close(1008, "token expired")
        return 1008
    finally:
        if pusher:
            pusher.cancel()


async def only_text(socket: WebSocket) -> str:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"])
    if message.get("text") is None:
        log.warning("binary message of %d bytes refused", len(message["bytes"]))
        await socket.close(1003, "text only")
        raise WebSocketDisconnect(1003)
    return str(message["text"])


def remaining_s(socket: WebSocket) -> float | None:
    """With 'close_when_expired' a session lives no longer than its token."""
    if not OPTIONS.get("close_when_expired"):
        return None
    claims = jwt.decode(socket.query_params["token"], options={"verify_signature": False})
    return max(0.0, float(claims["exp"]) - time.time())


def channel(message: dict[str, Any]) -> str:
    """With 'broken_channels' this is the bug of the story: a field that old pages do not send."""
    if OPTIONS.get("broken_channels"):
        return f"{message['channel']}:{message['region']}"
    return str(message["channel"])


async def push(socket: WebSocket, every_s: float) -> None:
    number = 0
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await asyncio.sleep(every_s)
            number += 1
            await socket.send_text(json.dumps({"type": "event", "number": number}))
