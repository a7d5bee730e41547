"""HAR exports -> one event for each WebSocket entry.

What DevTools writes for a WebSocket: ChromeDevTools/devtools-frontend, front_end/models/har/Log.ts. Its status is 0 for
every refused handshake, and the HTTP status stands only in a frame of type `error`. Firefox (devtools/client/netmonitor/src/
har/har-builder.js) writes the true status, or 0 and no reason; Playwright (server/har/harTracer) from 1.61 on -1 and a
reason. chrome-har and older Playwright write no WebSocket at all.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property, lru_cache

import msgspec
import regex

from wslogs import times
from wslogs.bundle import Item
from wslogs.model import Event, Source, Tier, What
from wslogs.parsers import nginx_build
from wslogs.parsers.kit import Kit, Parsed, apply_fields, apply_reading, few, origin
from wslogs.redact import ELIDED

_EARLIEST = 946684800.0
"""Before 2000: Chrome dates a try that failed before its request at the end of 1969."""
_BODIES = frozenset({"xhr", "fetch", "websocket", "other", None})
"""Kinds of entries whose bodies are data, and no page or script."""
_MOST_OF_A_BODY = 64 << 10
_AT_ONCE = 1 << 20
_WRITER = regex.compile(rb'"creator"\s*:\s*\{[^{}]{0,400}?"name"\s*:\s*"([^"]{0,40})"')
_WAITED_FOR = frozenset({b"Firefox", b"WebKit Web Inspector"})
"""Writers whose entry of a try that failed differs from one that waits only in that its times are told."""
_PLAYWRIGHT, _WEBKIT = b"Playwright", b"WebKit Web Inspector"
_MILLISECONDS = 1e11
"""An epoch beyond is no count of seconds."""
NO_ENTRY = "no WebSocket entry"
"""The note on a HAR without any: it is no sign that none was dialled."""
_SERVER = regex.compile(rb'(?i)"name"\s*:\s*"server",\s*"value"\s*:\s*"nginx/(\d{1,3}\.\d{1,4}\.\d{1,4})\b')
_TUNNEL = 101
_ASKED = frozenset({"xhr", "fetch"})
"""Kinds of entries that an app answers and no file does."""
_MOST_OTHERS = 2000
_SCHEMES = ("ws://", "wss://")


_ESCAPE = regex.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", regex.DOTALL
)
_NOTHING = msgspec.Raw(b"null")


class Header(msgspec.Struct):
    name: str = ""
    value: str = ""


class Frame(msgspec.Struct):
    type: str = ""
    time: float | None = None
    data: msgspec.Raw = _NOTHING

    @property
    def text(self) -> str:
        """What is said in it; nothing where it is no text."""
        with suppress(msgspec.DecodeError):
            return msgspec.json.decode(self.data, type=str | None) or ""
        return ""


class Timings(msgspec.Struct):
    wait: float | None = None
    receive: float | None = None


class Request(msgspec.Struct):
    method: str = ""
    url: str = ""
    headers: list[Header] = []
    cookies: msgspec.Raw = _NOTHING
    body: msgspec.Raw = msgspec.field(default=_NOTHING, name="postData")


class Response(msgspec.Struct):
    status: int | None = None
    headers: list[Header] = []
    error: str | None = msgspec.field(default=None, name="_error")
    failure: str | None = msgspec.field(default=None, name="_failureText")
    cookies: msgspec.Raw = _NOTHING
    content: msgspec.Raw = _NOTHING


class Entry(msgspec.Struct, dict=True):
    request: Request
    response: Response = msgspec.field(default_factory=Response)
    started: str = msgspec.field(default="", name="startedDateTime")
    time: float | None = None
    timings: Timings = msgspec.field(default_factory=Timings)
    pageref: str | None = None
    resource: str | None = msgspec.field(default=None, name="_resourceType")
    security: str | None = msgspec.field(default=None, name="_securityState")
    frames: list[Frame] | None = msgspec.field(default=None, name="_webSocketMessages")

    @cached_property
    def at(self) -> float | None:
        """When it began, epoch seconds; None where it is dated 1969 or not at all."""
        moment = times.parse(self.started, "iso")
        return moment[0] if moment and moment[0] > _EARLIEST else None

    @cached_property
    def is_websocket(self) -> bool:
        if self.resource == "websocket" or self.request.url.startswith(_SCHEMES):
            return True
        return _header(self.request.headers, "upgrade").lower() == "websocket"


class Page(msgspec.Struct):
    id: str = ""
    title: str = ""
    """Chrome gives the URL of the page, Firefox what its tab is called."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What one HAR holds of what is read."""

    entries: list[Entry]
    pages: dict[str, str]
    """Id of each load of a page -> its title, in their order."""
    others: int
    """Entries of another form."""
    whole: bool
    """Whether it is not cut."""
    repaired: bool
    """Whether bytes or escapes in it are no characters."""
    writer: bytes
    """The program that wrote it."""


class _Log(msgspec.Struct):
    entries: list[msgspec.Raw] = []
    pages: list[Page] = []


class _Har(msgspec.Struct):
    log: _Log


def is_har(head: bytes) -> bool:
    """Whether a file begins like a HAR."""
    start = head.lstrip()[:4096]
    return start.startswith(b"{") and regex.search(rb'"log"\s*:\s*\{', start) is not None


def parse(item: Item, kit: Kit) -> Parsed:
    """Events of the WebSocket entries in the order of the file, and the server's Dates of the others.

    A HAR that is cut gives the entries before the cut and a note; entries of another form are counted and left out.
    """
    whole_file = io.BytesIO()  # grows in place, where `read()` would join two halves
    with item.open() as stream:
        shutil.copyfileobj(stream, whole_file, _AT_ONCE)
    raw = whole_file.getvalue()
    source = Source(path=item.path, kind="har", tier=Tier.BROWSER, sha256=hashlib.sha256(raw).hexdigest(), zone_from="the log")
    source.lines = raw.count(b"\n") + (not raw.endswith(b"\n"))
    parsed = Parsed([source])
    opened = read(raw)
    entries, pages = opened.entries, opened.pages
    if opened.repaired:
        source.notes.append("some of its bytes or escapes are no characters; they are read as U+FFFD")
    if not opened.whole:
        source.notes.append("cut")
    if opened.others:
        source.notes.append(f"{opened.others} entries have another form")
    told = len(entries) + opened.others
    source.recognised = source.lines if opened.whole and not opened.others else source.lines * len(entries) // max(1, told + 1)
    lines, others = _lines(raw), list[tuple[Entry, float]]()
    moments = _moments(entries)
    places = {page: len(pages) - place - 1 for place, page in enumerate(pages)}
    writer = opened.writer
    tried = [position for position, entry in enumerate(entries) if entry.is_websocket]
    line_of = dict(zip(tried, lines, strict=False))
    chosen = set(few(tried, source, kit))
    for position, entry in enumerate(entries):
        at = entry.at
        if at is not None:
            source.first = at if source.first is None else min(source.first, at)
            source.last = max(source.last or at, at + max(0.0, (entry.time or 0.0)) / 1000)
        _learn_secrets(entry, kit)
        if position in chosen:
            made = _event(entry, at, source, line_of.get(position, 1), moments[position], writer, kit)
            made.loads_after = places.get(entry.pageref or "")
            made.page = made.page or origin(pages.get(entry.pageref or "", ""), kit)
            parsed.events.append(made)
        elif (
            at is not None
            and position not in line_of
            and entry.resource in _ASKED
            and len(others) < _MOST_OTHERS
            and (entry.response.status or 0) > 99
        ):
            others.append((entry, at))
        if at is not None and (date := _date(entry, at)):
            parsed.dates.setdefault(source.path, []).append(date)
    if source.first is not None and source.last is not None:
        source.spans = [(source.first, source.last)]  # it records from when DevTools are opened to the export, busy or not
    parsed.others = _others(others, raw, source, kit)
    if (found := _SERVER.search(raw)) is not None:
        parsed.others.append(nginx_build.event(source.path, raw.count(b"\n", 0, found.start()) + 1, Tier.BROWSER, found[1].decode()))
    source.kept = len(parsed.events)
    if opened.whole and not parsed.events:
        source.notes.append(NO_ENTRY)
    return parsed


def read(raw: bytes) -> Opened:
    """The entries of a HAR, also of one that is cut, or holds bytes that are no characters."""
    entries, pages, whole = _entries(raw)
    found = [entry for one in entries if (entry := _entry(one)) is not None]
    repaired = False
    if (not whole or len(found) < len(entries)) and (readable := _readable(raw)) != raw:
        entries, pages, whole = _entries(readable)
        found = [entry for one in entries if (entry := _entry(one)) is not None]
        repaired = True
    writer = told[1] if (told := _WRITER.search(raw, 0, 1 << 16)) is not None else b""
    return Opened(found, pages, len(entries) - len(found), whole, repaired, writer)


def _others(entries: list[tuple[Entry, float]], raw: bytes, source: Source, kit: Kit) -> list[Event]:
    """What the page asked for besides sockets, for comparison with those that failed. The line is that of the entry's start."""
    found, line, position = [], 1, max(0, raw.find(b'"entries"'))
    line += raw.count(b"\n", 0, position)
    for entry, at in entries:
        place = raw.find(entry.started.encode(), position)
        if place < 0:
            break
        line, position = line + raw.count(b"\n", position, place), place
        made = Event(source=source.path, line=line, tier=Tier.BROWSER, what=What.REQUEST, marks="start", at=at, resolution_s=0.001)
        apply_fields(made, {"url": entry.request.url}, kit)
        made.status, made.lasted_s = entry.response.status, max(0.0, entry.time or 0.0) / 1000
        made.upgrade = False
        made.excerpt = f"{ELIDED}{kit.shown(made.path or '/')} response.status {made.status}"
        found.append(made)
    return found


def _entries(raw: bytes) -> tuple[list[msgspec.Raw | bytes], dict[str, str], bool]:
    """(entries, id of each load of a page -> its title, in their order, whether the HAR is whole)."""
    try:
        log = msgspec.json.decode(raw, type=_Har).log
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _salvaged(raw.decode("utf-8", "replace")), {}, False
    return list(log.entries), {page.id: page.title for page in log.pages}, True


def _readable(raw: bytes) -> bytes:
    r"""Each byte and each \ud800 without its other half that is no character replaced; lines stay what they were.

    JavaScript's strings may hold halves (ECMA-262 section 6.1.4), and JSON.stringify writes them as escapes (section 25.5.2.3).
    """
    return _ESCAPE.sub(lambda found: b"\\ufffd" if found["half"] else found[0], raw.decode("utf-8", "replace").encode())


def _salvaged(text: str) -> list[msgspec.Raw | bytes]:
    """The entries before the place where the JSON breaks off."""
    found: list[msgspec.Raw | bytes] = []
    start = regex.search(r'"entries"\s*:\s*\[', text)
    if start is None:
        return found
    decoder, position = json.JSONDecoder(), start.end()
    while (begin := regex.compile(r"[\s,]*(?=\{)").match(text, position)) is not None:
        try:
            _, position = decoder.raw_decode(text, begin.end())
        except (ValueError, RecursionError):
            break
        found.append(text[begin.end() : position].encode("utf-8", "replace"))
    return found


def _entry(raw: msgspec.Raw | bytes) -> Entry | None:
    try:
        return msgspec.json.decode(raw, type=Entry, strict=False)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def _lines(raw: bytes) -> list[int]:
    """The line on which each WebSocket entry's URL stands."""
    found, line, position = [], 1, 0
    for match in regex.finditer(rb'"url"\s*:\s*"wss?:', raw):
        line += raw.count(b"\n", position, match.start())
        position = match.start()
        found.append(line)
    return found


def _header(headers: list[Header], name: str) -> str:
    return next((h.value for h in headers if h.name.lower() == name), "")


def _event(
    entry: Entry, at: float | None, source: Source, line: int, undated: tuple[float | None, float], writer: bytes, kit: Kit
) -> Event:
    made = Event(
        source=source.path,
        line=line,
        tier=Tier.BROWSER,
        what=What.HANDSHAKE,
        marks="start",
        at=at,
        logged=entry.started,
    )
    made.resolution_s = 0.001
    apply_fields(made, {"url": entry.request.url}, kit)
    made.status = entry.response.status if (entry.response.status or 0) > 99 else None
    made.lasted_s = _lasted(entry, writer)
    made.answered_s = _answered(entry, at)
    frames = [_seconds(f.time) for f in entry.frames or () if f.type != "error" and f.time is not None and f.time > 0]
    if at is not None and made.lasted_s is not None and frames and made.status == _TUNNEL:
        made.quiet_s = max(0.0, at + made.lasted_s - max(frames))
    if at is None:
        # Dated 1969: when it failed is known from the browser's own clock, or from its neighbours; never its length.
        made.at, made.resolution_s, made.lasted_s, made.marks = undated[0], undated[1], None, "end"
    key = _header(entry.request.headers, "sec-websocket-key")
    made.key = kit.vault.fingerprint(key) if key else None
    made.request_id = _header(entry.response.headers, "x-request-id") or None
    agent = _header(entry.request.headers, "user-agent")
    made.agent = kit.vault.fingerprint(agent) if agent else None
    made.page = origin(_header(entry.request.headers, "origin"), kit)
    made.upgrade = True
    kit.paths.add(made.path or "/")
    errors = [f.text for f in entry.frames or () if f.type == "error"]
    reason = " ".join(errors)
    broken = '"_securityState": "broken"' if entry.security == "broken" and not made.status else ""
    reason = " ".join(part for part in (reason, entry.response.error, entry.response.failure, broken) if part)
    reading = kit.reader("har").read_all(reason)
    apply_reading(made, reading, kit)
    # Of a socket that an extension stopped, Chrome gives an error without words.
    over = bool(errors or reason) or (writer in _WAITED_FOR and entry.timings.wait is not None)
    made.failed = True if over and made.status is None else None
    told = f": {reading.excerpt}" if reading.excerpt else ""
    made.excerpt = f"{made.scheme or 'ws'}://{ELIDED}{kit.shown(made.path)} response.status {entry.response.status or 0}{told}"
    return made


def _lasted(entry: Entry, writer: bytes) -> float | None:
    """How long the try lasted, as far as the writer tells; -1 is a HAR's word for a time that is not known.

    Playwright's `time` of a socket is from its first frame to its last; WebKit leaves 0 where it has no end.
    """
    if entry.time is None or entry.time == -1 or _is_open(entry) or writer == _PLAYWRIGHT or (writer == _WEBKIT and not entry.time):
        return None
    return max(0.0, entry.time) / 1000


def _is_open(entry: Entry) -> bool:
    """Whether a socket was open when the HAR was exported.

    DevTools counts each frame as the response and only the close as the end (front_end/core/sdk/NetworkManager.ts,
    webSocketFrameReceived and webSocketClosed): an open socket has received for no time at all.
    """
    return entry.response.status == _TUNNEL and entry.timings.receive == 0


def _answered(entry: Entry, at: float | None) -> float | None:
    """Seconds from the dial to the first frame of an opened socket, the first sign that it is open."""
    frames = [_seconds(f.time) for f in entry.frames or () if f.type != "error" and f.time is not None and f.time > 0]
    if entry.frames is None and _is_open(entry) and entry.time:
        return entry.time / 1000  # Firefox, which knows of no frames, and measures until the answer
    if at is None or entry.response.status != _TUNNEL or not frames:
        return None
    return max(0.0, min(frames) - at)


def _seconds(moment: float) -> float:
    """A frame's epoch: seconds in DevTools, milliseconds in Playwright."""
    return moment / 1000 if moment > _MILLISECONDS else moment


def _boot(entries: list[Entry]) -> tuple[float, float] | None:
    """(the instant from which Chrome counts its ticks, how much later it may be), from failures dated 1969.

    Such an entry holds its failure in ticks of the browser's monotonic clock, the same for all entries, and stands before
    all dated ones. The first dial follows the script that makes it, and the last failure comes before the export ends:
    the earliest instant is the likely one.
    """
    ticks = [t for t in map(_ticks, entries) if t is not None]
    dated = [(at, at + max(0.0, entry.time or 0.0) / 1000, entry.resource) for entry in entries if (at := entry.at) is not None]
    if not ticks or not dated:
        return None
    ready = min((end for _, end, kind in dated if kind == "script"), default=min(at for at, _, _ in dated))
    low = ready - min(ticks)
    return low, max(0.0, max(end for _, end, _ in dated) - max(ticks) - low)


def _ticks(entry: Entry) -> float | None:
    """Seconds on the browser's monotonic clock at which an undated try failed."""
    if not entry.is_websocket or entry.at is not None:
        return None
    return next((f.time for f in entry.frames or () if f.type == "error" and f.time is not None and f.time < _EARLIEST), None)


def _moments(entries: list[Entry]) -> list[tuple[float | None, float]]:
    """For each entry, if it is undated: (when it failed, how far that may be off)."""
    boot = _boot(entries)
    dated = [entry.at for entry in entries]
    known = [at for at in dated if at is not None]
    failed = max((ticks for ticks in map(_ticks, entries) if ticks is not None), default=None)
    found = list[tuple[float | None, float]]()
    before = known[0] if known else None
    for entry, at in zip(entries, dated, strict=True):
        ticks = _ticks(entry) if at is None else None
        if at is None and failed is not None and ticks is None and entry.is_websocket:
            ticks = failed  # still waiting: dialled after the last one had failed
        if boot is not None and ticks is not None:
            found.append((boot[0] + ticks, max(0.001, boot[1])))
        else:
            found.append((before, max(0.001, known[-1] - before) if before is not None else 0.0))
        before = at if at is not None else before
    return found


def _date(entry: Entry, at: float) -> tuple[float, float, float] | None:
    """(server's Date, browser's time of the request, and of the answer); answers from a cache carry old Dates."""
    headers = entry.response.headers
    text = _header(headers, "date")
    took = _answered(entry, at) if entry.response.status == _TUNNEL else max(0.0, entry.time or 0.0) / 1000
    if not text or took is None or _header(headers, "age") or "hit" in _header(headers, "x-cache").lower() or entry.response.status == 304:
        return None
    date = _http_date(text)
    return None if date is None else (date, at, at + took)


@lru_cache(16)  # many answers of one second
def _http_date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


def _learn_secrets(entry: Entry, kit: Kit) -> None:
    for header in (*entry.request.headers, *entry.response.headers):
        kit.vault.header(header.name, header.value)
    for frame in entry.frames or ():
        if frame.type != "error":
            data = bytes(frame.data) if len(frame.data) <= _MOST_OF_A_BODY else msgspec.json.encode(frame.text[:_MOST_OF_A_BODY])
            kit.vault.body(data, "message of a WebSocket")
    for raw, kind in ((entry.request.cookies, "cookie"), (entry.response.cookies, "cookie"), (entry.request.body, "body of a request")):
        _hide(raw, kind, kit)
    if entry.resource in _BODIES:
        _hide(entry.response.content, "body of an answer", kit)
    if entry.request.url and not entry.is_websocket:
        kit.vault.url(entry.request.url)


def _hide(raw: msgspec.Raw, kind: str, kit: Kit) -> None:
    """Makes a value known to the vault that is not too long."""
    if len(raw) <= _MOST_OF_A_BODY:
        kit.vault.body(bytes(raw), kind)
