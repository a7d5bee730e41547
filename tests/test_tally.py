"""Lines of known form are counted, and the others are shown by their shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from conftest import patterns
from wslogs.blocks import Block
from wslogs.model import UnknownForm
from wslogs.parsers import access
from wslogs.parsers.kit import Kit
from wslogs.parsers.lines import tally_of
from wslogs.parsers.tally import Shapes, Tally, shape
from wslogs.redact import Vault
from wslogs.scan import Unknown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23 [warn] eyJhbGciOi.x9: user anna left", "0-0-0 [a] a.a0: a a"),
        ("  привет,   мир\t42", "a, a 0"),
        ("{" * 100, "{" * 72 + "…"),
        ("", ""),
    ],
)
def test_a_shape_tells_nothing_of_the_words(text: str, expected: str) -> None:
    assert shape(text) == expected


def layouts() -> list[access.Layout]:
    return access.layouts(Kit(patterns(), Vault()))


def looked(tally: Tally, raw: bytes) -> list[Unknown]:
    return tally.look(Block.of(raw, lambda raw: ()))


def test_known_lines_and_blank_ones_are_understood() -> None:
    tally = Tally(["INFO ", "WARN "], [r"\w+ \| "])
    blocks = [b"INFO a\n\napi | WARN b\nwhat is this 1\n", b"what is this 22\nINFO\n(x)\n \nINFO c"]
    seen = [looked(tally, block) for block in blocks]
    assert seen == [[("a a 0", 3)], [("a a 0", 0), ("a", 1), ("(a)", 2)]]
    for unknown, before in zip(seen, (0, 4), strict=True):
        tally.add(unknown, before)
    assert tally.shapes == [UnknownForm("a a 0", 2, 4), UnknownForm("a", 1, 6), UnknownForm("(a)", 1, 7)]


def test_a_file_of_nothing_but_unknown_shapes_stays_small() -> None:
    tally = Tally(["INFO "])
    tally.add(looked(tally, "\n".join("(" * (n % 60 + 1) + ")" * (n // 60) for n in range(300)).encode()), 0)
    assert (len(tally.shapes), sum(one.count for one in tally.shapes)) == (201, 300)
    assert (tally.shapes[0].shape, tally.shapes[0].count, tally.shapes[0].line) == ("…", 100, 201)


def test_shapes_of_parts_are_those_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wslogs.parsers.tally._MOST_SHAPES", 4)
    lines = ["a", "b", "a", "c", "c", "d", "e", "a", "f", "e", "g"]
    whole, merged = Shapes(), Shapes()
    for number, text in enumerate(lines, 1):
        whole.add(text, number)
    for first, last in ((0, 3), (3, 6), (6, 11)):
        part = Shapes()
        for number, text in enumerate(lines[first:last], 1):
            part.add(text, number)
        for one in sorted(part.forms, key=lambda one: one.line):
            merged.add(one.shape, first + one.line, one.count)
    assert merged.forms == whole.forms
    assert [(one.shape, one.count, one.line) for one in whole.forms][:2] == [("…", 4, 7), ("a", 3, 1)]


ROW = b'198.51.100.7 - - [23/Nov/2026:09:27:00 +0000] "GET /%s HTTP/1.1" 200 12 "-" "%s"'
LINES = (
    ROW % (b"a" * 40, b"curl"), ROW % (b"b", b"c" * 90), ROW[:20] + b" " * 70, ROW[:44], ROW[1:] % (b"d", b"e" * 60), b" " * 63 + b"x" * 20,
    b" " * 70, b"", b"2026/11/23 09:27:00 [error] 7#7: *1 " + b"w" * 80, b"x" * 200, b"2001:db8:" + b"0:" * 20 + ROW % (b"f", b"g" * 40),
    b"\x1b[32mINFO\x1b[0m:     started " + b"s" * 60, b"> " + b"y" * 90, b"https://a.example/" + b"z" * 60 + b" and more", b"{" + b"j" * 99,
    b"api-1  | " + ROW % (b"h", b"i" * 70), b"<" + b" " * 70 + b"!",
)  # fmt: skip
KINDS = ("nginx-access", "nginx-error", "app", "console", "probe")


@given(
    some.sampled_from(KINDS),
    some.lists(some.tuples(some.sampled_from(LINES), some.integers(1, 40)), min_size=1, max_size=8),
    some.booleans(),
)
def test_starts_of_lines_tell_the_same_as_whole_lines(kind: str, runs: list[tuple[bytes, int]], ended: bool) -> None:
    raw = b"\n".join(line for line, count in runs for _ in range(count)) + b"\n" * ended
    if not raw:
        return
    tally, whole = tally_of(patterns(), {kind}, layouts()), tally_of(patterns(), {kind}, layouts())
    whole._doubtful = lambda raw, starts, width: None  # type: ignore[method-assign]  every line is looked at as a whole
    assert looked(tally, raw) == looked(whole, raw)


def test_most_lines_are_told_by_their_start() -> None:
    tally = tally_of(patterns(), {"nginx-access"}, layouts())
    rows = [ROW % (b"%d" % n, b"Mozilla/5.0") for n in range(100)]
    rows[7], rows[30], rows[-1] = b"torn" + rows[7][30:], rows[30][:50], rows[-1][:20]
    block = Block.of(b"\n".join(rows), lambda raw: ())
    raw, starts = block.raw + b"\n", np.append(0, block.ends + 1)
    assert tally._doubtful(raw, starts, 56) == [7, 99]
    long = raw.replace(b"198.51.100.7", b"2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff").replace(b"Mozilla", b"Mozilla " * 8)
    starts = np.append(0, np.flatnonzero(np.frombuffer(long, np.uint8) == 10)[:-1] + 1)
    assert (tally._doubtful(long, starts, 56), tally._doubtful(long, starts, 96)) == (None, [7, 99])
    assert [line for _, line in tally.look(block)] == [7, 99]


def test_a_row_that_begins_well_and_cannot_be_read_is_told() -> None:
    tally = tally_of(patterns(), {"nginx-access"}, layouts())
    tally.missed(ROW % (b"ws", b"curl") + b" more", 3)
    tally.missed(b"nothing of the kind", 4)
    assert (tally.unread, [(one.count, one.line) for one in tally.shapes]) == (1, [(1, 3)])
