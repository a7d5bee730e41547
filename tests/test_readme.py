"""tests/readme.py, and README.md itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.readme import filled

ROOT = Path(__file__).parent.parent


def test_output_goes_between_its_marks() -> None:
    text = "before\n<!-- output: one -->\n```text\nold\n```\n<!-- end -->\nafter\n"
    assert filled(text, {"one": "new\n"}) == "before\n<!-- output: one -->\n```text\nnew\n```\n<!-- end -->\nafter\n"


def test_readme_shows_what_the_commands_print() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.readme", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert (done.returncode, done.stderr) == (0, "")


def test_readme_names_each_option_of_analyze() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for option in (
        "--output",
        "--format",
        "--lang",
        "--since",
        "--until",
        "--addresses",
        "--quote",
        "--template",
        "--templates",
        "--exit-code",
    ):
        assert option in text
