"""Bodies and messages, of which every text may be a secret: kept as they stand in a HAR, and taken apart when an output is searched.

A HAR is mostly bodies: to look into each of them for what a secret looks like takes a hundred times as long as to keep it. An output
is searched for all of them at once, and those alone are decoded in which a part of it may stand.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise, product

import ahocorasick_rs
import msgspec

from wslogs.linewise import compiled

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MOST = 256 << 20
"""Bytes that are kept."""
_AT_ONCE = 1 << 20
_AS_IT_STANDS = 32 << 20
"""Bytes that are not even packed: few bundles have more."""
_FAST = 1
"""zstd's level."""
_PACKING = ThreadPoolExecutor(1, "pack")
_DEEP = 6
_JSON = ("{", "[")
_SHORTEST = 10
"""Bytes of a value with a text of eight characters: of a shorter one nothing is a leak."""
_SHORT_SECRET = compiled(r"(?i)passw|pwd|passphrase|:\\*/\\*/[^\s/@]*@")
"""Where a password may stand: of those fewer characters are a leak, so each is looked for when it is kept."""
_ADDRESS = b"@"

Value = tuple[bytes, str]
"""A value of JSON with the kind of place where it stood."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Values one after the other."""

    raw: bytes | Future[bytes]
    """The second where they are packed, beside what this thread does."""
    places: list[int]
    """Where each begins, and the last ends."""
    kinds: list[str]

    def unpacked(self) -> bytes:
        return self.raw if isinstance(self.raw, bytes) else zstd.decompress(self.raw.result())


class Bodies:
    """Values of JSON as they were written, each with the kind of place where it stood."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._loose, self._places, self._kinds = bytearray(), [0], list[str]()
        self._size = 0

    def add(self, value: bytes | msgspec.Raw, kind: str) -> Sequence[Value]:
        """Keeps a value. What comes back must be looked into now: a password may stand in it, or it is not kept."""
        if len(value) < _SHORTEST:
            return ()
        if self._size + len(value) > MOST:
            return ((bytes(value), kind),)
        self._size += len(value)
        self._loose += memoryview(value)
        self._places.append(len(self._loose))
        self._kinds.append(kind)
        return self.settle() if len(self._loose) > _AT_ONCE else ()

    def settle(self) -> Sequence[Value]:
        """Puts away what is kept loosely, packed if there is much, for bodies are alike. What comes back must be looked into now."""
        block, places, kinds = self._loose, self._places, self._kinds
        self._loose, self._places, self._kinds = bytearray(), [0], []
        if kinds:
            packed = self._size > _AS_IT_STANDS
            if self._blocks and not isinstance(raw := self._blocks[-1].raw, bytes):
                raw.result()  # no more than one block waits
            self._blocks.append(_Block(_PACKING.submit(zstd.compress, block, _FAST) if packed else bytes(block), places, kinds))
        return [(bytes(block[places[one] : places[one + 1]]), kinds[one]) for one in _with_passwords(block, places)]

    def holding(self, windows: Collection[str]) -> Iterator[tuple[str, str]]:
        """Each text in which one of these parts of an output may stand, as it is when it is decoded, with its kind."""
        from wslogs.sieve import Sieve, coded, holders  # most bundles have no bodies

        doubled = (window.replace("\\", "\\\\") for window in windows if "\\" in window)
        sieve = Sieve(window.encode("utf-8", "surrogatepass") for window in chain(windows, doubled))
        for one in self._blocks:
            block, places = one.unpacked(), one.places
            for which in holders(places, sieve.places(block), coded(block)):
                kind = one.kinds[which]
                for text in below(block[places[which] : places[which + 1]]):
                    yield text, kind
                    if "\\" in text:  # other texts of a body stand in it as they are
                        yield from ((part, kind) for part in inner(text))

    def taken(self) -> Iterator[Value]:
        """All that is kept, which is so no longer."""
        for one in self._blocks:
            block = one.unpacked()
            yield from ((block[first:last], kind) for (first, last), kind in zip(pairwise(one.places), one.kinds, strict=True))
        self._blocks, self._size = [], 0


def _with_passwords(block: bytearray, places: list[int]) -> list[int]:
    """Which of the values of a block a password may stand in."""
    found = set[int]()
    if words := [at for _, at, _ in _words().find_matches_as_indexes(block)]:
        from wslogs.sieve import holders

        found.update(holders(places, words))
    at = block.find(_ADDRESS)
    while at >= 0:
        found.add(one := bisect_right(places, at) - 1)
        at = block.find(_ADDRESS, places[one + 1])
    return sorted(one for one in found if _SHORT_SECRET.search(bytes(block[places[one] : places[one + 1]])) is not None)


@cache
def _words() -> ahocorasick_rs.BytesAhoCorasick:
    """Finds where the words begin that _SHORT_SECRET names; so few are found with vectors, in a fifth of the time of an expression."""
    cases = [product(*((c.lower(), c.upper()) for c in word)) for word in ("pass", "pwd")]
    words = ["".join(one).encode() for some in cases for one in some]
    return ahocorasick_rs.BytesAhoCorasick(words, matchkind=ahocorasick_rs.MatchKind.LeftmostFirst)


def below(value: bytes) -> Iterator[str]:
    """Every text below a value of JSON; none where it is no JSON."""
    with suppress(msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        yield from texts(msgspec.json.decode(value))


def inner(text: str) -> Iterator[str]:
    """Every text below a text that is JSON itself."""
    if text.startswith(_JSON):
        with suppress(msgspec.DecodeError, RecursionError, UnicodeDecodeError, UnicodeEncodeError):
            yield from texts(msgspec.json.decode(text))


def texts(value: object, depth: int = 0) -> Iterator[str]:
    """Every text below a decoded value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list) and depth < _DEEP:
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part, depth + 1)
