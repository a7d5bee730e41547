"""The zone of nginx's error log, by the access log of the same machine."""

from typing import Any

import pytest

from conftest import NOON, event, source
from wslogs.correlate import error_log
from wslogs.correlate.align import UNKNOWN_S, Clocks
from wslogs.model import Event, Source

HOUR = 3600.0


def row(at: float, zone: str = "+0000", lasted_s: float | None = 0.0, **fields: Any) -> Event:
    told: dict[str, Any] = {"path": "/ws", "status": 502, "logged": f"23/Nov/2026:12:00:00 {zone}"} | fields
    return event(at=NOON + at, lasted_s=lasted_s, **told)


def error(at: float, line: int = 1, **fields: Any) -> Event:
    """A line of a log whose local time is read as UTC."""
    told: dict[str, Any] = {"path": "/ws"} | fields
    return event(what="error", source="error.log", line=line, at=NOON + at, **told)


def aligned(*events: Event, **fields: Any) -> tuple[Source, Clocks]:
    log = source("error.log", "nginx-error", **{"zoned": False, "error_s": 99.0} | fields)
    clocks = Clocks({one.path: one for one in (source(), log)})
    error_log.align(events, clocks)
    return log, clocks


@pytest.mark.parametrize(
    ("zone", "seconds"), [("+0000", 0.0), ("+0500", 5 * HOUR), ("+0545", 5.75 * HOUR), ("-0930", -9.5 * HOUR), ("+1400", 14 * HOUR)]
)
def test_one_line_beside_its_row_is_enough(zone: str, seconds: float) -> None:
    log, clocks = aligned(row(0, zone), error(seconds))
    assert (log.offset_s, log.zone_from, log.steps) == (-seconds, "aligned", [])
    assert log.error_s <= 2.0
    assert clocks.caveats == []


def test_it_need_not_be_the_zone_of_the_access_log() -> None:
    """The access log was written in a container in UTC, the error log came through the host's syslog."""
    log, _ = aligned(row(0, "+0000"), row(600, "+0000"), error(5 * HOUR), error(5 * HOUR + 600, 2))
    assert (log.offset_s, log.zone_from) == (-5 * HOUR, "aligned")


def test_an_error_stands_within_the_time_of_its_request() -> None:
    """nginx asked for a minute and told of the timeout in it; the row came at the end, in whole seconds."""
    log, _ = aligned(row(60, "+0500", lasted_s=60.0, status=504), error(5 * HOUR + 60))
    assert log.offset_s == -5 * HOUR


@pytest.mark.parametrize(("at", "zone_from"), [(-2.1, "assumed"), (-1.9, "aligned"), (6.9, "aligned"), (7.1, "assumed")])
def test_a_line_outside_the_time_of_its_request_tells_nothing(at: float, zone_from: str) -> None:
    """The request took five seconds; two more either way are what whole seconds and buffers may hide."""
    log, _ = aligned(row(5, lasted_s=5.0, resolution_s=0.001), error(5 * HOUR + at, resolution_s=0.001))
    assert log.zone_from == zone_from


def test_an_error_about_no_request_of_the_access_log_leaves_the_zone_of_the_machine() -> None:
    log, clocks = aligned(row(0, "+0500"), error(5 * HOUR, path="/other"))
    assert (log.offset_s, log.zone_from) == (-5 * HOUR, "assumed")
    assert clocks.zones == [-5 * HOUR]


def test_without_any_access_log_nothing_is_known() -> None:
    log, clocks = aligned(error(0))
    assert (log.offset_s, log.zone_from) == (0.0, "assumed")
    assert clocks.caveats == [("zone-assumed", {"source": "error.log"})]


def test_rows_that_say_epoch_seconds_tell_no_zone() -> None:
    _, clocks = aligned(row(0, logged="1795435200.000"), error(0))
    assert clocks.zones == []


def test_a_log_that_says_its_zone_is_left_alone() -> None:
    log, _ = aligned(row(0, "+0500"), error(0), zoned=True)
    assert (log.offset_s, log.zone_from) == (0.0, "the log")


def test_daylight_saving_steps_where_nginx_changed_its_zone() -> None:
    """Rows go from +0200 to +0100; the error log's local time repeats the hour, and one line shows it."""
    rows = [row(n * 60, "+0200") for n in range(3)] + [row(HOUR + 600, "+0100")]
    errors = [error(2 * HOUR + n * 60, n + 1) for n in range(3)] + [error(HOUR + HOUR + 600, 9)]
    log, clocks = aligned(*rows, *errors)
    assert clocks.zones == [-2 * HOUR, -HOUR]
    assert (log.offset_s, log.steps) == (-2 * HOUR, [(9, -HOUR)])


def test_connections_tell_which_row_a_line_is_about() -> None:
    """Retries every quarter of an hour fit any zone; `*N` fits one."""
    rows = [row(n * 900, "+0500", connection=str(n)) for n in range(8)]
    log, _ = aligned(*rows, *(error(3 * HOUR + n * 900, n, connection=str(n)) for n in range(1, 8)))
    assert log.offset_s == -3 * HOUR


def test_an_error_log_that_nothing_tells_may_be_of_any_zone() -> None:
    log = source("error.log", "nginx-error", zoned=False)
    error_log.align([event(what="error", source="error.log", at=NOON, path="/ws")], Clocks({"error.log": log}))
    assert log.error_s == UNKNOWN_S
