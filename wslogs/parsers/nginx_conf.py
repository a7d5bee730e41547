"""Directives with file and line, and the log formats among them. conf_files.py reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import regex

from wslogs.paths import configured, known
from wslogs.redact import ELIDED, shown_path

_UNITS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "M": 2592000.0, "y": 31536000.0}


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
        name = self.name if _NAME.fullmatch(self.name) else ELIDED
        return " ".join([name, *(_shown_argument(a, self.name) for a in self.args)]) + (" {" if self.block is not None else ";")


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


def walk(directives: list[Directive]) -> Iterator[Directive]:
    """Every directive, outer ones first."""
    for directive in directives:
        yield directive
        if directive.block is not None:
            yield from walk(directive.block)


def places(directives: list[Directive]) -> frozenset[str]:
    """The segments of paths that the configuration names, where they look like words."""
    told = (a for d in walk(directives) if d.name in _PLACES for a in d.args)
    return frozenset().union(*(configured(a.partition("://")[2].partition("/")[2] if "://" in a else a) for a in told if "/" in a))


def secrets(directives: list[Directive]) -> Iterator[str]:
    """Words of the configuration that may be secrets: what it sets headers and variables to, maps, and checks signatures with."""
    for directive in walk(directives):
        rows = directive.block if directive.name in ("map", "geo") and directive.block else [directive] if directive.name in _SECRET else ()
        for row in rows:
            for argument in (row.name, *row.args) if row is not directive else row.args[_SECRET[directive.name] :]:
                words = [argument, *argument.split()]
                yield from (word for word in words if not regex.fullmatch(r"\$\w+", word) and ELIDED in _shown_argument(word, row.name))


def duration(text: str) -> float | None:
    """Seconds of an nginx time such as 86400, 6s or 1h30m; None when it is none (ngx_parse_time)."""
    parts = regex.findall(r"(\d+)(ms|[smhdwMy]?)", text)
    if not parts or "".join(a + b for a, b in parts) != text:
        return None
    return float(sum(int(value) * _UNITS[unit] for value, unit in parts))


def server_names(server: Directive) -> list[str]:
    """Every name of a server block, as written."""
    return [name for d in server.block or () if d.name == "server_name" for name in d.args]


_NAME = regex.compile(r"[a-z_]{1,40}")
_WORD = regex.compile(r"[0-9]{1,10}(?:ms|[smhdwMykKgG])?|[0-9.]{3}|\$[a-z_]{1,40}|[~=^*]{1,2}|")
_ITSELF = regex.compile(r"(?:https?://)?(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?/?")
"""An address of the machine itself, which names nobody."""
_HEADERS = frozenset({
    "upgrade", "connection", "host", "origin", "x-real-ip", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id",
})  # fmt: skip
_WORDS = frozenset({
    "on", "off", "any", "all", "default", "ssl", "quic", "default_server", "reuseport", "backlog", "proxy_protocol", "upgrade", "close",
    "keep", "alive", "error", "timeout", "invalid_header", "non_idempotent", "combined", "main", "info", "notice", "warn", "crit", "debug",
    "emerg", "last", "break", "redirect", "permanent", "nodelay", "backup", "down", "resolve", "auto", "always", "epoll", "kqueue",
    "round_robin", "request_method", "volatile", "hostnames", "uri", "args", "keep-alive", "updating", "none", "optional", "gzip",
})  # fmt: skip
"""Words that nginx knows as arguments; others are names that somebody gave, or values."""
_PLAIN = ("proxy_set_header", "upstream", "listen", "events", "limit_conn", "limit_req", "map", "location")
"""Directives with words that are names of kinds of things, where they are known ones."""
_SECRET = {"proxy_set_header": 1, "add_header": 1, "set": 1, "secure_link_md5": 0, "secure_link_secret": 0, "return": 1, "if": 0}
"""Directives that may hold a secret, and the argument from which on."""
_PLACES = ("location", "proxy_pass", "rewrite", "try_files")
"""Directives whose paths are what the bundle's configuration calls its places."""


def _shown_argument(argument: str, directive: str) -> str:
    if _WORD.fullmatch(argument) or argument.lower() in _HEADERS or argument in _WORDS or (directive in _PLAIN and known(argument)):
        return argument or '""'
    if argument.startswith("/"):
        return shown_path(argument, configured(argument) if directive in _PLACES else ())
    if _ITSELF.fullmatch(argument):
        return argument
    if found := regex.fullmatch(r"(https?|grpc|uwsgi|fastcgi)://[^/:]*(:\d{1,5})?(/.*)?", argument):
        return f"{found[1]}://{ELIDED}{found[2] or ''}{shown_path(found[3], configured(found[3])) if found[3] else ''}"
    return ELIDED
