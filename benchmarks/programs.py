"""The commands that are compared: wslogs, and what else one would reach for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import regex

from benchmarks.run import Side

ROOT = Path(__file__).resolve().parent.parent
HOW = "apt-get install ripgrep lnav goaccess"
_SLOW_GB = 0.2
"""Above it goaccess is run once."""
_BY_STATUS = ";SELECT sc_status, count(*) FROM access_log GROUP BY sc_status"
_VERSION = regex.compile(r"\d+\.\d+(?:\.\d+)?")
OTHERS = {"rg": ("rg", "--version"), "lnav": ("lnav", "-V"), "goaccess": ("goaccess", "--version")}
"""Program -> how it tells its version."""
WHAT = {
    "wslogs": "finds and joins each try, names the causes, writes three reports",
    "rg": "counts the lines with the path of the WebSocket",
    "lnav": "reads all rows, and counts them by status in SQL",
    "goaccess": "reads all rows, and writes its HTML report",
    "naive Python": "matches each line, puts all rows into a DataFrame, counts and groups",
}


def wslogs(paths: Sequence[Path], name: str = "wslogs", options: Sequence[str] = ()) -> Side:
    """`wslogs analyze` of this checkout."""
    words = (sys.executable, "-m", "wslogs", "analyze", *map(str, paths), "--output", "report", *options)
    return Side(name, words, tuple(files(paths)), environment())


def others(log: Path) -> Iterator[Side]:
    """The other programs on one access log, those that are there."""
    commands = {
        "rg": ("rg", "-c", "/api/v1/ws", str(log)),
        "lnav": ("lnav", "-n", "-c", _BY_STATUS, str(log)),
        "goaccess": ("goaccess", str(log), "--log-format=COMBINED", "--no-global-config", "--no-progress", "-o", "report.html"),
    }
    for name, command in commands.items():
        if shutil.which(command[0]):
            yield Side(name, command, (log,), once=name == "goaccess" and log.stat().st_size > _SLOW_GB * 1e9)
    yield Side("naive Python", (sys.executable, "-m", "benchmarks.naive", str(log)), (log,), environment())


def missing() -> list[str]:
    return [name for name, (program, _) in OTHERS.items() if not shutil.which(program)]


def versions() -> str:
    """`rg 13.0.0, lnav 0.11.1`: of those that are there."""
    said = []
    for name, command in OTHERS.items():
        if shutil.which(command[0]):
            text = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout
            found = _VERSION.search(text)
            said.append(f"{name} {found[0] if found else '?'}")
    return ", ".join(said)


def files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]


def environment() -> dict[str, str]:
    """What makes Python find this checkout, and compile its modules once, as those that are installed are."""
    return {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
