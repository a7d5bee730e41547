"""Whole lines, masked: the words of wslogs' own patterns stand, and nothing else of the bundle."""

import pytest

from conftest import patterns
from wslogs.mask import Mask, words_of
from wslogs.redact import Vault

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI1MiIsImV4cCI6MTc5NTQxMTI1M30.bcK8wmsCJtiCSDH4350abPX3QY6h"


def mask(line: str, *secrets: str, addresses: bool = False) -> str:
    vault = Vault()
    for secret in secrets:
        vault.secret(secret, "value of .env")
    return Mask(vault, patterns().words, addresses=addresses).line(line)


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (f'203.0.113.9 "GET /api/v1/ws?token={JWT} HTTP/1.1" 403', '… "GET /api/v1/ws?… HTTP/1.1" 403'),
        ('203.0.113.9 - - [23/Nov/2026:12:00:00 +0000] "GET /ws/olga HTTP/1.1"', '… - - [23/Nov/2026:12:00:00 +0000] "GET /ws/… HTTP/1.1"'),
        (f"auth failed for {JWT}", "auth failed for …"),
        ("Authorization: Bearer abc123", "Authorization: …"),
        ("Cookie: a=1; b=2", "Cookie: …"),
        ("password=hunter2 next", "password=… next"),
        ("Proxy-Authorization: Basic dXNlcjpwdw==", "Proxy-Authorization: …"),
        ("X-API-Key: 12", "X-API-Key: …"),
        ("proxy_read_timeout 6s;", "proxy_read_timeout 6s;"),
        ("login of olga@example.com", "login of …"),
        ("user Ivan Petrov closed", "user … closed"),
        ("call +998 90 123 45 67 or 90-123-45-67", "call … or …"),
        ("card 4111 1111 1111 1111 of", "card … of"),
        ("redis://:pw@db:6379/0 refused", "redis://…:6379/0 refused"),
        ("2001:db8::1 said ::1 at 12:00:00", "… said … at 12:00:00"),
        ("2026-11-23T12:00:00.123Z INFO connection open", "2026-11-23T12:00:00.123Z INFO connection open"),
        ("starlette.websockets.WebSocketDisconnect: (1006, '')", "starlette.websockets.WebSocketDisconnect: (1006, '')"),
        ("qzxkvbnwplrtgh aB3dE5fG7hJ9kL2m 1234567890123", "…"),
    ],
)
def test_a_masked_line(line: str, masked: str) -> None:
    assert " ".join(mask(line).replace("… …", "…").replace("… …", "…").split()) == masked


def test_addresses_stand_when_asked_for() -> None:
    assert mask("from 203.0.113.9 and 2001:db8::1 to", addresses=True) == "from 203.0.113.9 and 2001:db8::1 to"


def test_a_secret_of_plain_words_is_hidden() -> None:
    assert "closed by" not in mask("said connection closed by server twice", "connection closed by server")


def test_words_are_those_of_the_texts() -> None:
    assert {"refused", "по"} <= words_of(["Refused: по 12"])
    assert not {"ivan", "olga", "hunter", "petrov"} & patterns().words
