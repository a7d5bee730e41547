"""An access log of any size, or a part of one -> Rows. Lines are kept of those rows alone that may yet be looked at for themselves."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import isnan
from typing import BinaryIO

import numpy as np

from wslogs import classes
from wslogs.blocks import Block, Line
from wslogs.columns import Column, Flags, Rows
from wslogs.model import Source
from wslogs.parsers.bystanders import FAILED, Bystanders
from wslogs.parsers.kit import Kit
from wslogs.parsers.row_reader import UNREAD, Row, RowReader
from wslogs.scan import Scanner, finder

_NEAR_S = 3.0
"""A row so close to what another tier tells without a token is looked at for itself."""


class Bulk:
    """Reads one access log, or a part of one, into Rows."""

    def __init__(
        self, source: Source, kit: Kit, row_of: Callable[[bytes], Row | None], bystanders: Bystanders, missed: Callable[[bytes, int], None]
    ) -> None:
        """`missed` gets each row that cannot be read, with its line."""
        self._kit, self._bystanders, self._missed = kit, bystanders, missed
        self._rows = Rows(sources=[source.path])
        self._reader = RowReader(source, kit, row_of, self._rows)
        self._wanted: Flags = np.empty(0, np.bool_)
        self._count = 0
        """Rows so far; there is room for more."""
        self._most = 2 * classes.EACH
        """Lines of them that are kept before some are dropped."""

    def read(self, scanner: Scanner, stream: BinaryIO, needles: Iterable[str]) -> tuple[Rows, Flags]:
        """(rows that could be handshakes, whether another tier may tell of each)."""
        where = finder(word.encode() for needle in needles for word in _cases(needle))
        for block in scanner.blocks(stream, where.find_matches_as_indexes if where is not None else lambda raw: ()):
            self._block(block)
        self._resize(self._count)
        if self._count > classes.EACH:
            self._settle()
        return self._rows, self._wanted

    def when(self, raw: bytes) -> float | None:
        """When a row was written, epoch seconds; None where it does not say."""
        return self._reader.when(raw)

    def _block(self, block: Block) -> None:
        numbers, begins, ends = block.lines()
        if not len(numbers):
            return
        raws = [block.raw[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
        raws = [raw.rstrip(b"\r") for raw in raws] if b"\r" in block.raw else raws
        kind, at, lasted, token, client, agent, tied = map(np.array, self._reader.taken(raws))
        for place in np.flatnonzero(kind == UNREAD).tolist():
            self._missed(raws[place], block.before + int(numbers[place]))
        failed = [code for code, one in enumerate(self._rows.kinds) if one.status in FAILED]
        for place in np.flatnonzero(np.isin(kind, failed)).tolist():
            when, own = float(at[place]), self._rows.kinds[kind[place]]
            line = partial(Line.of, block, int(begins[place]), int(ends[place]))
            self._bystanders.look(own.status, None if isnan(when) else when, line)
        held = np.flatnonzero(kind >= 0)
        if not len(held):
            return
        raws = raws if len(held) == len(raws) else [raws[place] for place in held.tolist()]
        told = {
            "source": np.zeros(len(held)), "line": block.before + numbers[held], "at": at[held], "lasted": lasted[held], "kind": kind[held],
            "token": token[held], "client": client[held], "agent": agent[held], "chance": np.array(list(map(zlib.crc32, raws)), np.uint32),
        }  # fmt: skip
        self._add({name: told[name].astype(empty.dtype) for name, empty in Rows().columns.items()}, raws, tied[held].astype(np.bool_))

    def _add(self, columns: dict[str, Column], raws: Sequence[bytes], tied: Flags) -> None:
        part, first = self._rows.like(columns), self._count
        wanted = tied | self._near(part)
        self._count += len(raws)
        if self._count > len(self._wanted):
            self._resize(self._count + self._count // 4)
        for name, column in columns.items():
            self._rows[name][first : self._count] = column
        self._wanted[first : self._count] = wanted
        self._rows.raws |= dict(enumerate(raws, first))
        if self._count > classes.EACH and len(self._rows.raws) > self._most:
            self._settle()

    def _resize(self, size: int) -> None:
        """Makes room for so many rows where they are: to put pieces together would need all of it twice."""
        for column in (*self._rows.columns.values(), self._wanted):
            column.resize(size, refcheck=False)

    def _near(self, part: Rows) -> Flags:
        """Rows that another tier may tell of: by their token, or by their time where it names none."""
        known: Flags = np.zeros(len(part), np.bool_)
        if self._kit.joins:
            codes, back = np.unique(part["token"], return_inverse=True)
            known = np.array([code >= 0 and part.tokens[code].fingerprint in self._kit.joins for code in codes.tolist()], np.bool_)[back]
        times = np.array(self._kit.moments)
        if len(times) and len(part):
            after = np.searchsorted(times, part.ended)
            gap = np.minimum(
                np.abs(times[np.minimum(after, len(times) - 1)] - part.ended), np.abs(times[np.maximum(after - 1, 0)] - part.ended)
            )
            known = known | (gap <= _NEAR_S)
        return known

    def _settle(self) -> None:
        """Drops lines that are not looked at in any case, each time that there are twice as many as were left."""
        places = np.array(sorted(self._rows.raws), np.int64)
        rows = self._rows.like({name: column[places] for name, column in self._rows.columns.items()})
        of = classes.classes(rows, self._kit.limits, self._kit.shown)
        keep = places[classes.candidates(of, rows["chance"], self._wanted[places])]
        self._rows.raws = {place: self._rows.raws[place] for place in keep.tolist()}
        self._most = 2 * max(classes.EACH, len(keep))


def _cases(needle: str) -> set[str]:
    """A needle in the cases in which it is met: to look at all bytes in lower case takes longer than to look for it."""
    return {
        needle,
        needle.upper(),
        needle.capitalize(),
        needle.replace("websocket", "WebSocket"),
        needle.replace("/s", "/S").replace("/w", "/W"),
    }
