"""Parts of large access logs, read by this process and by others beside it: each core has one, and Python runs in all of them."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from multiprocessing import get_context
from multiprocessing.connection import Connection

from wslogs import workers
from wslogs.parsers import parts
from wslogs.parsers.kit import Kit
from wslogs.parsers.parts import Part, Read, here
from wslogs.workers import Gave, Seed, Task

_LONG_S = 1.5
"""Seconds of reading from which on other processes are worth their start, and the 80 MiB that each takes."""
_MOST = 4
"""Processes in all. The SHA-256 of a log is made by one of them, in a quarter of the time that all the rest takes."""
_NO_OTHERS = (BrokenProcessPool, OSError, ImportError, NotImplementedError)
"""One was ended, as where memory is short; or a container gives no processes, or no semaphores for them (concurrent/futures/process.py)."""


def read(kit: Kit, given: Iterable[Part], others: int | None = None) -> Generator[tuple[Part, Read]]:
    """An engine for analyze(). `others`: how many processes there are beside this one; None: so many as there are cores for.

    They start where the first parts tell that the rest will take long. What lies in an archive is read here, and so is what is left
    where a process has died or none can be started. The program must be one that can be imported without running, as
    multiprocessing's `spawn` demands.
    """
    given = sorted(given, key=lambda part: part.item.packed)
    others = min(_MOST, _cores()) - 1 if others is None else others
    plain = [part for part in given if not part.item.packed]
    alone, size, took = here(kit, given), 0, 0.0
    done = list[Part]()
    while len(done) < len(plain) and size < parts.FIRST:
        began = time.monotonic()
        part, made = next(alone)
        took += time.monotonic() - began
        size += _size(part)
        done.append(part)
        yield part, made
    if not others or took * sum(map(_size, plain[len(done) :])) <= _LONG_S * size:
        yield from alone
        return
    left = deque(one for one in workers.tasks(plain) if all(one is not part for part in done))
    seed = Seed(kit)
    packed = pickle.dumps(seed)
    running: dict[Future[Gave], Part] = {}
    with ExitStack() as opened:
        try:
            pool = opened.enter_context(_pool(others))
            while left or running:
                while left and len(running) < 2 * others:  # paths that were learned meanwhile go along with later ones
                    future = pool.submit(_read_there, packed, Task(left[0], kit.led()))
                    running[future] = left.popleft()
                if left and not any(future.done() for future in running):
                    part = left.popleft()
                    yield part, workers.learn(kit, _read(seed, Task(part, kit.led())))
                for future in wait(running, 0 if left else None, FIRST_COMPLETED).done:
                    made = workers.learn(kit, future.result())
                    yield running.pop(future), made
        except _NO_OTHERS:
            left.extendleft(running.values())
    for part in left:
        yield part, workers.learn(kit, _read(seed, Task(part, kit.led())))
    yield from here(kit, given[len(plain) :])


def _cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _size(part: Part) -> int:
    return (part.item.size if part.last is None else part.last) - part.first


@contextmanager
def _pool(count: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with what is done inside, at once where that is interrupted, and with this process in any case."""
    context = get_context("spawn")
    alive, own = context.Pipe(duplex=False)
    with workers.safe_path(), alive, own:
        pool = ProcessPoolExecutor(count, context, _begin, (alive,))
        try:
            with _undisturbed():
                for _ in range(count):
                    pool.submit(_ready)
            yield pool
        except BaseException:
            own.close()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Processes that are started inside hear of no interrupt before they know what to do with it. Where there are no masks, they may."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ready() -> None:
    """To be asked for nothing starts a process."""


def _begin(alive: Connection) -> None:
    """In a process: an interrupt is told to the command, which ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(alive,), daemon=True).start()


def _end_with(alive: Connection) -> None:
    """Waits until the other end is closed, or its process is gone."""
    alive.poll(None)
    os._exit(1)


def _read(seed: Seed, task: Task) -> Gave:
    try:
        return workers.read(seed, task)
    except OSError:  # it went while it was read
        return workers.gone()


def _read_there(packed: bytes, task: Task) -> Gave:
    return _read(_unpacked(packed), task)


@lru_cache(1)
def _unpacked(packed: bytes) -> Seed:
    """It is the same for all parts of a run."""
    seed: Seed = pickle.loads(packed)
    return seed
