"""The inputs that wslogs reads, each with how it is read:  python -m tests.inputs [--check]

tests/fixtures/<tier>/<name>/ holds `bundle/` (the files as their program wrote them), `origin.toml` (who wrote them, and how
they came about) and `expected.txt` (what wslogs reads in them; `pytest --accept` writes it again, to be read as a diff).
The command makes docs/inputs.md from them.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from wslogs.explain import Names, fields_of, said, told_of
from wslogs.model import Event
from wslogs.pipeline import Analysis, analyze

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "tests" / "fixtures"
TABLE = ROOT / "docs" / "inputs.md"
MADE = ("recorded", "documented")
"""Written by the real program, or by its documentation or source where the program does not run here."""
_HEAD = """# What wslogs reads

Made by `python -m tests.inputs` from [tests/fixtures](../tests/fixtures): each input was written by the program and version
named, or (marked so) by hand as its documentation or source says. *Recognised* counts the lines whose form wslogs knows
by their beginning (of a row of access up to the request, and the whole row where it may be about a WebSocket); *fields* are what
it took out of the lines that tell of a WebSocket.

| input | written by | how | lines | recognised | events | fields read |
| --- | --- | --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Fixture:
    """One input."""

    name: str
    folder: Path

    @property
    def origin(self) -> dict[str, Any]:
        """`input`, `writer`, `made` (one of MADE), `story`, and for a documented one `source`."""
        return tomllib.loads((self.folder / "origin.toml").read_text("utf-8"))

    @property
    def expected(self) -> Path:
        return self.folder / "expected.txt"

    def read(self) -> Analysis:
        return _analyzed(self.folder / "bundle")


@cache
def _analyzed(folder: Path) -> Analysis:
    return analyze(folder)


def fixtures() -> list[Fixture]:
    folders = sorted(path.parent for path in FIXTURES.glob("*/*/origin.toml"))
    return [Fixture(folder.relative_to(FIXTURES).as_posix(), folder) for folder in folders]


def told(fixture: Fixture) -> str:
    """Every source and every event as text."""
    evidence, names = fixture.read().evidence, Names(raw=True)
    rows = []
    for source in sorted(evidence.sources, key=lambda s: s.path):
        rows.append(told_of(source))
        rows += [_row(event, names) for event in evidence.events if event.source == source.path]
    rows += sorted(f"caveat {name}: {' '.join(f'{k}={v}' for k, v in sorted(values.items()))}" for name, values in evidence.caveats)
    return "\n".join(rows) + "\n"


def _row(event: Event, names: Names) -> str:
    return "  ".join([f"  {event.line} {event.tier} {said(event, names)}", *event.signals, f"| {event.excerpt}"])


def table() -> str:
    rows = []
    for one in fixtures():
        origin, evidence = one.origin, one.read().evidence
        lines, recognised = sum(s.lines for s in evidence.sources), sum(s.recognised for s in evidence.sources)
        read = sorted({name for event in evidence.events for name in fields_of(event)})
        share = f"{100 * recognised / lines:.0f} %" if lines else "-"
        cells = (origin["input"], origin["writer"], origin["made"], lines, share, len(evidence.events), ", ".join(read) or "-")
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return _HEAD + "\n".join(rows) + "\n"


def main() -> None:
    new = table()
    if "--check" in sys.argv:
        sys.exit("docs/inputs.md is old: python -m tests.inputs" if TABLE.read_text("utf-8") != new else 0)
    TABLE.write_text(new, "utf-8")


if __name__ == "__main__":
    main()
