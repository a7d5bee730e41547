"""The application that is broken on purpose. It runs alone, from its own folder, as `uvicorn main:app`."""

import asyncio
import json
import logging
import os
import time
from contextlib import suppress
from typing import Any

import jwt
from fastapi import FastAPI, Header, HTTPException, WebSocket, WebSocketDisconnect

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


@app.get("/api/v1/summary")
def summary() -> dict[str, float]:
    totals: dict[str, int] = {}
    return {"share": totals["paid"] / totals["all"]}


@app.websocket(OPTIONS.get("ws_path", "/api/v1/ws"))
async def realtime(socket: WebSocket, token: str = "") -> None:
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
        await socket.close(1008)
        return
    request_id = socket.headers.get("x-request-id")
    tag = f"request_id={request_id} " if request_id else ""
    await asyncio.sleep(OPTIONS.get("accept_after_s", 0))
    await socket.accept(headers=[(b"x-request-id", request_id.encode())] if request_id else None)
    if user in OPTIONS.get("suspended", ()):
        log.warning("%suser %s turned away: account suspended", tag, user)
        await socket.close(1008, "account suspended")
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
            text = await asyncio.wait_for(socket.receive_text(), remaining_s(socket))
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
