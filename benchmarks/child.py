"""Runs one command and writes what it took:  python -I -S child.py RESULT COMMAND...

A process of its own between the benchmarks and the command, and a small one: Linux counts the memory of the process that
forked into the peak of the one that was started.
"""

import json
import os
import sys
import time

if __name__ == "__main__":
    result, command = sys.argv[1], sys.argv[2:]
    began = time.perf_counter()
    try:
        started = os.posix_spawnp(command[0], command, os.environ)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")
    _, status, usage = os.wait4(started, 0)
    wall = time.perf_counter() - began
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    took = {"status": os.waitstatus_to_exitcode(status), "wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak": peak}
    with open(result, "w", encoding="utf-8") as file:  # noqa: PTH123 -- pathlib would double the memory of this process
        json.dump(took, file)
