"""Files behind addresses such as s3://bucket/logs/ or https://host/access.log: listed and opened through fsspec, only ever read.

Credentials are found by fsspec's own means (environment, profile, metadata of the machine) and pass through wslogs nowhere.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit

import regex

from wslogs.archives import ENDINGS, MOST_ENTRIES
from wslogs.errors import BundleError

_ADDRESS = regex.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+)://[^\s]+")
_WEB = ("http", "https")
_BLOCK = 8 << 20
"""Bytes that are asked for at a time, at least."""
_PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs"}
_OURS = "'wslogs[cluster]'"
"""What fsspec needs for a scheme: a package of its own, or what `wslogs[cluster]` brings."""


@dataclass(frozen=True, slots=True)
class Found:
    """One file behind an address."""

    label: str
    """Its path below what was asked for, else its name."""
    size: int
    opener: Callable[[], BinaryIO]


def is_address(text: str) -> bool:
    """Whether a text is an address, and no path."""
    return _ADDRESS.fullmatch(text) is not None


def name(address: str) -> str:
    """What may be said of an address: its last name, without the query and the user, which may be secret."""
    parts = urlsplit(address)
    return unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.hostname or parts.scheme


def listed(address: str) -> Iterator[Found]:
    """The files behind an address: one, or all below a prefix. BundleError when there is none, or it cannot be reached."""
    if address.lower().partition("?")[0].endswith(ENDINGS):
        raise BundleError(name(address), "is an archive behind an address", "fetch it first; archives are read from this machine")
    with _reached(address):
        system, path = _opened(address)
        found = _files(system, path, address)
    if not found:
        raise BundleError(name(address), "holds no file", "give the address of a file, or a prefix that ends with /")
    yield from found


def _files(system: Any, path: str, address: str) -> list[Found]:
    scheme = urlsplit(address).scheme
    if scheme in _WEB or not (path.endswith("/") or address.endswith("/") or system.isdir(path)):
        info = system.info(path)
        ranges = scheme not in _WEB or bool(info.get("partial"))
        return [Found(name(address), info.get("size") or 0, partial(opened, address, ranges))]
    root = system._strip_protocol(path).rstrip("/") + "/"
    rows = islice(system.find(path, detail=True).items(), MOST_ENTRIES)
    return [
        Found(found.removeprefix(root), row.get("size") or 0, partial(opened, f"{scheme}://{found.removeprefix(f'{scheme}://')}"))
        for found, row in rows
    ]


def opened(address: str, ranges: bool = True) -> BinaryIO:
    """The bytes of a file; BundleError where they do not come, for the report of a file that was read in half is none.

    `ranges`: whether a part can be asked for without the rest; not every web server has that.
    """
    with _reached(address):
        system, path = _opened(address)
        file = system.open(path, "rb", block_size=_BLOCK if ranges else 0)
    return cast(BinaryIO, io.BufferedReader(_Remote(file, address, ranges), 1 << 16))


def _opened(address: str) -> tuple[Any, str]:
    import fsspec

    system, path = fsspec.core.url_to_fs(address)
    return system, str(path)


class _reached:
    """Errors on the way to a file, of whatever library, become a BundleError; their texts may hold addresses and stay here."""

    def __init__(self, address: str) -> None:
        self._label, self._scheme = name(address), urlsplit(address).scheme

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, BundleError) or not isinstance(error, Exception):
            return
        if isinstance(error, FileNotFoundError):
            raise BundleError(self._label, "is not there") from None
        what = f"cannot be read: {error.__class__.__name__}"
        hint = "look at the address and at the credentials"
        if isinstance(error, ImportError):
            hint = f"pip install {_PACKAGES.get(self._scheme, _OURS)}"
        raise BundleError(self._label, what, hint) from None


class _Remote(io.RawIOBase):
    """A file of fsspec, whose errors are BundleErrors."""

    def __init__(self, file: Any, address: str, ranges: bool) -> None:
        self._file, self._address, self._ranges = file, address, ranges

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._ranges

    def seek(self, place: int, whence: int = 0) -> int:
        with _reached(self._address):
            return int(self._file.seek(place, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed wants any buffer
        with _reached(self._address):
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()
