"""Records supervisord:  WSLOGS_NEW=... python -m tests.lab.inputs.app_supervisord

WSLOGS_NEW names a virtual environment with uvicorn[standard] fastapi supervisor.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.lab.inputs import drive
from tests.lab.inputs.keep import PATHS, keep, versions

SUPERVISED = """[supervisord]
nodaemon=true
logfile={folder}/supervisord.log
pidfile={folder}/pid
[program:api]
command={python} -m uvicorn chat:app --host 127.0.0.1 --port {port} --no-use-colors
directory={folder}
environment=CHAT_LOG="basic-asctime"
redirect_stderr=true
stdout_logfile={folder}/api.log
startsecs=1
"""


def record() -> None:
    """supervisord's own log and the program's: one life, a SIGKILL from outside, a restart, an orderly stop."""
    python, port = drive.python("WSLOGS_NEW"), drive.free_port()
    with tempfile.TemporaryDirectory(prefix=drive.APP_FOLDER) as folder:
        drive.copy_app(folder)
        conf = Path(folder) / "supervisord.conf"
        conf.write_text(SUPERVISED.format(folder=folder, python=python, port=port))
        with (Path(folder) / "out").open("wb") as out:
            argv = [str(python.with_name("supervisord")), "-c", str(conf)]
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder)
        try:
            drive.until_it_listens(port, lambda: child.poll() is None)
            time.sleep(1.5)
            drive.accepted(port)
            drive.dial(port, "/api/v1/ws?user=18&token=expired")
            own = (Path(folder) / "supervisord.log").read_text()
            os.kill(int(own.rpartition("with pid ")[2].split()[0]), signal.SIGKILL)
            time.sleep(3.5)
            drive.until_it_listens(port, lambda: child.poll() is None)
            drive.accepted(port)
        finally:
            child.terminate()
            child.wait(20)
        files = {name: (Path(folder) / name).read_bytes().replace(f":{port}".encode(), b":8000") for name in ("supervisord.log", "api.log")}
    keep("app/supervisord", files, input="supervisord and its program's stdout file", writer=versions(python, "supervisor", "uvicorn"),
         story=f"Accepted and closed, refused, the app killed with SIGKILL and started again, accepted once more; {PATHS}.")  # fmt: skip


if __name__ == "__main__":
    record()
