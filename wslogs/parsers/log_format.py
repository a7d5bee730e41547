"""nginx's `log_format`, turned into an expression by the value grammar of each variable.

Source of the grammar: nginx, src/http/modules/ngx_http_log_module.c (escaping), src/http/ngx_http_variables.c and
ngx_http_upstream.c (lists of upstreams).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import regex

from wslogs.errors import PatternError

_VARIABLE = regex.compile(r"\$\{(\w+)\}|\$(\w+)")
_LAZY = "§"
"""Stands behind each quantifier: nothing for the longest reading of a row, `?` for the shortest."""
_MATCH_S = 1.0


@dataclass(frozen=True, slots=True)
class _Value:
    """How the values of a variable look."""

    pattern: str
    holds: str
    """The class of characters that it can hold, without brackets."""
    whole: bool = False
    """Whether no value is the beginning of another, so that it ends by itself."""
    fixed: bool = False
    """Whether all are of one length."""
    first: str = ""
    """The character that it begins with."""

    def held(self, char: str) -> bool:
        return regex.match(f"[{self.holds}]", char) is not None


def _list(element: str) -> str:
    """`, ` within a group of upstreams, ` : ` between groups; a group that never came to an upstream leaves its ` : ` alone."""
    return rf"(?:{element}(?:(?:, | : ){element})*§(?: : )?§)?§"


_DIGITS = _Value(r"\d+§", r"\d")
_SECONDS = _Value(r"\d+§\.\d{3}", r"\d.", whole=True)
_STATUS = _Value(r"\d{3}", r"\d", whole=True, fixed=True)
_TYPED = {
    "time_local": _Value(r"\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}", r"\w/: +-", whole=True, fixed=True),
    "time_iso8601": _Value(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[+-]\d{2}:\d{2}", r"\dT:+-", whole=True, fixed=True),
    "msec": _SECONDS,
    "request_time": _SECONDS,
    "status": _STATUS,
    "pipe": _Value("[p.]", "p.", whole=True, fixed=True),
    "request_id": _Value("[0-9a-f]{32}", "0-9a-f", whole=True, fixed=True),
    "scheme": _Value("https?§", "https"),
    "is_args": _Value(r"\??§", "?"),
    "remote_addr": _Value(r"(?:[0-9A-Fa-f.:]+§|unix:|-)", r"0-9A-Fa-f.:unix\-"),
    "request_method": _Value(r"(?:[A-Z][A-Z_\-]*§|-)?§", r"A-Z_\-"),
    "server_protocol": _Value(r"(?:HTTP/\d\.\d|-)?§", r"HTP/\d.\-"),
    **dict.fromkeys(("body_bytes_sent", "bytes_sent", "request_length", "connection", "connection_requests", "pid"), _DIGITS),
    **dict.fromkeys(("remote_port", "server_port"), _Value(r"(?:\d+§|-)?§", r"\d\-")),
}
_TIMES = _Value(_list(r"(?:-|\d+§(?:\.\d+§)?§)"), r"\d., :\-")
_COUNTS = _Value(_list(r"(?:-|\d+§)"), r"\d, :\-")
_ADDRESSES = {
    True: _Value(_list(r"(?:[^\s,\"\\]|\\.)*§"), r"^\"\t"),
    False: _Value(_list(r"[^\s,]*§"), r"^\t"),
}
_HOSTS = {True: _Value(r"(?:[^\s\"\\/]|\\.)*§", r"^\s\"/"), False: _Value(r"[^\s/]*§", r"^\s/")}
"""A Host header that holds a blank or a slash is refused with 400."""
_WORDS = {True: _Value(r"(?:[^\s\"\\]|\\.)*§", r"^\s\""), False: _Value(r"\S*§", r"^\s")}
_FREE = {True: _Value(r"(?:[^\"\\\x00-\x1f]|\\.)*§", r"^\"\x00-\x1f"), False: _Value(r"[^\n]*§", r"^\n")}
"""Any other value: escaped (no quote and no control character stands in it as it is), or with escape=none raw."""
_QUOTED = r"[^\"\\\x00-\x1f]*+(?:\\.[^\"\\\x00-\x1f]*+)*+"
"""The same before a quote: there is no other end, so none is looked for."""
_USERS = {True: _Value(r"(?:[^\[\"\\\x00-\x1f]|\\.)*§", r"^\[\"\x00-\x1f"), False: _Value(r"[^\[\n]*§", r"^\[\n")}
"""A user's name may hold blanks; one with a bracket is not read, so that a broken row is seen to break where it does."""
_TARGETS = {
    "default": _Value(rf"(?:/{_FREE[True].pattern}|[*\-])", _FREE[True].holds, first="/"),
    "json": _Value(rf"(?:/{_FREE[True].pattern})?§", _FREE[True].holds, first="/"),
    "none": _Value(rf"(?:/{_FREE[False].pattern})?§", _FREE[False].holds, first="/"),
}
"""A path that touches what stands before it."""
_TARGET = "uri?args"
"""`$uri$is_args$args`, read as one: where the query begins can be told, where an empty one ends can not."""
_ASKED = frozenset({"request", "request_method", "request_uri", "uri", "document_uri", _TARGET})
_MOMENTS = frozenset({"time_local", "time_iso8601", "msec"})
_WITHOUT_QUERY = frozenset({"uri", "document_uri"})
_QUERY = frozenset({"args", "query_string"})
_OWN = regex.compile(
    r"(?:https?|sent_http|sent_trailer|upstream|arg|cookie|ssl|proxy|fastcgi|uwsgi|scgi|realip|geoip|tcpinfo|request|remote|server|"
    r"connection|limit|gzip|body|bytes|content|document|binary|nginx|uid|invalid|secure_link|time|host|hostname|uri|args|query_string|"
    r"is_args|pid|pipe|status|msec|scheme)(?:_\w+)?"
)
"""Names of variables that nginx itself has, or modules of it."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """One variable of a format, and what stands around it."""

    name: str
    value: _Value
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Layout:
    """One `log_format`, ready to read."""

    name: str
    expression: regex.Pattern[str]
    """Groups hold the values, each as long as it can be."""
    names: Mapping[str, str]
    """Group -> variable, in the order of the row."""
    opened: tuple[str, ...] = ()
    """What stands in every line of a request that was upgraded; empty when the format does not say the status."""
    escape: str = "default"
    shortest: regex.Pattern[str] | None = None
    """The same with each value as short as it can be. None: the format leaves no row two readings."""
    head: str | None = None
    """An expression for how each row begins, up to its request. None: there is no time before that, so it would fit anything."""

    def match(self, text: str) -> dict[str, str] | None:
        """Variable -> value without its escapes; None when the line is not of this format, or takes too long to tell.

        A row that can be read in two ways gives the values before the first that differs: the longest and the shortest
        reading come first and last in the order of lengths from left to right, so what they agree on from the left all do.
        """
        try:
            found = self.expression.match(text, timeout=_MATCH_S)
            other = self.shortest.match(text, timeout=_MATCH_S) if found is not None and self.shortest is not None else found
        except TimeoutError:
            return None
        if found is None or other is None:
            return None
        row: dict[str, str] = {}
        for group, variable in self.names.items():
            if other is not found and found.span(group) != other.span(group):
                break
            value = found[group] or ""
            if "\\" in value:
                value = unescape(value, self.escape)
            if variable == _TARGET:
                variable, value = "request_uri", _joined(value) if self.escape == "default" else value
            row.setdefault(variable, value)
        return row

    def whole(self, row: Mapping[str, str]) -> bool:
        """Whether a row that `match` gave could be read to its end."""
        return len(row) == len(set(self.names.values()) - ({_TARGET} if "request_uri" in self.names.values() else set()))


@lru_cache(256)  # each file of a bundle asks for the same ones
def layout(name: str, log_format: str, escape: str = "default") -> Layout:
    """Compiles a `log_format` (nginx's arguments after unquoting, joined). PatternError when two values touch."""
    slots, tail = _slots(log_format, escape)
    if not slots:
        raise PatternError(f"log_format {name}", "has no variable", "a log without any tells nothing")
    doubtful = any(slot.value.first for slot in slots)
    for segment in _segments(slots, escape != "none"):
        left = _undetermined(segment)
        doubtful = doubtful or len(left) > 1
        for one, two in pairwise(left):
            if not one.after and not _ends(one, two):
                raise PatternError(f"log_format {name}", f"${one.name} and ${two.name} touch", "put a character between them")
    opened: tuple[str, ...] = ()
    for slot in slots:
        if slot.name == "status":
            opened = (slot.before[-2:].lower() + "101" + slot.after[:1],)
    return Layout(
        name=name,
        expression=_compiled(slots, tail, ""),
        names={f"v{place}": slot.name for place, slot in enumerate(slots)},
        opened=opened,
        escape=escape,
        shortest=_compiled(slots, tail, "?") if doubtful else None,
        head=_head(slots),
    )


def _slots(log_format: str, escape: str) -> tuple[list[_Slot], str]:
    """The variables in order, and what stands after the last."""
    found = list(_parts(log_format))
    slots: list[_Slot] = []
    for place, (before, name) in enumerate(found[:-1]):
        after, following = found[place + 1][0], found[place + 1][1]
        if before == " " and slots and slots[-1].name == "request_method" and name != _TARGET and not _OWN.fullmatch(name):
            name = "request_uri"  # a variable of the bundle's own, such as a map that masks tokens
        touches = not before and bool(slots)
        slots.append(_Slot(name, _value(name, escape, touches), before, after if following or after else ""))
    return slots, found[-1][0]


def _parts(log_format: str) -> Iterator[tuple[str, str]]:
    """(literal, the variable after it); the last with none."""
    rows, position = [], 0
    for found in _VARIABLE.finditer(log_format):
        rows.append((log_format[position : found.start()], found[1] or found[2]))
        position = found.end()
    rows.append((log_format[position:], ""))
    place = 0
    while place < len(rows):
        (before, name), rest = rows[place], rows[place + 1 : place + 3]
        if name in _WITHOUT_QUERY and len(rest) == 2 and rest[0] == ("", "is_args") and not rest[1][0] and rest[1][1] in _QUERY:
            name, place = _TARGET, place + 2
        yield before, name
        place += 1


def _value(variable: str, escape: str, touches: bool) -> _Value:
    escaped = escape != "none"
    if variable in _TYPED:
        return _TYPED[variable]
    if variable in ("host", "http_host", "server_name", "hostname"):
        return _HOSTS[escaped]
    if variable == "remote_user":
        return _USERS[escaped]
    if variable == "req_id":  # ingress-nginx: the id that came with the request, or nginx's own
        return _WORDS[escaped]
    if variable == "upstream_addr":
        return _ADDRESSES[escaped]
    if variable.startswith("upstream_") and variable.endswith("_time"):
        return _TIMES
    if variable in ("upstream_status", "upstream_bytes_sent", "upstream_bytes_received", "upstream_response_length"):
        return _COUNTS
    if touches and variable in ("request_uri", "uri", "document_uri", _TARGET):
        return _TARGETS[escape if escape in _TARGETS else "default"]
    return _FREE[escaped]


def _segments(slots: Sequence[_Slot], escaped: bool) -> Iterator[list[_Slot]]:
    """Runs of variables between marks that stand in no value: a quote, or a control character, where values are escaped."""
    segment: list[_Slot] = []
    for slot in slots:
        if segment and escaped and regex.search(r"[\"\x00-\x1f]", slot.before):
            yield segment
            segment = []
        segment.append(slot)
    yield segment


def _undetermined(segment: list[_Slot]) -> list[_Slot]:
    """The variables of a run whose place neither its start nor its end tells; one alone is what remains between them."""
    first, last = 0, len(segment)
    while first < last and _ends(segment[first], segment[first + 1] if first + 1 < last else None):
        first += 1
    while last > first and _begins(segment[last - 1]):
        last -= 1
    return segment[first:last]


def _ends(slot: _Slot, following: _Slot | None) -> bool:
    """Whether a value's end is plain once its start is."""
    if slot.value.whole:
        return True
    if slot.after:
        return not slot.value.held(slot.after[0])
    return following is not None and bool(following.value.first) and not slot.value.held(following.value.first)


def _begins(slot: _Slot) -> bool:
    """Whether a value's start is plain once its end is."""
    return slot.value.fixed or (slot.before != "" and not slot.value.held(slot.before[-1]))


def _compiled(slots: Sequence[_Slot], tail: str, lazy: str) -> regex.Pattern[str]:
    parts = ["^"]
    for place, slot in enumerate(slots):
        parts += [regex.escape(slot.before), f"(?P<v{place}>{_written(slot, lazy)})"]
    blanks = r"[ \t]*" if tail or slots[-1].value.fixed else ""
    parts.append(regex.escape(tail) + blanks + r"\r?$")
    return regex.compile("".join(parts), regex.VERSION1)


def _written(slot: _Slot, lazy: str) -> str:
    """How the values of a slot look, as long or as short as they can be."""
    pattern = _QUOTED if slot.after[:1] == '"' and slot.value is _FREE[True] else slot.value.pattern
    return pattern.replace(_LAZY, lazy)


def _head(slots: Sequence[_Slot]) -> str | None:
    request = next((place for place, slot in enumerate(slots) if slot.name in _ASKED), 0)
    if not any(slot.name in _MOMENTS for slot in slots[:request]):
        return None
    return "^" + "".join(regex.escape(slot.before) + _written(slot, "") for slot in slots[:request]) + regex.escape(slots[request].before)


def _joined(value: str) -> str:
    """A missing query is written `-`, without a question mark before it."""
    return value if "?" in value or not value.endswith("-") or value == "-" else value[:-1]


_BYTE = regex.compile(rb"\\x([0-9A-Fa-f]{2})")


def unescape(value: str, escape: str) -> str:
    """What nginx wrote as it was: `default` escapes bytes as \\xHH, `json` as JSON does, `none` not at all."""
    if "\\" not in value or escape == "none":
        return value
    if escape == "json":
        try:
            return str(json.loads(f'"{value}"', strict=False))
        except ValueError:
            return value
    raw = _BYTE.sub(lambda found: bytes([int(found[1], 16)]), value.encode("utf-8", "surrogatepass"))
    return raw.decode("utf-8", "replace")
