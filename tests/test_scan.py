"""Blocks of bytes -> the lines that matter, and counts of the rest."""

import hashlib
import io
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from wslogs import blocks, scan
from wslogs.blocks import Block
from wslogs.scan import Scanner

NEEDLES = ["ws", "needle", "code="]
Seen = tuple[list[tuple[int, bytes, set[str]]], int, int, int, str, bytes, bytes]


class Without:
    """Tells of the lines that do not begin with `I`."""

    def __init__(self) -> None:
        self.told: list[int] = []

    def look(self, block: Block) -> list[scan.Unknown]:
        return [("", place) for place, line in enumerate(block.raw.removesuffix(b"\n").split(b"\n")) if not line.startswith(b"I ")]

    def add(self, unknown: Iterable[scan.Unknown], before: int) -> None:
        self.told += [before + place + 1 for _, place in unknown]


def scanned(text: bytes, block: int, *, threads: bool = True) -> Seen:
    """Everything that a scan tells, read in blocks of this size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "BLOCK", block)
        scanner = Scanner(NEEDLES, Without(), threads=threads)
        lines = [(line.number, line.raw, {NEEDLES[hit] for hit in line.hits}) for line in scanner.kept(io.BytesIO(text))]
    return lines, scanner.lines, scanner.recognised, scanner.size, scanner.sha256, scanner.head, scanner.tail


def test_the_lines_that_hold_a_needle_with_their_numbers() -> None:
    text = b"I one\nI GET /ws HTTP\nI two\r\n\nI Needle code=1006 needle\r\nlast ws"
    assert scanned(text, 1 << 20) == (
        [(2, b"I GET /ws HTTP", {"ws"}), (5, b"I Needle code=1006 needle", {"needle", "code="}), (6, b"last ws", {"ws"})],
        6, 4, len(text), hashlib.sha256(text).hexdigest(), text, text,
    )  # fmt: skip


@pytest.mark.parametrize("text", [b"", b"\n", b"\n\n\n", b"nothing\n", b"nothing"])
def test_nothing_to_keep(text: bytes) -> None:
    assert scanned(text, 4)[:2] == ([], len(text.splitlines()))


@pytest.mark.parametrize("block", [4, 9, 1 << 20])
def test_lines_of_no_known_form_are_told_by_their_numbers(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "BLOCK", block)
    counter = Without()
    scanner = Scanner([], counter)
    assert list(scanner.kept(io.BytesIO(b"I a\nwhat\n\nI b\nlast"))) == []
    assert (counter.told, scanner.recognised, scanner.lines) == ([2, 3, 5], 2, 5)


def test_no_needles_keep_nothing_and_count_all() -> None:
    scanner = Scanner([])
    assert list(scanner.kept(io.BytesIO(b"a\nb\n"))) == [] and scanner.lines == 2


words = some.sampled_from(
    [b"", b"ws", b"I ", b"needle", b"  File x", b"\tat", b"Traceback", b"code=1", b"WS ", b"\r", b"\xff\x00", b"plain"]
)
texts = some.lists(some.lists(words, max_size=4).map(b"".join), max_size=30).flatmap(
    lambda lines: some.sampled_from([b"\n".join(lines), b"\n".join(lines) + b"\n"])
)


@given(texts, some.integers(min_value=1, max_value=90))
@example(b"Traceback\n  File x\nws\n", 22)
@settings(max_examples=150, deadline=None)
def test_the_size_of_the_blocks_changes_nothing(text: bytes, block: int) -> None:
    assert scanned(text, block) == scanned(text, 1 << 20)


@given(texts, some.integers(min_value=1, max_value=90))
@settings(max_examples=100, deadline=None)
def test_one_thread_tells_what_several_do(text: bytes, block: int) -> None:
    assert scanned(text, block, threads=False) == scanned(text, block)


@given(texts, some.integers(min_value=1, max_value=90))
@settings(max_examples=100, deadline=None)
def test_the_faster_automaton_finds_the_same(text: bytes, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{__name__}.NEEDLES", [*NEEDLES, "code", "ne", *(f"other{number}" for number in range(40)), "истёк"])
        told = scanned(text, block)
        patch.setattr(scan, "_MUCH", 0)
        assert scanned(text, block) == told


def test_without_threads_no_block_is_read_before_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "BLOCK", 2)
    stream = io.BytesIO(b"a\nb\nc\nd\ne\n")
    assert next(Scanner([], alone=True, threads=False).blocks(stream)).raw == b"a\n" and stream.tell() == 4


@pytest.mark.parametrize("block", range(1, 140))
def test_a_traceback_stays_whole_wherever_a_block_ends(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"I start ws\nI other\nERROR: needle\nTraceback:\n  File a\n    run\nValueError: x\n\nDuring y:\n\n"
    text += b"Traceback:\n  File b\nKeyError: y\nI end\n"
    monkeypatch.setattr(scan, "BLOCK", block)
    scanner = Scanner(["traceback"])
    first = next(line for line in scanner.kept(io.BytesIO(text)))
    after = b"\n".join(first.following())
    assert after.startswith(b"  File a\n    run\nValueError: x\n\nDuring y:\n\nTraceback:\n  File b\nKeyError: y")


def test_neighbours_of_a_line() -> None:
    line = next(Scanner(["needle"]).kept(io.BytesIO(b"a\r\nb\nneedle\nc\r\nd\n")))
    assert (list(line.preceding()), list(line.following())) == ([b"b", b"a"], [b"c", b"d"])


def test_a_line_that_is_too_long_is_cut_and_still_counts_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "LONGEST_LINE", 50)
    text = b"first\n" + b"x" * 1000 + b" needle\nthird ws\n"
    lines, count, *_ = scanned(text, 64)
    assert [(number, hits) for number, _, hits in lines] == [(2, {"needle"}), (3, {"ws"})]
    assert count == 3 and all(len(raw) <= 128 for _, raw, _ in lines)


def test_head_and_tail_are_the_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "EDGE", 10)
    *_, head, tail = scanned(b"0123456789abcdef" * 10, 7)
    assert (head, tail) == (b"0123456789", b"6789abcdef")


class Short(io.BytesIO):
    """A stream that gives less than it is asked for, as a decompressor does."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(3, size or 0))


def test_short_reads_change_nothing() -> None:
    def kept(stream: Any) -> list[tuple[int, bytes]]:
        return [(line.number, line.raw) for line in Scanner(NEEDLES).kept(stream)]

    text = b"one\n ws two\nneedle\n\nfour code=1\n"
    assert kept(Short(text)) == kept(io.BytesIO(text)) == [(2, b" ws two"), (3, b"needle"), (5, b"four code=1")]


def test_needles_inside_each_other_are_all_told() -> None:
    scanner = Scanner(["alpha", "alphabet", "bet"])
    assert [line.hits for line in scanner.kept(io.BytesIO(b"alphabet\n"))] == [{0, 1, 2}]


def test_neighbours_of_a_line_alone() -> None:
    line = next(Scanner(["alpha"]).kept(io.BytesIO(b"alpha")))
    assert (list(line.preceding()), list(line.following())) == ([], [])


@given(texts)
@settings(max_examples=50, deadline=None)
def test_as_a_plain_reader_would(text: bytes) -> None:
    lines = text.split(b"\n")
    plain = [(n, line.rstrip(b"\r")) for n, line in enumerate(lines, 1) if any(word.encode() in line.lower() for word in NEEDLES)]
    scanner = Scanner(NEEDLES)
    assert [(line.number, line.raw) for line in scanner.kept(io.BytesIO(text))] == plain
    assert scanner.lines == len(lines) - (not lines[-1])


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_cyrillic_is_found_in_either_case_and_code_page(encoding: str) -> None:
    text = "закрыто, код 1006\nnothing\nКОД WS\nКод\nwsкод\n".encode(encoding)
    scanner = Scanner(["код", "код ws", "ws"])
    assert [(line.number, line.hits) for line in scanner.kept(io.BytesIO(text))] == [(1, {0}), (3, {0, 1, 2}), (4, {0}), (5, {0, 2})]


def at(line: bytes) -> float | None:
    """The number that a line begins with, as its time."""
    word = line.split(b" ")[0]
    return float(word) if word.isdigit() else None


@pytest.mark.parametrize("block", [1 << 20, 100, 7])
def test_every_line_of_a_small_block_is_a_mark(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "BLOCK", block)
    scanner = Scanner(["ws"], clock=at)
    lines = list(scanner.kept(io.BytesIO(b"10 a\nTraceback\n  File ws\n20 b\n\n30 ws\n25 c")))
    assert scanner.marks == [(10, 1), (20, 4), (30, 6), (25, 7)]
    assert [line.number for line in lines] == [3, 6] and scanner.lines == 7


def timed(*seconds: int) -> bytes:
    return b"".join(b"%d GET / HTTP/1.1 200 31\n" % second for second in seconds)


STEADY = range(100_000, 200_000, 2)


@pytest.mark.parametrize(
    ("seconds", "edges"),
    [
        (STEADY, [(100_000, 1), (199_998, 50_000)]),
        ([*range(100_000, 140_000, 2), *range(150_000, 200_000, 2)], [(139_998, 20_000), (150_000, 20_001)]),
        ([*range(100_000, 140_000, 2), *range(141_000, 200_000, 2)], [(139_998, 20_000), (141_000, 20_001)]),
    ],
    ids=["steady", "a hole of hours", "a hole of a quarter of an hour"],
)
def test_of_a_large_block_a_few_lines_and_the_edges_of_a_hole(seconds: Any, edges: list[tuple[float, int]]) -> None:
    asked: list[bytes] = []

    def clock(line: bytes) -> float | None:
        asked.append(line)
        return at(line)

    scanner = Scanner([], clock=clock)
    assert list(scanner.kept(io.BytesIO(timed(*seconds)))) == []
    assert set(edges) <= set(scanner.marks) and scanner.marks == sorted(scanner.marks)
    assert len(asked) <= 130 and scanner.lines == len(seconds)


def test_lines_without_times_are_not_asked_for_long() -> None:
    asked: list[bytes] = []
    scanner = Scanner([], clock=asked.append)
    assert list(scanner.kept(io.BytesIO(b"INFO:     no time\n" * 50_000))) == []
    assert scanner.marks == [] and len(asked) <= 50 and scanner.lines == 50_000


def test_a_digest_goes_on_where_another_stream_ended() -> None:
    made = hashlib.sha256()
    for text in (b"one\ntwo\n", b"three"):
        scanner = Scanner([], digest=made)
        assert list(scanner.kept(io.BytesIO(text))) == []
    assert scanner.sha256 == hashlib.sha256(b"one\ntwo\nthree").hexdigest()
    bare = Scanner([], digest=scan.Undigested())
    assert (list(bare.kept(io.BytesIO(b"one\n"))), bare.sha256, bare.lines) == ([], "", 1)


def test_where_lines_stand_alone_a_block_may_end_with_any() -> None:
    class Pieces(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return self.readline() + self.readline()

    text = b"a\nb\nc\nd\ne"
    assert [block.raw for block in Scanner([], alone=True).blocks(Pieces(text))] == [b"a\nb\n", b"c\nd\n", b"e"]
    assert [block.raw for block in Scanner([]).blocks(Pieces(text))] == [b"a\n", b"b\nc\n", b"d\ne"]
