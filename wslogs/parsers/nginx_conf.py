"""Directives with file and line, the log formats among them, and the way a request takes through them.

The way follows ngx_http_core_module.c (choice of server and location) and ngx_http_proxy_module.c (what is inherited):
field-guide.md, chapter 3. conf_files.py reads the directives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import regex

from wslogs.redact import ELIDED, shown_path

_UNITS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "M": 2592000.0, "y": 31536000.0}
DEFAULT_READ_TIMEOUT_S = 60.0
"""proxy_read_timeout where none is set, ngx_http_proxy_module.c."""


@dataclass(slots=True, kw_only=True)
class Directive:
    """One directive; `block` is None where it has none."""

    name: str
    args: list[str]
    file: str
    line: int
    block: list[Directive] | None = None

    def shown(self) -> str:
        """The directive as far as its words are of known types: parameters and numbers, no names of hosts."""
        return " ".join([self.name, *(_shown_argument(a) for a in self.args)]) + (" {" if self.block is not None else ";")


@dataclass(slots=True)
class Conf:
    """All configuration of a bundle."""

    directives: list[Directive] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def log_formats(self) -> dict[str, tuple[str, str]]:
        """log_format name -> (format, escape). A variable that the configuration makes of the request stands as what it is made of."""
        found: dict[str, tuple[str, str]] = {}
        made = _made_of_the_request(self.directives)
        for directive in walk(self.directives):
            if directive.name == "log_format" and len(directive.args) > 1:
                parts = [_ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), part) for part in directive.args[1:]]
                escape = parts.pop(0).removeprefix("escape=") if parts[0].startswith("escape=") else "default"
                text = _VARIABLE.sub(lambda name: "${" + made.get(name[1] or name[2], name[1] or name[2]) + "}", "".join(parts))
                found.setdefault(directive.args[0], (text, escape))
        return found


_VARIABLE = regex.compile(r"\$\{(\w+)\}|\$(\w+)")
_ESCAPE = regex.compile(r"\\([\"'\\trn])")
_ESCAPES = {"t": "\t", "r": "\r", "n": "\n"}
"""What ngx_conf_read_token makes of a backslash; crossplane leaves it."""
_REQUEST = ("request", "request_uri", "uri", "args")


def _made_of_the_request(directives: list[Directive]) -> dict[str, str]:
    """Variables of the configuration that hold the request or a part of it, such as one with its token masked -> that of nginx."""
    found: dict[str, str] = {}
    for directive in walk(directives):
        if len(directive.args) == 2 and directive.name in ("map", "set"):
            source, name = directive.args if directive.name == "map" else reversed(directive.args)
            if name.startswith("$") and source.strip("${}") in _REQUEST:
                found.setdefault(name[1:], source.strip("${}"))
    return found


@dataclass(slots=True)
class Route:
    """Where the configuration sends one request. `levels` go from the outermost block to the innermost."""

    server: Directive | None
    location: Directive | None
    levels: list[list[Directive]]
    maps: list[Directive]

    def one(self, name: str) -> Directive | None:
        """A directive that is inherited one by one: the innermost wins, in a level the last."""
        for level in reversed(self.levels):
            for directive in reversed(level):
                if directive.name == name:
                    return directive
        return None

    def own(self, name: str) -> Directive | None:
        """A directive that is not inherited, such as proxy_pass: of the location alone."""
        return next((d for d in reversed(self.levels[-1]) if d.name == name), None) if self.levels else None

    def headers(self) -> list[Directive]:
        """proxy_set_header: inherited all or nothing."""
        for level in reversed(self.levels):
            found = [d for d in level if d.name == "proxy_set_header" and len(d.args) > 1]
            if found:
                return found
        return []

    def header(self, name: str) -> Directive | None:
        return next((d for d in self.headers() if d.args[0].lower() == name), None)

    def read_timeout(self) -> tuple[float, Directive | None]:
        """Seconds of silence after which nginx cuts a tunnel."""
        directive = self.one("proxy_read_timeout")
        value = duration(directive.args[0]) if directive and directive.args else None
        return (value if value is not None else DEFAULT_READ_TIMEOUT_S), directive

    def passes_upgrade(self) -> bool:
        """Whether the app is asked to upgrade: both headers, as ngx_http_proxy_module.c would send them."""
        upgrade, connection = self.header("upgrade"), self.header("connection")
        return bool(upgrade and upgrade.args[1]) and bool(connection and self._asks(connection.args[1]))

    def _asks(self, value: str) -> bool:
        if "upgrade" in value.lower() and not value.startswith("$"):
            return True
        if value in ("$http_connection", "${http_connection}"):
            return True
        for directive in self.maps:
            if directive.args[1:2] == [value] and directive.args[0] in ("$http_upgrade", "${http_upgrade}"):
                rows = {row.name: row.args[0] if row.args else "" for row in directive.block or ()}
                return rows.get("websocket", rows.get("default", "")).lower() == "upgrade"
        return False


def walk(directives: list[Directive]) -> Iterator[Directive]:
    """Every directive, outer ones first."""
    for directive in directives:
        yield directive
        if directive.block is not None:
            yield from walk(directive.block)


def duration(text: str) -> float | None:
    """Seconds of an nginx time such as 86400, 6s or 1h30m; None when it is none (ngx_parse_time)."""
    parts = regex.findall(r"(\d+)(ms|[smhdwMy]?)", text)
    if not parts or "".join(a + b for a, b in parts) != text:
        return None
    return float(sum(int(value) * _UNITS[unit] for value, unit in parts))


def routes(conf: Conf, scheme: str | None, host: str | None, path: str) -> Route | None:
    """The way of a request; None when the configuration holds no server and no location at all."""
    scopes = _scopes(conf.directives)
    servers = [(scope, d) for scope in scopes for d in scope if d.name == "server" and d.block is not None]
    outer, server = _server(servers, scheme, host) or (scopes[0], None)
    inside = server.block if server is not None and server.block is not None else outer
    location, levels = _location(inside, path)
    if server is None and location is None:
        return None
    own = [d for d in walk(outer) if d.name == "map" and len(d.args) > 1]
    maps = own + [d for d in walk(conf.directives) if d.name == "map" and len(d.args) > 1 and not any(d is one for one in own)]
    return Route(server, location, [outer, inside, *levels] if server else [inside, *levels], maps)


def targets(route: Route, conf: Conf) -> tuple[str, ...]:
    """Addresses host:port that proxy_pass of a route leads to, those of an upstream block among them; none where a variable names them."""
    passed = route.own("proxy_pass")
    if passed is None or not passed.args or "$" in passed.args[0]:
        return ()
    scheme, _, rest = passed.args[0].partition("://")
    name = rest.partition("/")[0].lower()
    for block in walk(conf.directives):
        if block.name == "upstream" and block.args[:1] == [name]:
            return tuple(address(d.args[0], "80") for d in block.block or () if d.name == "server" and d.args)
    return (address(name, "443" if scheme == "https" else "80"),) if name else ()


def address(name: str, port: str) -> str:
    """host:port as nginx's logs write it; the name of the machine itself as its number."""
    if name.startswith("unix:"):
        return name.removesuffix(":")
    host, _, own = name.rpartition(":") if name[-1:].isdecimal() and ":" in name.rpartition("]")[2] else (name, "", "")
    return f"{'127.0.0.1' if host in ('localhost', '[::1]') else host}:{own or port}"


def _scopes(directives: list[Directive]) -> list[list[Directive]]:
    """What servers inherit from: each http block, and what stands in none, as in a file of conf.d alone."""
    scopes = [d.block or [] for d in directives if d.name == "http"]
    loose = [d for d in directives if d.name not in ("http", "events", "stream", "mail")]
    if not scopes or any(d.name in ("server", "location") for d in loose):
        scopes.append(loose)
    return scopes


_Placed = tuple[list[Directive], Directive]


def _server(servers: list[_Placed], scheme: str | None, host: str | None) -> _Placed | None:
    """By server_name among those that listen for the scheme; else the default one, else the first."""
    secure = scheme in ("wss", "https")
    fitting = [row for row in servers if scheme is None or secure == _is_tls(row[1])] or servers
    name = (host or "").partition(":")[0].lower()
    named = [row for row in fitting if any(_named(pattern, name) for pattern in server_names(row[1]))]
    exact = [row for row in named if name in server_names(row[1])]
    defaults = [row for row in fitting if any("default_server" in d.args for d in row[1].block or () if d.name == "listen")]
    return next(iter([*exact, *named, *defaults, *fitting]), None)


def server_names(server: Directive) -> list[str]:
    """Every name of a server block, as written."""
    return [name for d in server.block or () if d.name == "server_name" for name in d.args]


def _is_tls(server: Directive) -> bool:
    listens = [d for d in server.block or () if d.name == "listen"]
    return any("ssl" in d.args for d in listens) or any(d.name == "ssl" and d.args == ["on"] for d in server.block or ())


def _named(pattern: str, name: str) -> bool:
    if pattern.startswith("~"):
        return _matches(pattern[1:], name, regex.IGNORECASE)
    if pattern.startswith("."):
        return name == pattern[1:] or name.endswith(pattern)
    return fnmatchcase(name, pattern.lower())


def _matches(pattern: str, text: str, flags: int = 0) -> bool:
    try:
        return regex.search(pattern, text, flags, timeout=0.5) is not None
    except (regex.error, TimeoutError):
        return False


def _location(inside: list[Directive], path: str) -> tuple[Directive | None, list[list[Directive]]]:
    """The location that serves a path, and its blocks from the outer one in."""
    places = [d for d in inside if d.name == "location" and d.args and d.block is not None]
    exact = next((d for d in places if d.args[0] == "=" and d.args[-1] == path), None)
    if exact is not None:
        return exact, [exact.block or []]
    plain = [d for d in places if d.args[0] in ("^~", d.args[-1]) and not d.args[0].startswith(("~", "@"))]
    longest = max((d for d in plain if path.startswith(d.args[-1])), key=lambda d: len(d.args[-1]), default=None)
    chosen = longest
    if longest is None or longest.args[0] != "^~":
        pattern = (d for d in places if d.args[0] in ("~", "~*"))
        found = next((d for d in pattern if _matches(d.args[-1], path, regex.IGNORECASE if d.args[0] == "~*" else 0)), None)
        chosen = found or longest
    if chosen is None or chosen.block is None:
        return None, []
    inner, levels = _location(chosen.block, path)
    return (inner or chosen), [chosen.block, *levels]


_WORD = regex.compile(r"[a-z_]{1,24}|[0-9]{1,10}(?:ms|[smhdwMykKgG])?|[0-9.]{3}|\$[a-z_]{1,40}|[~=^*]{1,2}|")
_HEADERS = frozenset({
    "upgrade", "connection", "host", "origin", "x-real-ip", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id",
})  # fmt: skip


def _shown_argument(argument: str) -> str:
    if _WORD.fullmatch(argument) or argument.lower() in _HEADERS:
        return argument or '""'
    if argument.startswith("/"):
        return shown_path(argument)
    if found := regex.fullmatch(r"(https?|grpc|uwsgi|fastcgi)://[^/:]*(:\d{1,5})?(/.*)?", argument):
        return f"{found[1]}://{ELIDED}{found[2] or ''}{shown_path(found[3]) if found[3] else ''}"
    return ELIDED
