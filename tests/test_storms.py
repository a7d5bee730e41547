"""Retries fold into storms, and their waits show the back-off as far as the times allow."""

from collections.abc import Sequence
from itertools import accumulate
from math import floor
from random import Random
from time import perf_counter

import pytest

from conftest import NOON, attempt, event, token
from wslogs.model import Attempt, Storm, Verdict
from wslogs.storms import FEWEST, fold

FAILED = Verdict(outcome="failed", cause="server", detail="server.down")
_TOOK_S = 0.003


def tries(waits: Sequence[float], whole: bool = False, name: str = "t", **fields: object) -> list[Attempt]:
    """Refused tries, each so long after the end of the one before; `whole`: their log writes whole seconds."""
    ends = [NOON + 0.4 + at for at in accumulate((wait + _TOOK_S for wait in waits), initial=0.0)]
    logged = [float(floor(end)) if whole else end for end in ends]
    rows = [
        event(path="/ws", marks="end", at=end, lasted_s=_TOOK_S, resolution_s=1.0 if whole else 0.001, status=502, line=n + 1)
        for n, end in enumerate(logged)
    ]
    return [
        attempt(row, id=f"A{n + 1}", token=token(name), started=end - _TOOK_S, ended=end, **fields)
        for n, (row, end) in enumerate(zip(rows, logged, strict=True))
    ]


def storms(attempts: Sequence[Attempt], verdict: Verdict = FAILED) -> list[Storm]:
    return fold(attempts, [verdict] * len(attempts))


def jittered(waits: Sequence[float], by: float = 0.02) -> list[float]:
    random = Random(7)
    return [wait + by * random.random() for wait in waits]


DOUBLING = [min(2.0**n, 30.0) for n in range(40)]


@pytest.mark.parametrize("whole", [False, True], ids=["ms", "s"])
@pytest.mark.parametrize(
    ("waits", "kind", "wait", "factor", "cap"),
    [
        ([0.0] * 60, "none", 0.01, None, None),
        ([1.0] * 200, "constant", 1.01, None, None),
        ([0.2] * 400, "constant", 0.21, None, None),
        (DOUBLING, "growing", 1.0, 2.0, 30.0),
        ([0.5 * 1.5**n for n in range(11)], "growing", 0.5, 1.5, None),
        ([9.0 * Random(n).random() for n in range(60)], "irregular", None, None, None),
    ],
    ids=["none", "1 s", "200 ms", "doubling", "growing", "irregular"],
)  # fmt: skip
def test_the_shape_of_the_back_off(
    waits: list[float], kind: str, wait: float | None, factor: float | None, cap: float | None, whole: bool
) -> None:
    (storm,) = storms(tries(jittered(waits), whole))
    assert storm.backoff == kind
    assert (storm.factor is None, storm.cap_s is None) == (factor is None, cap is None)
    if wait is not None:
        assert storm.wait_s == pytest.approx(wait, rel=0.2, abs=0.02)
    assert storm.factor is None or storm.factor == pytest.approx(factor, rel=0.06)
    assert storm.cap_s is None or storm.cap_s == pytest.approx(cap, rel=0.02)
    assert storm.error_s == (1.0 if whole else 0.001)


def test_a_storm_tells_its_waits() -> None:
    (storm,) = storms(tries([1.0, 1.0, 1.0, 1.0, 1.0, 1.1, 0.9, 1.0, 1.0]))
    assert (storm.id, storm.attempts, storm.backoff) == ("S1", tuple(range(10)), "constant")
    told = (storm.least_s, storm.median_s, storm.most_s, storm.last - storm.first)
    assert told == pytest.approx((0.9, 1.0, 1.1, 9.027), abs=1e-3)


@pytest.mark.parametrize(("count", "found"), [(FEWEST - 1, 0), (FEWEST, 1)])
def test_a_few_retries_are_no_storm(count: int, found: int) -> None:
    assert len(storms(tries([1.0] * (count - 1)))) == found


def test_a_long_pause_ends_a_storm() -> None:
    assert [s.attempts for s in storms(tries([1.0] * 9 + [90.0] + [1.0] * 9))] == [tuple(range(10)), tuple(range(10, 20))]


def test_another_outcome_ends_a_storm_and_what_worked_is_none() -> None:
    many = tries([1.0] * 20)
    other = Verdict(outcome="failed", cause="auth", detail="auth.token-expired")
    assert [s.attempts for s in fold(many, [FAILED] * 10 + [other] * 11)] == [tuple(range(10)), tuple(range(10, 21))]
    worked = Verdict(outcome="worked")
    assert [s.attempts for s in fold(many, [FAILED] * 9 + [worked] + [FAILED] * 11)] == [tuple(range(9)), tuple(range(10, 21))]
    assert storms(many, worked) == []


def test_two_who_dial_at_once_are_two_storms() -> None:
    mixed = [one for pair in zip(tries([1.0] * 9, name="x"), tries([1.0] * 9, name="y"), strict=True) for one in pair]
    assert [s.attempts for s in storms(mixed)] == [tuple(range(0, 20, 2)), tuple(range(1, 20, 2))]
    assert [s.backoff for s in storms(mixed)] == ["constant"] * 2


def test_without_times_nothing_is_folded() -> None:
    assert storms([attempt(event("app", "refused", path="/ws"), token=token()) for _ in range(20)]) == []


def test_the_tier_with_the_finest_times_that_saw_all_measures_the_waits() -> None:
    many = tries([0.2] * 30, whole=True)
    for n, one in enumerate(many):
        entry = event("browser", at=NOON + 0.203 * n, marks="start", lasted_s=0.003, resolution_s=0.001)
        one.tiers = {**one.tiers, entry.tier: entry}
    (storm,) = storms(many)
    assert (round(storm.least_s, 3), round(storm.most_s, 3), storm.error_s) == (0.2, 0.2, 0.001)


def test_a_hundred_thousand_attempts_fold_in_seconds() -> None:
    many = [one for n in range(100) for one in tries([1.0] * 999, name=f"t{n}")]
    begin = perf_counter()
    assert [len(s.attempts) for s in storms(many)] == [1000] * 100
    assert perf_counter() - begin < 5
