"""Parts of large access logs, read by the workers of a Dask cluster.

A worker gets ranges of bytes, what other sources taught, and the run's key, and gives back what it read; everything else stays here.
What Dask loses with a worker it has done again by another.
"""

from __future__ import annotations

import hashlib
import logging
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack
from dataclasses import replace
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

from wslogs.bundle import Item
from wslogs.errors import BundleError, ClusterError, DefectError, WslogsError
from wslogs.leaks import Register
from wslogs.parsers.kit import Kit
from wslogs.parsers.parts import Part, Read, digest, here, read_part
from wslogs.version import VERSION

_WAIT_S = 30.0
"""For a scheduler, and for its first worker."""
_AHEAD = 2
"""Parts for each thread of the cluster that are handed out at a time: paths that were learned meanwhile go along with later ones."""
_RETRIES = 2
"""Of a part that a worker could not read: stores say no at times."""
_LOCAL = {
    # What a worker holds has secrets in it: it is not to be written to a disk.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
}
_SAME = "every worker and the scheduler need the same wslogs: pip install 'wslogs[cluster]=={}'"


class Cluster:
    """An engine for analyze(). `scheduler` is its address; without one, workers are started on this machine, one for each core.

    A context manager; ClusterError when Dask is not installed, the cluster cannot be reached, or is of another version.
    """

    def __init__(self, scheduler: str | None = None, workers: int | None = None) -> None:
        self._scheduler, self._workers = scheduler, workers
        self._opened = ExitStack()
        self._client: Any = None

    def __enter__(self) -> Cluster:
        try:
            import dask.system
            import distributed
        except ImportError:
            raise ClusterError("--engine dask needs Dask (pip install 'wslogs[cluster]')") from None
        with ExitStack() as opened:
            address: Any = self._scheduler
            if address is None:
                opened.enter_context(dask.config.set(_LOCAL))
                local = distributed.LocalCluster(
                    n_workers=self._workers or dask.system.CPU_COUNT,  # as many as this process may use
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address="127.0.0.1:0",
                    worker_dashboard_address="127.0.0.1:0",
                    security=True,  # TLS with a key of this run: other users of the machine are not let in
                    silence_logs=logging.ERROR,
                )
                address = opened.enter_context(local)
            try:
                self._client = opened.enter_context(distributed.Client(address, timeout=_WAIT_S, set_as_default=False))
                self._client.wait_for_workers(1, timeout=_WAIT_S)
            except (OSError, ValueError) as error:
                what = "cannot be reached" if self._client is None else "has no worker"
                hint = "start them with `dask scheduler` and `dask worker ADDRESS`, and look at the address"
                raise ClusterError(f"{self._scheduler or 'the scheduler'} {what}: {error.__class__.__name__} ({hint})") from None
            self._check()
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._opened.close()

    @property
    def client(self) -> Any:
        """Dask's own client of the cluster."""
        return self._client

    def _check(self) -> None:
        """Whether all have this version of wslogs; asked with what every Python has."""
        told = self._client.run(metadata.version, "wslogs", on_error="return")
        try:
            told["the scheduler"] = self._client.run_on_scheduler(metadata.version, "wslogs")
        except metadata.PackageNotFoundError as error:
            told["the scheduler"] = error
        for where, version in sorted(told.items()):
            if version != VERSION:
                has = f"has wslogs {version}" if isinstance(version, str) else "has no wslogs"
                raise ClusterError(f"{where} {has}, and here is {VERSION} ({_SAME.format(VERSION)})")

    def __call__(self, kit: Kit, parts: Iterable[Part]) -> Iterator[tuple[Part, Read]]:
        """Reads parts as workers have time; what lies in an archive is read here. BundleError where a file cannot be read by a worker."""
        from distributed import KilledWorker, as_completed
        from distributed.comm.core import CommClosedError

        given = list(parts)
        tasks = _tasks(part for part in given if not part.item.packed)
        client, waiting, running = self._client, dict[Any, Part](), as_completed(loop=self._client.loop)
        seed = client.submit(_Seed, VERSION, replace(kit, vault=kit.vault.twin(), paths=set(), readers={}), pure=False)

        def hand_out() -> None:
            width = _AHEAD * max(1, sum(client.nthreads().values()))
            for part in islice(tasks, max(0, width - len(waiting))):
                future = client.submit(_read, seed, _Task(part, kit.led()), pure=False, retries=_RETRIES)
                waiting[future] = part
                running.add(future)

        try:
            hand_out()
            yield from here(kit, (part for part in given if part.item.packed))
            for future in running:
                read, paths, seen = future.result()
                part = waiting.pop(future)
                kit.paths |= paths
                kit.vault.seen.update(seen)
                hand_out()
                yield part, read
        except KilledWorker:
            raise ClusterError("workers died again and again over one part (give them more memory: dask worker --memory-limit)") from None
        except (CommClosedError, CancelledError, TimeoutError) as error:
            raise ClusterError(f"the cluster went away: {error.__class__.__name__} (look at its logs, and run again)") from None
        finally:
            client.cancel([*waiting, seed])


class _Seed:
    """What every part is read with. Its repr tells nothing: Dask's logs hold those of arguments."""

    def __init__(self, version: str, kit: Kit) -> None:
        self.version, self.kit = version, kit


class _Task:
    """A part, and the paths that are looked for in it."""

    def __init__(self, part: Part, led: list[str]) -> None:
        self.part, self.led = part, led


def _tasks(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts, and before those of a file that has several one for its SHA-256: it is made in one piece, and takes longest."""
    for part in parts:
        if part.number == 0 and part.count > 1 and not part.again:
            yield replace(part, whole=True)
        yield part


def _read(seed: _Seed, task: _Task) -> tuple[Read, set[str], Register]:
    """(what a part gave, paths it shows to be dialled, secrets in it); it runs on a worker."""
    if seed.version != VERSION:
        raise ClusterError(f"a worker has wslogs {VERSION} ({_SAME.format(seed.version)})")
    part, kit = task.part, replace(seed.kit, vault=seed.kit.vault.twin(), paths=set(task.led), readers={})
    try:
        _same(part.item)
        if part.whole:
            return Read(sha256=digest(part.item)), set(), Register()
        read = read_part(part, kit, hashlib.sha256() if part.count == 1 else None)
    except WslogsError:
        raise
    except OSError as error:
        why = f"a worker cannot read it: {error.strerror or error.__class__.__name__}"
        raise BundleError(part.item.path, why, "put it where all workers see it by the same path, or into an object store") from None
    except Exception as error:
        # An exception's text quotes its input, and Dask writes it into logs.
        places = [f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)[-4:]]
        where = f"{error.__class__.__name__} at {' < '.join(reversed(places))}"
        raise DefectError(
            f"a defect on a worker; please report this line alone, it holds nothing of the bundle: {VERSION}, {where}"
        ) from None
    return read, kit.paths, kit.vault.seen


def _same(item: Item) -> None:
    """BundleError where a worker finds another file by the same name."""
    with item.opener() as raw:
        if raw.seekable() and raw.seek(0, 2) != item.size:
            raise BundleError(
                item.path, "is not the same for all workers", "it changed while it was read, or is another one there: take a copy"
            )
