"""Blocks of bytes -> how many lines have a known form, and the others grouped by shape: what was not understood is shown."""

from __future__ import annotations

from collections.abc import Iterable

import regex

from wslogs.linewise import compiled, expression
from wslogs.model import UnknownForm
from wslogs.parsers.kit import decode
from wslogs.scan import Unknown

_MOST_SHAPES = 200
"""So many shapes of one file are told apart; lines of further ones are counted together."""
_LONGEST = 72
_COLOURS = regex.compile(rb"\x1b\[[0-9;]*[A-Za-z]")
_REST = "…"


class Shapes:
    """How many lines have each shape. Of very many shapes the first are told apart."""

    def __init__(self) -> None:
        self._known: dict[str, UnknownForm] = {}

    def add(self, text: str, line: int, count: int = 1) -> None:
        """So many lines of a shape, the first of them; shapes come in the order of their lines."""
        if text not in self._known and len(self._known) >= _MOST_SHAPES:
            text = _REST
        one = self._known.get(text)
        self._known[text] = UnknownForm(text, count if one is None else one.count + count, line if one is None else one.line)

    @property
    def forms(self) -> list[UnknownForm]:
        """Most common first."""
        return sorted(self._known.values(), key=lambda one: (-one.count, one.line))


class Tally:
    """Counts the lines that `known` fits from their start, wrappers of container runtimes before it or not; blank lines are understood.

    After the last block `shapes` tells of the other lines, most common first.
    """

    def __init__(self, known: Iterable[str], wrappers: Iterable[str] = ()) -> None:
        forms, before = ("|".join(expression(one) for one in side) for side in (known, wrappers))
        start = rf"(?:{before}){{0,3}}" if before else ""
        self._understood = compiled(rf"(?m)(?:{start}(?:(?:{forms})[^\n]*|[ \t\r]*)\n)*")
        self._shapes = Shapes()

    def look(self, block: bytes) -> list[Unknown]:
        """The lines of a block that are not understood, whole lines only; it changes nothing and lets other threads run."""
        if b"\x1b" in block:
            block = _COLOURS.sub(b"", block)
        if not block.endswith(b"\n"):
            block += b"\n"
        unknown: list[Unknown] = []
        counted, before, place = 0, 0, 0
        while (place := self._understood.match(block, place).end()) < len(block):  # one step over all lines up to one of no known form
            end = block.index(b"\n", place) + 1
            before += block.count(b"\n", counted, place)
            counted = place
            unknown.append((shape(decode(block[place : end - 1])), before))
            place = end
        return unknown

    def add(self, unknown: Iterable[Unknown], before: int) -> None:
        """Keeps the shapes of a block's lines; `before` is how many lines of the file stand before it."""
        for text, line in unknown:
            self._shapes.add(text, before + line + 1)

    @property
    def shapes(self) -> list[UnknownForm]:
        return self._shapes.forms


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
