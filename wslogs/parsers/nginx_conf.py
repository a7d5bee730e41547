"""nginx.conf -> directives with file and line, the log formats in it, and the way a request takes through it.

Parsing is crossplane's. The way follows ngx_http_core_module.c (choice of server and location) and
ngx_http_proxy_module.c (what is inherited): field-guide.md, chapter 3.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import crossplane
import regex

from wslogs.bundle import Item
from wslogs.model import Source, Tier
from wslogs.redact import ELIDED, shown_path

_DIRECTIVE = regex.compile(
    rb"(?m)^\s*(?:http|events|server|upstream|location\s+\S[^\n]*|map\s+\$\w+\s+\$\w+)\s*\{"
    rb"|^\s*(?:proxy_\w+|listen|server_name|ssl_\w+|root|include|log_format|worker_processes|try_files|return)\s[^\n]*;"
)
_DUMP = regex.compile(r"(?m)^# configuration file (\S+):\s*$")
_MOST = 8 << 20
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
        """log_format name -> (format, escape)."""
        found = {}
        for directive in walk(self.directives):
            if directive.name == "log_format" and len(directive.args) > 1:
                parts = directive.args[1:]
                escape = parts.pop(0).removeprefix("escape=") if parts[0].startswith("escape=") else "default"
                found[directive.args[0]] = ("".join(parts), escape)
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


def is_conf(head: bytes) -> bool:
    """Whether a file reads like nginx.conf or a part of one."""
    lines = len([line for line in head.splitlines() if line.strip()])
    found = len(_DIRECTIVE.findall(head))
    return found >= 3 or (found >= 1 and lines <= 4 * found)


def parse(item: Item, others: Callable[[str], Item | None]) -> tuple[Source, Conf]:
    """The directives of one file, its includes put in from the bundle. Errors become notes of the source."""
    raw = _read(item)
    source = Source(path=item.path, kind="nginx-conf", tier=Tier.CONFIG, sha256=hashlib.sha256(raw).hexdigest())
    text = raw.decode("utf-8", "replace")
    source.lines = source.recognised = len(text.splitlines())
    conf = Conf(texts={item.path: text})
    parts = _dumped(text)
    conf.directives = _parse_text(parts.get("", text), item.path, source)
    _include(conf.directives, conf, source, others, {name: part for name, part in parts.items() if name}, 0)
    source.kept = sum(1 for _ in walk(conf.directives))
    return source, conf


def _read(item: Item) -> bytes:
    with item.open() as stream:
        return stream.read(_MOST)


def _dumped(text: str) -> dict[str, str]:
    """The files of an `nginx -T` dump, each padded so that its line numbers are those of the dump."""
    marks = list(_DUMP.finditer(text))
    if not marks:
        return {"": text}
    found: dict[str, str] = {}
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        part = text[mark.end() : after.start() if after else len(text)]
        found["" if not found else mark[1]] = "\n" * text.count("\n", 0, mark.end()) + part
    return found


def _parse_text(text: str, label: str, source: Source) -> list[Directive]:
    for closing in range(4):
        payload = _crossplane(text + "\n}" * closing)
        errors = [e for e in payload["errors"] if "expecting" in str(e["error"])]
        if not errors:
            break
        if closing == 0:
            source.notes.append("a block is not closed")
    for error in payload["errors"][:3]:
        where = f"line {error['line']}: " if error["line"] else ""
        source.notes.append(where + _reason(str(error["error"])))
    return _tree(payload["config"][0]["parsed"], label, 0) if payload["config"] else []


def _reason(error: str) -> str:
    """crossplane's own words without the names in them."""
    return regex.sub(r"\"[^\"]*\"", f'"{ELIDED}"', error.rpartition(" in ")[0] or error)[:120]


def _crossplane(text: str) -> dict[str, list[dict[str, object]]]:  # crossplane has no types
    # crossplane reads files only; the copy is private and gone at once.
    with tempfile.TemporaryDirectory(prefix="wslogs-") as folder:
        copy = Path(folder) / "nginx.conf"
        copy.write_text(text, encoding="utf-8", errors="replace", newline="\n")
        try:
            payload: dict[str, list[dict[str, object]]] = crossplane.parse(str(copy), single=True, check_ctx=False, check_args=False)
        except RecursionError:
            return {"errors": [{"error": "blocks nest too deep", "line": 0}], "config": []}
    return payload


def _tree(rows: object, label: str, depth: int) -> list[Directive]:
    assert isinstance(rows, list)
    return [
        Directive(
            name=row["directive"],
            args=list(row["args"]),
            file=label,
            line=row["line"],
            block=_tree(row["block"], label, depth + 1) if "block" in row and depth < 50 else None,
        )
        for row in rows
    ]


def _include(
    rows: list[Directive], conf: Conf, source: Source, others: Callable[[str], Item | None], dumped: dict[str, str], depth: int
) -> None:
    """Puts included files in place, textually, as ngx_conf_include does."""
    position = 0
    while position < len(rows):
        row = rows[position]
        if row.block is not None:
            _include(row.block, conf, source, others, dumped, depth)
        if row.name == "include" and row.args and depth < 10:
            found = _included(row.args[0], conf, source, others, dumped)
            if found is None:
                note = f"line {row.line}: the included file is not in the bundle"
                if not row.args[0].endswith("mime.types") and note not in source.notes:
                    source.notes.append(note)
            else:
                _include(found, conf, source, others, dumped, depth + 1)
                rows[position : position + 1] = found
                position += len(found) - 1
        position += 1


def _included(
    pattern: str, conf: Conf, source: Source, others: Callable[[str], Item | None], dumped: dict[str, str]
) -> list[Directive] | None:
    names = sorted(name for name in dumped if fnmatchcase(name, pattern) or name.endswith("/" + pattern))
    if names:
        return [d for name in names for d in _parse_text(dumped[name], source.path, source)]
    item = others(pattern)
    if item is None:
        return None
    text = _read(item).decode("utf-8", "replace")
    conf.texts[item.path] = text
    return _parse_text(text, item.path, source)


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
    http = [d for d in conf.directives if d.name == "http"]
    outer = http[0].block or [] if http else conf.directives
    maps = [d for d in walk(conf.directives) if d.name == "map" and len(d.args) > 1]
    server = _server([d for d in outer if d.name == "server" and d.block is not None], scheme, host)
    inside = server.block if server is not None and server.block is not None else conf.directives
    location, levels = _location(inside, path)
    if server is None and location is None:
        return None
    return Route(server, location, [outer, inside, *levels] if server else [inside, *levels], maps)


def _server(servers: list[Directive], scheme: str | None, host: str | None) -> Directive | None:
    """By server_name among those that listen for the scheme; else the default one, else the first."""
    secure = scheme in ("wss", "https")
    fitting = [s for s in servers if scheme is None or secure == _is_tls(s)] or servers
    name = (host or "").partition(":")[0].lower()
    named = [s for s in fitting if any(_named(pattern, name) for d in s.block or () if d.name == "server_name" for pattern in d.args)]
    exact = [s for s in named if any(name in d.args for d in s.block or () if d.name == "server_name")]
    defaults = [s for s in fitting if any("default_server" in d.args for d in s.block or () if d.name == "listen")]
    return next(iter([*exact, *named, *defaults, *fitting]), None)


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
