"""Records what ASGI servers write:  WSLOGS_NEW=... WSLOGS_OLD=... WSLOGS_BARE=... python -m tests.lab.inputs.app_servers [NAME...]

The variables name virtual environments (Linux only, as gunicorn is):
NEW   uvicorn[standard] wsproto fastapi gunicorn uvicorn-worker hypercorn granian daphne
OLD   uvicorn[standard]==0.30.6 fastapi==0.111.1 websockets==12.0 gunicorn==22.0.0
BARE  uvicorn fastapi, without a WebSocket library
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.lab.inputs import drive
from tests.lab.inputs.keep import PATHS, keep, versions

DID = "one client on loopback: accepted and closed, 403, 401, no route, closed with 4401 and 1008, an exception after accept, plain GET"
BARE_DID = "one client on loopback dials twice, then asks by plain GET"
UVICORN = ("-m", "uvicorn", "chat:app", "--host", "127.0.0.1", "--port", "{port}", "--no-use-colors")
GUNICORN = ("-m", "gunicorn", "chat:app", "--bind", "127.0.0.1:{port}", "--no-control-socket")
WHOLE = ("uvicorn", "websockets", "fastapi", "starlette")


@dataclass(frozen=True)
class Server:
    input: str
    environment: str
    packages: tuple[str, ...]
    argv: tuple[str, ...]
    steps: Callable[[int], None] = drive.life
    did: str = DID


def _bare(port: int) -> None:
    drive.dial(port, f"/api/v1/ws?token={drive.TOKEN}")
    drive.dial(port, f"/api/v1/ws?token={drive.TOKEN}")
    drive.plain(port)


def _worse(port: int) -> None:
    """Exceptions only: before accept, a client that leaves, a group, one that the app logs and raises on."""
    drive.dial(port, "/api/v1/ws/early")
    drive.leaves(port)
    drive.talk(port, "/api/v1/ws/group", "go")
    drive.talk(port, f"/api/v1/ws?user=21&token={drive.TOKEN}", "divide")


def _few(port: int) -> None:
    drive.accepted(port)
    drive.dial(port, "/api/v1/ws?user=18&token=expired")
    drive.closed_by_app(port, "expire")


def _alone(port: int) -> None:
    drive.accepted(port)
    drive.talk(port, "/api/v1/ws", "divide")
    drive.closed_by_app(port, "expire")
    drive.dial(port, "/elsewhere")
    drive.plain(port)


SERVERS = {
    "uvicorn": Server("uvicorn, websockets-sansio", "WSLOGS_NEW", WHOLE, UVICORN),
    "uvicorn-legacy": Server("uvicorn, websockets (legacy)", "WSLOGS_NEW", WHOLE, (*UVICORN, "--ws", "websockets")),
    "uvicorn-wsproto": Server("uvicorn, wsproto", "WSLOGS_NEW", ("uvicorn", "wsproto", "fastapi"), (*UVICORN, "--ws", "wsproto")),
    "uvicorn-no-library": Server("uvicorn without a WebSocket library", "WSLOGS_BARE", ("uvicorn", "fastapi"), UVICORN, _bare, BARE_DID),
    "uvicorn-old": Server("uvicorn 0.30, clients as tuples", "WSLOGS_OLD", WHOLE, UVICORN),
    "uvicorn-colours": Server("uvicorn with colours", "WSLOGS_NEW", WHOLE, (*UVICORN[:-1], "--use-colors")),
    "uvicorn-debug": Server(
        "uvicorn --log-level debug", "WSLOGS_NEW", WHOLE, (*UVICORN, "--log-level", "debug"), _few, "accepted, refused, closed with 4401"
    ),
    "uvicorn-dated": Server("uvicorn --log-config with asctime", "WSLOGS_NEW", WHOLE, (*UVICORN, "--log-config", "dated.json")),
    "tracebacks": Server(
        "Tracebacks of uvicorn", "WSLOGS_NEW", WHOLE, UVICORN, _worse,
        "raised before accept, left by the client, ExceptionGroup, logged and raised on",
    ),
    "gunicorn-uvicorn": Server(
        "gunicorn with uvicorn workers", "WSLOGS_NEW", ("gunicorn", "uvicorn-worker", "uvicorn"),
        (*GUNICORN, "--worker-class", "uvicorn_worker.UvicornWorker", "--access-logfile", "-"),
    ),
    "gunicorn-uvicorn-old": Server(
        "gunicorn with uvicorn.workers", "WSLOGS_OLD", ("gunicorn", "uvicorn"),
        (*GUNICORN[:-1], "--worker-class", "uvicorn.workers.UvicornWorker", "--access-logfile", "-"),
    ),
    "gunicorn-sync": Server(
        "gunicorn with a sync worker", "WSLOGS_NEW", ("gunicorn",), (*GUNICORN, "--access-logfile", "-"), _bare, BARE_DID
    ),
    "hypercorn": Server(
        "hypercorn with its access log", "WSLOGS_NEW", ("hypercorn",),
        ("-m", "hypercorn", "chat:app", "--bind", "127.0.0.1:{port}", "--access-logfile", "-"),
    ),
    "granian": Server(
        "granian with its access log", "WSLOGS_NEW", ("granian",),
        ("-m", "granian", "chat:app", "--interface", "asgi", "--host", "127.0.0.1", "--port", "{port}", "--access-log"),
    ),
    "daphne": Server(
        "daphne", "WSLOGS_NEW", ("daphne", "autobahn"),
        ("-m", "daphne", "chat:app", "--bind", "127.0.0.1", "--port", "{port}", "--access-log", "-", "--verbosity", "1"),
    ),
    "websockets": Server(
        "websockets alone", "WSLOGS_NEW", ("websockets",), ("alone.py", "{port}"), _alone,
        "a port check, accepted, handler raised, closed with 4401, refused, plain GET",
    ),
}  # fmt: skip


def record(name: str) -> None:
    one, port = SERVERS[name], drive.free_port()
    python = drive.python(one.environment)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "app.log"
        drive.run([str(python), *(part.format(port=port) for part in one.argv)], log, port, one.steps)
        story = f"{one.did}; stdout and stderr in one file; {PATHS}."
        raw = log.read_bytes().replace(f":{port}".encode(), b":8000").replace(f"port={port}:".encode(), b"port=8000:")
        keep(f"app/{name}", {"app.log": raw}, input=one.input, writer=versions(python, *one.packages), story=story)


if __name__ == "__main__":
    for name in sys.argv[1:] or SERVERS:
        record(name)
