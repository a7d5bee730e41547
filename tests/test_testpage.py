"""The test page, and the log that it saves as a source of a bundle."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
import regex
from typer.testing import CliRunner

from conftest import patterns
from wslogs.bundle import Item
from wslogs.cli import app
from wslogs.parsers import testpage
from wslogs.parsers.kit import Kit
from wslogs.pipeline import analyze
from wslogs.redact import Vault
from wslogs.report.testpage import TEXTS, page

HEAD = '{"wslogs":"testpage/1","version":"0.1.0","page":"https://testdomen.uz","agent":"Mozilla/5.0"}'
REFUSED = "Error during WebSocket handshake: Unexpected response code: 404"
URL = "wss://testdomen.uz/api/v1/ws?token=…"


def saved(*tries: dict[str, object]) -> bytes:
    """A log as the page writes it."""
    one = {
        "url": URL,
        "started": "2026-11-23T09:00:00.250Z",
        "opened": None,
        "ended": None,
        "code": None,
        "clean": None,
        "reason": "",
        "error": "",
    }
    rows = [json.dumps(one | row, ensure_ascii=False) for row in tries]
    return "\n".join([HEAD, *rows, ""]).encode()


def parsed(*tries: dict[str, object]) -> list[tuple[object, ...]]:
    """(line, start, length, status, failed, code, path, excerpt) of each event."""
    made = testpage.parse(Item.of("t.jsonl", saved(*tries)), Kit(patterns(), Vault()))
    return [(e.line, e.at, e.lasted_s, e.status, e.failed, e.code, e.path, e.excerpt) for e in made.events]


def test_a_try_that_never_opened_has_no_status() -> None:
    (event,) = parsed({"ended": 0.04, "code": 1006, "clean": False})
    assert event == (2, 1795424400.25, 0.04, None, True, 1006, "/api/v1/ws", "never opened, close code 1006, not clean, after 0.040 s")


def test_a_try_that_opened_and_one_that_is_still_open() -> None:
    ended, open_ = parsed({"opened": 0.01, "ended": 60.02, "code": 1000, "clean": True}, {"opened": 0.02})
    assert ended[2:6] == (60.02, 101, None, 1000)
    assert ended[7] == "opened after 0.010 s, close code 1000, clean, after 60.020 s"
    assert open_[:6] == (3, 1795424400.25, None, 101, None, None) and open_[7] == "opened after 0.020 s"


def test_what_the_server_said_in_its_close_frame_fires_signals_and_is_not_shown() -> None:
    kit = Kit(patterns(), Vault())
    raw = saved({"opened": 0.01, "ended": 0.7, "code": 1008, "clean": True, "reason": "Token expired for ivan@testdomen.uz"})
    (event,) = testpage.parse(Item.of("t.jsonl", raw), kit).events
    assert any("expired" in name for name in event.signals)
    assert "ivan" not in event.excerpt


def test_a_line_of_another_form_is_counted() -> None:
    raw = saved({"ended": 1.0, "code": 1006}) + b"not json\n"
    made = testpage.parse(Item.of("t.jsonl", raw), Kit(patterns(), Vault()))
    (source,) = made.sources
    assert (source.lines, source.recognised, source.kept, len(made.events)) == (3, 2, 1, 1)


def test_alone_it_is_undetermined_for_1006_and_says_what_to_fetch(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(saved({"ended": 0.04, "code": 1006, "clean": False}))
    report = analyze(tmp_path).report
    assert report["verdict"]["status"] == "undetermined" and report["next"]
    (attempt,) = report["attempts"]
    assert (attempt["opened"], attempt["close_code"], attempt["tiers"]["browser"]["line"]) == (False, 1006, 2)
    assert report["bundle"]["sources"][0]["kind"] == "testpage"


def test_it_joins_what_nginx_saw(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(saved({"ended": 0.04, "code": 1006, "clean": False}))
    (tmp_path / "access.log").write_text(
        '203.0.113.7 - - [23/Nov/2026:09:00:00 +0000] "GET /api/v1/ws?token=abcdefghijklmnop HTTP/1.1" 404 9 "-" "Mozilla/5.0"\n'
    )
    (attempt,) = analyze(tmp_path).report["attempts"]
    assert attempt["status"] == 404 and set(attempt["tiers"]) >= {"browser", "proxy"}


def test_the_har_of_the_same_browser_tells_the_same_tries(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(saved({"ended": 0.04, "code": 1006, "clean": False}))
    entry = {
        "_resourceType": "websocket", "startedDateTime": "2026-11-23T09:00:00.251Z", "time": 40.0,
        "request": {"method": "GET", "url": "wss://testdomen.uz/api/v1/ws?token=abcdefghijklmnop", "headers": []},
        "response": {"status": 0, "headers": [], "_error": ""},
        "_webSocketMessages": [{"type": "error", "time": 1795424400.29, "data": REFUSED}],
    }  # fmt: skip
    (tmp_path / "b.har").write_text(json.dumps({"log": {"version": "1.2", "creator": {"name": "WebInspector"}, "entries": [entry]}}))
    (attempt,) = analyze(tmp_path).report["attempts"]
    assert (attempt["status"], attempt["close_code"]) == (404, 1006)


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_page_loads_nothing_and_runs_its_own_script_alone(lang: str) -> None:
    text = page(patterns(), lang).decode()
    assert f'<html lang="{lang}">' in text and len(text) < 60_000
    script, css = (regex.search(f"(?s)<{name}>(.*?)</{name}>", text)[1] for name in ("script", "style"))  # type: ignore[index]
    for name, part in (("script", script), ("style", css)):
        assert f"{name}-src 'sha256-{b64encode(sha256(part.encode()).digest()).decode()}'" in text
    assert "default-src 'none'" in text and "connect-src ws: wss:;" in text
    assert not regex.search(r"(?i)\b(?:src|href|on\w+)=", text.split("<script>")[0])


def test_each_text_of_the_page_is_used_and_known() -> None:
    text = page(patterns(), "en").decode()
    asked = set(regex.findall(r'data-t="([^"]+)"', text)) | set(regex.findall(r'\btext\("([^"]+)"', text))
    asked |= set(regex.findall(r'say\([^,]+, "([^"]+)"', text)) | {"connecting", "open", "closing", "closed", "d", "h", "min", "s"}
    assert asked | {"expired", "early", "valid"} == set(TEXTS)


def test_the_command_writes_it(tmp_path: Path) -> None:
    out = tmp_path / "test_websocket.html"
    assert CliRunner().invoke(app, ["testpage", "--out", str(out), "--lang", "ru"]).exit_code == 0
    assert out.read_bytes() == page(patterns(), "ru")
    wrong = CliRunner().invoke(app, ["testpage", "--out", str(tmp_path / "none" / "x.html")])
    assert wrong.exit_code == 2 and "cannot be written" in wrong.output


@pytest.mark.lab
@pytest.mark.xdist_group("lab")
@pytest.mark.parametrize(
    ("state", "alone", "beside"),
    [
        ("healthy/short-timeout-with-pings", "healthy", "healthy"),
        ("auth/token-expired", "undetermined", "auth.token-expired"),
        ("auth/account-suspended", "auth.policy", "auth.policy"),
        ("proxy/upgrade-headers-missing", "undetermined", "proxy.upgrade-headers"),
        ("proxy/read-timeout", "undetermined", "proxy.read-timeout"),
    ],
)
def test_in_chromium_against_the_real_stack(state: str, alone: str, beside: str) -> None:
    from tests.lab.scenarios import SCENARIOS
    from tests.lab.testpages import tell

    told = tell(next(one for one in SCENARIOS if one.name == state))
    assert (told.alone, told.beside) == (alone, beside)


@pytest.mark.lab
@pytest.mark.xdist_group("lab")
@pytest.mark.parametrize(("state", "beside"), [("auth/token-expired", "auth.token-expired"), ("auth/account-suspended", "auth.policy")])
def test_in_firefox_against_the_real_stack(state: str, beside: str) -> None:
    from tests.lab.needs import firefox
    from tests.lab.scenarios import SCENARIOS
    from tests.lab.testpages import tell

    if firefox() is None and not os.environ.get("CI"):
        pytest.skip("Firefox is not installed")
    told = tell(next(one for one in SCENARIOS if one.name == state), firefox=True)
    assert told.beside == beside and len(told.closes) == 2
