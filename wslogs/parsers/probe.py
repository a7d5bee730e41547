"""Saved output of curl, wscat, websocat and openssl s_client -> one event of each probe.

The words are in patterns/formats/probe.toml; here is what no single line tells. What settles a probe comes first: after a
101 its end says nothing of the handshake (curl then ends with "(28) Operation timed out"), and where no certificate came,
"Verification: OK" verifies none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import regex

from wslogs.bundle import Item
from wslogs.model import Event, Mark, Source, Tier, What
from wslogs.parsers import nginx_build
from wslogs.parsers.heads import Heads
from wslogs.parsers.kit import Kit, Parsed, apply_fields, decode, number, spans
from wslogs.parsers.reader import Reading

_MOST = 1 << 20
_MOST_LINES = 20_000
"""So much of a file is read: what a person saved by hand is smaller."""
_SHORT = 200
_TUNNEL = 101
_BEGINS = (What.REQUEST, What.HANDSHAKE)
_SETTLES = (What.HANDSHAKE, What.OPENED, What.FAILED, What.CLOSED)
_ANSWER = regex.compile(rb"\s*(?:[<>*$] |HTTP/[\d.]{1,3} \d{3})")
_SECRET = regex.compile(
    r"(?i)(?:cookie|authorization|x-api-key|x-auth-token|master-key|session-id|resumption psk|sec-websocket-protocol)\s*:"
    r"\s*(?P<value>[^\"'\r\n]{12,4000})"
)
"""Headers and TLS sessions whose value must never leave."""
_SERVER = regex.compile(r"(?i)[<\s]*server: nginx/(\d{1,3}\.\d{1,4}\.\d{1,4})\b")


def is_answer(head: bytes) -> bool:
    """Whether bytes that no text holds may be the frames after a 101 that `curl -i` printed."""
    return _ANSWER.match(head) is not None


def is_probe(head: bytes, kit: Kit) -> bool:
    """Whether the first line of a short file begins a probe: its command, its request, its answer.

    A longer one is told by most of its lines, as any log is: a terminal's window may hold more than a probe.
    """
    if head.count(b"\n") > _SHORT:
        return False
    first = next((line for line in head.splitlines() if line.strip()), b"")
    message = kit.reader("probe").read_all(decode(first)).message
    return message is not None and message.what in _BEGINS


@dataclass(slots=True)
class _Probe:
    """What one run of a program told so far."""

    event: Event
    ports: set[str] = field(default_factory=set)
    signals: list[str] = field(default_factory=list)
    opened: bool = False
    failed: bool = False
    settled: bool = False
    whole: bool = False
    """Whether its one line told all of it, as `nc` does."""


def parse(item: Item, kit: Kit) -> Parsed:
    """One source with one event of each probe in it, at the time that the server's Date or the TLS session tells."""
    with item.open() as stream:
        raw = stream.read(_MOST + 1)
    source = Source(path=item.path, kind="probe", tier=Tier.PROBE, sha256=hashlib.sha256(raw[:_MOST]).hexdigest())
    transcript = _Transcript(source, kit)
    lines = raw[:_MOST].removesuffix(b"\n").split(b"\n")
    if len(raw) > _MOST or len(lines) > _MOST_LINES:
        source.notes.append(f"only its first {min(len(lines), _MOST_LINES)} lines were read")
    for position, line in enumerate(lines[:_MOST_LINES], 1):
        transcript.line(position, decode(line))
    events = list(transcript.events())
    source.lines, source.kept = len(lines), len(events)
    source.recognised = transcript.recognised
    spans(source, [Mark(event.at, event.line) for event in events if event.at is not None])
    return Parsed([source], events, others=transcript.builds)


class _Transcript:
    """One pass over one file."""

    def __init__(self, source: Source, kit: Kit) -> None:
        self._source, self._kit = source, kit
        self._reader, self._heads = kit.reader("probe"), Heads(kit.patterns, "probe")
        self._shapes = [s.match for s in kit.patterns.shapes if s.kind == "probe"]
        self._probes: list[_Probe] = []
        self._body = self._headers = False
        self.recognised = 0
        self.builds: list[Event] = []
        """Lines in which nginx names its version."""

    def line(self, number: int, text: str) -> None:
        for found in _SECRET.finditer(text):
            self._kit.vault.secret(found["value"].strip(), "header or TLS session of a probe")
        self._kit.vault.learn(text)
        shaped = any(shape.match(text) for shape in self._shapes)
        reading = self._reader.read_all(text)
        if self._headers and text.strip(" <>") == "":
            self._headers, self._body = False, True
        self.recognised += shaped or self._body or bool(reading) or not text.strip()
        what = reading.message.what if reading.message else None
        if what in _BEGINS:
            # What a command prints may be anything: `curl http://localhost:8000/health` prints the answer's body alone.
            self._body, self._headers = "url" in reading.fields, what is What.HANDSHAKE
        self._take(number, text, reading)
        if (server := _SERVER.match(text)) is not None:
            self.builds.append(nginx_build.event(self._source.path, number, Tier.PROBE, server[1]))

    def _take(self, number: int, text: str, reading: Reading) -> None:
        what = reading.message.what if reading.message else None
        head = self._heads.take(text) if self._headers or not self._body else None
        if not reading and not (head and head.at is not None and self._probes):
            return
        probe = self._probe(number, what)
        if head is not None and head.at is not None and probe.event.at is None:
            probe.event.at, probe.event.logged, probe.event.resolution_s = head.at, head.logged, head.resolution_s
        if reading:
            self._learn(probe, number, reading, what)

    def _probe(self, number: int, what: What | None) -> _Probe:
        """The probe that a line belongs to: a new one where one begins after another was settled."""
        last = self._probes[-1] if self._probes else None
        if last is None or last.whole or (last.settled and what in _BEGINS and not (what is What.HANDSHAKE and last.event.status is None)):
            last = _Probe(Event(source=self._source.path, line=number, tier=Tier.PROBE, what=What.NOTE))
            self._probes.append(last)
        return last

    def _learn(self, probe: _Probe, line: int, reading: Reading, what: What | None) -> None:
        if probe.opened and what is not What.CLOSED:
            return
        if probe.failed and what is not What.FAILED:
            return
        event, fields = probe.event, dict(reading.fields)
        if event.path is not None and not fields.get("url"):
            fields.pop("path", None)
        if what is not What.CLOSED:
            fields.pop("code", None)
        addr = fields.pop("addr", None)  # whom the probe asked, which is not the client
        apply_fields(event, fields, self._kit)
        if addr and event.upstream is None:
            event.upstream = f"{addr}:{fields.get('port', '')}".rstrip(":")
        probe.signals += [name for name in reading.signals if name not in probe.signals]
        if what in _SETTLES or not event.excerpt:
            if not probe.settled:
                event.line = line if what in _SETTLES or not event.excerpt else event.line
            event.excerpt = reading.excerpt if not probe.settled else event.excerpt
        probe.opened = probe.opened or what is What.OPENED or number(fields.get("status")) == _TUNNEL
        probe.failed = probe.failed or what is What.FAILED
        probe.whole = what is What.REQUEST and bool(reading.signals)
        probe.settled = probe.settled or what in _SETTLES

    def events(self) -> Iterator[Event]:
        """The probes that told anything but their address."""
        for probe in self._probes:
            event = probe.event
            if not probe.settled and not probe.signals:
                continue
            event.signals = tuple(probe.signals)
            event.status = event.status or (_TUNNEL if probe.opened else None)
            if event.status == _TUNNEL and event.path:
                self._kit.paths.add(event.path)
            refused = event.status is not None and event.status >= 400
            event.what = What.OPENED if probe.opened else What.FAILED if probe.failed else What.REFUSED if refused else What.NOTE
            yield event
