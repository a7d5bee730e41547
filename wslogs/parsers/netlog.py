"""Chromium's NetLog (--log-net-log, chrome://net-export) -> one event for each WebSocket try.

The one file of a browser that tells DNS, proxy, TCP, TLS and HTTP apart. Its constants name its own numbers: event types,
phases, net errors (net/log/net_log_util.cc); it writes one event a line (net/log/file_net_log_observer.cc) and, after a
crash, no closing brackets. A try is a URL_REQUEST of ws or wss with the jobs and the socket that its events name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import BinaryIO

import msgspec
import regex

from wslogs.bundle import Item
from wslogs.model import CloseCode, Event, Source, Tier, What
from wslogs.parsers.kit import Kit, Parsed, apply_fields, apply_reading, few, number, origin
from wslogs.redact import ELIDED

_LONGEST = 8 << 20
"""Bytes of a line; the constants and the polled data are the longest. A longer one is no NetLog line."""
_UPGRADED = "ERR_WS_UPGRADE"
"""How a URL_REQUEST ends whose connection became a WebSocket (net/websockets/websocket_stream.cc)."""
_NO_REASON = ("ERR_INVALID_RESPONSE", "ERR_FAILED")
"""What stands for every refused handshake; the message beside it says more."""
_ENDS_S = 0.5
"""Sockets that end as late as the log end with the browser: nobody lost them."""
_LIVED = (946684800.0, 4102444800.0)
"""2000 to 2100: a time outside it is not believed."""
_CLOSE_FRAME = 8
_TUNNEL = 101
_OWN = frozenset({"HTTP_STREAM_JOB_CONTROLLER", "HTTP_STREAM_JOB", "SOCKET"})
"""Sources that serve one try alone. A connect job is named only when it is over, so what it met stands in the try's net error."""
_STATUS = regex.compile(r"HTTP/[\d.]+ (\d{3})\b")
_BEGINS = regex.compile(rb'\s*\{\s*"constants"\s*:\s*\{')
_KNOWN = (b'"logEventTypes"', b'"certStatusFlag"', b'"logEventPhase"', b'"netError"')
_FRAME = (b'"events": [', b"]", b"}", b"]}", b"")
_URL, _ID = b'"url":"ws', b'"source":{"id":'


class _Constants(msgspec.Struct):
    offset: float = msgspec.field(default=0.0, name="timeTickOffset")
    types: dict[str, int] = msgspec.field(default_factory=dict, name="logEventTypes")
    sources: dict[str, int] = msgspec.field(default_factory=dict, name="logSourceType")
    phases: dict[str, int] = msgspec.field(default_factory=dict, name="logEventPhase")
    errors: dict[str, int] = msgspec.field(default_factory=dict, name="netError")


class _Head(msgspec.Struct):
    constants: _Constants


class _Whole(msgspec.Struct):
    constants: _Constants
    events: list[msgspec.Raw] = []


class _From(msgspec.Struct):
    id: int
    type: int = -1


class _Params(msgspec.Struct):
    url: str = ""
    error: int | None = msgspec.field(default=None, name="net_error")
    message: str = ""
    headers: list[str] = []
    initiator: str = ""
    proxy: str | None = msgspec.field(default=None, name="proxy_chain")
    needs: _From | None = msgspec.field(default=None, name="source_dependency")
    opcode: int | None = None


class _Line(msgspec.Struct):
    time: float
    type: int
    source: _From
    phase: int = -1
    params: _Params | None = None


@dataclass(slots=True)
class _Try:
    """What the log tells of one URL_REQUEST of a WebSocket. Times are epoch seconds."""

    line: int
    url: str
    start: float
    end: float | None = None
    answered: float | None = None
    lost: float | None = None
    """When its socket ended."""
    error: int | None = None
    message: str = ""
    sent: dict[str, str] = field(default_factory=dict)
    came: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    initiator: str = ""
    proxied: bool = False
    canceled: bool = False
    closed: str = ""
    """Which side sent a close frame first."""


def is_netlog(head: bytes) -> bool:
    """Whether a file begins like a NetLog."""
    return _BEGINS.match(head) is not None and any(word in head for word in _KNOWN)


def parse(item: Item, kit: Kit) -> Parsed:
    """An event for each try, on the line where it begins, and the server's Dates of the answers."""
    source = Source(path=item.path, kind="netlog", tier=Tier.BROWSER, zone_from="the log")
    parsed = Parsed([source])
    with item.open() as stream:
        reading = _Reading(source, stream)
        reading.read()
    if reading.constants is None:
        with item.open() as stream:
            reading = _Reading(source, stream)
            reading.read_whole()
    if reading.constants is None:
        source.notes.append("its constants cannot be read, and without them nothing else")
        return parsed
    if not reading.whole:
        source.notes.append("cut")
    if reading.unread:
        source.notes.append(f"{reading.unread} events have another form")
        source.recognised -= reading.unread
    for one in few(reading.tries, source, kit):
        parsed.events.append(_event(one, reading, source, kit))
        if (date := _date(one)) is not None:
            parsed.dates.setdefault(source.path, []).append(date)
    if source.first is not None and source.last is not None:
        source.spans = [(source.first, source.last)]
    source.kept = len(parsed.events)
    return parsed


class _Reading:
    """One pass over one file: memory grows with the tries, not with the file."""

    def __init__(self, source: Source, stream: BinaryIO) -> None:
        self.source, self._stream = source, stream
        self.constants: _Constants | None = None
        self.whole = False
        self.unread = 0
        """Events of tries that have another form or no believable time."""
        self.tries: list[_Try] = []
        self._of: dict[int, _Try] = {}
        self._names: Mapping[int, str] = {}
        self._own: frozenset[int] = frozenset()
        self._begin = self._end = self._request = -1
        self._times: tuple[float, float] | None = None
        self._decoder = msgspec.json.Decoder(_Line, strict=False)

    def read(self) -> None:
        """The form that Chromium writes: the constants on the first line, then one event a line."""
        digest, last, text = hashlib.sha256(), b"", b""
        for number_, line in enumerate(_lines(self._stream), 1):
            digest.update(line)
            self.source.lines = number_
            text = line.strip().removesuffix(b",")
            if number_ == 1:
                self._learn(text + b"}")
                if self.constants is None:
                    return
                self.source.recognised += 1
            elif not text.startswith(b"{"):
                self.source.recognised += text in _FRAME or text.startswith(b'"polledData"')
            elif (text := text.removesuffix(b"]")).endswith(b"}"):
                self.source.recognised += 1
                last = text
                self._event(text, number_)
            elif not line.endswith(b"\n"):
                self.source.recognised += 1  # the line in which the log breaks off
        self.whole = text in _FRAME[1:] or text.endswith(b"]}")
        if last:
            self._event(last, 0)
        self.source.sha256 = digest.hexdigest()

    def read_whole(self) -> None:
        """A NetLog that another program wrote again, on one line or indented."""
        raw = self._stream.read()
        self.source.sha256, self.source.lines = hashlib.sha256(raw).hexdigest(), raw.count(b"\n") + (not raw.endswith(b"\n"))
        try:
            told = msgspec.json.decode(raw, type=_Whole, strict=False)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return
        self._set(told.constants)
        for one in told.events:
            self._decoded(bytes(one), 1)
        self.source.recognised, self.whole = self.source.lines, True

    def _learn(self, head: bytes) -> None:
        try:
            self._set(msgspec.json.decode(head, type=_Head, strict=False).constants)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return

    def _set(self, constants: _Constants) -> None:
        self.constants = constants
        self._names = {value: name for name, value in constants.types.items()}
        self._own = frozenset(value for name, value in constants.sources.items() if name in _OWN)
        self._begin, self._end = constants.phases.get("PHASE_BEGIN", 1), constants.phases.get("PHASE_END", 2)
        self._request = constants.sources.get("URL_REQUEST", -1)

    def _event(self, text: bytes, line: int) -> None:
        """Decodes the lines of tries alone; the first and last line of the log tell what it speaks for."""
        at = text.rfind(_ID) + len(_ID)
        if line and self._times is not None and _URL not in text and int(_DIGITS.match(text, at)[0] or b"0") not in self._of:  # type: ignore[index]
            return
        self._decoded(text, line)

    def _decoded(self, text: bytes, line: int) -> None:
        assert self.constants is not None
        try:
            told = self._decoder.decode(text)
            at = (self.constants.offset + told.time) / 1000
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            at = 0.0
        if not _LIVED[0] < at < _LIVED[1]:
            self.unread += line > 0
            return
        first = at if self.source.first is None else min(at, self.source.first)
        self.source.first, self.source.last = first, max(at, self.source.last or at)
        self._times = (first, at)
        if line:
            self._take(told, at, line)

    def _take(self, told: _Line, at: float, line: int) -> None:
        params = told.params or _NO_PARAMS
        one = self._of.get(told.source.id)
        if one is None:
            if told.source.type != self._request or not params.url.startswith(("ws://", "wss://")):
                return
            one = self._of[told.source.id] = _Try(line, params.url, at)
            self.tries.append(one)
        if params.needs is not None and params.needs.type in self._own:
            self._of.setdefault(params.needs.id, one)
        name = self._names.get(told.type, "")
        if told.source.type == self._request:
            self._of_request(one, name, told.phase, params, at)
        elif name in ("SOCKET_IN_USE", "SOCKET_ALIVE", "SOCKET_CLOSED") and told.phase != self._begin:
            one.lost = at if one.lost is None else one.lost
        elif params.proxy is not None:
            one.proxied = "direct://" not in params.proxy

    def _of_request(self, one: _Try, name: str, phase: int, params: _Params, at: float) -> None:
        one.initiator = params.initiator or one.initiator
        one.message = params.message or one.message
        if name == "REQUEST_ALIVE" and phase == self._end:
            one.end, one.error = at, params.error if params.error is not None else one.error
        elif name.endswith("SEND_REQUEST_HEADERS"):
            one.sent = _headers(params.headers)[0]
        elif name.endswith("READ_RESPONSE_HEADERS"):
            one.came, one.status = _headers(params.headers)
            one.answered = at
        elif name == "CANCELLED":
            one.canceled, one.error = True, params.error
        elif name.startswith("WEBSOCKET_") and params.opcode == _CLOSE_FRAME:
            one.closed = one.closed or ("the browser's side" if "SENT" in name else "the server's side")


_NO_PARAMS = _Params()
_DIGITS = regex.compile(rb"\d{0,12}")


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines with their ends; one that is too long comes in pieces."""
    while line := stream.readline(_LONGEST):
        yield line


def _headers(lines: list[str]) -> tuple[dict[str, str], int | None]:
    """(headers by lower-case name, status of the first line)."""
    found, status = {}, None
    for line in lines:
        if (start := _STATUS.match(line)) is not None:
            status = int(start[1])
        name, _, value = line.removeprefix(":").partition(":")
        found[name.lower()] = value.strip()
    return found, status or number(found.get("status"))


def _event(one: _Try, reading: _Reading, source: Source, kit: Kit) -> Event:
    assert reading.constants is not None
    names = {value: name for name, value in reading.constants.errors.items()}
    error = names.get(one.error, "") if one.error is not None else ""
    made = Event(source=source.path, line=one.line, tier=Tier.BROWSER, what=What.HANDSHAKE, marks="start", at=one.start)
    made.resolution_s, made.upgrade = 0.001, True
    made.logged = f"{one.start * 1000 - reading.constants.offset:.0f}"
    apply_fields(made, {"url": one.url}, kit)
    kit.paths.add(made.path or "/")
    for name, value in (*one.sent.items(), *one.came.items()):
        kit.vault.header(name, value)
    made.key = kit.vault.fingerprint(key) if (key := one.sent.get("sec-websocket-key")) else None
    made.agent = kit.vault.fingerprint(agent) if (agent := one.sent.get("user-agent")) else None
    made.request_id = one.came.get("x-request-id") or None
    made.page = origin(one.sent.get("origin") or one.initiator, kit)
    opened = error == _UPGRADED
    reason = kit.reader("har").read_all(said := _reason(one, error))
    apply_reading(made, reason, kit)
    # Over HTTP/2 the answer to an extended CONNECT is 200 (RFC 8441 section 5): the upgrade is what counts.
    made.status = _TUNNEL if opened else one.status or made.status
    made.failed = True if said and made.status is None else None
    made.answered_s = round(one.answered - one.start, 3) if one.answered is not None else None  # ticks are whole milliseconds
    over = one.lost if opened else one.end
    made.lasted_s = max(0.0, round(over - one.start, 3)) if over is not None else None
    if opened and _lost(one, reading):
        made.code = CloseCode.ABNORMAL.value
    made.excerpt = _excerpt(made, one, reason.excerpt, kit)
    return made


def _reason(one: _Try, error: str) -> str:
    """Why a try failed in Chromium's words, the same that its console says."""
    if error == _UPGRADED:
        return ""
    if not error and one.canceled and one.status is None:
        error = "ERR_ABORTED"  # its own side gave it up: no error of the net
    told = f"net::{error}" if error and not (one.message and error in _NO_REASON) else ""
    return " ".join(part for part in (one.message, told) if part)


def _lost(one: _Try, reading: _Reading) -> bool:
    """Whether an open socket ended without a close frame from either side: RFC 6455 section 7.1.5 calls that 1006."""
    assert reading.constants is not None
    last = reading.source.last
    told = "WEBSOCKET_RECV_FRAME_HEADER" in reading.constants.types
    return told and not one.closed and one.lost is not None and last is not None and last - one.lost > _ENDS_S


def _excerpt(made: Event, one: _Try, why: str, kit: Kit) -> str:
    said = [f"{made.scheme or 'ws'}://{ELIDED}{kit.shown(made.path)}"]
    said += [f"HTTP {made.status}"] if made.status else []
    said += ["through a proxy"] if one.proxied else []
    said += [f"closed from {one.closed}"] if one.closed else ["lost without a close frame"] if made.code else []
    return " ".join(said) + (f": {why}" if why else "")


def _date(one: _Try) -> tuple[float, float, float] | None:
    """(server's Date, browser's time of the request, and of the answer)."""
    text = one.came.get("date", "")
    if not text or one.answered is None or "age" in one.came:
        return None
    try:
        return parsedate_to_datetime(text).timestamp(), one.start, one.answered
    except ValueError:
        return None
