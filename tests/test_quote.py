"""Whole lines, read again."""

from __future__ import annotations

from pathlib import Path

from wslogs.bundle import open_bundle
from wslogs.mask import Mask
from wslogs.pipeline import analyze
from wslogs.quote import quotes
from wslogs.redact import Vault


def test_lines_are_read_again_by_number(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("one\ntwo\nthree\n", encoding="utf-8")
    with open_bundle([tmp_path]) as bundle:
        assert quotes(bundle, [("a.log", 2), ("b.log", 1)], Mask(Vault(), frozenset())) == {("a.log", 2): "two"}


def test_report_quotes_only_when_asked() -> None:
    sample = Path(__file__).parent.parent / "samples" / "auth" / "token-expired" / "bundle"
    plain, quoted = analyze(sample).report, analyze(sample, quote=True).report
    assert "quote" not in plain["incidents"][0]["evidence"][0]
    assert any(row["quote"] for row in quoted["incidents"][0]["evidence"])
