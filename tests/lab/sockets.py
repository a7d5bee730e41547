"""The application once more, on the package websockets alone. It runs from its own folder, as `python main.py PORT`."""

import asyncio
import json
import logging
import logging.config
import os
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

log = logging.getLogger("app.realtime")
OPTIONS: dict[str, Any] = json.loads(os.environ.get("APP_OPTIONS", "{}"))
PAGES = {"/health": '{"status": "ok"}', "/api/v1/me": '{"id": "17"}', "/api/v1/items": "[]", "/api/v1/notifications": '{"unread": 0}'}


def answer(connection: ServerConnection, request: Request) -> Response | None:
    """Plain requests here; sockets go on to `realtime`."""
    path = urlsplit(request.path).path
    if path in PAGES:
        return connection.respond(HTTPStatus.OK, PAGES[path])
    return None


async def realtime(socket: ServerConnection) -> None:
    assert socket.request is not None
    token = parse_qs(urlsplit(socket.request.path).query).get("token", [""])[0]
    try:
        user = jwt.decode(token, os.environ["JWT_SECRET"], algorithms=["HS256"])["sub"]
    except jwt.InvalidTokenError as error:
        log.warning("closing: token not valid: %s", error)
        await socket.close(OPTIONS.get("refuse_code", 4401), "token not valid")
        return
    log.info("user %s online", user)
    try:
        async for text in socket:
            if isinstance(text, bytes):
                log.warning("user %s sent %d bytes of binary", user, len(text))
                await socket.close(1003, "binary is not supported")
                return
            await handle(socket, json.loads(text))
    except ConnectionClosed as closed:
        log.info("user %s gone: %s", user, closed)
        raise
    finally:
        log.info("user %s offline", user)


async def handle(socket: ServerConnection, message: dict[str, Any]) -> None:
    if message["type"] == "subscribe":
        channel = f"{message['channel']}:{message['region']}" if OPTIONS.get("broken_channels") else message["channel"]
        await socket.send(json.dumps({"type": "subscribed", "channel": channel}))
    elif message["type"] == "ping":
        await socket.send('{"type": "pong"}')


async def main() -> None:
    async with serve(realtime, "127.0.0.1", int(sys.argv[1]), process_request=answer) as server:
        await server.serve_forever()


if __name__ == "__main__":
    if Path("logging.json").exists():
        logging.config.dictConfig(json.loads(Path("logging.json").read_text()))
    else:
        logging.basicConfig(format="%(levelname)s:%(name)s:%(message)s", level=logging.INFO)
    asyncio.run(main())
