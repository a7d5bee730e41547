"""Classes of rows: those alike in all that decides, and which of each are looked at for themselves.

The log of a fleet holds a million tries and a few dozen classes. Which rows are looked at depends on their bytes alone, and not on
how a file was cut into parts or who read which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b

import numpy as np

from wslogs.columns import Column, Flags, Floats, Ints, Rows
from wslogs.model import Event

EACH = 5_000
"""So many tries, and fewer, are all looked at for themselves."""
SOME = 1_000
"""Of more, about so many are."""
MOST_EACH = 400
"""Lines of one class that are kept until it is known how many there are of all."""
_FEWEST = 5
"""Of each class, however many classes there are."""
_REDIAL_S = 10.0
_TUNNEL = 101
_ODD, _BITS = 0x9E3779B97F4A7C15 - (1 << 64), (1 << 61) - 1
"""What numbers are mixed with, and the bits that a class has."""


def classes(rows: Rows, limits: Sequence[float], shown: Callable[[str | None], str | None]) -> Ints:
    """A number for each row: rows of one class differ in nothing that decides, as far as their own line tells.

    It is the same for a class in whatever part of a log, and leaves two bits free. `limits`: seconds at which it matters how
    long a socket lasted, in order. `shown` tells a path as reports do.
    """
    of_kind = [_number(_decides(kind, shown)) for kind in rows.kinds]
    length = np.where(np.isnan(rows["lasted"]), len(limits) + 1, np.searchsorted(np.array(limits), rows["lasted"]))
    codes, back = np.unique(rows["token"], return_inverse=True)
    own = [rows.tokens[code] if code >= 0 else None for code in codes.tolist()]
    numbers = {name: _number(name) for name in {one.parameter for one in own if one is not None}}
    token = np.array([0 if one is None else numbers[one.parameter] for one in own], np.int64)[back]
    expires = np.array([np.nan if one is None or one.expires is None else one.expires for one in own])[back]
    begun, ended = rows.started, rows.ended
    begun = np.where(np.isnan(begun), ended, begun)
    expiry = np.where(np.isnan(expires), 0, np.where(begun < expires, 1, 2)) + np.where(np.abs(ended - expires) <= 2.0, 3, 0)
    made: Ints = np.array([*of_kind, 0])[rows["kind"]].astype(np.int64)
    for part in (length, token, expiry):
        made = (made * _ODD + part) & _BITS  # what is too large wraps, the same way everywhere
    return made


def _number(what: object) -> int:
    """Equal ones have the same in every process, and of others none is seen to."""
    return int.from_bytes(blake2b(repr(what).encode("utf-8", "surrogatepass"), digest_size=8).digest()) & _BITS


def _decides(kind: Event, shown: Callable[[str | None], str | None]) -> object:
    asked = kind.upstream if kind.upstream in (None, "-") else "asked"
    return shown(kind.path), kind.host, kind.status, kind.upgrade, asked, kind.upstream_status, kind.resolution_s


def lowest(of: Ints, chance: Column, most: int) -> Flags:
    """The rows with the lowest chances of each class, at most so many of one."""
    order = np.lexsort((chance, of))
    sorted_ = of[order]
    firsts = np.flatnonzero(np.r_[True, sorted_[1:] != sorted_[:-1]]) if len(order) else np.empty(0, np.int64)
    rank = np.arange(len(order)) - np.repeat(firsts, np.diff(np.r_[firsts, len(order)]))
    found = np.zeros(len(order), np.bool_)
    found[order[rank < most]] = True
    return found


def candidates(of: Ints, chance: Column, wanted: Flags) -> Flags:
    """Rows that may yet be looked at for themselves, whatever further rows there are: some of each class, and of those wanted."""
    return lowest(of, chance, MOST_EACH) | _few(wanted, chance)


def chosen(rows: Rows, wanted: Flags) -> Flags:
    """Which rows, `classed`, are looked at for themselves: all of few; else some of each class, and those that other tiers tell of."""
    if len(rows) <= EACH:
        return np.ones(len(rows), np.bool_)
    of = rows["class"]
    most = max(_FEWEST, SOME // max(1, len(np.unique(of))))
    has = np.zeros(len(rows), np.bool_)
    has[list(rows.raws)] = True
    return (lowest(of, rows["chance"], most) | _few(wanted, rows["chance"])) & has


def _few(wanted: Flags, chance: Column) -> Flags:
    """Of rows that other tiers tell of as many as are looked at."""
    return wanted & lowest(np.zeros(len(wanted), np.int64), np.where(wanted, chance, 2**32), EACH)


def classed(rows: Rows, limits: Sequence[float], shown: Callable[[str | None], str | None]) -> None:
    """Adds the column "class", an int64: its last bit tells rows whose page dialled again soon, the others are of `classes`."""
    rows.columns["class"] = classes(rows, limits, shown) * 2 + redials(rows)


class Diallers:
    """Who dials what, as a number for each row that its path and its token share."""

    def __init__(self, rows: Rows) -> None:
        self._paths: dict[str | None, int] = {}
        path = np.array([*(self._paths.setdefault(kind.path, len(self._paths)) for kind in rows.kinds), 0], np.int64)[rows["kind"]]
        prints: dict[str, int] = {}
        self._tokens = rows.tokens
        if len({one.parameter for one in rows.tokens}) > 1:  # one token may have come by several
            self._codes = np.array([*(prints.setdefault(one.fingerprint, 1 + len(prints)) for one in rows.tokens), 0], np.int64)
        else:
            self._codes = np.r_[np.arange(1, len(rows.tokens) + 1), 0]
        self.of: Ints = path * len(self._codes) + self._codes[rows["token"]]

    def numbers(self, wanted: Iterable[tuple[str | None, str | None]]) -> dict[int, tuple[str | None, str | None]]:
        """The numbers of (path, fingerprint of the token)."""
        asked = list(wanted)
        named = {name for _, name in asked}
        codes: dict[str | None, int] = {one.fingerprint: place for place, one in enumerate(self._tokens) if one.fingerprint in named}
        number = {name: int(self._codes[place]) for name, place in codes.items()} | {None: 0}
        return {
            self._paths[path] * len(self._codes) + number[name]: (path, name)
            for path, name in asked
            if path in self._paths and name in number
        }


def redials(rows: Rows) -> Flags:
    """Whether a socket was open and its token dialled the same path soon after, or at all where rows tell no start (facts._redial)."""
    dialler, opened = Diallers(rows).of, (rows.of_kind(lambda kind: kind.status or 0) == _TUNNEL) & (rows["token"] >= 0)
    again = np.zeros(len(rows), np.bool_)
    mine = np.flatnonzero(np.isin(dialler, np.unique(dialler[opened])))
    if len(mine):
        again[mine] = _again(dialler[mine], rows.started[mine], rows.ended[mine])
    made: Flags = again & opened
    return made


def _again(dialler: Ints, started: Floats, ended: Floats) -> Flags:
    order = np.lexsort((np.nan_to_num(started), np.isnan(started), dialler))
    last = np.zeros(len(order), np.bool_)
    last[order[np.flatnonzero(np.r_[dialler[order][1:] != dialler[order][:-1], True])]] = True
    again: Flags = ~last & np.isnan(started)
    timed = order[~np.isnan(started[order])]
    if len(timed):
        least, span = float(np.min(started[timed])), 2.0 * (float(np.nanmax(ended)) - float(np.min(started[timed])) + 1e4)
        ranks = np.unique(dialler[timed], return_inverse=True)[1]
        keys = ranks * span + (started[timed] - least)
        after = np.searchsorted(keys, ranks * span + (np.maximum(ended[timed] - 1.0, started[timed]) - least), side="right")
        there = np.minimum(after, len(timed) - 1)
        again[timed] = (after < len(timed)) & (ranks[there] == ranks) & (started[timed[there]] - ended[timed] <= _REDIAL_S)
    return again
