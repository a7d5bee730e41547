"""Rows of access logs as columns: one array for each thing that a row tells, and once what many rows have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wslogs.model import Event, Token

_TUNNEL = 101
_COLUMNS: Mapping[str, type[Any]] = {
    "source": np.int32, "line": np.int64, "at": np.float64, "lasted": np.float64, "kind": np.int32, "token": np.int32,
    "client": np.int32, "agent": np.int32, "chance": np.uint32,
}  # fmt: skip
"""Of Rows, and their dtypes. -1 is none, not-a-number is a time that the row does not tell. `classed` adds "class"."""
Column = NDArray[Any]
"""One of a dtype of _COLUMNS."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(slots=True)
class Rows:
    """Rows of access logs in the order of files and lines: one array for each column, all of one length."""

    sources: list[str] = field(default_factory=list)
    kinds: list[Event] = field(default_factory=list)
    """What rows have in common: an event without time, token, client and agent."""
    tokens: list[Token] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    columns: dict[str, Column] = field(default_factory=lambda: {name: np.empty(0, of) for name, of in _COLUMNS.items()})
    raws: dict[int, bytes] = field(default_factory=dict)
    """Position -> line, of those that may be looked at for themselves."""

    def __len__(self) -> int:
        return len(self.columns["line"])

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def of_kind(self, tell: Callable[[Event], float]) -> Floats:
        """A number that all rows of a kind share, for each row."""
        return np.array([tell(kind) for kind in self.kinds] or [0.0])[self["kind"]] if len(self) else np.empty(0)

    def like(self, columns: dict[str, Column], raws: dict[int, bytes] | None = None) -> Rows:
        """Other rows that have the same things in common."""
        return Rows(self.sources, self.kinds, self.tokens, self.clients, self.agents, columns, raws or {})

    def where(self, wanted: Flags) -> Rows:
        """Some of the rows, in their order."""
        if wanted.all():
            return self
        places = np.flatnonzero(wanted)
        moved = {int(old): new for new, old in enumerate(places)} if self.raws else {}
        raws = {moved[place]: raw for place, raw in self.raws.items() if place in moved}
        return self.like({name: one[places] for name, one in self.columns.items()}, raws)

    def split(self, wanted: Flags) -> tuple[Rows, Rows]:
        """(these, the others without their lines). The rows themselves are gone then: two copies of all would be in memory."""
        own = self.where(wanted)
        if own is self:
            return self, self.like({name: one[:0] for name, one in self.columns.items()})
        return own, self.like({name: self.columns.pop(name)[~wanted] for name in list(self.columns)})

    @property
    def started(self) -> Floats:
        """When each try began on the clock of its log, epoch seconds; not a number where the row does not tell (correlate/sightings.py)."""
        lasted, status = self["lasted"], self.of_kind(lambda kind: kind.status or 0)
        return np.where(np.isnan(lasted), np.where(status == _TUNNEL, np.nan, self.ended), self.ended - lasted)

    @property
    def ended(self) -> Floats:
        """When each row was written: in the middle of its second, where it tells no finer."""
        made: Floats = self["at"] + self.of_kind(lambda kind: 0.5 if kind.resolution_s >= 1.0 else 0.0)
        return made


def merged(parts: Sequence[Rows]) -> Rows:
    """Rows of several parts or files, one after the other; what they have in common is told once. Their columns go into it."""
    if len(parts) == 1:
        return parts[0]
    whole = Rows()
    codes: dict[tuple[str, str | None], dict[object, int]] = defaultdict(dict)
    """(what it is, and of a token its parameter) -> code of each. No key is kept but what is there anyway: tokens may be millions."""
    names: dict[str, tuple[list[object], Callable[[Rows], Sequence[object]], Callable[[object], tuple[str | None, object]]]] = {
        "source": (whole.sources, lambda part: part.sources, _text_key),  # type: ignore[dict-item]
        "kind": (whole.kinds, lambda part: part.kinds, _kind_key),  # type: ignore[dict-item]
        "token": (whole.tokens, lambda part: part.tokens, _token_key),  # type: ignore[dict-item]
        "client": (whole.clients, lambda part: part.clients, _text_key),  # type: ignore[dict-item]
        "agent": (whole.agents, lambda part: part.agents, _text_key),  # type: ignore[dict-item]
    }
    columns: dict[str, list[Column]] = {name: [] for name in _COLUMNS}
    before = 0
    for part in parts:
        count = len(part)
        for name, (values, of, key) in names.items():
            own = []
            for value in of(part):
                space, one = key(value)
                code = codes[name, space].setdefault(one, len(values))
                if code == len(values):
                    values.append(value)
                own.append(code)
            columns[name].append(np.array([*own, -1], np.int32)[part.columns.pop(name)])
        for name in _COLUMNS.keys() - names.keys():
            columns[name].append(part.columns.pop(name))
        whole.raws |= {before + place: raw for place, raw in part.raws.items()}
        before += count
    if parts:
        whole.columns = {name: np.concatenate(columns.pop(name)) for name in _COLUMNS}
    return whole


def _text_key(text: object) -> tuple[None, object]:
    return None, text


def _kind_key(kind: object) -> tuple[None, object]:
    assert isinstance(kind, Event)
    return None, kind_key(kind)


def kind_key(event: Event) -> tuple[object, ...]:
    """What tells rows of one kind from others."""
    return (
        event.path, event.host, event.status, event.upgrade, event.upstream, event.upstream_status, event.resolution_s, event.scheme,
    )  # fmt: skip


def _token_key(token: object) -> tuple[str | None, object]:
    assert isinstance(token, Token)
    return token.parameter, token.fingerprint


def runs(order: Ints, cut: Flags) -> list[Ints]:
    """Pieces of an order, cut before each element but the first for which `cut`, one shorter, says so."""
    return np.split(order, np.flatnonzero(cut) + 1) if len(order) else []


def once(rows: Rows) -> Flags:
    """Whether a row stands in no earlier file: copies and rotations that overlap hold the same bytes of the same second."""
    kept = np.ones(len(rows), np.bool_)
    if len(rows.sources) < 2:
        return kept
    rank = np.argsort(np.argsort(rows.sources))[rows["source"]]
    order = np.lexsort((rank, rows["chance"], rows["at"]))
    same = (np.diff(rows["at"][order]) == 0) & (np.diff(rows["chance"][order].astype(np.int64)) == 0)
    for run in runs(order, ~same):
        if len(run) > 1:
            kept[run] = rank[run] == rank[run[0]]
    return kept
