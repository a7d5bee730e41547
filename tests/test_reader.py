"""parsers/reader.py: which texts a line is held against, and what is kept in mind."""

from __future__ import annotations

import pytest
import regex

from wslogs.model import What
from wslogs.parsers import reader
from wslogs.parsers.reader import PATH, Reader
from wslogs.stanzas import Message, Signal, Text

ACCEPTED = Message(
    id="accepted", where="x", kinds=("app",), expression=r'"WebSocket (?P<url>[^\s"]+)" \[accepted\]', needles=("[accepted]",),
    what=What.ACCEPTED, sets={"status": 101},
)  # fmt: skip
REFUSED = Message(
    id="refused", where="x", kinds=("app",), expression=r'"WebSocket (?P<url>[^\s"]+)" (?P<status>\d{3})\b', needles=("$path",),
    what=What.REFUSED, sets={},
)  # fmt: skip
EXPIRED = Signal(
    id="expired", where="x", kinds=("app",), expression="token expired", needles=("expired",), where_facts={}, fails=False, says={},
)  # fmt: skip


def held(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts against which lines are held from now on, by name."""
    asked: list[str] = []
    match = Text.match.func  # type: ignore[attr-defined]

    class Spy:
        def __init__(self, text: Text) -> None:
            self._text, self._match = text, match(text)

        def search(self, line: str, **options: float) -> regex.Match[str] | None:
            asked.append(self._text.id)
            found: regex.Match[str] | None = self._match.search(line, **options)
            return found

    monkeypatch.setattr(Text, "match", property(Spy))
    return asked


def test_a_line_is_held_against_the_texts_that_its_needles_lead_to(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = held(monkeypatch)
    reading = Reader([ACCEPTED, REFUSED, EXPIRED]).read('"WebSocket /ws" 403 token expired', {PATH, "expired"})
    assert (reading.message, reading.fields, reading.signals) == (REFUSED, {"url": "/ws", "status": "403"}, ("expired",))
    assert asked == ["refused", "expired"]


def test_a_line_that_comes_again_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = held(monkeypatch)
    own = Reader([ACCEPTED, REFUSED])
    first, again = (own.read('"WebSocket /ws" [accepted]', {"[accepted]"}) for _ in range(2))
    assert (first.message, again is first, asked) == (ACCEPTED, True, ["accepted"])
    assert own.read('"WebSocket /ws" [accepted]', {PATH}).message is None  # it is led to another text


def test_where_many_lines_hold_the_same_needles_a_text_that_cannot_fit_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_OFTEN", 2)
    asked = held(monkeypatch)
    own = Reader([ACCEPTED, REFUSED])
    told = [own.read(f'"WebSocket /ws/{number}" [accepted]', {"[accepted]", PATH}).message for number in range(4)]
    assert told == [ACCEPTED] * 4
    assert asked == ["accepted", "refused"] * 2 + ["accepted"] * 2


def test_what_is_kept_in_mind_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_REMEMBERED", 10)
    monkeypatch.setattr(reader, "_MOST_LEDS", 3)
    own = Reader([ACCEPTED, REFUSED])
    for number in range(50):
        own.read(f'"WebSocket /ws/{number}" 403', {PATH, f"needle {number}"})
        own.read(f'"WebSocket /ws/{number}" 403' + "x" * 400, {PATH})
    assert len(own._known) <= 10
    assert len(own._leds) <= 3
    assert max(len(text) for text, _ in own._known) < 400
