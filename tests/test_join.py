"""Sightings of two tiers: which are the same try."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import NOON, sighting, token
from wslogs.correlate.join import fits, pairs
from wslogs.correlate.sightings import Sighting


def row(tier: str, at: float | None = None, name: str | None = None, *, opened: bool | None = False, status: int | None = 403,
        path: str = "/ws", order: int = 0, **main: object) -> Sighting:  # fmt: skip
    told = {"path": path, "status": status, "token": token(name) if name else None} | main
    return sighting(tier, main=told, start=at, end=at, opened=opened, status=101 if opened else status, order=order)


def test_nearest_in_time_of_one_token() -> None:
    left = [row("browser", NOON, "a"), row("browser", NOON + 1, "b")]
    right = [row("proxy", NOON + 1, "b"), row("proxy", NOON, "a")]
    assert pairs(left, right, 0.0, 0.5) == {0: 1, 1: 0}


def test_the_key_of_the_handshake_outweighs_time() -> None:
    left = [row("browser", NOON, key="k1"), row("browser", NOON + 1, key="k2")]
    right = [row("proxy", NOON, key="k2"), row("proxy", NOON + 1, key="k1")]
    assert pairs(left, right, 0.0, 0.5) == {0: 1, 1: 0}


def test_the_offset_brings_left_to_the_clock_of_right() -> None:
    assert pairs([row("browser", NOON - 3600)], [row("proxy", NOON)], 3600.0, 0.5) == {0: 0}


def test_too_far_apart_are_two_tries() -> None:
    assert pairs([row("browser", NOON)], [row("proxy", NOON + 60)], 0.0, 0.5) == {}


def test_without_times_the_order_of_answers_pairs() -> None:
    left = [row("proxy", NOON, status=403, order=0), row("proxy", NOON + 9, opened=True, order=1)]
    right = [row("app", None, status=403, order=0), row("app", None, opened=True, order=1)]
    assert pairs(left, right, 0.0, 0.5) == {0: 0, 1: 1}


def test_a_rewriting_proxy_keeps_the_last_segment() -> None:
    assert pairs([row("proxy", NOON, path="/api/v1/ws")], [row("app", NOON, path="/ws")], 0.0, 0.5) == {0: 0}


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        (row("browser", name="a"), row("proxy", name="b"), False),
        (row("browser", name="a"), row("proxy"), True),
        (row("browser", key="k"), row("proxy", key="l"), False),
        (row("browser", opened=True), row("proxy", opened=False), False),
        (row("browser", status=403), row("proxy", status=404), False),
        (row("browser", status=None, opened=None), row("proxy", status=404), True),
        (row("proxy", status=502, upstream="-"), row("app", status=403), False),
        (row("proxy", status=499), row("app", status=403), True),
        (row("proxy", status=403), row("app", status=404), False),
        (row("app", status=403), row("proxy", status=403), True),
    ],
)
def test_fits(one: Sighting, other: Sighting, may: bool) -> None:
    assert fits(one, other) is may


tries = st.lists(
    st.tuples(st.none() | st.integers(0, 20), st.sampled_from([None, "a", "b"]), st.booleans(), st.sampled_from([None, "k1", "k2"])),
    max_size=12,
)


def made(tier: str, seen: list[tuple[int | None, str | None, bool, str | None]]) -> list[Sighting]:
    return [row(tier, None if at is None else NOON + at, name, opened=up, key=key, order=n) for n, (at, name, up, key) in enumerate(seen)]


@settings(max_examples=50, deadline=None)
@given(tries, tries, st.sampled_from(["proxy", "app"]))
def test_pairs_are_one_to_one(left: list, right: list, tier: str) -> None:  # type: ignore[type-arg]
    ours, theirs = made("browser", left), made(tier, right)
    found = pairs(ours, theirs, 0.0, 0.5)
    assert len(set(found.values())) == len(found)
    assert all(0 <= a < len(ours) and 0 <= b < len(theirs) for a, b in found.items())
    assert all(ours[a].main.key == theirs[b].main.key is not None or fits(ours[a], theirs[b]) for a, b in found.items())


@settings(max_examples=50, deadline=None)
@given(tries, tries, st.integers(-90_000, 90_000))
def test_a_constant_shift_changes_no_join(left: list, right: list, shift: int) -> None:  # type: ignore[type-arg]
    moved = [(None if at is None else at - shift, *rest) for at, *rest in left]
    assert pairs(made("browser", moved), made("proxy", right), float(shift), 0.5) == pairs(
        made("browser", left), made("proxy", right), 0.0, 0.5
    )
