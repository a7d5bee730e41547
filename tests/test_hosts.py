"""wslogs/correlate/hosts.py: the zone and the year of the host's own logs."""

from datetime import UTC, datetime
from typing import Any

import pytest

from conftest import NOON, source
from wslogs.correlate import hosts
from wslogs.correlate.align import Clocks
from wslogs.model import Source


def of(last: float | None, **fields: Any) -> Source:
    return source("syslog", "host", "host", last=last, **({"zoned": False} | fields))


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("last", "zones", "after", "expected"),
    [
        (at("2000-11-23T17:00:00"), [-18000.0], NOON, NOON),
        (at("2000-11-23T12:00:00"), [], NOON, NOON),
        (at("2000-12-31T23:00:00"), [], at("2027-01-01T08:00:00"), at("2026-12-31T23:00:00")),
        (at("2026-11-23T17:00:00"), [-18000.0], NOON, NOON),
        (at("2000-02-29T10:00:00"), [], NOON, at("2026-02-28T10:00:00")),
    ],
)
def test_the_year_and_the_zone_are_those_of_the_other_logs(last: float, zones: list[float], after: float, expected: float) -> None:
    log = of(last, dateless=last < at("2001-01-01"))
    hosts.settle(Clocks({"syslog": log, "access.log": source(last=after)}, zones=zones))
    assert (last + log.offset_s, log.dateless) == (expected, False)
    assert log.zone_from == "assumed"


@pytest.mark.parametrize("log", [of(NOON, zoned=True), of(None), source("app.log", "app", "app", last=NOON, zoned=False)])
def test_a_zone_that_is_said_stays(log: Source) -> None:
    hosts.settle(Clocks({"syslog": log, "access.log": source(last=NOON)}, zones=[-18000.0]))
    assert log.offset_s == 0.0


def test_without_other_logs_the_year_stays_unknown() -> None:
    log = of(at("2000-11-23T17:00:00"))
    hosts.settle(Clocks({"syslog": log}))
    assert log.offset_s == 0.0
