"""wslogs/parsers/heads.py: what stands before the words."""

from __future__ import annotations

import pytest

from wslogs.parsers.heads import Heads, loads
from wslogs.patterns import load

PATTERNS = load()


@pytest.mark.parametrize(
    ("line", "program", "at", "zoned", "text"),
    [
        ("INFO:     connection open", "", None, False, "INFO:     connection open"),
        ("2026-11-23 04:24:18,501 [INFO] app.ws: x", "", 1795407858.501, False, " [INFO] app.ws: x"),
        ("api-1  | 2026-11-23T04:24:18.501000000Z INFO:     x", "api-1", 1795407858.501, True, "INFO:     x"),
        ("[2026-11-23 03:35:58 +0000] [7] [INFO] x", "", 1795404958.0, True, " [7] [INFO] x"),
        ('{"timestamp": "2026-11-23T04:28:17.658+00:00", "message": "hi"}', "", 1795408097.658, True, "hi"),
        ('{"ts": 1795408097.5, "event": "hi"}', "", 1795408097.5, True, "hi"),
    ],
)
def test_heads(line: str, program: str, at: float | None, zoned: bool, text: str) -> None:
    head = Heads(PATTERNS, "app").take(line)
    assert (head.program, head.at, head.zoned, head.text) == (program, at, zoned, text)


@pytest.mark.parametrize(
    ("line", "at", "dateless"),
    [
        ("09:24:29.380 index.js:17 realtime: dialing #1", 946718669.38, True),  # read as the first of January 2000
        ("at 09:24:29.380 it failed", None, False),
        ("2026-11-23 09:24:29.380 INFO x", 1795425869.38, False),
        ("api-1  | 2026-11-23T04:24:29.380000000Z 09:24:29.380 INFO x", 1795407869.38, False),  # the wrapper knows the day
        ("Nov 23 04:24:29 host uvicorn[77]: x", 974953469.0, True),  # nor does one without a year say which day it is
    ],
)
def test_a_time_of_day_says_no_day(line: str, at: float | None, dateless: bool) -> None:
    head = Heads(PATTERNS, "app").take(line)
    assert (head.at, head.dateless) == (at, dateless)


def test_json_that_nginx_or_a_cut_broke_is_read() -> None:
    assert loads('{"s":200,"urt":,"ua":""}') == {"s": 200, "urt": None, "ua": ""}
    assert loads('{"message": "cut he') == {"message": "cut he"}
    assert loads("[1]") is None
    assert loads("{" * 5000) is None
