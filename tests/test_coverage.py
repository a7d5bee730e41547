"""wslogs/coverage.py: holes in a log, several files of one kind, and what their silence is worth."""

import json
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from conftest import NOON, bundle, item, source
from wslogs import coverage
from wslogs.coverage import covers, spans
from wslogs.model import Mark, Source
from wslogs.parsers import har
from wslogs.parsers.kit import Kit
from wslogs.pipeline import analyze
from wslogs.report.render import render

ACCESS = ("nginx-access",)


def marks(*pauses: float, start: float = 0.0) -> list[Mark]:
    """Lines one after the other, the first at `start`, with these pauses between them."""
    return [Mark(at, line) for line, at in enumerate(accumulate(pauses, initial=start), 1)]


@pytest.mark.parametrize(
    ("pauses", "found"),
    [
        ([2] * 20 + [600] + [2] * 20, [(0, 40), (640, 680)]),
        ([2] * 20 + [60] + [2] * 20, [(0, 140)]),
        ([0] * 20 + [600] + [0] * 20, [(0, 0), (600, 600)]),
        ([2] * 10 + [600] + [2] * 10 + [900] + [2] * 10, [(0, 20), (620, 640), (1540, 1560)]),
        ([600, 2, 2], [(0, 604)]),
        ([], [(0, 0)]),
    ],
    ids=["a hole", "a pause of a minute", "a hole between bursts", "two holes", "too few lines", "one line"],
)
def test_a_pause_far_longer_than_usual_is_a_hole(pauses: list[float], found: list[tuple[float, float]]) -> None:
    assert spans(marks(*pauses)) == found


@pytest.mark.parametrize(
    "pauses",
    [
        [1] * 30 + [300] * 30 + [1] * 30,
        ([0] * 10 + [900]) * 6 + [0],
        [3600, 60, 7200, 20000, 5, 900, 30000],
    ],
    ids=["a quiet night", "page loads far apart", "a log of few rows"],
)
def test_a_quiet_log_has_no_hole(pauses: list[float]) -> None:
    assert spans(marks(*pauses)) == [(0, sum(pauses))]


def test_no_lines_speak_for_nothing() -> None:
    assert spans([]) == []


def test_a_copy_of_the_beginning_at_the_end_of_a_file_changes_nothing() -> None:
    lines = marks(*[2] * 20)
    again = [Mark(mark.at, mark.line + 21) for mark in lines]
    assert spans([*lines, *again]) == [(0, 40)]


def test_of_far_lines_it_is_the_pace_that_counts() -> None:
    """Two hours with a thousand lines between are no hole; two hours from one line to the next are."""
    lines = [Mark(0, 1), Mark(7200, 1001), Mark(14400, 2001), Mark(21600, 3001), Mark(28800, 3002), Mark(36000, 4001)]
    assert spans(lines) == [(0, 21600), (28800, 36000)]


def log(name: str, first: float, last: float, every: float = 10.0, **given: Any) -> Source:
    """An access log with a row every few seconds of these minutes after noon."""
    rows = [Mark(NOON + 60 * first + every * place, place + 1) for place in range(int(60 * (last - first) / every) + 1)]
    fields = {"lines": len(rows), "spans": spans(rows), "marks": rows} | given
    return source(name, **fields)


ROTATED = (log("access.log", 20, 30), log("access.log.1", 10, 19.9), log("access.log.2.gz", 0, 9.9))


@pytest.mark.parametrize(
    ("logs", "minutes", "shown"),
    [
        (ROTATED, (5, 5), ("access.log.2.gz", 31)),
        (ROTATED, (9, 21), ("access.log", 7)),
        (ROTATED, (19.95, 19.95), ("access.log", 1)),
        ((ROTATED[0], ROTATED[2]), (15, 15), None),
        ((ROTATED[0], ROTATED[2]), (9, 21), None),
        ((ROTATED[0], ROTATED[2]), (10.5, 10.5), None),
        ((ROTATED[0], ROTATED[2]), (25, 25), ("access.log", 31)),
        ((log("a.log", 0, 20), log("b.log", 15, 30)), (10, 25), ("b.log", 61)),
        ((log("access.log", 0, 20), log("access-copy.log", 0, 20)), (10, 10), ("access-copy.log", 61)),
        (ROTATED, (-5, -5), None),
        (ROTATED, (31, 31), None),
        (ROTATED, (29, 31), None),
        ((), (5, 5), None),
        ((log("error.log", 0, 30, kind="nginx-error"),), (5, 5), None),
    ],
    ids=[
        "inside one", "across a rotation", "at the rotation", "a file is missing", "over the missing file", "right after a last line",
        "beside the missing file", "overlapping", "a copy", "before", "after", "reaching out", "no log", "another kind",
    ],
)  # fmt: skip
def test_files_of_one_kind_speak_together(logs: tuple[Source, ...], minutes: tuple[float, float], shown: tuple[str, int] | None) -> None:
    found = covers(logs, ACCESS, NOON + 60 * minutes[0], NOON + 60 * minutes[1])
    assert (found and (found.source.path, found.line)) == shown


def test_a_log_on_another_clock() -> None:
    ahead = log("access.log", 0, 30, offset_s=3600.0, error_s=5.0)
    found = covers((ahead,), ACCESS, NOON + 3660, NOON + 3660)
    assert found is not None and (found.line, found.at) == (8, NOON + 3670)
    assert covers((ahead,), ACCESS, NOON + 60, NOON + 60) is None
    assert covers((ahead,), ACCESS, NOON + 3602, NOON + 3602) is None  # its error reaches before the first line


OFF, ON, IF = ["off"], ["/var/log/nginx/access.log", "main"], ["/var/log/nginx/access.log", "main", "if=$loggable"]


@pytest.mark.parametrize(
    ("path", "on_route", "everywhere", "sure"),
    [
        ("access.log", [], [], True),
        ("access.log.2.gz", [ON], [ON], True),
        ("access.log", [OFF], [OFF, ON], False),
        ("access.log", [ON, OFF], [ON, OFF], False),
        ("access.log", [IF], [IF], False),
        ("access.log", [["/var/log/nginx/ws.log"]], [ON, ["/var/log/nginx/ws.log"]], False),
        ("nginx.txt", [ON], [ON], True),
        ("ws.log", [], [["/var/log/nginx/ws.log"]], False),
    ],
    ids=["no access_log", "rotated", "off", "off beside another", "if=", "into another file", "a file under another name", "the default"],
)
def test_whether_a_row_is_sure(path: str, on_route: list[list[str]], everywhere: list[list[str]], sure: bool) -> None:
    assert coverage.writes(path, on_route, everywhere) is sure


@pytest.mark.parametrize(
    ("seen", "written", "level", "tells"),
    [
        (None, [], "error", False),
        (None, [[]], "error", False),
        ("info", [["/var/log/nginx/error.log", "warn"]], "info", True),
        (None, [["/var/log/nginx/error.log", "info"]], "info", True),
        (None, [["/var/log/nginx/error.log"]], "error", False),
        ("notice", [["/var/log/nginx/error.log", "debug"]], "debug", True),
        ("error", [["stderr", "notice"]], "notice", False),
        (None, [["/e/error.log", "info"], ["/e/other.log", "crit"]], "info", True),
        (None, [["/e/error.log", "info"], ["/e/error.log", "warn"]], "warn", False),
    ],
)
def test_the_level_of_an_error_log(seen: str | None, written: list[list[str]], level: str, tells: bool) -> None:
    one = source("logs/error.log.1", "nginx-error", level=seen)
    coverage.set_levels([one], written)
    assert (one.level, coverage.tells_of_tunnels(one)) == (level, tells)


def test_only_error_logs_have_a_level() -> None:
    one = source("access.log")
    coverage.set_levels([one], [["/var/log/nginx/error.log", "info"]])
    assert (one.level, coverage.tells_of_tunnels(one)) == (None, False)


def test_a_har_speaks_from_its_first_entry_to_the_end_of_its_last(kit: Kit) -> None:
    entry = {"request": {"method": "GET", "url": "https://a.example/"}, "time": 1500.0}
    entries = [entry | {"startedDateTime": f"2026-11-23T{hour}:00:00.000Z"} for hour in (12, 13)]
    (told,) = har.parse(item(json.dumps({"log": {"entries": entries}}), "a.har"), kit).sources
    assert told.spans == [(NOON, NOON + 3601.5)] == [(told.first, told.last)]


def test_holes_and_level_in_the_report(tmp_path: Path) -> None:
    row = '1.2.3.4 - - [23/Nov/2026:{:02d}:{:02d}:00 +0000] "GET /a HTTP/1.1" 200 31 "-" "M"\n'
    minutes = [*range(20), *range(400, 420)]
    made = analyze(bundle(tmp_path, {
        "access.log": "".join(row.format(minute // 60, minute % 60) for minute in minutes),
        "error.log": "2026/11/23 00:00:01 [error] 1#1: *1 open() failed\n",
        "nginx.conf": "error_log /var/log/nginx/error.log info;\nhttp { server { listen 80; } }\n",
    })).report  # fmt: skip
    told = made["bundle"]["sources"]
    assert {one["path"]: (one["spans"], one["level"]) for one in told} == {
        "access.log": (
            [["2026-11-23T00:00:00Z", "2026-11-23T00:19:00Z"], ["2026-11-23T06:40:00Z", "2026-11-23T06:59:00Z"]], None,
        ),
        "error.log": ([["2026-11-23T00:00:01Z", "2026-11-23T00:00:01Z"]], "info"),
        "nginx.conf": ([], None),
    }  # fmt: skip
    texts = render(made, ["html", "md"], "ru")
    for text, between in ((texts["report.html"], "<br>"), (texts["report.md"], "; ")):
        holes = between.join(f"2026-11-23 {hours} UTC" for hours in ("00:00:00 – 00:19:00", "06:40:00 – 06:59:00"))
        assert holes in text.decode() and "nginx-error, уровень info" in text.decode()
