"""Whole lines for --quote, masked; read again at the end, for the few lines that are proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from wslogs.bundle import Bundle
from wslogs.mask import Mask

_LONGEST = 600


def quotes(bundle: Bundle, wanted: Iterable[tuple[str, int]], mask: Mask) -> Mapping[tuple[str, int], str]:
    """(source, line) -> the line, masked and cut at 600 characters; lines that cannot be read again are left out."""
    lines: dict[str, set[int]] = {}
    for source, line in wanted:
        lines.setdefault(source, set()).add(line)
    found: dict[tuple[str, int], str] = {}
    for item in bundle.items:
        numbers = sorted(lines.get(item.path, ()))
        if not numbers:
            continue
        with item.open() as stream:
            for number, raw in enumerate(islice(stream, numbers[-1]), 1):
                if number in lines[item.path]:
                    found[item.path, number] = mask.line(raw.decode("utf-8", "replace"))[:_LONGEST]
    return found
