"""Every pattern against its own examples: each example fires, no counterexample does, the needles lead to it, and none is slow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from typing import Any, TypeVar

import regex

from wslogs import signals
from wslogs.errors import PatternError
from wslogs.parsers import access
from wslogs.parsers.heads import Heads
from wslogs.parsers.reader import LONGEST, PATH
from wslogs.patterns import Patterns, load
from wslogs.rows import check_expression
from wslogs.stanzas import Access, Foreign, Message, RequestId, Shape, Stamp, Stanza, Text, Wrapper

EXAMPLE_S = 0.01
"""An expression that needs longer for an ordinary line is slow; most need some microseconds."""
HOSTILE_S = 0.25
"""The same for the longest line that is matched. The parser gives a line up after twice that."""


@dataclass(slots=True)
class Result:
    """What was checked; `problems` are lines that say where, what and which example."""

    stanzas: int = 0
    examples: int = 0
    problems: list[str] = field(default_factory=list)


def run(own: Path | None = None) -> Result:
    """Checks the stanzas of a user's folder against their examples and those of wslogs; without one, all of wslogs.

    PatternError when one cannot even be read.
    """
    patterns = load(own) if own is not None else load()
    signals.check(patterns)
    known = {stanza.id for stanza in stanzas(load())} if own is not None else set()
    result = Result()
    for stanza in stanzas(patterns):
        if stanza.id in known:
            continue
        check_expression(stanza)
        result.stanzas += 1
        result.examples += len(stanza.examples) + len(stanza.counterexamples)
        result.problems += [
            f"{stanza.where}: {problem}" for problem in (*problems(stanza, patterns), *rivals(stanza, patterns), *slow(stanza))
        ]
    if own is None and not result.examples:
        raise PatternError("patterns", "holds no example", "an empty corpus proves nothing")
    return result


def stanzas(patterns: Patterns) -> Iterator[Stanza]:
    """All stanzas that look at text and so need examples."""
    yield from (*patterns.stamps, *patterns.wrappers, *patterns.request_ids, *patterns.foreigns, *patterns.shapes)
    yield from (*patterns.accesses, *patterns.messages)
    yield from (signal for signal in patterns.signals.values() if signal.expression is not None)


def problems(stanza: Stanza, patterns: Patterns) -> Iterator[str]:
    """What is wrong with one stanza."""
    if not stanza.examples:
        yield "has no example"
    if not stanza.counterexamples:
        yield "has no counterexample"
    for example in stanza.examples:
        line, gives = (example, {}) if isinstance(example, str) else (example["line"], example.get("gives", {}))
        found = _groups(stanza, line, patterns)
        if found is None:
            yield f"does not fit its example: {line}"
            continue
        if isinstance(stanza, Text) and PATH not in stanza.needles and not any(n in line.lower() for n in stanza.needles):
            yield f"has no needle that leads to its example: {line}"
        for name, wanted in gives.items():
            if found.get(name) != wanted:
                yield f"gives {name} = {found.get(name)!r}, not {wanted!r}, in: {line}"
    for line in stanza.counterexamples:
        if _groups(stanza, line, patterns) is not None:
            yield f"fits its counterexample: {line}"


def rivals(stanza: Stanza, patterns: Patterns) -> Iterator[str]:
    """Which other stanza takes an example first, or as well where only one should."""
    for example in stanza.examples:
        line = example if isinstance(example, str) else example["line"]
        other = _taker(stanza, line, patterns)
        if other is not None:
            yield f"loses its example to {other.id} ({other.where}): {line}"


def slow(stanza: Stanza) -> Iterator[str]:
    """Which line takes too long: an example, or one made from it to make the expression try again and again."""
    match = getattr(stanza, "match", None)
    if match is None:
        return
    look = match.match if isinstance(stanza, Wrapper | Foreign | Shape | Access) else match.search
    for example in stanza.examples:
        line = example if isinstance(example, str) else example["line"]
        if not _within(look, line, EXAMPLE_S):
            yield f"needs more than {EXAMPLE_S * 1000:.0f} ms for its example: {line}"
        for name, long in hostile(line):
            if not _within(look, long, HOSTILE_S):
                yield f"needs more than {HOSTILE_S * 1000:.0f} ms for {LONGEST >> 10} KiB of its example {name}: {line}"


def hostile(line: str) -> Iterator[tuple[str, str]]:
    """(what was done, the line) of lines of the greatest length that are made from an example."""
    for name, word in (("repeated", line), ("repeated without its end", line[:-1]), ("half, repeated", line[: len(line) // 2])):
        if word:
            yield name, (word * (LONGEST // len(word) + 1))[:LONGEST]
    for name, run in (
        ("with long numbers", r"\d"),
        ("with long words", "[A-Za-z]"),
        ("with long gaps", r"\s"),
        ("with long signs", r"[^\w\s]"),
    ):
        yield name, regex.sub(run, lambda found: found[0] * (LONGEST // max(1, len(line))), line)[:LONGEST]


def _within(look: Callable[..., object], line: str, limit_s: float) -> bool:
    """Whether one of five tries is fast enough, by the processor's time: a machine may be busy."""
    for _ in range(5):
        began = process_time()
        try:
            look(line, timeout=4 * limit_s)
        except TimeoutError:
            continue
        if process_time() - began <= limit_s:
            return True
    return False


def _taker(stanza: Stanza, line: str, patterns: Patterns) -> Stanza | None:
    match stanza:
        case Access(log_format=str()):  # one with `match` is for rows that no log_format fits
            return _first(patterns.accesses, stanza, lambda a: a.match is None and access.known(a).match(line) is not None)
        case Stamp():
            return _first(patterns.stamps, stanza, lambda s: s.match.search(line) is not None)
        case Wrapper():
            before = patterns.wrappers[: patterns.wrappers.index(stanza)]
            return _first(before, stanza, lambda w: (found := w.match.match(line)) is not None and found.end() > 0)
        case Message():
            alike = [m for m in patterns.messages if set(m.kinds) & set(stanza.kinds)]
            first = _first(alike, None, lambda m: m.match is not None and m.match.search(line) is not None)
            return first if first is not None and first.what != stanza.what else None
        case Shape():
            heavier = [s for s in patterns.shapes if s.kind != stanza.kind and s.weight >= max(stanza.weight, 0.1)]
            return _first(heavier, stanza, lambda s: s.match.match(line) is not None)
    return None


_S = TypeVar("_S", bound=Stanza)


def _first(stanzas: Iterable[_S], but: Stanza | None, fits: Callable[[_S], bool]) -> _S | None:
    return next((one for one in stanzas if one is not but and fits(one)), None)


def _groups(stanza: Stanza, line: str, patterns: Patterns) -> dict[str, Any] | None:
    """What a stanza takes out of a line; None when it does not fit."""
    if isinstance(stanza, Access):
        row = access.known(stanza).match(line)
        return dict(row) if row is not None else None
    if isinstance(stanza, Stamp):
        if stanza.match.search(line) is None:
            return None
        head = Heads(patterns, "app").take(line)
        return {"at": head.at, "zoned": head.zoned}
    if isinstance(stanza, Wrapper | Foreign | Shape):
        found = stanza.match.match(line)
        return dict(found.groupdict()) if found is not None else None
    if isinstance(stanza, RequestId) or (isinstance(stanza, Text) and stanza.match is not None):
        assert stanza.match is not None
        found = stanza.match.search(line)
        return dict(found.groupdict()) if found is not None else None
    return None
