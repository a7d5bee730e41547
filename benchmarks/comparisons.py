"""What is compared with what; each gives a table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks import programs
from benchmarks.clusters import started
from benchmarks.data import Made, Spec, made
from benchmarks.run import Side, Took, compare, least, sums_children
from benchmarks.tables import Table, machine, memory, micros, rate, seconds, size, times

INPUTS = ("error", "app", "compose", "gz", "har", "many")
_HAR_GB = 0.2
"""A HAR is no longer than that."""
_GROWTH = (0.1, 1.0, 3.0)
_SCALE, _WORKERS = (1.0, 4.0), (1, 2)
_TRIES = 1_000_000
"""For a size of 1 GB; also a tenth and a hundredth of it."""
_SIGNALS = (100, 1000)
_SAMPLE = programs.ROOT / "samples" / "proxy" / "upgrade-headers-missing" / "bundle"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Setting:
    """What the options say."""

    size_gb: float
    repeat: int
    folder: Path
    inputs: tuple[str, ...] = INPUTS

    def made(self, kind: str, size_gb: float | None = None) -> Made:
        return made(Spec(kind, size_gb=self.size_gb if size_gb is None else size_gb), self.folder)

    def note(self, about: str, *more: str) -> str:
        """The line below a table."""
        peak = "the peak is of all processes together" if sums_children() else "the peak is that of the largest process"
        return " ".join(
            [f"{about}; {'medians of ' + str(self.repeat) + ' runs' if self.repeat > 1 else 'one run'}; {peak}.", *more, f"{machine()}."]
        )


def against_programs(setting: Setting) -> Table:
    """wslogs and others on one access log, each doing what it is for."""
    one = setting.made("access")
    log = one.files[0]
    took = compare([programs.wslogs([log]), *programs.others(log)], setting.repeat)
    own = took["wslogs"]
    rows = [
        (
            f"{name} {programs.WHAT[name]}",
            seconds(t.wall_s),
            seconds(t.cpu_s),
            rate(one.size, t.wall_s),
            memory(t.peak),
            times(t.wall_s, own.wall_s),
        )
        for name, t in took.items()
    ]
    more = [programs.versions() + "."] if programs.versions() else []
    more += [f"Run once: {name}." for name, t in took.items() if t.runs < setting.repeat]
    more += [f"Left out, for they are not installed: {', '.join(gone)} (`{programs.HOW}`)."] if (gone := programs.missing()) else []
    about = f"Access log of {size(one.size)}, {one.rows:,} rows, {one.websockets:,} of them tries of {one.tokens:,} tokens"
    return Table("programs", ("program", "time", "processor", "speed", "peak", "time / wslogs"), rows, setting.note(about, *more))


def growth(setting: Setting) -> Table:
    """The same kind of log, longer and longer: is the time of a byte the same, and does memory stay."""
    rows: list[tuple[str, ...]] = []
    before: tuple[int, Took] | None = None
    first = 0
    for part in _GROWTH:
        one = setting.made("access", part * setting.size_gb)
        took = _alone(one, setting)
        first = first or took.peak
        further = "-" if before is None else seconds((took.wall_s - before[1].wall_s) / (one.size - before[0]) * 1e9)
        each = seconds(took.wall_s / one.size * 1e9)
        words = (size(one.size), f"{one.rows:,}", f"{one.websockets:,}", seconds(took.wall_s), each, further)
        rows.append((*words, memory(took.peak), times(took.peak, first)))
        before = one.size, took
    columns = ("access log", "rows", "tries", "time", "for each GB", "for each further GB", "peak", "peak / first")
    return Table("growth", columns, rows, setting.note("Access logs of one seed; a further GB is one beyond the row above"))


def inputs(setting: Setting) -> Table:
    """Other inputs beside an access log of about the same size."""
    one = setting.made("access")
    base = _alone(one, setting)
    rows = [("access log", *_input(one, base), "1.00")]
    for kind in setting.inputs:
        other = setting.made(kind, min(setting.size_gb, _HAR_GB) if kind == "har" else None)
        took = _alone(other, setting)
        rows.append((_INPUT[kind], *_input(other, took), times(took.wall_s / other.size, base.wall_s / one.size)))
    columns = ("input", "size", "lines", "tries", "time", "speed", "peak", "time of a byte / access")
    return Table(
        "inputs",
        columns,
        rows,
        setting.note("Inputs of one kind at a time; of a HAR its entries are counted as lines, and what is packed is counted unpacked"),
    )


_INPUT = {
    "error": "nginx error log", "app": "app log of uvicorn", "compose": "docker compose log of both", "gz": "access log, .gz",
    "har": "HAR with bodies", "many": "200 access logs in a folder",
}  # fmt: skip


def _input(one: Made, took: Took) -> tuple[str, ...]:
    return size(one.size), f"{one.rows:,}", f"{one.websockets:,}", seconds(took.wall_s), rate(one.size, took.wall_s), memory(took.peak)


def attempts(setting: Setting) -> Table:
    """Ten times as many tries, twice: is the time of a try the same."""
    whole = max(1000, round(_TRIES * setting.size_gb))
    counts = (whole // 100, whole // 10, whole)
    rows: list[tuple[str, ...]] = []
    for name, specs in (
        ("access log, ten tries a token", [Spec("attempts", tries=n) for n in counts]),
        ("the same with an app log", [Spec("attempts", tries=n, app=True) for n in counts]),
        ("access log, one token", [Spec("storm", tries=n) for n in counts]),
    ):
        before: tuple[int, Took] | None = None
        for spec in specs:
            one = made(spec, setting.folder)
            took = _alone(one, setting)
            further = "-" if before is None else micros((took.wall_s - before[1].wall_s) / (spec.tries - before[0]))
            words = (name, f"{spec.tries:,}", f"{one.tokens:,}", size(one.size), seconds(took.wall_s))
            rows.append((*words, micros(took.wall_s / spec.tries), further, memory(took.peak)))
            before = spec.tries, took
    columns = ("logs", "tries", "tokens", "size", "time", "for each try", "for each further try", "peak")
    about = "Logs that hold nothing but WebSockets; a further try is one beyond the row above, whose time has the start of wslogs in it too"
    return Table("attempts", columns, rows, setting.note(about))


def patterns(setting: Setting) -> Table:
    """The same app log with signals of a user's own."""
    one = setting.made("app")
    sides = [programs.wslogs(one.files)]
    for count in _SIGNALS:
        folder = setting.folder / f"signals-{count}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "signals.toml").write_text("\n".join(signals(count)), "utf-8")
        sides.append(programs.wslogs(one.files, f"{count} more", ["--patterns", str(folder)]))
    took = compare(sides, setting.repeat)
    own = took["wslogs"]
    rows = [
        (name.replace("wslogs", "wslogs' own"), seconds(t.wall_s), seconds(t.cpu_s), memory(t.peak), times(t.wall_s, own.wall_s))
        for name, t in took.items()
    ]
    columns = ("signals", "time", "processor", "peak", "time / own alone")
    return Table("patterns", columns, rows, setting.note(f"App log of {size(one.size)}, in which none of the further signals fires"))


def signals(count: int, seed: int = 1) -> Iterator[str]:
    """Stanzas of signals with needles that have nothing in common."""
    random = Random(f"signals {seed}")
    for number in range(count):
        words = " ".join("".join(random.choices(_LETTERS, k=random.randrange(5, 10))) for _ in range(2))
        yield (
            f'[[signal]]\nid = "bench.s{number}"\nkinds = ["app"]\ntext = \'{words}: (?P<errno>\\d+)\'\nneedles = ["{words}: "]\n'
            f'says = {{ en = "Signal {number} of a benchmark.", ru = "Сигнал {number} замера." }}\n'
            f'examples = ["{words}: 7"]\ncounterexamples = ["{words[1:]}: 7"]\n'
        )


def start(setting: Setting) -> Table:
    """What the command takes before there is much to do."""
    sides = [
        Side("python -c pass", (sys.executable, "-c", "pass")),
        Side("wslogs --help", (sys.executable, "-m", "wslogs", "--help"), environment=programs.environment()),
        programs.wslogs([_SAMPLE], f"wslogs analyze {_SAMPLE.relative_to(programs.ROOT).as_posix()}"),
    ]
    took = compare(sides, setting.repeat)
    least = took["python -c pass"]
    rows = [(f"`{name}`", seconds(t.wall_s), seconds(t.cpu_s), memory(t.peak), times(t.wall_s, least.wall_s)) for name, t in took.items()]
    return Table(
        "start",
        ("command", "time", "processor", "peak", "time / Python alone"),
        rows,
        setting.note("Files from the page cache, modules compiled"),
    )


def scale(setting: Setting) -> Table:
    """No cluster beside clusters of one worker and of two, which run on this machine too."""
    rows: list[tuple[str, ...]] = []
    with ExitStack() as running:
        folders = [Path(running.enter_context(TemporaryDirectory(prefix="wslogs-bench-"))) for _ in _WORKERS]
        clusters = {
            f"{count} worker{'s' * (count > 1)}": running.enter_context(started(count, folder))
            for count, folder in zip(_WORKERS, folders, strict=True)
        }
        before: dict[str, tuple[int, Took]] = {}
        for part in _SCALE:
            one = setting.made("access", part * setting.size_gb)
            sides = [programs.wslogs([one.bundle], "no cluster")]
            sides += [programs.wslogs([one.bundle], name, ("--engine", "dask", "--scheduler", c.address)) for name, c in clusters.items()]
            for side in sides:
                name, cluster = side.name, clusters.get(side.name)
                began = cluster.cpu_s() if cluster else 0.0
                took = compare([side], setting.repeat, least)[name]  # not in turns: workers that wait take some time too
                theirs = (seconds((cluster.cpu_s() - began) / took.runs), memory(cluster.peak())) if cluster else ("-", "-")
                further = seconds((took.wall_s - before[name][1].wall_s) / (one.size - before[name][0]) * 1e9) if name in before else "-"
                words = (size(one.size), name, seconds(took.wall_s), further, seconds(took.cpu_s), theirs[0], memory(took.peak), theirs[1])
                rows.append(words)
                before[name] = one.size, took
    columns = (
        "access log", "read by", "time", "for each further GB", "processor", "processor of workers", "peak", "peak of a worker",
    )  # fmt: skip
    about = (
        f"Access logs of one seed, as the command saw it; a further GB is one beyond the smaller log; the least of {setting.repeat} runs"
    )
    return Table("scale", columns, rows, f"{about}. {machine()}.")


def _alone(one: Made, setting: Setting) -> Took:
    return compare([programs.wslogs([one.bundle])], setting.repeat)["wslogs"]


COMPARISONS: dict[str, Callable[[Setting], Table]] = {
    "programs": against_programs, "growth": growth, "inputs": inputs, "attempts": attempts, "patterns": patterns, "start": start,
    "scale": scale,
}  # fmt: skip


def wanted(names: Iterable[str]) -> tuple[list[str], tuple[str, ...]]:
    """(comparisons, inputs) that some names ask for; the name of an input alone asks for that row of the inputs. KeyError for another."""
    asked = list(names) or list(COMPARISONS)
    for name in asked:
        if name not in COMPARISONS and name not in INPUTS:
            raise KeyError(name)
    some = tuple(name for name in INPUTS if name in asked)
    found = [name for name in COMPARISONS if name in asked or (name == "inputs" and some)]
    return found, INPUTS if "inputs" in asked else some
