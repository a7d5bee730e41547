"""Where a clean bundle goes: a folder beside its place, looked through for secrets, then moved; or a .tar.gz of it."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from wslogs.errors import BundleError
from wslogs.redact import Vault
from wslogs.streams import zstd

_AT_ONCE = 4 << 20
"""Bytes that are looked through together."""
PACKED = (".tar.gz", ".tgz")


@dataclass(slots=True)
class Target:
    """A place that is written only when all is well."""

    out: Path
    folder: Path
    """The private folder that is filled; it goes with the `with` block."""
    _names: list[str] = field(default_factory=list)

    def write(self, label: str, lines: Iterable[bytes]) -> None:
        """A file of this label; a .gz or .zst is packed again, with no time in it."""
        path = self.folder / label
        path.parent.mkdir(parents=True, exist_ok=True)
        self._names.append(label)
        if label.lower().endswith(".gz"):
            with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, 0) as packed:
                packed.writelines(lines)
        elif label.lower().endswith(".zst"):
            with zstd.ZstdFile(path, "wb") as packed:
                packed.writelines(lines)
        else:
            with path.open("wb") as file:
                file.writelines(lines)

    def check(self, vault: Vault, public: Iterable[str]) -> None:
        """LeakError when a file holds a part of a secret."""
        said = list(public)
        for name in self._names:
            for part in self._parts(name):
                vault.check({name: part}, said)

    def _parts(self, name: str) -> Iterator[bytes]:
        path, ending = self.folder / name, name.lower().rpartition(".")[2]
        with gzip.open(path) if ending == "gz" else zstd.ZstdFile(path) if ending == "zst" else path.open("rb") as file:
            while part := file.read(_AT_ONCE):
                yield part + file.readline(_AT_ONCE)

    def move(self) -> None:
        """Puts what was written into its place."""
        try:
            if self.out.name.lower().endswith(PACKED):
                self._pack()
            else:
                self.out.parent.mkdir(parents=True, exist_ok=True)
                if self.out.exists():
                    self.out.rmdir()  # it was empty
                self.folder.chmod(0o755)
                shutil.move(self.folder, self.out)
        except OSError as error:
            raise BundleError.unwritten(self.out, error) from None

    def _pack(self) -> None:
        """A .tar.gz without times, owners and order of this machine: the same files give the same bytes."""
        self.out.parent.mkdir(parents=True, exist_ok=True)
        half = self.folder.with_name(self.folder.name + ".tar.gz")
        try:
            with half.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, 0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
                for name in sorted(self._names):
                    path = self.folder / name
                    row = tarfile.TarInfo(name)
                    row.size = path.stat().st_size
                    with path.open("rb") as file:
                        tar.addfile(row, file)
            half.replace(self.out)
        finally:
            half.unlink(missing_ok=True)


@contextmanager
def target(out: Path, bundle: Iterable[Path]) -> Iterator[Target]:
    """A folder to fill, beside where it goes. BundleError when something is there already, or it lies in the bundle."""
    whole = out.resolve()
    for path in bundle:
        given = path.resolve()
        if whole == given or (given.is_dir() and whole.is_relative_to(given)):
            raise BundleError(str(out), "lies in the bundle, which is only read", "give a place outside of it")
    if out.exists() and not (out.is_dir() and not any(out.iterdir()) and not out.name.lower().endswith(PACKED)):
        raise BundleError(str(out), "exists already", "give a new place, or an empty folder")
    near = next(parent for parent in whole.parents if parent.is_dir())
    try:
        folder = Path(tempfile.mkdtemp(prefix=".wslogs-", dir=near))
    except OSError as error:
        raise BundleError.unwritten(out, error) from None
    try:
        yield Target(out, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def text(lines: Iterable[str]) -> bytes:
    """Lines as a file."""
    made = io.StringIO()
    for line in lines:
        made.write(f"{line}\n")
    return made.getvalue().encode("utf-8", "replace")
