"""Dask clusters of this machine, started with Dask's own tools as docs/scale.md tells."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WAIT_S = 60


@dataclass(frozen=True, slots=True)
class Started:
    """A scheduler and its workers."""

    address: str
    client: Any

    def cpu_s(self) -> float:
        """Seconds of processors that all workers have taken up to now."""
        return float(sum(self.client.run(time.process_time).values()))

    def peak(self) -> int:
        """Bytes of memory that the largest worker had at its peak."""
        import resource  # not on Windows, where nothing here is measured

        told = self.client.run(resource.getrusage, resource.RUSAGE_SELF)
        return max(int(one.ru_maxrss) for one in told.values()) * (1 if sys.platform == "darwin" else 1024)


@contextmanager
def started(workers: int, folder: Path) -> Iterator[Started]:
    """A scheduler with so many workers of one thread each, which end with it. `folder` is theirs."""
    from distributed import Client

    told = folder / "scheduler.json"
    dask, here = [sys.executable, "-m", "dask"], ["--no-dashboard", "--scheduler-file", str(told)]
    commands = [[*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", *here]]
    commands += [[*dask, "worker", "--nthreads", "1", "--local-directory", str(folder), *here]] * workers
    with ExitStack() as running:
        for command in commands:
            process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            running.callback(running.enter_context(process).terminate)
        client = running.enter_context(Client(scheduler_file=str(told), timeout=_WAIT_S, set_as_default=False))
        client.wait_for_workers(workers, timeout=_WAIT_S)
        yield Started(json.loads(told.read_text("utf-8"))["address"], client)
