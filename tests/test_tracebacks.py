"""wslogs/parsers/tracebacks.py: how far a traceback goes."""

from __future__ import annotations

import io

import pytest

from wslogs.parsers.heads import Heads
from wslogs.parsers.tracebacks import gather, last_words, named, shortened
from wslogs.patterns import load
from wslogs.scan import Scanner

CHAINED = """INFO before
Traceback (most recent call last):
  File "a.py", line 1, in f
    g()
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 2, in h
RuntimeError: y
INFO after
"""


@pytest.mark.parametrize("needle", ["traceback", '  file "b.py"'])
def test_a_chained_traceback_is_one(needle: str) -> None:
    line = next(Scanner([needle]).kept(io.BytesIO(CHAINED.encode())))
    text, first, last = gather(line, bytes.decode)
    assert text.splitlines()[-1] == "RuntimeError: y"
    assert last == 11
    assert first == (2 if needle == "traceback" else 9)


def test_one_pasted_without_its_indentation_is_one() -> None:
    text = b'File "a.py", line 1, in f\n    g()\nFile "b.py", line 2, in g\n    raise KeyError\nKeyError: \'x\'\nINFO y\n'
    line = next(Scanner(['", line ']).kept(io.BytesIO(text)))
    assert gather(line, bytes.decode)[1:] == (1, 5)


GROUP = """ERROR x
  + Exception Group Traceback (most recent call last):
  |   File "a.py", line 1, in f
  |     raise me
  | ExceptionGroup: two things (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "b.py", line 2, in g
    | starlette.websockets.WebSocketDisconnect: (1001, '')
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "b.py", line 3, in h
    | LookupError: queue
    +------------------------------------
INFO y
"""


def test_a_group_is_one_from_its_head_to_its_last_branch() -> None:
    line = next(Scanner(["traceback"]).kept(io.BytesIO(GROUP.encode())))
    text, first, last = gather(line, bytes.decode)
    assert (first, last) == (2, 14)
    assert [words.splitlines()[0] for words in last_words(text)] == [
        "starlette.websockets.WebSocketDisconnect: (1001, '')",
        "LookupError: queue",
    ]


def test_a_group_with_a_prefix_on_every_line_is_the_same() -> None:
    prefixed = "".join(f"api-1  | 2026-11-24T22:32:25.755456280Z {line}\n" for line in GROUP.splitlines())
    line = next(Scanner(["traceback"]).kept(io.BytesIO(prefixed.encode())))
    heads = Heads(load(), "app")
    text, first, last = gather(line, lambda raw: heads.take(raw.decode()).text)
    assert (text, first, last) == (GROUP.partition("\n")[2].rpartition("\nINFO")[0], 2, 14)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CHAINED.partition("INFO after")[0].partition("before\n")[2], ["RuntimeError: y"]),
        ('Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: two\nlines', ["ValueError: two\nlines"]),
        ('Traceback (most recent call last):\n  File "a.py", line 1, in f', []),
        ('  File "a.py", line 1, in f\nKeyError: 1', ["KeyError: 1"]),
        ("", []),
    ],
)
def test_what_a_traceback_comes_to(text: str, expected: list[str]) -> None:
    assert last_words(text) == expected


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("ValueError: x", "ValueError"),
        ("starlette.websockets.WebSocketDisconnect: (1001, '')", "WebSocketDisconnect"),
        ("Exception: x", "Exception"),
        ("asyncio.exceptions.CancelledError", "CancelledError"),
        ("eyJhbGciOiJIUzI1NiJ9Error: x", None),  # no class, or one that could be anything
        ("ValueErrors happen", None),
        ("", None),
    ],
)
def test_the_class_of_an_exception(words: str, name: str | None) -> None:
    found = named(words)
    assert (found["exception"] if found else None) == name


def test_a_long_one_keeps_its_beginning_and_its_end() -> None:
    assert shortened("abcdefghij", 8) == "ab\nfghij"
    assert shortened("abcdefgh", 8) == "abcdefgh"


def test_one_that_the_log_cut_ends_where_its_lines_end() -> None:
    line = next(Scanner(["traceback"]).kept(io.BytesIO(b'Traceback (most recent call last):\n  File "a.py", line 1\n')))
    assert gather(line, bytes.decode) == ('Traceback (most recent call last):\n  File "a.py", line 1', 1, 2)
