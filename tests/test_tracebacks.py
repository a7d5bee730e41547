"""wslogs/parsers/tracebacks.py: how far a traceback goes."""

from __future__ import annotations

import io

import pytest

from wslogs.parsers.tracebacks import gather
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


def test_one_that_the_log_cut_ends_where_its_lines_end() -> None:
    line = next(Scanner(["traceback"]).kept(io.BytesIO(b'Traceback (most recent call last):\n  File "a.py", line 1\n')))
    assert gather(line, bytes.decode) == ('Traceback (most recent call last):\n  File "a.py", line 1', 1, 2)
