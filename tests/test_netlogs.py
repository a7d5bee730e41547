"""wslogs/correlate/netlogs.py: a NetLog and a HAR of one browser tell of the same tries."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import NOON, ROOT, sighting, source
from wslogs.correlate import netlogs
from wslogs.correlate.align import Clocks
from wslogs.correlate.sightings import Sighting, Tiers
from wslogs.pipeline import analyze

CLOCKS = {
    one.path: one for one in (source("n.json", "netlog", "browser"), source("a.har", "har", "browser"), source("b.har", "har", "browser"))
}


def seen(path: str, start: float | None = 0.0, key: str | None = None, **fields: Any) -> Sighting:
    main = {"source": path, "key": key, "scheme": "wss", "host": "x", **fields.pop("main", {})}
    at = None if start is None else NOON + start
    return sighting("browser", main=main, **{"start": at, "resolution_s": 0.001} | fields)


def folded(*tries: Sighting) -> Tiers:
    tiers = Tiers(browser=list(tries))
    netlogs.fold(tiers, Clocks(CLOCKS))
    return tiers


def test_one_key_is_one_try() -> None:
    tiers = folded(seen("a.har", 0, "K"), seen("n.json", 300, "K"))
    assert [[e.source for e in one.events] for one in tiers.browser] == [["a.har", "n.json"]]
    assert tiers.partners == {"n.json": "a.har"}


@pytest.mark.parametrize(
    ("netlog", "one_try"),
    [
        (seen("n.json", 0.3), True),
        (seen("n.json", 0.7), False),
        (seen("n.json", 0.0, "other"), False),
        (seen("n.json", 0.0, main={"path": "/other"}), False),
        (seen("n.json", 0.0, main={"host": "y"}), False),
        (seen("n.json", 0.0, opened=False), False),
        (seen("n.json", None), False),
    ],
    ids=["near", "far", "key", "path", "host", "answer", "no time"],
)
def test_without_a_key_address_and_time_tell(netlog: Sighting, one_try: bool) -> None:
    assert len(folded(seen("a.har", 0, "K", opened=True), netlog).browser) == (1 if one_try else 2)


def test_a_try_that_the_har_dates_1969_learns_its_time() -> None:
    entry = seen("a.har", None, end=NOON + 3.0, resolution_s=2.0, opened=False)
    (one,) = folded(entry, seen("n.json", 1.2, end=NOON + 1.3, opened=False)).browser
    assert (one.source, one.start, one.end, one.resolution_s) == ("a.har", NOON + 1.2, NOON + 1.3, 0.001)


def test_the_netlog_saw_the_end_of_what_was_open_at_the_export() -> None:
    (one,) = folded(seen("a.har", 0, "K", opened=True), seen("n.json", 0, "K", opened=True, end=NOON + 60)).browser
    assert one.end == NOON + 60


def test_recorded_side_by_side_every_try_is_one() -> None:
    found = analyze(ROOT / "tests" / "fixtures" / "browser" / "chromium-netlog-har" / "bundle").found
    assert [sorted({e.source for e in one.events} - {"console.log"}) for one in found.attempts] == [["browser.har", "netlog.json"]] * 4


def test_the_nearest_of_several() -> None:
    rows = [("a.har", 0.0), ("a.har", 0.4), ("n.json", 0.3), ("n.json", 0.0)]
    tiers = folded(*(seen(path, at, main={"line": line}) for line, (path, at) in enumerate(rows)))
    assert [[e.line for e in one.events] for one in tiers.browser] == [[0, 3], [1, 2]]


def test_what_only_the_netlog_saw_stays_a_try() -> None:
    """DevTools were opened late."""
    tiers = folded(seen("a.har", 60, "K"), seen("n.json", 0), seen("n.json", 60, "K"))
    assert [one.source for one in tiers.browser] == ["a.har", "n.json"]


def test_it_belongs_to_one_browser_alone() -> None:
    tiers = folded(
        seen("a.har", 0, "K"), seen("a.har", 9, "L"), seen("b.har", 20), seen("n.json", 0, "K"), seen("n.json", 9, "L"), seen("n.json", 20)
    )
    assert [one.source for one in tiers.browser] == ["a.har", "a.har", "b.har", "n.json"]


def test_the_console_of_the_netlog_is_that_of_its_har() -> None:
    tiers = Tiers(browser=[seen("a.har", 0, "K"), seen("n.json", 0, "K")], partners={"c.log": "n.json"})
    netlogs.fold(tiers, Clocks(CLOCKS))
    assert tiers.partners == {"c.log": "a.har", "n.json": "a.har"}


def test_its_clock_is_that_of_its_har() -> None:
    har, log = source("a.har", "har", "browser", offset_s=40.0, error_s=0.5), source("n.json", "netlog", "browser")
    left = seen("n.json", 5)
    netlogs.follow(Tiers(browser=[left], partners={"n.json": "a.har"}), Clocks({"a.har": har, "n.json": log}))
    assert (log.offset_s, log.error_s, left.start) == (40.0, 0.5, NOON + 45)
