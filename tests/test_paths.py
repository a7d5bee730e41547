"""Which segments of a path may stand in a report."""

import pytest

from wslogs.paths import configured, hidden, known, shown_path


@pytest.mark.parametrize("segment", ["ws", "socket.io", "live-events", "wsChat", "v1", "undefined", "notifications", "legacy_ws"])
def test_a_kind_of_thing_is_known(segment: str) -> None:
    assert known(segment)


@pytest.mark.parametrize("segment", ["olga", "petrov", "qzxkvbnwplrtgh", "17", "ws-olga", "9f8Zq2LmXv7TbR4c", "a-b-c-d-e-f-g", "чат"])
def test_one_thing_or_someone_is_not(segment: str) -> None:
    assert not known(segment)


def test_what_the_configuration_names_is_shown() -> None:
    named = configured("/kurslar/9f8Zq2LmXv7TbR4c/v2")
    assert named == {"kurslar", "v2"}
    assert shown_path("/kurslar/olga/v2", named) == "/kurslar/…/v2"
    assert shown_path("/kurslar/olga/v2") == "/…/…/v2"


def test_hidden_segments_are_those_that_are_not_shown() -> None:
    assert hidden("/api/v1/rooms/olga/17") == ["olga", "17"]
