"""What stands before the words of a log line: wrappers of container runtimes, the time, or a JSON record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import regex

from wslogs import times
from wslogs.patterns import Patterns

_FAR = 64
"""A time stands in the first so many characters of a line, or it is not the line's time."""
_json = msgspec.json.Decoder()
_HOLES = regex.compile(r":(?=[,}])")


@dataclass(slots=True)
class Head:
    """A line taken apart. `at` is epoch seconds, a time without a zone read as UTC; None when the line has none."""

    text: str
    program: str = ""
    at: float | None = None
    zoned: bool = False
    dateless: bool = False
    """Whether the time says no day."""
    resolution_s: float = 1.0
    logged: str = ""
    record: Mapping[str, str] | None = None
    """Fields of a JSON line, by the names of its Record."""


class Heads:
    """Takes heads off lines. Remembers which stamp fitted last: a log keeps to one or two."""

    def __init__(self, patterns: Patterns, kind: str) -> None:
        self._wrappers = patterns.wrappers
        self._stamps = list(patterns.stamps)
        self._records = tuple(r for r in patterns.records if r.kind == kind)

    def take(self, line: str) -> Head:
        head = Head(line)
        self._unwrap(head)
        if head.text.startswith("{") and self._records:
            self._unpack(head)
        if head.record is None:
            self._stamp(head)
        return head

    def bare(self, line: str) -> str:
        """The line without its wrappers."""
        head = Head(line)
        self._unwrap(head)
        return head.text

    def _unwrap(self, head: Head) -> None:
        for _ in range(3):  # compose around docker around the program; no more is seen in the wild
            for wrapper in self._wrappers:
                found = wrapper.match.match(head.text)
                if found is None or found.end() == 0:
                    continue
                groups = found.groupdict()
                head.program = groups.get("program") or head.program
                if groups.get("time") and wrapper.form:
                    self._set_time(head, groups["time"], wrapper.form, 0.001 if "." in groups["time"] else 1.0)
                head.text = head.text[found.end() :]
                break
            else:
                return

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
        return True

    def _unpack(self, head: Head) -> None:
        row = loads(head.text)
        if row is None:
            return
        for record in self._records:
            fields = {name: value for name, keys in record.fields.items() if (value := _first(row, keys)) is not None}
            if "message" not in fields and "status" not in fields:
                continue
            head.record = fields
            head.text = fields.get("message", "") + ("\n" + fields["exception"] if "exception" in fields else "")
            if "time" in fields and not head.zoned:
                self._record_time(head, fields["time"])
            return

    def _record_time(self, head: Head, text: str) -> None:
        plain = text.replace(".", "", 1)
        form = "iso" if not plain.isdecimal() else "epoch" if len(plain) < 13 or "." in text else "epoch-ms"
        if form == "iso" and not text[:4].isdecimal():
            self._stamp_text(head, text)
            return
        self._set_time(head, text, form, 0.001 if "." in text or "," in text or form == "epoch-ms" else 1.0)

    def _stamp_text(self, head: Head, text: str) -> None:
        inner = Head(text)
        self._stamp(inner)
        head.at, head.zoned, head.logged, head.resolution_s = inner.at, inner.zoned, inner.logged, inner.resolution_s


def loads(text: str) -> dict[str, Any] | None:
    """A JSON object, also one with nginx's empty numbers (`"urt":,`) or cut at the end; None when it is neither."""
    for attempt in (text, _HOLES.sub(":null", text), _closed(text)):
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
    return None
