"""wslogs/parsers/heads.py: what stands before the words."""

from __future__ import annotations

import io

import pytest

from wslogs.parsers.heads import Heads, loads
from wslogs.patterns import load
from wslogs.scan import Scanner

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
    ("line", "program", "at", "text"),
    [
        # docker's json-file; journalctl -o json, its text as a string and, with colours, as bytes; fluent-bit.
        ('{"log":"INFO:     x\\n","stream":"stderr","time":"2026-11-23T04:24:18.501Z"}', "", 1795407858.501, "INFO:     x"),
        ('{"MESSAGE":"x","SYSLOG_IDENTIFIER":"uvicorn","__REALTIME_TIMESTAMP":"1795407858501000"}', "uvicorn", 1795407858.501, "x"),
        ('{"MESSAGE":[27,91,51,50,109,120],"_COMM":"python","__REALTIME_TIMESTAMP":"1795407858501000"}', "python", 1795407858.501, "x"),
        ('{"log":"x","@timestamp":"2026-11-23T04:24:18.501Z","kubernetes":{"container_name":"api"}}', "api", 1795407858.501, "x"),
        # A record in a record, and one that is the program's own.
        ('{"log":"{\\"ts\\": 1, \\"msg\\": \\"hi\\"}\\n","stream":"stdout","time":"2026-11-23T04:24:18.501Z"}', "", 1795407858.501, "hi"),
        ('{"log":"x"}', "", None, "x"),
        # Fields beside the message, as structlog and extra= write them.
        ('{"event":"ws disconnected","user":17,"code":4401,"reason":"bye"}', "", None, "ws disconnected code=4401 reason=bye"),
    ],
)
def test_records_around_a_line(line: str, program: str, at: float | None, text: str) -> None:
    head = Heads(PATTERNS, "app").take(line)
    assert (head.program, head.at, head.text) == (program, at, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T04:24:18.5Z stdout P one here \n2026-11-23T04:24:19Z stdout F two\n", ("one here two", 1795407858.5, 1, 2)),
        ("2026-11-23T04:24:18.5Z stdout P one \n2026-11-23T04:24:19Z stdout F two here\nx\n", ("one two here", 1795407858.5, 1, 2)),
        ("2026-11-23T04:24:18.5Z stdout F one here\n2026-11-23T04:24:19Z stdout F two\n", ("one here", 1795407858.5, 1, 1)),
        ("2026-11-23T04:24:18.5Z stdout P one here", ("one here", 1795407858.5, 1, 1)),  # the file ends inside the line
        (
            '{"log":"{\\"msg\\": ","stream":"stdout","time":"2026-11-23T04:24:18.5Z"}\n'
            '{"log":"\\"here\\"}\\n","stream":"stdout","time":"2026-11-23T04:24:18.5Z"}\n',
            ("here", 1795407858.5, 1, 2),
        ),
        ("one here\ntwo\n", ("one here", None, 1, 1)),
    ],
)
def test_a_line_in_pieces_is_one(text: str, expected: tuple[str, float | None, int, int]) -> None:
    line = next(Scanner(["here"]).kept(io.BytesIO(text.encode())))
    head, first, last = Heads(PATTERNS, "app").whole(line)
    assert (head.text, head.at, first, last) == expected


@pytest.mark.parametrize(
    "line",
    [
        "INFO:     connection open",
        "web-1  | 2026/11/23 04:24:18 [error] 29#29: *3 x",
        "api-1  | 2026-11-23T04:24:18.501000000Z INFO:     x",
        "Nov 23 04:24:18 host nginx: 2026/11/23 04:24:18 [error] 29#29: *3 x",
        'web-1  | {"timestamp": "2026-11-23T04:28:17.658+00:00", "message": "hi"}',
        '{"log":"2026-11-23 04:24:18,501 INFO x\\n","stream":"stderr","time":"2026-11-23T04:24:19Z"}',
        '{"log":"INFO x\\n","stream":"stderr"}',
    ],
)
def test_a_head_taken_for_one_kind_is_the_same_for_another(line: str) -> None:
    app, nginx, other = (Heads(PATTERNS, kind) for kind in ("app", "nginx-error", "nginx-error"))
    again = nginx.again(app.take(line))
    assert again is None or (again, nginx.near) == (other.take(line), other.near)
    assert (again is None) is ("{" in line or "T04:24:18" in line or line.startswith("Nov"))


def test_wrappers_are_taken_off_as_well_once_they_are_asked_for_together() -> None:
    lines = [
        "INFO x",
        "api-1  | INFO x",
        "[pod/api-6d4/app] INFO x",
        "2026-11-23T03:30:16.5Z stdout F INFO x",
        "api-1  | [pod/a-1/b] INFO x",
    ]
    heads, fresh = Heads(PATTERNS, "app"), [Heads(PATTERNS, "app").take(line) for line in lines]
    for _ in range(100):
        assert [heads.take(line) for line in lines] == fresh


def test_pieces_without_end_are_bounded() -> None:
    text = b"2026-11-23T04:24:18.5Z stdout P here \n" * 1000
    head, first, last = Heads(PATTERNS, "app").whole(next(Scanner(["here"]).kept(io.BytesIO(text))))
    assert (first, last, len(head.text)) == (1, 65, 65 * 5)


def test_a_year_that_a_line_leaves_out_is_that_of_the_lines_that_say_it() -> None:
    heads = Heads(PATTERNS, "app")
    heads.take("Jan  1 00:00:01 web1 uvicorn[7]: 2027-01-01 00:00:01,500 INFO x")
    assert (heads.take("Dec 31 23:59:59 web1 uvicorn[7]: y").at, heads.take("Jan  1 00:00:02 web1 uvicorn[7]: y").at) == (
        1798761599.0,
        1798761602.0,
    )


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
    assert loads('{"s":200,"urt":,"ua":""}') == {"s": 200, "urt": "", "ua": ""}
    assert loads('{"us":502, 502,"urt":- : 0.010,"n":-}') == {"us": "502, 502", "urt": "- : 0.010", "n": "-"}
    assert loads('{"message": "cut he') == {"message": "cut he"}
    assert loads("[1]") is None
    assert loads("{" * 5000) is None
