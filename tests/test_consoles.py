"""The clock of a console export, by the HAR of the same browser."""

from typing import Any

import pytest

from conftest import NOON, event, sighting, source
from wslogs.correlate import consoles
from wslogs.correlate.align import UNKNOWN_S, Clocks
from wslogs.correlate.sightings import Sighting, Tiers
from wslogs.model import Event, Source

HOUR = 3600.0
DAYLESS = 946728000.0
"""12:00 without a day, as times.parse reads it: on the first of January 2000."""


def console(path: str = "console.log", **fields: Any) -> Source:
    return source(path, "console", "browser", **{"zoned": False, "first": DAYLESS} | fields)


def har(path: str = "browser.har", **fields: Any) -> Source:
    return source(path, "har", "browser", **{"first": NOON} | fields)


def told(at: float, what: str = "failed", line: int = 1) -> Event:
    return event("browser", what, source="console.log", line=line, at=at)


def entry(start: float, end: float, *lines: Event) -> Sighting:
    made = sighting("browser", start=NOON + start, end=NOON + end, resolution_s=0.001)
    made.events += lines
    return made


def aligned(log: Source, *seen: Sighting, hars: tuple[Source, ...] = (), partner: str | None = None) -> Clocks:
    clocks = Clocks({one.path: one for one in (log, *hars)})
    consoles.align(Tiers(browser=list(seen), partners={log.path: partner} if partner else {}), clocks)
    return clocks


@pytest.mark.parametrize("zone", [0.0, 5 * HOUR, 5.75 * HOUR, -9.5 * HOUR])
def test_the_end_of_one_try_gives_day_and_zone(zone: float) -> None:
    """The HAR says UTC; the console wrote 12:00:01 plus the zone, and no day."""
    log = console(dateless=True)
    aligned(log, entry(0, 0.9, told(DAYLESS + 1 + zone)), hars=(har(),), partner="browser.har")
    assert (DAYLESS + zone + log.offset_s, log.zone_from) == (NOON, "aligned")


@pytest.mark.parametrize("what", ["failed", "closed"])
def test_failures_and_closes_tell_of_the_end(what: str) -> None:
    log = console()
    aligned(log, entry(0, 60, told(NOON + 60.5 + HOUR, what)), hars=(har(),), partner="browser.har")
    assert log.offset_s == -HOUR


def test_a_note_of_the_page_tells_of_no_end() -> None:
    """Only the first instants are compared then: both files began within minutes of each other."""
    log = console(first=NOON + 5 * HOUR + 100)
    aligned(log, entry(0, 60, told(NOON + HOUR, "note")), hars=(har(),), partner="browser.har")
    assert log.offset_s == -5 * HOUR


def test_the_clock_of_the_har_goes_for_its_console() -> None:
    """The browser is 40 s slow; its console is, too."""
    log, seen = console(), entry(0, 0.9, told(NOON + 1 + HOUR))
    aligned(log, seen, hars=(har(offset_s=40.0, error_s=0.7),), partner="browser.har")
    assert (log.offset_s, log.error_s) == (40.0 - HOUR, 0.7)


def test_tries_that_only_the_console_tells_are_moved() -> None:
    log = console(first=NOON + HOUR)
    alone = sighting("browser", what="failed", main={"source": "console.log"}, end=NOON + HOUR + 1)
    aligned(log, alone, hars=(har(),))
    assert alone.end == NOON + 1


def test_of_two_hars_the_one_with_a_like_name() -> None:
    log = console("anna-console.log", first=NOON + HOUR)
    aligned(log, hars=(har("boris.har", offset_s=9.0), har("anna.har", offset_s=5.0)))
    assert log.offset_s == 5.0 - HOUR


@pytest.mark.parametrize("log", [console(zoned=True), console(first=None)])
def test_a_console_that_says_its_zone_or_no_time_is_left_alone(log: Source) -> None:
    aligned(log, hars=(har(offset_s=40.0),))
    assert (log.offset_s, log.zone_from) == (0.0, "the log")


def test_without_a_har_it_is_left_to_the_clocks_of_the_other_tiers() -> None:
    log = console()
    assert aligned(log).caveats == []
    assert log.zone_from == "the log"


def test_a_har_without_times_says_nothing() -> None:
    log = console(error_s=UNKNOWN_S)
    aligned(log, hars=(har(first=None),))
    assert (log.offset_s, log.error_s) == (0.0, UNKNOWN_S)
