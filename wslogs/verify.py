"""report.json and a bundle -> whether the proof still stands: each file's hash, and each quoted line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import regex

from wslogs.bundle import Bundle, Item, open_bundle

_BLOCK = 1 << 20
_WORD = regex.compile(r"(?:\$\w+|response\.status \d+)|(?P<word>[\p{L}\p{N}_./:-]{2,})")
"""Words of an excerpt; wslogs' own names of a row's fields are none of the line's."""
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    what: str
    """A file, or file:line."""
    state: str
    """same, changed or missing for a file; there, moved or gone for a line."""
    line: int | None = None
    """Where a line that moved is now."""

    @property
    def holds(self) -> bool:
        return self.state in ("same", "there", "moved")


def verify(report: Mapping[str, Any], paths: Sequence[Path]) -> list[Check]:
    """A check for each file of the report, then for each quoted line of a file that is not the same any more.

    Lines of a file with the same hash stand where they stood. In one that changed (rotated, cut, edited) a line is
    looked for by the words of its excerpt, first in its place and then anywhere.
    """
    checks: list[Check] = []
    with open_bundle(paths) as bundle:
        changed: dict[str, Item] = {}
        for source in report["bundle"]["sources"]:
            item = _item(bundle, source["path"])
            if item is None:
                checks.append(Check(source["path"], "missing"))
            elif source["sha256"] == _digest(item):
                checks.append(Check(source["path"], "same"))
            else:
                checks.append(Check(source["path"], "changed"))
                changed[source["path"]] = item
        quoted = sorted({row for row in _quoted(report) if row[0] in changed})
        for path, item in changed.items():
            rows = [(line, excerpt) for source, line, excerpt in quoted if source == path]
            checks += _look(path, item, rows)
    return checks


def _item(bundle: Bundle, path: str) -> Item | None:
    """The file of a source; a source that is a part of a file has the file's name before its own."""
    found = [item for item in bundle.items if path == item.path or path.startswith(f"{item.path} ")]
    return max(found, key=lambda item: len(item.path), default=None)


def _digest(item: Item) -> str:
    digest = hashlib.sha256()
    with item.open() as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _quoted(report: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    rows = [row for i in report["incidents"] for row in (*i["evidence"], *i["against"])]
    for row in (*rows, *(row for cause in report["causes"] for row in cause["because"])):
        if row["source"] and row["line"] is not None:
            yield row["source"], int(row["line"]), str(row["excerpt"])


def _look(path: str, item: Item, rows: Sequence[tuple[int, str]]) -> list[Check]:
    wanted = {row: tuple(words(row[1])) for row in rows}
    here: set[tuple[int, str]] = set()
    elsewhere: dict[tuple[int, str], int] = {}
    with item.open() as stream:
        for number, raw in enumerate(islice(stream, 50_000_000), 1):
            line = raw[:_LONGEST].decode("utf-8", "replace")
            for row, parts in wanted.items():
                if row in here or (row in elsewhere and number != row[0]):
                    continue
                if _holds(parts, line):
                    here |= {row} if number == row[0] else set()
                    elsewhere.setdefault(row, number)
    return [
        Check(f"{path}:{row[0]}", "there") if row in here
        else Check(f"{path}:{row[0]}", "moved", elsewhere[row]) if row in elsewhere
        else Check(f"{path}:{row[0]}", "gone")
        for row in rows
    ]  # fmt: skip


def words(excerpt: str) -> Iterator[str]:
    """The words of the line that an excerpt keeps."""
    for found in _WORD.finditer(excerpt):
        if found["word"]:
            yield found["word"]


def _holds(parts: Sequence[str], line: str) -> bool:
    return bool(parts) and all(part in line for part in parts)
