"""Blocks of bytes to lines: the size of the blocks never shows."""

import hashlib
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from wslogs import scan
from wslogs.scan import Scanner

NEEDLES = ("alpha", "beta")


def kept(content: bytes, needles: tuple[str, ...] = NEEDLES) -> tuple[list[tuple[int, bytes, list[str]]], Scanner]:
    scanner = Scanner(needles, lambda block: block.count(b"\n"))
    return [(line.number, line.raw, sorted(needles[hit] for hit in line.hits)) for line in scanner.kept(io.BytesIO(content))], scanner


def test_lines_with_needles() -> None:
    found, scanner = kept(b"nothing\nAlpha one\r\nnothing\nbeta and ALPHA\n\nalpha")
    assert found == [(2, b"Alpha one", ["alpha"]), (4, b"beta and ALPHA", ["alpha", "beta"]), (6, b"alpha", ["alpha"])]
    assert (scanner.lines, scanner.recognised, scanner.size) == (6, 5, 48)


def test_needles_inside_each_other_are_all_told() -> None:
    found, _ = kept(b"alphabet\n", ("alpha", "alphabet", "bet"))
    assert found == [(1, b"alphabet", ["alpha", "alphabet", "bet"])]


def test_without_needles_lines_are_only_counted() -> None:
    found, scanner = kept(b"alpha\nbeta\n", ())
    assert (found, scanner.lines) == ([], 2)


@pytest.mark.parametrize(("content", "lines"), [(b"", 0), (b"\n", 1), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\n\n\n", 3)])
def test_count_of_lines(content: bytes, lines: int) -> None:
    assert kept(content)[1].lines == lines


def test_neighbours() -> None:
    scanner = Scanner(["alpha"])
    line = next(scanner.kept(io.BytesIO(b"one\r\ntwo\nalpha\n  three\r\n\n  four\nfive\nsix\n")))
    assert list(line.preceding()) == [b"two", b"one"]
    assert list(line.following()) == [b"  three", b"", b"  four", b"five"]


def test_neighbours_of_a_line_alone() -> None:
    line = next(Scanner(["alpha"]).kept(io.BytesIO(b"alpha")))
    assert (list(line.preceding()), list(line.following())) == ([], [])


def test_digest_and_edges() -> None:
    content = b"".join(b"%07d\n" % number for number in range(40_000))
    _, scanner = kept(content)
    assert scanner.sha256 == hashlib.sha256(content).hexdigest()
    assert (scanner.head, scanner.tail) == (content[: scan.EDGE], content[-scan.EDGE :])


def test_a_line_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "BLOCK", 1 << 16)
    monkeypatch.setattr(scan, "LONGEST_LINE", 1 << 17)
    found, scanner = kept(b"alpha" + b"x" * (1 << 19) + b"\nbeta\n")
    assert [(number, raw[:5]) for number, raw, _ in found] == [(1, b"alpha"), (2, b"beta")]
    assert scanner.lines == 2


def test_a_traceback_is_in_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = b"Traceback (most recent call last):\n" + b'  File "a.py", line 1, in f\n    f()\n' * 20 + b"ValueError: alpha\n"
    content = b"INFO one\nINFO two\n" * 10 + trace + b"INFO after\nINFO end\n"
    for size in range(len(trace), len(content) + 7, 7):
        monkeypatch.setattr(scan, "BLOCK", size)
        line = next(iter(Scanner(["alpha"]).kept(io.BytesIO(content))))
        before = []
        for raw in line.preceding():
            before.append(raw)
            if raw.startswith(b"Traceback"):
                break
        assert len(before) == 41, size


WORDS = some.sampled_from([b"alpha", b"BETA", b"x", b"\r\n", b"\n", b"\n\n", b" indented", b"\t", b"Traceback", b"\xff\xfe", b"alph", b"a"])


@given(some.lists(WORDS, max_size=60).map(b"".join), some.integers(min_value=1, max_value=64))
@example(b"alpha\n" * 5, 6)
@settings(max_examples=50, deadline=None)
def test_the_size_of_blocks_never_shows(content: bytes, size: int) -> None:
    whole, expected = kept(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "BLOCK", size)
        found, scanner = kept(content)
    assert found == whole
    facts = ("lines", "recognised", "size", "sha256", "head", "tail")
    assert [getattr(scanner, name) for name in facts] == [getattr(expected, name) for name in facts]


@given(some.lists(WORDS, max_size=60).map(b"".join))
@settings(max_examples=50, deadline=None)
def test_as_a_plain_reader_would(content: bytes) -> None:
    lines = content.split(b"\n")
    plain = [(number, line.rstrip(b"\r")) for number, line in enumerate(lines, 1) if any(n in line.lower() for n in (b"alpha", b"beta"))]
    found, scanner = kept(content)
    assert [(number, raw) for number, raw, _ in found] == plain
    assert scanner.lines == len(lines) - (not lines[-1])
