"""Records how apps log under uvicorn:  WSLOGS_NEW=... python -m tests.lab.inputs.app_loggers [STYLE...]

WSLOGS_NEW names a virtual environment with uvicorn[standard] fastapi loguru structlog python-json-logger rich.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.lab.inputs import drive
from tests.lab.inputs.keep import PATHS, keep, versions

STYLES = {
    "basic": ("logging.basicConfig(), no time", ()),
    "basic-asctime": ("logging.basicConfig with asctime", ()),
    "basic-day-first": ("logging, datefmt %d.%m.%Y", ()),
    "basic-of-day": ("logging, datefmt %H:%M:%S", ()),
    "basic-american": ("logging, datefmt %m/%d/%Y %I:%M:%S %p", ()),
    "basic-epoch": ("logging with %(created)f, epoch seconds", ()),
    "dict-json": ("logging.dictConfig, JSON by hand", ()),
    "python-json-logger": ("python-json-logger", ("python-json-logger",)),
    "loguru": ("loguru, text", ("loguru",)),
    "loguru-json": ("loguru, serialize=True", ("loguru",)),
    "structlog-json": ("structlog, JSON", ("structlog",)),
    "structlog-console": ("structlog, development renderer", ("structlog",)),
    "rich": ("RichHandler", ("rich",)),
}
DID = "one client on loopback: accepted and closed, refused, closed with 4401 and 1008, an exception after accept"


def life(port: int) -> None:
    drive.accepted(port)
    drive.dial(port, "/api/v1/ws?user=18&token=expired")
    drive.closed_by_app(port, "expire")
    drive.closed_by_app(port, "forbid")
    drive.fails(port)


def record(style: str) -> None:
    port, python = drive.free_port(), drive.python("WSLOGS_NEW")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "app.log"
        argv = [str(python), "-m", "uvicorn", "chat:app", "--host", "127.0.0.1", "--port", str(port), "--no-use-colors"]
        drive.run(argv, log, port, life, environment={"CHAT_LOG": style})
        raw = log.read_bytes().replace(f":{port}".encode(), b":8000")
    name, packages = STYLES[style]
    writer = versions(python, *packages, "uvicorn") if packages else f"Python {sys.version.split()[0]}, {versions(python, 'uvicorn')}"
    keep(f"app/log-{style}", {"app.log": raw}, input=name, writer=writer, story=f"{DID}; stdout and stderr in one file; {PATHS}.")


if __name__ == "__main__":
    for style in sys.argv[1:] or STYLES:
        record(style)
