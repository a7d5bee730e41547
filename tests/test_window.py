"""The part of a log that a window needs, found without reading the rest."""

import io
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conftest import NOON, patterns
from wslogs.collecting import window

ROW = '203.0.113.9 - - [{:%d/%b/%Y:%H:%M:%S} +0000] "GET /api/v1/items HTTP/1.1" 200 {} "-" "Mozilla/5.0 (X11; Linux x86_64)"\n'
APP = "{:%Y-%m-%d %H:%M:%S},000 INFO    [app] handled {}\n"
HOUR = 3600.0


def made(path: Path, form: str, count: int, step_s: float = 1.0, between: str = "") -> Path:
    rows = (form.format(datetime.fromtimestamp(NOON + n * step_s, UTC), n) + between for n in range(count))
    path.write_text("".join(rows), "utf-8", newline="\n")
    return path


def taken(path: Path, part: window.Part) -> list[str]:
    with window.reader(path, part) as stream:
        return stream.read().decode().splitlines()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("large") / "access.log", ROW, 40_000)


@pytest.mark.parametrize("second", [0, 1, 17, 20_000, 39_998, 39_999])
def test_it_begins_with_the_first_line_of_the_window(large: Path, second: int) -> None:
    part = window.part(large, NOON + second, window.clock(patterns()))
    rows = taken(large, part)
    assert len(rows) == 40_000 - second and f'200 {second} "-"' in rows[0]
    assert part.note == "" and part.last == large.stat().st_size > 3 << 20


def test_a_part_is_read_from_anywhere(large: Path) -> None:
    """Large logs are read in parts of their own."""
    part = window.part(large, NOON + 39_000, window.clock(patterns()))
    with window.reader(large, part) as stream:
        whole = stream.read()
        assert stream.seek(-100, io.SEEK_END) == len(whole) - 100 and stream.read() == whole[-100:]
        assert stream.seek(10) == 10 and stream.read(5) == whole[10:15]


def test_a_window_before_and_after_all_lines(large: Path) -> None:
    told = window.clock(patterns())
    assert window.part(large, NOON - HOUR, told) == window.Part(0, large.stat().st_size)
    assert taken(large, window.part(large, NOON + 99 * HOUR, told)) == []


def test_only_a_little_of_a_large_log_is_read(large: Path) -> None:
    """Lines are asked for their time: of 40,000 some hundreds, most of them in the last 64 KiB."""
    asked = 0
    told = window.clock(patterns())

    def counting(raw: bytes) -> float | None:
        nonlocal asked
        asked += 1
        return told(raw)

    window.part(large, NOON + 31_234, counting)
    assert asked < 1000


def test_lines_without_a_time_belong_to_the_line_before(tmp_path: Path) -> None:
    between = "Traceback (most recent call last):\n" + '  File "/srv/app/main.py", line 7, in connect\n' * 40 + "KeyError: 'x'\n"
    log = made(tmp_path / "app.log", APP, 3000, between=between)
    rows = taken(log, window.part(log, NOON + 2000, _utc))
    assert rows[0].endswith("handled 2000") and sum("handled" in row for row in rows) == 1000 and rows[-1] == "KeyError: 'x'"


def _utc(raw: bytes) -> float | None:
    """As clock() on a machine in UTC."""
    try:
        return datetime.strptime(raw[:19].decode(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process cannot be changed here")
def test_a_time_without_a_zone_is_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "<+05>-5")
    time.tzset()
    told = window.clock(patterns())
    assert told(b"2026/11/23 17:00:00 [error] 1#1: *1 connect() failed") == NOON
    assert told(b"203.0.113.9 - - [23/Nov/2026:12:00:00 +0000] x") == NOON
    monkeypatch.undo()
    time.tzset()


def test_a_log_without_days_is_not_cut_by_time_but_by_size(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("INFO:     connection open\n" * 1000, newline="\n")
    told = window.clock(patterns())
    assert window.part(log, NOON, told) == window.Part(0, 26_000, "its lines say no day: it was not cut by time")
    assert len(taken(log, window.part(log, NOON, told, most=2610))) == 100


def test_a_window_that_is_too_large_loses_its_beginning(tmp_path: Path) -> None:
    log = made(tmp_path / "access.log", ROW, 100)
    part = window.part(log, NOON, window.clock(patterns()), most=1000)
    assert part.note.startswith("of the window only the last") and taken(log, part)[-1] == taken(log, window.Part(0, part.last))[-1]


def test_what_is_written_meanwhile_is_not_taken_and_a_pipe_is_refused(tmp_path: Path) -> None:
    log = made(tmp_path / "access.log", ROW, 10)
    part = window.part(log, NOON, window.clock(patterns()))
    with log.open("a") as file:
        file.write("more\n")
    assert len(taken(log, part)) == 10
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError):
            window.part(tmp_path / "pipe", NOON, window.clock(patterns()))
