"""What a few lines that somebody pasted come to: patterns/ as a whole, on tests/data/words.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, bundle
from wslogs.errors import BundleError
from wslogs.pipeline import analyze

CASES = tomllib.loads((ROOT / "tests/data/words.toml").read_text("utf-8"))
SURE = 0.8


def verdict(files: dict[str, str], folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = analyze(bundle(folder, files)).report["verdict"]
    return found | {"said": found["detail"] or found["cause"] or found["status"]}


@pytest.mark.parametrize("case", CASES["alone"], ids=lambda case: f"{case['said']}: {case['text'][:40]}")
def test_lines_of_a_program_alone(case: dict[str, str], tmp_path: Path) -> None:
    found = verdict({"app.log": case["text"]}, tmp_path)
    assert (found["said"], found["confidence"] < SURE) == (case["said"], True)


@pytest.mark.parametrize("case", [*CASES["several"], *CASES["near"]], ids=lambda case: f"{case['said']}: {'+'.join(case['files'])}")
def test_lines_of_several(case: dict[str, Any], tmp_path: Path) -> None:
    assert verdict(case["files"], tmp_path)["said"] == case["said"]


def test_a_text_in_which_no_pattern_speaks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="nothing in it could be understood"):
        analyze(bundle(tmp_path, {"letter.txt": "Dear team,\nthe live page is grey.\n"}))
