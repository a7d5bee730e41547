"""The offset between two clocks, from what pairs of tries allow."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wslogs.correlate.clocks import Limit, Offset, agree, settle, zone


def said(*limits: tuple[float, float]) -> list[Limit]:
    """One limit from each try, each with a partner of its own."""
    return [Limit(low, high, place, place) for place, (low, high) in enumerate(limits)]


def test_nothing_is_no_clock() -> None:
    assert agree([]) is None


def test_most_pairs_win() -> None:
    found = agree(said((3599.0, 3601.0), (3599.5, 3601.5), (3598.0, 3600.5), (99.0, 101.0)))
    assert found == Offset(low=3599.5, high=3600.5, support=frozenset({0, 1, 2}), asked=4)
    assert (found.seconds, found.error_s, found.scattered) == (3600.0, 0.5, False)


def test_what_all_tries_leave_open_together_is_the_interval() -> None:
    """0 lies in all three; the latest low and the earliest high bound it."""
    assert agree(said((-9.0, 5.0), (-1.0, 60.0), (-3.0, 0.5))) == Offset(-1.0, 0.5, frozenset({0, 1, 2}), 3)


def test_limits_that_touch_hold_together() -> None:
    assert agree(said((5.0, 7.0), (7.0, 9.0)), ()) == Offset(7.0, 7.0, frozenset({0, 1}), 2)


def test_of_the_partners_of_one_try_any_may_be_the_true_one() -> None:
    """Try 0 has two partners, at 0 and at 1: together they leave the whole stretch open, which try 1 narrows."""
    limits = [Limit(-1.0, 0.5, 0, 0), Limit(-0.5, 2.0, 0, 1), Limit(-3.0, 1.5, 1, 2)]
    assert agree(limits) == Offset(-1.0, 1.5, frozenset({0, 1}), 2)


@pytest.mark.parametrize("many", [[(0, 0), (0, 1), (0, 2), (0, 3)], [(0, 0), (1, 0), (2, 0), (3, 0)]])
def test_a_try_counts_once_however_many_partners(many: list[tuple[int, int]]) -> None:
    """Four limits at 100 come from one try, on this side or on the other; two tries say 50."""
    limits = [Limit(99.0, 101.0, own, other) for own, other in many]
    limits += [Limit(49.0, 51.0, 8, 8), Limit(49.0, 51.0, 9, 9)]
    found = agree(limits)
    assert found is not None
    assert (found.seconds, found.support) == (50.0, frozenset({8, 9}))


@pytest.mark.parametrize(
    ("priors", "seconds"),
    [((0.0,), 100.0), ((18000.0,), 18000.0), ((18100.0,), 18000.0), ((), 100.0)],
)
def test_of_equals_the_one_nearest_to_a_prior_wins(priors: tuple[float, ...], seconds: float) -> None:
    limits = [Limit(99.0, 101.0, 0, 0), Limit(17999.0, 18001.0, 0, 1)]
    found = agree(limits, priors)
    assert found is not None
    assert found.seconds == seconds


def test_a_near_prior_is_kept_where_nearly_all_its_pairs_allow_it() -> None:
    """Ten tries say 0.5 ± 0.1; nine of them 0, too."""
    limits = [*said(*[(0.0, 0.6)] * 9), Limit(0.4, 0.6, 9, 9)]
    assert agree(limits, (0.0,)) == Offset(0.0, 0.6, frozenset(range(9)), 10)


@pytest.mark.parametrize(("prior", "without"), [(0.0, 3), (-5.0, 0)])
def test_a_prior_that_fewer_allow_or_that_is_far_is_not(prior: float, without: int) -> None:
    """Of ten tries that say 0.5, `without` do not allow 0; nobody allows -5."""
    limits = said(*[(0.0, 0.6)] * (10 - without), *[(0.4, 0.6)] * without)
    found = agree(limits, (prior,))
    assert found is not None
    assert (found.high, len(found.support)) == (0.6, 10)


def test_scattered() -> None:
    """Each of five tries says something else: no offset holds for half of them."""
    found = agree(said(*[(n * 100.0, n * 100.0 + 1) for n in range(5)]))
    assert found is not None
    assert (len(found.support), found.asked, found.scattered) == (1, 5, True)


@settings(max_examples=50, deadline=None)
@given(
    offset=st.integers(-50_000, 50_000),
    own=st.lists(st.integers(0, 100_000), min_size=3, max_size=20, unique=True),
    jitter=st.floats(0.0, 0.4),
)
def test_a_planted_offset_is_found(offset: int, own: list[int], jitter: float) -> None:
    """Every try may be each of the others' partner; only one offset explains them all."""
    theirs = [at + offset + jitter * (place % 2) for place, at in enumerate(own)]
    limits = [Limit(b - a - 0.5, b - a + 0.5, i, j) for i, a in enumerate(own) for j, b in enumerate(theirs)]
    found = agree(limits)
    assert found is not None
    assert len(found.support) == len(own)
    assert found.low <= offset <= found.high


@pytest.mark.parametrize(
    ("low", "high", "priors", "expected"),
    [
        (-0.5, 2.0, (0.0,), (0.0, 2.0)),  # kept, though it is not the middle; the bar reaches to the farther end
        (-2.0, 0.5, (0.0,), (0.0, 2.0)),
        (9.0, 11.0, (0.0,), (10.0, 1.0)),
        (3000.0, 4000.0, (3600.0, 0.0), (3600.0, 600.0)),
        (-1000.0, 1000.0, (900.0, 0.0), (900.0, 1900.0)),  # the earlier prior
        (9.0, 11.0, (), (10.0, 1.0)),
    ],
)
def test_settle(low: float, high: float, priors: tuple[float, ...], expected: tuple[float, float]) -> None:
    assert settle(Offset(low, high, frozenset({0}), 1), priors) == expected


@pytest.mark.parametrize(
    ("seconds", "error_s", "whole"),
    [
        (-18000.0, 1.0, -18000.0),
        (-17993.0, 1.0, -18000.0),
        (20700.0, 1.0, 20700.0),
        (40.0, 1.0, 0.0),
        (1020.0, 1.0, 900.0),
        (1030.0, 1.0, 0.0),  # more than a skew of minutes is left over
        (1030.0, 200.0, 900.0),  # unless the bar is as wide
        (54000.0, 1.0, 54000.0),
        (-72000.0, 1.0, 0.0),  # no zone is so far
    ],
)
def test_zone(seconds: float, error_s: float, whole: float) -> None:
    assert zone(seconds, error_s) == whole


def test_of_equals_at_priors_the_earlier_prior_wins() -> None:
    found = agree([Limit(99, 101, 0, 0), Limit(17999, 18001, 0, 1)], (18000.0, 100.0))
    assert found is not None
    assert found.seconds == 18000.0


def periodic(tries: Iterable[int], rows: Iterable[int], offset: float = 0.0) -> list[Limit]:
    """A page that dials every 5 s: any row may be that of a try, and each pair leaves 4 s."""
    apart = [(own, row, 5.0 * (row - own) + offset) for own in tries for row in rows]
    return [Limit(low - 0.2, low + 3.8, own, row) for own, row, low in apart]


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        # the last socket is open yet and has no row; 5 s off each of the six tries would have one, and not just five
        (periodic(range(6), range(-1, 5)), 0.0),
        # three tries more than the prior explains do move the clock
        (periodic(range(8), range(8), 15.0), 15.0),
    ],
)
def test_a_prior_that_explains_all_but_a_few_is_kept(limits: list[Limit], seconds: float) -> None:
    found = agree(limits)
    assert found is not None
    assert found.low <= seconds <= found.high
