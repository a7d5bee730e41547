"""The lab: what it makes of times and traces, and live: a real system is broken, recorded and analysed."""

import calendar
import json
import os
import tempfile
import time
from pathlib import Path

import pytest

from tests.lab import clocks, missing, record, truth
from tests.lab.clocks import Clock
from tests.lab.model import User
from tests.lab.seen import Seen
from tests.lab.zones import zone
from wslogs.pipeline import analyze

CHANGE = calendar.timegm((2026, 11, 23, 22, 44, 38))
"""02:44:38 at +04:00, 01:44:38 at +03:00."""


@pytest.mark.parametrize(("name", "rule"), [("UTC", "UTC0"), ("Asia/Tashkent", "<+05>-5"), ("Asia/Kathmandu", "<+0545>-5:45")])
def test_a_zone_is_a_posix_rule(name: str, rule: str) -> None:
    assert zone(name, CHANGE).rule == rule


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process cannot be changed here")
@pytest.mark.parametrize(
    ("name", "before", "after"), [("autumn", "02:44:37 +0400", "01:44:38 +0300"), ("spring", "01:44:37 +0300", "02:44:38 +0400")]
)
def test_a_zone_changes_at_its_moment(name: str, before: str, after: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone(name, CHANGE).rule)
    time.tzset()
    shown = [time.strftime("%H:%M:%S %z", time.localtime(CHANGE + second)) for second in (-1, 0)]
    monkeypatch.undo()
    time.tzset()
    assert shown == [before, after]


@pytest.mark.parametrize(
    ("name", "skew_s", "text", "clock"),
    [
        ("Asia/Kathmandu", 0, "2026/11/24 04:39:01 [error] 1#1: *1 connect() failed", -20_700.0),
        ("UTC", 95, "2026-11-23 22:51:45,011 INFO    [app] up", 95.0),
        ("UTC", 0, "api-1  | 2026-11-23 22:51:45,011 INFO    [app] up", 0.0),
        ("autumn", 0, "2026-11-24 02:44:37,900 a\ntrace\n2026-11-24 01:44:38,010 b", [[1, -14_400.0], [3, -10_800.0]]),
        ("autumn", 0, "2026-11-24 02:44:37,900 a", [[1, -14_400.0]]),
        ("spring", 0, "2026-11-24 01:44:37,900 a\n2026-11-24 02:44:38,010 b", [[1, -10_800.0], [2, -14_400.0]]),
        ("UTC", 0, "INFO:     Started server process [7]", None),
    ],
)
def test_how_far_a_files_clock_is_off(name: str, skew_s: int, text: str, clock: Clock | None) -> None:
    assert clocks.local(text, zone(name, CHANGE), skew_s) == clock


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("2026-11-23 23:59:50,736 INFO    [app] up", "2026-11-24 00:01:25,736 INFO    [app] up"),
        ('{"time": "2026-11-23T22:51:53.736Z", "level": "INFO"}', '{"time": "2026-11-23T22:53:28.736Z", "level": "INFO"}'),
        ("Traceback of 2026-11-23 22:51:53,736", "Traceback of 2026-11-23 22:51:53,736"),
    ],
)
def test_an_app_log_moves_with_its_clock(text: str, moved: str) -> None:
    assert clocks.move_app(text, 95) == moved


def test_a_console_moves_with_its_clock() -> None:
    text = "00:01:05.336 Navigated to https://testdomen.uz/\ndial @ index.js:50 at 00:01:05.336"
    assert clocks.move_console(text, -187) == "23:57:58.336 Navigated to https://testdomen.uz/\ndial @ index.js:50 at 00:01:05.336"


def test_a_har_moves_with_its_clock_but_for_times_that_are_none() -> None:
    entries = [
        {"startedDateTime": "2026-11-23T22:00:00.500Z", "_webSocketMessages": [{"time": 1795471200.5}, {"time": 812.25}]},
        {"startedDateTime": "1970-01-01T00:00:00.000Z"},
    ]
    moved = json.loads(clocks.move_har(json.dumps({"log": {"pages": [], "entries": entries}}), -60))["log"]["entries"]
    assert moved == [
        {"startedDateTime": "2026-11-23T21:59:00.500Z", "_webSocketMessages": [{"time": 1795471140.5}, {"time": 812.25}]},
        {"startedDateTime": "1970-01-01T00:00:00.000Z"},
    ]


def test_tries_of_one_token_are_told_apart_by_the_key_of_their_handshake() -> None:
    url = "wss://testdomen.uz/api/v1/ws?token=abc"
    tries = [Seen(User("aziza"), "aziza", 0, number, url, 100.0, key=key) for number, key in enumerate(("k1", "k2", None), 1)]
    ledger = [{"key": "k2", "status": "403", "us": "403", "uct": "0.001", "uht": "0.002"}, {"key": "", "status": "200", "uct": "0.001"}]
    told = truth.traces(tries, {"aziza": "abc"}, ledger, '203.0.113.24:0 - "WebSocket /api/v1/ws?token=abc" 403\n')
    assert [(one.row and one.row["status"], one.app_seen) for one in told] == [(None, False), ("403", True), (None, False)]


SCENARIOS = {"proxy/upgrade-headers-missing": "proxy.upgrade-headers", "auth/token-expired": "auth.token-expired"}


@pytest.fixture
def stack() -> None:
    absent = missing()
    if absent and os.environ.get("CI"):
        pytest.fail(f"the lab lacks {', '.join(absent)}")
    if absent:
        pytest.skip(f"the lab lacks {', '.join(absent)}")


def running(folder: Path) -> list[str]:
    """Command lines of the processes that work in a folder; others may run a lab at the same time."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            place = str((process / "cwd").readlink())
        except OSError:
            continue
        if str(folder) in words or place.startswith(str(folder)):
            found.append(words)
    return found


@pytest.mark.lab
# One group, for each takes a core and many processes.
@pytest.mark.xdist_group("lab")
@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_live_recording_is_judged_right(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="wslive-") as place:
        # Short, since the paths of sockets are.
        with monkeypatch.context() as patch:
            patch.setattr(tempfile, "tempdir", place)
            sample = record(name, tmp_path)
        ended = time.monotonic() + 5
        while (left := running(Path(place))) and time.monotonic() < ended:
            time.sleep(0.1)
        assert left == [], "a process was left behind"
        assert list(Path(place).iterdir()) == []
    assert {path.name for path in sample.iterdir()} == {"bundle", "story.md", "truth.json", "truth_attempts.json"}
    verdict, detail = analyze(sample / "bundle").report["verdict"], SCENARIOS[name]
    assert (verdict["status"], verdict["cause"], verdict["detail"]) == ("failure", detail.partition(".")[0], detail)
