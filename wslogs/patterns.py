"""patterns/*.toml -> Patterns, or a PatternError with file, line and stanza.

The data is the knowledge; Python knows no log message. Every stanza carries examples and counterexamples,
and check.py runs them all.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import Any

import regex

from wslogs import resources
from wslogs.errors import PatternError
from wslogs.mask import words_of
from wslogs.rows import READERS, check_expression, nearest
from wslogs.stanzas import (
    LINE_KINDS,
    Access,
    Cause,
    Close,
    Foreign,
    Message,
    Record,
    RequestId,
    Shape,
    Signal,
    Stamp,
    Stanza,
    Text,
    Wrapper,
)

BUILTIN = resources.path("patterns")


@dataclass(frozen=True)
class Patterns:
    """All stanzas, and the sha256 of the files they came from."""

    stamps: tuple[Stamp, ...]
    wrappers: tuple[Wrapper, ...]
    request_ids: tuple[RequestId, ...]
    foreigns: tuple[Foreign, ...]
    shapes: tuple[Shape, ...]
    accesses: tuple[Access, ...]
    records: tuple[Record, ...]
    messages: tuple[Message, ...]
    signals: Mapping[str, Signal]
    causes: Mapping[str, Cause]
    closes: tuple[Close, ...]
    """What close codes mean, in their order."""
    sha256: str

    def texts(self, kind: str) -> tuple[Text, ...]:
        """Messages and text signals for lines of one kind, in file order."""
        return self._by_kind.get(kind, ())

    def stanzas(self) -> Iterator[tuple[Stanza, tuple[str, ...]]]:
        """Every stanza with the kinds of lines that it is for; none where it is for any."""
        yield from ((one, ()) for one in (*self.stamps, *self.wrappers, *self.request_ids, *self.foreigns))
        yield from ((one, (one.kind,)) for one in self.shapes)
        yield from ((one, (one.kind,)) for one in self.records)
        yield from ((one, ("nginx-access",)) for one in self.accesses)
        yield from ((one, one.kinds) for one in (*self.messages, *self.signals.values()))
        yield from ((one, ()) for one in (*self.causes.values(), *self.closes))

    @cached_property
    def words(self) -> frozenset[str]:
        """The words that messages, examples and texts of the stanzas are made of: those that may stand in a masked line."""
        return words_of(str(stanza) for stanza, _ in self.stanzas())

    @cached_property
    def _by_kind(self) -> dict[str, tuple[Text, ...]]:
        texts: list[Text] = [*self.messages, *(s for s in self.signals.values() if s.expression is not None)]
        return {kind: tuple(t for t in texts if kind in t.kinds) for kind in LINE_KINDS}


def load(*own: Path) -> Patterns:
    """Every stanza of the patterns that come with wslogs, and before them those of a user's own folders.

    PatternError on the first bad one, and where two have one name. The expressions of wslogs' own texts are checked by
    `wslogs patterns check`, not at each start: to compile all of them takes longer than to read a small bundle.
    """
    found: dict[str, list[Any]] = {name: [] for name in READERS}
    digest = hashlib.sha256()
    for root in own:
        _add(root, found, digest)
    _add(BUILTIN, found, digest)
    patterns = Patterns(
        stamps=tuple(found["time"]),
        wrappers=tuple(found["wrapper"]),
        request_ids=tuple(found["request-id"]),
        foreigns=tuple(found["foreign"]),
        shapes=tuple(found["shape"]),
        accesses=tuple(found["access"]),
        records=tuple(found["record"]),
        messages=tuple(found["message"]),
        signals={s.id: s for s in found["signal"]},
        causes={c.id: c for c in found["cause"]},
        closes=tuple(sorted(found["close"], key=lambda close: close.code)),
        sha256=digest.hexdigest(),
    )
    _check_names(patterns, found)
    return patterns


def _add(root: Path, found: Mapping[str, list[Any]], digest: hashlib._Hash) -> None:
    if not root.is_dir():
        raise PatternError(str(root), "is no folder", "give the folder that holds your .toml files")
    files = sorted(root.rglob("*.toml"))
    if not files:
        raise PatternError(str(root), "holds no .toml file", "give the folder that holds your .toml files")
    for file in files:
        raw = file.read_bytes()
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + raw.replace(b"\r\n", b"\n"))
        for name, stanza in _read(file.relative_to(root).as_posix(), raw):
            if root != BUILTIN:
                check_expression(stanza)
            found[name].append(stanza)


def _read(place: str, raw: bytes) -> Iterable[tuple[str, Any]]:
    try:
        text = raw.decode("utf-8")
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PatternError(place, f"is not TOML: {error}") from error
    for name, stanzas in document.items():
        if name not in READERS:
            raise PatternError(place, f"has an unknown table [[{name}]]", nearest(name, READERS))
        if not isinstance(stanzas, list) or not all(isinstance(row, dict) for row in stanzas):
            raise PatternError(place, f"has `{name}` that is no list of stanzas", f"write [[{name}]]")
        lines = _lines(text, name)
        for row in stanzas:
            where = f"{place}:{next(lines)} [{row.get('id', 'a stanza without id')}]"
            yield name, READERS[name](dict(row), where)


def _lines(text: str, name: str) -> Iterator[int]:
    """The lines on which the stanzas of a table begin; a table that is written otherwise begins at line 1."""
    for found in regex.finditer(rf"(?m)^[ \t]*\[\[[ \t]*(?:{regex.escape(name)}|\"{regex.escape(name)}\")[ \t]*\]\]", text):
        yield text.count("\n", 0, found.start()) + 1
    yield from repeat(1)


def _check_names(patterns: Patterns, found: Mapping[str, Sequence[Stanza]]) -> None:
    seen: dict[str, str] = {}
    for stanza in (stanza for stanzas in found.values() for stanza in stanzas):
        if stanza.id in seen:
            raise PatternError(stanza.where, f"has the name of {seen[stanza.id]}")
        seen[stanza.id] = stanza.where
    for signal in patterns.signals.values():
        for name in signal.also:
            if name not in patterns.signals or patterns.signals[name].expression is None:
                raise PatternError(signal.where, f"names `{name}` in `also`, which is no signal in lines", nearest(name, patterns.signals))
    for cause in patterns.causes.values():
        for name in (*cause.all, *cause.any, *cause.none, *cause.hints, *cause.suspects, *cause.strong):
            if name not in patterns.signals:
                raise PatternError(cause.where, f"names the unknown signal `{name}`", nearest(name, patterns.signals))
        for name in cause.outranks:
            if name not in patterns.causes:
                raise PatternError(cause.where, f"outranks the unknown cause `{name}`", nearest(name, patterns.causes))
    for close in patterns.closes:
        for name in (*close.causes, *close.once_open):
            if name not in patterns.causes:
                raise PatternError(close.where, f"names the unknown cause `{name}`", nearest(name, patterns.causes))
    _check_cycle(patterns.causes)


def _check_cycle(causes: Mapping[str, Cause]) -> None:
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            raise PatternError(causes[name].where, f"outranks itself: {' > '.join((*trail, name))}")
        if name not in done:
            for lower in causes[name].outranks:
                visit(lower, (*trail, name))
            done.add(name)

    for name in causes:
        visit(name, ())
