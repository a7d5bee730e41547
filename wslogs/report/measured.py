"""How often verdicts were right on labelled bundles: data that a command makes, never typed."""

from __future__ import annotations

from functools import cache

import msgspec

from wslogs import resources

FILE = "patterns/measured.json"


@cache
def measured() -> dict[str, tuple[int, int]]:
    """Kind of evidence -> (right, all). Empty until it was measured."""
    file = resources.path(FILE)
    return msgspec.json.decode(file.read_bytes(), type=dict[str, tuple[int, int]]) if file.exists() else {}
