"""One hostile input through the command, in a process of its own, and what must hold of the run."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any

from markdown_it import MarkdownIt

from tests.hostile.inputs import SEED, VERDICT, Input

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 30.0
LIMIT_MIB = 700
_KILLED_S = 240.0
_FREE = 300 << 20
"""Input bytes that the limits are for; each 10 MiB more give a second, each MiB more a MiB."""
_ODD = {
    *range(0x20),
    *range(0x7F, 0xA0),
    0x061C,
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    0x2028,
    0x2029,
    0xFEFF,
} - {0x0A}
_TAGS = frozenset(["script", "iframe", "object", "embed", "link", "img", "base", "form", "input", "button", "video", "audio", "source"])


@dataclass(slots=True)
class Run:
    """What one run took, and what was wrong with it."""

    name: str
    size: int
    status: int
    wall_s: float
    cpu_s: float
    peak_mib: float
    wrong: list[str] = field(default_factory=list)
    caveats: list[str] = field(default_factory=list)


def run(one: Input, folder: Path) -> Run:
    """Makes the input in an empty folder and analyses it there."""
    paths = one.make(folder, Random(f"{SEED} {one.name}"))
    before, size = dict(_seen(folder)), sum(_size(path) for path in paths)
    with tempfile.TemporaryDirectory() as temporary:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": temporary, "PYTHONWARNINGS": "error", "COLUMNS": "500"}
        options = [str(folder / word) if not word.startswith("-") else word for word in one.options]
        began = time.monotonic()
        status, said, usage = _command(["analyze", *map(str, paths), "--output", str(folder / "out"), *options], folder, environment)
        wall = time.monotonic() - began
        left = sorted(os.listdir(temporary))
    made = Run(one.name, size, status, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    after = dict(_seen(folder))
    made.wrong += [f"left in the temporary folder: {left}"] if left else []
    made.wrong += [
        f"not as before: {path}"
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path) and path.split(os.sep)[0] != "out"
    ]
    made.wrong += _judged(one, made, said, folder / "out")
    return made


def _command(words: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str, resource.struct_rusage]:
    """Exit status, what it said, and what it used; it is ended after a time and cannot take all the memory."""
    with tempfile.TemporaryFile() as heard:
        process = subprocess.Popen(
            [sys.executable, "-m", "wslogs", *words], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=heard, stderr=heard,
            preexec_fn=_bounded,
        )  # fmt: skip
        end = time.monotonic() + _KILLED_S
        while (done := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            if time.monotonic() > end:
                process.kill()
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(done[1])
        heard.seek(0)
        return process.returncode, heard.read().decode("utf-8", "replace"), done[2]


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (60, 70))


def _judged(one: Input, made: Run, said: str, out: Path) -> Iterator[str]:
    more = max(0, made.size - _FREE)
    if made.cpu_s > LIMIT_S + more / (10 << 20):
        yield f"took {made.cpu_s:.1f} s"
    if made.peak_mib > LIMIT_MIB + more / (1 << 20):
        yield f"took {made.peak_mib:.0f} MiB"
    if made.status != (2 if one.refused else 0):
        yield f"exit status {made.status}: {said[-300:]!r}"
    if "Traceback" in said or "Warning" in said:
        yield f"a traceback or a warning: {said[-600:]!r}"
    yield from (f"the terminal gets {name}" for name in odd(said))
    if one.refused:
        yield from [] if one.says in said else [f"does not name {one.says!r}: {said!r}"]
        return
    if made.status == 0:
        report = json.loads((out / "report.json").read_text("utf-8"), parse_constant=lambda word: made.wrong.append(f"JSON holds {word}"))
        made.caveats = report["caveats"]
        yield from _reported(one, report)
        yield from outputs(out)


def _reported(one: Input, report: dict[str, Any]) -> Iterator[str]:
    if one.says and not any(one.says in text for text in report["caveats"]):
        yield f"no caveat says {one.says!r}: {report['caveats'][:8]}"
    if one.keeps and not any(row["detail"] == VERDICT for row in report["incidents"]):
        yield f"the good logs lost their verdict: {report['verdict']['detail']}"
    if len(report["caveats"]) > 150:
        yield f"{len(report['caveats'])} caveats"


def outputs(out: Path) -> Iterator[str]:
    """What is not inert in the files of a report."""
    for path in sorted(out.iterdir()):
        yield from (f"{path.name} holds {name}" for name in odd(path.read_text("utf-8")))
    page = Inert((out / "report.html").read_text("utf-8"))
    yield from (f"report.html: {problem}" for problem in page.wrong)
    paper = Inert(
        MarkdownIt("commonmark", {"html": True, "linkify": False})
        .enable(["table", "strikethrough"])
        .render((out / "report.md").read_text("utf-8")),
        own=False,
    )
    yield from (f"report.md: {problem}" for problem in paper.wrong)


def odd(text: str) -> list[str]:
    """Control and bidirectional characters of a text, and halves of a pair."""
    return sorted({f"U+{ord(char):04X}" for char in text if ord(char) in _ODD or 0xD800 <= ord(char) < 0xE000})


class Inert(HTMLParser):
    """What a browser would act on."""

    def __init__(self, source: str, *, own: bool = True) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self._own = own
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _TAGS or (not self._own and tag in ("a", "style", "svg")):
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or (name in ("href", "src", "action", "xlink:href") and not (value or "").startswith("#")):
                self.wrong.append(f"{name}={value!r} of <{tag}>")
            if "alert" in (value or "") or "evil" in (value or ""):
                self.wrong.append(f"{name}={value!r} of <{tag}>")


def _size(path: Path) -> int:
    return sum(facts.st_size for _, facts in _below(path)) if path.is_dir() else path.stat().st_size


def _seen(folder: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Everything in a folder, with what tells a change."""
    for name, facts in _below(folder):
        yield name, (facts.st_mode, facts.st_size, 0 if name == "out" else facts.st_mtime_ns, facts.st_ino)


def _below(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """(path from the folder, facts) of all in it, as deep as a path can name."""
    left = [str(folder)]
    while left:
        try:
            rows = list(os.scandir(left.pop()))
        except OSError:
            continue
        for row in rows:
            if len(row.path) > 3000:
                continue
            yield os.path.relpath(row.path, folder), row.stat(follow_symlinks=False)
            if row.is_dir(follow_symlinks=False):
                left.append(row.path)
