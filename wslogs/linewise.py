"""Expressions of `regex` -> expressions of RE2 that run over many lines in one step, in time linear in the bytes."""

from __future__ import annotations

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
            return rf"[^\n{piece[2:]}".replace(r"\s", _BLANK)
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
