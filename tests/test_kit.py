"""wslogs/parsers/kit.py: readings, decoding, paths."""

from __future__ import annotations

import pytest

from wslogs.model import Source, Tier, What
from wslogs.parsers.kit import Kit, decode, dialled, event_of, number, seconds
from wslogs.patterns import load
from wslogs.redact import Vault

KIT = Kit(load(), Vault())


def test_a_message_and_its_signals_become_an_event() -> None:
    line = "*3 upstream timed out (110: Connection timed out) while proxying upgraded connection, "
    line += 'client: 1.2.3.4, server: a, request: "GET /ws?token=abcdefgh12345 HTTP/1.1"'
    reading = KIT.reader("nginx-error").read_all(line)
    event = event_of(reading, Source(path="error.log", kind="nginx-error", tier=Tier.PROXY), 9, KIT)
    assert (event.what, event.line, event.status, event.path, event.connection) == (What.ERROR, 9, 101, "/ws", "3")
    assert event.signals == ("nginx.tunnel-timeout",)
    assert event.excerpt == "… upstream timed out (110: …) while proxying upgraded connection …"


@pytest.mark.parametrize(
    ("raw", "text"),
    [("тест".encode(), "тест"), ("тест".encode("cp1251"), "тест"), (b"\x1b[32mINFO\x1b[0m: x", "INFO: x"), (b"a\x00b\r", "ab")],
)
def test_decode(raw: bytes, text: str) -> None:
    assert decode(raw) == text


def test_paths_that_are_dialled() -> None:
    kit = Kit(load(), Vault(), paths={"/live"})
    assert [dialled(path, kit) for path in (None, "/live", "/api/ws", "/socket.io/", "/news", "/wsdl")] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]


def test_numbers() -> None:
    assert [number(text) for text in ("101", "-", None, "9" * 30)] == [101, None, None, None]
    assert [number(text) for text in ("0x3EF", "0x03ef", "0x", "0xzz", "0x" + "f" * 30)] == [1007, 1007, None, None, None]
    assert [seconds(text) for text in ("6.032", "-", "", None)] == [6.032, None, None, None]
