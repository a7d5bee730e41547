"""nginx access logs: rows -> events. log_format.py takes the rows apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

import regex

from wslogs import times
from wslogs.errors import PatternError
from wslogs.model import Event, Source, What
from wslogs.parsers.kit import Kit, number, seconds
from wslogs.parsers.log_format import Layout as Layout
from wslogs.parsers.log_format import layout
from wslogs.redact import ELIDED
from wslogs.stanzas import Access

TIMES = (("msec", "epoch", 0.001), ("time_iso8601", "iso", 1.0), ("time_local", "%d/%b/%Y:%H:%M:%S %z", 1.0))
_REQUEST = regex.compile(r"(?P<method>[A-Z]+) (?P<target>\S+)(?: (?P<http>HTTP/[\d.]+))?$")
_TUNNEL = 101
IDS = ("request_id", "req_id", "http_x_request_id")
_HEADERS = ("http_", "sent_http_", "upstream_http_", "cookie_", "arg_", "remote_user")
"""Variables that hold what client or app sent."""
_LEFT = 499
"""The client went before an answer (ngx_http_request.h)."""
_TRIED = ("upstream_connect_time", "upstream_response_time", "upstream_header_time", "upstream_bytes_sent")


def is_secret(variable: str) -> bool:
    """Whether a variable holds what client or app sent, of which some is secret."""
    return variable.startswith(_HEADERS) and variable not in ("http_user_agent", "http_upgrade", "http_host")


def layouts(kit: Kit) -> list[Layout]:
    """The bundle's own formats first, then the well-known ones; a format that cannot be read is left out and told."""
    found = []
    for name, (text, escape) in kit.layouts.items():
        try:
            found.append(layout(name, text, escape))
        except (PatternError, regex.error):
            continue
    return [*found, *map(known, kit.patterns.accesses)]


def known(stanza: Access) -> Layout:
    """The layout of a stanza."""
    if stanza.match is not None:
        return Layout(stanza.id, stanza.match, {name: name for name in stanza.match.groupindex})
    return layout(stanza.id, stanza.log_format or "", stanza.escape)


def event(row: Mapping[str, str], source: Source, line: int, kit: Kit) -> Event | None:
    """The event of one access row; None when the row has no request that could be a WebSocket handshake."""
    method, target, http = _request(row)
    status = number(row.get("status"))
    if target is None or method != "GET":
        return None
    upgrade = _upgrade(row)
    if http.startswith("HTTP/2") and status != _TUNNEL and not upgrade:
        return None  # browsers never send a WebSocket so to nginx, which has no extended CONNECT
    return _event(row, source, line, kit)


def other(row: Mapping[str, str], source: Source, line: int, kit: Kit) -> Event | None:
    """A row of any request that is no handshake, for comparison; None where it has no path or no status."""
    if not (_request(row)[1] or "").startswith("/") or not number(row.get("status")) or _upgrade(row):
        return None
    made = _event(row, source, line, kit)
    made.what = What.REQUEST
    return made


def _event(row: Mapping[str, str], source: Source, line: int, kit: Kit) -> Event:
    method, target, http = _request(row)
    status, upgrade = number(row.get("status")), _upgrade(row)
    parts = kit.vault.url(target if target and target.startswith("/") else "/")
    cut = "request" in row and not http and "?" in (target or "")  # nginx logs what it read of a request line that is too long (414)
    at, logged, resolution_s = _time(row)
    made = Event(source=source.path, line=line, tier=source.tier, what=What.HANDSHAKE, at=at, logged=logged)
    made.marks, made.resolution_s = "end", resolution_s
    made.path, made.token, made.status, made.upgrade = parts.path, None if cut else parts.token, status, upgrade
    made.lasted_s = seconds(row.get("request_time"))
    made.answered_s = seconds(_last(row.get("upstream_header_time")))
    made.host = next((h.lower() for key in ("http_host", "host", "server_name") if (h := row.get(key, "")) not in ("", "-")), None)
    made.upstream_status = number(_last(row.get("upstream_status")))
    made.upstream = _upstream(row, status)
    made.connection = row.get("connection") or None
    made.request_id = next((one for key in IDS if (one := row.get(key, "-")) not in ("", "-")), None)
    made.client = row.get("remote_addr")
    made.key = _fingerprint(row, "http_sec_websocket_key", kit)
    made.agent = _fingerprint(row, "http_user_agent", kit)
    for name, value in row.items():
        if name.startswith(_HEADERS):
            kit.vault.header(name.replace("_", "-"), value)
    made.excerpt = _excerpt(method, kit.shown(parts.path), http, made)
    return made


def _request(row: Mapping[str, str]) -> tuple[str, str | None, str]:
    if found := _REQUEST.match(row.get("request", "")):
        return found["method"], found["target"], found["http"] or ""
    target = row.get("request_uri") or row.get("uri")
    if target and "?" not in target and row.get("args", "-") not in ("", "-"):
        target = f"{target}?{row['args']}"
    return row.get("request_method", "GET"), target or None, row.get("server_protocol", "")


def _upgrade(row: Mapping[str, str]) -> bool | None:
    value = row.get("http_upgrade")
    return None if value is None else value.strip().lower() == "websocket"


def _time(row: Mapping[str, str]) -> tuple[float | None, str, float]:
    for name, form, resolution_s in TIMES:
        if text := row.get(name):
            when = times.parse(text, form)
            if when is not None:
                return when[0], text, resolution_s
    if text := row.get("time"):
        plain = text.replace(".", "", 1).isdecimal()
        when = times.parse(text, "epoch" if plain else "%d/%b/%Y:%H:%M:%S %z" if "/" in text else "iso")
        if when is not None:
            return when[0], text, 0.001 if plain else 1.0
    return None, "", 1.0


def row_time(row: Mapping[str, str]) -> float | None:
    """When the row was written, epoch seconds."""
    return _time(row)[0]


def _last(text: str | None) -> str | None:
    """The last element of an upstream list: `502, 502` within a group, `502 : 200` after an internal redirect."""
    if not text:
        return None
    return text.rsplit(" : ", 1)[-1].rsplit(", ", 1)[-1].strip() or None


def _upstream(row: Mapping[str, str], status: int | None) -> str | None:
    """The last upstream asked, "-" for none. Where only its status is logged, `-` is also one that had not answered yet."""
    address, answer = row.get("upstream_addr"), row.get("upstream_status")
    if address is not None:
        return _last(address) or (None if address else "-")
    if answer == "-":
        tried = any(char.isdecimal() for name in _TRIED for char in row.get(name, ""))
        return None if tried or status == _LEFT else "-"
    return "-" if answer == "" else None


def _fingerprint(row: Mapping[str, str], name: str, kit: Kit) -> str | None:
    value = row.get(name)
    return kit.vault.fingerprint(value) if value and value != "-" else None


def _excerpt(method: str, path: str, http: str, made: Event) -> str:
    query = "?" + ELIDED if made.token else ""
    parts = [f'"{f"{method} {path}{query} {http}".rstrip()}" {made.status}']
    if made.lasted_s is not None:
        parts.append(f"$request_time {made.lasted_s:.3f}")
    if made.upstream_status is not None:
        parts.append(f"$upstream_status {made.upstream_status}")
    elif made.upstream == "-":
        parts.append("$upstream_status -")
    return ", ".join(parts)


def needles(found: Iterable[Layout], paths: Iterable[str]) -> list[str]:
    """What a line of interest holds: a 101, a path that is dialled, or the word of the protocol."""
    words = {"websocket", '" 101 ', '"101"', ":101,", "/ws", "/socket"}
    words |= {word for one in found for word in one.opened if len(word) > 3}
    words |= {form for path in paths if len(path) >= 3 for form in forms(path)}
    return sorted(words)


def forms(path: str) -> set[str]:
    """A path as it can stand in a log, lower-case: as it is, as a browser sends it, and as nginx escapes what is not ASCII."""
    escaped = "".join(chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}" for byte in path.encode("utf-8", "replace"))
    return {path.lower(), quote(path, safe="/:@!$&'()*+,;=~-._").lower(), escaped.lower()}
