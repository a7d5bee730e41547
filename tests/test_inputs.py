"""Every input that people have, read as its expected.txt says, to the last line."""

import pytest

from inputs import MADE, TABLE, Fixture, fixtures, table, told

ALL = fixtures()


def test_there_are_inputs() -> None:
    assert len(ALL) > 0


@pytest.mark.parametrize("fixture", ALL, ids=lambda one: one.name)
def test_is_read_as_expected(fixture: Fixture, accept: bool) -> None:
    found = told(fixture)
    if accept:
        fixture.expected.write_text(found, "utf-8", newline="\n")
    assert fixture.expected.is_file(), "no expected.txt yet: look at what `pytest --accept` writes"
    assert found == fixture.expected.read_text("utf-8")


@pytest.mark.parametrize("fixture", ALL, ids=lambda one: one.name)
def test_every_line_is_recognised(fixture: Fixture) -> None:
    sources = fixture.read().evidence.sources
    assert sources
    assert [(s.path, s.lines - s.recognised) for s in sources if s.recognised != s.lines] == []


@pytest.mark.parametrize("fixture", ALL, ids=lambda one: one.name)
def test_tells_where_it_comes_from(fixture: Fixture) -> None:
    origin = fixture.origin
    assert set(origin) >= {"input", "writer", "made", "story"}
    assert origin["made"] in MADE
    assert origin["made"] == "recorded" or origin["source"], "say which documentation or source file shows this form"


def test_the_table_is_what_the_fixtures_give() -> None:
    assert TABLE.read_text("utf-8") == table(), "make inputs"
