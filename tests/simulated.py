"""A world of users whose pages dial a WebSocket through nginx to an app, and the bundle that it leaves behind.

Everything happens on the server's clock (the proxy's); each file is written by the clock of its own tier. What truly
belongs together is known by file and line.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from hashlib import sha256
from typing import Any, Literal

import jwt

from conftest import NOON
from wslogs.model import Tier

Outcome = Literal["opened", "refused", "down"]
"""The app accepts; the app answers 403; nothing listens, and nginx answers 502."""
OUTCOMES: tuple[Outcome, ...] = ("refused", "down", "opened")
Place = tuple[str, int]
"""(file, line)."""
Group = frozenset[tuple[Tier, Place]]
"""The main events of one try, one for each tier that saw it."""

HOST, PATH = "app.example.com", "/api/v1/ws"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
ACCESS, ERROR, APP, CONF = "access.log", "error.log", "app.log", "nginx.conf"
TIMED = """log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                     '"$http_referer" "$http_user_agent" '
                     'rt=$request_time uct=$upstream_connect_time urt=$upstream_response_time us=$upstream_status';"""
JSON = """log_format json_lines escape=json
        '{"ts":"$time_iso8601","client":"$remote_addr","vhost":"$host","request":"$request",'
        '"status":$status,"bytes":$body_bytes_sent,"rt":$request_time,"us":"$upstream_status",'
        '"upgrade":"$http_upgrade","conn":$connection,"ua":"$http_user_agent"}';"""
STATUS = {"opened": 101, "refused": 403, "down": 502}
_HOP_S = 0.002
"""From nginx to the app, and the app's own work."""


@dataclass(frozen=True)
class Try:
    """One try; seconds since the beginning of the world."""

    user: int
    start: float
    outcome: Outcome
    lasted: float = 0.0
    """Of one that opened: from the dial to its end, or to the collection of the bundle."""
    code: int | None = None
    """The close code; None: still open when the bundle was collected."""


@dataclass(frozen=True)
class World:
    """What happened, and how each tier writes it down."""

    tries: tuple[Try, ...]
    access: Literal["combined", "timed", "json"] = "timed"
    app: Literal["timed", "plain"] = "timed"
    """Whether the app's log has times, without zone; plain are uvicorn's own lines."""
    dates: bool = True
    """Whether the answers in the HAR carry the server's Date."""
    keys: bool = True
    """Whether the HAR carries each handshake's Sec-WebSocket-Key; a cleaned one does not."""
    consoles: bool = True
    zone_h: int = 0
    """The zone of nginx' machine."""
    browser_s: float = 0.0
    """How far the browsers' clocks are ahead of the server's."""
    app_s: float = 0.0
    """The same of the app's, its zone included."""
    lag_s: float = 0.02
    """From page to nginx."""

    @property
    def users(self) -> tuple[int, ...]:
        return tuple(sorted({one.user for one in self.tries}))

    @property
    def end(self) -> float:
        """When the bundle was collected."""
        return max(one.start + one.lasted for one in self.tries) + 3.0


@dataclass
class Written:
    """A bundle, and what is true of it."""

    files: dict[str, str] = field(default_factory=dict)
    groups: set[Group] = field(default_factory=set)
    moments: dict[Place, float] = field(default_factory=dict)
    """The true time of each main event, epoch seconds on the server's clock: of a row that tells how long it took, its start."""
    starts: dict[Group, tuple[float, float]] = field(default_factory=dict)
    """From the page's dial to the last tier's first sight of the try."""
    lives: dict[Group, tuple[float, float]] = field(default_factory=dict)
    """From the page's dial to its end of the try, or to the collection."""


def token(user: int) -> str:
    """A token as a sign-in gives it; its key is worth nothing."""
    claims = {"sub": str(user + 17), "iat": int(NOON) - 600, "exp": int(NOON) + 86400}
    return jwt.encode(claims, f"no secret, only as long as one must be {user}", algorithm="HS256")


def har_of(user: int) -> str:
    return f"user{user}.har"


def write(world: World) -> Written:
    """The bundle of a world."""
    made = Written()
    seen: dict[int, dict[Tier, Place]] = {number: {} for number in range(len(world.tries))}
    made.files[CONF] = _conf(world)
    _access(world, made, seen)
    made.files[ERROR] = "".join(_errors(world))
    _app(world, made, seen)
    for user in world.users:
        _har(world, user, made, seen)
        if world.consoles:
            made.files[f"user{user}-console.log"] = _console(world, user)
    for number, places in seen.items():
        group = frozenset(places.items())
        made.groups.add(group)
        one = world.tries[number]
        dialled = NOON + one.start
        made.starts[group] = (dialled, dialled + world.lag_s + 2 * _HOP_S)
        made.lives[group] = (dialled, dialled + max(one.lasted, 2 * (world.lag_s + _HOP_S)))
    return made


def _answered(one: Try, world: World) -> float:
    """When nginx has the app's answer, or gives its own."""
    return one.start + world.lag_s + (0.0 if one.outcome == "down" else 2 * _HOP_S)


def _ended(one: Try, world: World) -> float:
    """When nginx ends the request; a tunnel that the server closes ends there a little before the page knows."""
    return one.start + one.lasted - world.lag_s / 2 if one.outcome == "opened" else _answered(one, world)


def _polls(world: World, user: int) -> Iterable[tuple[float, str]]:
    """Other requests of a page: when, and what."""
    first = min(one.start for one in world.tries if one.user == user)
    yield from ((first - 0.6, "/"), (first - 0.4, "/assets/index.js"), (first - 0.2, "/api/v1/me"))
    at = first + 5.0
    while at < world.end:
        yield at, "/api/v1/notifications"
        at += 7.0


def _conf(world: World) -> str:
    known = {"combined": ("", ""), "timed": (TIMED, " timed"), "json": (JSON, " json_lines")}
    layout, name = known[world.access]
    return f"""http {{
    {layout}
    access_log /var/log/nginx/access.log{name};
    server {{
        listen 443 ssl;
        server_name {HOST};
        location {PATH} {{
            proxy_pass http://127.0.0.1:8000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
        }}
    }}
}}
"""


def _access(world: World, made: Written, seen: dict[int, dict[Tier, Place]]) -> None:
    rows: list[tuple[float, int, str]] = []
    for user in world.users:
        for at, what in _polls(world, user):
            begin = at + world.lag_s
            rows.append((begin + _HOP_S, -1, _row(world, user, begin, _HOP_S, what, 200)))
    for number, one in enumerate(world.tries):
        if one.outcome == "opened" and one.code is None:
            continue  # a tunnel has its row when it ends
        begin, end = one.start + world.lag_s, _ended(one, world)
        target = f"{PATH}?token={token(one.user)}"
        rows.append((end, number, _row(world, one.user, begin, end - begin, target, STATUS[one.outcome])))
    rows.sort(key=lambda row: row[0])
    for line, (end, number, _) in enumerate(rows, 1):
        if number >= 0:
            seen[number][Tier.PROXY] = (ACCESS, line)
            made.moments[ACCESS, line] = NOON + (end if world.access == "combined" else world.tries[number].start + world.lag_s)
    made.files[ACCESS] = "".join(text for *_, text in rows)


def _row(world: World, user: int, begin: float, took: float, target: str, status: int) -> str:
    client, request = f"203.0.113.{user + 10}", f"GET {target} HTTP/1.1"
    when = datetime.fromtimestamp(int(NOON + begin + took), timezone(timedelta(hours=world.zone_h)))
    if world.access == "json":
        record = {"ts": when.isoformat(), "client": client, "vhost": HOST, "request": request, "status": status, "bytes": 0}
        upgrade = "websocket" if "token=" in target else ""
        record |= {"rt": round(took, 3), "us": str(status), "upgrade": upgrade, "conn": user + 1, "ua": AGENT}
        return json.dumps(record) + "\n"
    told = f'{client} - - [{when:%d/%b/%Y:%H:%M:%S %z}] "{request}" {status} 0 "-" "{AGENT}"'
    return f"{told} rt={took:.3f} uct=0.001 urt={took:.3f} us={status}\n" if world.access == "timed" else f"{told}\n"


def _errors(world: World) -> Iterable[str]:
    for one in sorted(world.tries, key=lambda one: _answered(one, world)):
        if one.outcome == "down":
            when = datetime.fromtimestamp(int(NOON + _answered(one, world)), timezone(timedelta(hours=world.zone_h)))
            target = f"{PATH}?token={token(one.user)}"
            yield (
                f"{when:%Y/%m/%d %H:%M:%S} [error] 31#31: *{one.user + 1} connect() failed (111: Connection refused) while connecting to "
                f'upstream, client: 203.0.113.{one.user + 10}, server: {HOST}, request: "GET {target} HTTP/1.1", '
                f'upstream: "http://127.0.0.1:8000{target}", host: "{HOST}"\n'
            )


def _app(world: World, made: Written, seen: dict[int, dict[Tier, Place]]) -> None:
    rows: list[tuple[float, int, str]] = [(-30.0, -1, "Started server process [31]"), (-29.9, -1, "Application startup complete.")]
    for user in world.users:
        for at, what in _polls(world, user):
            if what.startswith("/api"):
                rows.append((at + world.lag_s + _HOP_S, -1, f'203.0.113.{user + 10}:0 - "GET {what} HTTP/1.0" 200 OK'))
    for number, one in enumerate(world.tries):
        if one.outcome == "down":
            continue
        at = one.start + world.lag_s + _HOP_S
        answer = "[accepted]" if one.outcome == "opened" else "403"
        after = "connection open" if one.outcome == "opened" else "connection rejected (403 Forbidden)"
        rows.append((at, number, f'203.0.113.{one.user + 10}:0 - "WebSocket {PATH}?token={token(one.user)}" {answer}'))
        rows.append((at, -1, after))
        if one.outcome == "opened" and one.code is not None:
            rows.append((_ended(one, world) - _HOP_S, -1, "connection closed"))
    rows.sort(key=lambda row: row[0])
    lines = []
    for line, (at, number, text) in enumerate(rows, 1):
        if number >= 0:
            seen[number][Tier.APP] = (APP, line)
            made.moments[APP, line] = NOON + at
        stamp = datetime.fromtimestamp(round(NOON + at + world.app_s, 3), UTC)
        head = f"{stamp:%Y-%m-%d %H:%M:%S},{stamp.microsecond // 1000:03d} INFO    [uvicorn.error] "
        lines.append(f"{head if world.app == 'timed' else 'INFO:     '}{text}\n")
    made.files[APP] = "".join(lines)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _har(world: World, user: int, made: Written, seen: dict[int, dict[Tier, Place]]) -> None:
    """As Chrome's DevTools write it: an entry for each request, in the order in which they began."""
    entries: list[tuple[float, int, dict[str, Any]]] = []
    for at, what in _polls(world, user):
        answer = {"status": 200, "headers": _date(world, at + world.lag_s + _HOP_S)}
        entry = {"_resourceType": "fetch", "request": {"method": "GET", "url": f"https://{HOST}{what}", "headers": []}, "response": answer}
        entries.append((at, -1, entry | {"time": 1000 * (2 * world.lag_s + _HOP_S)}))
    for number, one in enumerate(world.tries):
        if one.user == user:
            entries.append((one.start, number, _dial(world, one)))
    entries.sort(key=lambda row: row[0])
    told = [entry | {"startedDateTime": _iso(NOON + at + world.browser_s)} for at, _, entry in entries]
    text = json.dumps({"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "entries": told}}, indent=1)
    made.files[har_of(user)] = text + "\n"
    dials = [number for _, number, _ in entries if number >= 0]
    places = [line for line, words in enumerate(text.splitlines(), 1) if '"url": "wss:' in words]
    for number, line in zip(dials, places, strict=True):
        seen[number][Tier.BROWSER] = (har_of(user), line)
        made.moments[har_of(user), line] = NOON + world.tries[number].start


def _date(world: World, at: float) -> list[dict[str, str]]:
    when = datetime.fromtimestamp(int(NOON + at), UTC)
    return [{"name": "date", "value": format_datetime(when, usegmt=True)}] if world.dates else []


def _dial(world: World, one: Try) -> dict[str, Any]:
    url = f"wss://{HOST}{PATH}?token={token(one.user)}"
    headers = [{"name": "Upgrade", "value": "websocket"}, {"name": "User-Agent", "value": AGENT}]
    if world.keys:
        key = b64encode(sha256(f"{one.user} {one.start}".encode()).digest()[:16]).decode()
        headers.append({"name": "Sec-WebSocket-Key", "value": key})
    request = {"method": "GET", "url": url, "headers": headers}
    if one.outcome == "opened":
        response = {"status": 101, "headers": _date(world, _answered(one, world))}
        wait = 1000 * (_answered(one, world) - one.start + world.lag_s)
        timings = {"send": 0, "wait": wait, "receive": max(0.0, 1000 * one.lasted - wait)}
        took, frames = 1000 * one.lasted, list[dict[str, Any]]()
    else:
        response, took = {"status": 0, "headers": []}, 1000 * (_answered(one, world) - one.start + world.lag_s)
        timings = {"send": 0, "wait": took, "receive": 0}
        told = f"Error during WebSocket handshake: Unexpected response code: {STATUS[one.outcome]}"
        frames = [{"type": "error", "time": NOON + one.start + took / 1000 + world.browser_s, "opcode": -1, "data": told}]
    answer = {"_resourceType": "websocket", "request": request, "response": response, "time": took, "timings": timings}
    return answer | {"_webSocketMessages": frames}


def _console(world: World, user: int) -> str:
    lines = [f"Navigated to https://{HOST}/"]
    for one in (one for one in world.tries if one.user == user):
        lines.append("index.js:17 realtime: dialing #1")
        if one.outcome == "opened":
            lines.append("index.js:18 realtime: connected")
        else:
            url = f"wss://{HOST}{PATH}?token={token(user)}"
            reason = f"Error during WebSocket handshake: Unexpected response code: {STATUS[one.outcome]}"
            lines.append(f"index.js:50 WebSocket connection to '{url}' failed: {reason}")
        if one.outcome != "opened" or one.code is not None:
            lines.append(f"index.js:20 realtime: disconnected (code={one.code or 1006}, clean=false) ")
    return "\n".join(lines) + "\n"


def moved(files: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """The same files under other names."""
    return {names.get(name, name): text for name, text in files.items()}
