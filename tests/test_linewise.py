"""Expressions that RE2 runs over many lines in one step."""

import pytest

from conftest import patterns
from wslogs.linewise import compiled, expression, runs
from wslogs.parsers import access


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"^(?P<time>\d+) x", r"(?:(?:\d+) x)"),
        (r"[^\"]* [\s,] \s", r"(?:[^\n\"]* [ \t\r\f\v,] [ \t\r\f\v])"),
        (r"a*+b++c{2}+d+", r"(?:a*b+c{2}d+)"),
        (r"(?>a|b)(?!c(d))(?<=e)f", r"(?:(?:a|b)f)"),
        (r"[)(?=]\(\D", r"(?:[)(?=]\([^\n\d])"),
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
