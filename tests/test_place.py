"""When lines without a time were written."""

import pytest

from conftest import NOON, event, sighting
from wslogs.correlate.place import place
from wslogs.correlate.sightings import Sighting
from wslogs.model import Event, Tier

Group = dict[Tier, Sighting]


def app(line: int, what: str = "accepted", at: float | None = None, *later: Event) -> Sighting:
    told = sighting("app", what=what, main={"line": line, "at": None if at is None else NOON + at}, opened=what == "accepted")
    told.events += later
    return told


def proxy(start: float | None, end: float, *, opened: bool = True, answered_s: float | None = None) -> Sighting:
    begun = None if start is None else NOON + start
    return sighting("proxy", main={"answered_s": answered_s}, start=begun, end=NOON + end, opened=opened, resolution_s=0.0)


def browser(start: float, end: float) -> Sighting:
    return sighting("browser", start=NOON + start, end=NOON + end, opened=True, resolution_s=0.0)


def group(*seen: Sighting) -> Group:
    return {one.tier: one for one in seen}


def spans(*groups: Group, loose: tuple[Event, ...] = ()) -> dict[int, tuple[float, float]]:
    """Line -> seconds after NOON, from and to."""
    found = place(groups, loose)
    return {line: (round(low - NOON, 2), round(high - NOON, 2)) for (_, line), (low, high) in found.items()}


def note(line: int, what: str = "note") -> Event:
    return event("app", what, line=line)


@pytest.mark.parametrize(
    ("one", "other", "span"),
    [
        (app(1), proxy(0, 60), (-0.02, 3.0)),  # nginx had it, and an app accepts promptly
        (app(1), proxy(0, 60, answered_s=0.5), (-0.02, 0.52)),  # $upstream_header_time
        (app(1, "refused"), proxy(0, 9, opened=False), (-0.02, 9.02)),  # the answer came before the row was written
        (app(1, "closed"), proxy(0, 60), (-0.02, 63.0)),
        (app(1), browser(0, 60), (-0.02, 3.0)),
    ],
)
def test_another_tier_tells_when_an_answer_was_written(one: Sighting, other: Sighting, span: tuple[float, float]) -> None:
    assert spans(group(one, other)) == {1: span}


def test_the_tier_that_knows_closer_counts() -> None:
    assert spans(group(app(1), browser(0, 60), proxy(0.5, 60))) == {1: (0.48, 3.0)}


def test_a_row_without_a_start_is_no_anchor() -> None:
    assert spans(group(app(1), proxy(None, 60))) == {}


def test_lines_between_anchors_lie_between_them() -> None:
    groups = [group(app(10), proxy(0, 60)), group(app(20), proxy(30, 90))]
    loose = (note(12, "exception"), note(15, "started"))
    assert spans(*groups, loose=loose) == {10: (-0.02, 3.0), 12: (-0.02, 33.0), 15: (-0.02, 33.0), 20: (29.98, 33.0)}


def test_a_line_before_the_first_anchor_or_after_the_last_has_no_place() -> None:
    assert spans(group(app(10), proxy(0, 60)), loose=(note(9), note(11))) == {10: (-0.02, 3.0)}


def test_a_line_of_the_same_try_lies_after_its_answer_and_before_the_end() -> None:
    assert spans(group(app(10, "accepted", None, note(12, "closed")), proxy(0, 60)))[12] == (-0.02, 63.0)


def test_anchors_narrow_each_other() -> None:
    """A request that came in before the one on the line before was still answered after that one."""
    groups = [group(app(10, "refused"), proxy(5, 8, opened=False)), group(app(11, "refused"), proxy(1, 9, opened=False))]
    assert spans(*groups) == {10: (4.98, 8.02), 11: (4.98, 9.02)}


def test_neighbours_that_contradict_each_other_have_no_place() -> None:
    """By the other tiers line 10 was written half a minute after line 11."""
    assert spans(group(app(10), proxy(30, 60)), group(app(11), proxy(0, 60))) == {}


def test_a_try_that_only_the_app_saw_lies_between_its_neighbours() -> None:
    groups = [group(app(10), proxy(0, 60)), group(app(12)), group(app(14), proxy(30, 60))]
    assert spans(*groups)[12] == (-0.02, 33.0)


def test_each_log_has_its_own_order() -> None:
    other = event("app", "note", source="worker.log", line=11)
    groups = [group(app(10), proxy(0, 60)), group(app(12), proxy(9, 60))]
    assert ("worker.log", 11) not in place(groups, [other])


def test_lines_of_other_tiers_and_lines_with_a_time_are_left_alone() -> None:
    groups = [group(app(10), proxy(0, 60)), group(app(12), proxy(9, 60))]
    loose = (event("app", "note", line=11, at=NOON), event("proxy", "note", source="app.log", line=11))
    assert set(spans(*groups, loose=loose)) == {10, 12}
