"""parsers/first_last.py: which lines of very many are read, and that those at both ends are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from wslogs.blocks import Block
from wslogs.model import Event, Tier, What
from wslogs.parsers import first_last
from wslogs.parsers.first_last import FirstLast, Place


class Log:
    """A log in blocks of so many lines; `telling` are the lines that are events, each with those that belong to it."""

    def __init__(self, lines: int, each: int, telling: dict[int, int]) -> None:
        self.lines, self.each, self.telling = lines, each, telling
        self.read: list[int] = []

    def blocks(self) -> Iterator[tuple[Block, Iterator[Place]]]:
        for first in range(0, self.lines, self.each):
            block = Block.of(b"x", lambda raw: ())
            block.before = first
            yield block, iter([(line, line) for line in range(min(self.each, self.lines - first))])

    def one(self, block: Block, place: Place, done: int) -> tuple[Event | None, int]:
        line = block.before + place[0] + 1
        if line <= done:
            return None, done
        self.read.append(line)
        if line not in self.telling:
            return None, line
        return Event(source="a.log", line=line, tier=Tier.APP, what=What.NOTE), line + self.telling[line]

    def told(self, most: int) -> tuple[list[int], int]:
        """(lines of the events, how many lines came to nothing)."""
        made = FirstLast(self.one, most)
        return [event.line for event in made.events(self.blocks())], made.passed


def test_few_are_all_told() -> None:
    assert Log(9, 4, dict.fromkeys(range(1, 10), 0)).told(10) == ([1, 2, 3, 4, 5, 6, 7, 8, 9], 0)


def test_of_very_many_the_first_and_the_last_are_told_and_the_others_not_even_read() -> None:
    log = Log(1000, 10, dict.fromkeys(range(1, 1001), 0))
    assert log.told(10) == ([1, 2, 3, 4, 5, 996, 997, 998, 999, 1000], 990)
    assert log.read == [1, 2, 3, 4, 5, 995, 996, 997, 998, 999, 1000]


def test_where_lines_tell_less_at_the_end_more_of_them_are_read() -> None:
    log = Log(100, 100, dict.fromkeys((1, 2, 3, 4, 20, 60, 80, 99), 0))
    assert log.told(8) == ([1, 2, 3, 4, 20, 60, 80, 99], 11)
    assert log.read[:10] == [1, 2, 3, 4, 96, 97, 98, 99, 100, 91] and log.read[-5:] == [16, 17, 18, 19, 20]


def test_no_more_bytes_wait_than_there_is_memory_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_last, "_WAITING", 2)
    log = Log(60, 5, dict.fromkeys((1, 25, 26, 44, 58), 0))
    assert log.told(4) == ([1, 25, 44, 58], 1)
    assert log.read == [*range(1, 61)]


def test_what_belongs_to_an_event_is_no_event() -> None:
    log = Log(30, 7, {1: 6, 3: 0, 9: 4, 11: 0, 20: 9, 25: 0})
    assert log.told(50) == ([1, 9, 20], 0)


@given(
    some.integers(1, 120), some.integers(1, 30), some.sets(some.integers(1, 120), max_size=60), some.integers(0, 40), some.integers(1, 9)
)
@settings(max_examples=300, deadline=None)
def test_the_ends_are_those_of_a_plain_reading(lines: int, each: int, telling: set[int], most: int, waiting: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first_last, "_WAITING", waiting)
        log = Log(lines, each, dict.fromkeys(telling, 0))
        told, passed = log.told(most)
    half, known = max(1, most // 2), sorted(line for line in telling if line <= lines)
    first, rest = known[:half], known[half:]
    assert told[: len(first)] == first and told == sorted(set(told) & set(known)) and len(told) <= 2 * half
    enough = 5 * first[-1] // 4 if len(first) == half else lines
    near = [line for line in rest if line > lines - enough]
    assert told[len(told) - len(near[-half:]) :] == near[-half:]
    assert passed == lines - len(log.read) + len(set(known) & set(log.read)) - len(told)
