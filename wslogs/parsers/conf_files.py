"""nginx's configuration files, or an `nginx -T` dump of them -> directives. Parsing is crossplane's."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import regex

from wslogs.bundle import Item
from wslogs.errors import PatternError
from wslogs.model import Source, Tier
from wslogs.parsers.log_format import layout
from wslogs.parsers.nginx_conf import Conf, Directive, server_names, walk
from wslogs.redact import ELIDED

_DIRECTIVE = regex.compile(
    rb"(?m)^[ \t]*(?:(?:http|events|server|types|stream|upstream[ \t]+\S+|location[ \t]+\S[^\n]*|(?:map|geo)[ \t]+\S+[ \t]+\$\w+)\s*\{"
    rb"|(?:proxy_\w+|listen|server_name|ssl_\w+|worker_\w+|try_files|access_log|error_log|add_header|client_\w+|keepalive_timeout"
    rb"|set_real_ip_from|real_ip_header|gzip\w*|sendfile|tcp_nopush|resolver|limit_\w+|auth_request|error_page|default_type|upstream"
    rb"|return[ \t]+\d{3}|root[ \t]+/|include[ \t]+\S*[/.*]|set[ \t]+\$\w+|server[ \t]+\S+:\d+)\b[^\n]*;"
    rb"|include[ \t]+[^\s;]+;|log_format[ \t]+\w+[ \t])"
)
_DUMP = regex.compile(r"(?m)^# configuration file (\S+):[ \t\r]*$")
_MOST = 8 << 20
_DEEPEST = 10
"""Includes within includes; a file that includes itself ends there."""
_MOST_INCLUDED = 500
"""Times that files are put in place of an include; files that include each other twice would grow without end."""
_WHOLE = ("http", "events")
"""Blocks that only a main configuration file has."""
Find = Callable[[str], Sequence[Item]]
"""The argument of an include -> the files of the bundle that it names, in nginx's order."""


@dataclass(slots=True)
class _Reading:
    """One file, with what it includes."""

    conf: Conf
    source: Source
    find: Find
    dumped: dict[str, str] = field(default_factory=dict)
    """Name -> text of the other files of an `nginx -T` dump."""
    spare: int = _MOST_INCLUDED
    """Includes that may still be followed."""


def is_conf(head: bytes) -> bool:
    """Whether a file reads like nginx.conf or a part of one."""
    lines = [line for raw in head.splitlines() if (line := raw.strip()) and not line.startswith(b"#")]
    found = len(_DIRECTIVE.findall(head))
    closed = sum(line.endswith((b";", b"{", b"}")) for line in lines)
    return found >= 3 or (found >= 1 and (len(lines) <= 4 * found or closed * 5 >= len(lines) * 4))


def read(confs: Sequence[Item], others: Sequence[Item]) -> tuple[list[Source], Conf, dict[str, tuple[str, str]]]:
    """All configuration of a bundle: a source for each file, the directives, and every log_format by a name of its own.

    A file that another one includes stands in its place there and not once more by itself.
    """
    read = [parse(item, partial(_named, item, others, {one.path for one in confs})) for item in confs]
    included = {path for source, conf in read for path in conf.texts if path != source.path}
    roots = [(s, c) for s, c in read if s.path not in included or any(d.name in _WHOLE for d in c.directives)] or read
    whole, formats = Conf(), dict[str, tuple[str, str]]()
    for source, conf in roots:
        if len(roots) > 1 and _names(conf) & _names(whole):
            source.notes.append("another configuration of this bundle has a server of the same name: that one is followed")
        whole.directives += conf.directives
        for name, form in conf.log_formats().items():
            same = formats.setdefault(name, form) == form
            formats[name if same else f"{name} of {source.path}"] = form
    for _, conf in read:
        whole.texts |= conf.texts
    return [source for source, _ in read], whole, formats


def _names(conf: Conf) -> set[str]:
    return {name for d in walk(conf.directives) if d.name == "server" for name in server_names(d)} - {"_", "", "localhost"}


def _named(main: Item, items: Iterable[Item], confs: set[str], pattern: str) -> list[Item]:
    """The files of the bundle that an include names: of /etc/nginx/conf.d/*.conf as much of the end as one has, and those nearest."""
    words = [word for word in pattern.split("/") if word not in ("", ".", "..")]
    for count in range(len(words), 1 if words[-1:] == ["*"] else 0, -1):
        found = [i for i in items if i is not main and _fits(i.path.split("/"), words[-count:])]
        if count == 1 and "*" in words[-1]:  # a bundle without folders: parts of a configuration alone, not any file
            found = [i for i in found if i.path in confs and not any(regex.search(rf"(?m)^\s*{w}\s*\{{", _text(i)) for w in _WHOLE)]
        near = [_common(main.path, i.path) for i in found]
        if found:
            return sorted((i for i, n in zip(found, near, strict=True) if n == max(near)), key=lambda i: i.path)
    return []


def _fits(path: list[str], words: list[str]) -> bool:
    return len(path) >= len(words) and all(map(fnmatchcase, path[-len(words) :], words))


def _common(one: str, other: str) -> int:
    """How many folders two files share."""
    pairs = zip(one.split("/")[:-1], other.split("/")[:-1], strict=False)
    return next((count for count, (a, b) in enumerate(pairs) if a != b), min(one.count("/"), other.count("/")))


def parse(item: Item, find: Find = lambda _: ()) -> tuple[Source, Conf]:
    """The directives of one file, its includes put in from the bundle. Errors become notes of the source."""
    raw = _read(item)
    source = Source(path=item.path, kind="nginx-conf", tier=Tier.CONFIG, sha256=hashlib.sha256(raw).hexdigest())
    text = raw.decode("utf-8", "replace")
    source.lines = source.recognised = len(text.splitlines())
    parts = _dumped(text)
    reading = _Reading(Conf(texts={item.path: text}), source, find, {name: part for name, part in parts.items() if name})
    reading.conf.directives = _parse_text(parts.get("", text), item.path, source)
    _include(reading.conf.directives, reading, 0)
    source.kept = sum(1 for _ in walk(reading.conf.directives))
    source.notes += _refused(reading.conf)
    return source, reading.conf


def _refused(conf: Conf) -> Iterator[str]:
    """Log formats whose rows cannot be taken apart."""
    for name, (text, escape) in conf.log_formats().items():
        try:
            layout(name, text, escape)
        except PatternError as error:
            line = next(d.line for d in walk(conf.directives) if d.name == "log_format" and d.args[:1] == [name])
            yield f"line {line}: rows of this log_format cannot be read: {error.what}"


def _read(item: Item) -> bytes:
    with item.open() as stream:
        return stream.read(_MOST)


def _text(item: Item) -> str:
    return _read(item).decode("utf-8", "replace")


def _dumped(text: str) -> dict[str, str]:
    """The files of an `nginx -T` dump, each padded so that its line numbers are those of the dump; the first is named ""."""
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
    import crossplane  # the largest bundles are logs alone

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


def _include(rows: list[Directive], reading: _Reading, depth: int) -> None:
    """Puts included files in place, textually, as ngx_conf_include does."""
    position = 0
    while position < len(rows):
        row = rows[position]
        if row.block is not None:
            _include(row.block, reading, depth)
        if row.name == "include" and row.args and depth < _DEEPEST and reading.spare > 0:
            found = _included(row.args[0], reading)
            if found is None:
                note = f"line {row.line}: the included file is not in the bundle"
                if not row.args[0].endswith("mime.types") and note not in reading.source.notes:
                    reading.source.notes.append(note)
            else:
                reading.spare -= 1
                if reading.spare == 0:
                    reading.source.notes.append(f"more than {_MOST_INCLUDED} includes: further ones were left out")
                _include(found, reading, depth + 1)
                rows[position : position + 1] = found
                position += len(found) - 1
        position += 1


def _included(pattern: str, reading: _Reading) -> list[Directive] | None:
    """What an include stands for; None when neither the dump nor the bundle has it."""
    words = [word for word in pattern.split("/") if word]
    named = sorted(name for name in reading.dumped if _fits([word for word in name.split("/") if word], words))
    if named:
        return [d for name in named for d in _parse_text(reading.dumped[name], reading.source.path, reading.source)]
    items = reading.find(pattern)
    if not items:
        return None
    found = []
    for item in items:
        text = _text(item)
        reading.conf.texts[item.path] = text
        found += _parse_text(text, item.path, reading.source)
    return found
