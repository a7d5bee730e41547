"""wslogs/trials.py: a cause that loses its own sample, or wins another's, is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from conftest import SAMPLES, patterns, wslogs
from wslogs import trials

THIEF = """[[cause]]
id = "network.thief"
all = ["nginx.connect-refused"]
outranks = ["server.down"]
title = { en = "It.", ru = "Оно." }
explain = { en = "It.", ru = "Оно." }
remedy = { en = "It.", ru = "Оно." }
"""
STAMP = """[[time]]
id = "head.test"
match = '^@(?P<time>\\d{10}) '
form = "epoch"
resolution_s = 1.0
examples = ["@1795435200 started"]
counterexamples = ["at 1795435200 started"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two of the samples."""
    for name in ("server/backend-stopped", "proxy/upgrade-headers-missing"):
        shutil.copytree(SAMPLES / name, tmp_path / "samples" / name)
    return tmp_path / "samples"


def own(tmp_path: Path, text: str) -> Path:
    (tmp_path / "own").mkdir(exist_ok=True)
    (tmp_path / "own" / "own.toml").write_text(text, "utf-8")
    return tmp_path / "own"


def test_a_checkout_has_samples() -> None:
    assert trials.samples() == SAMPLES


def test_the_causes_of_wslogs_win_theirs(folder: Path) -> None:
    assert trials.run(folder) == []


def test_a_cause_that_takes_anothers_sample(folder: Path, tmp_path: Path) -> None:
    assert trials.run(folder, own(tmp_path, THIEF)) == [
        f"{patterns().causes['server.down'].where}: loses its sample samples/server/backend-stopped: said network.thief",
        "own.toml:1 [network.thief]: wins the sample samples/server/backend-stopped, which is server.down",
    ]


@pytest.mark.parametrize(
    ("truth", "verdict", "count"),
    [
        ({"cause": "server", "detail": "server.down"}, {"status": "failure", "cause": "server", "detail": "server.down"}, 0),
        ({"cause": "server", "detail": "server.down"}, {"status": "failure", "cause": "server", "detail": None}, 0),
        ({"cause": "server", "detail": "server.down", "accept": ["proxy"]}, {"status": "failure", "cause": "proxy", "detail": None}, 0),
        ({"cause": "server", "detail": "server.down"}, {"status": "undetermined", "cause": None, "detail": None}, 1),
        ({"cause": "server", "detail": "server.down", "decidable": False}, {"status": "undetermined", "cause": None, "detail": None}, 0),
        ({"cause": "healthy", "detail": None}, {"status": "failure", "cause": "server", "detail": "server.down"}, 1),
        ({"cause": "healthy", "detail": None}, {"status": "healthy", "cause": None, "detail": None}, 0),
    ],
)
def test_what_is_wrong_with_a_verdict(truth: dict[str, Any], verdict: dict[str, Any], count: int, tmp_path: Path) -> None:
    assert len(list(trials._judged("x", truth, verdict | {"undetermined": []}, patterns()))) == count


def test_only_what_can_change_a_verdict_is_tried(tmp_path: Path) -> None:
    assert trials.concerned(None)
    assert trials.concerned(own(tmp_path, THIEF))
    assert not trials.concerned(own(tmp_path, STAMP))


def test_the_command_tells_it(tmp_path: Path) -> None:
    told = wslogs("patterns", "check", own(tmp_path, THIEF), cwd=tmp_path)
    assert told.returncode == 1
    assert "wins the sample samples/server/backend-stopped, which is server.down" in told.stderr
    assert wslogs("patterns", "check", own(tmp_path, THIEF), "--no-samples", cwd=tmp_path).returncode == 0


def test_every_truth_can_be_judged() -> None:
    for file in SAMPLES.rglob("truth.json"):
        assert {"cause", "detail", "accept", "decidable"} <= json.loads(file.read_text("utf-8")).keys()
