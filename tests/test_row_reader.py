"""Rows of an access log -> what each tells; tests/test_bulk.py holds many against what is read one by one."""

from __future__ import annotations

from math import isnan, nan

import pytest

from conftest import patterns
from wslogs.columns import Rows
from wslogs.model import Source, Tier
from wslogs.parsers.kit import Kit
from wslogs.parsers.lines import Pass
from wslogs.parsers.row_reader import UNREAD, RowReader
from wslogs.redact import Vault

NINE = 1795424400.0
"""2026-11-23T09:00:00Z."""


def row(
    second: int = 1, target: str = "/ws?token=abcdefghij", status: int = 101, client: str = "192.0.2.1", agent: str = "Mozilla"
) -> bytes:
    return f'{client} - - [23/Nov/2026:09:00:{second:02} +0000] "GET {target} HTTP/1.1" {status} 0 "-" "{agent}"'.encode()


@pytest.fixture
def named() -> Rows:
    return Rows(sources=["access.log"])


@pytest.fixture
def reader(named: Rows) -> RowReader:
    kit, source = Kit(patterns(), Vault()), Source(path="access.log", kind="nginx-access", tier=Tier.PROXY)
    return RowReader(source, kit, Pass(source, {"": "nginx-access"}, kit).row_of, named)


def test_what_rows_have_in_common_is_told_once(reader: RowReader, named: Rows) -> None:
    rows = [row(), row(2, status=403), row(59, "/ws?token=0123456789", client="192.0.2.2"), row(3, "/ws", agent="-")]
    kind, at, lasted, token, client, agent, tied = reader.taken(rows)
    assert (kind, at, token) == ([0, 1, 0, 0], [NINE + 1, NINE + 2, NINE + 59, NINE + 3], [0, 0, 1, -1])
    assert (client, agent, all(map(isnan, lasted)), any(tied)) == ([0, 0, 1, 0], [0, 0, 0, -1], True, False)
    assert [(one.path, one.status, one.at, one.token) for one in named.kinds] == [("/ws", 101, None, None), ("/ws", 403, None, None)]
    assert (len(named.tokens), named.clients) == (2, ["192.0.2.1", "192.0.2.2"])


def test_a_row_that_is_no_handshake_and_one_that_cannot_be_read(reader: RowReader) -> None:
    rows = [row(), row().replace(b"GET", b"POST"), b"torn" + row()[30:], row(4).replace(b"token=abc", rb"token=\x22bc")]
    kind, at, *_ = reader.taken(rows)
    assert (list(kind), at[0], at[3]) == ([0, -1, UNREAD, 0], NINE + 1, NINE + 4)


def test_no_rows(reader: RowReader) -> None:
    assert all(len(one) == 0 for one in reader.taken([]))


@pytest.mark.parametrize(
    ("raw", "at"), [(row(7), NINE + 7), (row(8).replace(b"Mozilla", rb"M\x22"), NINE + 8), (b"", nan), (b"nothing", nan)]
)
def test_when_a_row_was_written(reader: RowReader, raw: bytes, at: float) -> None:
    found = reader.when(raw)
    assert found is None if isnan(at) else found == at
