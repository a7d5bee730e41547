"""Figures as tables, for the terminal and for docs/performance.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import regex

_MARK = regex.compile(r"(?s)(<!-- measured: (?P<name>\w+) -->\n).*?(<!-- end -->)")


@dataclass(frozen=True, slots=True)
class Table:
    """One table and the line below it that says what was measured."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str

    def markdown(self) -> str:
        """With the first column to the left and the others to the right."""
        head = [_row(self.columns), _row(("---", *["---:"] * (len(self.columns) - 1)))]
        return "\n".join([*head, *map(_row, self.rows), "", self.note]) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def filled(text: str, table: Table) -> str:
    """A page with the table between its marks; KeyError when it has none of that name."""
    if table.name not in [found["name"] for found in _MARK.finditer(text)]:
        raise KeyError(table.name)
    return _MARK.sub(lambda found: f"{found[1]}\n{table.markdown()}\n{found[3]}" if found["name"] == table.name else found[0], text)


def write(page: Path, table: Table) -> None:
    page.write_text(filled(page.read_text("utf-8"), table), "utf-8")


def seconds(value: float) -> str:
    return f"{value * 1000:.1f} ms" if value < 0.1 else f"{value:.2f} s" if value < 100 else f"{value:.0f} s"


def micros(value: float) -> str:
    """Seconds for one of very many, as microseconds."""
    return f"{value * 1e6:,.0f} µs"


def memory(value: float) -> str:
    return f"{value / (1 << 20):,.0f} MiB"


def size(value: float) -> str:
    """Bytes as a file's size."""
    return f"{value / 1e9:.2f} GB" if value >= 1e8 else f"{value / 1e6:.1f} MB" if value >= 1e6 else f"{value / 1e3:.0f} kB"


def rate(value: float, wall_s: float) -> str:
    """Bytes in so many seconds."""
    return f"{value / 1e6 / wall_s:,.1f} MB/s"


def times(one: float, other: float) -> str:
    """How many times the other."""
    ratio = one / other
    return f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.4f}"


def machine() -> str:
    """The machine in words, as far as it tells itself, without its name."""
    words = [f"{_cores()} cores", f"Python {platform.python_version()}", platform.system()]
    with suppress(ValueError, OSError, AttributeError):
        words.insert(1, f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / (1 << 30):.0f} GiB of memory")
    return ", ".join(words)


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
