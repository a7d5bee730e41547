"""Rows of access logs as columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from conftest import event, token
from wslogs.columns import Rows, merged, once, runs


def columns(*rows: tuple[float, int], source: str = "a.log") -> Rows:
    """(time, token) of rows that opened, each on its own line."""
    made = Rows(sources=[source], kinds=[event(path="/ws", status=101)], tokens=[token("x"), token("y")])
    values: dict[str, Any] = {name: np.zeros(len(rows), one.dtype) for name, one in made.columns.items()}
    made.columns = values | {
        "at": np.array([at for at, _ in rows]), "token": np.array([code for _, code in rows], np.int32),
        "line": np.arange(1, len(rows) + 1), "lasted": np.full(len(rows), 5.0), "chance": np.arange(len(rows), dtype=np.uint32),
    }  # fmt: skip
    return made


def test_parts_are_merged_and_name_what_they_share_once() -> None:
    whole = merged([columns((10.0, 0), (20.0, 1)), columns((30.0, 1), source="b.log")])
    assert (whole.sources, len(whole.kinds), len(whole.tokens)) == (["a.log", "b.log"], 1, 2)
    assert (whole["source"].tolist(), whole["at"].tolist(), whole["token"].tolist()) == ([0, 0, 1], [10.0, 20.0, 30.0], [0, 1, 1])


def test_a_row_of_an_earlier_file_is_not_counted_again() -> None:
    whole = merged([columns((10.0, 0), (20.0, 1)), columns((10.0, 0), (30.0, 1), source="b.log")])
    assert once(whole).tolist() == [True, True, False, True]


def test_runs_are_cut_where_told() -> None:
    assert [run.tolist() for run in runs(np.array([4, 2, 7]), np.array([False, True]))] == [[4, 2], [7]]
    assert runs(np.empty(0, np.int64), np.empty(0, np.bool_)) == []
