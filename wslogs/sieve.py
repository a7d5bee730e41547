"""Where in bytes one of many texts may stand, ten times as fast as an automaton finds it; and where JSON is not as it reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

SHORTEST = 12
"""Bytes of a text: wherever it begins it holds eight that begin at a multiple of four, so that every fourth place is looked up."""
_PART, _STEP = 8, 4
_LOW, _HIGH = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77)
"""Odd numbers, by which all bits of a word come to stand in the upper ones."""
_LEAST, _MOST = 16, 24
"""Bits of the table: it holds one part in some hundred places, and stays small."""
_BACKSLASH, _PERCENT, _QUOTE = ord("\\"), ord("%"), ord('"')
_MARGIN = bytes(4)
_AS_BLANKS, _APART = np.zeros(256, np.bool_), np.zeros(256, np.bool_)
_AS_BLANKS[list(b"nrtf")] = True
_APART[list(b"\t\n\f\r \"'<>`")] = True
"""What never stands in a part of an output: leaks.py parts it there."""
_DIGITS = np.full(256, -1, np.int16)
_DIGITS[list(b"0123456789abcdef")] = _DIGITS[list(b"0123456789ABCDEF")] = range(16)


class Sieve:
    """Texts of twelve bytes and more, each known by its first twelve."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        self._firsts = {text[:SHORTEST] for text in texts}
        parts = b"".join({one[at : at + _PART] for one in self._firsts for at in range(_STEP)})
        self._parts = np.sort(np.frombuffer(parts, "<u8"))
        bits = min(_MOST, max(_LEAST, (32 * len(parts)).bit_length()))
        self._shift, self._known = np.uint32(32 - bits), np.zeros(1 << bits, np.bool_)
        words = np.frombuffer(parts, "<u4")
        self._known[self._hashed(words[::2], words[1::2])] = True

    def places(self, block: bytes) -> list[int]:
        """Where the first twelve bytes of a text stand, ascending; each place may be told up to three bytes too late."""
        words = np.frombuffer(block, "<u4", len(block) // _STEP)
        if len(words) < 2 or not len(self._parts):
            return []
        likely = np.flatnonzero(self._known.take(self._hashed(words[:-1], words[1:])))
        parts = words[likely] | words[likely + 1].astype(np.uint64) << np.uint64(32)
        found = likely[self._parts.take(np.searchsorted(self._parts, parts), mode="clip") == parts] * _STEP
        told, places = dict[bytes, bool](), list[int]()
        for at in found.tolist():
            around = block[max(0, at - _STEP + 1) : at + SHORTEST]
            if around not in told:  # in bodies the same comes again and again
                told[around] = any(around[first : first + SHORTEST] in self._firsts for first in range(min(_STEP, at + 1)))
            if told[around]:
                places.append(at)
        return places

    def _hashed(self, low: NDArray[np.uint32], high: NDArray[np.uint32]) -> NDArray[np.uint32]:
        hashed = low * _LOW
        hashed += high * _HIGH
        hashed >>= self._shift
        return hashed


def coded(block: bytes) -> NDArray[np.intp]:
    """Where a text in JSON, or in JSON that is such a text, may be decoded to more than what stands there with quotes and blanks between.

    A backslash that stands in a text itself is told only where it is none of JSON in it; so a part with one is looked for doubled, too.
    """
    codes = np.frombuffer(block + _MARGIN, np.uint8)
    escaped = codes[: len(block)] == _BACKSLASH
    escaped &= codes[1 : len(block) + 1] != _QUOTE  # most are quotes: the others are looked at one by one
    places = np.flatnonzero(escaped)
    places = places[codes[places - 1] != _BACKSLASH]  # the first of a run tells; before the first byte is the margin
    second, third, fourth = (codes[places + ahead] for ahead in (1, 2, 3))
    inner = (second == _BACKSLASH) & (_AS_BLANKS[third] | (third == _BACKSLASH) & (fourth == _QUOTE))
    escapes = places[~(_AS_BLANKS[second] | inner)]
    places = np.flatnonzero(codes == _PERCENT)
    high, low = _DIGITS[codes[places + 1]], _DIGITS[codes[places + 2]]
    return np.concatenate([escapes, places[(high >= 0) & (low >= 0) & ~_APART[high * 16 + low]]])


def holders(places: Sequence[int], *found: Sequence[int] | NDArray[np.intp]) -> list[int]:
    """Which of the pieces that begin at these places hold one of what was found, ascending."""
    at = np.concatenate([np.asarray(some, np.intp) for some in found])
    return [int(one) for one in np.unique(np.searchsorted(places, at, "right") - 1)]
