"""What an nginx error log tells of other requests: of very many lines some, evenly, as the control group of those that failed."""

from __future__ import annotations

from urllib.parse import unquote

from wslogs.blocks import Line
from wslogs.model import Event, What
from wslogs.parsers.kit import Kit, dialled
from wslogs.stanzas import Message

MOST = 5000
"""Lines of one log that are kept, or half of them."""
_REMEMBERED = 10_000
"""Paths that are kept in mind."""


class Elsewhere:
    """Tells lines about other requests, and keeps the events of some."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        texts = [text for text in kit.patterns.texts("nginx-error") if isinstance(text, Message) and text.what is What.ERROR]
        self._asked = [text.match.search for text in texts if text.match is not None and "url" in text.match.groupindex]
        self._known: dict[str, bool] = {}
        self._dialled = 0
        self._count, self._step = 0, 1
        self.lines: list[Line] = []
        self.found: list[Event] = []

    def holds(self, text: str) -> bool:
        """Whether a line names a request on a path that is no WebSocket's, as far as the bundle has shown."""
        if self._dialled != len(self._kit.paths) or len(self._known) > _REMEMBERED:
            self._known.clear()
            self._dialled = len(self._kit.paths)
        for search in self._asked:
            if (asked := search(text)) is not None:
                path = asked["url"].partition("?")[0]
                other = self._known.get(path)
                if other is None:
                    other = self._known[path] = path.startswith("/") and not dialled(unquote(path), self._kit)
                return other
        return False

    def next(self) -> bool:
        """Whether the next such line is one of those that are kept."""
        self._count += 1
        return (self._count - 1) % self._step == 0

    def keep(self, line: Line) -> None:
        """Keeps a line that `next` has named."""
        self.lines.append(line)
        if len(self.lines) > MOST:
            self.lines = self.lines[::2]
            self._step *= 2

    def add(self, event: Event | None) -> None:
        """Takes the event of a line that was kept, where it says what failed: others are no measure for one that did."""
        if event is not None and event.signals:
            self.found.append(event)
