"""Tracebacks over many lines: how far one goes, chained ones and ones without their first line included."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import regex

from wslogs.scan import Line

MOST_LINES = 600
_INSIDE = regex.compile(r"\s+\S|Traceback \(most recent call last\)|\s*[+|] ")
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
    if _INSIDE.match(own) and not own.lstrip().startswith("Traceback"):
        before = _before(strip(raw) for raw in line.preceding())
    after = _after((strip(raw) for raw in line.following()), ended=bool(_LAST.match(own)))
    text = "\n".join([*reversed(before), own, *after])
    return text, line.number - len(before), line.number + len(after)


def _before(lines: Iterable[str]) -> list[str]:
    taken: list[str] = []
    for text in lines:
        if len(taken) >= MOST_LINES or not _INSIDE.match(text):
            return taken
        taken.append(text)
        if text.lstrip().startswith("Traceback"):
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
