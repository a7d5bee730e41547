"""DataFrames with the documented columns."""

import pandas as pd
import pytest

from conftest import NOON, analyzed, event, token
from wslogs import tables

SAMPLE = "auth/token-expired"


def test_the_columns_are_the_documented_ones() -> None:
    frame = analyzed(SAMPLE).attempts
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == tables.ATTEMPTS
    frame = analyzed(SAMPLE).events
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == tables.EVENTS


def test_attempts_are_those_of_the_report() -> None:
    frame, rows = analyzed(SAMPLE).attempts, analyzed(SAMPLE).report["attempts"]
    assert frame["id"].tolist() == [row["id"] for row in rows]
    assert frame["detail"].fillna("").tolist() == [row["detail"] or "" for row in rows]
    assert frame["started"].is_monotonic_increasing


def test_an_event_in_whole() -> None:
    frame = tables.events([event(at=NOON, status=403, path="/ws/8f14e45fceea167a", token=token("t"), signals=("a",), excerpt="x", line=7)])
    assert frame["close_code"].isna().all()
    assert frame.drop(columns="close_code").iloc[0].to_dict() == {
        "source": "access.log", "line": 7, "tier": "proxy", "what": "handshake", "at": pd.Timestamp("2026-11-23T12:00:00Z"),
        "status": 403, "token": "t", "path": "/ws/…", "signals": ("a",), "excerpt": "x",
    }  # fmt: skip


@pytest.mark.parametrize("at", [None, float("inf"), 1e18])
def test_a_time_that_is_none(at: float | None) -> None:
    assert tables.events([event(at=at)])["at"].isna().all()


def test_no_events_keep_their_columns() -> None:
    assert {name: str(kind) for name, kind in tables.events([]).dtypes.items()} == tables.EVENTS
