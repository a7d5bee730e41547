"""Parts of large access logs, read by the workers of a Dask cluster. What Dask loses with a worker it has done again by another."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable
from concurrent.futures import CancelledError
from contextlib import ExitStack
from importlib import metadata
from itertools import islice
from typing import Any

from wslogs import workers
from wslogs.bundle import Item
from wslogs.errors import BundleError, ClusterError
from wslogs.parsers.kit import Kit
from wslogs.parsers.parts import Part, Read, here
from wslogs.version import VERSION
from wslogs.workers import Gave, Seed, Task

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
                opened.enter_context(workers.safe_path())
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

    def __call__(self, kit: Kit, parts: Iterable[Part]) -> Generator[tuple[Part, Read]]:
        """Reads parts as workers have time; what lies in an archive is read here. BundleError where a file cannot be read by a worker."""
        from distributed import KilledWorker, as_completed
        from distributed.comm.core import CommClosedError

        given = list(parts)
        tasks = workers.tasks(part for part in given if not part.item.packed)
        client, waiting, running = self._client, dict[Any, Part](), as_completed(loop=self._client.loop)
        seed = client.submit(_given, Seed(kit), pure=False)  # what is scattered is lost with its worker

        def hand_out() -> None:
            width = _AHEAD * max(1, sum(client.nthreads().values()))
            for part in islice(tasks, max(0, width - len(waiting))):
                future = client.submit(_read, seed, Task(part, kit.led()), pure=False, retries=_RETRIES)
                waiting[future] = part
                running.add(future)

        try:
            hand_out()
            yield from here(kit, (part for part in given if part.item.packed))
            for future in running:
                read = workers.learn(kit, future.result())
                part = waiting.pop(future)
                hand_out()
                yield part, read
        except KilledWorker:
            raise ClusterError("workers died again and again over one part (give them more memory: dask worker --memory-limit)") from None
        except (CommClosedError, CancelledError, TimeoutError) as error:
            raise ClusterError(f"the cluster went away: {error.__class__.__name__} (look at its logs, and run again)") from None
        finally:
            client.cancel([*waiting, seed])


def _given(seed: Seed) -> Seed:
    return seed


def _read(seed: Seed, task: Task) -> Gave:
    """What runs on a worker."""
    if seed.version != VERSION:
        raise ClusterError(f"a worker has wslogs {VERSION} ({_SAME.format(seed.version)})")
    item = task.part.item
    try:
        _same(item)
        return workers.read(seed, task)
    except OSError as error:
        why = f"a worker cannot read it: {error.strerror or error.__class__.__name__}"
        raise BundleError(item.path, why, "put it where all workers see it by the same path, or into an object store") from None


def _same(item: Item) -> None:
    """BundleError where a worker finds another file by the same name."""
    with item.opener() as raw:
        if raw.seekable() and raw.seek(0, 2) != item.size:
            raise BundleError(
                item.path, "is not the same for all workers", "it changed while it was read, or is another one there: take a copy"
            )
