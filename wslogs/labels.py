"""Names of files as labels of a report: what looks like a token in one, or names a person's address, is elided."""

from __future__ import annotations

import regex

from wslogs.elision import ELIDED

_SECRET = regex.compile(
    r"(?:[A-Za-z0-9_-]{10,}\.){2}[A-Za-z0-9_-]{4,}"  # a JWT
    r"|[\w.+%-]+(?:@|%40)[\w-]+(?:\.[A-Za-z][\w-]*)*"
    r"|(?i:(?<=(?:token|secret|password|passwd|pwd|key|session|sid|jwt|bearer|auth|code)[=:~]))[^\s/&;,]+"
)
_RUN = regex.compile(r"[A-Za-z0-9+=%~_-]{10,}")
_PIECE = regex.compile(r"[A-Za-z0-9+=%~]+")
_TIME = regex.compile(r"\d+|(?:\d{8}|\d\d)?T?\d{4,9}Z?")
_HOST = regex.compile(r"[a-z]{2,20}\d{1,4}(?:[a-z]{2,20})?|\d{1,4}[a-z]{2,20}|[0-9]{4,10}[a-z]{1,3}|v\d{1,3}")
_CAMEL = regex.compile(r"(?:[A-Z]?[a-z]{2,}|[A-Z]{2,5}(?![a-z]))+|[A-Z]+")
_LONG = 10
"""So many characters of letters and digits mixed are random, and so many without a word among them."""


def label(path: str) -> str:
    """A path with its words, dates and numbers; runs of ten letters and digits mixed, and long random ones, become `…`."""
    return _RUN.sub(_run, _SECRET.sub(ELIDED, path))


def _run(match: regex.Match[str]) -> str:
    mixed = [piece for piece in _PIECE.findall(match[0]) if _mixed(piece)]
    random = sum(map(len, mixed)) >= _LONG
    return _PIECE.sub(lambda one: ELIDED if (random and one[0] in mixed) or _humped(one[0]) else one[0], match[0])


def _mixed(piece: str) -> bool:
    both = any(c.isdigit() for c in piece) and any(c.isalpha() for c in piece)
    return both and _HOST.fullmatch(piece) is None and _TIME.fullmatch(piece) is None


def _humped(piece: str) -> bool:
    """Whether capitals stand in a piece as in no name: names are words, each maybe with a capital, and short words of capitals."""
    return len(piece) >= _LONG and piece.isalpha() and piece.isascii() and not _CAMEL.fullmatch(piece)
