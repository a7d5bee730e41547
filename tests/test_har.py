"""wslogs/parsers/har.py: what DevTools writes for a WebSocket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wslogs.bundle import open_bundle
from wslogs.parsers import har
from wslogs.parsers.kit import Kit, Parsed
from wslogs.patterns import load
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


def text_of(*entries: dict[str, Any]) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": list(entries)}}, indent=1)


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


def test_an_entry_of_another_form_is_counted(tmp_path: Path) -> None:
    found = parsed(tmp_path, text_of(entry(status=101), {"request": 7}))
    assert (len(found.events), found.sources[0].notes) == (1, ["1 entries have another form"])


def test_dates_of_answers_that_were_not_cached(tmp_path: Path) -> None:
    dated = entry("https://testdomen.uz/", 200)
    dated["response"]["headers"] = [{"name": "Date", "value": "Mon, 23 Nov 2026 04:24:26 GMT"}]
    cached = json.loads(json.dumps(dated))
    cached["response"]["headers"].append({"name": "Age", "value": "9"})
    assert parsed(tmp_path, text_of(dated, cached)).dates == {"a.har": [(1795407866.0, 1795407866.0, 1795407866.05)]}
