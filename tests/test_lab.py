"""The lab, live: a real system is broken, recorded and analysed. Both in one group, for each takes a core and many processes."""

import os
import tempfile
import time
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


def running(folder: Path) -> list[str]:
    """Command lines of the processes that work in a folder; others may run a lab at the same time."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            place = str((process / "cwd").readlink())
        except OSError:
            continue
        if str(folder) in words or place.startswith(str(folder)):
            found.append(words)
    return found


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_live_recording_is_judged_right(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="wslive-") as place:
        # Short, since the paths of sockets are.
        with monkeypatch.context() as patch:
            patch.setattr(tempfile, "tempdir", place)
            sample = record(name, tmp_path)
        ended = time.monotonic() + 5
        while (left := running(Path(place))) and time.monotonic() < ended:
            time.sleep(0.1)
        assert left == [], "a process was left behind"
        assert list(Path(place).iterdir()) == []
    assert {path.name for path in sample.iterdir()} == {"bundle", "story.md", "truth.json", "truth_attempts.json"}
    verdict, detail = analyze(sample / "bundle").report["verdict"], SCENARIOS[name]
    assert (verdict["status"], verdict["cause"], verdict["detail"]) == ("failure", detail.partition(".")[0], detail)
