"""python -m benchmarks [profile]: compares the speed of wslogs with that of others, and as its input grows."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks import profile
from benchmarks.comparisons import COMPARISONS, INPUTS, Setting, wanted
from benchmarks.programs import ROOT
from benchmarks.run import CommandError
from benchmarks.tables import write

PAGE = ROOT / "docs" / "performance.md"
PAGES = {"scale": ROOT / "docs" / "scale.md"}
"""Of those tables that stand elsewhere."""
DATA = ROOT / "build" / "bench"


def options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__, allow_abbrev=False)
    names = f"{', '.join(COMPARISONS)}; or of the inputs {', '.join(INPUTS)}"
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help=f"some of: {names}")
    parser.add_argument("--size", type=float, default=1.0, metavar="GB", help="of the logs; the others go with it (default 1)")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="runs of each command, the median counts (default 3)")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="where the made logs are kept (default build/bench)")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md and docs/scale.md")
    given = parser.parse_args(words)
    try:
        given.names, given.inputs = wanted(given.only)
    except KeyError as error:
        parser.error(f"--only: no comparison is called {error}; there are {names}")
    if given.size <= 0 or given.repeat < 1:
        parser.error("--size and --repeat must be above zero")
    if given.write and "inputs" in given.names and given.inputs != INPUTS:
        parser.error("--write takes the table of the inputs as a whole: --only inputs")
    return given


def main(words: list[str]) -> int:
    if words[:1] == ["profile"]:
        return profile.main(words[1:], PAGE)
    given = options(words)
    setting = Setting(given.size, given.repeat, given.data.resolve(), given.inputs)
    failed = 0
    for name in given.names:
        print(f"{name}: {COMPARISONS[name].__doc__}\n", flush=True)
        try:
            table = COMPARISONS[name](setting)
        except CommandError as error:
            print(f"{error}\n", file=sys.stderr, flush=True)
            failed += 1
            continue
        print(table.markdown(), flush=True)
        if given.write:
            write(PAGES.get(name, PAGE), table)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
