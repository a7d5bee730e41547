"""No report claims an order that is finer than the error bars, and none that the recorded truth contradicts."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import pytest

from conftest import SAMPLES, analyzed
from tests.owners import Key, Try, on_server_clock, owned, real, true_clock
from wslogs import facts
from wslogs.endings import UNKNOWN, ending
from wslogs.model import Attempt, Event, Source, Tier
from wslogs.pipeline import Analysis

NAMES = [path.parent.relative_to(SAMPLES).as_posix() for path in sorted(SAMPLES.glob("*/*/truth_attempts.json"))]
KNOWN: dict[str, str] = {}
"""Sample -> why a step of its journey lies outside the real try. One that became right must go from here."""
LOOSE: dict[str, str] = {
    "network/blocked-in-the-browser": "nginx's silence is claimed of a try whose time is not known so well: another's row may be its own",
}
"""Sample -> why a claim does not hold wherever in its bar a clock is. One that became right must go from here."""
INSIDE = 0.9
"""Share of its error bar by which a clock is moved."""
ROUNDED_S = 0.002
"""A report tells times to the millisecond."""
WRITTEN_S = 1.0
"""A server may write of an end so long after the page had it: it tears down its own side of the socket first."""


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def timed(row: dict[str, Any]) -> list[tuple[dict[str, Any], float, float]]:
    """The steps of an attempt's journey that have a time: (step, earliest, latest instant)."""
    steps = [(step, seconds(step["at"]), step["error_s"]) for step in row["journey"] if step["at"] is not None and not step["implied_by"]]
    return [(step, at - error, at + error) for step, at, error in steps]


@pytest.mark.parametrize("name", NAMES)
def test_steps_are_ordered_beyond_both_bars_only(name: str) -> None:
    report = analyzed(name).report
    clocks = {source["path"]: source["clock_error_s"] for source in report["bundle"]["sources"]}
    for row in report["attempts"]:
        latest = float("-inf")
        for step, first, last in timed(row):
            claimed = {True: first > latest - ROUNDED_S, False: first <= latest + ROUNDED_S}
            assert claimed[step["ordered"]], (row["id"], step)
            assert step["error_s"] >= (clocks[step["source"]] or 0.0), (row["id"], step)
            latest = max(latest, last)
        untimed = [step for step in row["journey"] if step["at"] is None]
        assert all(step["ordered"] is None for step in untimed), row["id"]


@cache
def known(name: str) -> tuple[list[Try], dict[tuple[int, Tier], int]]:
    """The real tries of a sample, and to which each tier's event of an attempt belongs."""
    found = analyzed(name)
    told, rows = (json.loads((SAMPLES / name / file).read_text("utf-8")) for file in ("truth.json", "truth_attempts.json"))
    tries, clock = real(told, rows, found), true_clock(told, found.evidence.sources)
    logged: dict[Key, Event] = {(e.source, e.line, e.what): e for e in found.evidence.events}
    return tries, owned(found.found.attempts, tries, lambda event: on_server_clock(event, logged, clock))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=KNOWN[name])) if name in KNOWN else name for name in NAMES]
)
def test_each_step_lies_within_its_bar_of_the_real_try(name: str) -> None:
    tries, owners = known(name)
    places = {attempt.id: place for place, attempt in enumerate(analyzed(name).found.attempts)}
    seen = 0
    for row in analyzed(name).report["attempts"]:
        for step, first, last in timed(row):
            owner = owners.get((places[row["id"]], Tier(step["tier"])))
            if owner is not None:
                one, seen = tries[owner], seen + 1
                assert first - ROUNDED_S - WRITTEN_S <= (one.end if one.end is not None else first), (row["id"], one, step)
                assert last + ROUNDED_S >= one.start, (row["id"], one, step)
    assert seen or not any(timed(row) for row in analyzed(name).report["attempts"])


@pytest.mark.parametrize("name", NAMES)
def test_attempts_whose_bars_are_apart_began_in_that_order(name: str) -> None:
    tries, owners = known(name)
    rows = []
    for place, attempt in enumerate(analyzed(name).found.attempts):
        of = {owners[place, tier] for tier in attempt.tiers if (place, tier) in owners}
        if len(of) == 1 and attempt.started is not None:
            rows.append((attempt, tries[of.pop()]))
    for a, one in rows:
        for b, other in rows:
            if a.started + a.error_s < b.started - b.error_s:
                assert one.start < (other.end if other.end is not None else float("inf")), (a.id, b.id)
    assert rows or all(attempt.started is None for attempt in analyzed(name).found.attempts)


def holder(attempt: Attempt) -> str | None:
    """The source by whose clock an attempt's start and end stand."""
    told = (attempt.tiers.get(tier) for tier in (Tier.BROWSER, Tier.PROXY, Tier.APP))
    return next((event.source for event in told if event is not None and event.at is not None and event.logged), None)


def moved(found: Analysis, source: Source, by: float) -> tuple[list[Attempt], list[Event], list[Source]]:
    """Attempts, loose events and sources as if the true offset of one source were `by` more, and known exactly."""

    def shifted(event: Event) -> Event:
        own = event.source == source.path and event.at is not None and event.logged
        return replace(event, at=(event.at or 0.0) + by) if own else event

    attempts = []
    for one in found.found.attempts:
        made = replace(one, events=tuple(map(shifted, one.events)), tiers={tier: shifted(event) for tier, event in one.tiers.items()})
        if holder(one) == source.path:
            made.started, made.ended = (at + by if at is not None else None for at in (one.started, one.ended))
            made.error_s = max(0.001, one.error_s - source.error_s)
        attempts.append(made)
    steps = [(line, offset + by) for line, offset in source.steps]
    exact = replace(source, offset_s=source.offset_s + by, steps=steps, error_s=0.0, less_late_s=0.0)
    return attempts, [shifted(event) for event in found.found.loose], [exact if one is source else one for one in found.found.sources]


def learned(found: Analysis, attempts: Sequence[Attempt], loose: Sequence[Event], sources: Sequence[Source]) -> list[Attempt]:
    """The attempts with what the clocks alone tell of them: no order of lines, no tries that belong to another."""
    made = [replace(one, facts={}, proof={}) for one in attempts]
    world = facts.world(made, sources, found.evidence.conf, found.evidence.settings, loose)
    world.lives = {}
    for one in made:
        facts.learn(one, world)
        world.last.clear()
    return made


def worlds(found: Analysis) -> Iterator[tuple[Source, float]]:
    """Where in its error bar the clock of each source may truly be."""
    for source in found.found.sources:
        if source.first is not None and source.error_s > 0:
            yield source, -INSIDE * source.error_s
            yield source, INSIDE * (source.error_s - source.less_late_s)


CLAIMS = ("app.state", "proxy.silent")


def contradicted(said: Sequence[Attempt], true: Sequence[Attempt]) -> list[tuple[str, str, object, object]]:
    """(attempt, fact, what was claimed, what is so where a clock is exactly known)."""
    pairs = list(zip(said, true, strict=True))
    found = [(a.id, name, a.facts[name], b.facts.get(name)) for a, b in pairs for name in CLAIMS if name in a.facts]
    wrong = [row for row in found if row[2] != row[3]]
    for a, b in pairs:
        by = a.facts.get("token.expired_by_s")
        if isinstance(by, float) and by > 0 and a.token and a.token.expires and b.started is not None and b.started < a.token.expires:
            wrong.append((a.id, "token.expired_by_s", by, b.started - a.token.expires))
        if a.facts.get("app.died") and (b.facts.get("app.cut_at_stop") or b.facts.get("app.state") == "running"):
            wrong.append((a.id, "app.died", True, b.facts.get("app.state")))
    return wrong


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=LOOSE[name])) if name in LOOSE else name for name in NAMES]
)
def test_what_is_claimed_holds_wherever_in_its_bar_a_clock_is(name: str) -> None:
    found = analyzed(name)
    said = learned(found, found.found.attempts, found.found.loose, found.found.sources)
    for source, by in worlds(found):
        assert contradicted(said, learned(found, *moved(found, source, by))) == [], (source.path, by)


@pytest.mark.parametrize("name", NAMES)
def test_who_ended_it_is_the_same_wherever_in_its_bar_a_clock_is(name: str) -> None:
    found = analyzed(name)
    errors = {one.path: one.error_s for one in found.found.sources}
    for source, by in worlds(found):
        true = moved(found, source, by)[0]
        for one, other, verdict in zip(found.found.attempts, true, found.found.verdicts, strict=True):
            told = ending(one, verdict, found.found.patterns.signals, errors).by
            known_exactly = ending(other, verdict, found.found.patterns.signals, errors | {source.path: 0.0}).by
            assert told in (UNKNOWN, known_exactly), (one.id, source.path, by)
