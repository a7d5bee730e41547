"""wslogs/parsers/kinds.py: what the programs of one file write; test_lines.py has the kinds alone."""

from __future__ import annotations

import pytest

from conftest import SAMPLES
from wslogs.bundle import HEAD, Item
from wslogs.detection import kind_of
from wslogs.parsers import kinds as module
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


def test_what_all_first_lines_are_is_what_each_of_them_is(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [file for file in sorted(SAMPLES.rglob("bundle/*")) if file.is_file() and file.stat().st_size]
    heads = {file: file.read_bytes()[:HEAD] for file in files}
    kit = Kit(load(), Vault())
    at_once = [Item.of(file.as_posix(), head) for file, head in heads.items() if module.are_rows(head, kit)]
    told = {item.path: kind_of(item, kit) for item in at_once}
    assert len(at_once) > 20 and set(map(repr, told.values())) == {repr(("nginx-access", {"": "nginx-access"}))}
    monkeypatch.setattr(module, "are_rows", lambda head, kit: False)
    assert {item.path: kind_of(item, kit) for item in at_once} == told


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        (ROW * 3, True), (ROW + b"\n" + ROW[:-1], True), (ROW * 900, True), (b"\n", False), (ROW + ERROR, False),
        (b"web-1  | " + ROW, False), (ROW[:-1] + b" 7\n", False), (b'127.0.0.1:5000 - "GET /ws HTTP/1.1" 200 OK\n', False),
    ],
)  # fmt: skip
def test_rows_from_end_to_end(head: bytes, rows: bool) -> None:
    assert module.are_rows(head[:HEAD], Kit(load(), Vault())) is rows
