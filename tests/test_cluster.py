"""wslogs/cluster.py: the report of a cluster is that of one machine, byte for byte, also when a worker dies on the way."""

from __future__ import annotations

import gzip
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.clusters import started
from conftest import bundle, files, wslogs
from stores import BUCKET, s3
from test_crowd import CONF, fleet
from wslogs import classes, cluster, evidence, pipeline
from wslogs.bundle import Item
from wslogs.cluster import Cluster
from wslogs.errors import BundleError, ClusterError
from wslogs.parsers import parts
from wslogs.parsers.kit import Kit
from wslogs.patterns import load
from wslogs.redact import Vault
from wslogs.report import render
from wslogs.workers import Seed, Task

pytestmark = [pytest.mark.xdist_group("cluster"), pytest.mark.filterwarnings("default")]  # those of Dask are not ours
SOCKETS = 6_000
"""More than are all looked at for themselves."""


def rows() -> dict[str, bytes]:
    """A fleet's logs: one that is cut into parts, one that is packed, one whose path only a late row shows, and the rest of a bundle."""
    late = '10.0.0.9 - - [23/Nov/2026:13:{:02}:{:02} +0000] "GET /live HTTP/1.1" {} 12 "-" "-" rt=0.002 us={}\n'
    live = "".join(late.format(n // 60, n % 60, status, status) for n in range(2000) for status in (101 if n == 1999 else 502,))
    odd = "".join(f"what is this {n}? ({'x ' * (n % 9)})\n" for n in range(50))
    return {
        "access.log": (odd + fleet(SOCKETS)).encode(),
        "access.log.2.gz": gzip.compress(fleet(2500, seed=5).encode(), mtime=0),
        "live.log": live.encode(),
        "nginx.conf": CONF.encode(),
        "app.log": b"2026-11-23 10:00:00 INFO:     Application startup complete.\n",
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("cluster") / BUCKET, rows())


@pytest.fixture(scope="module")
def two() -> Iterator[Cluster]:
    """Two workers, which find the object store as the test does."""
    with s3(rows()), Cluster(workers=2) as made:
        yield made


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a small log are small, and a packed one is large enough."""
    monkeypatch.setattr(parts, "SIZE", 60_000)
    monkeypatch.setattr(parts, "FIRST", 20_000)
    monkeypatch.setattr(evidence, "_SMALL", 10_000)


def written(made: pipeline.Analysis) -> dict[str, bytes]:
    return render(made.report, ["html", "md", "json"], "en")


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, bytes]:
    """The reports of one process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "SIZE", 60_000)
        patch.setattr(parts, "FIRST", 20_000)
        patch.setattr(evidence, "_SMALL", 10_000)
        made = pipeline.analyze(folder)
    assert made.report["attempt_count"] > SOCKETS and len(made.evidence.rows.sources) == 3
    assert {s.path: bool(s.sha256) for s in made.evidence.sources}["access.log"]
    return written(made)


def test_the_same_report_byte_for_byte(folder: Path, two: Cluster, expected: dict[str, bytes]) -> None:
    before = files(folder)
    made = pipeline.analyze(folder, engine=two)
    assert written(made) == expected
    assert files(folder) == before
    assert "token-of-somebody-007" in made.vault.seen and "/live" in {kind.path for kind in made.evidence.rows.kinds}
    made.check(written(made))


def test_the_same_from_an_object_store(two: Cluster, expected: dict[str, bytes]) -> None:
    assert written(pipeline.analyze(f"s3://{BUCKET}/", engine=two)) == expected


def test_the_same_from_an_object_store_without_a_cluster(two: Cluster, expected: dict[str, bytes]) -> None:
    assert written(pipeline.analyze(f"s3://{BUCKET}/")) == expected


def test_the_same_when_a_worker_is_killed_in_the_middle(folder: Path, two: Cluster, expected: dict[str, bytes]) -> None:
    killed: list[int] = []

    def kill(label: str, place: int, total: int) -> None:
        if not killed and total > 10 and place == 2:
            killed.append(next(iter(two.client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    assert written(pipeline.analyze(folder, engine=two, progress=kill)) == expected
    two.client.wait_for_workers(2, timeout=60)
    assert killed and killed[0] not in two.client.run(os.getpid).values()


def test_a_part_that_kills_its_workers_is_no_report(folder: Path, two: Cluster) -> None:
    def kill(label: str, place: int, total: int) -> None:
        for pid in two.client.run(os.getpid).values() if place == 2 else ():
            os.kill(pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    scheduler = two.client.cluster.scheduler
    with pytest.MonkeyPatch.context() as patch, pytest.raises(ClusterError, match="workers died again and again"):
        patch.setattr(scheduler, "allowed_failures", 0)
        pipeline.analyze(folder, engine=two, progress=kill)
    two.client.wait_for_workers(2, timeout=60)


def test_what_lies_in_an_archive_is_read_here(folder: Path, two: Cluster, tmp_path: Path, expected: dict[str, bytes]) -> None:
    import shutil

    packed = shutil.make_archive(str(tmp_path / BUCKET), "zip", folder)
    made, plain = (pipeline.analyze(packed, engine=engine) for engine in (two, parts.here))
    assert written(made) == written(plain)


def test_a_file_that_workers_find_changed_is_no_report(folder: Path, two: Cluster, tmp_path: Path) -> None:
    log = bundle(tmp_path, {"access.log": fleet(3000)}) / "access.log"

    def grow(label: str, place: int, total: int) -> None:
        if place == 1:
            with log.open("a") as file:
                file.write("one more row\n")

    with pytest.raises(BundleError, match=r"access\.log: is not the same for all workers"):
        pipeline.analyze(tmp_path, engine=two, progress=grow)


def test_a_file_that_workers_do_not_have_is_said(two: Cluster, tmp_path: Path) -> None:
    log = bundle(tmp_path, {"access.log": fleet(3000)}) / "access.log"

    def engine(kit: Kit, given: object) -> Generator[tuple[parts.Part, parts.Read]]:
        log.unlink()
        return two(kit, given)  # type: ignore[arg-type]

    with pytest.raises(BundleError, match="a worker cannot read it: No such file"):
        pipeline.analyze(tmp_path, engine=engine)


def test_another_version_is_refused(two: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "VERSION", "9.9")
    with pytest.raises(ClusterError, match=r"has wslogs \S+, and here is 9\.9 .*pip install 'wslogs\[cluster\]==9\.9'"):
        two._check()
    monkeypatch.undo()
    seed = Seed(Kit(load(), Vault()))
    seed.version = "9.9"
    with pytest.raises(ClusterError, match="a worker has wslogs"):
        cluster._read(seed, Task(parts.Part(Item.of("a", b""), {}, 0), []))


def test_errors_come_back_from_workers_whole() -> None:
    for error in (BundleError("a.log", "is not there", "look"), ClusterError("no worker")):
        back = pickle.loads(pickle.dumps(error))
        assert (type(back), str(back)) == (type(error), str(error))


def test_a_scheduler_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_WAIT_S", 0.3)
    with pytest.raises(ClusterError, match=r"tcp://127\.0\.0\.1:9 cannot be reached: .*dask scheduler"):
        Cluster("tcp://127.0.0.1:9").__enter__()


def test_dask_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install 'wslogs\[cluster\]'"):
        Cluster().__enter__()


def test_the_command_on_a_cluster_of_dasks_own_tools(folder: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    with started(2, work) as running:
        ran = [wslogs("analyze", folder.name, "--output", tmp_path / name, *words, cwd=folder.parent) for name, words in (
            ("one", ()), ("many", ("--engine", "dask", "--scheduler", running.address)),
        )]  # fmt: skip
    assert [one.returncode for one in ran] == [0, 0], ran[1].stderr
    assert ran[1].stderr == "" and files(tmp_path / "one") == files(tmp_path / "many")


def test_a_cluster_of_this_machine_is_started_where_none_is_named(folder: Path, tmp_path: Path) -> None:
    ran = wslogs("analyze", folder, "--output", tmp_path / "out", "--engine", "dask", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_no_module_of_the_current_folder_is_run(folder: Path, tmp_path: Path) -> None:
    """A bundle may hold one that is called as one of Python's own, and be where the command is called."""
    bundle(tmp_path, {"multiprocessing/__init__.py": f"open({str(tmp_path / 'ran')!r}, 'w').close()\n", "app.log": "x"})
    command = [Path(sys.executable).with_name("wslogs"), "analyze", folder, "--output", tmp_path / "out", "--engine", "dask"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, ran.stderr) == (0, "") and not (tmp_path / "ran").exists()


def test_a_scheduler_is_of_dask(folder: Path, tmp_path: Path) -> None:
    ran = wslogs("analyze", folder, "--scheduler", "tcp://127.0.0.1:9", cwd=tmp_path)
    assert ran.returncode == 2 and "--engine dask" in ran.stderr


def test_no_more_lines_come_back_than_may_be_looked_at() -> None:
    kit = Kit(load(), Vault())
    (columns,) = parts.read([(Item.of("access.log", fleet(SOCKETS).encode()), {"": "nginx-access"})], replace(kit))
    assert sum(len(one.raws) for one, _ in columns.rows) < classes.EACH < sum(len(one) for one, _ in columns.rows)
