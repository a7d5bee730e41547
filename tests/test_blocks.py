"""Blocks of whole lines: numbers, kept lines, and where a block may end. tests/test_scan.py reads whole streams in blocks of any size."""

import pytest

from wslogs.blocks import Block, cut


def test_a_block_numbers_places_in_any_order() -> None:
    block = Block.of(b"a\nbb\n\nccc\n", lambda raw: [(0, 2, 3), (0, 3, 4), (0, 7, 8)])
    block.before = 10
    assert [block.number(place) for place in (7, 0, 2, 5, 3, 6, 10)] == [14, 11, 12, 13, 12, 14, 15]
    assert [block.line(place) for place in (0, 3, 5, 8)] == [(0, 1), (2, 4), (5, 5), (6, 9)]
    assert list(block.found()) == [(2, 4), (6, 9)] and block.lines()[0].tolist() == [2, 4] and block.count == 4


@pytest.mark.parametrize(
    ("block", "end"),
    [
        (b"a\nb\nc\n", 4), (b"a\nb\nc", 2), (b"Traceback:\n  File x\nValueError\n", 0), (b"a\nTraceback:\n  File x\nValueError\n", 2),
        (b"no end", 0),
    ],
)  # fmt: skip
def test_a_traceback_stays_in_one_block(block: bytes, end: int) -> None:
    assert cut(block) == end
