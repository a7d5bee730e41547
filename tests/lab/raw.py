"""A gateway that speaks the protocol by hand, and wrongly. It runs from its own folder, as `python main.py PORT`.

What it breaks is `frame` of its options: bits that are reserved, a mask, an opcode that is none, a text that is not
UTF-8, a page in the middle of the stream (RFC 6455 sections 5.1, 5.2, 8.1); or the handshake: another key's answer, no
Upgrade, a subprotocol that nobody offered.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import logging
import logging.config
import os
import sys
from pathlib import Path
from typing import Any

log = logging.getLogger("app.gateway")
OPTIONS: dict[str, Any] = json.loads(os.environ.get("APP_OPTIONS", "{}"))
BROKEN = {
    "reserved": b"\xc1\x02ok",
    "masked": b"\x81\x82\x00\x00\x00\x00ok",
    "opcode": b"\x83\x02ok",
    "utf8": b"\x81\x06\xcf\xf0\xe8\xe2\xe5\xf2",
    "page": b"<html><body><h1>502 Bad Gateway</h1></body></html>\r\n",
}
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def upgraded(headers: dict[str, str]) -> bytes:
    key = headers["sec-websocket-key"].encode()
    proof = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
    lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket", f"Sec-WebSocket-Accept: {proof}"]
    lines += OPTIONS.get("more_headers", [])
    return "\r\n".join([*lines, "", ""]).encode()


def plain(path: str) -> bytes:
    found = path.startswith(("/api/v1/items", "/api/v1/me", "/api/v1/notifications", "/health"))
    body = b"{}" if found else b'{"detail": "Not Found"}'
    status = "200 OK" if found else "404 Not Found"
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
    )


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = head[0].split(" ")[1]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        if headers.get("upgrade", "").lower() != "websocket":
            writer.write(plain(path))
        else:
            log.info('"GET %s" 101', path)
            writer.write(upgraded(headers))
            await stream(reader, writer)
    writer.close()


async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b'\x81\x10{"type":"hello"}')
    await asyncio.sleep(OPTIONS.get("after_s", 1.5))
    if frame := BROKEN.get(OPTIONS.get("frame", "")):
        writer.write(frame)
        log.info("sent an event of %d bytes", len(frame) - 2)
    while chunk := await reader.read(65536):
        log.info("received %d bytes", len(chunk))


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    log.info("gateway listening on 127.0.0.1:%s", sys.argv[1])
    await server.serve_forever()


if __name__ == "__main__":
    if Path("logging.json").exists():
        logging.config.dictConfig(json.loads(Path("logging.json").read_text()))
    else:
        logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s", level=logging.INFO)
    asyncio.run(main())
