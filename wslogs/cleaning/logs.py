"""Logs, line for line: as many lines, times as they stand, rows by what each variable may hold, other lines word by word."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

import regex

from wslogs.bundle import Item
from wslogs.cleaning import pieces
from wslogs.cleaning.texts import LOOSE, LOOSEST, STRICT, Texts
from wslogs.parsers import access
from wslogs.parsers.heads import Heads
from wslogs.parsers.kit import Kit, decode
from wslogs.parsers.log_format import Layout, unescape
from wslogs.patterns import Patterns

_DEEP = 4
_FAR = 64
"""A time stands in the first so many characters of a line."""
_MATCH_S = 0.5
_LONGEST = 1 << 20
"""Bytes of a line that are held at once; of a longer one the beginning of each such part stays."""
_AS_BYTES = regex.compile(r"\[\s*\d{1,3}(?:\s*,\s*\d{1,3})+\s*\]")
_JSON = regex.compile(
    r'"(?P<text>(?:[^"\\]|\\.)*+)"(?P<key>\s*:)?|(?P<bytes>\[\s*\d{1,3}(?:\s*,\s*\d{1,3}){3,}+\s*\])|(?P<bare>[^\s"{}\[\]:,]+)|(?P<open>"[^"]*$)'
)
_PLAIN = frozenset({"true", "false", "null"})
_MOMENT = regex.compile(r"1\d{9,18}(?:\.\d{1,9})?|\d{1,10}(?:\.\d{1,9})?")
_NUMBERS = regex.compile(r"[\d.,: \-]*")
_KEPT = frozenset({"time_local", "time_iso8601", "msec", "status", "pipe", "scheme", "is_args", "server_protocol", "request_method"})
_COUNTS = regex.compile(
    r"(?:request_time|request_length|body_bytes_sent|bytes_sent|connection_requests|connections_\w+|remote_port|server_port|gzip_ratio"
    r"|upstream_(?:\w+_time|status|bytes_\w+|response_length)|pid|connection|time)"
)
_HOSTS = frozenset({"host", "http_host", "server_name", "hostname", "proxy_upstream_name"})
_TARGETS = frozenset({"request_uri", "uri", "document_uri"})
_PAGES = frozenset({"http_referer", "http_origin"})
_WORDS = frozenset(
    {"http_upgrade", "http_connection", "sent_http_upgrade", "sent_http_connection", "ssl_protocol", "ssl_cipher", "message"}
)
_ADDRESSES = frozenset(
    {"remote_addr", "realip_remote_addr", "http_x_forwarded_for", "http_x_real_ip", "upstream_addr", "proxy_protocol_addr"}
)
_REQUEST = regex.compile(r"(?P<method>[A-Z]{3,10}) (?P<target>\S+)(?P<rest>.*)", regex.DOTALL)
_CONTROL = regex.compile(r"[\x00-\x1f\x7f\"]")
"""What stands in no value that nginx escaped."""
_Span = tuple[int, int, str]
"""(first, last place, what stands there instead)."""


class Logs:
    """Cleans the logs of one bundle."""

    def __init__(self, kit: Kit, texts: Texts) -> None:
        self._kit, self._texts = kit, texts
        self._layouts = access.layouts(kit)
        self._times = _time_keys(kit.patterns)
        self._variables = {
            key: name for r in kit.patterns.records if r.id == "record.access-json" for name, keys in r.fields.items() for key in keys
        }
        self.changed = 0
        """Lines that are read otherwise after than before: their meaning hung on a word that may not stay."""

    def lines(self, item: Item, programs: Mapping[str, str]) -> Iterator[bytes]:
        """Every line of a file with its end."""
        kinds = list(dict.fromkeys(programs.values()))
        heads = {kind: Heads(self._kit.patterns, kind) for kind in kinds}
        with item.open() as stream:
            ended = ((raw, raw.rstrip(b"\r\n")) for raw in iter(lambda: stream.readline(_LONGEST), b""))
            for rows in pieces.groups(((decode(body), raw[len(body) :]) for raw, body in ended), self._kit.patterns.wrappers):
                for made, row in zip(self._joined(rows, heads), rows, strict=True):
                    yield made.encode("utf-8", "replace") + row.end

    def _joined(self, rows: Sequence[pieces.Row], heads: Mapping[str, Heads]) -> Iterable[str]:
        """The lines of a group, clean: what a runtime cut is cleaned as one, and cut again."""
        if len(rows) == 1:
            return [self.line(rows[0].text, heads)]
        whole = "".join(row.inner for row in rows)
        bare = whole.rstrip("\n")
        around = [self._whole(row.outer, STRICT) for row in rows]
        return pieces.cut(self.line(bare, heads) + whole[len(bare) :], rows, around)

    def text(self, text: str, programs: Mapping[str, str]) -> str:
        """A whole text of lines."""
        heads = {kind: Heads(self._kit.patterns, kind) for kind in programs.values()}
        return "\n".join(self.line(line, heads) for line in text.split("\n"))

    def line(self, text: str, heads: Mapping[str, Heads]) -> str:
        """One line, as strictly as leaves its reading what it was."""
        if not text.strip():
            return text
        if "nginx-access" in heads and (row := self._row(text)) is not None:
            return row
        told, strict = self._told(text, heads), ""
        if not any(told):
            return self._whole(text, STRICT)
        for level in (STRICT, LOOSE, LOOSEST):
            for equal in (False, True):
                made = self._whole(text, level, equal=equal)
                if self._told(made, heads) == told:
                    return made
                strict = strict or made
        self.changed += 1
        return strict

    def _told(self, text: str, heads: Mapping[str, Heads]) -> list[object]:
        """What a line tells, as far as its reading decides anything."""
        said: list[object] = []
        for kind, head in heads.items():
            taken = head.take(text)
            if kind != "nginx-access":
                reading = self._kit.reader(kind).read_all(taken.bare if kind == "nginx-error" else taken.text)
                if reading:
                    said += [reading.message.id if reading.message else "", reading.signals, sorted(reading.fields), taken.at, taken.zoned]
            said += sorted(taken.record) if taken.record is not None else []
        return said

    def _whole(self, text: str, level: int, depth: int = 0, *, equal: bool = False) -> str:
        """A line: its wrappers, its time, and its words or its record."""
        done, place = list[str](), 0
        for _ in range(_DEEP):
            rest = text[place:]
            found = next((f for w in self._kit.patterns.wrappers if (f := w.match.match(rest)) is not None and f.end()), None)
            if found is None or rest.startswith("{"):
                break
            done.append(_filled(rest[: found.end()], self._of_wrapper(found)))
            place += found.end()
        rest = text[place:]
        if rest.startswith("{") and depth < _DEEP:
            return "".join(done) + self._record(rest, level, depth, equal=equal)
        if done and (row := self._row(rest)) is not None:
            return "".join(done) + row
        stamp = next((f for s in self._kit.patterns.stamps if (f := s.match.search(rest[:_FAR])) is not None), None)
        if stamp is None:
            return "".join(done) + self._texts.line(rest, level, equal=equal)
        first, last = stamp.span("time")
        before, after = (self._texts.line(part, level, equal=equal) for part in (rest[:first], rest[last:]))
        return f"{''.join(done)}{before}{rest[first:last]}{after}"

    def _of_wrapper(self, found: regex.Match[str]) -> Iterator[_Span]:
        for name, value in found.groupdict().items():
            if value is not None and name in ("program", "host"):
                yield *found.span(name), self._texts.name(value)
        inside = found[0]
        for pid in regex.finditer(r"\[(\d+)\]:? ?$", inside):
            yield *pid.span(1), self._texts.line(pid[1])

    def _row(self, text: str) -> str | None:
        """A row of an access log, value by value; None when it is none."""
        for place, layout in enumerate(self._layouts):
            try:
                found = layout.expression.match(text, timeout=_MATCH_S)
            except TimeoutError:
                continue
            if found is not None:
                if place:  # a log keeps to one
                    self._layouts.insert(0, self._layouts.pop(place))
                return self._of_layout(layout, found, text)
        return None

    def _of_layout(self, layout: Layout, found: regex.Match[str], text: str) -> str:
        values = ((group, variable) for group, variable in layout.names.items() if found[group])
        spans = [(*found.span(group), self.value(variable, found[group], layout.escape)) for group, variable in values]
        own = all(group == variable for group, variable in layout.names.items())  # of a stanza's own expression: anything may stand between
        return _filled(text, spans, self._texts if own else None)

    def value(self, variable: str, raw: str, escape: str = "none") -> str:
        """What stands for the value of a variable of nginx, given as nginx escaped it."""
        text = unescape(raw, escape)
        if text in ("", "-"):
            return raw
        made = self._value(variable, text, raw)
        return made if escape == "none" else _CONTROL.sub("-", made)

    def _value(self, variable: str, text: str, raw: str) -> str:
        if variable in _KEPT or _COUNTS.fullmatch(variable):
            return (
                text
                if (variable in _KEPT and regex.fullmatch(r"[\w/:.+ \-]{1,40}", text)) or _NUMBERS.fullmatch(text)
                else self._texts.line(raw)
            )
        if variable == "request":
            return self._request(text, raw)
        if variable in _TARGETS or variable == "uri?args":
            return self._texts.target(text) if text.startswith("/") else self._texts.line(raw)
        if variable in ("args", "query_string"):
            return self._texts.query(text)
        if variable in _HOSTS:
            return self._texts.host(text)
        if variable in _PAGES:
            return self._texts.url(text)
        if variable == "http_user_agent":
            return self._texts.agent(text)
        if variable in _WORDS or variable in _ADDRESSES:
            return self._texts.line(raw)
        return self._texts.names.of(text, "value of an access log")

    def _request(self, text: str, raw: str) -> str:
        found = _REQUEST.fullmatch(text)
        if found is None or not found["target"].startswith("/"):
            return self._texts.line(raw)
        version = regex.fullmatch(r" HTTP/[0-9.]{1,3}", found["rest"])
        rest = found["rest"] if version is not None else self._texts.line(found["rest"])
        return f"{found['method']} {self._texts.target(found['target'])}{rest}"

    def _record(self, text: str, level: int, depth: int, *, equal: bool) -> str:
        """A line of JSON: the same keys, known ones as they are, and each text cleaned as what it is."""
        key = ""
        parts, place = list[str](), 0
        for found in _JSON.finditer(text):
            parts.append(text[place : found.start()])
            place = found.end()
            if found["key"] is not None:
                key = _unquoted(found["text"])
                parts.append(_quoted(self._texts.words(key), found[0]) + found["key"])
            elif found["text"] is not None:
                parts.append(_quoted(self._field(key, _unquoted(found["text"]), level, depth, equal=equal), found[0]))
            elif found["bytes"] is not None and _AS_BYTES.fullmatch(found[0]):
                parts.append(self._of_bytes(found[0], level, depth, equal=equal))
            elif found["bare"] is not None:
                parts.append(found[0] if found[0] in _PLAIN else self._number(key, found[0]))
            else:  # a line that was cut inside a text
                parts.append('"' + self._texts.line(_unquoted(found[0][1:]), level, equal=equal).replace('"', "'").replace("\\", "/"))
        return "".join(parts) + self._texts.line(text[place:], level, equal=equal)

    def _of_bytes(self, text: str, level: int, depth: int, *, equal: bool) -> str:
        """journald writes a text with control characters as a list of its bytes."""
        numbers = [int(number) for number in regex.findall(r"\d+", text)]
        if max(numbers) > 255:
            return "[" + ",".join("0" for _ in numbers) + "]"
        made = self._whole(decode(bytes(numbers)), level, depth + 1, equal=equal)
        return "[" + ",".join(str(byte) for byte in made.encode()) + "]"

    def _field(self, key: str, text: str, level: int, depth: int, *, equal: bool) -> str:
        if key.lower() in self._times and (_MOMENT.fullmatch(text) or self._is_time(text)):
            return text
        if (variable := self._variables.get(key)) is not None and variable not in ("message", "request_id", "time"):
            return self.value(variable, text)
        if _SECRET_KEY.search(key) and level != LOOSEST and text:
            return text if level == LOOSE and self._texts.words(text) == text else self._texts.names.of(text, "value of a JSON log")
        ending = text[len(text.rstrip("\n")) :]
        lines = text.rstrip("\n").split("\n")
        return "\n".join(self._whole(line, level, depth + 1, equal=equal) for line in lines) + ending

    def _is_time(self, text: str) -> bool:
        return any((f := s.match.search(text)) is not None and f["time"] == text for s in self._kit.patterns.stamps)

    def _number(self, key: str, text: str) -> str:
        if key.lower() in self._times and _MOMENT.fullmatch(text):
            return text
        made = self._texts.line(text)
        return made if made == text else regex.sub(r"^(-?)0(?=\d)", r"\g<1>1", made)  # no number of JSON begins with more than one digit 0


_SECRET_KEY = regex.compile(
    r"(?i)token|secret|passw|pwd|cookie|auth|session|credential|api.?key|signature|email|phone|user(?!.?agent)|login|otp|\bpin\b"
)


def _time_keys(patterns: Patterns) -> frozenset[str]:
    """The keys under which records hold their time."""
    names = (key for record in patterns.records for key in record.fields.get("time", ()))
    return frozenset(part for name in names for part in (name.lower(), name.rpartition(".")[2].lower())) | {"repr"}


def _filled(text: str, spans: Iterable[_Span], between: Texts | None = None) -> str:
    """A text with other parts in some places; what stands between them is literal unless it is to be cleaned."""
    parts, place = list[str](), 0
    for first, last, made in sorted(spans):
        if first < place:
            continue
        gap = text[place:first]
        parts += [between.line(gap) if between is not None else gap, made]
        place = last
    gap = text[place:]
    return "".join([*parts, between.line(gap) if between is not None else gap])


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def _quoted(text: str, like: str) -> str:
    return json.dumps(text, ensure_ascii=like.isascii())
