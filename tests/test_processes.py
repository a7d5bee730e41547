"""processes.py: the report is that of one process, byte for byte, and processes end when they should."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterable
from functools import partial
from pathlib import Path

import pytest

from conftest import bundle, files
from stores import BUCKET, s3
from test_cluster import rows, written
from wslogs import evidence, pipeline, processes
from wslogs.bundle import open_bundle
from wslogs.parsers import parts
from wslogs.parsers.kit import Kit
from wslogs.parsers.parts import Part, Read
from wslogs.patterns import load
from wslogs.redact import Vault

pytestmark = [pytest.mark.xdist_group("processes")]
two = partial(processes.read, others=2)
_WAIT_S = 20.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("processes") / "b", rows())


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a small log are small, and to read them takes long."""
    monkeypatch.setattr(parts, "SIZE", 60_000)
    monkeypatch.setattr(parts, "FIRST", 20_000)
    monkeypatch.setattr(evidence, "_SMALL", 10_000)
    monkeypatch.setattr(processes, "_LONG_S", 0.0)


def until(holds: Callable[[], bool]) -> bool:
    """Whether something comes true in time."""
    last = time.monotonic() + _WAIT_S
    while not (held := holds()) and time.monotonic() < last:
        time.sleep(0.05)
    return held


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main(folder: Path, body: str) -> Path:
    """A program that can be imported without running."""
    file = folder / "main.py"
    file.write_text(f"import os, time\nfrom wslogs import processes\nif __name__ == '__main__':\n{body}")
    return file


def test_the_same_report_byte_for_byte(folder: Path) -> None:
    """Twice: a late row shows a path that was not looked for."""
    before, seen = files(folder), set[int]()

    def engine(kit: Kit, given: Iterable[Part]) -> Generator[tuple[Part, Read]]:
        for told in two(kit, given):
            seen.update(child.pid or 0 for child in multiprocessing.active_children())
            yield told

    made, plain = pipeline.analyze(folder, engine=engine), pipeline.analyze(folder)
    assert written(made) == written(plain) and files(folder) == before
    assert len(seen) == 4 and not multiprocessing.active_children()
    assert "token-of-somebody-007" in made.vault.seen and "/live" in {kind.path for kind in made.evidence.rows.kinds}
    made.check(written(made))


def test_the_same_when_a_process_is_killed_in_the_middle(folder: Path) -> None:
    killed = list[int]()

    def kill(label: str, place: int, total: int) -> None:
        if not killed and total > 10 and place == 2:
            killed.extend(child.pid or 0 for child in multiprocessing.active_children())
            os.kill(killed[0], signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    assert written(pipeline.analyze(folder, engine=two, progress=kill)) == written(pipeline.analyze(folder))
    assert killed


@pytest.mark.parametrize("error", [OSError(38, "Function not implemented"), ImportError("no semaphores"), NotImplementedError()])
def test_the_same_where_there_can_be_no_others(error: Exception, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In some containers."""

    def refuse(*_: object, **__: object) -> None:
        raise error

    plain = written(pipeline.analyze(folder))
    monkeypatch.setattr(processes, "ProcessPoolExecutor", refuse)
    assert written(pipeline.analyze(folder, engine=two)) == plain
    monkeypatch.undo()
    small.__wrapped__(monkeypatch)  # type: ignore[attr-defined]
    monkeypatch.setattr(multiprocessing.process.BaseProcess, "start", refuse)
    assert written(pipeline.analyze(folder, engine=two)) == plain


@pytest.mark.filterwarnings("default")  # those of clients of others are not ours
def test_the_same_from_an_object_store(folder: Path) -> None:
    with s3(rows()):
        made = pipeline.analyze(f"s3://{BUCKET}/", engine=two)
    assert {**made.report["bundle"], "name": ""} == {**pipeline.analyze(folder).report["bundle"], "name": ""}
    assert made.report["attempt_count"] > 6000


def test_what_lies_in_an_archive_is_read_here(folder: Path, tmp_path: Path) -> None:
    import shutil

    packed = shutil.make_archive(str(tmp_path / "b"), "zip", folder)
    assert written(pipeline.analyze(packed, engine=two)) == written(pipeline.analyze(packed))


def test_of_a_log_that_grows_all_parts_together_are_what_it_was(tmp_path: Path) -> None:
    copy = bundle(tmp_path / "b", rows())
    whole = (copy / "access.log").read_bytes()

    def grow(label: str, place: int, total: int) -> None:
        with (copy / "access.log").open("ab") as file:
            file.write(whole[:5000])

    sources = {one.path: one for one in pipeline.analyze(copy, engine=two, progress=grow).evidence.sources}
    assert sources["access.log"].sha256 == hashlib.sha256(whole).hexdigest() and sources["access.log"].lines == whole.count(b"\n")


def test_a_log_that_went_is_told_as_unreadable(folder: Path, tmp_path: Path) -> None:
    copy = bundle(tmp_path / "b", rows())

    def engine(kit: Kit, given: Iterable[Part]) -> Generator[tuple[Part, Read]]:
        (copy / "live.log").unlink()
        yield from two(kit, given)

    made = pipeline.analyze(copy, engine=engine)
    assert "live.log" not in {source.path for source in made.evidence.sources}
    assert any("live.log" in text and "cannot be read" in text for text in made.report["caveats"])


@pytest.mark.parametrize(("others", "long_s"), [(0, 0.0), (2, 1000.0)])
def test_what_does_not_take_long_is_read_by_this_process_alone(
    others: int, long_s: float, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_LONG_S", long_s)
    monkeypatch.setattr(processes, "_pool", lambda count: pytest.fail("it started others"))
    assert pipeline.analyze(folder, engine=partial(processes.read, others=others)).report["attempt_count"] > 6000


def test_no_part_is_nothing_to_read() -> None:
    assert list(two(Kit(load(), Vault()), [])) == []


def test_no_module_of_the_current_folder_is_run(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle may hold one that is called as one of Python's own, and be where the command is called."""
    for name in ("multiprocessing/__init__.py", "signal.py", "random.py", "wslogs/__init__.py"):
        bundle(tmp_path, {name: f"open({str(tmp_path / 'ran')!r}, 'w').close()\n"})
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    assert written(pipeline.analyze(folder, engine=two)) == written(pipeline.analyze(folder))
    assert not (tmp_path / "ran").exists() and dict(os.environ) == before


def test_others_end_at_once_when_nobody_wants_more() -> None:
    with pytest.raises(KeyboardInterrupt), processes._pool(2) as pool:
        naps = [pool.submit(time.sleep, 60) for _ in range(2)]
        assert until(lambda: len(multiprocessing.active_children()) == 2 and all(nap.running() for nap in naps))
        began = time.monotonic()
        raise KeyboardInterrupt
    assert time.monotonic() - began < _WAIT_S and not multiprocessing.active_children()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no masks")
def test_an_interrupt_while_others_start_is_told_to_this_process_alone(tmp_path: Path) -> None:
    program = main(
        tmp_path,
        "    try:\n"
        "        with processes._pool(2) as pool:\n"
        "            print('started', flush=True)\n"
        "            pool.submit(time.sleep, 60).result()\n"
        "    except KeyboardInterrupt:\n"
        "        print('stopped')\n",
    )
    with subprocess.Popen(
        [sys.executable, program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as ran:  # fmt: skip
        assert ran.stdout is not None and ran.stdout.readline() == "started\n"
        os.killpg(ran.pid, signal.SIGINT)  # as a terminal does
        assert ran.stdout.read() == "stopped\n" and ran.wait(_WAIT_S) == 0


def test_parts_that_nobody_takes_end_the_others(folder: Path) -> None:
    with open_bundle([folder]) as opened:
        (item,) = (one for one in opened.items if one.path == "access.log")
        reads = two(Kit(load(), Vault()), list(parts._parts(item, {"": "nginx-access"}, 0)))
        next(reads), next(reads)
        assert multiprocessing.active_children()
        reads.close()
    assert not multiprocessing.active_children()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_others_end_with_this_process(tmp_path: Path) -> None:
    program = main(
        tmp_path,
        "    with processes._pool(1) as pool:\n"
        "        print(pool.submit(os.getpid).result(), flush=True)\n"
        "        pool.submit(time.sleep, 60).result()\n",
    )
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True) as ran:
        assert ran.stdout is not None
        pid = int(ran.stdout.readline())
        assert lives(pid)
        ran.kill()
    assert until(lambda: not lives(pid))
