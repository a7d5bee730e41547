"""Folder, archive or single files -> items to read. The only reader of a bundle's files; it never writes into it."""

from __future__ import annotations

import io
import lzma
import os
import stat
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO, cast

import regex
from isal import igzip, igzip_lib

from wslogs.errors import BundleError
from wslogs.labels import label

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

HEAD = 1 << 16
_START = 512
_LETTERS = regex.compile(r"[\t\r\n\x1b\x20-\x7e\u00a0-\u017f\u0400-\u04ff\u2000-\u22ff]")
"""What a log holds: other characters show that bytes only look like UTF-16."""
_FEWEST = 8
"""Characters without which nothing is said of an encoding that has no mark."""
MOST_ITEMS = 10_000
MOST_BYTES = 64 << 30
"""A bundle that unpacks to more than this is a bomb or a mistake."""

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst")
_DAMAGED: tuple[type[Exception], ...] = (
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
_OUTPUTS = frozenset({"report.html", "report.md", "report.json"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file of the bundle. `path` is its label in the report: relative, with forward slashes."""

    path: str
    size: int
    opener: Callable[[], BinaryIO] = field(repr=False)
    notes: list[str] = field(default_factory=list, repr=False)
    """What reading met; "cut": the compressed data ends early."""

    @classmethod
    def of(cls, path: str, content: bytes) -> Item:
        """A file that is in memory."""
        return cls(path=path, size=len(content), opener=lambda: cast(BinaryIO, io.BufferedReader(io.BytesIO(content))))

    def open(self) -> BinaryIO:
        """The content as UTF-8 bytes: decompressed, and recoded when it begins like UTF-16. A cut .gz ends early."""
        stream = _decompressed(self.opener(), self.notes)
        head = _peek(stream, _START)
        if (wide := _utf_16(head)) is not None:
            return cast(BinaryIO, _Recoded(stream, wide))
        if head.startswith(b"\xef\xbb\xbf"):
            stream.read(3)
        return stream

    def head(self) -> bytes:
        """The first 64 KiB of the content."""
        with self.open() as stream:
            return stream.read(HEAD)


@dataclass(slots=True)
class Bundle:
    """What the user handed over. `skipped` holds (path, why) of what could not be read."""

    name: str
    items: list[Item]
    skipped: list[tuple[str, str]]
    _resources: ExitStack = field(default_factory=ExitStack, repr=False)

    def __enter__(self) -> Bundle:
        return self

    def __exit__(self, *exc: object) -> None:
        self._resources.close()


def open_bundle(paths: Iterable[Path]) -> Bundle:
    """Lists every file of folders, .zip, .tar, .tar.gz, .tar.zst and single files, sorted by label.

    BundleError when a path does not exist or nothing at all can be listed.
    """
    given = list(paths)
    bundle = Bundle(label(given[0].resolve().name) if given else "", [], [])
    with ExitStack() as opened:
        opened.push(bundle)
        _list(given, bundle)
        opened.pop_all()
    return bundle


def _list(given: list[Path], bundle: Bundle) -> None:
    for path in given:
        if not path.exists():
            raise BundleError(str(path), "does not exist", "give a folder, an archive or log files")
        if path.is_dir():
            bundle.items += _folder(path, bundle)
        elif path.name.lower().endswith(_ARCHIVES):
            bundle.items += _archive(path, bundle)
        else:
            bundle.items += _single(path, path.name, bundle)
    labelled = (replace(item, path=label(item.path)) for item in bundle.items)
    bundle.items = sorted(_distinct(labelled), key=lambda item: item.path)
    bundle.skipped = [(label(path), why) for path, why in bundle.skipped]
    if not bundle.items:
        why = "; ".join(f"{path}: {why}" for path, why in bundle.skipped[:3])
        shown = ", ".join(str(path) for path in given)
        raise BundleError(shown, f"holds no file that can be read{f' ({why})' if why else ''}", "add logs, a HAR, nginx.conf")


def _distinct(items: Iterable[Item]) -> Iterator[Item]:
    """Items whose labels differ: two files of one name, given one by one, are two sources."""
    seen: dict[str, int] = {}
    for item in items:
        seen[item.path] = seen.get(item.path, 0) + 1
        yield item if seen[item.path] == 1 else replace(item, path=f"{item.path} ({seen[item.path]})")


def _folder(root: Path, bundle: Bundle) -> Iterator[Item]:
    for folder, folders, names in os.walk(root):
        # A report of an earlier run is no evidence.
        if _OUTPUTS.issubset(names):
            names = [name for name in names if name not in _OUTPUTS]
        folders[:] = sorted(name for name in folders if name not in (".git", "node_modules"))
        for name in sorted(names):
            path = Path(folder) / name
            yield from _single(path, path.relative_to(root).as_posix(), bundle)
            if len(bundle.items) > MOST_ITEMS:
                raise BundleError(str(root), f"holds more than {MOST_ITEMS} files", "give the folder of the logs alone")


def _single(path: Path, label: str, bundle: Bundle) -> Iterator[Item]:
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            bundle.skipped.append((label, "is no regular file"))
            return
        path.open("rb").close()
    except OSError as error:
        bundle.skipped.append((label, f"cannot be read: {error.strerror or error.__class__.__name__}"))
        return
    yield Item(path=label, size=facts.st_size, opener=lambda: path.open("rb"))


def _archive(path: Path, bundle: Bundle) -> list[Item]:
    try:
        items = list(_zip(path, bundle) if path.suffix.lower() == ".zip" else _tar(path, bundle))
    except _DAMAGED as error:
        raise BundleError(str(path), f"is not a readable archive: {error}", "unpack it and give the folder") from error
    if len(items) > MOST_ITEMS or sum(item.size for item in items) > MOST_BYTES:
        raise BundleError(str(path), "unpacks to too much", f"at most {MOST_ITEMS} files and {MOST_BYTES >> 30} GiB")
    return items


def _zip(path: Path, bundle: Bundle) -> Iterator[Item]:
    archive = bundle._resources.enter_context(zipfile.ZipFile(path))
    for info in archive.infolist():
        label = _label(info.filename)
        if info.is_dir():
            continue
        if info.flag_bits & 1:
            bundle.skipped.append((label, "is encrypted"))
            continue
        notes: list[str] = []
        yield Item(path=label, size=info.file_size, opener=partial(_zipped, archive, info, notes), notes=notes)


def _zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, notes: list[str]) -> BinaryIO:
    return _tolerant(cast(io.BufferedIOBase, archive.open(info)), notes)


def _tar(path: Path, bundle: Bundle) -> Iterator[Item]:
    archive = bundle._resources.enter_context(_open_tar(path, bundle))
    for info in archive:
        if info.isfile():
            notes: list[str] = []
            yield Item(path=_label(info.name), size=info.size, opener=partial(_member, archive, info, notes), notes=notes)


def _open_tar(path: Path, bundle: Bundle) -> tarfile.TarFile:
    if not path.name.lower().endswith((".zst", ".tzst")):
        return tarfile.open(path)
    return tarfile.open(fileobj=bundle._resources.enter_context(zstd.open(path, "rb")))


def _member(archive: tarfile.TarFile, info: tarfile.TarInfo, notes: list[str]) -> BinaryIO:
    stream = archive.extractfile(info)
    assert stream is not None  # only regular files become items
    return _tolerant(cast(io.BufferedIOBase, stream), notes)


def _label(name: str) -> str:
    """A member's name as a label only: nothing is ever written by it."""
    return "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", ".", ".."))


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


def _decompressed(raw: BinaryIO, notes: list[str]) -> BinaryIO:
    buffered = raw if hasattr(raw, "peek") else io.BufferedReader(cast(io.RawIOBase, raw))
    magic = _peek(buffered, 4)
    if magic.startswith(b"\x1f\x8b"):
        return _tolerant(igzip.GzipFile(fileobj=buffered), notes, buffered)  # type: ignore[no-untyped-call]  # isal has no types there
    if magic == b"\x28\xb5\x2f\xfd":
        return _tolerant(zstd.ZstdFile(buffered), notes, buffered)
    return buffered


def _tolerant(stream: io.BufferedIOBase, notes: list[str], *below: IO[bytes]) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_UntilDamage(stream, notes, below), 1 << 20))


class _UntilDamage(io.RawIOBase):
    """Ends where the compressed data is cut or damaged: a log taken while it was rotated is often so."""

    def __init__(self, stream: io.BufferedIOBase, notes: list[str], below: Iterable[IO[bytes]]) -> None:
        self._stream, self._notes = stream, notes
        self._below: tuple[IO[bytes], ...] = tuple(below)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed wants any buffer
        try:
            data = self._stream.read(len(buffer))
        except _DAMAGED:
            if "cut" not in self._notes:
                self._notes.append("cut")
            return 0
        buffer[: len(data)] = data
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
