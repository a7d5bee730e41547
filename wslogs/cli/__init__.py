"""Commands: options become a call, its result an exit status."""

from __future__ import annotations

import gc
import io
import os
import sys

from wslogs.cli import analysis, handing, knowledge, live
from wslogs.cli.frame import app as app

_COLLECTED = (100_000, 50, 1000)
"""When Python looks for circles of objects that nobody holds. Rows and events make none; to look as usual takes a third of the time."""
COMMANDS = (analysis, handing, knowledge, live)
"""Modules whose commands the app has; they stand in its help in this order."""


def main() -> None:
    """The `wslogs` command."""
    gc.set_threshold(*_COLLECTED)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads for algebra, which nobody here does
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that lacks a character gets a question mark, not a defect
    app()
