"""What stands before the words of a log line: wrappers of container runtimes, the time, or a JSON record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, takewhile
from typing import Any

import msgspec
import regex

from wslogs import times
from wslogs.blocks import Line
from wslogs.parsers.kit import clean, decode, line_text
from wslogs.patterns import Patterns

_FAR = 64
"""A time stands in the first so many characters of a line, or it is not the line's time."""
_PIECES = 64
"""Lines in more pieces than this are read in parts."""
_DEEP = 4
"""Wrappers around each other: compose around a timestamp around the program; no more is seen in the wild."""
_OFTEN = 200
"""Lines after which all wrappers are asked for in one step: most lines have none."""
_BESIDE = ("code", "reason", "error")
"""Fields of a record that are read as if they stood in its message: loggers with fields leave them out of it."""
_UNITS = ((11, "epoch"), (14, "epoch-ms"), (17, "epoch-us"), (20, "epoch-ns"))
"""Digits before the point, and what they count: until the year 5138 seconds have at most eleven."""
AS_BYTES = '"message":['
"""The needle of a journald record whose text has control characters, such as colours: it is a list of numbers then."""
_json = msgspec.json.Decoder()
_HOLES = regex.compile(r'(?<="):(?=[,}])')
_LISTS = regex.compile(r'(?<=":)(?:(?:-|[\d.]+)(?:(?:, | : )(?:-|[\d.]+)?)+|-)(?=,"|})')
"""Numbers of a row that asked several upstreams, or none, where the format has no quotes around them."""


@dataclass(slots=True)
class Head:
    """A line taken apart. `at` is epoch seconds, a time without a zone read as UTC; None when the line has none."""

    text: str
    bare: str = ""
    """The line without its wrappers, its own time still in it."""
    outside: bool = False
    """Whether a wrapper or a record around the line told a time."""
    packed: bool = False
    """Whether the line came out of a JSON record or of pieces: needles may not be found in the bytes of one line of the file."""
    piece: bool | None = None
    """Whether the line goes on in the next one; None: its wrapper does not tell."""
    program: str = ""
    at: float | None = None
    zoned: bool = False
    dateless: bool = False
    """Whether the time says no day, or no year."""
    resolution_s: float = 1.0
    logged: str = ""
    record: Mapping[str, str] | None = None
    """Fields of a JSON line, by the names of its Record."""


class Heads:
    """Takes heads off lines. Remembers which stamp fitted last: a log keeps to one or two."""

    def __init__(self, patterns: Patterns, kind: str, near: float | None = None) -> None:
        self.near = near
        """An instant that a line said with its year, epoch seconds; a time without one is the closest to it."""
        self._wrappers = patterns.wrappers
        self._peeled = 0
        self._wrapped: regex.Pattern[str] | None = None
        self._stamps = list(patterns.stamps)
        self._envelopes = tuple(r for r in patterns.records if "line" in r.fields)
        self._records = tuple(r for r in patterns.records if r.kind == kind and "line" not in r.fields)

    def take(self, line: str) -> Head:
        head = Head(line)
        return self._read(head, self._unwrap(head))

    def whole(self, line: Line) -> tuple[Head, int, int]:
        """A line's head, and the numbers of its first and last line in the file: a runtime writes a long line in pieces.

        The time is that of the first piece.
        """
        head = Head(line_text(line))
        row = self._unwrap(head)
        if head.piece is None:
            return self._read(head, row), line.number, line.number
        before = list(takewhile(lambda one: one.piece, (self._part(raw) for raw in islice(line.preceding(), _PIECES))))
        after = []
        for raw in islice(line.following(), _PIECES) if head.piece else ():
            after.append(self._part(raw))
            if not after[-1].piece:
                break
        if before or after:
            first = before[-1] if before else head
            first.text = "".join(one.text for one in (*reversed(before), head, *after))
            first.packed = True
            head, row = first, loads(first.text) if first.text.startswith("{") else None
        return self._read(head, row), line.number - len(before), line.number + len(after)

    def _part(self, raw: bytes) -> Head:
        head = Head(decode(raw))
        self._unwrap(head)
        return head

    def _read(self, head: Head, row: Mapping[str, Any] | None) -> Head:
        head.bare = head.text
        if row is not None:
            self._unpack(head, row)
        if head.record is None:
            self._stamp(head)
        return head

    def again(self, head: Head) -> Head | None:
        """A head that was taken for another kind, as it is for this one; None where the line's wrappers must be looked at once more."""
        if head.outside or head.record is not None or head.bare.startswith("{"):
            return None
        return self._read(Head(head.bare, packed=head.packed, piece=head.piece, program=head.program), None)

    def bare(self, line: str) -> str:
        """The line without its wrappers."""
        head = Head(line)
        self._unwrap(head)
        return head.text

    def _unwrap(self, head: Head) -> dict[str, Any] | None:
        """Takes wrappers off; the program's own JSON, where the line is that."""
        for _ in range(_DEEP):
            if head.text.startswith("{"):
                row = loads(head.text)
                if row is None or not self._open(head, row):
                    return row
            elif not self._peel(head):
                return None
        return None

    def _open(self, head: Head, row: Mapping[str, Any]) -> bool:
        """Takes a line out of the record that a runtime or journald wrote around it."""
        for record in self._envelopes:
            fields = {name: value for name, keys in record.fields.items() if (value := _first(row, keys)) is not None}
            if "line" in fields and "time" in fields:
                head.text, head.packed = clean(fields["line"]).rstrip("\n"), True
                if "tag" in fields:
                    head.piece = fields["tag"] == "P"
                elif "stream" in fields:
                    head.piece = not fields["line"].endswith("\n")
                head.program = fields.get("program") or head.program
                head.outside = True
                self._record_time(head, fields["time"])
                return True
        return False

    def _peel(self, head: Head) -> bool:
        self._peeled += 1
        if self._peeled == _OFTEN:
            self._wrapped = _one_of(tuple(wrapper.match.pattern for wrapper in self._wrappers))
        if self._wrapped is not None and self._wrapped.match(head.text) is None:
            return False
        for wrapper in self._wrappers:
            found = wrapper.match.match(head.text)
            if found is None or found.end() == 0:
                continue
            groups = found.groupdict()
            head.program = groups.get("program") or head.program
            if "tag" in groups:
                head.piece = groups["tag"] == "P"
            if groups.get("time") and wrapper.form:
                head.outside = True
                self._set_time(head, groups["time"], wrapper.form, 0.001 if "." in groups["time"] else 1.0)
            head.text = head.text[found.end() :]
            return True
        return False

    def _stamp(self, head: Head) -> None:
        start = head.text[:_FAR]
        for position, stamp in enumerate(self._stamps):
            found = stamp.match.search(start)
            if found is None:
                continue
            # The wrapper's time is the time of writing, with a zone: it beats the program's own (design.md, 2).
            if not (head.at is not None and head.zoned) and not self._set_time(head, found["time"], stamp.form, stamp.resolution_s):
                continue
            head.text = head.text[: found.start()] + head.text[found.end() :]
            if position:
                self._stamps.insert(0, self._stamps.pop(position))
            return

    def _set_time(self, head: Head, text: str, form: str, resolution_s: float) -> bool:
        when = times.parse(text, form)
        if when is None:
            return False
        head.at, head.zoned = when
        head.logged, head.resolution_s, head.dateless = text, resolution_s, form.startswith("%H")
        if form.startswith("%b"):
            head.at, head.dateless = times.in_year(head.at, self.near), self.near is None
        elif not head.dateless:
            self.near = head.at
        return True

    def _unpack(self, head: Head, row: Mapping[str, Any]) -> None:
        for record in self._records:
            fields = {name: value for name, keys in record.fields.items() if (value := _first(row, keys)) is not None}
            if "message" not in fields and "status" not in fields:
                continue
            head.record = fields
            head.text = " ".join([fields.get("message", ""), *(f"{name}={fields[name]}" for name in _BESIDE if name in fields)]) + (
                "\n" + fields["exception"] if "exception" in fields else ""
            )
            if "time" in fields and not head.zoned:
                self._record_time(head, fields["time"])
            return

    def _record_time(self, head: Head, text: str) -> None:
        whole = text.partition(".")[0]
        form = "iso" if not text.replace(".", "", 1).isdecimal() else next((unit for most, unit in _UNITS if len(whole) <= most), "epoch")
        if form == "iso" and not text[:4].isdecimal():
            self._stamp_text(head, text)
            return
        self._set_time(head, text, form, 0.001 if "." in text or "," in text or form.startswith("epoch-") else 1.0)

    def _stamp_text(self, head: Head, text: str) -> None:
        inner = Head(text)
        self._stamp(inner)
        head.at, head.zoned, head.logged, head.resolution_s = inner.at, inner.zoned, inner.logged, inner.resolution_s


@lru_cache(8)
def _one_of(told: tuple[str, ...]) -> regex.Pattern[str] | None:
    """What fits where one of these expressions does; None where they cannot be put into one."""
    return None if any("\n" in text for text in told) else regex.compile("|".join(f"(?:{text})" for text in told), regex.VERSION1)


def loads(text: str) -> dict[str, Any] | None:
    """A JSON object, also with nginx's empty numbers (`"urt":,`) and lists (`"us":502, 502`), or cut at the end; None when it is none."""
    for attempt in (text, _LISTS.sub(r'"\g<0>"', _HOLES.sub(':""', text)), _closed(text)):
        try:
            row = _json.decode(attempt)
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            continue
        return row if isinstance(row, dict) else None
    return None


def _closed(text: str) -> str:
    """A line cut inside its last string gets its end back."""
    return text.rstrip().rstrip(",\\") + ("" if text.rstrip().endswith('"') else '"') + "}"


def _first(row: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value: Any = row
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, list) and value and all(isinstance(part, int) and 0 <= part < 256 for part in value):
            return bytes(value).decode("utf-8", "replace")
    return None
