"""wslogs/quote.py and Vault.mask: whole lines, masked."""

from __future__ import annotations

from pathlib import Path

import pytest

from wslogs.bundle import open_bundle
from wslogs.pipeline import analyze
from wslogs.quote import quotes
from wslogs.redact import Vault

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI1MiIsImV4cCI6MTc5NTQxMTI1M30.bcK8wmsCJtiCSDH4350abPX3QY6h"


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (f'203.0.113.9 "GET /api/v1/ws?token={JWT} HTTP/1.1" 403', '… "GET /api/v1/ws?… HTTP/1.1" 403'),
        (f"auth failed for {JWT}", "auth failed for …"),
        ("Authorization: Bearer abc123", "Authorization: …"),
        ("Cookie: a=1; b=2", "Cookie: …"),
        ("password=hunter2 next", "password=… next"),
        ("proxy_read_timeout 6s;", "proxy_read_timeout 6s;"),
        ("login of olga@example.com", "login of …"),
    ],
)
def test_mask(line: str, masked: str) -> None:
    assert Vault().mask(line) == masked


def test_mask_hides_every_value_seen_in_a_secret_slot() -> None:
    vault = Vault()
    vault.secret("correct horse battery", "value of .env")
    assert vault.mask("said correct horse battery twice") == "said … twice"


def test_lines_are_read_again_by_number(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("one\ntwo\nthree\n", encoding="utf-8")
    with open_bundle([tmp_path]) as bundle:
        assert quotes(bundle, [("a.log", 2), ("b.log", 1)], Vault(), addresses=False) == {("a.log", 2): "two"}


def test_report_quotes_only_when_asked() -> None:
    sample = Path(__file__).parent.parent / "samples" / "auth" / "token-expired" / "bundle"
    plain, quoted = analyze(sample).report, analyze(sample, quote=True).report
    assert "quote" not in plain["incidents"][0]["evidence"][0]
    assert any(row["quote"] for row in quoted["incidents"][0]["evidence"])
