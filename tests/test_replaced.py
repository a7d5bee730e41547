"""Testable without knowing a secret: every free text of every sample is another, random one, and none of those stands in an output."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import SAMPLES, bundle, files
from tests.hostile.replaced import replaced
from wslogs.cli import app
from wslogs.pipeline import analyze
from wslogs.report import render, terminal

CASES = sorted(path.parent.relative_to(SAMPLES).as_posix() for path in SAMPLES.glob("*/*/bundle"))


@pytest.mark.parametrize("case", CASES)
def test_no_random_word_stands_in_a_report(case: str, tmp_path: Path) -> None:
    made, words = replaced(files(SAMPLES / case / "bundle"), CASES.index(case))
    assert len(words) > 10
    result = analyze(bundle(tmp_path / "bundle", made), quote=True)
    outputs = render(result.report, ["md", "json"], "en") | {"terminal": terminal(result.report, "en").encode()}
    result.check(outputs)
    said = b"\n".join(outputs.values()).decode()
    assert [word for word in words if word[:12] in said or word[2:] in said] == []


@pytest.mark.parametrize("case", CASES[::20])
def test_no_random_word_stands_in_an_explanation(case: str, tmp_path: Path) -> None:
    made, words = replaced(files(SAMPLES / case / "bundle"), CASES.index(case))
    result = CliRunner().invoke(app, ["explain", str(bundle(tmp_path / "bundle", made))])
    assert result.exit_code == 0, result.stderr
    assert [word for word in words if word[:12] in result.stdout or word[2:] in result.stdout] == []
