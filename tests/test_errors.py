"""Errors that wslogs raises on purpose are ready to be shown."""

import pytest
import regex

from wslogs.errors import BundleError, LeakError, PatternError, WslogsError, places


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PatternError("signals/app.toml [app.x]", "lacks `needles`"), "signals/app.toml [app.x]: lacks `needles`"),
        (PatternError("a.toml", "is not TOML", "look at line 3"), "a.toml: is not TOML (look at line 3)"),
        (BundleError("logs", "does not exist", "give a folder"), "logs: does not exist (give a folder)"),
        (LeakError("report.md would have held a part of a token"), "report.md would have held a part of a token"),
    ],
)
def test_an_error_says_where_what_and_what_to_do(error: WslogsError, text: str) -> None:
    assert str(error) == text
    assert isinstance(error, WslogsError)


def test_where_an_error_came_about_is_told_without_its_words() -> None:
    try:
        int("hunter2")
    except ValueError as error:
        told = places(error)
    assert regex.fullmatch(r"ValueError at test_errors\.py:\d+", told)


def test_the_parts_stay_apart() -> None:
    error = BundleError("logs", "does not exist", "give a folder")
    assert (error.path, error.what, error.hint) == ("logs", "does not exist", "give a folder")
