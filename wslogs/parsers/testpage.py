"""The log that the test page of `wslogs testpage` saves -> one event for each try.

JSON, one object a line: first the page, then a line for each try. reports/templates/testpage.html.j2 writes it. Values of the
query are left out there, so that it can be handed on; a browser tells no page why a handshake failed (HTML standard,
section 9.3.7: an error event without a reason, and 1006), so there is no status.
"""

from __future__ import annotations

import hashlib
from typing import TypeVar

import msgspec

from wslogs import times
from wslogs.bundle import Item
from wslogs.model import Event, Source, Tier, What
from wslogs.parsers.kit import Kit, Parsed, apply_fields, few, origin

_HEAD = b'{"wslogs":"testpage/1"'
_TUNNEL = 101
_MOST = 8 << 20
_Form = TypeVar("_Form", bound=msgspec.Struct)


class _Page(msgspec.Struct):
    page: str = ""
    agent: str = ""


class _Try(msgspec.Struct):
    url: str
    started: str
    opened: float | None = None
    """Seconds from the start to open; None: it never opened."""
    ended: float | None = None
    """Seconds from the start to the end; None: it was open when the log was saved."""
    code: int | None = None
    clean: bool | None = None
    reason: str = ""
    """The server's own words in its close frame."""
    error: str = ""
    """What the browser said when it refused to dial at all."""
    quiet: float | None = None
    """Seconds without a message before the end."""


def is_testpage(head: bytes) -> bool:
    """Whether a file begins like a log of the test page."""
    return head.startswith(_HEAD)


def parse(item: Item, kit: Kit) -> Parsed:
    """Events of the tries in the order of the file. A line of another form is counted and left out."""
    with item.open() as stream:
        raw = stream.read(_MOST)
    source = Source(path=item.path, kind="testpage", tier=Tier.BROWSER, sha256=hashlib.sha256(raw).hexdigest(), zone_from="the log")
    lines = raw.splitlines()
    page = _read(lines[0], _Page) or _Page()
    tries = [(number, one) for number, line in enumerate(lines[1:], 2) if (one := _read(line, _Try)) is not None]
    source.lines, source.recognised = len(lines), len(tries) + 1
    events = [_event(one, number, page, source, kit) for number, one in few(tries, source, kit)]
    at = [e.at for e in events if e.at is not None]
    if at:
        source.first, source.last = min(at), max((e.at or 0.0) + (e.lasted_s or 0.0) for e in events)
        source.spans = [(source.first, source.last)]
    source.kept = len(events)
    return Parsed([source], events)


def _read(line: bytes, form: type[_Form]) -> _Form | None:
    try:
        return msgspec.json.decode(line, type=form)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def _event(one: _Try, line: int, page: _Page, source: Source, kit: Kit) -> Event:
    when = times.parse(one.started, "iso")
    made = Event(source=source.path, line=line, tier=Tier.BROWSER, what=What.HANDSHAKE, marks="start", resolution_s=0.001)
    made.at, made.logged = (when[0], one.started) if when is not None else (None, "")
    apply_fields(made, {"url": one.url}, kit)
    made.lasted_s, made.answered_s, made.quiet_s = one.ended, one.opened, one.quiet
    opened, over = one.opened is not None, one.ended is not None
    made.status, made.failed, made.code = _TUNNEL if opened else None, True if over and not opened else None, one.code if over else None
    made.page = origin(page.page, kit)
    made.agent = kit.vault.fingerprint(page.agent) if page.agent else None
    for words in (one.reason, one.error):
        kit.vault.learn(words)
    reading = kit.reader("console").read_all(f'closed code={one.code} reason="{one.reason}" {one.error}')
    made.signals = reading.signals
    if made.path is not None:
        kit.paths.add(made.path)
    told = [f"opened after {one.opened:.3f} s" if one.opened is not None else "never opened" if over else "not open yet"]
    told += [f"close code {one.code}, {'clean' if one.clean else 'not clean'}, after {one.ended:.3f} s"] if one.ended is not None else []
    made.excerpt = ", ".join(told)
    return made
