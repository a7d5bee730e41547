"""Where the time of one analyze goes:  python -m benchmarks profile [KIND] [--size GB] [--tries N] [--write]

cProfile makes calls dearer than they are, so that shares tell more than seconds; it sees the first thread of this process alone.
"""

from __future__ import annotations

import argparse
import cProfile
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.data import KINDS, Spec, made
from benchmarks.programs import ROOT
from benchmarks.tables import Table, machine, seconds, size, write

Place = tuple[str, int, str]
"""File, line, function."""
Calls = Mapping[Place, tuple[int, int, float, float, Mapping[Place, tuple[int, int, float, float]]]]
"""Of each function: calls, primitive calls, own seconds, cumulative seconds, and the same by caller."""
_PACKAGE = str(ROOT / "wslogs")
_ROUNDS = 60
"""So many calls deep the time of libraries is handed up."""
_LEAST = 0.005
"""Shares below are left out."""
_DEEP = 3


def profiled(paths: list[Path]) -> Calls:
    """One run of what the command does, reports included, in this process."""
    from wslogs.pipeline import analyze
    from wslogs.report import render, terminal, write

    profile = cProfile.Profile()
    with tempfile.TemporaryDirectory() as folder:
        profile.enable()
        result = analyze(paths)
        files = render(result.report, ("html", "md", "json"), "en")
        said = terminal(result.report, "en")
        result.check(files | {"the terminal": said.encode("utf-8", "replace")})
        write(files, Path(folder) / "report")
        profile.disable()
    profile.create_stats()
    calls: Calls = profile.stats
    return calls


def modules(calls: Calls) -> dict[str, tuple[float, float]]:
    """Module of wslogs -> (its own seconds, seconds of what it called outside wslogs).

    What a library takes counts for the module that called it, by the shares of its callers, through libraries that call others.
    """
    own: dict[str, float] = defaultdict(float)
    called: dict[str, float] = defaultdict(float)
    waiting: dict[Place, float] = {}
    for place, (_, _, took, _, _) in calls.items():
        if (name := _module(place)) is not None:
            own[name] += took
        else:
            waiting[place] = took
    for _ in range(_ROUNDS):
        up: dict[Place, float] = defaultdict(float)
        for place, took in waiting.items():
            for caller, share in _shares(calls, place):
                if (name := _module(caller)) is not None:
                    called[name] += took * share
                else:
                    up[caller] += took * share
        waiting = up
    return {name: (own[name], called[name]) for name in own.keys() | called.keys()}


def _shares(calls: Calls, place: Place) -> Iterator[tuple[Place, float]]:
    """Who called a function, and for how much of its time; by calls, where it took none."""
    callers = calls[place][4]
    for which in (3, 0):
        whole = sum(row[which] for row in callers.values())
        if whole > 0:
            yield from ((caller, row[which] / whole) for caller, row in callers.items())
            return


def steps(calls: Calls) -> list[tuple[int, str, float]]:
    """(depth, step, cumulative seconds) of what the pipeline calls, dearest first."""
    roots = [place for place in calls if _module(place) == "pipeline" and place[2] == "analyze"]
    found: list[tuple[int, str, float]] = []
    for root in roots:
        found.append((0, "pipeline.analyze", calls[root][3]))
        found += _below(calls, root, 1)
    for name, module in (("render", "report.render"), ("check", "pipeline"), ("write", "report.write")):
        found += [(0, f"{module}.{name}", calls[place][3]) for place in calls if _module(place) == module and place[2] == name]
    return found


def _below(calls: Calls, parent: Place, depth: int) -> Iterator[tuple[int, str, float]]:
    children = [(row[4][parent][3], place) for place, row in calls.items() if parent in row[4] and place != parent and _module(place)]
    for took, place in sorted(children, reverse=True):
        yield depth, f"{_module(place)}.{place[2]}", took
        if depth < _DEEP and _module(place) in ("pipeline", "evidence"):
            yield from _below(calls, place, depth + 1)


def _module(place: Place) -> str | None:
    """`parsers.lines` of a file of wslogs; None of any other."""
    if not place[0].startswith(_PACKAGE):
        return None
    return Path(place[0]).relative_to(_PACKAGE).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")


def tables(calls: Calls, about: str) -> list[Table]:
    whole = sum(row[2] for row in calls.values())
    note = f"{about}, under cProfile; {machine()}."
    by_step = [
        ("&nbsp;" * 4 * depth + name, seconds(took), f"{took / whole:.1%}") for depth, name, took in steps(calls) if took >= _LEAST * whole
    ]
    ordered = sorted(modules(calls).items(), key=lambda item: -sum(item[1]))
    by_module = [
        (name, seconds(own), seconds(called), f"{(own + called) / whole:.1%}")
        for name, (own, called) in ordered
        if own + called >= _LEAST * whole
    ]
    return [
        Table("steps", ("step", "with all that it calls", "share"), by_step, note),
        Table("modules", ("module", "its own", "libraries it calls", "share"), by_module, note),
    ]


def main(words: list[str], page: Path) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks profile", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("kind", nargs="?", choices=KINDS, default="access", help="what is analysed (default access)")
    parser.add_argument("--size", type=float, default=0.05, metavar="GB", help="default 0.05")
    parser.add_argument("--tries", type=int, default=10_000, metavar="N", help="of attempts and storm (default 10000)")
    parser.add_argument("--app", action="store_true", help="with an app log beside attempts")
    parser.add_argument("--data", type=Path, default=ROOT / "build" / "bench", metavar="DIR", help="default build/bench")
    parser.add_argument("--write", action="store_true", help=f"put the tables into docs/{page.name}")
    given = parser.parse_args(words)
    by_tries = given.kind in ("attempts", "storm")
    spec = Spec(given.kind, tries=given.tries, app=given.app) if by_tries else Spec(given.kind, size_gb=given.size)
    one = made(spec, given.data.resolve())
    for table in tables(profiled([one.bundle]), f"{given.kind}, {size(one.size)}"):
        print(table.markdown().replace("&nbsp;", " "))
        if given.write:
            write(page, table)
    return 0
