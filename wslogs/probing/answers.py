"""Requests over a connection of our own: what answers a GET, and the request of a handshake as an old proxy would send it.

By http.client's reader of answers: httpx takes neither a connection that is there nor HTTP/1.0, and both are what is asked here.
"""

from __future__ import annotations

import hashlib
import http.client
import socket
import threading
import time
from dataclasses import replace
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import regex

from wslogs.probing.link import limited, reason
from wslogs.probing.model import Address, Answer, Read
from wslogs.version import VERSION

AGENT = f"wslogs-probe/{VERSION}"
MOST = 64 << 10
"""Bytes of a body that are read."""
SAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""Of RFC 6455 section 1.3: a key that is one and opens nothing that matters."""
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": SAMPLE_KEY,
}
_NGINX = regex.compile(r"(?i)nginx(?:/(\d{1,3}(?:\.\d{1,4}){1,3}))?")
_NGINX_PAGE = regex.compile(r"(?i)<hr><center>(?:nginx|openresty)(?:/[\d.]{3,12})?</center>")
_ETAG = regex.compile(r'"([0-9a-f]{1,16})-([0-9a-f]{1,16})"')
_BETWEEN = ("via", "cf-ray", "x-amz-cf-id", "x-amzn-trace-id", "x-served-by", "x-cache", "x-azure-ref", "x-varnish")


def ask(
    link: socket.socket, at: Address, target: str, read: Read, limit_s: float, *, headers: dict[str, str] | None = None,
    version: str = "1.1",
) -> Answer:  # fmt: skip
    """Sends one GET and reads the answer; the connection is closed afterwards."""
    lines = [f"GET {target} HTTP/{version}", f"Host: {at.place}", f"User-Agent: {AGENT}", "Accept: */*"]
    fields = {"Connection": "close"} | (headers or {})
    request = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in fields.items()), "", ""])
    began, over = time.monotonic(), threading.Event()
    try:
        link.settimeout(limit_s)
        with limited(link, limit_s) as over:
            link.sendall(request.encode("utf-8", "surrogateescape"))
            answer = http.client.HTTPResponse(link, method="GET")
            answer.begin()
            body = b"" if answer.status == http.HTTPStatus.SWITCHING_PROTOCOLS else _body(answer)
    except http.client.RemoteDisconnected:
        return Answer(why="timed-out" if over.is_set() else "closed", took_s=time.monotonic() - began)
    except (http.client.HTTPException, ValueError):
        return Answer(why="timed-out" if over.is_set() else "no-http", took_s=time.monotonic() - began)
    except OSError as error:
        return Answer(why="timed-out" if over.is_set() else reason(error), took_s=time.monotonic() - began)
    finally:
        link.close()
    told = answered(answer.status, list(answer.getheaders()), body, at, read)
    return replace(told, took_s=time.monotonic() - began)


def garbage(link: socket.socket, at: Address, read: Read, limit_s: float) -> Answer:
    """Sends a line that is no request and ends none: nginx refuses it at once; another proxy waits, or refuses it in its own words."""
    try:
        link.settimeout(limit_s)
        with limited(link, limit_s):
            link.sendall(b"@\r\n")
            answer = http.client.HTTPResponse(link, method="GET")
            answer.begin()
            return answered(answer.status, list(answer.getheaders()), _body(answer), at, read)
    except (http.client.HTTPException, ValueError):
        return Answer(why="no-http")
    except OSError as error:
        return Answer(why=reason(error))
    finally:
        link.close()


def _body(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read(MOST)
    except http.client.IncompleteRead as cut:
        return cut.partial
    except (OSError, ValueError):
        return b""


def answered(status: int, headers: list[tuple[str, str]], body: bytes, at: Address, read: Read) -> Answer:
    """What an answer shows by closed vocabularies: its words fire signals and go no further."""
    fields = {name.lower(): value for name, value in headers}
    text = body[:MOST].decode("utf-8", "replace")
    nginx = _NGINX.match(fields.get("server", ""))
    kind = fields.get("content-type", "").partition(";")[0].strip().lower()
    return Answer(
        status=status,
        by=_by(fields, text),
        server=(f"nginx/{nginx[1]}" if nginx[1] else "nginx") if nginx else "",
        leads=_leads(fields.get("location", ""), at) if status in (301, 302, 303, 307, 308) else "",
        digest=hashlib.sha256(f"{status} {kind} ".encode() + body).hexdigest(),
        date=_date(fields.get("date", "")),
        between=any(name in fields for name in _BETWEEN),
        signals=read(text[:4000]),
    )


def _by(fields: dict[str, str], text: str) -> str:
    """Who wrote it: nginx's own error page, or a file that nginx sent by itself, whose ETag is time and length in hex."""
    if _NGINX_PAGE.search(text):
        return "nginx-page"
    tag = _ETAG.fullmatch(fields.get("etag", "").removeprefix("W/"))
    changed = _date(fields.get("last-modified", ""))
    return "nginx-file" if tag is not None and changed is not None and int(tag[1], 16) == int(changed) else ""


def _leads(location: str, at: Address) -> str:
    try:
        parts = urlsplit(location)
        host = parts.hostname
    except ValueError:
        return "other"
    if host not in (None, at.host):
        return "other"
    if parts.path == f"{at.path}/":
        return "slash"
    return "https" if parts.scheme == "https" and not at.secure and parts.path == at.path else "other"


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError, TypeError):
        return None
