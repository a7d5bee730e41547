"""Line logs -> events: console exports, nginx access and error logs, app logs, saved probe output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import BinaryIO

import regex

from wslogs.bundle import Item
from wslogs.coverage import LEVELS, lower
from wslogs.model import Event, Source, Tier, What
from wslogs.parsers import access
from wslogs.parsers.heads import Head, Heads
from wslogs.parsers.kit import PATH, Kit, Parsed, decode, event_of, line_text, spans, tier_of
from wslogs.parsers.tally import Tally, bare
from wslogs.parsers.tracebacks import gather
from wslogs.patterns import Patterns
from wslogs.scan import Clock, Line, Scanner

KINDS = ("nginx-access", "nginx-error", "console", "app", "probe")
"""In the order in which a tie is broken."""
_ANSWERS = (What.ACCEPTED, What.REFUSED, What.OPENED)
_ID_LINES = 3
_SAMPLE = 400
_WHOLE = 2.5
"""What a line says for a kind whose expression fits it from end to end."""

_LEVEL = regex.compile(r"\S+ \S+ \[(\w+)\] \d+#\d+: ")
"""Where nginx writes the level of an error line: after day and time (ngx_log.c)."""


def kinds(head: bytes, name: str, kit: Kit) -> dict[str, str]:
    """Program -> kind, by what the first lines hold; "" is the program of a log without names. Empty: not a log.

    The name only breaks ties.
    """
    scores: dict[str, dict[str, float]] = {}
    formats = access.layouts(kit)
    heads = {kind: Heads(kit.patterns, kind) for kind in KINDS}
    for raw in head.splitlines()[:_SAMPLE]:
        text = decode(raw)
        if not text.strip():
            continue
        taken = heads["app"].take(text)
        score = scores.setdefault(taken.program, dict.fromkeys(KINDS, 0.0))
        for kind in KINDS:
            score[kind] += _score(kind, text, taken, heads, formats, kit)
    found = {}
    for program, score in scores.items():
        best = max(KINDS, key=lambda kind: (score[kind], kind.removeprefix("nginx-") in name.lower(), -KINDS.index(kind)))
        if score[best] > 0:
            found[program] = best
    return found


def majority(programs: Mapping[str, str]) -> str:
    """The kind of most programs in a file."""
    return Counter(programs.values()).most_common(1)[0][0]


def _score(kind: str, text: str, taken: Head, heads: Mapping[str, Heads], formats: list[access.Layout], kit: Kit) -> float:
    if kind == "nginx-access":
        if taken.record is not None or text.startswith("{"):
            return _WHOLE if heads[kind].take(text).record else 0.0
        return _WHOLE if any(f.match(heads[kind].bare(text)) for f in formats) else 0.0
    bare = heads[kind].bare(text)
    shape = max((s.weight for s in kit.patterns.shapes if s.kind == kind and s.match.match(bare)), default=0)
    words = taken.text if kind != "nginx-error" else text
    return shape + (1.0 if kit.reader(kind).read_all(words) else 0.0)


def parse(item: Item, programs: Mapping[str, str], kit: Kit) -> Parsed:
    """Events of every kept line. One source; its kind is that of most programs in it."""
    kind = majority(programs)
    source = Source(path=item.path, kind=kind, tier=tier_of(kind))
    known = set(kit.paths)
    events, scanner, tally = _read(item, source, programs, kit)
    late = {e.path for e in events if e.status == 101 and e.path} - known
    if late and "nginx-access" in programs.values() and not all(_led(path) for path in late):
        # Refused tries stand on paths that only an upgraded row names: once more, with those paths.
        events, scanner, tally = _read(item, source, programs, kit)
    source.sha256, source.lines = scanner.sha256, scanner.lines
    source.recognised, source.unknown = min(scanner.recognised, scanner.lines), tally.shapes
    source.kept = len(events)
    spans(source, scanner.marks)
    return Parsed([source], events)


def _read(item: Item, source: Source, programs: Mapping[str, str], kit: Kit) -> tuple[list[Event], Scanner, Tally]:
    reading = _Reading(source, programs, kit)
    tally = _tally(kit.patterns, set(programs.values()), reading.formats)
    scanner = Scanner(reading.needles(), tally, _clock(source, reading))
    with item.open() as stream:
        return list(reading.events(scanner, stream)), scanner, tally


def _led(path: str) -> bool:
    return "websocket" in path.lower() or "/ws" in path.lower() or "/socket" in path.lower()


def _tally(patterns: Patterns, wanted: set[str], formats: list[access.Layout]) -> Tally:
    """Counts the lines that look like one of these kinds."""
    known = [bare(s.match) for s in patterns.shapes if s.kind in wanted]
    if "nginx-access" in wanted:
        known += [*(bare(f.expression) for f in formats), r"\{"]
    return Tally(known, [bare(w.match) for w in patterns.wrappers])


class _Reading:
    """One pass over one file."""

    def __init__(self, source: Source, programs: Mapping[str, str], kit: Kit) -> None:
        self._source, self._programs, self.kit = source, programs, kit
        self.formats = access.layouts(kit) if "nginx-access" in programs.values() else []
        self.heads = {kind: Heads(kit.patterns, kind) for kind in set(programs.values())}
        self._default = programs.get("") or source.kind
        self._names: list[str] = []

    def needles(self) -> list[str]:
        words: set[str] = set()
        for kind in set(self._programs.values()):
            words |= set(access.needles(self.formats, self.kit.paths) if kind == "nginx-access" else self.kit.reader(kind).needles)
        if PATH in words:
            words = (words - {PATH}) | self._paths()
        self._names = sorted(words)
        return self._names

    def _paths(self) -> set[str]:
        return {path.lower() for path in self.kit.paths if len(path) > 2} | {"/ws", "/socket", "websocket"}

    def events(self, scanner: Scanner, stream: BinaryIO) -> Iterator[Event]:
        done = 0
        for line in scanner.kept(stream):
            if line.number <= done:
                continue
            text = line_text(line)
            head = self.heads[self._default].take(text)
            kind = self._programs.get(head.program, self._default)
            if kind != self._default and kind in self.heads:
                head = self.heads[kind].take(text)
            if kind == "nginx-access":
                made = self._access(text, head, line)
            else:
                made, done = self._words(text, head, line, kind)
            if made is not None:
                yield made

    def _access(self, text: str, head: Head, line: Line) -> Event | None:
        row = head.record if head.record is not None else self.row(self.heads["nginx-access"].bare(text))
        made = access.event(row, self._source, line.number, self.kit) if row is not None else None
        if made is not None:
            if made.status == 101 or made.upgrade:
                self.kit.paths.add(made.path or "/")
            made.tier = tier_of("nginx-access")
        return made

    def row(self, text: str) -> Mapping[str, str] | None:
        for position, one in enumerate(self.formats):
            try:
                row = one.match(text)
            except TimeoutError:
                continue
            if row is not None:
                if position:
                    self.formats.insert(0, self.formats.pop(position))
                return row
        return None

    def _words(self, text: str, head: Head, line: Line, kind: str) -> tuple[Event | None, int]:
        reader, done = self.kit.reader(kind), line.number
        if kind == "nginx-error":
            self.hear(self.heads[kind].bare(text))
        words = text if kind == "nginx-error" else head.text
        hits = {self._names[hit] for hit in line.hits}
        if hits & self._paths():
            hits.add(PATH)
        reading = reader.read(words, hits) if head.record is None else reader.read_all(words)
        first = line.number
        if reading.message is not None and reading.message.what is What.EXCEPTION and head.record is None:
            whole, first, done = gather(line, lambda raw: self.heads[kind].take(decode(raw)).text if kind in self.heads else decode(raw))
            reading = reader.read_all(whole)
        if reading.gave_up:
            self._note("a line took too long to match")
        if not reading:
            return None, done
        made = event_of(reading, self._source, first, self.kit)
        if made.path and (made.status == 101 or made.what in (What.FAILED, What.ACCEPTED, What.REFUSED)):
            self.kit.paths.add(made.path)
        made.at, made.logged, made.resolution_s = head.at, head.logged, head.resolution_s
        if made.tier is Tier.APP and made.what in _ANSWERS:
            made.request_id = made.request_id or (head.record or {}).get("request_id") or self._request_id(line)
        if head.at is not None:
            self._source.dateless = self._source.dateless or head.dateless
            self._source.zoned = self._source.zoned and head.zoned
        if made.tier is self._source.tier and kind != self._source.kind:
            made.tier = tier_of(kind)
        return made, done

    def _request_id(self, line: Line) -> str | None:
        """The id of the request that a line is about: in it, or in what the app says right after its server's line."""
        for raw in (line.raw, *islice(line.following(), _ID_LINES)):
            for stanza in self.kit.patterns.request_ids:
                if (found := stanza.match.search(decode(raw))) is not None:
                    return found["request_id"]
        return None

    def hear(self, text: str) -> None:
        """Learns from one line how talkative an error log is."""
        if (found := _LEVEL.match(text)) is not None and found[1] in LEVELS:
            self._source.level = lower(self._source.level, found[1])

    def _note(self, text: str) -> None:
        if text not in self._source.notes:
            self._source.notes.append(text)


def _clock(source: Source, reading: _Reading) -> Clock:
    """Tells when a line of the file was written; learns on the way whether its times say their zone, and its level."""
    heads = reading.heads[source.kind]

    def clock(raw: bytes) -> float | None:
        text = decode(raw)
        if source.kind == "nginx-access":
            row = reading.row(heads.bare(text)) or heads.take(text).record
            return access.row_time(row) if row else None
        taken = heads.take(text)
        if source.kind == "nginx-error":
            reading.hear(heads.bare(text))
        if taken.at is not None:
            source.zoned = source.zoned and taken.zoned
        return taken.at

    return clock
