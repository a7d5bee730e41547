"""The deny-list: where secrets stand in a line."""

from time import thread_time

import pytest

from wslogs.nets import found


@pytest.mark.parametrize(
    ("line", "value", "password"),
    [
        ("Authorization: Bearer s3cr3t-of-a-kind", "Bearer s3cr3t-of-a-kind", False),
        ('{"access_token": "abc.def"}', "abc.def", False),
        ("DB_PASSWORD=hunter2hunter2", "hunter2hunter2", True),
        ("postgres://app:hunter22@db/x", "hunter22", True),
        ("said aaaaaaaa.Bbbbbbbb7.cccc and", "aaaaaaaa.Bbbbbbbb7.cccc", False),
        ("said eyJhbGci.eyJzdWIi.cccc and", "eyJhbGci.eyJzdWIi.cccc", False),
        ("id 9f8Zq2LmXv7TbR4c was", "9f8Zq2LmXv7TbR4c", False),
    ],
)
def test_a_secret_is_found(line: str, value: str, password: bool) -> None:
    assert (value, password) in [(text, short) for text, _, short in found(line)]


@pytest.mark.parametrize(
    "line",
    [
        "connection open at 2026-11-23 12:00:00 for the client",
        "websockets.exceptions.InvalidOrigin: invalid Origin header",
        "sqlalchemy.dialects.postgresql.psycopg2",
    ],
)
def test_plain_words_and_names_of_modules_are_none(line: str) -> None:
    assert list(found(line)) == []


@pytest.mark.parametrize("letter", ["x", "7", "-", "a.", "x@", ":", "token"])
def test_a_long_run_takes_time_by_its_length_and_not_by_its_square(letter: str) -> None:
    """Recorded: a message of a million letters in a HAR took a minute."""

    def took(length: int) -> float:
        text, best = letter * (length // len(letter)), float("inf")
        for _ in range(3):
            began = thread_time()
            list(found(text))
            best = min(best, thread_time() - began)
        return best

    assert took(16_000) < 9 * took(4_000) + 0.02
