"""Lines of known form are counted, and the others are shown by their shape."""

import pytest

from wslogs.model import UnknownForm
from wslogs.parsers.tally import Shapes, Tally, shape


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


def test_known_lines_and_blank_ones_are_understood() -> None:
    tally = Tally(["INFO ", "WARN "], [r"\w+ \| "])
    blocks = [b"INFO a\n\napi | WARN b\nwhat is this 1\n", b"what is this 22\nINFO\n(x)\n \nINFO c"]
    seen = [tally.look(block) for block in blocks]
    assert seen == [[("a a 0", 3)], [("a a 0", 0), ("a", 1), ("(a)", 2)]]
    for unknown, before in zip(seen, (0, 4), strict=True):
        tally.add(unknown, before)
    assert tally.shapes == [UnknownForm("a a 0", 2, 4), UnknownForm("a", 1, 6), UnknownForm("(a)", 1, 7)]


def test_a_file_of_nothing_but_unknown_shapes_stays_small() -> None:
    tally = Tally(["INFO "])
    tally.add(tally.look("\n".join("(" * (n % 60 + 1) + ")" * (n // 60) for n in range(300)).encode()), 0)
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
