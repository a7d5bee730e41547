"""Bytes of one file as a parser gets them: decompressed, recoded, ending where they are damaged or become too many."""

from __future__ import annotations

import io
import lzma
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO, BinaryIO, cast

import regex
from isal import igzip, igzip_lib

if sys.version_info >= (3, 14):
    from compression import zstd as zstd
else:
    from backports import zstd as zstd

RATIO = 200
"""A log squeezes 10 to 40 times, one of a single row 100 times; what unpacks to more than this is a bomb."""
FREE = 64 << 20
"""So much may come out whatever the ratio."""
TOO_MUCH = f"it unpacks to more than {RATIO} times its size; only its beginning was read"
DAMAGED: tuple[type[Exception], ...] = (
    EOFError,
    OSError,
    zlib.error,
    cast(type[Exception], igzip_lib.IsalError),  # its stub says an instance
    lzma.LZMAError,
    zstd.ZstdError,
    zipfile.BadZipFile,
    tarfile.TarError,
    NotImplementedError,
)
"""What the readers of compressed data raise; the last one for a method they do not know."""
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_MARK = b"\xef\xbb\xbf"
"""Before UTF-8 that Windows wrote."""
_STEP = 64 << 10
_START = 512
_LETTERS = regex.compile(r"[\t\r\n\x1b\x20-\x7e\u00a0-\u017f\u0400-\u04ff\u2000-\u22ff]")
"""What a log holds: other characters show that bytes only look like UTF-16."""
_FEWEST = 8
"""Characters without which nothing is said of an encoding that has no mark."""


@dataclass(slots=True)
class Budget:
    """How many bytes may still come out of one archive, all of its members together."""

    left: int

    @classmethod
    def of(cls, packed: int) -> Budget:
        """That of a file of so many bytes."""
        return cls(max(16 * FREE, RATIO * packed))


@dataclass(slots=True)
class Limit:
    """How many bytes may come out of one file, of those of its archive. Reading the same ones again costs nothing."""

    most: int
    budget: Budget
    highest: int = 0

    @classmethod
    def of(cls, packed: int, budget: Budget | None = None) -> Limit:
        """That of a file of so many bytes as it lies there."""
        return cls(max(FREE, RATIO * packed), budget or Budget.of(packed))

    def reached(self, count: int) -> bool:
        """Whether a reading that has given so many bytes must end."""
        self.budget.left -= max(0, count - self.highest)
        self.highest = max(count, self.highest)
        if self.budget.left < 0 or (not self.highest and not self.budget.left):
            self.most, self.budget.left = min(self.most, count), 0
        return count >= self.most


@dataclass(slots=True)
class Notes:
    """What reading a file met: `cut` where compressed data ends early or is damaged, and `other` words for the report."""

    cut: bool = False
    other: list[str] = field(default_factory=list)


def text(raw: BinaryIO, notes: Notes, limit: Limit, *, packed: bool) -> BinaryIO:
    """The content as UTF-8 bytes: decompressed, and recoded when it begins like UTF-16. A cut .gz ends early.

    `packed`: the bytes come out of an archive, and so are limited even where they are not compressed once more.
    """
    stream = _decompressed(raw, notes, limit, packed=packed)
    head = _peek(stream, _START)
    if (wide := _utf_16(head)) is not None:
        return cast(BinaryIO, _Recoded(stream, wide))
    if head.startswith(_MARK):
        stream.read(len(_MARK))
    return stream


def as_it_lies(raw: BinaryIO) -> bool:
    """Whether the content is the bytes of a file as they lie there, so that a part of it can be read without the rest."""
    head = raw.read(_START)
    return raw.seekable() and not head.startswith((_GZIP, _ZSTD)) and _utf_16(head) is None


class Lines(io.RawIOBase):
    """The lines of a file that begin in a range of its bytes, whole: ranges that meet share no line and leave none out.

    `last` is the byte where the next range begins; None: to the end of the file. Of a file of this machine most pieces end with a line.
    """

    def __init__(self, raw: BinaryIO, first: int, last: int | None) -> None:
        self._raw, self._last, self._near = raw, last, _is_near(raw)
        self._at = max(0, first - 1)  # a line begins at `first` where the byte before it ends one
        self._over = False
        self._rest = b""
        raw.seek(self._at)
        if first:
            self._skip()
        elif raw.read(len(_MARK)) == _MARK:
            self._at = len(_MARK)
        else:
            raw.seek(0)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "a range may be larger than the memory"
        if self._rest:
            found, self._rest = self._rest[:size], self._rest[size:]
            return found
        if self._over:
            return b""
        if self._last is None or self._at < self._last - 1:
            return self._take(self._lines_in(size if self._last is None else min(size, self._last - 1 - self._at)))
        return self._to_end_of_line(self._take(min(size, _STEP)))

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _skip(self) -> None:
        """Goes to where the first line of the range begins; there may be none."""
        while self._last is None or self._at < self._last - 1:
            piece = self._take(_STEP if self._last is None else min(_STEP, self._last - 1 - self._at))
            if not piece:
                return
            if (end := piece.find(b"\n")) >= 0:
                self._rest = piece[end + 1 :]
                return
        self._over = True

    def _lines_in(self, size: int) -> int:
        """How many of the next bytes are whole lines; all of few, of a long line, and where it takes time to look ahead.

        Who then needs no line of two pieces need not put pieces together: to copy takes longer than to read.
        """
        if not self._near or size < 2 * _STEP:
            return size
        self._raw.seek(self._at + size - _STEP)
        end = self._raw.read(_STEP).rfind(b"\n") + 1
        self._raw.seek(self._at)
        return size - _STEP + end if end else size

    def _to_end_of_line(self, piece: bytes) -> bytes:
        end = piece.find(b"\n")
        self._over = end >= 0
        return piece[: end + 1] if self._over else piece

    def _take(self, size: int) -> bytes:
        piece = self._raw.read(size)
        self._at += len(piece)
        self._over = self._over or not piece
        return piece


def _is_near(raw: BinaryIO) -> bool:
    """Whether it costs nothing to go to and fro: a file of this machine."""
    try:
        return raw.fileno() >= 0
    except OSError:
        return False


def _utf_16(head: bytes) -> str | None:
    """The name of the encoding where a file begins as UTF-16: by its mark, or by zero bytes in every other place of plain text alone."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = head[: len(head) // 2 * 2]
    for encoding, zeros, others in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if len(zeros) >= _FEWEST and zeros.count(0) * 2 >= len(zeros) and not others.count(0):
            text = head.decode(encoding, "replace")
            if len(_LETTERS.findall(text)) * 20 >= len(text) * 19:
                return encoding
    return None


def _peek(stream: BinaryIO, size: int) -> bytes:
    return cast(io.BufferedReader, stream).peek(size)[:size]


def _decompressed(raw: BinaryIO, notes: Notes, limit: Limit, *, packed: bool) -> BinaryIO:
    buffered = raw if hasattr(raw, "peek") else io.BufferedReader(cast(io.RawIOBase, _UntilDamage(raw, notes)), 1 << 20)
    magic = _peek(buffered, 4)
    if magic.startswith(_GZIP):
        return _limited(cast(IO[bytes], igzip.GzipFile(fileobj=buffered)), notes, limit, buffered)  # type: ignore[no-untyped-call]  # isal has no types there
    if magic == _ZSTD:
        return _limited(cast(IO[bytes], zstd.ZstdFile(buffered)), notes, limit, buffered)
    return _limited(buffered, notes, limit) if packed else buffered


def _limited(stream: IO[bytes], notes: Notes, limit: Limit, *below: IO[bytes]) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_UntilDamage(stream, notes, limit, below), 1 << 20))


class _UntilDamage(io.RawIOBase):
    """Ends where the compressed data is cut or damaged, as a log taken while it was rotated often is, and where it becomes too much."""

    def __init__(self, stream: IO[bytes], notes: Notes, limit: Limit | None = None, below: Iterable[IO[bytes]] = ()) -> None:
        self._stream, self._notes, self._limit = stream, notes, limit
        self._below: tuple[IO[bytes], ...] = tuple(below)
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed wants any buffer
        if self._limit is not None and self._limit.reached(self._given):
            if TOO_MUCH not in self._notes.other:
                self._notes.other.append(TOO_MUCH)
            return 0
        try:
            data = self._stream.read(len(buffer))
        except DAMAGED:
            self._notes.cut = True
            return 0
        buffer[: len(data)] = data
        self._given += len(data)
        return len(data)

    def close(self) -> None:
        self._stream.close()
        for stream in self._below:  # a decompressor leaves the file below it open
            stream.close()
        super().close()


class _Recoded(io.RawIOBase):
    """UTF-16 (PowerShell's `>`) as UTF-8."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._text.read(size if size < 0 else max(1, size // 4)).encode("utf-8", "replace")

    def close(self) -> None:
        self._stream.close()
        super().close()
