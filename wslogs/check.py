"""Every pattern against its own examples: each example fires, no counterexample does, and the needles lead to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wslogs import signals
from wslogs.errors import PatternError
from wslogs.parsers import access
from wslogs.parsers.heads import Heads
from wslogs.parsers.kit import PATH
from wslogs.patterns import Access, Patterns, RequestId, Shape, Stamp, Stanza, Text, Wrapper, load


@dataclass(slots=True)
class Result:
    """What was checked; `problems` are lines that say where, what and which example."""

    stanzas: int = 0
    examples: int = 0
    problems: list[str] = field(default_factory=list)


def run(folder: Path | None = None) -> Result:
    """Checks all stanzas of a patterns/ folder; PatternError when one cannot even be read."""
    patterns = load(folder)
    signals.check(patterns)
    result = Result()
    for stanza in stanzas(patterns):
        result.stanzas += 1
        result.examples += len(stanza.examples) + len(stanza.counterexamples)
        result.problems += [f"{stanza.where}: {problem}" for problem in problems(stanza, patterns)]
    if not result.examples:
        raise PatternError(str(folder or "patterns"), "holds no example", "an empty corpus proves nothing")
    return result


def stanzas(patterns: Patterns) -> Iterator[Stanza]:
    """All stanzas that look at text and so need examples."""
    yield from (*patterns.stamps, *patterns.wrappers, *patterns.request_ids, *patterns.shapes)
    yield from (*patterns.accesses, *patterns.messages)
    yield from (signal for signal in patterns.signals.values() if signal.match is not None)


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
    if isinstance(stanza, Wrapper | Shape):
        found = stanza.match.match(line)
        return dict(found.groupdict()) if found is not None else None
    if isinstance(stanza, RequestId) or (isinstance(stanza, Text) and stanza.match is not None):
        assert stanza.match is not None
        found = stanza.match.search(line)
        return dict(found.groupdict()) if found is not None else None
    return None
