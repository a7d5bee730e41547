"""What an nginx error log tells of other requests: of very many lines some, evenly, as the control group of those that failed."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from wslogs.blocks import Block
from wslogs.model import Event, What
from wslogs.parsers.kit import Kit, decode, dialled
from wslogs.stanzas import Message

MOST = 5000
"""Events of one log that are kept, or half of them."""
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

    def among(self, block: Block) -> Iterator[tuple[int, int, bool]]:
        """Where lines that hold a needle begin and end, and whether each is about another request; of such lines some, evenly."""
        raw, holds = block.raw, self.holds
        for begin, end in block.found():
            if not holds(decode(raw[begin:end])):
                yield begin, end, False
                continue
            self._count += 1
            if (self._count - 1) % self._step == 0:
                yield begin, end, True

    def add(self, event: Event) -> None:
        """Keeps an event that says what failed: others are no measure for one that did."""
        if event.signals:
            self.found.append(event)
        if len(self.found) > MOST:
            self.found = self.found[::2]
            self._step *= 2
