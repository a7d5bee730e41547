"""Folder, archive or single files -> items to read. The only reader of a bundle's files; it never writes into it."""

from __future__ import annotations

import io
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from wslogs import remote, streams
from wslogs.archives import ENDINGS, LINK, MOST_ENTRIES, NO_FILE, Broken, Member, members
from wslogs.errors import BundleError, shown
from wslogs.labels import label
from wslogs.streams import Budget, Limit, Notes

HEAD = 1 << 16
MOST_ITEMS = 10_000
MOST_DEEP = 50
"""Folders within folders."""
_MOST_ALIKE = 10
"""Files that were left out for one reason and are named; further ones are counted."""
_LONGEST = 200
"""Characters of a label."""
_OUTPUTS = frozenset({"report.html", "report.md", "report.json"})
_FLAGS = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)
"""Neither a link nor a pipe that took a file's place since it was looked at is opened, or waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file of the bundle. `path` is its label in the report: relative, with forward slashes."""

    path: str
    size: int
    opener: Callable[[], BinaryIO] = field(repr=False)
    limit: Limit = field(repr=False)
    notes: Notes = field(default_factory=Notes, repr=False)
    packed: bool = False
    """Whether it lies in an archive."""

    @classmethod
    def of(cls, path: str, content: bytes) -> Item:
        """A file that is in memory."""
        return cls(
            path=path, size=len(content), limit=Limit.of(len(content)),
            opener=lambda: cast(BinaryIO, io.BufferedReader(io.BytesIO(content))),
        )  # fmt: skip

    def open(self) -> BinaryIO:
        """The content as UTF-8 bytes: decompressed, recoded where it is UTF-16, and ended where it becomes too much."""
        return streams.text(self.opener(), self.notes, self.limit, packed=self.packed)

    def parts(self, size: int, first: int | None = None) -> Sequence[tuple[int, int | None]]:
        """Ranges of bytes, about so long, whose lines can be read each without the others; one where it is packed, or not UTF-8.

        `first`: the length of the first one; None: as of the others. What is written to the file later is in none of several.
        """
        if self.packed or self.size <= size:
            return [(0, None)]
        with self.opener() as raw:
            if not streams.as_it_lies(raw):
                return [(0, None)]
        firsts = [0, *range(first or size, self.size, size)]
        return list(zip(firsts, [*firsts[1:], self.size], strict=True))

    def lines(self, first: int, last: int | None) -> BinaryIO:
        """The content of one of `parts`."""
        return self.open() if (first, last) == (0, None) else cast(BinaryIO, streams.Lines(self.opener(), first, last))

    def head(self) -> bytes:
        """The first 64 KiB of the content."""
        with self.open() as stream:
            return stream.read(HEAD)


@dataclass(slots=True)
class Bundle:
    """What the user handed over. `skipped` holds (path, why) of what could not be read; of very many alike, some."""

    name: str
    items: list[Item]
    skipped: list[tuple[str, str]]
    notes: list[tuple[str, str]] = field(default_factory=list)
    """(path, what is to be said of it) of folders and archives."""
    _alike: Counter[str] = field(default_factory=Counter, repr=False)
    _resources: ExitStack = field(default_factory=ExitStack, repr=False)

    def skip(self, label: str, why: str) -> None:
        """Notes that a file cannot be read."""
        self._alike[why] += 1
        if self._alike[why] <= _MOST_ALIKE:
            self.skipped.append((label, why))

    def more(self) -> Iterator[str]:
        """What is to be said of files beyond those that `skipped` names."""
        for why, count in self._alike.items():
            if count > _MOST_ALIKE:
                yield f"{count - _MOST_ALIKE} more files were left out: each {why}"

    def __enter__(self) -> Bundle:
        return self

    def __exit__(self, *exc: object) -> None:
        self._resources.close()


def open_bundle(paths: Iterable[Path | str]) -> Bundle:
    """Lists every file of folders, .zip, .tar, .tar.gz, .tar.zst and single files, sorted by label. A str is an address (remote.py).

    BundleError when a path does not exist or nothing at all can be listed.
    """
    given = list(paths)
    bundle = Bundle(label(_name(given[0])) if given else "", [], [])
    with ExitStack() as opened:
        opened.push(bundle)
        _list(given, bundle)
        opened.pop_all()
    return bundle


def _name(path: Path | str) -> str:
    return remote.name(path) if isinstance(path, str) else path.resolve().name


def _list(given: list[Path | str], bundle: Bundle) -> None:
    for path in given:
        if isinstance(path, str):
            found = _remote(path)
        elif not path.exists():
            raise BundleError(str(path), "does not exist", "give a folder, an archive or log files")
        elif path.is_dir():
            found = _folder(path.absolute(), bundle)  # workers of a cluster are in another folder
        elif path.name.lower().endswith(ENDINGS):
            found = _archive(path, bundle)
        else:
            found = _single(path.resolve(), _label(path.name), bundle)
        bundle.items += islice(found, MOST_ITEMS)
        if next(found, None) is not None:
            bundle.notes.append((_label(_name(path)), f"it holds more than {MOST_ITEMS} files; the others were left out"))
    bundle.notes += [(_label(bundle.name), text) for text in bundle.more()]
    labelled = (replace(item, path=label(item.path)) for item in bundle.items)
    bundle.items = sorted(_distinct(labelled), key=lambda item: item.path)
    bundle.skipped = [(label(path), why) for path, why in bundle.skipped]
    if not bundle.items:
        why = "; ".join(f"{path}: {why}" for path, why in bundle.skipped[:3])
        names = ", ".join(_name(path) if isinstance(path, str) else str(path) for path in given)
        raise BundleError(names, f"holds no file that can be read{f' ({why})' if why else ''}", "add logs, a HAR, nginx.conf")


def _remote(address: str) -> Iterator[Item]:
    for one in remote.listed(address):
        yield Item(path=_label(one.label), size=one.size, opener=one.opener, limit=Limit.of(one.size))


def _distinct(items: Iterable[Item]) -> Iterator[Item]:
    """Items whose labels differ: two files of one name, given one by one, are two sources."""
    seen: Counter[str] = Counter()
    for item in items:
        seen[item.path] += 1
        yield item if seen[item.path] == 1 else replace(item, path=f"{item.path} ({seen[item.path]})")


def _folder(root: Path, bundle: Bundle) -> Iterator[Item]:
    """Its regular files, folder by folder; no link is followed, and a report of an earlier run is no evidence."""
    left = [(root, 0)]
    while left:
        folder, depth = left.pop()
        try:
            with os.scandir(folder) as found:
                rows = sorted(islice(found, MOST_ENTRIES), key=lambda row: row.name)
        except OSError as error:
            bundle.skip(_label(folder.relative_to(root).as_posix()), f"cannot be read: {error.strerror or error.__class__.__name__}")
            continue
        old = _OUTPUTS.issubset(row.name for row in rows)
        inner = []
        for row in rows:
            path = Path(row.path)
            label = _label(path.relative_to(root).as_posix())
            if row.is_dir(follow_symlinks=False):
                if depth < MOST_DEEP:
                    inner += [(path, depth + 1)] if row.name not in (".git", "node_modules") else []
                else:
                    bundle.skip(label, f"lies deeper than {MOST_DEEP} folders")
            elif not (old and row.name in _OUTPUTS):
                yield from _single(path, label, bundle)
        left += reversed(inner)


def _single(path: Path, label: str, bundle: Bundle) -> Iterator[Item]:
    try:
        facts = path.lstat()
        if not stat.S_ISREG(facts.st_mode):
            bundle.skip(label, LINK if stat.S_ISLNK(facts.st_mode) else NO_FILE)
            return
        _opened(path).close()
    except OSError as error:
        bundle.skip(label, f"cannot be read: {error.strerror or error.__class__.__name__}")
        return
    yield Item(path=label, size=facts.st_size, opener=partial(_opened, path), limit=Limit.of(facts.st_size))


def _opened(path: Path) -> BinaryIO:
    """A regular file; OSError when it has become something else."""
    file = os.open(path, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(NO_FILE)
        return os.fdopen(file, "rb")
    except BaseException:
        os.close(file)
        raise


def _archive(path: Path, bundle: Bundle) -> Iterator[Item]:
    try:
        size = path.stat().st_size
        budget = Budget.of(size)
        for count, member in enumerate(members(path, bundle._resources)):
            if count >= MOST_ENTRIES:
                raise Broken(f"holds more than {MOST_ENTRIES} entries; what follows there was not read")
            if member.opener is not None:
                yield _item(member, min(member.packed, size), budget)
            elif member.why:
                bundle.skip(_label(member.name), member.why)
    except OSError as error:
        why = str(error) if isinstance(error, Broken) else f"cannot be read: {error.strerror or error.__class__.__name__}"
        bundle.skip(_label(path.name), why)


def _item(member: Member, packed: int, budget: Budget) -> Item:
    assert member.opener is not None
    return Item(path=_label(member.name), size=member.size, opener=member.opener, limit=Limit.of(packed, budget), packed=True)


def _label(name: str) -> str:
    """A name as a label only: nothing is ever opened or written by it, and no character of it moves a cursor or turns a line."""
    label = "/".join(part for part in shown(name).replace("\\", "/").split("/") if part not in ("", ".", ".."))
    return label if len(label) <= _LONGEST else f"{label[:_LONGEST]}…"
