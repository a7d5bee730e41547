"""How each server of the app is started: the module it runs and its command line."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from tests.lab.model import App

HERE = Path(__file__).parent
# Each runs alone, from its own folder, under the name main.
MODULES = {"gunicorn-wsgi": "wsgi.py", "websockets": "sockets.py", "raw": "raw.py"}


def log_config(style: str) -> dict[str, Any]:
    timed = {"format": "%(asctime)s %(levelname)-7s [%(name)s] %(message)s"}
    formatter: dict[str, Any] = {"()": "jsonlog.JsonLines"} if style == "json" else timed
    logger = {"handlers": ["file"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"main": formatter},
        "handlers": {"file": {"class": "logging.StreamHandler", "formatter": "main", "stream": "ext://sys.stderr"}},
        "loggers": dict.fromkeys(("uvicorn", "websockets", "app"), logger),
    }


def lay_out(app: App, folder: Path) -> None:
    shutil.copy(HERE / MODULES.get(app.server, "app.py"), folder / "main.py")
    shutil.copy(HERE / "jsonlog.py", folder / "jsonlog.py")
    if app.log != "plain":
        (folder / "logging.json").write_text(json.dumps(log_config(app.log)))


def command(app: App, port: int) -> tuple[str, ...]:
    """Its log goes to its output and errors, in the order written."""
    at = f"127.0.0.1:{port}"
    python = (sys.executable, "-m")
    config = () if app.log == "plain" else ("--log-config", "logging.json")
    gunicorn = (*python, "gunicorn", "main:app", "-b", at, "--access-logfile", "-", "--no-control-socket")
    commands = {
        "uvicorn": (*python, "uvicorn", "main:app", "--host", "127.0.0.1", "--port", str(port), *config),
        "hypercorn": (*python, "hypercorn", "main:app", "--bind", at, "--access-logfile", "-"),
        "gunicorn": (*gunicorn, "-k", "uvicorn.workers.UvicornWorker"),
        "gunicorn-wsgi": (*gunicorn, "-k", "gthread"),
        "websockets": (sys.executable, "main.py", str(port)),
        "raw": (sys.executable, "main.py", str(port)),
    }
    return (*commands[app.server], *app.arguments)
