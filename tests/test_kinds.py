"""wslogs/parsers/kinds.py: what the programs of one file write; test_lines.py has the kinds alone."""

from __future__ import annotations

from wslogs.parsers.kinds import kinds, majority, second
from wslogs.parsers.kit import Kit
from wslogs.patterns import load
from wslogs.redact import Vault

ROW = b'1.2.3.4 - - [23/Nov/2026:04:24:24 +0000] "GET /ws HTTP/1.1" 101 31 "-" "M"\n'
ERROR = b"2026/11/23 09:24:26 [error] 29#29: *12 x\n"


def test_each_program_of_a_file_has_its_kind_and_nginx_two() -> None:
    text = b"web-1  | " + ROW + b"web-1  | " + ERROR + b"api-1  | INFO:     connection open\n"
    found = kinds(text, "compose.log", Kit(load(), Vault()))
    assert found == {"web-1": "nginx-access", second("web-1", "nginx-error"): "nginx-error", "api-1": "app"}
    assert majority(found) == "nginx-access"


def test_the_year_that_first_lines_say_is_kept() -> None:
    kit = Kit(load(), Vault())
    kinds(
        b"Nov 23 04:24:29 web1 uvicorn[7]: Shutting down\nNov 23 04:24:29 web1 uvicorn[7]: 2026-11-23 04:24:29,500 INFO x\n", "a.log", kit
    )
    assert kit.near == {"a.log": 1795407869.5}


def test_rows_of_a_format_of_ones_own_are_no_words_of_an_app() -> None:
    row = '[2026-11-23T04:16:03+00:00] 192.0.2.4 tide.example "GET /ws HTTP/1.1" 200 0.000 - - 280 9f\n'
    assert kinds(row.encode() * 5, "access.log", Kit(load(), Vault())) == {"": "nginx-access"}
