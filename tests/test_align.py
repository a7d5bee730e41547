"""The offset of one source's clock to the server's."""

from typing import Any

import pytest

from conftest import NOON, event, sighting, source, token
from wslogs.correlate.align import KEPT_S, UNKNOWN_S, Clocks, align, by_coverage, candidates, fit, refine
from wslogs.correlate.clocks import Limit
from wslogs.correlate.sightings import Sighting
from wslogs.model import Source

HOUR = 3600.0
KATHMANDU = 5.75 * HOUR


def refused(tier: str, *times: float, off_s: float = 0.0, told_s: float = 0.001, first: int = 1) -> list[Sighting]:
    """Tries at these seconds after NOON, each with a token of its own, by a clock that is `off_s` fast; lines count from `first`."""
    lasted = 0.0 if tier == "app" else 0.1
    return [
        sighting(
            tier, main={"line": line, "token": token(f"t{line}")}, start=NOON + at + off_s, end=NOON + at + off_s + lasted,
            opened=False, status=403, resolution_s=told_s,
        )
        for line, at in enumerate(times, first)
    ]  # fmt: skip


def app_log(**fields: Any) -> Source:
    return source("app.log", "app", "app", **fields)


def clocks(*sources: Source, **fields: Any) -> Clocks:
    return Clocks({one.path: one for one in sources}, **fields)


def aligned(log: Source, off_s: float, *times: float, dates: tuple[tuple[float, float, float], ...] = ()) -> Clocks:
    """Tries of the app log `log`, which is `off_s` fast, against nginx's rows of the same tries."""
    made = clocks(log, source())
    align(log, refused("app", *times, off_s=off_s), refused("proxy", *times), dates, made)
    return made


def test_a_step_changes_the_offset_from_its_line_on() -> None:
    made = clocks(app_log(offset_s=-1.0, steps=[(10, -3601.0), (20, -1.0)]))
    assert [made.offset("app.log", line) for line in (1, 9, 10, 19, 20)] == [-1.0, -1.0, -3601.0, -3601.0, -1.0]
    assert made.offset("unheard.log", 1) == 0.0


@pytest.mark.parametrize(
    ("told", "at", "moment"),
    [
        ({}, NOON, NOON + 60.0),
        ({}, None, None),
        ({"dateless": True, "zone_from": "aligned"}, NOON, NOON + 60.0),
        ({"dateless": True, "zone_from": "assumed"}, NOON, None),
    ],
)
def test_at(told: dict[str, Any], at: float | None, moment: float | None) -> None:
    assert clocks(app_log(offset_s=60.0, **told)).at(event("app", at=at)) == moment


def test_move_brings_tries_on_the_clock_of_the_server_once() -> None:
    made, (one,) = clocks(app_log(offset_s=60.0, error_s=0.5)), refused("app", 0)
    made.move([one])
    made.move([one])
    assert (one.start, one.end, one.moved_s, one.error_s) == (NOON + 60, NOON + 60, 60.0, 0.5)


def test_a_time_of_day_that_nothing_dates_is_none() -> None:
    (one,) = refused("app", 0)
    clocks(app_log(dateless=True, zoned=False)).move([one])
    assert (one.start, one.end) == (None, None)


@pytest.mark.parametrize(
    ("kind", "partners", "follows"), [("har", {}, False), ("console", {}, True), ("console", {"c.log": "b.har"}, True)]
)
def test_a_console_follows_a_har(kind: str, partners: dict[str, str], follows: bool) -> None:
    made = clocks(source("c.log", kind, "browser"), source("b.har", "har", "browser", first=NOON))
    assert made.follows("c.log", partners) is follows


def test_a_console_without_a_har_has_a_clock_of_its_own() -> None:
    assert not clocks(source("c.log", "console", "browser")).follows("c.log", {})


@pytest.mark.parametrize(("tries", "offset"), [(1, 0.0), (2, 0.0), (3, 40.0), (4, 40.0)])
def test_three_pairs_move_a_clock_that_says_its_zone(tries: int, offset: float) -> None:
    log = app_log()
    aligned(log, -40.0, *range(0, 300 * tries, 300))
    assert (round(log.offset_s), log.zone_from) == (offset, "the log")
    assert log.error_s == (KEPT_S if tries < 3 else pytest.approx(0.07, abs=0.01))


@pytest.mark.parametrize(("dates", "offset"), [(1, 0.0), (2, 40.0)])
def test_two_dates_move_it(dates: int, offset: float) -> None:
    """Asked at 0.25 and answered at 0.5 by a clock that is 40 s slow, and once more."""
    told = [(NOON + 40 + n, NOON + 0.25 + n, NOON + 0.5 + n) for n in range(dates)]
    log = source("browser.har", "har", "browser")
    align(log, [], [], told, clocks(log, source()))
    assert log.offset_s == pytest.approx(offset, abs=0.5)
    assert log.error_s == (KEPT_S if dates == 1 else pytest.approx(0.625))


def test_a_clock_that_is_right_stays_and_its_bar_is_what_the_tries_allow() -> None:
    log = app_log()
    aligned(log, 0.0, 0, 60, 120)
    assert log.offset_s == 0.0
    assert log.error_s == pytest.approx(0.121, abs=1e-6)


@pytest.mark.parametrize("zone", [5 * HOUR, KATHMANDU, -9.5 * HOUR, 14 * HOUR, -12 * HOUR, 0.0])
def test_one_pair_tells_a_log_without_a_zone_its_whole_quarter_hours(zone: float) -> None:
    log = app_log(zoned=False)
    made = aligned(log, zone, 0)
    assert (log.offset_s, log.zone_from, made.caveats) == (-zone, "aligned", [])


def test_one_pair_far_from_a_whole_quarter_hour_tells_nothing() -> None:
    log = app_log(zoned=False)
    made = aligned(log, HOUR + 60, 0)
    assert (log.offset_s, log.zone_from, log.error_s) == (0.0, "assumed", UNKNOWN_S)
    assert made.caveats == [("zone-assumed", {"source": "app.log"})]


def test_a_skew_beside_the_zone_is_told() -> None:
    log = app_log(zoned=False)
    made = aligned(log, KATHMANDU + 60, 0, 300, 700, 1200)
    made.tell()
    assert log.offset_s == pytest.approx(-KATHMANDU - 60, abs=0.1)
    assert made.caveats == [("clock-corrected", {"source": "app.log", "seconds": 60.0, "error": 0.1})]


def test_a_zone_alone_is_no_correction() -> None:
    log = app_log(zoned=False)
    made = aligned(log, KATHMANDU, 0, 300, 700)
    made.tell()
    assert made.caveats == []


@pytest.mark.parametrize(
    ("offset_s", "error_s", "zoned", "told"),
    [
        (3.0, 0.5, True, True),
        (1.9, 0.5, True, False),
        (-40.0, 19.0, True, True),
        (-40.0, 21.0, True, False),  # no more than its own bar allows
        (3600.0, 0.5, True, True),
        (3600.0, 0.5, False, False),
    ],
)
def test_a_correction_beyond_its_bar_is_told(offset_s: float, error_s: float, zoned: bool, told: bool) -> None:
    made = clocks(app_log(offset_s=offset_s, error_s=error_s, zoned=zoned))
    made.tell()
    assert [values["seconds"] for _, values in made.caveats] == ([-offset_s] if told else [])


def test_a_log_that_nothing_tells_may_be_of_any_zone() -> None:
    log = app_log(zoned=False)
    made = clocks(log, source())
    align(log, refused("app", 0), [], (), made)
    assert (log.offset_s, log.error_s, log.zone_from) == (0.0, 14 * HOUR, "assumed")
    assert made.caveats == [("zone-assumed", {"source": "app.log"})]


def test_a_log_without_times_needs_no_zone() -> None:
    log = app_log(zoned=False)
    made = clocks(log, source())
    align(log, [sighting("app", opened=False, status=403)], refused("proxy", 0), (), made)
    assert made.caveats == []


def test_pairs_that_scatter_move_nothing_and_that_is_said() -> None:
    log = app_log()
    made = clocks(log)
    fit(log, [], [Limit(n * 50.0, n * 50.0 + 1, n, n) for n in range(1, 9)], made)
    assert (log.offset_s, log.error_s) == (0.0, KEPT_S)
    assert made.caveats == [("clock-scattered", {"source": "app.log", "pairs": 8})]


def test_of_two_pairs_that_differ_nothing_is_said() -> None:
    log = app_log()
    made = clocks(log)
    fit(log, [], [Limit(50.0, 51.0, 1, 1), Limit(100.0, 101.0, 2, 2)], made)
    assert (log.offset_s, made.caveats) == (0.0, [])


def test_a_bar_may_be_closer_on_one_side() -> None:
    """The effects come right after their causes at 0, which is therefore believed to a second; it can hardly be more than 0."""
    log = app_log()
    fit(log, [], [Limit(-1.5, 0.1, n, n) for n in range(3)], clocks(log))
    assert (log.offset_s, log.error_s, log.less_late_s) == (0.0, 1.0, 0.9)


@pytest.mark.parametrize("by_s", [-HOUR, HOUR])
def test_a_clock_that_steps_at_a_line(by_s: float) -> None:
    """Lines 1 to 4 are right; before line 5, a line of another kind, the clock is put back or forward by an hour."""
    log = app_log()
    own = [*refused("app", 0, 60, 120, 180), *refused("app", 300, 360, 420, off_s=by_s, first=6)]
    theirs = [*refused("proxy", 0, 60, 120, 180), *refused("proxy", 300, 360, 420, first=6)]
    lines = sorted([*((s.main.line, s.start or 0.0) for s in own), (5, NOON + 240 + by_s)])
    made = clocks(log, source(), lines={"app.log": lines})
    align(log, own, theirs, (), made)
    assert log.offset_s == 0.0
    assert [(line, round(step)) for line, step in log.steps] == [(5, -by_s)]
    made.tell()
    assert made.caveats == [("clock-stepped", {"source": "app.log", "line": 5, "seconds": by_s})]


def test_two_tries_are_no_step() -> None:
    log = app_log()
    own = [*refused("app", 0, 60, 120, 180), *refused("app", 300, 360, off_s=HOUR, first=6)]
    align(log, own, [*refused("proxy", 0, 60, 120, 180), *refused("proxy", 300, 360, first=6)], (), clocks(log, source()))
    assert (log.offset_s, log.steps) == (0.0, [])


@pytest.mark.parametrize(("zones", "steps"), [((-HOUR, -2 * HOUR), [(7, -2 * HOUR)]), ((-HOUR,), [])])
def test_one_try_is_enough_where_nginx_changed_its_zone_too(zones: tuple[float, ...], steps: list[tuple[int, float]]) -> None:
    log = app_log(zoned=False)
    own = [*refused("app", 0, 60, 120, off_s=HOUR), *refused("app", 600, off_s=2 * HOUR, first=7)]
    theirs = [*refused("proxy", 0, 60, 120), *refused("proxy", 600, first=7)]
    align(log, own, theirs, (), clocks(log, source(), zones=zones))
    assert (log.offset_s, log.steps) == (-HOUR, steps)


@pytest.mark.parametrize(
    ("first", "last", "zones", "offset"),
    [
        (NOON, NOON + 60, (), 0.0),
        (NOON + 5 * HOUR, NOON + 5 * HOUR + 60, (-5 * HOUR,), -5 * HOUR),
        (NOON + 5 * HOUR, NOON + 5 * HOUR + 60, (), None),  # not UTC, and nginx does not say another
        (NOON, NOON + 6 * HOUR, (-5 * HOUR,), None),  # either may be
    ],
)
def test_a_log_without_tries_is_of_the_zone_that_brings_it_into_the_time_of_the_others(
    first: float, last: float, zones: tuple[float, ...], offset: float | None
) -> None:
    log = app_log(zoned=False, first=first, last=last, error_s=UNKNOWN_S)
    access = source(first=NOON - 60, last=NOON + 1800)
    made = clocks(log, access, zones=zones)
    made.caveats = [("zone-assumed", {"source": "app.log"})]
    by_coverage(log, [access], made)
    if offset is None:
        assert (log.offset_s, log.error_s, made.caveats) == (0.0, UNKNOWN_S, [("zone-assumed", {"source": "app.log"})])
    else:
        zone = "+00:00" if offset == 0 else "+05:00"
        assert (log.offset_s, log.error_s) == (offset, KEPT_S)
        assert made.caveats == [("zone-by-coverage", {"source": "app.log", "zone": zone})]


def test_joined_tries_narrow_the_bar() -> None:
    """Nothing was known of the clock; three joined pairs leave 0.12 s."""
    log = app_log(error_s=KEPT_S)
    own, theirs = refused("app", 0, 60, 120), refused("proxy", 0, 60, 120)
    assert not refine(log, list(zip(own, theirs, strict=True)), (), clocks(log, source()))
    assert log.offset_s == 0.0
    assert log.error_s == pytest.approx(0.121, abs=1e-6)


def test_joined_tries_that_move_the_clock_ask_for_another_look() -> None:
    log = app_log(error_s=KEPT_S)
    pairs = list(zip(refused("app", 0, 60, 120, off_s=-2.0), refused("proxy", 0, 60, 120), strict=True))
    assert refine(log, pairs, (), clocks(log, source()))
    assert log.offset_s == pytest.approx(2.0, abs=0.1)


def test_the_bar_of_the_other_clock_widens_what_a_pair_says() -> None:
    (found,) = candidates(refused("app", 0), refused("proxy", 0), clocks(source(error_s=5.0)))
    assert [found.low, found.high] == pytest.approx([-5.021, 5.121])


def test_a_token_that_joins_two_asks_for_no_other_partner() -> None:
    found = candidates(refused("app", 0, 60), refused("proxy", 0, 60), clocks(source()))
    assert [(one.own, one.other) for one in found] == [(0, 0), (1, 1)]
