"""What `nginx -v` and `nginx -V` print -> the version of nginx."""

from __future__ import annotations

import hashlib

import regex

from wslogs.bundle import Item
from wslogs.model import Event, Source, Tier, What
from wslogs.parsers.kit import Parsed

_BUILD = regex.compile(
    rb"(?:\$ nginx -[vV][^\n]*\n)?\s*(?:nginx version: )?(?:nginx|openresty|angie|tengine|freenginx)/(\d{1,3}\.\d{1,4}\.\d{1,4})\b"
)
_MOST = 64 << 10


def is_build(head: bytes) -> bool:
    """Whether a file begins as nginx names its version."""
    return _BUILD.match(head) is not None


def parse(item: Item) -> Parsed:
    """One source with one event, which has the version."""
    with item.open() as stream:
        raw = stream.read(_MOST)
    source = Source(path=item.path, kind="nginx-version", tier=Tier.CONFIG, sha256=hashlib.sha256(raw).hexdigest(), kept=1)
    source.lines = source.recognised = raw.count(b"\n") + (not raw.endswith(b"\n"))
    found = _BUILD.match(raw)
    version = found[1].decode() if found is not None else None
    line = raw.count(b"\n", 0, found.start(1)) + 1 if found is not None else 1
    return Parsed([source], [event(item.path, line, Tier.CONFIG, version)])


def event(source: str, line: int, tier: Tier, version: str | None) -> Event:
    return Event(source=source, line=line, tier=tier, what=What.NOTE, version=version, excerpt=f"nginx/{version}")
