"""The lab, live: a real system is broken, recorded and analysed. Both in one group, for each takes a core and many processes."""

import os
from pathlib import Path

import pytest

from tests.lab import missing, record
from wslogs.pipeline import analyze

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab")]

SCENARIOS = {"proxy/upgrade-headers-missing": "proxy.upgrade-headers", "auth/token-expired": "auth.token-expired"}


@pytest.fixture(autouse=True)
def stack() -> None:
    absent = missing()
    if absent and os.environ.get("CI"):
        pytest.fail(f"the lab lacks {', '.join(absent)}")
    if absent:
        pytest.skip(f"the lab lacks {', '.join(absent)}")


def descendants() -> set[int]:
    """Live processes below this one, and those of a recording that lost their parent."""
    parents, found = {}, set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if stat[0] == "Z":
            continue
        parents[int(folder.name)] = int(stat[1])
        if b"wslab-" in words:
            found.add(int(folder.name))
    below = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    return found & parents.keys() | (below - {os.getpid()})


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_live_recording_is_judged_right(name: str, tmp_path: Path) -> None:
    before = descendants()
    sample = record(name, tmp_path)
    verdict = analyze(sample / "bundle").report["verdict"]
    detail = SCENARIOS[name]
    assert (verdict["status"], verdict["cause"], verdict["detail"]) == ("failure", detail.partition(".")[0], detail)
    assert {path.name for path in sample.iterdir()} == {"bundle", "story.md", "truth.json", "truth_attempts.json"}
    assert descendants() - before == set(), "a process was left behind"
