"""Expressions that RE2 runs over many lines in one step."""

import pytest
import regex

from conftest import patterns
from wslogs.linewise import ExpressionSet, compiled, expression, runs
from wslogs.parsers import access


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"^(?P<time>\d+) x", r"(?:(?:\d+) x)"),
        (r"[^\"]* [\s,] \s", r"(?:[^\n\"]* [ \t\r\f\v,] [ \t\r\f\v])"),
        (r"a*+b++c{2}+d+", r"(?:a*b+c{2}d+)"),
        (r"(?>a|b)(?!c(d))(?<=e)f", r"(?:(?:a|b)f)"),
        (r"[)(?=]\(\D", r"(?:[)(?=]\([^\n\d])"),
        (r"\[[^]]+\] [^]\s][]x]", r"(?:\[[^\n\]]+\] [^\n\] \t\r\f\v][]x])"),
    ],
)
def test_an_expression_stays_within_its_line(text: str, expected: str) -> None:
    assert expression(text) == expected


@pytest.mark.parametrize(("text", "can"), [(r"INFO: {2,}", True), (r"(a)\1", False), (r"x{2000}", False), (r"(?x: a )", False)])
def test_what_re2_cannot_run_is_told(text: str, can: bool) -> None:
    assert runs(text) is can


def test_all_forms_and_wrappers_run() -> None:
    told = [*patterns().shapes, *patterns().wrappers]
    assert [one.id for one in told if not runs(one.match.pattern)] == []
    assert [one.id for one in patterns().accesses if not runs(access.known(one).expression.pattern)] == []
    assert len(told) > 20


def test_a_quote_that_is_never_closed_takes_no_other_line() -> None:
    quoted = expression('"[^"]*"')
    assert compiled(rf"(?m)(?:{quoted}[^\n]*\n)*").match(b'"open\n"closed"\n').end() == 0


def test_a_class_may_begin_with_its_own_end() -> None:
    word = compiled(rf"(?m){expression('^<[^]]+]x[]y]')}$")
    assert word.match(b"<a-b]xy") is not None and word.match(b"<a]-b]xy") is None and word.match(b"<a\n]xy") is None
    assert regex.search("<[^]]+]x", "<a-b]x", flags=regex.VERSION1) and not regex.search("<[^]]+]x", "<]x", flags=regex.VERSION1)
    some = ExpressionSet(["<[^]]+]x", "z"])
    assert (some.left("<a-b]x"), some.left("<]x"), some.left("<z]x")) == ([0], [], [0, 1])


def test_of_several_expressions_those_that_may_fit_are_told() -> None:
    some = ExpressionSet([r'(?P<text>\d+) - "GET (?P<url>[^\s"]+)"', r"connection closed(?=[ ]*$)", r"^closed", r"(a)\1", r"(?i)CLOSED\b"])
    assert some.left('17 - "GET /ws"') == [0, 3]
    assert some.left("connection closed") == [1, 2, 3, 4]
    assert some.left("connection open") == [3]


def test_whether_one_of_some_lines_may_fit() -> None:
    some = ExpressionSet([r"\bid=(?P<request_id>\d+)$", r"^trace (?P<text>[^\n]+)"])
    assert some.any(["x", "an id=17", "y"])
    assert some.any(["x", "trace 4"])
    assert not some.any(["an id=17x", "a trac", "e 4"])
    assert some.any(["an id=\u0661", "x"])  # no ASCII


@pytest.mark.parametrize("line", ["соединение closed", "connection\nclosed", "connection\x1cclosed"])
def test_of_a_text_that_is_no_line_of_ascii_nothing_is_ruled_out(line: str) -> None:
    assert ExpressionSet([r"\w+\s+closed", "open"]).left(line) == [0, 1]


@pytest.mark.parametrize("text", ["x{,3}y", "(?:abc){e<=1}", "[[a-c]--[b]]x", "a # b\n", "закрыт|closed", "[[:a:]]", "(?x: a b)"])
def test_what_re2_may_read_otherwise_is_never_ruled_out(text: str) -> None:
    assert ExpressionSet([text, "open"]).left("nothing of it") == [0]


def test_no_text_of_the_patterns_is_ruled_out_of_its_own_examples() -> None:
    texts = [one for one in (*patterns().messages, *patterns().signals.values()) if one.expression]
    some = ExpressionSet(one.expression for one in texts if one.expression)
    said = [(place, str(one["line"] if isinstance(one, dict) else one)) for place, text in enumerate(texts) for one in text.examples]
    assert [line for place, line in said if place not in some.left(line)] == []
    assert len(said) > 200
    assert sum(len(some.left(line)) for _, line in said) < len(said) * len(texts) / 4
