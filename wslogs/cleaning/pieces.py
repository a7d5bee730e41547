"""Lines that a container runtime cut at 16 KiB: together they are one, and a token in it may lie across a cut."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import regex

from wslogs.stanzas import Wrapper

_MOST = 64
"""Lines in more pieces than this are taken in parts."""
_DOCKER = regex.compile(r'\{"log":"((?:[^"\\]|\\.)*+)",?(?=.*"stream":)')
"""How docker's json-file driver begins a line; one that goes on in the next has no line end in it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a file, without its end and with it apart."""

    text: str
    end: bytes
    first: int = 0
    last: int = 0
    """From `first` to `last` stands what the program wrote, where a runtime may cut it."""
    more: bool = False
    """Whether it goes on in the next line."""

    @property
    def packed(self) -> bool:
        return self.text.startswith("{")

    @property
    def inner(self) -> str:
        """What the program wrote."""
        part = self.text[self.first : self.last]
        return str(json.loads(f'"{part}"', strict=False)) if self.packed else part

    @property
    def outer(self) -> str:
        """What the runtime wrote around it."""
        return self.text[: self.first] + self.text[self.last :]


def groups(lines: Iterable[tuple[str, bytes]], wrappers: Sequence[Wrapper]) -> Iterator[list[Row]]:
    """Lines, given as (text, end), by those that are one; nearly all are one by themselves."""
    tagged = [wrapper for wrapper in wrappers if "tag" in wrapper.match.groupindex]
    held = list[Row]()
    for text, end in lines:
        row = _row(text, end, tagged)
        held.append(row)
        if not row.more or len(held) >= _MOST:
            yield held
            held = []
    if held:
        yield held


def _row(text: str, end: bytes, tagged: Sequence[Wrapper]) -> Row:
    if (found := _DOCKER.match(text)) is not None:
        return Row(text, end, *found.span(1), more=_is_cut(found[1]))
    found = next((one for wrapper in tagged if (one := wrapper.match.match(text)) is not None), None)
    return Row(text, end) if found is None else Row(text, end, found.end(), len(text), found["tag"] == "P")


def _is_cut(part: str) -> bool:
    try:
        json.loads(f'"{part}"', strict=False)
    except ValueError:
        return False
    return not part.endswith(r"\n")


def cut(whole: str, rows: Sequence[Row], around: Sequence[str]) -> Iterator[str]:
    """A text as long as that of the rows, or nearly, in as many lines; `around` is what stands around each part."""
    place = 0
    for number, (row, outer) in enumerate(zip(rows, around, strict=True), 1):
        part = whole[place : place + len(row.inner)] if number < len(rows) else whole[place:]
        place += len(part)
        found = _DOCKER.match(outer) if row.packed else None
        if found is None:
            yield outer + part
        else:
            yield outer[: found.start(1)] + json.dumps(part, ensure_ascii=row.text.isascii())[1:-1] + outer[found.end(1) :]
