"""What nginx's configuration makes of one request: what is inherited, what is sent to the app, and where.

After ngx_http_proxy_module.c and ngx_http_map_module.c: field-guide.md, chapter 3. nginx_location.py finds the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import regex

from wslogs.parsers.nginx_conf import Conf, Directive, duration, walk

DEFAULT_READ_TIMEOUT_S = 60.0
"""proxy_read_timeout where none is set, ngx_http_proxy_module.c."""
HTTP_1_1_SINCE = (1, 29, 7)
"""The version from which proxy_http_version is 1.1 where none is set."""
PASSES = ("proxy_pass", "grpc_pass", "uwsgi_pass", "fastcgi_pass", "scgi_pass")
"""Directives that hand a request on; only the first can carry an upgrade."""
_HANDSHAKE = {"http_upgrade": "websocket", "http_connection": "Upgrade", "http_sec_websocket_version": "13", "request_method": "GET"}
"""What a browser's handshake holds."""
_ANSWER = frozenset({"upgrade", "connection", "sec-websocket-accept"})
_KNOWN_INCLUDES = ("mime.types", "fastcgi_params", "fastcgi.conf", "uwsgi_params", "ssl-params.conf", "options-ssl-nginx.conf")
_VARIABLE = regex.compile(r"\$\{(\w+)\}|\$(\w+)")
_DEEPEST = 8


@dataclass(slots=True)
class Route:
    """Where the configuration sends one request. `levels` go from the outermost block to the innermost."""

    server: Directive | None
    location: Directive | None
    levels: list[list[Directive]]
    maps: list[Directive]
    path: str | None = None
    """What was routed; None where only one way is there to go."""
    adds_slash: bool = False
    """Whether nginx answers 301 to the path with a slash at its end (auto_redirect)."""

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

    def all_of(self, *names: str) -> list[Directive]:
        """Directives that are inherited all or nothing: those of the innermost level that has one."""
        for level in reversed(self.levels):
            if found := [d for d in level if d.name in names]:
                return found
        return []

    def headers(self) -> list[Directive]:
        """proxy_set_header: inherited all or nothing."""
        return [d for d in self.all_of("proxy_set_header") if len(d.args) > 1]

    def header(self, name: str) -> Directive | None:
        return next((d for d in self.headers() if d.args[0].lower() == name), None)

    def discarded(self, name: str) -> Directive | None:
        """The proxy_set_header of a header further out that an inner one has put out of force."""
        own = self.headers()
        rows = [d for level in self.levels for d in level if d.name == "proxy_set_header" and len(d.args) > 1]
        return next((d for d in rows if d.args[0].lower() == name and not any(d is one for one in own)), None)

    def read_timeout(self) -> tuple[float, Directive | None]:
        """Seconds of silence after which nginx cuts a tunnel."""
        directive = self.one("proxy_read_timeout")
        value = duration(directive.args[0]) if directive and directive.args else None
        return (value if value is not None else DEFAULT_READ_TIMEOUT_S), directive

    def http_version(self, nginx: tuple[int, ...] | None) -> tuple[str | None, Directive | None]:
        """The version of HTTP that the app is spoken to in; None where that depends on a version of nginx that is not known."""
        directive = self.one("proxy_http_version")
        if directive is not None and directive.args:
            return directive.args[0], directive
        if nginx is None:
            return None, None
        return ("1.1" if nginx >= HTTP_1_1_SINCE else "1.0"), None

    def upgrade(self) -> tuple[bool | None, list[Directive]]:
        """(whether the app is asked to upgrade, the lines that decide it); None where the bundle lacks what decides it."""
        broken = [d for d in self.all_of("proxy_hide_header") if d.args and d.args[0].lower() in _ANSWER]
        broken += [d for d in self.headers() if d.args[0].lower() == "sec-websocket-key" and not d.args[1]]
        whole = self.one("proxy_pass_request_headers")
        if broken or (whole is not None and whole.args == ["off"]):
            return False, [*broken, *([whole] if whole is not None and not broken else [])]
        lines, states = [], list[bool | None]()
        for name, fits in (("upgrade", _is_websocket), ("connection", _has_upgrade)):
            directive = self.header(name)
            value = self.value(directive.args[1]) if directive is not None else ""
            state = None if value is None or (directive is None and self.may_be_elsewhere()) else fits(value)
            states.append(state)
            if directive is not None and state is not True:
                lines += [directive, *self._map_of(directive.args[1])]
            elif state is False and (outer := self.discarded(name)) is not None:
                lines += [*self.headers()[:1], outer]
        if False in states:
            return False, lines
        return (None, lines) if None in states else (True, [d for n in ("upgrade", "connection") if (d := self.header(n)) is not None])

    def passes_upgrade(self) -> bool | None:
        """Whether the app is asked to upgrade: both headers, as ngx_http_proxy_module.c would send them."""
        return self.upgrade()[0]

    def may_be_elsewhere(self) -> bool:
        """Whether a file that the bundle lacks may hold more directives of this way."""
        inner = self.levels[1:] if self.server is not None else self.levels
        rows = [d for level in inner for d in level if d.name == "include" and d.args]
        return any(not d.args[0].endswith(_KNOWN_INCLUDES) for d in rows)

    def value(self, text: str, depth: int = 0) -> str | None:
        """What a text with variables becomes in a browser's handshake; None where that cannot be known."""
        parts, place = [], 0
        for found in _VARIABLE.finditer(text):
            made = self._variable(found[1] or found[2], depth)
            if made is None:
                return None
            parts += [text[place : found.start()], made]
            place = found.end()
        return "".join([*parts, text[place:]])

    def _variable(self, name: str, depth: int) -> str | None:
        if name in _HANDSHAKE:
            return _HANDSHAKE[name]
        if depth > _DEEPEST:
            return None
        for level in reversed(self.levels):
            for directive in reversed(level):
                if directive.name == "set" and directive.args[:1] == [f"${name}"] and len(directive.args) == 2:
                    return self.value(directive.args[1], depth + 1)
        for directive in self._map_of(f"${name}"):
            source = self.value(directive.args[0], depth + 1)
            if source is not None:
                made = _mapped(directive, source)
                return None if made is None else self.value(made, depth + 1)
        return None

    def _map_of(self, text: str) -> list[Directive]:
        names = {f"${found[1] or found[2]}" for found in _VARIABLE.finditer(text)}
        return [d for d in self.maps if d.args[1:2] and d.args[1] in names][:1]

    def app_path(self) -> tuple[str | None, Directive | None]:
        """(the path that the app receives, the line that makes it another one); None where a rewrite or a variable makes it."""
        passed, place = self.own("proxy_pass"), self.location
        if self.path is None or passed is None or not passed.args:
            return self.path, None
        rewrite = next((d for level in self.levels for d in level if d.name == "rewrite"), None)
        if rewrite is not None or "$" in passed.args[0]:
            return None, rewrite or passed
        rest = passed.args[0].partition("://")[2]
        uri = rest[rest.index("/") :] if "/" in rest else None
        if uri is None or place is None or place.args[0] in ("~", "~*"):
            return self.path, None
        prefix = place.args[-1]
        return uri + self.path.removeprefix(prefix), passed if uri != prefix else None


_MOST_EXPRESSIONS = 500
"""Of one map."""
_LONGEST = 4096
_MATCH_S = 0.1
"""A path and an expression of nginx.conf need some microseconds."""


def _is_websocket(value: str) -> bool:
    return value.strip().lower() == "websocket"


def _has_upgrade(value: str) -> bool:
    return "upgrade" in [word.strip().lower() for word in value.split(",")]


def _mapped(directive: Directive, source: str) -> str | None:
    """What a map makes of a value: the exact row, else the first expression that fits, else the default. None: it has too many."""
    rows = {row.name: row.args[0] if row.args else "" for row in directive.block or ()}
    exact = {name.lower(): value for name, value in rows.items()}
    if source.lower() in exact:
        return exact[source.lower()]
    expressions = [name for name in rows if name.startswith("~")]
    for name in expressions[:_MOST_EXPRESSIONS]:
        if matches(name.lstrip("~*"), source, regex.IGNORECASE if name.startswith("~*") else 0):
            return rows[name]
    return rows.get("default", "") if len(expressions) <= _MOST_EXPRESSIONS else None


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


@lru_cache(maxsize=1 << 14)
def matches(pattern: str, text: str, flags: int = 0) -> bool:
    """Whether an expression of nginx fits; one that is none, or takes too long, does not."""
    try:
        return len(pattern) <= _LONGEST and regex.search(pattern, text[:_LONGEST], flags, timeout=_MATCH_S) is not None
    except (regex.error, TimeoutError, RecursionError, MemoryError, OverflowError):
        return False
