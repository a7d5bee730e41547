"""Expressions of `regex` -> expressions of RE2 that run over many lines in one step, in time linear in the bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import re2
import regex

from wslogs.elision import LOOKS, outside

_OPTIONS = re2.Options()
_OPTIONS.encoding = re2.Options.Encoding.LATIN1
_OPTIONS.never_capture = True
_OPTIONS.max_mem = 128 << 20
_OPTIONS.log_errors = False
_BLANK = r" \t\r\f\v"
_GROUP = regex.compile(r"\((?:\?P<\w+>|\?>)")
_REPEATS = ("*", "+", "?", "}")
_OTHERWISE = regex.compile(r"[^\x20-\x7e]|(?<!\\)\{(?!\d+(?:,\d*)?\})|--|&&|\|\||~~|\[:")
"""What RE2 reads otherwise than `regex` does: letters in whose case they differ, sets of sets, fuzzy counts."""
_NESTED = regex.compile(r"\[(?:\\.|[^\\\[])*+\[")
"""A class in a class."""
_KNOWN, _COMPILED = 512, 8
"""Expressions that are kept in mind: most files of a bundle need the same ones. What one compiled holds may grow to megabytes."""


@lru_cache(_KNOWN)
def expression(text: str) -> str:
    """An expression that begins a line and stays within it, as RE2 takes it: unnamed, no class holds a line end, nothing looks around.

    Without a look-around a form may fit a little more than it should; that a line is counted as understood is all that comes of it.
    """
    kept: list[str] = []
    for piece in outside(_GROUP.sub("(?:", text.removeprefix("^")), LOOKS):
        if piece == "+" and kept and kept[-1] in _REPEATS:
            continue  # possessive: RE2 never backtracks
        kept.append(_linewise(piece))
    return f"(?:{''.join(kept)})"


def _linewise(piece: str) -> str:
    match piece:
        case r"\s":
            return f"[{_BLANK}]"
        case r"\D" | r"\W":
            return rf"[^\n{piece.lower()}]"
        case _ if piece.startswith("[^"):
            held = piece[2:] if piece[2] != "]" else rf"\{piece[2:]}"  # the first character of a class is one of it
            return rf"[^\n{held}".replace(r"\s", _BLANK)
        case _ if piece.startswith("["):
            return piece.replace(r"\s", _BLANK)
    return piece


@lru_cache(_COMPILED)
def compiled(text: str) -> re2._Regexp:
    """An expression over blocks of bytes; ValueError when RE2 cannot run it."""
    try:
        return re2.compile(text.encode(), _OPTIONS)
    except re2.error as error:
        raise ValueError(str(error)) from None


@lru_cache(_KNOWN)
def runs(text: str) -> bool:
    """Whether RE2 can run an expression line by line."""
    try:
        compiled.__wrapped__(f"(?m){expression(text)}")
    except ValueError:
        return False
    return True


class ExpressionSet:
    """Which of some expressions may fit a line: RE2 asks for all of them in one step, where `regex` takes one after the other.

    It lets through a little more than fits, as what an expression looks around for is not asked, and never less.
    """

    def __init__(self, expressions: Iterable[str]) -> None:
        self._all: list[int] = []
        self._open: list[int] = []
        """Places of those that RE2 cannot run."""
        self._asked: list[int] = []
        self._set = re2.Set.SearchSet(_OPTIONS)
        for place, text in enumerate(expressions):
            self._all.append(place)
            (self._asked if self._takes(text) else self._open).append(place)
        try:
            self._set.Compile()
        except re2.error:  # together they are too large
            self._asked = []

    def _takes(self, text: str) -> bool:
        if _OTHERWISE.search(text) is not None or any(_NESTED.match(piece) for piece in outside(text, ())):
            return False
        try:
            self._set.Add(f"(?m){expression(text)}".encode())
        except re2.error:
            return False
        return True

    def any(self, lines: Sequence[str]) -> bool:
        """Whether one of some lines may hold something that fits."""
        text = "\n".join(lines)
        if self._open or not (text.isascii() and all(map(str.isprintable, lines))):
            return bool(self._all)
        return bool(self._asked) and self._set.Match(text.encode()) is not None

    def left(self, line: str) -> Sequence[int]:
        """Places of the expressions that may be found in a text, in order. Only one line of ASCII is looked at closely."""
        if not self._asked or not (line.isascii() and line.isprintable()):
            return self._all
        fits = [self._asked[one] for one in self._set.Match(line.encode()) or ()]
        return sorted(fits + self._open) if self._open else sorted(fits)
