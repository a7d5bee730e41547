"""Bodies and messages, of which every text may be a secret: kept as they stand in a HAR, and taken apart when an output is searched.

A HAR is mostly bodies: to look into each of them for what a secret looks like takes a hundred times as long as to keep it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec
from isal import isal_zlib

from wslogs.linewise import compiled

MOST = 256 << 20
"""Bytes that are kept."""
_AT_ONCE = 1 << 20
_BETWEEN = b"\0"
"""In JSON it is escaped (RFC 8259 section 7), if the writer is not hostile."""
_DEEP = 6
_JSON = ("{", "[")
_SHORTEST = 10
"""Bytes of a value with a text of eight characters: of a shorter one nothing is a leak."""
_SHORT_SECRET = compiled(r"(?i)passw|pwd|passphrase|:\\*/\\*/[^\s/@]*@")
"""Where a password may stand: of those fewer characters are a leak, so each is looked for now."""


class Bodies:
    """Values of JSON as they were written, each with the kind of place where it stood."""

    def __init__(self) -> None:
        self._packed: list[tuple[bytes, list[str]]] = []
        self._last: list[tuple[bytes, str]] = []
        self._size = self._loose = 0

    def add(self, value: bytes, kind: str) -> bool:
        """Whether a value is kept, or holds no secret; False where it must be looked into at once."""
        if len(value) < _SHORTEST:
            return True
        if self._size + len(value) > MOST or _BETWEEN in value or _SHORT_SECRET.search(value) is not None:
            return False
        self._size += len(value)
        self._loose += len(value)
        self._last.append((value, kind))
        if self._loose > _AT_ONCE:
            self._pack()
        return True

    def _pack(self) -> None:
        """Bodies are alike, and take a fifth of their size."""
        packed = isal_zlib.compress(_BETWEEN.join(value for value, _ in self._last), 0)
        self._packed.append((packed, [kind for _, kind in self._last]))
        self._last, self._loose = [], 0

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Each text with its kind: all that stands in a value, as it is when it is decoded."""
        for value, kind in self._values():
            for text in below(value):
                yield text, kind
                if "\\" in text:  # other texts of a body stand in it as they are
                    yield from ((part, kind) for part in inner(text))

    def taken(self) -> Iterator[tuple[bytes, str]]:
        """All that is kept, which is so no longer."""
        yield from self._values()
        self._packed, self._last, self._size, self._loose = [], [], 0, 0

    def _values(self) -> Iterator[tuple[bytes, str]]:
        for packed, kinds in self._packed:
            yield from zip(isal_zlib.decompress(packed).split(_BETWEEN), kinds, strict=True)
        yield from self._last


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
