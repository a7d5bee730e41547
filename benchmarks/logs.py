"""Logs as streams of blocks: the plain rows of each second, and among them those about WebSockets."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TypeVar

from benchmarks.plain import Pool, access, app, error, error_line, outage, prefixed
from benchmarks.story import DAY_S, PER_TOKEN, START, Dial, Story

A_SECOND = 1e9 / DAY_S
"""Bytes of each second: a day has a GB."""
SHARE = 0.02
"""Of the rows of an access log, those about WebSockets."""
_ROW, _DIAL, _SAID_OF = 192.0, 272.0, 330.0
"""Bytes of a plain row, of one about a WebSocket, and of what the app says of a try, in the mean."""
_AT_ONCE = 64
"""Seconds that are written at once."""
PATH = "/api/v1/ws"
_ACCESS, _ERROR, _APP = "%d/%b/%Y:%H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S"
_SLACK_S = 300
"""No socket lasts longer."""
_REFUSED = "connect() failed (111: Connection refused) while connecting to upstream"
_STARTED = (
    "Started server process [{n}]", "Waiting for application startup.", "Application startup complete.",
    "Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)",
)  # fmt: skip


@dataclass(slots=True)
class Told:
    """What was planted, counted as it is written."""

    rows: int = 0
    websockets: int = 0
    """Tries whose lines are in it."""
    statuses: Counter[int] = field(default_factory=Counter)
    tokens: set[str] = field(default_factory=set)
    expired: set[str] = field(default_factory=set)
    """Tokens of those who dialled although it had run out."""
    size: int = 0
    """Bytes before they were packed; 0 where they were not."""

    def dial(self, one: Dial) -> None:
        self.websockets += 1
        self.statuses[one.status] += 1
        self.tokens.add(one.user.token)
        if one.user.expired:
            self.expired.add(one.user.token)


def story(seed: int, size: float, tokens: int = 0) -> Story:
    """What happens while an access log of `size` bytes is written; `tokens` 0: each is dialled with 20 times."""
    seconds = max(1, round(size / A_SECOND))
    mean = (1 - SHARE) * _ROW + SHARE * _DIAL
    dials = max(1, round(size / mean * SHARE))
    return Story(seed, seconds, dials, tokens or max(1, dials // PER_TOKEN))


def crowd(seed: int, tries: int, tokens: int = 0, a_second: int = 5) -> Story:
    """Tries alone, so many a second; `tokens` 0: each is dialled with ten times."""
    return Story(seed, max(1, tries // a_second), tries, tokens or max(1, tries // 10))


def access_log(told: Told, what: Story, *, plain: bool = True, prefix: str = "") -> Iterator[bytes]:
    """nginx's access log in its combined format."""
    size, stamp = A_SECOND - _DIAL * what.dials / what.seconds, access_stamp(0)
    up = Pool(prefixed(access, prefix), size, stamp, f"access {what.seed}") if plain else None
    down = Pool(prefixed(outage, prefix), size, stamp, f"outage {what.seed}") if plain else None
    for at, dials in _seconds(what, what):
        stamp = access_stamp(at)
        block = b""
        if (pool := down if what.spell(at) == 502 else up) is not None:
            block, rows = pool.take(stamp)
            told.rows += rows
        for one in dials:
            told.dial(one)
            told.rows += 1
            block += (prefix + access_row(one, stamp)).encode()
        yield block


def access_stamp(at: int) -> str:
    return _stamp(_ACCESS, at)


def _stamp(form: str, at: int) -> str:
    return time.strftime(form, time.gmtime(START + at))


def access_row(one: Dial, stamp: str) -> str:
    size = 200 + one.lasted_s * 31 if one.status == 101 else 0 if one.status in (403, 499) else 157
    who = one.user
    return f'{who.client} - - [{stamp} +0000] "GET {PATH}?token={who.token} HTTP/1.1" {one.status} {size} "-" "{who.agent}"\n'


def error_log(told: Told, what: Story, prefix: str = "", share: float = 1.0) -> Iterator[bytes]:
    """nginx's error log of the same time: the refused connects, among many warnings about other things."""
    pool = Pool(prefixed(error, prefix), A_SECOND * share, _stamp(_ERROR, 0), f"error {what.seed}")
    for at, dials in _seconds(what, (one for one in what if one.status == 502)):
        stamp = _stamp(_ERROR, at)
        block, rows = pool.take(stamp)
        told.rows += rows
        for one in dials:
            told.dial(one)
            told.rows += 1
            target = f"{PATH}?token={one.user.token}"
            upstream = f"http://127.0.0.1:8000{target}"
            line = error_line(stamp, "error", 10**7 + one.number, _REFUSED, one.user.client, f"GET {target}", upstream)
            block += (prefix + line).encode()
        yield block


def app_log(told: Told, what: Story, *, plain: bool = True, prefix: str = "", share: float = 1.0) -> Iterator[bytes]:
    """The log of the app under uvicorn, with times. While it is down it is silent, and then it starts."""
    size = share * (A_SECOND - _SAID_OF * what.dials / what.seconds)
    pool = Pool(prefixed(app, prefix), size, _stamp(_APP, 0), f"app {what.seed}") if plain else None
    was_up = True
    for at, lines in _seconds(what, _in_order(_said(told, what))):
        stamp = _stamp(_APP, at)
        block, up = b"", what.spell(at) != 502
        words = [f"INFO    [uvicorn.error] {text.format(n=7000 + at % 1000)}" for text in _STARTED] if up and not was_up else []
        words += [text for _, _, text in lines]
        was_up = up
        if pool is not None and up:
            block, rows = pool.take(stamp)
            told.rows += rows
        told.rows += len(words)
        step = 99 / max(1, len(words))
        block += "".join(f"{prefix}{stamp},{900 + int(place * step):03} {text}\n" for place, text in enumerate(words)).encode()
        yield block


def compose_log(told: Told, what: Story) -> Iterator[bytes]:
    """docker compose logs of nginx and app: half of the bytes are the app's."""
    other, third = Told(), Told()
    rows = access_log(told, what, prefix="nginx-1  | ")
    said = app_log(other, what, prefix="web-1    | ", share=0.5)
    errors = error_log(third, what, prefix="nginx-1  | ", share=0.05)
    for blocks in zip(said, rows, errors, strict=True):
        yield b"".join(blocks)
    told.rows += other.rows + third.rows


def joined(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Some hundred kilobytes at once."""
    held: list[bytes] = []
    for block in blocks:
        held.append(block)
        if len(held) == _AT_ONCE:
            yield b"".join(held)
            held.clear()
    yield b"".join(held)


_Said = tuple[int, int, str]
"""(second, the number of the try, text)."""


def _said(told: Told, what: Story) -> Iterator[_Said]:
    """What the app says of each try: of a socket that opened when it did, and at its end."""
    for one in what:
        who, target = one.user, f"{PATH}?token={one.user.token}"
        if one.status in (101, 403):
            told.dial(one)
        begun = max(0, one.at - one.lasted_s)
        if one.status == 101:
            yield begun, one.number, f'INFO    [uvicorn.error] {who.client}:0 - "WebSocket {target}" [accepted]'
            yield begun, one.number, "INFO    [uvicorn.error] connection open"
            yield one.at, one.number, "INFO    [uvicorn.error] connection closed"
        elif one.status == 403:
            yield one.at, one.number, f'INFO    [uvicorn.error] {who.client}:0 - "WebSocket {target}" 403'
            yield one.at, one.number, "INFO    [uvicorn.error] connection rejected (403 Forbidden)"


def _in_order(lines: Iterable[_Said]) -> Iterator[_Said]:
    """Lines that come up to _SLACK_S late, by their second."""
    held: list[tuple[int, int, _Said]] = []
    for place, line in enumerate(lines):
        heappush(held, (line[0], place, line))
        while held[0][0] < line[0] - _SLACK_S:
            yield heappop(held)[2]
    while held:
        yield heappop(held)[2]


_Item = TypeVar("_Item", Dial, _Said)


def _seconds(what: Story, items: Iterable[_Item]) -> Iterator[tuple[int, list[_Item]]]:
    """Each second of the story with its items."""
    stream = iter(items)
    one = next(stream, None)
    for at in range(what.seconds):
        found: list[_Item] = []
        while one is not None and _second(one) <= at:
            found.append(one)
            one = next(stream, None)
        yield at, found


def _second(item: Dial | _Said) -> int:
    return item.at if isinstance(item, Dial) else item[0]
