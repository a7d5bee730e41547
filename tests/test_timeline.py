"""What a post-mortem tells in order of time."""

from typing import Any

import pytest

from wslogs.report.timeline import own_zone, timeline


def attempt(name: str, at: str | None, outcome: str = "worked") -> dict[str, Any]:
    return {"id": name, "started": at, "outcome": outcome}


def incident(name: str, first: str | None, last: str | None) -> dict[str, Any]:
    return {"id": name, "first": first, "last": last}


def storm(name: str, first: str | None) -> dict[str, Any]:
    return {"id": name, "first": first}


def told(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["kind"], row.get("attempt") or (row.get("incident") or row.get("storm") or {})["id"]) for row in rows]


def test_from_the_last_that_worked_before_to_the_first_that_worked_after() -> None:
    attempts = [
        attempt("A1", "2026-11-23T10:00:00Z"), attempt("A2", "2026-11-23T10:05:00Z"), attempt("A3", "2026-11-23T10:06:00Z", "failed"),
        attempt("A4", "2026-11-23T10:07:00Z"), attempt("A5", "2026-11-23T10:20:00Z"), attempt("A6", "2026-11-23T10:21:00Z"),
        attempt("A7", None),
    ]  # fmt: skip
    incidents = [incident("I1", "2026-11-23T10:06:00Z", "2026-11-23T10:10:00Z"), incident("I2", "2026-11-23T10:08:00Z", None)]
    storms = [storm("S1", "2026-11-23T10:06:01Z"), storm("S2", None)]
    assert told(timeline(attempts, incidents, storms)) == [
        ("worked", "A2"), ("begins", "I1"), ("storm", "S1"), ("begins", "I2"), ("ends", "I1"), ("again", "A5"),
    ]  # fmt: skip


def test_without_incidents_there_is_nothing_to_tell() -> None:
    assert timeline([attempt("A1", "2026-11-23T10:00:00Z")], [], []) == []


def test_it_does_not_grow_with_the_incidents() -> None:
    many = [incident(f"I{n}", f"2026-11-23T10:{n:02}:00Z", f"2026-11-23T10:{n:02}:30Z") for n in range(60)]
    assert len(timeline([], many, [])) == 40


def source(tier: str, zone: str, zone_from: str = "the log") -> dict[str, str]:
    return {"tier": tier, "zone": zone, "zone_from": zone_from}


@pytest.mark.parametrize(
    ("sources", "zone"),
    [
        ([source("proxy", "+03:00"), source("browser", "+05:00", "aligned")], "+05:00"),
        ([source("browser", "UTC"), source("proxy", "+03:00")], "+03:00"),
        ([source("proxy", "+00:00")], None),
        ([source("app", "+05:00", "assumed")], None),
        ([], None),
    ],
)
def test_the_zone_that_people_live_by(sources: list[dict[str, str]], zone: str | None) -> None:
    assert own_zone(sources) == zone
