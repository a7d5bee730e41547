"""The rows that are no WebSocket's. They are made once, as blocks of a second with a hole where the time goes."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.users import AGENTS, CLIENTS, client

HOLE = "\x01"
_HOLE = HOLE.encode()
_BLOCKS = 300
_PAGES = ("/", "/chat", "/orders", "/orders/new", "/profile", "/help", "/settings")
_ASSETS = ("index-B7xqT2fM.js", "vendor-Ck81.js", "index-D2s.css", "logo.svg", "inter.woff2", "chat-9f.js")
_CALLS = ("me", "items", "notifications", "orders?page=2", "chat/history?limit=50", "users/17", "search?q=plov", "health")
_METHODS = ("GET", "GET", "GET", "POST", "PUT")
_SITE = "https://testdomen.uz/"

Row = Callable[[Random], str]


class Pool:
    """Blocks of the rows of one second each, some longer than others."""

    def __init__(self, row: Row, size: float, stamp: str, seed: str) -> None:
        """`size` is how many bytes a block has in the mean, `stamp` a time as it will be filled in."""
        random = Random(seed)
        self._more = len(stamp) - len(HOLE)
        self._blocks = [self._block(row, random, size * random.uniform(0.5, 1.5)) for _ in range(_BLOCKS)]
        self._random = random

    def _block(self, row: Row, random: Random, size: float) -> tuple[bytes, int]:
        rows: list[str] = []
        left = size
        while left > 0:
            rows.append(row(random))
            left -= len(rows[-1]) + self._more
        if left < -size / 2:  # of rows that are long beside the block
            rows.pop()
        return "".join(sorted(rows, key=_millisecond)).encode(), len(rows)

    def take(self, stamp: str) -> tuple[bytes, int]:
        """One block with the time in its holes, and how many rows it has."""
        block, rows = self._random.choice(self._blocks)
        return block.replace(_HOLE, stamp.encode()), rows


def _millisecond(row: str) -> str:
    """Python's logs write them right after the second; other rows stay as they come."""
    follows = row.partition(HOLE)[2]
    return follows[:4] if follows.startswith(",") else ""


def access(random: Random, *, down: bool = False) -> str:
    """A row of nginx's combined format; while the app is down, its calls are answered with 502."""
    kind = random.random()
    status, size, referer, method = 200, random.randrange(200, 90_000), _SITE, "GET"
    if kind < 0.2:
        path, referer = random.choice(_PAGES), random.choice(("-", _SITE))
    elif kind < 0.65:
        path, status = f"/assets/{random.choice(_ASSETS)}", random.choice((200, 200, 304, 404))
    else:
        path, method = f"/api/v1/{random.choice(_CALLS)}", random.choice(_METHODS)
        status = 502 if down else random.choice((200,) * 12 + (201, 204, 401, 422))
    agent = random.choice(AGENTS)
    where = client(random.randrange(CLIENTS))
    return f'{where} - - [{HOLE} +0000] "{method} {path} HTTP/1.1" {status} {size} "{referer}" "{agent}"\n'


def outage(random: Random) -> str:
    """An access row while the app is down."""
    return access(random, down=True)


_TEMPORARY = "/var/cache/nginx"
_WARNINGS = (
    ("warn", f"a client request body is buffered to a temporary file {_TEMPORARY}/client_temp/00000{{n:05}}", "POST /api/v1/files", ""),
    ("warn", f"an upstream response is buffered to a temporary file {_TEMPORARY}/proxy_temp/{{k}}/00/00000{{n:05}} while reading upstream",
     "GET /api/v1/export?page={k}", "http://127.0.0.1:8000/api/v1/export?page={k}"),
    ("error", 'open() "/srv/app/static/touch-icon-{n}.png" failed (2: No such file or directory)', "GET /touch-icon-{n}.png", ""),
    ("error", "access forbidden by rule", "GET /.git/config", ""),
    ("error", 'limiting requests, excess: {k}.320 by zone "api"', "GET /api/v1/search?q=plov", ""),
    ("crit", "SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking", "", ""),
    ("info", "client closed connection while waiting for request", "", ""),
)  # fmt: skip
"""(level, message, request, upstream)."""


def error(random: Random) -> str:
    """A line of nginx's error log that is about something else."""
    level, message, request, upstream = random.choice(_WARNINGS)
    numbers = {"n": random.randrange(100_000), "k": random.randrange(1, 10)}
    return error_line(HOLE, level, random.randrange(1, 10**7), message, client(random.randrange(CLIENTS)), request, upstream).format(
        **numbers
    )


def error_line(stamp: str, level: str, connection: int, message: str, where: str, request: str, upstream: str) -> str:
    """As ngx_http_log_error_handler writes it (ngx_http_request.c); without a request the server is an address."""
    context = ", server: 0.0.0.0:443"
    if request:
        context = f', server: testdomen.uz, request: "{request} HTTP/1.1"'
        context += f', upstream: "{upstream}"' if upstream else ""
        context += ', host: "testdomen.uz"'
    return f"{stamp} [{level}] 29#29: *{connection} {message}, client: {where}{context}\n"


_SAID = (
    "INFO    [app.jobs] sent {n} mails in {k} s", "INFO    [app.cache] {n} keys, {k} evicted", "DEBUG   [app.db] pool: {k} of 10 in use",
    "WARNING [app.search] slow query: 0.{n} s", "INFO    [app.realtime] {n} online",
)  # fmt: skip


def app(random: Random) -> str:
    """A line of a FastAPI app under uvicorn, with times; milliseconds up to 899."""
    stamp = f"{HOLE},{random.randrange(900):03}"
    if random.random() < 0.3:
        return f"{stamp} {random.choice(_SAID).format(n=random.randrange(1000), k=random.randrange(1, 10))}\n"
    where = client(random.randrange(CLIENTS))
    return f'{stamp} INFO    [uvicorn.access] {where}:0 - "{random.choice(_METHODS)} /api/v1/{random.choice(_CALLS)} HTTP/1.0" 200\n'


def prefixed(row: Row, prefix: str) -> Row:
    """The same rows as docker compose shows them."""

    def made(random: Random) -> str:
        return prefix + row(random)

    return made
