"""nginx access logs: any `log_format`, turned into an expression by the value grammar of each variable.

Source of the grammar: nginx, src/http/modules/ngx_http_log_module.c, src/http/ngx_http_variables.c and
ngx_http_upstream.c (lists of upstreams), ngx_string.c (escaping).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import regex

from wslogs import times
from wslogs.errors import PatternError
from wslogs.model import Event, Source, What
from wslogs.parsers.kit import Kit, number, seconds
from wslogs.redact import ELIDED, shown_path
from wslogs.stanzas import Access

_VARIABLE = regex.compile(r"\$\{(\w+)\}|\$(\w+)")
_LIST = r"{0}(?:(?:, | : ){0})*"
_GRAMMAR = {
    "time_local": r"\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}",
    "time_iso8601": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[+-]\d{2}:\d{2}",
    "msec": r"\d+\.\d{3}",
    "request_time": r"\d+(?:\.\d+)?",
    "status": r"\d{3}",
    "body_bytes_sent": r"\d+",
    "bytes_sent": r"\d+",
    "request_length": r"\d+",
    "connection": r"\d+",
    "connection_requests": r"\d+",
    "pid": r"\d+",
    "pipe": r"[p.]",
    "request_id": r"[0-9a-f]{32}",
    "remote_addr": r"[0-9A-Fa-f.:]+|unix:|-",
    "remote_port": r"\d*",
    "request_method": r"[A-Z]+|-?",
    "server_port": r"\d+|-",
    "scheme": r"https?",
    "server_protocol": r"HTTP/[\d.]+|-?",
}
_UPSTREAM_TIME = _LIST.format(r"(?:-|\d+(?:\.\d+)?)") + "|"
_UPSTREAM = {
    "upstream_status": _LIST.format(r"(?:-|\d{3})") + "|",
    "upstream_addr": _LIST.format(r"(?:-|[^\s,\"]+)") + "|",
}
_TIMES = (("msec", "epoch", 0.001), ("time_iso8601", "iso", 1.0), ("time_local", "%d/%b/%Y:%H:%M:%S %z", 1.0))
_REQUEST = regex.compile(r"(?P<method>[A-Z]+) (?P<target>\S+)(?: (?P<http>HTTP/[\d.]+))?$")
_TUNNEL = 101


@dataclass(frozen=True, slots=True)
class Layout:
    """One `log_format`, ready to read."""

    name: str
    expression: regex.Pattern[str]
    variables: tuple[str, ...]
    opened: tuple[str, ...]
    """What stands in every line of a request that was upgraded; empty when the format does not say the status."""

    def match(self, text: str) -> dict[str, str] | None:
        """Variable -> value, `-` for none; None when the line is not of this format."""
        found = self.expression.match(text, timeout=1.0)
        return found.groupdict(default="") if found else None


def layout(name: str, log_format: str, escape: str = "default") -> Layout:
    """Compiles a `log_format` (nginx's arguments after unquoting, joined). PatternError when two values touch."""
    parts, position = ["^"], 0
    variables: list[str] = []
    opened: tuple[str, ...] = ()
    found = list(_VARIABLE.finditer(log_format))
    for index, variable in enumerate(found):
        literal = log_format[position : variable.start()]
        parts.append(regex.escape(literal))
        key = variable[1] or variable[2]
        if literal == " " and variables[-1:] == ["request_method"] and key not in _GRAMMAR:
            key = "request_uri"  # a variable of the bundle's own, such as a map that masks tokens
        if index and not literal and not _bounded(variables[-1]) and not _bounded(key):
            raise PatternError(f"log_format {name}", f"${variables[-1]} and ${key} touch", "put a character between them")
        position = variable.end()
        stop = log_format[position : position + 1]
        if key == "status":
            opened = (literal[-2:].lower() + str(_TUNNEL) + (stop if stop != "$" else ""),)
        grammar = _value(key, stop, escape)
        parts.append(f"(?:{grammar})" if key in variables else f"(?P<{key}>{grammar})")
        variables.append(key)
    parts.append(regex.escape(log_format[position:]) + r"\s*$")
    return Layout(name, regex.compile("".join(parts)), tuple(dict.fromkeys(variables)), opened)


def _bounded(variable: str) -> bool:
    return variable in _GRAMMAR


def _value(variable: str, stop: str, escape: str) -> str:
    if variable in _GRAMMAR:
        return _GRAMMAR[variable]
    if variable in _UPSTREAM:
        return _UPSTREAM[variable]
    if variable.startswith("upstream_") and variable.endswith("_time"):
        return _UPSTREAM_TIME
    if stop == '"':
        # A quote never stands raw in a value: `default` writes it \x22, `json` writes it \".
        return r'(?:[^"\\]|\\.)*' if escape != "none" else ".*?"
    if stop and stop not in " $\\":
        return f"[^{regex.escape(stop)}]*"
    return ".*?" if variable in ("request", "http_user_agent") else r"\S*"


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
        return Layout(stanza.id, stanza.match, tuple(stanza.match.groupindex), ())
    return layout(stanza.id, stanza.log_format or "", stanza.escape)


def event(row: Mapping[str, str], source: Source, line: int, kit: Kit) -> Event | None:
    """The event of one access row; None when the row has no request that could be a WebSocket handshake."""
    method, target, http = _request(row)
    status = number(row.get("status"))
    if target is None or method != "GET":
        return None
    parts = kit.vault.url(target if target.startswith("/") else "/")
    upgrade = _upgrade(row)
    if http.startswith("HTTP/2") and status != _TUNNEL and not upgrade:
        return None  # browsers never send a WebSocket so to nginx, which has no extended CONNECT
    at, logged, resolution_s = _time(row)
    made = Event(source=source.path, line=line, tier=source.tier, what=What.HANDSHAKE, at=at, logged=logged)
    made.marks, made.resolution_s = "end", resolution_s
    made.path, made.token, made.status, made.upgrade = parts.path, parts.token, status, upgrade
    made.lasted_s = seconds(row.get("request_time"))
    made.answered_s = seconds(_last(row.get("upstream_header_time")))
    made.host = next((h.lower() for key in ("http_host", "host", "server_name") if (h := row.get(key, "")) not in ("", "-")), None)
    made.upstream_status = number(_last(row.get("upstream_status")))
    made.upstream = _last(row.get("upstream_addr")) or ("-" if row.get("upstream_status") in ("-", "") else None)
    made.connection = row.get("connection") or None
    made.request_id = row.get("request_id") or None
    made.client = row.get("remote_addr")
    made.key = _fingerprint(row, "http_sec_websocket_key", kit)
    made.agent = _fingerprint(row, "http_user_agent", kit)
    for name in ("http_cookie", "http_authorization", "http_sec_websocket_protocol"):
        if row.get(name):
            kit.vault.secret(row[name], "request header")
    made.excerpt = _excerpt(method, parts.path, http, made)
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
    for name, form, resolution_s in _TIMES:
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


def _fingerprint(row: Mapping[str, str], name: str, kit: Kit) -> str | None:
    value = row.get(name)
    return kit.vault.fingerprint(value) if value and value != "-" else None


def _excerpt(method: str, path: str | None, http: str, made: Event) -> str:
    parts = [f'"{method} {shown_path(path)}{"?" + ELIDED if made.token else ""} {http}" {made.status}']
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
    words |= {path.lower() for path in paths if len(path) >= 3}
    return sorted(words)
