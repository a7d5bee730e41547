"""A HAR as its writer left it -> its entries, also where it is cut or holds bytes that are no characters.

What is read of an entry is all that its structs name; a body is kept as it stands there, and never decoded here.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import msgspec
import numpy as np
import regex

from wslogs import times
from wslogs.bundle import Item
from wslogs.linewise import compiled

_EARLIEST = 946684800.0
"""Before 2000: Chrome dates a try that failed before its request at the end of 1969."""
_AT_ONCE = 1 << 20
_WRITER = regex.compile(rb'"creator"\s*:\s*\{[^{}]{0,400}?"name"\s*:\s*"([^"]{0,40})"')
_SCHEMES = ("ws://", "wss://")
_SOCKET = regex.compile(rb'"url"\s*:\s*"wss?:')
_ENTRIES, _NEXT = regex.compile(rb'"entries"\s*:\s*\['), regex.compile(rb"[\s,]*(?=\{)")
_ENDED = regex.compile(r"trailing characters \(byte (\d+)\)")
"""What msgspec says of a value with something behind it: the byte after its end, counted from one."""
_HALF = compiled(r"\\u[dD][89a-fA-F]")
_LOST = regex.compile(
    rb"(?:\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\(?!u[dD][89a-fA-F][0-9a-fA-F]{2})(?s:.))(*SKIP)(*FAIL)"
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
"""A half of a character without its other; an escaped backslash is none."""
_PIECE, _END = 1 << 18, ord("\n")
"""Bytes whose ends of lines are counted in one step, in half the time of one by one."""
_NEAR = 8
"""Entries before a try of which one tells where it begins."""
_NOTHING = msgspec.Raw(b"null")
_UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


class Header(msgspec.Struct, gc=False):
    name: str = ""
    value: str = ""


class Frame(msgspec.Struct, gc=False):
    type: str = ""
    time: float | None = None
    data: msgspec.Raw = _NOTHING

    @property
    def text(self) -> str:
        """What is said in it; nothing where it is no text."""
        with suppress(msgspec.DecodeError):
            return msgspec.json.decode(self.data, type=str | None) or ""
        return ""


class Timings(msgspec.Struct, gc=False):
    wait: float | None = None
    receive: float | None = None


class Request(msgspec.Struct, gc=False):
    method: str = ""
    url: str = ""
    headers: tuple[Header, ...] = ()
    cookies: msgspec.Raw = _NOTHING
    body: msgspec.Raw = msgspec.field(default=_NOTHING, name="postData")


class Response(msgspec.Struct, gc=False):
    status: int | None = None
    headers: tuple[Header, ...] = ()
    error: str | None = msgspec.field(default=None, name="_error")
    failure: str | None = msgspec.field(default=None, name="_failureText")
    cookies: msgspec.Raw = _NOTHING
    content: msgspec.Raw = _NOTHING


class Entry(msgspec.Struct, gc=False):
    request: Request
    response: Response = msgspec.field(default_factory=Response)
    started: str = msgspec.field(default="", name="startedDateTime")
    time: float | None = None
    timings: Timings = msgspec.field(default_factory=Timings)
    pageref: str | None = None
    resource: str | None = msgspec.field(default=None, name="_resourceType")
    security: str | None = msgspec.field(default=None, name="_securityState")
    frames: list[Frame] | None = msgspec.field(default=None, name="_webSocketMessages")

    @property
    def at(self) -> float | None:
        """When it began, epoch seconds; None where it is dated 1969 or not at all."""
        moment = times.parse(self.started, "iso")
        return moment[0] if moment and moment[0] > _EARLIEST else None

    @property
    def is_websocket(self) -> bool:
        if self.resource == "websocket" or self.request.url.startswith(_SCHEMES):
            return True
        return header(self.request.headers, "upgrade").lower() == "websocket"

    @property
    def ticks(self) -> float | None:
        """Seconds on the browser's monotonic clock at which an undated try failed."""
        return next((f.time for f in self.frames or () if f.type == "error" and f.time is not None and f.time < _EARLIEST), None)


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
    raw: bytes
    """In which the entries stand."""

    def places(self, tries: Sequence[int]) -> Iterator[int]:
        """Where the URL of each of these entries stands that are about a WebSocket, as long as one is found."""
        start, end = _span(self.raw) or (0, 0)
        at = 0
        for position in tries:
            for before in reversed(self.entries[max(0, position - _NEAR) : position]):
                known = _span(before.response.content)
                if known is not None and start <= known[0] < end:
                    at = max(at, known[0] - start)
                    break
            found = _SOCKET.search(self.raw, at)
            if found is None:
                return
            yield found.start()
            at = found.end()

    def lines(self, places: Iterable[int]) -> tuple[dict[int, int], int]:
        """(place -> the line on which it is, the number of the line after the last that ends)."""
        found, line, position = dict[int, int](), 1, 0
        for place in sorted(set(places)):
            line += self._ends(position, place)
            found[place], position = line, place
        return found, line + self._ends(position, len(self.raw))

    def _ends(self, first: int, last: int) -> int:
        if last - first < _PIECE:
            return self.raw.count(b"\n", first, last)
        codes = np.frombuffer(self.raw, np.uint8)[first:last]
        return sum(int(np.count_nonzero(codes[at : at + _PIECE] == _END)) for at in range(0, len(codes), _PIECE))


class _Log(msgspec.Struct):
    entries: list[Entry] = []
    pages: list[Page] = []


class _Har(msgspec.Struct):
    log: _Log


class _RawLog(msgspec.Struct):
    entries: list[msgspec.Raw] = []
    pages: list[Page] = []


class _RawHar(msgspec.Struct):
    log: _RawLog


def load(item: Item) -> tuple[Opened, str]:
    """A file, and its SHA-256."""
    whole = io.BytesIO()  # grows in place, where `read()` would join two halves
    with item.open() as stream:
        shutil.copyfileobj(stream, whole, _AT_ONCE)
    raw = whole.getvalue()
    with ThreadPoolExecutor(1) as beside:
        digest = beside.submit(hashlib.sha256, raw)
        return read(raw), digest.result().hexdigest()


def read(raw: bytes) -> Opened:
    """The entries of a HAR, also of one that is cut, or holds bytes that are no characters."""
    writer = told[1] if (told := _WRITER.search(raw, 0, 1 << 16)) is not None else b""
    with suppress(*_UNREADABLE):
        log = msgspec.json.decode(raw, type=_Har, strict=False).log
        return Opened(log.entries, _titles(log.pages), 0, True, False, writer, raw)
    opened = _one_by_one(raw, writer, repaired=False)
    if (not opened.whole or opened.others) and _may_be_damaged(raw) and (readable := _readable(raw)) != raw:
        return _one_by_one(readable, writer, repaired=True)
    return opened


def header(headers: Iterable[Header], name: str) -> str:
    """The value of the first header of this name, in small letters; nothing where there is none."""
    for one in headers:
        if one.name.lower() == name:
            return one.value
    return ""


def _titles(pages: list[Page]) -> dict[str, str]:
    return {page.id: page.title for page in pages}


def _one_by_one(raw: bytes, writer: bytes, *, repaired: bool) -> Opened:
    """The same where not all of it can be read."""
    entries: Sequence[msgspec.Raw | memoryview]
    try:
        log = msgspec.json.decode(raw, type=_RawHar).log
    except _UNREADABLE:
        entries, pages, whole = list(_before_the_cut(raw)), {}, False
    else:
        entries, pages, whole = log.entries, _titles(log.pages), True
    found = [entry for one in entries if (entry := _entry(one)) is not None]
    return Opened(found, pages, len(entries) - len(found), whole, repaired, writer, raw)


def _before_the_cut(raw: bytes) -> Iterator[memoryview]:
    """The entries before the place where the JSON breaks off."""
    start = _ENTRIES.search(raw)
    if start is None:
        return
    position, whole, decoder = start.end(), memoryview(raw), msgspec.json.Decoder(msgspec.Raw)
    while (begin := _NEXT.match(raw, position)) is not None:
        try:
            decoder.decode(whole[begin.end() :])
            position = len(raw)
        except _UNREADABLE as error:
            ended = _ENDED.search(str(error))
            if ended is None:
                return
            position = begin.end() + int(ended[1]) - 1
        yield whole[begin.end() : position]


def _entry(raw: msgspec.Raw | memoryview) -> Entry | None:
    try:
        return msgspec.json.decode(raw, type=Entry, strict=False)
    except _UNREADABLE:
        return None


def _may_be_damaged(raw: bytes) -> bool:
    """Whether bytes in it are no characters, or escapes may be none: a copy without them takes as much memory again."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(raw), _AT_ONCE):
            decoder.decode(raw[at : at + _AT_ONCE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return True
    return _HALF.search(raw) is not None


def _readable(raw: bytes) -> bytes:
    r"""Each byte and each \ud800 without its other half that is no character replaced; lines stay what they were.

    JavaScript's strings may hold halves (ECMA-262 section 6.1.4), and JSON.stringify writes them as escapes (section 25.5.2.3).
    """
    decoder, made = codecs.getincrementaldecoder("utf-8")("replace"), io.BytesIO()
    for at in range(0, len(raw), _AT_ONCE):
        made.write(decoder.decode(raw[at : at + _AT_ONCE]).encode())
    made.write(decoder.decode(b"", final=True).encode())
    text = made.getvalue()
    return _LOST.sub(rb"\\ufffd", text) if _HALF.search(text) is not None else text


def _span(value: bytes | msgspec.Raw) -> tuple[int, int] | None:
    """Where in memory a value stands: of one that was decoded in place its place in the whole; None of an empty one."""
    if not len(value):
        return None
    first = np.frombuffer(value, np.uint8).ctypes.data
    return first, first + len(value)
