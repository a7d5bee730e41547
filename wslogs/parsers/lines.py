"""Line logs -> events: console exports, nginx access and error logs, app logs, saved probe output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import BinaryIO

import regex

from wslogs import times
from wslogs.blocks import Block, Line
from wslogs.bundle import Item
from wslogs.coverage import LEVELS, lower
from wslogs.linewise import ExpressionSet, compiled, runs
from wslogs.model import Event, Source, Tier, What
from wslogs.parsers import access
from wslogs.parsers.bystanders import Bystanders
from wslogs.parsers.elsewhere import Elsewhere
from wslogs.parsers.first_last import FirstLast, Place
from wslogs.parsers.heads import AS_BYTES, Head, Heads
from wslogs.parsers.kinds import MIXED, majority, second
from wslogs.parsers.kit import FEWEST, Kit, Parsed, decode, event_of, spans, tier_of
from wslogs.parsers.neighbours import Neighbours
from wslogs.parsers.reader import LONGEST, PATH, Reader, Reading
from wslogs.parsers.tally import Tally
from wslogs.parsers.tracebacks import gather, last_words, named, shortened
from wslogs.patterns import Patterns
from wslogs.redact import excerpt
from wslogs.sampling import Clock
from wslogs.scan import Scanner

_ANSWERS = (What.ACCEPTED, What.REFUSED, What.OPENED)
_ID_LINES = 3
_TRIES = 50
"""Lines of a block that are heard, at most: what they quote may look like a level."""
_ROWS_AHEAD = 200
"""Lines after an error that are looked through for a row of access."""
_LEVEL = regex.compile(r"\S+ \S+ \[(\w+)\] \d+#\d+: ")
"""Where nginx writes the level of an error line: after day and time (ngx_log.c)."""


def parse(item: Item, programs: Mapping[str, str], kit: Kit) -> Parsed:
    """Events of every kept line. One source; its kind is that of most programs in it."""
    kind = majority(programs)
    source = Source(path=item.path, kind=kind, tier=tier_of(kind))
    known = set(kit.paths)
    events, scanner, tally, others = _read(item, source, programs, kit)
    late = {e.path for e in events if e.status == 101 and e.path} - known
    if late and "nginx-access" in programs.values() and not all(is_led(path) for path in late):
        # Refused tries stand on paths that only an upgraded row names: once more, with those paths.
        events, scanner, tally, others = _read(item, source, programs, kit)
    source.sha256, source.lines = scanner.sha256, scanner.lines
    source.recognised, source.unknown = min(scanner.recognised, scanner.lines) - tally.unread, tally.shapes
    source.kept = len(events)
    kit.spare = max(FEWEST, kit.spare - len(events))
    spans(source, scanner.marks)
    return Parsed([source], events, others=others)


def single(source: Source, rows: Iterable[tuple[int, bytes]], kit: Kit) -> Iterator[Event]:
    """The events of single rows, given as (line, bytes)."""
    reading = Pass(source, {"": "nginx-access"}, kit)
    for line, raw in rows:
        row = reading.row_of(raw)
        made = access.event(row, source, line, kit) if row is not None else None
        if made is not None:
            made.tier = tier_of("nginx-access")
            yield made


def _read(item: Item, source: Source, programs: Mapping[str, str], kit: Kit) -> tuple[list[Event], Scanner, Tally, list[Event]]:
    reading = Pass(source, programs, kit)
    tally = tally_of(kit.patterns, set(programs.values()), reading.formats)
    reading.missed = tally.missed
    rows_alone = set(programs.values()) == {"nginx-access"}
    scanner = Scanner(reading.needles(), tally, clock_of(source, reading), alone=rows_alone)
    with item.open() as stream:
        return list(reading.events(scanner, stream)), scanner, tally, [*reading.bystanders.found, *reading.elsewhere.found]


def is_led(path: str) -> bool:
    """Whether lines with a path are found before it is known as one that is dialled."""
    return "websocket" in path.lower() or "/ws" in path.lower() or "/socket" in path.lower()


def tally_of(patterns: Patterns, wanted: set[str], formats: list[access.Layout]) -> Tally:
    """Counts the lines that begin as those of these kinds do; rows of access that are kept are counted by the whole of them."""
    known = [s.match.pattern for s in patterns.shapes if s.kind in wanted]
    heads = [f.head for f in formats if f.head is not None and runs(f.head)]
    if "nginx-access" in wanted:
        known += [f.expression.pattern for f in formats if f.head is None and runs(f.expression.pattern)]
    if wanted & {"nginx-access", "nginx-error"}:
        known.append(r"\{")
    return Tally(known, [w.match.pattern for w in patterns.wrappers], heads if "nginx-access" in wanted else ())


class Pass:
    """One pass over one file."""

    def __init__(self, source: Source, programs: Mapping[str, str], kit: Kit) -> None:
        self._source, self._programs, self.kit = source, programs, kit
        self.formats = access.layouts(kit) if "nginx-access" in programs.values() else []
        self.heads = {kind: Heads(kit.patterns, kind, kit.near.get(source.path)) for kind in set(programs.values())}
        self._zone_s: float | None = None
        self._default = programs.get("") or source.kind
        self._errors = [shape.match for shape in kit.patterns.shapes if shape.kind == "nginx-error"]
        self._kinds = {name: (own, *(k for k in MIXED if k != own and second(name, k) in programs)) for name, own in programs.items()}
        self._asked: tuple[Head, Mapping[str, str] | None] | None = None
        self._names: list[str] = []
        self._forms: set[str] = set()
        self._neighbours = Neighbours()
        self.bystanders = Bystanders(source, kit, self.row_of)
        self.elsewhere = Elsewhere(kit)
        self.missed: Callable[[bytes, int], None] = lambda raw, line: None
        """Gets each row of access that is kept and cannot be read."""

    def needles(self) -> list[str]:
        words: set[str] = set()
        for kind in set(self._programs.values()):
            words |= set(access.needles(self.formats, self.kit.led()) if kind == "nginx-access" else self.kit.reader(kind).needles)
        if PATH in words:
            self._forms = self._paths()
            words = (words - {PATH}) | self._forms
        words.add(AS_BYTES)
        self._names = sorted(words)
        return self._names

    def _paths(self) -> set[str]:
        forms = {form for path in self.kit.led() for form in access.forms(path)} | {"/ws", "/socket", "websocket"}
        short = [path.lower() for path in self.kit.paths if len(path) < 3] if "nginx-error" in self.heads else []
        return forms | {f" {path}{after}" for path in short for after in (" http/", "?")}

    def events(self, scanner: Scanner, stream: BinaryIO) -> Iterator[Event]:
        """The first and the last events of very many: what began it, and what it came to."""

        def read(block: Block, place: Place, done: int) -> tuple[Event | None, int]:
            line = scanner.line(block, *place)
            return self._event(line) if line.number > done else (None, done)

        some = FirstLast(read, self.kit.spare)
        yield from some.events((block, self._places(scanner, block)) for block in scanner.blocks(stream))
        if some.passed:
            self._note(f"{some.passed} lines in its middle are not read: it has more about WebSockets than are joined")
        for line in self.elsewhere.lines:
            self.elsewhere.add(self._event(line)[0])

    def _places(self, scanner: Scanner, block: Block) -> Iterator[Place]:
        """Where the lines of a block begin and end that hold a needle and are not about another request."""
        if "nginx-error" not in self.heads:
            yield from block.found()
            return
        self._listen(block)
        for begin, end in block.found():
            if not self.elsewhere.holds(decode(block.raw[begin:end])):
                yield begin, end
            elif self.elsewhere.next():
                line = scanner.line(block, begin, end)
                self._learn_zone(line)
                self.elsewhere.keep(line.alone())

    def _event(self, line: Line) -> tuple[Event | None, int]:
        """The event of a line, and the last line that belongs to it."""
        head, first, last = self.heads[self._default].whole(line)
        kind = self._kind(head)
        if kind != self._default and kind in self.heads:
            again = self.heads[kind].again(head)
            head, first, last = self.heads[kind].whole(line) if again is None else (again, first, last)
        if kind != "nginx-access":
            return self._words(head, line, first, last, kind)
        made = self._access(head, line, first)
        if made is not None:
            self.bystanders.look(made.status, made.at, lambda: line)
        return made, last

    def _kind(self, head: Head) -> str:
        """The kind of a line: its program's, or where that has two, the one whose form it has."""
        others = self._kinds.get(head.program, (self._default,))
        if len(others) == 1:
            return others[0]
        if "nginx-error" in others and any(shape.match(head.bare) for shape in self._errors):
            return "nginx-error"
        if "nginx-access" in others and self.row(head) is not None:
            return "nginx-access"
        return "app" if "app" in others else others[0]

    def _access(self, head: Head, line: Line, number: int) -> Event | None:
        row = self.row(head) or head.record
        if row is None:
            self.missed(line.raw, number)
        made = access.event(row, self._source, number, self.kit) if row is not None else None
        if made is not None:
            if made.status == 101 or made.upgrade:
                self.kit.paths.add(made.path or "/")
            made.tier = tier_of("nginx-access")
            self._zone_s = times.zone(made.logged)
        return made

    def row(self, head: Head) -> Mapping[str, str] | None:
        """The values of a row; its own first time may have been taken for that of a wrapper."""
        if self._asked is None or self._asked[0] is not head:  # its kind is asked for first, then what it says
            self._asked = head, self._row(head.bare) or (self._row(f"{head.logged} {head.bare}") if head.logged else None)
        return self._asked[1]

    def row_of(self, raw: bytes) -> Mapping[str, str] | None:
        head = self.heads["nginx-access"].take(decode(raw))
        return self.row(head) or head.record

    def _row(self, text: str) -> Mapping[str, str] | None:
        for position, one in enumerate(self.formats):
            row = one.match(text)
            if row is not None:
                if not one.whole(row):
                    self._note("some rows can be read in two ways: of those only the values before that are taken")
                if position:
                    self.formats.insert(0, self.formats.pop(position))
                return row
        return None

    def _words(self, head: Head, line: Line, first: int, done: int, kind: str) -> tuple[Event | None, int]:
        reader = self.kit.reader(kind)
        if kind == "nginx-error":
            self.hear(head.bare)
        words = head.bare if kind == "nginx-error" else head.text
        hits = {self._names[hit] for hit in line.hits}
        if kind == "nginx-error" or not self._forms.isdisjoint(hits):
            hits.add(PATH)
        reading = reader.read_all(words) if head.packed or head.record is not None else reader.read(words, hits)
        if reading.message is not None and reading.message.what is What.EXCEPTION:
            if head.record is None:
                words, first, done = gather(
                    line, lambda raw: self.heads[kind].take(decode(raw)).text if kind in self.heads else decode(raw)
                )
            reading = self._exception(reader, words)
        if reading.gave_up:
            self._note("a line took too long to match")
        if not reading:
            return None, done
        self.kit.vault.learn(words)
        made = event_of(reading, self._source, first, self.kit)
        made.logged = head.logged
        if made.path and (made.status == 101 or made.what in (What.FAILED, What.ACCEPTED, What.REFUSED)):
            self.kit.paths.add(made.path)
        if kind == "nginx-error" and words.endswith(reading.fields.get("url", "\0")):
            made.token = None  # nginx cuts a line at 2048 bytes (ngx_log.h), and this one within the URL
        if kind == "nginx-error":
            self._learn_zone(line)
            if self._zone_s is not None and head.at is not None and not head.zoned and not head.dateless:
                head.at, head.zoned = head.at - self._zone_s, True
        if head.at is None:
            beside = self._neighbours.time(line, first, done, self.heads[kind], record=made.what is What.EXCEPTION)
            made.logged, head = "", beside or head
        made.at, made.resolution_s = head.at, head.resolution_s
        if made.tier is Tier.APP and made.what in _ANSWERS:
            made.request_id = made.request_id or (head.record or {}).get("request_id") or self._request_id(line)
        if head.at is not None:
            self._source.dateless = self._source.dateless or head.dateless
            self._source.zoned = self._source.zoned and head.zoned
        if made.tier is self._source.tier and kind != self._source.kind:
            made.tier = tier_of(kind)
        return made, done

    def _learn_zone(self, line: Line) -> None:
        """Errors beside rows of the same nginx stand in the zone that the rows say."""
        for raw in islice(line.following(), _ROWS_AHEAD) if self.formats and self._zone_s is None else ():
            row = self.row(self.heads["nginx-access"].take(decode(raw)))
            if row is not None and (zone := times.zone(row.get("time_local") or row.get("time_iso8601", ""))) is not None:
                self._zone_s = zone
                return

    def _exception(self, reader: Reader, whole: str) -> Reading:
        """A traceback is read at its beginning and its end; that it is a consequence only its last words tell."""
        reading = reader.read_all(shortened(whole, LONGEST))
        signals = self.kit.patterns.signals
        ends = last_words(whole)
        told = [set(reader.read_all(words).signals) for words in ends]
        kept = tuple(name for name in reading.signals if not signals[name].consequence or (told and all(name in names for names in told)))
        kind = named(ends[-1]) if ends else None
        return replace(reading, signals=kept, excerpt=reading.excerpt if kind is None else excerpt(kind, ends[-1]))

    def _request_id(self, line: Line) -> str | None:
        """The id of the request that a line is about: in it, or in what the app says right after its server's line."""
        near = [decode(raw) for raw in (line.raw, *islice(line.following(), _ID_LINES))]
        if not self._ids.any(near):
            return None
        found = (stanza.match.search(text) for text in near for stanza in self.kit.patterns.request_ids)
        return next((one["request_id"] for one in found if one is not None), None)

    @cached_property
    def _ids(self) -> ExpressionSet:
        return ExpressionSet(stanza.match.pattern for stanza in self.kit.patterns.request_ids)

    def _listen(self, block: Block) -> None:
        """Looks for a line of a block that is more talkative than those before."""
        place = 0
        for _ in range(_TRIES):
            lower_ones = LEVELS[: LEVELS.index(self._source.level or LEVELS[-1])]
            found = compiled(rf"\[(?:{'|'.join(lower_ones)})\] \d+#\d+: ").search(block.raw, place) if lower_ones else None
            if found is None:
                return
            begin, place = block.line(found.start())
            self.hear(self.heads["nginx-error"].bare(decode(block.raw[begin:place])))

    def hear(self, text: str) -> None:
        """Learns from one line how talkative an error log is."""
        if (found := _LEVEL.match(text)) is not None and found[1] in LEVELS:
            self._source.level = lower(self._source.level, found[1])

    def _note(self, text: str) -> None:
        if text not in self._source.notes:
            self._source.notes.append(text)


def clock_of(source: Source, reading: Pass) -> Clock:
    """Tells when a line of the file was written; learns on the way whether its times say their zone, and its level."""
    heads = reading.heads[source.kind]

    def clock(raw: bytes) -> float | None:
        if source.kind == "nginx-access":
            row = reading.row_of(raw)
            return access.row_time(row) if row else None
        text = decode(raw)
        taken = heads.take(text)
        if source.kind == "nginx-error":
            reading.hear(heads.bare(text))
        if taken.at is not None:
            source.zoned = source.zoned and taken.zoned
        return taken.at

    return clock
