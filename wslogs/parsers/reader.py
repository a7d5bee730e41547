"""A line's words -> what the messages and signals of the patterns see in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import ahocorasick_rs
import regex

from wslogs.linewise import ExpressionSet
from wslogs.model import Fact
from wslogs.redact import excerpt
from wslogs.stanzas import Message, Signal, Text

LONGEST = 16 << 10
"""Characters of a line that are matched; a longer line is cut there."""
PATH = "$path"
"""The needle that stands for every path that the bundle shows to be dialled."""
MATCH_S = 0.5
"""A pattern that needs longer for one line is given up for that line, and counted."""
_GIVEN_UP = 3
"""Lines for which a pattern took too long; it is tried on no further one."""
_OFTEN = 100
"""Lines that hold the same needles before a set of the expressions that they lead to pays."""
_MOST_LEDS = 500
_REMEMBERED, _SHORT = 1000, 400
"""Lines that are kept in mind, with what they say, and the characters of the longest of them."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the patterns saw in one line."""

    message: Message | None = None
    fields: dict[str, str] = field(default_factory=dict)
    sets: dict[str, Fact] = field(default_factory=dict)
    signals: tuple[str, ...] = ()
    excerpt: str = ""
    gave_up: bool = False

    def __bool__(self) -> bool:
        return self.message is not None or bool(self.signals)


class Reader:
    """The texts of one kind of source, and the needles that lead to them. What lines say again and again is read once."""

    def __init__(self, texts: Iterable[Text]) -> None:
        self._texts = tuple(texts)
        self.needles = sorted({needle for text in self._texts for needle in text.needles})
        self._slow: Counter[str] = Counter()
        self._led: dict[str, list[int]] = {}
        for position, text in enumerate(self._texts):
            for needle in text.needles:
                self._led.setdefault(needle, []).append(position)
        self._leds: dict[frozenset[str], _Led] = {}
        self._known: dict[tuple[str, _Led], Reading] = {}

    def read(self, text: str, hits: Iterable[str]) -> Reading:
        """Tries the texts that the needles lead to; the first message in file order names the event."""
        led = self._led_to(frozenset(hits))
        if len(text) > _SHORT:
            return self._read(text[:LONGEST], led)
        reading = self._known.get((text, led))
        if reading is None:
            reading = self._read(text, led)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            if not reading.gave_up:
                self._known[text, led] = reading
        return reading

    def read_all(self, text: str) -> Reading:
        """The same for a text that no scanner went over, such as a reason inside a HAR."""
        hits = self._finder.find_matches_as_indexes(text.lower().encode("utf-8", "surrogatepass"), overlapping=True)
        return self.read(text, {PATH, *(self.needles[hit] for hit, _, _ in hits)})

    @cached_property
    def _finder(self) -> ahocorasick_rs.BytesAhoCorasick:
        return ahocorasick_rs.BytesAhoCorasick([needle.encode() for needle in self.needles])

    def _led_to(self, hits: frozenset[str]) -> _Led:
        led = self._leds.get(hits)
        if led is None:
            if len(self._leds) >= _MOST_LEDS:
                self._leds.clear()
            positions = sorted({position for hit in hits for position in self._led.get(hit, ())})
            led = self._leds[hits] = _Led(tuple(self._texts[position] for position in positions))
        return led

    def _read(self, text: str, led: _Led) -> Reading:
        message: Message | None = None
        fields, sets, signals, gave_up = dict[str, str](), dict[str, Fact](), list[str](), False
        best: regex.Match[str] | None = None
        for candidate in led.left(text):
            assert candidate.match is not None  # texts without one have no needles
            if self._slow[candidate.id] >= _GIVEN_UP:
                gave_up = True
                continue
            try:
                found = candidate.match.search(text, timeout=MATCH_S)
            except TimeoutError:
                gave_up = True
                self._slow[candidate.id] += 1
                continue
            if found is None:
                continue
            if isinstance(candidate, Signal):
                best = found if not signals else best  # what a signal saw tells more than where it stood
                signals.append(candidate.id)
            elif isinstance(candidate, Message):
                message = message or candidate
                sets = {**candidate.sets, **sets}
                for name, value in found.groupdict().items():
                    if value is not None:
                        fields.setdefault(name, value)
                best = best or found
        return Reading(message, fields, sets, tuple(signals), excerpt(best, text) if best is not None else "", gave_up)


@dataclass(slots=True, eq=False)
class _Led:
    """The texts that some needles lead to, in their order."""

    texts: tuple[Text, ...]
    _asked: int = 0
    _set: ExpressionSet | None = None

    def left(self, line: str) -> Iterator[Text]:
        """Those that a line may hold."""
        self._asked += 1
        if self._asked <= _OFTEN:
            return iter(self.texts)
        if self._set is None:
            self._set = ExpressionSet(text.expression or "" for text in self.texts)
        return (self.texts[place] for place in self._set.left(line))
