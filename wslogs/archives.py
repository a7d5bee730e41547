"""Members of archives: listed, never extracted, each one streamed. What a header claims is not believed."""

from __future__ import annotations

import io
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import IO, BinaryIO, cast

import regex
from isal import igzip

from wslogs.streams import DAMAGED, FREE, RATIO, zstd

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst")
MOST_ENTRIES = 50_000
"""Entries of any kind that are looked at, folders and links too."""
_MOST_DIRECTORY = 16 << 20
"""Bytes of a zip's central directory: zipfile makes an object of some 600 bytes from each 46 of them."""
_TAIL = 66_000
"""The end of a zip lies in so many bytes: 22, a comment of up to 65,535, and before them the fields of zip64."""
_HEADER = 32 << 10
"""Bytes of one read of a tar's header; real ones are some hundred."""
_HEADERS = 1 << 20
"""Bytes of all headers before one member."""
_RUN = regex.compile(rb"\d{100}")
"""In a long header it makes the expressions of tarfile try again and again (CVE-2024-6232)."""
_SMALL = 1 << 20
_KEPT = 32 << 20
"""Small members of a packed tar are kept in memory, so many bytes in all: to read one again means to unpack all before it."""
_UNREADABLE: tuple[type[Exception], ...] = (*DAMAGED, RuntimeError, ValueError, struct.error)
"""What zipfile raises on a broken header of a member."""
LINK = "is a link, which is not followed"
NO_FILE = "is no regular file"
ENCRYPTED = "is encrypted"
SPARSE = "is sparse, which is not read"
_DAMAGED = "is damaged; what follows there was not read"
OVERLAPS = "lies over another member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One entry: a file, something that is not read (`why`), or a folder, which has neither `why` nor `opener`."""

    name: str
    why: str = ""
    size: int = 0
    """As its header claims."""
    packed: int = 0
    """How many bytes of the archive it can have come from at most."""
    opener: Callable[[], BinaryIO] | None = None


class Broken(OSError):
    """The archive, or what follows in it, cannot be read; its text may be shown."""


def members(path: Path, resources: ExitStack) -> Iterator[Member]:
    """The files of an archive, in its order. Broken where it is none, or is damaged from here on."""
    try:
        yield from _zip(path, resources) if path.suffix.lower() == ".zip" else _tar(path, resources)
    except Broken:
        raise
    except Exception as error:
        # zipfile and tarfile raise many kinds on malformed headers, some of them with words of the archive.
        raise Broken(f"is not a readable archive: {error.__class__.__name__}") from error


def is_archive(head: bytes) -> bool:
    """Whether content begins like an archive."""
    return head.startswith((b"PK\x03\x04", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ", b"BZh")) or head[257:262] == b"ustar"


def _zip(path: Path, resources: ExitStack) -> Iterator[Member]:
    size = path.stat().st_size
    if _directory(path, size) > _MOST_DIRECTORY:
        raise Broken("has too many entries")
    archive = resources.enter_context(zipfile.ZipFile(path))
    infos = archive.infolist()
    starts = sorted({info.header_offset for info in infos} | {size})
    following = dict(pairwise(starts))
    taken: set[int] = set()
    for info in infos:
        if info.is_dir():
            continue
        if info.flag_bits & 1:
            yield Member(name=info.filename, why=ENCRYPTED)
        elif stat.S_ISLNK(info.external_attr >> 16):
            yield Member(name=info.filename, why=LINK)
        elif info.header_offset in taken or info.header_offset + 30 + info.compress_size > following.get(info.header_offset, 0):
            yield Member(name=info.filename, why=OVERLAPS)
        else:
            taken.add(info.header_offset)
            yield Member(name=info.filename, size=info.file_size, packed=info.compress_size, opener=partial(_zipped, archive, info))


def _directory(path: Path, size: int) -> int:
    """Bytes of the central directory, as the end of the file claims; no more of it are read (zipfile._RealGetContents)."""
    with path.open("rb") as file:
        file.seek(max(0, size - _TAIL))
        tail = file.read()
    found = [0]
    if (place := tail.rfind(b"PK\x05\x06")) >= 0 and place + 16 <= len(tail):
        found.append(struct.unpack_from("<I", tail, place + 12)[0])
    if (place := tail.rfind(b"PK\x06\x06")) >= 0 and place + 48 <= len(tail):
        found = [claimed for claimed in found if claimed != 0xFFFFFFFF] + [struct.unpack_from("<Q", tail, place + 40)[0]]
    return min(max(found), size)


def _zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    """OSError where the member's own header is broken."""
    try:
        return cast(BinaryIO, _Lasting(archive.open(info)))
    except _UNREADABLE as error:
        raise OSError("cannot be unpacked") from error


class _Lasting(io.RawIOBase):
    """A member without the reader's own buffer, so that what it raises meets streams.py and nobody else."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed wants any buffer
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Tape:
    """The bytes of a tar for tarfile: headers are short, and what is unpacked in all is bounded."""

    def __init__(self, stream: IO[bytes], size: int, *, packed: bool) -> None:
        self._stream, self.packed = stream, packed
        self.headers: int | None = _HEADERS
        """Bytes that headers may still have before the next member; None while a member is read."""
        self._place = 0
        self._last = self._again = b""
        self._most = max(4 * FREE, RATIO * size) if packed else 1 << 62
        self.spare = self._most
        """Bytes that may still be unpacked."""

    def read(self, size: int = -1) -> bytes:
        if self.headers is not None:
            self.headers -= max(size, 512)
            if not 0 <= size <= _HEADER or self.headers < 0:
                raise Broken("has a header that is too long; what follows there was not read")
        data, self._again = self._again[:size], self._again[size:]
        if len(data) < size:
            fresh = self._stream.read(size - len(data))
            self._spend(len(fresh))
            data += fresh
        if self.headers is not None and len(data) > 512 and _RUN.search(data):
            raise Broken("has a header of digits; what follows there was not read")
        self._place += len(data)
        self._last = data
        return data

    def seek(self, place: int, whence: int = 0) -> int:
        assert whence == 0
        back = self._place - place
        if back and 0 < back <= len(self._last) and not self._again:
            self._again = self._last[-back:]  # tarfile goes back by one byte, which would mean to unpack all once more
        elif back:
            if place > self._most:
                raise Broken(f"unpacks to more than {RATIO} times its size; what follows there was not read")
            self._spend(-back if back < 0 else place)
            self._again = self._last = b""
            self._stream.seek(place)
        self._place = place
        return place

    def tell(self) -> int:
        return self._place

    def close(self) -> None:
        self._stream.close()

    def _spend(self, count: int) -> None:
        self.spare -= count if self.packed else 0
        if self.spare < 0:
            raise Broken("takes too long to unpack")


def _tar(path: Path, resources: ExitStack) -> Iterator[Member]:
    size = path.stat().st_size
    tape = _tape(path, size, resources)
    archive = resources.enter_context(tarfile.TarFile(fileobj=cast(IO[bytes], tape)))
    kept, before = 0, 0
    while True:
        tape.headers = _HEADERS
        try:
            info = archive.next()
        finally:
            tape.headers = None
        archive.members.clear()  # type: ignore[attr-defined]  # tarfile remembers all of them
        if info is None:
            _check_end(tape, archive.offset)
            return
        if info.size < 0 or info.offset_data < before:
            raise Broken(_DAMAGED)
        before = info.offset_data
        made = _member(archive, info, size)
        if tape.packed and made.opener is not None and info.size <= min(_SMALL, _KEPT - kept):
            content = made.opener().read()
            kept += len(content)
            made = Member(name=made.name, size=made.size, packed=made.packed, opener=partial(_in_memory, content))
        yield made


def _check_end(tape: _Tape, place: int) -> None:
    """tarfile takes a header that it does not understand for the end."""
    tape.seek(place)
    if any(tape.read(512)):
        raise Broken(_DAMAGED)
    # What a packed tar may cost from now on: each member is met some times, and all before it with it.
    tape.spare = 20 * place + 4 * FREE


def _tape(path: Path, size: int, resources: ExitStack) -> _Tape:
    file = resources.enter_context(path.open("rb"))
    magic = file.read(4)
    file.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return _Tape(cast(IO[bytes], resources.enter_context(closing(igzip.GzipFile(fileobj=file)))), size, packed=True)  # type: ignore[no-untyped-call]
    if magic == b"\x28\xb5\x2f\xfd":
        return _Tape(cast(IO[bytes], resources.enter_context(closing(zstd.ZstdFile(file)))), size, packed=True)
    return _Tape(file, size, packed=False)


def _member(archive: tarfile.TarFile, info: tarfile.TarInfo, size: int) -> Member:
    if info.issym() or info.islnk():
        return Member(name=info.name, why=LINK)
    if info.isdir():
        return Member(name=info.name)
    if not info.isreg():
        return Member(name=info.name, why=NO_FILE)
    if info.issparse():
        return Member(name=info.name, why=SPARSE)
    return Member(name=info.name, size=info.size, packed=min(info.size, size), opener=partial(_extracted, archive, info))


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo) -> BinaryIO:
    stream = archive.extractfile(info)
    assert stream is not None  # only regular files get here
    return cast(BinaryIO, _Lasting(stream))


def _in_memory(content: bytes) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, io.BytesIO(content))))
