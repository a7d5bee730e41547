"""A long HAR as Chrome's DevTools write it: answers with bodies, and one try in a hundred entries."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from random import Random
from typing import Any

from benchmarks.logs import PATH, Told
from benchmarks.story import DAY_S, START, Dial, Story
from benchmarks.users import AGENTS, User, client, jwt

SHARE = 0.01
ENTRY = 5755.0
"""Bytes of an entry in the mean."""
_POOL = 300
_EACH_S = 0.25
_ANSWERS = {499: 504}
"""A browser that waits is told this in the end."""
_HOST = "testdomen.uz"
_WHEN, _DATE, _ID = "<when>", "<date>", "<id>"
"""Holes for times, and for what no two bodies have the same."""
_WORDS = ("order", "plov", "status", "paid", "created", "name", "total", "address", "comment", "delivered", "courier", "phone")
_SAID = (*_WORDS, "заказ принят", "плов", "улица Навои, 12", "yetkazildi")
_ASKS = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Host": _HOST, "Origin": f"https://{_HOST}"}


def story(seed: int, size: float) -> Story:
    """The tries of one browser, with one token."""
    entries = max(1, round(size / ENTRY))
    return Story(seed, max(1, int(entries * _EACH_S)), max(1, round(entries * SHARE)), 1)


def har(told: Told, what: Story) -> Iterator[bytes]:
    """The file piece by piece, each about a hundred entries."""
    random = Random(f"har {what.seed}")
    plain = [json.dumps(_fetch(random), indent=2, ensure_ascii=False) for _ in range(_POOL)]
    who = User(client(17), AGENTS[0], jwt(17, START - 60, START + 30 * DAY_S), expired=False)
    page = {"startedDateTime": _iso(0), "id": "page_1", "title": f"https://{_HOST}/", "pageTimings": {"onContentLoad": 200, "onLoad": 300}}
    head = {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "pages": [page]}
    yield (json.dumps({"log": head}).removesuffix("}}") + ', "entries": [').encode()
    for number in range(what.dials):
        at = number * what.seconds // what.dials
        status = _ANSWERS.get(what.spell(at), what.spell(at))
        mine = Dial(at, status, who, min(at, random.randrange(25)) if status == 101 else 0, number)
        told.dial(mine)
        told.rows += round(1 / SHARE)
        pieces = [_filled(random.choice(plain), at + step * _EACH_S) for step in range(round(1 / SHARE) - 1)]
        yield (", " * (number > 0) + ", ".join([json.dumps(_socket(mine, random), indent=2), *pieces])).encode()
    yield b"]}}"


def _iso(second: float) -> str:
    whole = int(second)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(START + whole)) + f".{int((second - whole) * 1000):03}Z"


def _filled(entry: str, second: float) -> str:
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(START + int(second)))
    return entry.replace(_WHEN, _iso(second)).replace(_DATE, date).replace(_ID, f"{second:.2f}")


def _fetch(random: Random) -> dict[str, Any]:
    """An answer with a body; its time is a hole."""
    rows = [
        {"id": random.randrange(10**6), **{word: random.choice(_SAID) for word in random.sample(_WORDS, 6)}}
        for _ in range(random.randrange(4, 50))
    ]
    body = json.dumps({"id": _ID, "items": rows}, ensure_ascii=False)
    answer = {"content-type": "application/json", "date": _DATE, "server": "nginx", "content-length": str(len(body))}
    wait = random.uniform(5, 400)
    response = {
        "status": 200, "statusText": "", "httpVersion": "http/2.0", "headers": _named(answer), "cookies": [],
        "content": {"size": len(body), "mimeType": "application/json", "text": body}, "redirectURL": "", "headersSize": -1,
        "bodySize": -1, "_transferSize": len(body), "_error": None,
    }  # fmt: skip
    target, asks = f"/api/v1/items?page={random.randrange(1000)}", {"accept": "*/*", "user-agent": AGENTS[0]}
    return {
        "_priority": "High", "_resourceType": random.choice(("xhr", "fetch")), "cache": {}, "connection": "443",
        "request": _request("https", target, "http/2.0", asks),
        "response": response, "serverIPAddress": "198.18.0.1", "startedDateTime": _WHEN, "time": wait, "pageref": "page_1",
        "timings": {"blocked": 1, "dns": -1, "ssl": -1, "connect": -1, "send": 0.1, "wait": wait - 2, "receive": 0.9},
    }  # fmt: skip


def _socket(one: Dial, random: Random) -> dict[str, Any]:
    """A try as DevTools tell it: the status of one that was refused stands in a frame alone."""
    opened = one.status == 101
    begun, ended = one.at - one.lasted_s, START + one.at
    frames: list[dict[str, Any]] = [
        {"type": ("send", "receive")[place % 2], "time": ended - one.lasted_s + place, "opcode": 1, "data": '{"type":"ping"}'}
        for place in range(one.lasted_s)
    ]
    if not opened:
        said = f"Error during WebSocket handshake: Unexpected response code: {one.status}"
        frames = [{"type": "error", "time": ended + 0.1, "opcode": -1, "data": said}]
    key = f"{random.getrandbits(124):031x}"[:22] + "=="
    headers = _named({"Upgrade": "websocket", "Connection": "upgrade", "Server": "nginx"}) if opened else []
    response = {
        "status": 101 if opened else 0, "statusText": "Switching Protocols" if opened else "", "httpVersion": "HTTP/1.1" if opened else "",
        "headers": headers, "cookies": [], "content": {"size": 0, "mimeType": "x-unknown"}, "redirectURL": "", "headersSize": -1,
        "bodySize": -1, "_transferSize": 0, "_error": None,
    }  # fmt: skip
    return {
        "_priority": None, "_resourceType": "websocket", "cache": {},
        "request": _request("wss", f"{PATH}?token={one.user.token}", "HTTP/1.1" if opened else "", {**_ASKS, "Sec-WebSocket-Key": key}),
        "response": response, "serverIPAddress": "", "startedDateTime": _iso(begun), "time": one.lasted_s * 1000 + 100.0,
        "timings": {"blocked": -1, "dns": -1, "ssl": -1, "connect": -1, "send": 0, "wait": 90.0, "receive": 10.0},
        "pageref": "page_1", "_webSocketMessages": frames,
    }  # fmt: skip


def _request(scheme: str, target: str, http: str, headers: dict[str, str]) -> dict[str, Any]:
    return {
        "method": "GET", "url": f"{scheme}://{_HOST}{target}", "httpVersion": http, "headers": _named(headers), "queryString": [],
        "cookies": [], "headersSize": -1, "bodySize": 0,
    }  # fmt: skip


def _named(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]
