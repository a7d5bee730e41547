"""How each server of the app is started: the module it runs and its command line."""

import shutil
import sys
from pathlib import Path

from tests.lab.model import App

HERE = Path(__file__).parent
# Each runs alone, from its own folder, under the name main.
MODULES = {"gunicorn-wsgi": "wsgi.py", "websockets": "sockets.py", "raw": "raw.py"}


def lay_out(app: App, folder: Path) -> None:
    shutil.copy(HERE / MODULES.get(app.server, "app.py"), folder / "main.py")
    shutil.copy(HERE / "jsonlog.py", folder / "jsonlog.py")


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
