"""Blocks of bytes -> how many lines have a known form, and the others grouped by shape: what was not understood is shown."""

from __future__ import annotations

from collections.abc import Iterable

import regex

from wslogs.model import UnknownForm
from wslogs.parsers.kit import decode

_MOST_SHAPES = 200
"""So many shapes of one file are told apart; lines of further ones are counted together."""
_LONGEST = 72
_COLOURS = regex.compile(rb"\x1b\[[0-9;]*[A-Za-z]")
_REST = "…"


class Tally:
    """Counts the lines that `known` fits from their start, wrappers of container runtimes before it or not; blank lines are understood.

    After the last block `shapes` tells of the other lines, most common first.
    """

    def __init__(self, known: Iterable[str], wrappers: Iterable[str] = ()) -> None:
        forms, before = "|".join(known), "|".join(wrappers)
        start = rf"(?:{before}){{0,3}}(?:{forms}|[ \t\r]*$)" if before else rf"(?:{forms}|[ \t\r]*$)"
        # Only lines of no known form become objects.
        self._unknown = regex.compile(rf"^(?!{start})[^\n]+".encode(), regex.MULTILINE | regex.VERSION1)
        self._shapes: dict[str, UnknownForm] = {}
        self._lines = 0

    def __call__(self, block: bytes) -> int:
        """The lines of a block that are understood; called once with each block, in order, whole lines only."""
        lines = block.count(b"\n") + (not block.endswith(b"\n"))
        if b"\x1b" in block:
            block = _COLOURS.sub(b"", block)
        unknown, counted, before = 0, 0, 0
        for found in self._unknown.finditer(block):
            if b"\x1b" in found[0] and self._unknown.match(_COLOURS.sub(b"", found[0])) is None:
                continue
            unknown += 1
            before += block.count(b"\n", counted, found.start())
            counted = found.start()
            self._add(shape(decode(found[0])), self._lines + before + 1)
        self._lines += lines
        return lines - unknown

    def _add(self, text: str, line: int) -> None:
        if text not in self._shapes and len(self._shapes) >= _MOST_SHAPES:
            text = _REST
        one = self._shapes.get(text)
        self._shapes[text] = UnknownForm(text, 1 if one is None else one.count + 1, line if one is None else one.line)

    @property
    def shapes(self) -> list[UnknownForm]:
        return sorted(self._shapes.values(), key=lambda one: (-one.count, one.line))


_COLOURS = regex.compile(rb"\x1b\[[0-9;]*[A-Za-z]")
_RUNS = (
    (regex.compile(r"[^\W\d_]+"), "a"),
    (regex.compile(r"\d+"), "0"),
    (regex.compile(r"\s+"), " "),
    (regex.compile(r"a(?: a)+"), "a a"),
)


def shape(text: str) -> str:
    """The form of a line without its words: letters become `a`, digits `0`, and many words two; nothing of what it says is left."""
    text = text.strip()[: 8 * _LONGEST]
    for run, mark in _RUNS:
        text = run.sub(mark, text)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def bare(pattern: regex.Pattern[str]) -> str:
    """An anchored expression as a part of a larger one: neither anchor nor names."""
    return f"(?:{regex.sub(r'[(][?]P<[^>]+>', '(?:', pattern.pattern.removeprefix('^'))})"
