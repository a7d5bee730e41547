"""wslogs/parsers/har_file.py: the entries of a HAR that is whole, cut or damaged, and where they stand."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from typing import Any

import pytest

from wslogs.bundle import Item
from wslogs.parsers import har_file
from wslogs.parsers.har_file import Header, header, load, read


def entry(url: str, **more: Any) -> dict[str, Any]:
    return {"request": {"url": url, "cookies": []}, "response": {"status": 200, "content": {"text": 'said "url": "wss://x/"'}}} | more


def har(*entries: Any, **log: Any) -> bytes:
    return json.dumps({"log": {"creator": {"name": "Firefox"}, "entries": list(entries)} | log}, indent=1).encode()


def urls(raw: bytes) -> list[str]:
    return [one.request.url for one in read(raw).entries]


PLAIN, SOCKET = entry("https://a.uz/"), entry("wss://a.uz/ws")


def test_a_whole_one() -> None:
    opened = read(har(PLAIN, SOCKET, pages=[{"id": "page_1", "title": "https://a.uz/"}]))
    assert (opened.pages, opened.others, opened.whole, opened.repaired, opened.writer) == (
        {"page_1": "https://a.uz/"},
        0,
        True,
        False,
        b"Firefox",
    )
    assert [(one.request.url, one.is_websocket) for one in opened.entries] == [("https://a.uz/", False), ("wss://a.uz/ws", True)]
    assert bytes(opened.entries[0].response.content) in opened.raw


def test_its_digest_is_that_of_its_bytes() -> None:
    raw = har(PLAIN)
    opened, digest = load(Item.of("a.har", raw))
    assert (opened.raw, digest) == (raw, hashlib.sha256(raw).hexdigest())


@pytest.mark.parametrize("other", [{"request": 7}, 5, "text", [], entry("https://a.uz/", time=[])])
def test_entries_of_another_form_are_counted_among_others(other: Any) -> None:
    opened = read(har(PLAIN, other, SOCKET))
    assert ([one.request.url for one in opened.entries], opened.others, opened.whole) == (["https://a.uz/", "wss://a.uz/ws"], 1, True)


@pytest.mark.parametrize(
    ("cut", "found"),
    [
        ('"wss://a.uz', 1),  # in the second entry
        ('"entries"', 0),
        ('"https:', 0),
        ("]\n }\n}", 2),  # only the end is missing
    ],
)
def test_of_a_cut_one_what_stands_before_the_cut(cut: str, found: int) -> None:
    raw = har(PLAIN, SOCKET)
    opened = read(raw[: raw.index(cut.encode())])
    assert ([one.request.url for one in opened.entries], opened.whole) == (["https://a.uz/", "wss://a.uz/ws"][:found], False)


def test_a_cut_one_with_entries_of_another_form() -> None:
    opened = read(har(PLAIN, {"request": 7}, SOCKET)[:-9])
    assert ([one.request.url for one in opened.entries], opened.others) == (["https://a.uz/", "wss://a.uz/ws"], 1)


@pytest.mark.parametrize("old", [b"wss://a.uz/ws", b"said"])
def test_a_cut_one_with_bytes_that_are_no_characters(old: bytes) -> None:
    raw = har(PLAIN, SOCKET).replace(old, old + b"\xff", 1)[:-9]
    assert read(raw).repaired and len(urls(raw)) == 2


def test_a_cut_one_takes_no_more_memory_than_twice_its_size() -> None:
    """Found: one of 0.2 GB took 3.4 GB and half a minute."""
    raw = har(*[entry("https://a.uz/", comment="улица \\ Навои" * 2000)] * 100)[:-9]
    tracemalloc.start()
    assert len(urls(raw)) == 100
    assert tracemalloc.get_traced_memory()[1] < 2 * len(raw)
    tracemalloc.stop()


def test_a_whole_character_in_escapes_and_an_escaped_backslash_stay() -> None:
    kept = rb'{"a": "\ud83d\ude00 \\ud83d \u00e9 \" \\"}'
    assert har_file._readable(kept) == kept
    assert har_file._readable(rb'{"a": "\ud83d\ud83d\ude00\ude00 \\\ud83d"}') == rb'{"a": "\ufffd\ud83d\ude00\ufffd \\\ufffd"}'
    assert (
        har_file._readable(b'"\xff \xd0' + b"a" * (1 << 20) + b'\xd0"') == '"\ufffd \ufffd'.encode() + b"a" * (1 << 20) + '\ufffd"'.encode()
    )


@pytest.mark.parametrize("end", [0, -9])
def test_where_the_urls_of_sockets_stand(end: int) -> None:
    first, second = entry("wss://a.uz/ws?first"), entry("ws://a.uz/ws?second")
    opened = read(har(first, PLAIN, PLAIN, second, first, PLAIN)[: end or None])
    places = list(opened.places([0, 3, 4]))
    assert [opened.raw[place:].split(b'"', 4)[3] for place in places] == [
        b"wss://a.uz/ws?first",
        b"ws://a.uz/ws?second",
        b"wss://a.uz/ws?first",
    ]


def test_a_socket_that_is_dialled_as_https_takes_no_place_of_another() -> None:
    dialled = entry("https://a.uz/ws", request={"url": "https://a.uz/ws", "headers": [{"name": "Upgrade", "value": "WebSocket"}]})
    opened = read(har(SOCKET, dialled, PLAIN))
    assert opened.entries[1].is_websocket and list(opened.places([0, 1])) == [opened.raw.index(b'"url": "wss:')]


@pytest.mark.parametrize("piece", [1, 7, 1 << 18])
def test_lines_of_places(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(har_file, "_PIECE", piece)
    opened = read(har(PLAIN, SOCKET))
    places = [opened.raw.index(one) for one in (b'"wss:', b'"log"', b'"https:', b'"https:')]
    lines, last = opened.lines(places)
    assert lines == {place: opened.raw[:place].count(b"\n") + 1 for place in places}
    assert last == len(opened.raw.splitlines()) and opened.lines([]) == ({}, last)


def test_the_first_header_of_a_name() -> None:
    headers = [Header("Date", "1"), Header("DATE", "2"), Header("Age", "")]
    assert [header(headers, name) for name in ("date", "age", "server")] == ["1", "", ""]
