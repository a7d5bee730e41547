"""wslogs/parsers/neighbours.py: the time of a line that says none."""

from __future__ import annotations

import io

import pytest

from wslogs.parsers.heads import Heads
from wslogs.parsers.neighbours import Neighbours
from wslogs.patterns import load
from wslogs.scan import Scanner

PATTERNS = load()


def when(text: str, *, record: bool = False) -> tuple[float, float] | None:
    line = next(Scanner(["here"]).kept(io.BytesIO(text.encode())))
    found = Neighbours().time(line, line.number, line.number, Heads(PATTERNS, "app"), record=record)
    return None if found is None or found.at is None else (found.at, found.resolution_s)


@pytest.mark.parametrize(
    ("text", "record", "expected"),
    [
        ("2026-11-23 12:00:00,250 a\nhere\n2026-11-23 12:00:00,750 b\n", False, (1795435200.25, 0.5)),
        ("2026-11-23 12:00:00,250 a\nx\nhere\ny\n2026-11-23 12:00:00,251 b\n", False, (1795435200.25, 0.001)),
        ("2026-11-23 12:00:00,250 a\nhere\n2026-11-23 12:00:02,250 b\n", False, None),  # two seconds: it may be either's
        ("2026-11-23 12:00:00,250 a\nhere\n2026-11-23T12:00:00.5Z b\n", False, None),  # two clocks
        ("here\n2026-11-23 12:00:00,250 a\n", False, None),
        ("2026-11-23 12:00:00,250 ERROR a\nhere\n", True, (1795435200.25, 0.001)),
        ("2026-11-23 12:00:00,250 ERROR a\nx\nhere\n", True, None),
        ("a\nhere\nb\n", True, None),
    ],
)
def test_time_between_neighbours(text: str, record: bool, expected: tuple[float, float] | None) -> None:
    found = when(text, record=record)
    assert found == (pytest.approx(expected) if expected else None)


def test_a_log_without_times_is_not_asked_for_ever() -> None:
    asked = []

    class Counting(Heads):
        def take(self, line: str):  # type: ignore[no-untyped-def]
            asked.append(line)
            return super().take(line)

    neighbours, heads = Neighbours(), Counting(PATTERNS, "app")
    for line in Scanner(["here"]).kept(io.BytesIO(b"here\n" * 1000)):
        assert neighbours.time(line, line.number, line.number, heads, record=False) is None
    assert len(asked) <= 200 * 24
