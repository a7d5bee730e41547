"""One client that goes every way through chat.py, and a server that runs for that long: bounded in count and time."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import jwt
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.sync.client import ClientConnection, connect

from tests.lab.process import Child

HERE = Path(__file__).parent
APP_FOLDER = "wslogs-app-"
"""The app runs from a folder of its own: what stands around it here is none of it."""
TOKEN = jwt.encode({"sub": "17", "iat": 1795420585, "exp": 1795424185}, "a throwaway key of 32 characters", algorithm="HS256")
FORWARDED = {"X-Forwarded-For": "203.0.113.24", "X-Forwarded-Proto": "https"}
WAIT_S = 10.0
_TICK_S = 0.15


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def run(
    argv: Sequence[str],
    log: Path,
    port: int,
    steps: Callable[[int], None],
    *,
    environment: Mapping[str, str] | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> None:
    """Starts a server that writes into `log`, waits until it listens, goes through `steps`, and stops it."""
    with tempfile.TemporaryDirectory(prefix=APP_FOLDER) as folder:
        copy_app(folder)
        child = Child(argv, log, Path(folder), {"PYTHONUNBUFFERED": "1", "PYTHONPATH": folder, **(environment or {})})
        try:
            until_it_listens(port, lambda: child.alive)
            steps(port)
        finally:
            child.stop(stop)


def copy_app(folder: str) -> None:
    for name in ("chat.py", "loggers.py", "alone.py", "dated.json"):
        shutil.copy(HERE / name, folder)


def until_it_listens(port: int, alive: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until and alive():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("the server does not listen")


def life(port: int) -> None:
    """Every way once, one after the other."""
    accepted(port)
    dial(port, "/api/v1/ws?user=18&token=expired")
    dial(port, f"/api/v1/ws/member?token={TOKEN}")
    dial(port, "/api/v2/ws")
    closed_by_app(port, "expire")
    closed_by_app(port, "forbid")
    fails(port)
    plain(port)


def accepted(port: int) -> None:
    with opened(port, f"/api/v1/ws?user=17&token={TOKEN}") as one:
        one.send("hello")
        one.recv(WAIT_S)
        one.close(1000)
    time.sleep(_TICK_S)


def closed_by_app(port: int, how: str) -> None:
    talk(port, f"/api/v1/ws?user=19&token={TOKEN}", how)


def fails(port: int) -> None:
    talk(port, f"/api/v1/ws?user=20&token={TOKEN}", "price coffee")


def leaves(port: int) -> None:
    """The client goes with 1001 from a handler that does not catch it."""
    with opened(port, "/api/v1/ws/careless") as one:
        one.send("hello")
        one.recv(WAIT_S)
        one.close(1001)
    time.sleep(_TICK_S)


def opened(port: int, target: str) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{port}{target}", additional_headers=FORWARDED, open_timeout=WAIT_S, close_timeout=WAIT_S, proxy=None)


def talk(port: int, target: str, text: str) -> None:
    """Sends one message and waits for the server to end it."""
    with contextlib.suppress(ConnectionClosed, InvalidHandshake, OSError), opened(port, target) as one:
        one.send(text)
        one.recv(WAIT_S)
    time.sleep(_TICK_S)


def dial(port: int, target: str) -> None:
    """A try that the server refuses."""
    with contextlib.suppress(InvalidHandshake, InvalidMessage, ConnectionClosed, OSError, EOFError), opened(port, target) as one:
        one.recv(1)
    time.sleep(_TICK_S)


def plain(port: int) -> None:
    """GET on the WebSocket's path without an upgrade, and on one for HTTP."""
    for target in (f"/api/v1/ws?token={TOKEN}", "/health"):
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
        with contextlib.suppress(OSError, http.client.HTTPException):
            asked.request("GET", target, headers=FORWARDED)
            asked.getresponse().read()
        asked.close()
    time.sleep(_TICK_S)


def python(name: str) -> Path:
    """The Python of a virtual environment, named by an environment variable such as WSLOGS_NEW."""
    return Path(os.environ[name]) / "bin" / "python"
