"""Which rows are alike, and which of those are looked at."""

from __future__ import annotations

import numpy as np
import pytest

from conftest import event, token
from test_columns import columns
from wslogs import classes
from wslogs.classes import lowest, redials
from wslogs.columns import Rows


def test_the_lowest_of_each_class() -> None:
    of, chance = np.array([0, 1, 0, 0, 1, 2]), np.array([5, 9, 1, 3, 2, 7], np.uint32)
    assert lowest(of, chance, 2).tolist() == [False, True, True, True, True, True]
    assert lowest(np.empty(0, np.int64), np.empty(0, np.uint32), 2).tolist() == []


def test_the_lowest_of_parts_are_those_of_the_whole() -> None:
    random = np.random.default_rng(1)
    of, chance = random.integers(0, 5, 500), random.integers(0, 2**32, 500, dtype=np.uint32)
    whole = set(np.flatnonzero(lowest(of, chance, 7)).tolist())
    kept = np.r_[np.flatnonzero(lowest(of[:200], chance[:200], 7)), 200 + np.flatnonzero(lowest(of[200:], chance[200:], 7))]
    assert set(kept[lowest(of[kept], chance[kept], 7)].tolist()) == whole


def test_who_dials_again_soon() -> None:
    rows = columns((100.0, 0), (108.0, 0), (109.0, 1), (200.0, 0))
    assert redials(rows).tolist() == [True, False, False, False]


def test_a_class_has_the_same_number_in_every_part() -> None:
    def rows(*kinds: str) -> Rows:
        made = Rows(kinds=[event(path=f"/ws/{kind}", status=403) for kind in kinds], tokens=[token("a", parameter="token"), token("b")])
        count = len(kinds)
        made.columns = {name: np.zeros(count, one.dtype) for name, one in made.columns.items()}
        made.columns |= {"kind": np.arange(count, dtype=np.int32), "token": np.arange(count, dtype=np.int32) % 2}
        return made

    def numbers(made: Rows) -> list[int]:
        return classes.classes(made, (60.0,), str).tolist()

    whole = numbers(rows("a", "b", "c", "d"))
    assert len(set(whole)) == 4 and all(0 <= one < 1 << 61 for one in whole)
    assert numbers(rows("c", "d", "a")) == [*whole[2:], whole[0]]


def test_candidates_of_parts_hold_those_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classes, "MOST_EACH", 3)
    monkeypatch.setattr(classes, "EACH", 5)
    chance = np.random.default_rng(1).integers(0, 1 << 32, 400).astype(np.uint32)
    of, wanted = np.arange(400) % 7, np.arange(400) % 3 == 0
    whole = classes.candidates(of, chance, wanted)
    halves = np.concatenate([classes.candidates(of[some], chance[some], wanted[some]) for some in (slice(0, 150), slice(150, 400))])
    assert 21 <= whole.sum() < halves.sum() and not (whole & ~halves).any()
    again = np.zeros(400, np.bool_)
    again[np.flatnonzero(halves)[classes.candidates(of[halves], chance[halves], wanted[halves])]] = True
    assert (again == whole).all()
