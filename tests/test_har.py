"""wslogs/parsers/har.py: what DevTools writes for a WebSocket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wslogs.bundle import open_bundle
from wslogs.parsers import har
from wslogs.parsers.kit import Kit, Parsed
from wslogs.patterns import load
from wslogs.pipeline import analyze
from wslogs.redact import Vault

URL = "wss://testdomen.uz/api/v1/ws?token=tok-1234567890-abc"


def entry(url: str = URL, status: int = 0, started: str = "2026-11-23T04:24:26.000Z", time: float = 50.0, **more: Any) -> dict[str, Any]:
    return {"request": {"method": "GET", "url": url, "headers": []}, "response": {"status": status, "headers": []},
            "startedDateTime": started, "time": time} | more  # fmt: skip


def error(text: str, at: float = 1795407866.05) -> dict[str, Any]:
    return {"_webSocketMessages": [{"type": "error", "time": at, "opcode": -1, "data": text}]}


def parsed(tmp_path: Path, text: str) -> Parsed:
    (tmp_path / "a.har").write_text(text, encoding="utf-8")
    with open_bundle([tmp_path / "a.har"]) as bundle:
        return har.parse(bundle.items[0], Kit(load(), Vault()))


def text_of(*entries: dict[str, Any], **log: Any) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": list(entries)} | log}, indent=1)


def frames(*at: float) -> dict[str, Any]:
    """Frames at these seconds after the dial."""
    return {"_webSocketMessages": [{"type": "receive", "time": 1795407866.0 + one, "opcode": 1, "data": "x"} for one in at]}


def headed(made: dict[str, Any], **headers: str) -> dict[str, Any]:
    """The entry with these headers in its answer."""
    named = [{"name": name.replace("_", "-"), "value": value} for name, value in headers.items()]
    return made | {"response": made["response"] | {"headers": named}}


def test_opened_and_refused(tmp_path: Path) -> None:
    refused = entry(**error("Error during WebSocket handshake: Unexpected response code: 403"))
    opened, other = entry(status=101, time=6000.0), entry("https://testdomen.uz/", 200)
    events = parsed(tmp_path, text_of(opened, other, refused)).events
    assert [(e.status, e.at, e.lasted_s, e.path) for e in events] == [
        (101, 1795407866.0, 6.0, "/api/v1/ws"), (403, 1795407866.0, 0.05, "/api/v1/ws"),
    ]  # fmt: skip
    assert events[0].line < events[1].line
    assert events[1].excerpt == "wss://…/api/v1/ws response.status 0: Error during WebSocket handshake: Unexpected response code: 403"


def test_a_failure_dated_1969_follows_the_script(tmp_path: Path) -> None:
    script = entry("https://testdomen.uz/a.js", 200, time=100.0, _resourceType="script")
    later = entry("https://testdomen.uz/b", 200, started="2026-11-23T04:24:36.000Z", time=0.0)
    lost = [entry(started="1969-12-31T23:59:59.000Z", **error("net::ERR_CONNECTION_RESET", at)) for at in (500.0, 501.5)]
    first, second = parsed(tmp_path, text_of(*lost, script, later)).events
    assert (first.at, second.at) == (1795407866.1, 1795407867.6)
    assert first.signals == ("browser.reset",)
    assert round(first.resolution_s, 3) == 8.4  # as much later as the export allows


def test_a_har_that_is_cut_gives_what_stands_before(tmp_path: Path) -> None:
    whole = text_of(entry(status=101), entry(status=101))
    found = parsed(tmp_path, whole[: whole.rindex('"startedDateTime"')])
    assert (len(found.events), found.sources[0].notes) == (1, ["cut"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"token=", rb"token=\ud800"), (b"token=", rb"token=\udc00\ud83d"), (b"token=", b"token=\xff\xfe"),
        (b'"version"', rb'"comment": "C:\\ud83d \ud83d", "version"'),
    ],
)  # fmt: skip
def test_halves_of_characters_are_no_cut(tmp_path: Path, old: bytes, new: bytes) -> None:
    raw = text_of(entry(status=101), entry(status=101)).encode()
    (tmp_path / "a.har").write_bytes(raw.replace(old, new, 1))
    with open_bundle([tmp_path / "a.har"]) as bundle:
        made = har.parse(bundle.items[0], Kit(load(), Vault()))
    assert [(e.path, e.status) for e in made.events] == [("/api/v1/ws", 101)] * 2
    assert made.sources[0].notes == ["some of its bytes or escapes are no characters; they are read as U+FFFD"]


def test_an_entry_of_another_form_is_counted(tmp_path: Path) -> None:
    found = parsed(tmp_path, text_of(entry(status=101), {"request": 7}))
    assert (len(found.events), found.sources[0].notes) == (1, ["1 entries have another form"])


def test_a_try_of_another_form_does_not_shift_the_lines_of_others(tmp_path: Path) -> None:
    """Found: the next one was said to stand where that one stands."""
    plain = entry("https://testdomen.uz/", 200, response={"status": 200, "content": {"size": 0}})
    text = text_of(entry(status=101), {"request": {"url": URL, "headers": 7}}, plain, entry(status=101))
    lines = [number for number, line in enumerate(text.splitlines(), 1) if '"url": "wss:' in line]
    assert [e.line for e in parsed(tmp_path, text).events] == [lines[0], lines[2]] and len(lines) == 3


def test_dates_of_answers_that_were_not_cached(tmp_path: Path) -> None:
    dated = entry("https://testdomen.uz/", 200)
    dated["response"]["headers"] = [{"name": "Date", "value": "Mon, 23 Nov 2026 04:24:26 GMT"}]
    cached = json.loads(json.dumps(dated))
    cached["response"]["headers"].append({"name": "Age", "value": "9"})
    assert parsed(tmp_path, text_of(dated, cached)).dates == {"a.har": [(1795407866.0, 1795407866.0, 1795407866.05)]}


@pytest.mark.parametrize("date", ["Monday, 23-Nov-26 04:24:26 GMT", "Mon Nov 23 04:24:26 2026", "Mon, 23 Nov 2026 05:24:26 +0100"])
def test_dates_of_other_forms(tmp_path: Path, date: str) -> None:
    assert parsed(tmp_path, text_of(headed(entry("https://testdomen.uz/", 200), Date=date))).dates == {
        "a.har": [(1795407866.0, 1795407866.0, 1795407866.05)]
    }


def test_the_first_answer_that_names_nginx_tells_its_version(tmp_path: Path) -> None:
    plain = [headed(entry("https://testdomen.uz/", 200), Server=server) for server in ("nginx", "nginx/1.24.0 (Ubuntu)", "nginx/1.25.3")]
    text = text_of(*plain)
    (told,) = (e for e in parsed(tmp_path, text).others if e.version)
    assert (told.version, told.excerpt, told.line) == ("1.24.0", "nginx/1.24.0", text[: text.index("nginx/1.24")].count("\n"))


@pytest.mark.parametrize(
    ("receive", "status", "lasted_s"),
    [
        (5990.0, 101, 6.0),  # closed
        (0, 101, None),  # the export found it open: DevTools counts nothing as received yet
        (None, 101, 6.0),  # another writer of HARs
        (0, 403, 6.0),
    ],
)
def test_an_open_socket_has_no_length(tmp_path: Path, receive: float | None, status: int, lasted_s: float | None) -> None:
    (one,) = parsed(tmp_path, text_of(entry(status=status, time=6000.0, timings={"receive": receive}))).events
    assert one.lasted_s == lasted_s


@pytest.mark.parametrize(
    ("more", "status", "answered_s"),
    [
        (frames(0.25, 1.0), 101, 0.25),
        (frames(1.0, 0.25), 101, 0.25),
        (frames(-1.0), 101, 0.0),  # a frame before the dial is none
        (frames(), 101, None),
        ({}, 101, None),
        (error("Error during WebSocket handshake: Unexpected response code: 403"), 0, None),
    ],
)
def test_the_first_frame_shows_that_it_was_open(tmp_path: Path, more: dict[str, Any], status: int, answered_s: float | None) -> None:
    (one,) = parsed(tmp_path, text_of(entry(status=status, **more))).events
    assert one.answered_s == answered_s


def test_loads_of_the_page_are_counted(tmp_path: Path) -> None:
    tries = [entry(status=101, pageref=page) for page in ("page_7", "page_9", "page_9", "page_8")]
    found = parsed(tmp_path, text_of(*tries, entry(status=101), pages=[{"id": "page_7"}, {"id": "page_9"}])).events
    assert [e.loads_after for e in found] == [1, 0, 0, None, None]


def test_a_try_that_waits_is_dialled_after_the_last_that_failed(tmp_path: Path) -> None:
    """Dated 1969 and without a failure: it began last, and no answer had come when the HAR was exported."""
    script = entry("https://testdomen.uz/a.js", 200, time=100.0, _resourceType="script")
    lost = [entry(started="1969-12-31T23:59:59.000Z", **error("net::ERR_CONNECTION_RESET", at)) for at in (500.0, 501.5)]
    *_, waiting = parsed(tmp_path, text_of(*lost, entry(started="1969-12-31T23:59:59.000Z"), script)).events
    assert (waiting.at, waiting.marks, waiting.lasted_s) == (1795407867.6, "end", None)


@pytest.mark.parametrize(("started", "marks"), [("2026-11-23T04:24:26.000Z", "start"), ("1969-12-31T23:59:59.000Z", "end"), ("", "end")])
def test_an_undated_try_tells_its_end(tmp_path: Path, started: str, marks: str) -> None:
    (one,) = parsed(tmp_path, text_of(entry(started=started), entry("https://testdomen.uz/", 200))).events
    assert one.marks == marks


def test_where_chrome_tells_no_ticks_a_try_lies_between_its_neighbours(tmp_path: Path) -> None:
    before = entry("https://testdomen.uz/", 200)
    after = entry("https://testdomen.uz/b", 200, started="2026-11-23T04:24:36.000Z")
    (one,) = parsed(tmp_path, text_of(before, entry(started=""), after)).events
    assert (one.at, one.resolution_s) == (1795407866.0, 10.0)


DATE = "Mon, 23 Nov 2026 04:24:26 GMT"


def test_the_date_of_a_101_lies_between_dial_and_first_frame(tmp_path: Path) -> None:
    opened = headed(entry(status=101, time=60000.0, **frames(0.25, 50.0)), Date=DATE)
    assert parsed(tmp_path, text_of(opened)).dates == {"a.har": [(1795407866.0, 1795407866.0, 1795407866.25)]}


def test_the_date_of_a_101_without_frames_says_nothing(tmp_path: Path) -> None:
    """It was open for a minute: when the answer came nobody knows."""
    assert parsed(tmp_path, text_of(headed(entry(status=101, time=60000.0), Date=DATE))).dates == {}


@pytest.mark.parametrize("more", [{"Age": "9"}, {"X_Cache": "HIT from edge"}])
def test_dates_from_a_cache_are_old(tmp_path: Path, more: dict[str, str]) -> None:
    assert parsed(tmp_path, text_of(headed(entry("https://testdomen.uz/", 200), Date=DATE, **more))).dates == {}


@pytest.mark.parametrize(("value", "request_id"), [("7c9e6679742540de944be07fc1f90ae7", "7c9e6679742540de944be07fc1f90ae7"), ("", None)])
def test_a_request_id_that_the_answer_echoes(tmp_path: Path, value: str, request_id: str | None) -> None:
    (one,) = parsed(tmp_path, text_of(headed(entry(status=101), X_Request_ID=value))).events
    assert one.request_id == request_id


def made_by(name: str, *entries: dict[str, Any]) -> str:
    return json.dumps({"log": {"version": "1.2", "creator": {"name": name, "version": "1"}, "entries": list(entries)}})


FULL = {"timings": {"blocked": 0, "wait": 0, "receive": 0}}


@pytest.mark.parametrize(
    ("writer", "timings", "failed"),
    [("Firefox", FULL, True), ("Firefox", {"timings": {}}, None), ("WebKit Web Inspector", FULL, True), ("WebInspector", FULL, None)],
)
def test_status_0_without_a_reason_failed_where_the_writer_tells_times(
    tmp_path: Path, writer: str, timings: dict[str, Any], failed: bool | None
) -> None:
    """Recorded: Firefox writes `timings: {}` for a socket that still waits; Chrome's DevTools write them for both."""
    (one,) = parsed(tmp_path, made_by(writer, entry(**timings))).events
    assert (one.status, one.failed) == (None, failed)


def test_an_error_that_no_pattern_knows_is_a_failure(tmp_path: Path) -> None:
    (one,) = parsed(tmp_path, text_of(entry(**error("Something new")))).events
    assert (one.failed, one.signals) == (True, ())


def test_an_error_without_words_is_a_failure(tmp_path: Path) -> None:
    """Recorded: what Chrome writes of a socket that an extension stopped."""
    (one,) = parsed(tmp_path, text_of(entry(**error("")))).events
    assert (one.failed, one.signals) == (True, ())


def test_401_stands_in_words_alone(tmp_path: Path) -> None:
    (one,) = parsed(tmp_path, text_of(entry(**error("HTTP Authentication failed; no valid credentials available")))).events
    assert one.status == 401


def test_playwright_tells_frames_in_milliseconds_and_no_length(tmp_path: Path) -> None:
    messages = [
        {"type": "send", "time": 1795407866250.0, "opcode": 1, "data": "x"},
        {"type": "receive", "time": -1, "opcode": 1, "data": "y"},
    ]
    (one,) = parsed(tmp_path, made_by("Playwright", entry(status=101, time=900.0, _webSocketMessages=messages))).events
    assert (one.answered_s, one.lasted_s) == (0.25, None)


def test_a_length_of_minus_one_is_none(tmp_path: Path) -> None:
    (one,) = parsed(tmp_path, text_of(entry(time=-1, **error("net::ERR_CONNECTION_REFUSED")))).events
    assert one.lasted_s is None


def test_firefox_measures_a_socket_until_its_answer(tmp_path: Path) -> None:
    (one,) = parsed(tmp_path, made_by("Firefox", entry(status=101, time=20, timings={"wait": 20, "receive": 0}))).events
    assert (one.answered_s, one.lasted_s) == (0.02, None)


def test_firefox_tells_of_tls_by_its_state(tmp_path: Path) -> None:
    (one,) = parsed(tmp_path, made_by("Firefox", entry(_securityState="broken", **FULL))).events
    assert one.signals == ("browser.tls-failed",)


@pytest.mark.parametrize(
    ("entries", "notes"), [([entry("https://testdomen.uz/", 200)], ["no WebSocket entry"]), ([], ["no WebSocket entry"]), ([entry()], [])]
)
def test_a_har_without_sockets_says_so(tmp_path: Path, entries: list[dict[str, Any]], notes: list[str]) -> None:
    assert parsed(tmp_path, text_of(*entries)).sources[0].notes == notes


def test_a_har_that_breaks_off_before_any_socket_does_not_claim_that_there_are_none(tmp_path: Path) -> None:
    assert parsed(tmp_path, text_of(entry("https://testdomen.uz/", 200))[:-20]).sources[0].notes == ["cut"]


@pytest.mark.parametrize(
    ("lang", "told"),
    [("en", "a.har holds no WebSocket entry: that does not show"), ("ru", "В a.har нет ни одной записи WebSocket; это не значит")],
)
def test_a_report_on_a_har_without_sockets_is_not_calm(tmp_path: Path, lang: str, told: str) -> None:
    (tmp_path / "a.har").write_text(text_of(entry("https://testdomen.uz/", 200)), "utf-8")
    report = analyze(tmp_path, lang=lang).report
    assert report["verdict"]["status"] == "undetermined"
    assert [text for text in report["caveats"] if text.startswith(told)]
    assert "HAR" in report["next"][0]["need"]
