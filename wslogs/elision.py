"""Which parts of a match may stand in a report: groups of closed types, and what is literal between groups."""

from __future__ import annotations

from collections.abc import Iterator

import regex

ELIDED = "…"
"""What stands for a part of a line that may not be shown."""

SHOWN = frozenset({
    "status", "code", "errno", "alert", "seconds", "count", "size", "port", "method", "http", "level", "neterror", "header",
    "directive", "exception", "signal", "yesno", "version",
})  # fmt: skip
"""Names of groups whose text may stand in a report: closed, recognised types. Any other group is elided."""

EVENT_GROUPS = frozenset({
    "url", "path", "addr", "client", "host", "upstream", "connection", "token", "time", "text", "origin", "program", "request_id",
    "level_name", "page",
})  # fmt: skip
"""Names of groups that feed an event and are never shown."""


_MANY = r"(?:[*+]|\{\d*,?(?:\d\d|\}))"
_OPEN = regex.compile(
    rf"(?<!\\)(?:\\\\)*(\\[SWD]|\\w{_MANY}|\[\^|\.[*+?{{]|\[(?:\\.|[^\]\\])*?(?:[a-z]-[a-z]|[A-Z]-[A-Z]|\\w)(?:\\.|[^\]\\])*\]{_MANY})"
)
"""What may be any word: anything, or a run of letters of no known length or of ten and more."""
LOOKS = ("(?=", "(?!", "(?<=", "(?<!")
"""How groups begin that look around and match nothing."""


def loose(pattern: regex.Pattern[str]) -> str | None:
    """What a pattern leaves open outside its named groups, and would so be shown; None when there is nothing."""
    rest = "".join(outside(pattern.pattern, ("(?P<", *LOOKS)))
    found = _OPEN.search(rest)
    return found[1] if found else None


def outside(pattern: str, openers: tuple[str, ...]) -> Iterator[str]:
    """The pieces of an expression (an escape, a class, a character) that stand in no group that begins with one of `openers`."""
    depth, skip, place = 0, 0, 0
    while place < len(pattern):
        end = _class_end(pattern, place) if pattern[place] == "[" else place + 1 + (pattern[place] == "\\")
        piece = pattern[place:end]
        if piece == "(":
            depth += 1
            if not skip and pattern.startswith(openers, place):
                skip = depth
        if not skip:
            yield piece
        if piece == ")":
            skip = 0 if skip == depth else skip
            depth -= 1
        place = end


def _class_end(pattern: str, start: int) -> int:
    """Where a character class that begins at `start` ends."""
    position = start + 1
    position += pattern.startswith("^", position)
    position += pattern.startswith("]", position)
    while position < len(pattern) and pattern[position] != "]":
        position += 2 if pattern[position] == "\\" else 1
    return position + 1
