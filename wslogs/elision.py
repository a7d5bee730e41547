"""Which parts of a match may stand in a report: groups of closed types, and what is literal between groups."""

from __future__ import annotations

import regex

SHOWN = frozenset({
    "status", "code", "errno", "alert", "seconds", "count", "size", "port", "method", "http", "level", "neterror", "header",
    "directive", "exception", "signal", "yesno", "version",
})  # fmt: skip
"""Names of groups whose text may stand in a report: closed, recognised types. Any other group is elided."""

EVENT_GROUPS = frozenset({
    "url", "path", "addr", "client", "host", "upstream", "connection", "token", "time", "text", "origin", "program", "request_id",
    "level_name",
})  # fmt: skip
"""Names of groups that feed an event and are never shown."""


def loose(pattern: regex.Pattern[str]) -> str | None:
    """What a pattern leaves open outside its named groups, and would so be shown; None when there is nothing."""
    found = regex.search(r"(?<!\\)(?:\\\\)*(\\[SWD]|\\w(?:[*+]|\{\d*,?(?:\d\d|\}))|\[\^|\.[*+?{])", _outside_groups(pattern.pattern))
    return found[1] if found else None


def _outside_groups(pattern: str) -> str:
    """The expression without its named groups and look-arounds, which show nothing."""
    kept, depth, skip, position = [], 0, 0, 0
    while position < len(pattern):
        char = pattern[position]
        if char == "\\":
            if not skip:
                kept.append(pattern[position : position + 2])
            position += 2
            continue
        if char == "[":
            end = _class_end(pattern, position)
            if not skip:
                kept.append(pattern[position:end])
            position = end
            continue
        if char == "(":
            depth += 1
            if not skip and pattern.startswith(("(?P<", "(?=", "(?!", "(?<=", "(?<!"), position):
                skip = depth
        if not skip:
            kept.append(char)
        if char == ")":
            if skip == depth:
                skip = 0
            depth -= 1
        position += 1
    return "".join(kept)


def _class_end(pattern: str, start: int) -> int:
    """Where a character class that begins at `start` ends."""
    position = start + 1
    position += pattern.startswith("^", position)
    position += pattern.startswith("]", position)
    while position < len(pattern) and pattern[position] != "]":
        position += 2 if pattern[position] == "\\" else 1
    return position + 1
