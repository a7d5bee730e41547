"""Offsets between two clocks, from Date headers and from pairs of tries."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wslogs.correlate.clocks import Offset, from_dates, from_pairs, zone


def test_dates_bound_the_offset() -> None:
    """Asked at 990.25 and answered at 990.5, the server's second was 1000: it is 9.5 to 10.75 ahead; the next narrows it."""
    assert from_dates([(1000.0, 990.25, 990.5), (1010.0, 1000.75, 1001.0)]) == Offset(9.875, 0.375, 2)


def test_one_date_is_no_clock() -> None:
    assert from_dates([(1000.0, 990.0, 990.1)]) is None
    assert from_dates([]) is None


def test_one_odd_date_does_not_move_the_clock() -> None:
    found = from_dates([(1000.0, 1000.4, 1000.6), (1010.0, 1010.4, 1010.6), (1020.0, 1020.4, 1020.6), (1030.0, 9.0, 9.2)])
    assert found is not None
    assert found.seconds == 0.0
    assert found.error_s > 500


def test_no_pair_is_no_clock() -> None:
    assert from_pairs([], 2.0) is None
    assert from_pairs([([1.0], []), ([], [2.0])], 2.0) is None


@settings(max_examples=50, deadline=None)
@given(
    offset=st.integers(-50_000, 50_000),
    own=st.lists(st.integers(0, 100_000), min_size=3, max_size=20, unique=True),
    jitter=st.floats(0.0, 0.4),
)
def test_pairs_find_a_planted_offset(offset: int, own: list[int], jitter: float) -> None:
    """A token each: only one offset explains them all."""
    groups = [([float(at)], [at + offset + jitter * (place % 2)]) for place, at in enumerate(own)]
    found = from_pairs(groups, 2.0)
    assert found is not None
    assert found.pairs == len(own)
    assert abs(found.seconds - offset) <= 0.5 <= found.error_s


def test_of_equal_offsets_the_nearest_to_the_prior_wins() -> None:
    groups = [([0.0], [3600.0, 18000.0])]
    assert [found.seconds for prior in (0.0, 17000.0) if (found := from_pairs(groups, 2.0, prior))] == [3600.0, 18000.0]


@pytest.mark.parametrize(
    ("seconds", "whole", "skew"),
    [(-18000.0, -18000.0, 0.0), (-17993.0, -18000.0, 7.0), (20700.0, 20700.0, 0.0), (40.0, 0.0, 40.0), (400.0, 0.0, 400.0)],
)
def test_whole_quarter_hours_are_a_zone(seconds: float, whole: float, skew: float) -> None:
    found = zone(Offset(seconds, 1.0, 5))
    assert (found.seconds, found.zone_s, found.skew_s) == (seconds, whole, skew)


def test_no_zone_is_farther_than_fifteen_hours() -> None:
    assert zone(Offset(-72000.0, 1.0, 5)).zone_s == 0.0
