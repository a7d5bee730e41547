"""Line logs that lie: encodings, lines without an end, times of no calendar, sizes, and lines that make a pattern try again and again."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from random import Random

from tests.hostile.inputs import Input, beside, good
from wslogs import check
from wslogs.patterns import load
from wslogs.stanzas import Text

MIB = 1 << 20
ROW = '203.0.113.24 - - [{time}] "GET /api/v1/ws?token={token} HTTP/1.1" {status} 0 "-" "Mozilla/5.0"\n'
"""A row of nginx's combined format."""
NEAR = "WebSocket connection to 'wss://testdomen.uz/api/v1/ws' failed: Error during WebSocket handshake: Unexpected response "


def _access(time: str = "23/Nov/2026:14:27:00 +0500", token: str = "t0", status: int = 101) -> bytes:
    return ROW.format(time=time, token=token, status=status).encode()


def _encodings() -> Iterator[Input]:
    app = good()["app.log"].decode()
    for name, content in {
        "utf-16 of an odd length": app.encode("utf-16") + b"\x00",
        "utf-16 with lone surrogates": ("\ufeff" + app).encode("utf-16-le") + b"\x00\xd8A\x00\x00\xdc" * 500,
        "utf-16 that turns to utf-8": app.encode("utf-16") + app.encode(),
        "utf-7": app.encode("utf-7") * 3,
        "lone surrogates as bytes": app.encode() + b"\xed\xa0\x80 WebSocket \xed\xb0\x80 403\n" * 500,
        "zero bytes between": app.encode() + b"INFO:\0     connection open\0\n" * 500,
        "zero bytes alone": bytes(3 * MIB),
        "all bytes": bytes(range(256)) * 4000 + b"\n" + app.encode(),
        "three byte order marks": b"\xef\xbb\xbf" * 3 + app.encode(),
        "mixed code pages": app.encode() + "WebSocket отклонён 403\n".encode("cp1251") * 500 + "ошибка\n".encode("koi8-r") * 500,
        "overlong forms": app.encode() + b"\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf connection open\n" * 500,
        "colours without an end": app.encode() + b"\x1b[31;1" * 20_000 + b"\x1b]0;owned\x07\x9b2J connection open\n",
        "utf-32": app.encode("utf-32"),
    }.items():
        yield beside(f"encoding: {name}", "worker.log", lambda r, content=content: content)  # type: ignore[misc]


def _line(mib: int, word: bytes) -> Callable[[Random], Iterator[bytes]]:
    return lambda r: (word * (MIB // len(word)) for _ in range(mib))


def _lines() -> Iterator[Input]:
    yield beside("line: 100 MB without an end", "worker.log", _line(100, b"x"))
    yield beside("line: 100 MB of needles without an end", "worker.log", _line(100, b"/api/v1/ws websocket code=1006 "))
    yield beside("line: 30 MB of needles in an access log", "access.log.1", lambda r: iter([_access(), *_line(30, b'" 101 /ws ')(r)]))
    yield beside("lines: a million empty ones", "worker.log", lambda r: b"\n" * 1_000_000)
    yield beside("lines: a million of one quote", "worker.log", lambda r: b'"\n' * 1_000_000)
    yield beside("lines: a million blanks and tabs", "worker.log", lambda r: b" \t\r\n" * 1_000_000)
    yield beside("lines: 200,000 of quotes and backslashes", "access.log.1", lambda r: (_access() + b'\\"\\\\x' * 9 + b"\n") * 100_000)
    yield beside(
        "lines: a traceback of 300,000 lines",
        "worker.log",
        lambda r: b"Traceback (most recent call last):\n" + b'  File "a.py", line 1\n' * 300_000,
    )
    yield beside("lines: 100,000 beginnings of tracebacks", "worker.log", lambda r: b"Traceback (most recent call last):\n" * 100_000)
    yield beside(
        "lines: 100,000 wrappers in wrappers",
        "worker.log",
        lambda r: b"web-1  | 2026-11-23T09:00:00Z stdout P INFO: connection open\n" * 100_000,
    )
    yield beside(
        "lines: 20,000 of a console that nearly fit",
        "console-2.log",
        lambda r: (f"page.js:1 {NEAR}".encode() + b"x" * 300 + b"\n") * 20_000,
    )
    yield beside(
        "lines: 100,000 that are all different",
        "worker.log",
        lambda r: (b"%x connection %x open\n" % (r.getrandbits(90), n) for n in range(100_000)),
    )
    yield beside("gz: 400 MB of one row", "access.log.1.gz", lambda r: gzip.compress(_access(status=200) * 3_600_000, 1), "", dear=True)


def _redos() -> Iterator[Input]:
    """Each kind of log with the lines that `patterns check` makes of every example of it."""
    patterns = load()
    for kind, file in (
        ("console", "console-2.log"),
        ("app", "worker.log"),
        ("nginx-error", "error.log.1"),
        ("host", "syslog"),
        ("har", "x.log"),
        ("probe", "probe.txt"),
    ):
        texts = [one for one in check.stanzas(patterns) if isinstance(one, Text) and (kind in one.kinds)]
        yield beside(
            f"stretched: {kind}",
            file,
            lambda r, kind=kind, texts=texts: (_head(kind) + long.encode() + b"\n" for long in _stretched(texts)),
            keeps=kind != "app",  # a log without times that tells every failure of the app at once contradicts any verdict
        )  # type: ignore[misc]
    rest = [one for one in check.stanzas(patterns) if not isinstance(one, Text)]
    yield beside(
        "stretched: heads, rows and shapes", "worker.log", lambda r: (long.encode() + b"\n" for long in _stretched(rest)), keeps=False
    )


def _head(kind: str) -> bytes:
    return b"2026/11/23 14:27:00 [error] 7#7: *1 " if kind == "nginx-error" else b""


def _stretched(stanzas: list[object]) -> Iterator[str]:
    for stanza in stanzas:
        for example in stanza.examples[:1]:  # type: ignore[attr-defined]
            line = example if isinstance(example, str) else example["line"]
            for _, long in check.hostile(line):
                yield long.replace("\n", " ")


def _times() -> Iterator[Input]:
    odd = {
        "the year 0": "23/Nov/0000:14:27:00 +0500", "the year 1": "01/Jan/0001:00:00:00 +1400", "the year 9999": "31/Dec/9999:23:59:60 -1200",
        "a zone of 99 hours": "23/Nov/2026:14:27:00 +9999", "no day of a calendar": "99/Nov/2026:25:61:61 +0500",
    }  # fmt: skip
    for name, time in odd.items():
        yield beside(f"time: {name}", "access.log.1", lambda r, time=time: _access(time) * 50)  # type: ignore[misc]
    yield beside(
        "time: 8,000 years",
        "access.log.1",
        lambda r: b"".join(_access(f"23/Nov/{1 + 5 * n:04}:14:27:00 +0500", f"t{n}") for n in range(1900)),
    )
    yield beside(
        "time: back and forth",
        "access.log.1",
        lambda r: b"".join(
            _access(f"{r.randint(1, 28):02}/Nov/{r.randint(1970, 2090)}:{r.randint(0, 23):02}:00:00 +0500", f"t{n}") for n in range(5000)
        ),
    )
    numbers = ("-1", "NaN", "1e400", "9" * 30, "1" * 5000, "-Infinity", "0x10", "")
    for number in numbers:
        yield beside(
            f"time: an epoch of {number[:12] or 'nothing'}", "worker.log",
            lambda r, number=number: b"".join(f'{{"time":"{number}","level":"info","message":"WebSocket /api/v1/ws [accepted] {n}"}}\n{number} INFO connection open\n'.encode() for n in range(50)),  # type: ignore[misc]
        )  # fmt: skip
    rows = '{"msec":"%s","request":"GET /api/v1/ws?token=t%d HTTP/1.1","status":101,"request_time":%s,"upstream_response_time":"%s"}\n'
    yield beside(
        "time: a request of 10^30 seconds",
        "access.log.1",
        lambda r: b"".join((rows % (1795435200 + n, n, "9" * 30, "1e30")).encode() for n in range(50)),
    )
    yield beside(
        "time: a request of less than nothing",
        "access.log.1",
        lambda r: b"".join((rows % ("1e12", n, -5, "-")).encode() for n in range(50)),
    )


def _sizes() -> Iterator[Input]:
    def tokens(count: int) -> Callable[[Random], Iterator[bytes]]:
        return lambda r: (
            _access(f"23/Nov/2026:{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02} +0500", f"{r.getrandbits(80):020x}", 403)
            for n in range(count)
        )

    def retries(count: int) -> Callable[[Random], Iterator[bytes]]:
        return lambda r: (
            _access(f"23/Nov/2026:{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02} +0500", "0123456789abcdef0123", 502)
            for n in range(count)
        )

    def accepts(count: int) -> Callable[[Random], Iterator[bytes]]:
        return lambda r: (
            b'INFO:     203.0.113.%d:%d - "WebSocket /api/v1/ws?token=%020x" 403\nINFO:     connection rejected (403 Forbidden)\n'
            % (n % 250, 1024 + n % 60_000, n)
            for n in range(count)
        )

    yield beside("size: 50,000 different tokens", "access.log.1", tokens(50_000), keeps=False)
    yield beside("size: 50,000 retries of one token", "access.log.1", retries(50_000), keeps=False)
    yield beside("size: 30,000 refusals of an app without times", "app-2.log", accepts(30_000), keeps=False)
    yield beside("size: a million different tokens", "access.log.1", tokens(1_000_000), keeps=False, dear=True)
    yield beside("size: a million retries of one token", "access.log.1", retries(1_000_000), keeps=False, dear=True)
    yield beside(
        "size: 20,000 paths",
        "access.log.1",
        lambda r: (_access().replace(b"/api/v1/ws", b"/ws/%d" % n) for n in range(20_000)),
        keeps=False,
    )
    yield beside(
        "size: 20,000 hosts of an error log",
        "error.log.1",
        lambda r: (
            b'2026/11/23 14:27:00 [error] 7#7: *%d connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.9, server: h%d.uz, request: "GET /ws HTTP/1.1", upstream: "http://10.0.0.%d:%d/ws", host: "h%d.uz"\n'
            % (n, n, n % 250, n, n)
            for n in range(20_000)
        ),
        keeps=False,
    )


def inputs() -> list[Input]:
    return [*_encodings(), *_lines(), *_redos(), *_times(), *_sizes()]
