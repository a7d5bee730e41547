"""What holds of every bundle, on bundles of simulated worlds: simulated.py tells what truly belongs together."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from conftest import bundle, patterns
from simulated import ACCESS, APP, CONF, ERROR, Group, Try, World, Written, har_of, moved, write
from worlds import worlds
from wslogs import pipeline
from wslogs.model import Tier
from wslogs.pipeline import Analysis, analyze

EXAMPLES = int(os.environ.get("WSLOGS_EXAMPLES", "0"))
"""Worlds for each property, chosen anew each time, and the one that fails made small. Unset: always the same few, as they are."""
checked = settings(
    max_examples=EXAMPLES or 10,
    derandomize=not EXAMPLES,
    phases=set(Phase) if EXAMPLES else {Phase.explicit, Phase.generate},  # to make a world small takes minutes
    deadline=None,  # an analysis takes as long as the machine is busy
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],  # worlds that no reader could tell apart are left out
)
JOINED = (Tier.BROWSER, Tier.PROXY, Tier.APP)
SHIFTS = st.integers(-30 * 86_400, 30 * 86_400) | st.sampled_from((-5 * 3600, 3600, 7, -40, 3 * 86_400, 12_345))
"""Seconds: to days, with zones and small skews among them."""
ROUNDED_S = 0.002
"""Times in a report have milliseconds."""


@pytest.fixture(autouse=True, scope="module")
def read_patterns_once() -> Iterator[None]:
    """A fifth of a second for each of some hundred analyses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "load", patterns)
        yield


def analyzed(files: Mapping[str, str], order: Sequence[str] = ()) -> Analysis:
    """The analysis of a folder, or of its files one by one in this order."""
    with tempfile.TemporaryDirectory() as name:
        folder = bundle(Path(name), files)
        return analyze([folder / one for one in order] if order else folder)


def joins(found: Analysis, names: Mapping[str, str] | None = None) -> list[Group]:
    """The main events of each attempt, in files as `names` calls them."""
    called = names or {}
    return [
        frozenset((tier, (called.get(e.source, e.source), e.line)) for tier, e in attempt.tiers.items() if tier in JOINED)
        for attempt in found.found.attempts
    ]


def said(found: Analysis, names: Mapping[str, str] | None = None) -> Counter[tuple[Group, object]]:
    """What is said of each attempt."""
    told = [(a.opened, a.status, a.code, a.started, a.ended, a.error_s) for a in found.found.attempts]
    return Counter(zip(joins(found, names), told, strict=True))


def without(groups: Iterable[Group], tier: Tier) -> Counter[Group]:
    """The joins that are left when a tier is not there."""
    return Counter(kept for group in groups if (kept := frozenset(one for one in group if one[0] is not tier)))


def files_of(written: Written, tier: Tier) -> set[str]:
    told = {Tier.PROXY: {ACCESS, ERROR}, Tier.APP: {APP}}
    return told.get(tier) or set(written.files) - {ACCESS, ERROR, APP, CONF}


def instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def opened(start: float, lasted: float, code: int | None = 1000, user: int = 0) -> Try:
    return Try(user, start, "opened", lasted, code)


def refused(start: float, user: int = 0) -> Try:
    return Try(user, start, "refused")


def down(start: float, user: int = 0) -> Try:
    return Try(user, start, "down")


TWINS = World(
    tries=tuple(refused(at, user) for user in range(2) for at in (0.0, 0.9, 2.754, 6.57)), dates=False, keys=False, consoles=False
)
"""Two people's pages dial in the same millisecond, each with its own token, and their HARs hold no keys."""
TERSE = World(tries=(refused(20.0), opened(22.73, 38.091, 1006), refused(63.824), refused(66.7178)), app="plain")
"""A console of few words: 1006 of a refused try, and three lines on 1006 of the next, which had opened."""
ROTATED = World(tries=(opened(1.598, 8.599), down(13.17), opened(16.232, 8.718, 1006), opened(28.518, 22.551)), access="json", app="plain")
"""An app log without times tells three accepts, in their order."""
ONE_REFUSAL = World(
    tries=(
        opened(0.553, 2.434, 1006), refused(5.873), down(8.846), down(14.964), opened(27.547, 16.634, 1011), opened(48.221, 3.404, 1006),
        down(0.3, 1), opened(2.533, 10.933, 1011, 1), down(15.922, 1), down(18.289, 1),
    ),
    access="json", keys=False, consoles=False, lag_s=0.065,
)  # fmt: skip
"""Only one of nginx's rows is of the app's one 403; a 502 a little later is not."""
UNFINISHED = World(
    tries=(refused(0.0), refused(0.9), refused(2.754), opened(6.57, 2.0), opened(9.74, 5.0, None)),
    access="combined", dates=False, consoles=False,
)  # fmt: skip
"""A row of whole seconds that tells its end alone, and a socket without a row that opened after that end."""


@checked
@given(worlds(), SHIFTS, SHIFTS)
@example(TWINS, 0, 0)
@example(TERSE, 0, 0)
@example(ROTATED, 0, 0)
@example(ONE_REFUSAL, 7, 7)
@example(UNFINISHED, 0, 0)
def test_joins_are_the_true_ones(world: World, browser_s: int, app_s: int) -> None:
    written = write(replace(world, browser_s=browser_s, app_s=app_s))
    assert Counter(joins(analyzed(written.files))) == Counter(written.groups)


@checked
@given(worlds(), SHIFTS, st.sampled_from(("browser_s", "app_s")))
def test_a_shifted_clock_changes_no_join(world: World, shift: int, clock: str) -> None:
    shifted = replace(world, **{clock: shift})
    assert Counter(joins(analyzed(write(shifted).files))) == Counter(joins(analyzed(write(world).files)))


@checked
@given(worlds(), st.randoms(use_true_random=False))
def test_neither_names_nor_order_of_files_change_anything(world: World, chance: Random) -> None:
    """What belongs to one person keeps a common beginning: with nothing else, a console is told by its name."""
    written = write(world)
    people = [name.partition(".")[0].partition("-")[0] for name in written.files]
    letters = dict(zip(sorted(set(people)), chance.sample("abcdefghijk", len(set(people))), strict=True))
    names = {name: f"{letters[person]}-{name}" for name, person in zip(written.files, people, strict=True)}
    back = {new: old for old, new in names.items()}
    order = chance.sample(sorted(back), len(back))
    assert said(analyzed(moved(written.files, names), order), back) == said(analyzed(written.files))


@checked
@given(st.sampled_from(JOINED).flatmap(lambda tier: st.tuples(st.just(tier), worlds(drop=tier))))
def test_a_tier_left_out_changes_no_other_join(given_world: tuple[Tier, World]) -> None:
    tier, world = given_world
    written = write(world)
    left = {name: text for name, text in written.files.items() if name not in files_of(written, tier)}
    assert Counter(joins(analyzed(left))) == without(joins(analyzed(written.files)), tier)


@checked
@given(worlds(), st.sampled_from((ACCESS, ERROR, APP, har_of(0))), st.sampled_from(("a-copy.txt", "z-copy.txt")))
def test_a_second_copy_of_a_file_changes_nothing(world: World, name: str, copy: str) -> None:
    written = write(world)
    twice = written.files | {copy: written.files[name]}
    assert said(analyzed(twice), {copy: name}) == said(analyzed(written.files))


@checked
@given(worlds(), SHIFTS, SHIFTS)
def test_no_event_is_in_two_attempts(world: World, browser_s: int, app_s: int) -> None:
    found = analyzed(write(replace(world, browser_s=browser_s, app_s=app_s)).files)
    places = Counter((e.source, e.line, e.what) for attempt in found.found.attempts for e in attempt.events)
    assert [place for place, count in places.items() if count > 1] == []
    assert [a.id for a in found.found.attempts if any(e.tier is not tier or e not in a.events for tier, e in a.tiers.items())] == []


def late(text: str, first: float, last: float) -> float:
    """How far an instant lies outside, seconds."""
    at = datetime.fromisoformat(text).timestamp()
    return max(first - at, at - last)


@checked
@given(worlds(), SHIFTS, SHIFTS)
def test_every_stated_time_lies_within_its_bar(world: World, browser_s: int, app_s: int) -> None:
    """A start: between the dial and the last tier's first sight. A tier's time: when it truly was. A step: while the try lived."""
    written = write(replace(world, browser_s=browser_s, app_s=app_s))
    found = analyzed(written.files)
    bars = {source["path"]: source["clock_error_s"] or 0.0 for source in found.report["bundle"]["sources"]}
    told: list[tuple[str, float, float]] = []  # whose time, how far it is off, and its bar
    for row, attempt, group in zip(found.report["attempts"], found.found.attempts, joins(found), strict=True):
        if row["started"] is not None and group in written.starts:
            told.append((f"{row['id']} started", late(row["started"], *written.starts[group]), row["error_s"]))
        for tier, one in row["tiers"].items():
            if one and one["at"] is not None:
                true, bar = written.moments[one["source"], one["line"]], bars[one["source"]] + attempt.tiers[Tier(tier)].resolution_s
                told.append((f"{row['id']} {one['source']}", late(one["at"], true, true), bar))
        steps = [step for step in row["journey"] if step["at"] is not None and group in written.lives]
        told += [(f"{row['id']} {step['stage']}", late(step["at"], *written.lives[group]), step["error_s"]) for step in steps]
    assert [row for row in told if row[1] > row[2] + ROUNDED_S] == []


@checked
@given(worlds(), SHIFTS, SHIFTS)
def test_no_order_is_claimed_that_the_bars_leave_open(world: World, browser_s: int, app_s: int) -> None:
    """A step of a journey that is said to come after the others: no bar of theirs reaches its own."""
    found = analyzed(write(replace(world, browser_s=browser_s, app_s=app_s)).files)
    wrong = []
    for row in found.report["attempts"]:
        steps = [step for step in row["journey"] if step["at"] is not None]
        for place, step in enumerate(steps):
            reach = max((instant(other["at"]) + other["error_s"] for other in steps[:place]), default=float("-inf"))
            if step.get("ordered") and instant(step["at"]) - step["error_s"] < reach - ROUNDED_S:
                wrong.append((row["id"], step["stage"]))
    assert wrong == []
