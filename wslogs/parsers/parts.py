"""Large access logs -> rows as columns, part by part. Who reads which part, where and in what order, changes nothing.

A part is a range of a file's bytes, and what it gives depends on its bytes, on what other sources taught, and on the paths that
all parts together show to be dialled: one that was read before all of these were known is read once more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from sys import intern

import numpy as np

from wslogs import classes
from wslogs.bundle import Item
from wslogs.columns import Flags, Ints, Rows
from wslogs.model import Event, Mark, Source, UnknownForm
from wslogs.parsers.bulk import Bulk
from wslogs.parsers.bystanders import thinned, told
from wslogs.parsers.kit import Kit, spans, tier_of
from wslogs.parsers.lines import Pass, is_led, tally_of
from wslogs.parsers.tally import Shapes
from wslogs.scan import Digest, Scanner, Undigested
from wslogs.streams import Notes

SIZE = 64 << 20
"""Bytes of a part, about; the first of a file has FIRST."""
FIRST = 16 << 20
"""Bytes that tell how long the others will take."""
_MOST = 40_000
"""Lines of all parts together that are kept before those are dropped that are not looked at in any case."""
_KIND = "nginx-access"
_BLOCK = 4 << 20


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """A range of bytes of one log."""

    item: Item
    programs: Mapping[str, str]
    place: int
    """Of its file among those that are read so."""
    number: int = 0
    count: int = 1
    """How many parts the file has."""
    first: int = 0
    last: int | None = None
    again: bool = False
    """Whether it is read once more, with further paths."""
    whole: bool = False
    """Whether nothing but the SHA-256 of the whole file is asked for."""


@dataclass(slots=True, repr=False)
class Read:
    """What one part gave. Its lines are counted from its own first."""

    led: list[str] = field(default_factory=list)
    """Paths that it was searched for."""
    rows: Rows = field(default_factory=Rows)
    wanted: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))
    """Whether another tier may tell of each row."""
    lines: int = 0
    recognised: int = 0
    unknown: list[UnknownForm] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    looks: dict[int, dict[int, bytes]] = field(default_factory=dict)
    """Rows of other requests (Bystanders.looks)."""
    notes: list[str] = field(default_factory=list)
    met: Notes = field(default_factory=Notes)
    """What reading the file met, as far as the part goes."""
    sha256: str = ""
    """Of the file, as far as it was read; empty where none was made."""
    gone: bool = False
    """Whether the file could not be read."""


@dataclass(slots=True)
class Columns:
    """What one log gave, part by part; `source` is None where it could not be read."""

    source: Source | None
    rows: list[tuple[Rows, Flags]] = field(default_factory=list)
    others: list[Event] = field(default_factory=list)


Engine = Callable[[Kit, Iterable[Part]], Generator[tuple[Part, Read]]]
"""Reads parts, in whatever order; the kit learns paths and secrets on the way. A file's SHA-256 may come as a Read of its own."""


def read_part(part: Part, kit: Kit, digest: Digest | None = None, *, threads: bool = True) -> Read:
    """Reads one part, and tells the kit the paths and secrets that are in it. OSError where the file is not to be read.

    `threads`: as for a Scanner.
    """
    source = _source(part)
    reading = Pass(source, part.programs, kit)
    tally = tally_of(kit.patterns, {_KIND}, reading.formats)
    bulk = Bulk(source, kit, reading.row_of, reading.bystanders, tally.missed)
    scanner = Scanner((), tally, bulk.when, Undigested() if digest is None else digest, alone=True, threads=threads)
    led = needled(kit)
    needles = {*reading.needles(), *(path for path in led if path.isascii())}
    with part.item.lines(part.first, part.last) as stream:
        rows, wanted = bulk.read(scanner, stream, needles)
    return Read(
        led, rows, wanted, scanner.lines, min(scanner.recognised, scanner.lines) - tally.unread, tally.shapes, scanner.marks,
        reading.bystanders.looks, source.notes, part.item.notes, scanner.sha256,
    )  # fmt: skip


def digest(item: Item) -> str:
    """SHA-256 of what all parts of a file hold together."""
    made = hashlib.sha256()
    with item.lines(0, item.size) as stream:
        while block := stream.read(_BLOCK):
            made.update(block)
    return made.hexdigest()


def here(kit: Kit, parts: Iterable[Part]) -> Generator[tuple[Part, Read]]:
    """Reads them one after the other in this process."""
    made, digested = hashlib.sha256(), (-1, -1)
    for part in parts:
        made = made if part.number else hashlib.sha256()
        follows = not part.again and (part.number == 0 or digested == (part.place, part.number - 1))
        try:
            read = read_part(part, kit, made if follows else None)
        except OSError:  # it went while it was read
            read = Read(gone=True)
        digested = (part.place, part.number) if follows else digested
        yield part, read


def needled(kit: Kit) -> list[str]:
    """Paths that rows are searched for: all that are dialled, but those that are found anyway."""
    return [path for path in kit.led() if not is_led(path)]


def read(
    logs: Sequence[tuple[Item, Mapping[str, str]]], kit: Kit, engine: Engine = here, progress: Callable[[str, int, int], None] | None = None
) -> list[Columns]:
    """Every log, in the order given. `progress` gets a log's label, how many parts are read, and how many there are."""
    parts = [part for place, (item, programs) in enumerate(logs) for part in _parts(item, programs, place)]
    files = [_File(kit) for _ in logs]
    left, most = parts, _MOST
    while left:
        done = 0
        with closing(engine(kit, left)) as reads:
            for part, given in reads:
                files[part.place].take(part, given)
                most = max(most, 2 * _settle(files, most))
                done += not part.whole
                if progress is not None:
                    progress(part.item.path, done, len(left))
        now = needled(kit)
        # Refused tries stand on paths that only an upgraded row names: once more, with those paths.
        left = [
            replace(part, again=True) for part in parts if not files[part.place].gone and files[part.place].reads[part.number].led != now
        ]
    _settle(files, 0)
    return [file.columns(Part(item, programs, 0), kit) for file, (item, programs) in zip(files, logs, strict=True)]


def _parts(item: Item, programs: Mapping[str, str], place: int) -> Iterator[Part]:
    try:
        ranges = item.parts(SIZE, FIRST)
    except OSError:
        ranges = [(0, None)]
    for number, (first, last) in enumerate(ranges):
        yield Part(item, programs, place, number, len(ranges), first, last)


def _source(part: Part) -> Source:
    return Source(path=part.item.path, kind=_KIND, tier=tier_of(_KIND))


class _File:
    """One log: what its parts gave so far."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self.reads: dict[int, Read] = {}
        self.kept: dict[int, tuple[Ints, Ints]] = {}
        """Part -> (rows whose lines are kept, their classes)."""
        self.sha256 = ""
        self.gone = False
        self._looks: dict[int, tuple[int, dict[int, bytes]]] = {}

    def take(self, part: Part, read: Read) -> None:
        """Takes in a part, or what it gave the second time."""
        self.gone = self.gone or read.gone
        self.sha256 = self.sha256 if part.again else read.sha256 or self.sha256
        part.item.notes.cut = part.item.notes.cut or read.met.cut
        part.item.notes.other += [note for note in read.met.other if note not in part.item.notes.other]
        if part.whole or self.gone:
            return
        for moment, rows in read.looks.items():
            if moment not in self._looks or part.number <= self._looks[moment][0]:
                self._looks[moment] = part.number, rows
        thinned(self._looks)
        read.looks = {}
        read.rows.clients = list(map(intern, read.rows.clients))  # every part names the same ones
        places = np.array(sorted(read.rows.raws), np.int64)
        some = np.zeros(len(read.rows), np.bool_)
        some[places] = True
        self.reads[part.number] = read
        self.kept[part.number] = places, classes.classes(replace(read.rows, raws={}).where(some), self._kit.limits, self._kit.shown)

    def columns(self, part: Part, kit: Kit) -> Columns:
        """All parts, one after the other."""
        if self.gone:
            return Columns(None)
        source, shapes = _source(part), Shapes()
        rows, marks, before = [], [], [0]
        for number in range(len(self.reads)):
            read = self.reads.pop(number)
            first = before[-1]
            read.rows.columns["line"] += first
            rows.append((read.rows, read.wanted))
            marks += [Mark(at, first + line) for at, line in read.marks]
            for one in sorted(read.unknown, key=lambda one: one.line):
                shapes.add(one.shape, first + one.line, one.count)
            source.lines += read.lines
            source.recognised += read.recognised
            source.kept += len(read.rows)
            source.notes += [note for note in read.notes if note not in source.notes]
            before.append(source.lines)
        source.sha256, source.unknown = self.sha256, shapes.forms
        spans(source, marks)
        seen = {before[number] + line: raw for number, looked in self._looks.values() for line, raw in looked.items()}
        return Columns(source, rows, told(seen, source, kit, Pass(source, part.programs, kit).row_of))


def _settle(files: Sequence[_File], most: int) -> int:
    """Drops lines of all parts that are not looked at in any case, where there are too many of them; how many are left."""
    reads = [(file, number, read) for file in files for number, read in file.reads.items()]
    count = sum(len(read.rows.raws) for _, _, read in reads)
    if count <= most or sum(len(read.rows) for _, _, read in reads) <= classes.EACH:
        return count
    kept = [file.kept[number] for file, number, _ in reads]
    chance = np.concatenate([read.rows["chance"][places] for (_, _, read), (places, _) in zip(reads, kept, strict=True)])
    wanted = np.concatenate([read.wanted[places] for (_, _, read), (places, _) in zip(reads, kept, strict=True)])
    keep = classes.candidates(np.concatenate([of for _, of in kept]), chance, wanted)
    ends = np.cumsum([len(places) for places, _ in kept])[:-1]
    for (file, number, read), (places, of), some in zip(reads, kept, np.split(keep, ends), strict=True):
        read.rows.raws = {place: read.rows.raws[place] for place in places[some].tolist()}
        file.kept[number] = places[some], of[some]
    return int(keep.sum())
