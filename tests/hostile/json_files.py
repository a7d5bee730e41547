"""HAR, NetLog and JSON lines that lie: depth, numbers, types, sizes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from tests.hostile.inputs import Input, beside, good

MIB = 1 << 20
ODD: tuple[Any, ...] = (None, True, -1, 0, 1.5e308, "x", "", [], {}, [[]], {"a": 1}, [None, 1, "x"], "9" * 400)


def _har(name: str, content: Callable[[Random], bytes | Iterator[bytes]], says: str = "", *, dear: bool = False) -> Input:
    return beside(f"har: {name}", "other.har", content, says, dear=dear)


def entry(**changes: Any) -> dict[str, Any]:
    """An entry of a socket that was refused, as Chrome writes it."""
    made: dict[str, Any] = {
        "_resourceType": "websocket", "_priority": "High", "startedDateTime": "2026-11-23T09:27:00.000Z", "time": 12.5, "pageref": "page_1",
        "request": {"method": "GET", "url": "wss://testdomen.uz/api/v1/ws?token=abcdef0123456789abcdef", "headers": [{"name": "Origin", "value": "https://testdomen.uz"}]},
        "response": {"status": 0, "headers": [{"name": "Date", "value": "Mon, 23 Nov 2026 09:27:00 GMT"}], "_error": None},
        "timings": {"wait": 1, "receive": 2},
        "_webSocketMessages": [{"type": "error", "time": 1795425220.5, "opcode": -1, "data": "Error during WebSocket handshake: Unexpected response code: 403"}],
    }  # fmt: skip
    return made | changes


def har(*entries: Any, **log: Any) -> bytes:
    """A HAR of these entries."""
    told = {
        "version": "1.2",
        "creator": {"name": "WebInspector", "version": "537.36"},
        "pages": [{"id": "page_1", "title": "https://testdomen.uz/"}],
        "entries": list(entries),
    }
    return json.dumps({"log": told | log}, indent=1).encode()


def _twisted(chance: Random) -> bytes:
    """An entry for each place in it, with something of another type there."""
    found = []
    for place in _places(entry()):
        for odd in ODD:
            made = json.loads(json.dumps(entry()))
            inner = made
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = odd
            found.append(made)
    return har(*found)


def _places(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*before, key)
        yield from _places(inner, (*before, key))


def _frames(count: int) -> dict[str, Any]:
    return entry(_webSocketMessages=[{"type": "receive", "time": 1795425220.5 + n, "opcode": 1, "data": "x"} for n in range(count)])


def _netlog(*events: Any, **constants: Any) -> bytes:
    told = {
        "logEventTypes": {"REQUEST_ALIVE": 1, "URL_REQUEST_START_JOB": 2, "CANCELLED": 3}, "logSourceType": {"URL_REQUEST": 1, "SOCKET": 5},
        "logEventPhase": {"PHASE_BEGIN": 1, "PHASE_END": 2, "PHASE_NONE": 0}, "netError": {"ERR_FAILED": -2}, "timeTickOffset": 1795425220000,
    } | constants  # fmt: skip
    rows = ",\n".join(json.dumps(one, separators=(",", ":")) for one in events)
    return b'{"constants":' + json.dumps(told).encode() + b',\n"events": [\n' + rows.encode() + b"]}\n"


def _request(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "params": {"url": "wss://testdomen.uz/api/v1/ws"},
        "phase": 1,
        "source": {"id": 9, "type": 1},
        "time": "500",
        "type": 1,
    }
    return made | changes


def _hars() -> Iterator[Input]:
    deep = 100_000
    url = "wss://testdomen.uz/api/v1/ws?token="
    yield _har("100,000 deep", lambda r: b'{"log":{"entries":[{"request":' + b"[" * deep + b"]" * deep + b"}]}}", "other.har")
    yield _har(
        "100,000 objects deep in a value",
        lambda r: har(entry())[:-6] + b',"_x":' + b'{"a":' * deep + b"1" + b"}" * deep + b"}}",
        "other.har",
    )
    yield _har(
        "numbers of 100,000 digits", lambda r: har(entry(time=0)).replace(b'"time": 0,', b'"time": ' + b"9" * 100_000 + b","), "other.har"
    )
    yield _har("NaN and Infinity", lambda r: har(entry(time=float("nan")), entry(time=float("inf")), entry()), "other.har")
    yield _har("numbers of 1e308", lambda r: har(entry(time=1e308), entry(time=-1e308), entry(timings={"wait": 1e308, "receive": 0})))
    yield _har("keys that come twice", lambda r: har(entry()).replace(b'"time"', b'"request": {"url": "wss://evil.uz/ws"}, "time"'))
    yield _har("every place of another type", _twisted, "other.har")
    yield _har("a log of each wrong type", lambda r: json.dumps({"log": {"entries": {}, "pages": 5}}).encode(), "other.har")
    yield _har("pages of wrong types", lambda r: har(entry(), pages=[None, {"id": 5, "title": []}]), "other.har")
    yield _har("a million entries of nothing", lambda r: b'{"log": {"entries": [' + b"{}," * 999_999 + b"{}]}}", "other.har")
    yield _har("a million entries of numbers", lambda r: b'{"log": {"entries": [' + b"5," * 999_999 + b"5]}}", "other.har")
    yield _har(
        "a body of 100 MB",
        lambda r: iter([b'{"log": {"entries": [{"x": "', *[b"A" * MIB] * 100, b'"}, ', json.dumps(entry()).encode(), b"]}}"]),
    )
    yield _har(
        "a body of 100 MB and no end", lambda r: iter([b'{"log": {"entries": [{"x": "', *[b"A" * MIB] * 100]), "other.har is cut off"
    )
    yield _har("10,000 entries and then a cut", lambda r: har(*[entry()] * 10_000)[:-9], "other.har is cut off")
    yield _har("a cut after each kind of bracket", lambda r: har(entry())[: har(entry()).rindex(b'"data"')], "other.har is cut off")
    yield _har("a lone surrogate in a URL", lambda r: har(entry()).replace(b"token=", b"token=\\ud800\\udfff\\udc00"))
    yield _har("lone surrogates everywhere", lambda r: har(entry()).replace(b'": "', b'": "\\ud83d'), "other.har")
    yield _har("bytes that are no UTF-8", lambda r: har(entry()).replace(b"token=", b"token=\xff\xfe\xed\xa0\x80"))
    yield _har("zero bytes escaped", lambda r: har(entry()).replace(b"handshake", b"\\u0000handshake\\u001b[2J"))
    yield _har("UTF-16", lambda r: har(entry()).decode().encode("utf-16"))
    yield _har("2,000 entries on 2,000 paths", lambda r: har(*(entry(request={"url": f"wss://testdomen.uz/ws/{n}"}) for n in range(2000))))
    yield _har(
        "undated tries",
        lambda r: har(
            *(
                entry(startedDateTime="1969-12-31T23:59:59.999Z", _webSocketMessages=[{"type": "error", "time": 100.0 + n, "data": "x"}])
                for n in range(3000)
            )
        ),
    )
    yield _har("a socket of 300,000 frames", lambda r: har(_frames(300_000)))
    yield _har(
        "dates of no calendar",
        lambda r: har(
            *(
                entry(response={"status": 101, "headers": [{"name": "date", "value": text}]})
                for text in (
                    "Mon, 99 Nov 0000 99:99:99 +9999",
                    "Mon, 01 Jan 0001 00:00:00 +2359",
                    "9" * 5000,
                    "Fri, 31 Dec 9999 23:59:59 -2359",
                    "\0",
                    "",
                    "Mon, 23 Nov 99999 09:27:00 GMT",
                )
            )
        ),
    )
    yield _har(
        "starts of no calendar",
        lambda r: har(
            *(
                entry(startedDateTime=text)
                for text in (
                    "0000-00-00T00:00:00Z",
                    "9999-12-31T23:59:59.999-23:59",
                    "0001-01-01T00:00:00+23:59",
                    "x" * 9999,
                    "2026-11-23T09:27:00." + "9" * 5000 + "Z",
                )
            )
        ),
    )
    yield _har(
        "URLs of no form",
        lambda r: har(
            *(
                entry(request={"url": text})
                for text in (
                    "wss://[::1",
                    "wss://" + "a" * 100_000,
                    "ws://",
                    "wss://u:p@h:99999999/%zz%ff%00",
                    "wss:///" + "%25" * 9999,
                    "ws://\u202eevil/\u2066",
                    "wss://h/" + "a/" * 50_000,
                )
            )
        ),
    )
    yield _har(
        "100,000 headers", lambda r: har(entry(request={"url": url, "headers": [{"name": f"x-{n}", "value": "v"} for n in range(100_000)]}))
    )
    yield _har(
        "an error text of 5 MB",
        lambda r: har(entry(_webSocketMessages=[{"type": "error", "time": 1.0, "data": "WebSocket handshake: " * 250_000}])),
    )
    yield _har("a brace alone", lambda r: b'{"log": {', "other.har")
    yield _har("50,000 refused tries", lambda r: har(*[entry()] * 50_000), dear=True)


def _netlogs() -> Iterator[Input]:
    yield beside("netlog: cut", "netlog.json", lambda r: _netlog(*[_request()] * 50)[:-30], "netlog.json is cut off")
    yield beside(
        "netlog: constants of wrong types",
        "netlog.json",
        lambda r: _netlog(_request(), logEventTypes=[], timeTickOffset="x"),
        "netlog.json",
    )
    yield beside(
        "netlog: events of wrong types",
        "netlog.json",
        lambda r: _netlog(*(_request(**{key: odd}) for key in _request() for odd in ODD)),
        "netlog.json",
    )
    yield beside(
        "netlog: times beyond all",
        "netlog.json",
        lambda r: _netlog(*(_request(time=t) for t in ("9" * 30, "-1", "1e308", "NaN"))),
        "netlog.json",
    )
    yield beside(
        "netlog: 100,000 tries",
        "netlog.json",
        lambda r: _netlog(*(_request(source={"id": n, "type": 1}) for n in range(100_000))),
        dear=True,
    )
    yield beside("netlog: an offset beyond all", "netlog.json", lambda r: _netlog(_request(), timeTickOffset=1e308), "netlog.json")
    yield beside(
        "netlog: a line of 60 MB", "netlog.json", lambda r: _netlog(_request(), _request(params={"url": "wss://h/" + "x" * (60 * MIB)}))
    )
    yield beside(
        "netlog: again by another program", "netlog.json", lambda r: json.dumps(json.loads(_netlog(*[_request()] * 9)), indent=1).encode()
    )


def _records() -> Iterator[Input]:
    row = '{"time":"2026-11-23T09:27:00Z","level":"error","message":"WebSocket /api/v1/ws?token=abcdef0123456789abcdef 403"}\n'
    yield beside(
        "json lines: 20,000 deep", "worker.log", lambda r: (row + '{"message":' + "[" * 20_000 + "]" * 20_000 + "}\n").encode() * 40
    )
    yield beside(
        "json lines: every value another type",
        "worker.log",
        lambda r: b"".join((json.dumps(json.loads(row) | {key: odd}) + "\n").encode() for key in json.loads(row) for odd in ODD) * 20,
    )
    yield beside("json lines: lone surrogates", "worker.log", lambda r: row.replace("WebSocket", "WebSocket \\ud800").encode() * 500)
    yield beside(
        "json lines: journald's numbers",
        "worker.log",
        lambda r: b'{"MESSAGE":[87,101,98,999,-5,1e9],"__REALTIME_TIMESTAMP":"1e400","SYSLOG_IDENTIFIER":[]}\n' * 500,
    )
    yield beside("json lines: docker in docker", "worker.log", lambda r: (_wrapped(row, 7) + "\n").encode() * 500)
    yield beside(
        "json lines: rows with lists without quotes",
        "access.log.1",
        lambda r: b'{"request":"GET /ws HTTP/1.1","status":101,"us":502, 502,"urt":,"x":-}\n' * 5000,
    )


def _wrapped(text: str, depth: int) -> str:
    for _ in range(depth):
        text = json.dumps({"log": text, "stream": "stdout", "time": "2026-11-23T09:27:00.1Z"})
    return text


def inputs() -> list[Input]:
    assert good()
    return [*_hars(), *_netlogs(), *_records()]
