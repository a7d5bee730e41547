"""The deny-list: where secrets stand in a line."""

import pytest

from wslogs.nets import found


@pytest.mark.parametrize(
    ("line", "value", "password"),
    [
        ("Authorization: Bearer s3cr3t-of-a-kind", "Bearer s3cr3t-of-a-kind", False),
        ('{"access_token": "abc.def"}', "abc.def", False),
        ("DB_PASSWORD=hunter2hunter2", "hunter2hunter2", True),
        ("postgres://app:hunter22@db/x", "hunter22", True),
        ("said aaaaaaaa.bbbbbbbb.cccc and", "aaaaaaaa.bbbbbbbb.cccc", False),
        ("id 9f8Zq2LmXv7TbR4c was", "9f8Zq2LmXv7TbR4c", False),
    ],
)
def test_a_secret_is_found(line: str, value: str, password: bool) -> None:
    assert (value, password) in [(text, short) for text, _, short in found(line)]


def test_plain_words_are_none() -> None:
    assert list(found("connection open at 2026-11-23 12:00:00 for the client")) == []
