"""The same bundle gives the same bytes: whatever the seed of hashes, the zone of the machine, its language, and where it lies."""

import os
import shutil
from pathlib import Path

import pytest

from conftest import SAMPLES, files, wslogs

SAMPLE = SAMPLES / "mixed" / "two-users-two-causes" / "bundle"
OTHERS = {
    "another seed of hashes": {"PYTHONHASHSEED": "2"},
    "an odd zone": {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu"},
    "a machine without languages": {"PYTHONHASHSEED": "1", "LC_ALL": "C", "LANG": "C"},
}


def outputs(given: Path, into: Path, **environment: str) -> dict[str, bytes]:
    """The three reports and the words on the terminal, of a process of its own."""
    into.mkdir(parents=True)
    done = wslogs("analyze", given, cwd=into, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    found = files(into)
    assert sorted(found) == ["wslogs-report/report.html", "wslogs-report/report.json", "wslogs-report/report.md"]
    return found | {"stdout": done.stdout.encode()}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return outputs(SAMPLE, tmp_path_factory.mktemp("first") / "run", PYTHONHASHSEED="1", TZ="UTC")


@pytest.mark.xdist_group("same")
@pytest.mark.parametrize("change", OTHERS)
def test_the_same_bytes(tmp_path: Path, first: dict[str, bytes], change: str) -> None:
    assert outputs(SAMPLE, tmp_path / "run", **OTHERS[change]) == first


@pytest.mark.xdist_group("same")
def test_the_same_bytes_of_a_copy_written_in_another_order_and_time(tmp_path: Path, first: dict[str, bytes]) -> None:
    copy = tmp_path / "elsewhere" / "bundle"
    copy.mkdir(parents=True)
    for number, path in enumerate(sorted(SAMPLE.iterdir(), reverse=True)):
        shutil.copyfile(path, copy / path.name)
        os.utime(copy / path.name, (number, number))
    assert outputs(copy, tmp_path / "run", PYTHONHASHSEED="3") == first
