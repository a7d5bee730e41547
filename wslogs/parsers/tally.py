"""Blocks of bytes -> how many lines have a known form, and the others grouped by shape: what was not understood is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import regex
from numpy.typing import NDArray

from wslogs.blocks import Block, Places
from wslogs.linewise import compiled, expression
from wslogs.model import UnknownForm
from wslogs.parsers.kit import decode
from wslogs.scan import Unknown

_MOST_SHAPES = 200
"""So many shapes of one file are told apart; lines of further ones are counted together."""
_LONGEST = 72
_STARTS = (56, 96)
"""Bytes of a line that tell of most lines what they are; the second where addresses are long."""
_GLANCED = 64
"""So many lines tell whether that is so of a block."""
_CUT = b"\v\x01\n"
"""Stands where a line goes on: no blank, no word and no end of a line."""
_SELDOM = 16
"""Of so many lines one may be looked at as a whole; of more the whole block is."""
_COLOURS = regex.compile(rb"\x1b\[[0-9;]*[A-Za-z]")
_REST = "…"


class Shapes:
    """How many lines have each shape. Of very many shapes those that come first are told apart."""

    def __init__(self) -> None:
        self._known: dict[str, UnknownForm] = {}

    def add(self, text: str, line: int, count: int = 1) -> None:
        """So many lines of a shape, the first of them; shapes come about in the order of their lines."""
        if text not in self._known and len(self._known) >= _MOST_SHAPES:
            text = _REST
        one = self._known.get(text)
        self._known[text] = UnknownForm(text, count, line) if one is None else UnknownForm(text, one.count + count, min(one.line, line))

    @property
    def forms(self) -> list[UnknownForm]:
        """Most common first."""
        return sorted(self._known.values(), key=lambda one: (-one.count, one.line))


class Tally:
    """Counts the lines that `known` or `rows` fit from their start; blank ones are understood, and wrappers may stand before any.

    `rows` tell how rows of access begin: one of which more is asked must be understood to its end (`unread`).
    After the last block `shapes` tells of the other lines, most common first.
    """

    def __init__(self, known: Iterable[str], wrappers: Iterable[str] = (), rows: Iterable[str] = ()) -> None:
        before, forms, heads = ("|".join(expression(one) for one in side) for side in (wrappers, known, rows))
        start = rf"(?:{before}){{0,3}}" if before else ""
        either = "|".join(filter(None, (forms, heads)))
        self._understood = compiled(rf"(?m)(?:{start}(?:(?:{either})[^\n]*|[ \t\r]*)\n)*")
        self._row = compiled(rf"{start}(?:{heads})") if heads else None
        self._shapes = Shapes()
        self.unread = 0
        """Lines that begin as they should and could not be read."""

    def look(self, block: Block) -> list[Unknown]:
        """The lines of a block that are not understood, whole lines only; it changes nothing and lets other threads run."""
        raw = block.raw if block.raw.endswith(b"\n") else block.raw + b"\n"
        if b"\x1b" in raw:
            raw = _COLOURS.sub(b"", raw)
            starts = _starts(raw)
        else:
            starts = np.append(0, block.ends[: block.count - 1] + 1)
        return [(shape(decode(raw[start : raw.index(b"\n", start)])), line) for line, start in self._unknown(raw, starts)]

    def _unknown(self, raw: bytes, starts: Places) -> Iterator[tuple[int, int]]:
        """(how many lines stand before it, where it begins) of each line that is not understood.

        Lines are told by their starts, of which fewer bytes are looked at than of all; those that the start does not tell are looked
        at as a whole.
        """
        doubtful = next((some for width in _STARTS if (some := self._doubtful(raw, starts, width)) is not None), None)
        for line in doubtful if doubtful is not None else ():
            start = int(starts[line])
            if not self._fits(raw[start : raw.index(b"\n", start) + 1]):
                yield line, start
        if doubtful is not None:
            return
        place = 0
        while (place := self._understood.match(raw, place).end()) < len(raw):  # one step over all lines up to one of no known form
            yield int(starts.searchsorted(place)), place
            place = raw.index(b"\n", place) + 1

    def _doubtful(self, raw: bytes, starts: Places, width: int) -> list[int] | None:
        """Lines whose first bytes alone do not tell that they are understood; None where there are many, or where lines are short."""
        inside = int(starts.searchsorted(len(raw) - width, "right"))
        if not inside or 4 * inside * width > 3 * len(raw):
            return None
        windows = np.ndarray((len(raw) - width + 1,), f"V{width}", raw, strides=(1,))[starts[:inside]]
        table = windows.view(np.uint8).reshape(inside, width)
        lengths = np.diff(starts, append=len(raw))[:inside]
        short = np.flatnonzero(lengths <= width)
        whole = table[short]
        table[:, -len(_CUT) :] = np.frombuffer(_CUT, np.uint8)
        table[short] = np.where(np.arange(width) < lengths[short, None], whole, ord("\n"))
        some = self._unfit(table[:: 1 + inside // _GLANCED])
        found = self._unfit(table) if some is not None else None
        return None if found is None else [*found, *range(inside, len(starts))]

    def _unfit(self, table: NDArray[np.uint8]) -> list[int] | None:
        """Which rows are not understood; None where these are many."""
        count, width = table.shape
        text, found, place = table.tobytes(), list[int](), 0
        while (place := self._understood.match(text, place).end()) < len(text):
            found.append(place // width)
            if len(found) * _SELDOM > count:
                return None
            place = (found[-1] + 1) * width
        return found

    def _fits(self, line: bytes) -> bool:
        return bool(self._understood.match(line).end() == len(line))

    def add(self, unknown: Iterable[Unknown], before: int) -> None:
        """Keeps the shapes of a block's lines; `before` is how many lines of the file stand before it."""
        for text, line in unknown:
            self._shapes.add(text, before + line + 1)

    def missed(self, raw: bytes, line: int) -> None:
        """Counts a row of access that could not be read; one that does not begin as such rows do is counted anyway."""
        if self._row is not None and self._row.match(raw) is not None:
            self.unread += 1
            self._shapes.add(shape(decode(raw)), line)

    @property
    def shapes(self) -> list[UnknownForm]:
        return self._shapes.forms


def _starts(raw: bytes) -> Places:
    return np.append(0, np.flatnonzero(np.frombuffer(raw, np.uint8) == ord("\n"))[:-1] + 1)


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
