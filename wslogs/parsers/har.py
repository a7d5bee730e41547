"""Entries of a HAR -> one event for each about a WebSocket.

What DevTools writes for a WebSocket: ChromeDevTools/devtools-frontend, front_end/models/har/Log.ts. Its status is 0 for
every refused handshake, and the HTTP status stands only in a frame of type `error`. Firefox (devtools/client/netmonitor/src/
har/har-builder.js) writes the true status, or 0 and no reason; Playwright (server/har/harTracer) from 1.61 on -1 and a
reason. chrome-har and older Playwright write no WebSocket at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

import msgspec
import regex

from wslogs import times
from wslogs.bundle import Item
from wslogs.model import Event, Source, Tier, What
from wslogs.parsers import nginx_build
from wslogs.parsers.har_file import Entry, Opened, header, load
from wslogs.parsers.kit import Kit, Parsed, apply_fields, apply_reading, few, origin
from wslogs.redact import ELIDED

_BODIES = frozenset({"xhr", "fetch", "websocket", "other", None})
"""Kinds of entries whose bodies are data, and no page or script."""
_MOST_OF_A_BODY = 64 << 10
_EMPTY = len(b"[]")
_WAITED_FOR = frozenset({b"Firefox", b"WebKit Web Inspector"})
"""Writers whose entry of a try that failed differs from one that waits only in that its times are told."""
_PLAYWRIGHT, _WEBKIT = b"Playwright", b"WebKit Web Inspector"
_MILLISECONDS = 1e11
"""An epoch beyond is no count of seconds."""
NO_ENTRY = "no WebSocket entry"
"""The note on a HAR without any: it is no sign that none was dialled."""
_SERVER = regex.compile(rb'(?i)"name"\s*:\s*"server",\s*"value"\s*:\s*"nginx/(\d{1,3}\.\d{1,4}\.\d{1,4})\b')
_NGINX = "nginx/"
_TUNNEL, _UNCHANGED = 101, 304
_ASKED = frozenset({"xhr", "fetch"})
"""Kinds of entries that an app answers and no file does."""
_MOST_OTHERS = 2000

_Date = tuple[float, float, float]
"""A server's Date, the browser's time of the request, and of the answer; epoch seconds."""


def is_har(head: bytes) -> bool:
    """Whether a file begins like a HAR."""
    start = head.lstrip()[:4096]
    return start.startswith(b"{") and regex.search(rb'"log"\s*:\s*\{', start) is not None


def parse(item: Item, kit: Kit) -> Parsed:
    """Events of the WebSocket entries in the order of the file, and the server's Dates of the others.

    A HAR that is cut gives the entries before the cut and a note; entries of another form are counted and left out.
    """
    opened, digest = load(item)
    source = Source(path=item.path, kind="har", tier=Tier.BROWSER, sha256=digest, zone_from="the log")
    entries, begun = opened.entries, [entry.at for entry in opened.entries]
    if opened.repaired:
        source.notes.append("some of its bytes or escapes are no characters; they are read as U+FFFD")
    if not opened.whole:
        source.notes.append("cut")
    if opened.others:
        source.notes.append(f"{opened.others} entries have another form")
    tried = [position for position, entry in enumerate(entries) if entry.is_websocket]
    chosen = few(tried, source, kit)
    _learn_secrets(entries, frozenset(tried), kit)
    dates, named = _answers(entries, begun)
    parsed = Parsed([source], dates={source.path: dates} if dates else {})
    _span(source, entries, begun)
    tries, others = dict(zip(tried, opened.places(tried), strict=False)), _others(opened, begun, frozenset(tried))
    server = [found] if named and (found := _SERVER.search(opened.raw)) is not None else []
    lines, last = opened.lines((*tries.values(), *(place for _, place in others), *(found.start() for found in server)))
    source.lines = last - opened.raw.endswith(b"\n")
    told = len(entries) + opened.others
    source.recognised = source.lines if opened.whole and not opened.others else source.lines * len(entries) // max(1, told + 1)
    moments = _moments(entries, begun, tried) if any(begun[position] is None for position in chosen) else {}
    places = {page: len(opened.pages) - place - 1 for place, page in enumerate(opened.pages)}
    for position in chosen:
        entry = entries[position]
        made = _event(entry, begun[position], source, lines.get(tries.get(position, -1), 1), moments.get(position), opened.writer, kit)
        made.loads_after = places.get(entry.pageref or "")
        made.page = made.page or origin(opened.pages.get(entry.pageref or "", ""), kit)
        parsed.events.append(made)
    parsed.others = [_other(entry, source, lines[place], kit) for entry, place in others]
    parsed.others += [nginx_build.event(source.path, lines[one.start()], Tier.BROWSER, one[1].decode()) for one in server]
    source.kept = len(parsed.events)
    if opened.whole and not parsed.events:
        source.notes.append(NO_ENTRY)
    return parsed


def _span(source: Source, entries: Sequence[Entry], begun: Sequence[float | None]) -> None:
    """A HAR records from when DevTools are opened to the export, busy or not."""
    dated = [(at, entry.time) for entry, at in zip(entries, begun, strict=True) if at is not None]
    if dated:
        source.first, source.last = min(at for at, _ in dated), max(at + max(0.0, took or 0.0) / 1000 for at, took in dated)
        source.spans = [(source.first, source.last)]


def _others(opened: Opened, begun: Sequence[float | None], tried: frozenset[int]) -> list[tuple[Entry, int]]:
    """What the page asked for besides sockets, for comparison with those that failed, each with the place of the entry's start."""
    found, place = list[tuple[Entry, int]](), max(0, opened.raw.find(b'"entries"'))
    for position, entry in enumerate(opened.entries):
        if len(found) == _MOST_OTHERS:
            break
        if begun[position] is not None and position not in tried and entry.resource in _ASKED and (entry.response.status or 0) > 99:
            place = opened.raw.find(entry.started.encode(), place)
            if place < 0:
                break
            found.append((entry, place))
    return found


def _other(entry: Entry, source: Source, line: int, kit: Kit) -> Event:
    made = Event(source=source.path, line=line, tier=Tier.BROWSER, what=What.REQUEST, marks="start", at=entry.at, resolution_s=0.001)
    apply_fields(made, {"url": entry.request.url}, kit)
    made.status, made.lasted_s = entry.response.status, max(0.0, entry.time or 0.0) / 1000
    made.upgrade = False
    made.excerpt = f"{ELIDED}{kit.shown(made.path or '/')} response.status {made.status}"
    return made


def _event(
    entry: Entry, at: float | None, source: Source, line: int, undated: tuple[float | None, float] | None, writer: bytes, kit: Kit
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
    if at is None and undated is not None:
        # Dated 1969: when it failed is known from the browser's own clock, or from its neighbours; never its length.
        made.at, made.resolution_s, made.lasted_s, made.marks = undated[0], undated[1], None, "end"
    key = header(entry.request.headers, "sec-websocket-key")
    made.key = kit.vault.fingerprint(key) if key else None
    made.request_id = header(entry.response.headers, "x-request-id") or None
    agent = header(entry.request.headers, "user-agent")
    made.agent = kit.vault.fingerprint(agent) if agent else None
    made.page = origin(header(entry.request.headers, "origin"), kit)
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


def _boot(entries: Sequence[Entry], begun: Sequence[float | None], ticks: Iterable[float]) -> tuple[float, float] | None:
    """(the instant from which Chrome counts its ticks, how much later it may be), from failures dated 1969.

    Such an entry holds its failure in ticks of the browser's monotonic clock, the same for all entries, and stands before
    all dated ones. The first dial follows the script that makes it, and the last failure comes before the export ends:
    the earliest instant is the likely one.
    """
    told = list(ticks)
    dated = [
        (at, at + max(0.0, entry.time or 0.0) / 1000, entry.resource) for entry, at in zip(entries, begun, strict=True) if at is not None
    ]
    if not told or not dated:
        return None
    ready = min((end for _, end, kind in dated if kind == "script"), default=min(at for at, _, _ in dated))
    low = ready - min(told)
    return low, max(0.0, max(end for _, end, _ in dated) - max(told) - low)


def _moments(entries: Sequence[Entry], begun: Sequence[float | None], tried: Sequence[int]) -> dict[int, tuple[float | None, float]]:
    """Each try that is undated -> (when it failed, how far that may be off)."""
    ticks = {position: one for position in tried if begun[position] is None and (one := entries[position].ticks) is not None}
    boot, failed = _boot(entries, begun, ticks.values()), max(ticks.values(), default=None)
    known = [at for at in begun if at is not None]
    found = dict[int, tuple[float | None, float]]()
    before, undated = known[0] if known else None, frozenset(position for position in tried if begun[position] is None)
    for position, at in enumerate(begun):
        if position not in undated:
            before = at if at is not None else before
        elif boot is not None and failed is not None:
            # One without ticks still waits: it was dialled after the last one had failed.
            found[position] = boot[0] + ticks.get(position, failed), max(0.001, boot[1])
        else:
            found[position] = before, max(0.001, known[-1] - before) if before is not None else 0.0
    return found


def _answers(entries: Sequence[Entry], begun: Sequence[float | None]) -> tuple[list[_Date], bool]:
    """(the Dates in answers, whether one of these names nginx with its version)."""
    found, named = list[_Date](), False
    for entry, at in zip(entries, begun, strict=True):
        said = {one.name.lower(): one.value for one in reversed(entry.response.headers)}  # the first of a name counts
        named = named or said.get("server", "")[: len(_NGINX)].lower() == _NGINX
        if at is not None and (date := _date(entry, at, said)) is not None:
            found.append(date)
    return found, named


def _date(entry: Entry, at: float, said: Mapping[str, str]) -> _Date | None:
    """Of one answer; those from a cache carry old Dates."""
    text = said.get("date")
    if not text or entry.response.status == _UNCHANGED or said.get("age") or "hit" in said.get("x-cache", "").lower():
        return None
    took = _answered(entry, at) if entry.response.status == _TUNNEL else max(0.0, entry.time or 0.0) / 1000
    date = _http_date(text) if took is not None else None
    return None if date is None or took is None else (date, at, at + took)


@lru_cache(16)  # many answers of one second
def _http_date(text: str) -> float | None:
    if (moment := times.parse(text, times.HTTP)) is not None:
        return moment[0]
    try:
        said = parsedate_to_datetime(text)
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()  # that of asctime names no zone and is GMT, too
    except ValueError:
        return None


def _learn_secrets(entries: Sequence[Entry], tried: frozenset[int], kit: Kit) -> None:
    vault = kit.vault
    for entry in entries:
        request, response = entry.request, entry.response
        for one in request.headers:
            vault.header(one.name, one.value)
        for one in response.headers:
            vault.header(one.name, one.value)
        for frame in entry.frames or ():
            if frame.type != "error":
                data = frame.data if len(frame.data) <= _MOST_OF_A_BODY else msgspec.json.encode(frame.text[:_MOST_OF_A_BODY])
                vault.body(data, "message of a WebSocket")
        for raw, kind in ((request.cookies, "cookie"), (response.cookies, "cookie"), (request.body, "body of a request")):
            if _EMPTY < len(raw) <= _MOST_OF_A_BODY:
                vault.body(raw, kind)
        if entry.resource in _BODIES and len(response.content) <= _MOST_OF_A_BODY:
            vault.body(response.content, "body of an answer")
    for url in dict.fromkeys(entry.request.url for position, entry in enumerate(entries) if position not in tried):
        vault.url(url)  # a page asks for the same again and again
