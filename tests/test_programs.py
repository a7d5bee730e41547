"""Programs that are run to collect: limits hold, and what goes wrong is told."""

import sys
import time
from pathlib import Path

import pytest

from wslogs.collecting.programs import Said, run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="collect is for Linux")


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program `tool` that does what its text says."""
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "tool"
    path.touch(0o755)
    return path


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ('echo "$1"; echo e >&2', Said(b"a b;c\n")),
        ("echo some; exit 3", Said(b"some\n", "tool failed with status 3")),
        ("echo Permission denied: /secret >&2; exit 1", Said(b"", "tool failed with status 1: it needs more rights, such as root's")),
        ("read x || echo nothing", Said(b"nothing\n")),
        ("echo $LC_ALL", Said(b"C\n")),
    ],
)
def test_a_program(stand_in: Path, script: str, said: Said) -> None:
    stand_in.write_text(f"#!/bin/sh\n{script}\n")
    assert run(("tool", "a b;c")) == said


def test_both_outputs(stand_in: Path) -> None:
    stand_in.write_text("#!/bin/sh\necho version >&2\n")
    assert run(("tool",), errors=True) == Said(b"version\n")


def test_one_that_is_not_there(stand_in: Path) -> None:
    assert run(("absent",)) == Said(why="absent is not installed, or not on PATH")
    stand_in.write_text("#!/nowhere/sh\n")
    assert run(("tool",)).why.startswith("tool cannot be run")


def test_one_that_hangs_is_ended_with_what_it_started(stand_in: Path) -> None:
    stand_in.write_text("#!/bin/sh\necho begun\n/bin/sleep 60 &\nwait\n")
    begun = time.monotonic()
    assert run(("tool",), seconds=0.5) == Said(b"begun\n", "it was ended after 0 s")
    assert time.monotonic() - begun < 30


def test_one_that_does_not_stop_talking(stand_in: Path) -> None:
    stand_in.write_text("#!/bin/sh\nwhile :; do echo 0123456789012345678901234567890123456789; done\n")
    said = run(("tool",), most=1 << 20)
    assert len(said.out) == 1 << 20 and said.why == "only its first 1 MB were taken"
