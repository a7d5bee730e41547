"""Tracebacks over many lines: how far one goes, chained ones and ones without their first line included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import regex

from wslogs.blocks import Line

MOST_LINES = 600
_FIRST = regex.compile(r"Traceback \(most recent call last\):")
_BRANCH = regex.compile(r"^(?:\s*(?:[|+][ -]))*(?=\s|\S)")
"""What Python draws before the lines of a group."""
_INSIDE = regex.compile(r"\s+\S|Traceback \(most recent call last\)|\s*[+|] |File \"")
_NAME = regex.compile(
    r"(?P<text>(?:[A-Za-z_]\w*\.)*)(?P<exception>[A-Z][A-Za-z]{0,40}(?:Error|Exception|Disconnect(?:ed)?|Timeout|Closed(?:OK)?|Exit|Interrupt|Group)|Exception)(?=:|$)",
    regex.MULTILINE,
)
_CHAIN = regex.compile(r"(During handling of|The above exception was)")
_LAST = regex.compile(
    r"[A-Za-z_][\w.]*(?:Error|Exception|Warning|Exit|Interrupt|Disconnect\w*|Timeout|Closed\w*|Group)\b|[a-z_][\w.]*\.[A-Z]\w*(?::|$)"
)


def gather(line: Line, strip: Callable[[bytes], str]) -> tuple[str, int, int]:
    """(the traceback's text, number of its first line, number of its last line) around a line inside it.

    `strip` takes the wrapper off a raw line. A traceback that a log cut off ends where its lines end.
    """
    own = strip(line.raw)
    before: list[str] = []
    if _INSIDE.match(own) and not _FIRST.search(own):
        before = _before(strip(raw) for raw in line.preceding())
    after = _after((strip(raw) for raw in line.following()), ended=bool(_LAST.match(own)))
    text = "\n".join([*reversed(before), own, *after])
    return text, line.number - len(before), line.number + len(after)


def last_words(text: str) -> list[str]:
    """What a traceback comes to: the last line of its last block and what its message goes on with; of a group that of each
    exception in it. Empty when a log cut it before.
    """
    lines = [_BRANCH.sub("", line) for line in text.splitlines()] or [""]
    starts = [place for place, line in enumerate(lines) if _FIRST.search(line)] or [0]
    ends = [_end(lines[start:stop]) for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True)]
    groups = [place for place, start in enumerate(starts) if "Exception Group" in lines[start]]
    if not groups or groups[-1] == len(starts) - 1:
        return [end for end in ends[-1:] if end]
    # In a group only what follows the heads of groups are its exceptions; of a chain inside one this takes each for its own.
    return [end for place, end in enumerate(ends) if place > groups[0] and place not in groups and end]


def _end(block: Sequence[str]) -> str:
    last = next((place for place, line in enumerate(block) if place and line[:1].strip()), None)
    return "\n".join(block[last:]).strip() if last is not None else ""


def named(words: str) -> regex.Match[str] | None:
    """The class of the exception in a traceback's last words, in the group `exception`: letters, with an ending as Python's own have."""
    return _NAME.match(words)


def shortened(text: str, most: int) -> str:
    """At most so many characters of a traceback: its beginning and its end, where the cause stands."""
    return text if len(text) <= most else text[: most // 4] + "\n" + text[-(most - most // 4 - 1) :]


def _before(lines: Iterable[str]) -> list[str]:
    taken: list[str] = []
    for text in lines:
        if len(taken) >= MOST_LINES or not _INSIDE.match(text):
            return taken
        taken.append(text)
        if _FIRST.search(text):
            return taken
    return taken


def _after(lines: Iterable[str], *, ended: bool) -> list[str]:
    """Lines of the traceback that follow; blank lines only where a chained one goes on after them."""
    taken: list[str] = []
    waiting: list[str] = []
    for text in lines:
        if len(taken) >= MOST_LINES:
            break
        if not text.strip():
            waiting.append(text)
        elif _CHAIN.match(text) or (text.startswith("Traceback") and (waiting or not ended)):
            taken += [*waiting, text]
            waiting, ended = [], False
        elif ended or (waiting and not _INSIDE.match(text)):
            break
        elif _INSIDE.match(text):
            taken += [*waiting, text]
            waiting = []
        elif _LAST.match(text):
            taken.append(text)
            ended = True
        else:
            break
    return taken
