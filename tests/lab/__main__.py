"""python -m tests.lab list | record [NAME ...] [--into samples]"""

import argparse
import signal
import sys
import time
from pathlib import Path

from tests.lab import missing, record
from tests.lab.scenarios import SCENARIOS


def main() -> int:
    # An ended recording still stops its processes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ask = argparse.ArgumentParser(prog="python -m tests.lab", description="Records real failures into samples.")
    verbs = ask.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="names the scenarios")
    recording = verbs.add_parser("record", help="records all scenarios, or the named ones")
    recording.add_argument("names", nargs="*", metavar="NAME")
    recording.add_argument("--into", type=Path, default=Path("samples"))
    options = ask.parse_args()
    if options.verb == "list":
        for scenario in SCENARIOS:
            print(f"{scenario.name:40} {', '.join(scenario.causes)}")
        return 0
    return _record(options.names or [scenario.name for scenario in SCENARIOS], options.into)


def _record(names: list[str], into: Path) -> int:
    if absent := missing():
        print(f"not installed: {', '.join(absent)}", file=sys.stderr)
        return 2
    if unknown := sorted(set(names) - {scenario.name for scenario in SCENARIOS}):
        print(f"no such scenario: {', '.join(unknown)}", file=sys.stderr)
        return 2
    for name in names:
        began = time.monotonic()
        record(name, into)
        print(f"{name:40} {time.monotonic() - began:5.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
