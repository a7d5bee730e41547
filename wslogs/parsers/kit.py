"""What every parser gets, and what it gives back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

import regex

from wslogs import coverage
from wslogs.blocks import Line
from wslogs.model import LIFE, Event, Mark, Source, Tier, What
from wslogs.parsers.reader import LONGEST, Reader, Reading
from wslogs.patterns import Patterns
from wslogs.redact import Vault, shown_path

MOST = 20_000
"""Lines about WebSockets of all logs together that become events; each costs about a third of a millisecond to join and judge."""
_LONGEST_PATH, _MOST_PATHS = 300, 500
_MOST_MOMENTS = 2000
FEWEST = 2_000
"""So many of each log are read even where others had most."""


@dataclass(slots=True)
class Kit:
    """The patterns, the vault, and what earlier sources of the bundle taught."""

    patterns: Patterns
    vault: Vault
    paths: set[str] = field(default_factory=set)
    """Paths that a source of this bundle shows to be dialled as WebSockets."""
    layouts: dict[str, tuple[str, str]] = field(default_factory=dict)
    """log_format name -> (format, escape), from the bundle's nginx.conf."""
    near: dict[str, float] = field(default_factory=dict)
    """Source -> an instant that one of its first lines says with its year, epoch seconds."""
    readers: dict[str, Reader] = field(default_factory=dict)
    spare: int = MOST
    """Lines that may still become events."""
    joins: set[str] = field(default_factory=set)
    """Fingerprints of tokens and keys, ids of requests and connections that other tiers tell of."""
    moments: list[float] = field(default_factory=list)
    """Instants of what they tell without a token, in order, epoch seconds."""
    limits: Sequence[float] = ()
    """Seconds at which it matters how long a socket lasted, in order."""

    def join(self, events: Iterable[Event], sources: Iterable[Source]) -> None:
        """Learns by what other tiers name the tries that they tell of."""
        zoned = {source.path for source in sources if source.zoned and not source.dateless}
        some = [e for e in events if e.what not in LIFE and e.what is not What.NOTE]
        self.joins |= {name for e in some for name in (e.token.fingerprint if e.token else None, e.key, e.connection, e.request_id) if name}
        untold = (e.at for e in some if e.at is not None and e.token is None and e.source in zoned)
        self.moments = sorted(islice(untold, _MOST_MOMENTS))

    def led(self) -> list[str]:
        """The paths that are looked for in lines: an automaton of very long or very many ones costs more than they tell."""
        return sorted(path for path in self.paths if 2 < len(path) <= _LONGEST_PATH)[:_MOST_PATHS]

    named: set[str] = field(default_factory=set)
    """Segments of paths that the bundle's nginx.conf and .env name."""

    def shown(self, path: str | None) -> str:
        """A path as it may stand in a report."""
        return shown_path(path, self.named)

    def reader(self, kind: str) -> Reader:
        if kind not in self.readers:
            self.readers[kind] = Reader(self.patterns.texts(kind))
        return self.readers[kind]


_Try = TypeVar("_Try")


def few(tries: Sequence[_Try], source: Source, kit: Kit) -> Sequence[_Try]:
    """The first and the last of very many tries of a source, and a note of those between."""
    half = kit.spare // 2
    kit.spare = max(FEWEST, kit.spare - len(tries))
    if len(tries) <= 2 * half:
        return tries
    source.notes.append(f"{len(tries) - 2 * half} tries in its middle are passed over: it has more than are joined")
    return [*tries[:half], *tries[-half:]]


@dataclass(slots=True)
class Parsed:
    """What one file gave."""

    sources: list[Source] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    dates: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)
    """Source -> (server's Date, this clock at the request, and at the answer), epoch seconds, of answers that were not cached."""
    others: list[Event] = field(default_factory=list)
    """Some requests that are no WebSocket's, for comparison with those that failed."""


def line_text(line: Line) -> str:
    """A line as text: UTF-8, or cp1251 where it is not; colours and control characters gone."""
    return decode(line.raw)


_PLAIN = bytes(range(0x20, 0x7F))
"""What most lines hold and nothing else: to delete it shows twice as fast as `isprintable` that nothing is to be cleaned."""


def decode(raw: bytes) -> str:
    """UTF-8, or the code page of a Russian Windows where it is not; a line too long to match is cut, maybe inside a character."""
    cut = raw[: LONGEST * 4]
    if cut.isascii() and not cut.translate(None, _PLAIN):
        return cut.decode("ascii")
    try:
        text = cut.decode("utf-8")
    except UnicodeDecodeError:
        text = cut.decode("utf-8", "replace") if len(cut) < len(raw) else cut.decode("cp1251", "replace")
    return clean(text)


def clean(text: str) -> str:
    """Without colours and control characters."""
    return text if text.isprintable() else _COLOURS.sub("", text)


_HEX = regex.compile(r"0x[0-9a-fA-F]{1,6}")
_COLOURS = regex.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


def number(text: str | None) -> int | None:
    """Decimal, or hexadecimal after 0x."""
    if text is None:
        return None
    if text.isdecimal():
        return int(text) if len(text) < 10 else None
    return int(text, 16) if _HEX.fullmatch(text) else None


def seconds(text: str | None) -> float | None:
    """nginx's `$request_time` and the like: seconds with three decimals, "-" when there is none."""
    try:
        return float(text) if text else None
    except ValueError:
        return None


def apply_fields(event: Event, fields: Mapping[str, str], kit: Kit) -> Event:
    """Moves what a message's groups hold into the event; free text stays behind."""
    if not fields:
        return event
    if url := fields.get("url") or fields.get("path"):
        parts = kit.vault.url(url)
        event.host, event.path, event.token = parts.host or event.host, parts.path, parts.token
        event.scheme = parts.scheme or event.scheme
    if page := fields.get("page"):
        event.page = origin(page, kit)
    if "host" in fields and event.host is None:
        event.host = fields["host"].lower()
    if "token" in fields and event.token is None:
        event.token = kit.vault.token(fields["token"])
    event.status = number(fields.get("status")) or event.status
    event.code = number(fields.get("code")) or event.code
    event.client = fields.get("client") or fields.get("addr") or event.client
    event.connection = fields.get("connection") or event.connection
    event.upstream = fields.get("upstream") or event.upstream
    event.version = fields.get("version") or event.version
    event.request_id = fields.get("request_id") or event.request_id
    return event


def origin(url: str, kit: Kit) -> str | None:
    """Scheme and host of the URL of a page or of an Origin header; None where it has no host."""
    parts = kit.vault.url(url)
    return f"{parts.scheme}://{parts.host}" if parts.scheme and parts.host else None


def event_of(reading: Reading, source: Source, line: int, kit: Kit) -> Event:
    """The event that a reading makes; a signal alone is a note."""
    message = reading.message
    event = Event(
        source=source.path,
        line=line,
        tier=message.tier if message and message.tier else source.tier,
        what=message.what if message else What.NOTE,
        signals=reading.signals,
        excerpt=reading.excerpt,
    )
    return apply_reading(event, reading, kit)


def apply_reading(event: Event, reading: Reading, kit: Kit) -> Event:
    """Moves all that a reading tells into an event."""
    apply_fields(event, reading.fields, kit)
    for name, value in reading.sets.items():
        setattr(event, name, value)
    event.signals = reading.signals
    return event


_LIKELY = regex.compile(r"(?i)(?:^|/)(?:wss?|websockets?|socket\.io)(?:/|$)")


def dialled(path: str | None, kit: Kit) -> bool:
    """Whether a path is one of a WebSocket: a source of the bundle shows it so, or it is called so."""
    return path is None or path in kit.paths or _LIKELY.search(path) is not None


def spans(source: Source, marks: Sequence[Mark]) -> None:
    """Sets what a log speaks for, by the times of some of its lines in the order of the file."""
    source.spans, source.marks = coverage.spans(marks), sorted(marks)
    if source.spans:
        source.first, source.last = source.spans[0][0], source.spans[-1][1]


def tier_of(kind: str) -> Tier:
    return {
        "nginx-conf": Tier.CONFIG,
        "env": Tier.CONFIG,
        "har": Tier.BROWSER,
        "testpage": Tier.BROWSER,
        "console": Tier.BROWSER,
        "app": Tier.APP,
    }.get(kind, Tier.PROXY if kind.startswith("nginx") else Tier.PROBE if kind in ("probe", "probed") else Tier.HOST)
