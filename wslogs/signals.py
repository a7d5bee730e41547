"""attempt -> the signals that fire in it, by text in its lines and by its facts."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wslogs.errors import PatternError
from wslogs.facts import NAMES
from wslogs.model import LIFE, ORDINARY_CLOSES, Attempt, CloseCode, Event, Fact
from wslogs.patterns import Patterns
from wslogs.stanzas import Signal

_NEAR_S = 3.0


def check(patterns: Patterns) -> None:
    """PatternError for a signal over a fact that does not exist."""
    for signal in patterns.signals.values():
        for name in signal.where_facts:
            if name not in NAMES:
                raise PatternError(signal.where, f"names the unknown fact `{name}`", f"known: {', '.join(sorted(NAMES))}")


def fires(wanted: Any, value: Fact | None) -> bool:
    """Whether a fact is what a stanza wants: a value, one of a list, or between min and max. An unknown fact never is."""
    if value is None:
        return False
    if isinstance(wanted, Mapping):
        if isinstance(value, str | bool):
            return False
        return bool(wanted.get("min", float("-inf")) <= value <= wanted.get("max", float("inf")))
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        return value in wanted
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


class Detector:
    """Fires signals; one over facts is looked at only where an attempt has the first fact that it wants."""

    def __init__(self, patterns: Patterns) -> None:
        self._signals = list(patterns.signals.values())
        self._place = {signal.id: place for place, signal in enumerate(self._signals)}
        self._by_fact: dict[str | tuple[str, Fact], list[int]] = {}
        for place, signal in enumerate(self._signals):
            if signal.where_facts and signal.expression is None:
                for key in _keys(signal.where_facts):
                    self._by_fact.setdefault(key, []).append(place)
        self._said = {signal.id for signal in self._signals if signal.where_facts and signal.expression is not None}

    def fire(self, attempt: Attempt) -> frozenset[str]:
        """Names of the signals; `proof` of the attempt learns which events show each."""
        shown: dict[str, list[Event]] = {}
        for event in attempt.events:
            for name in event.signals:
                shown.setdefault(name, []).append(event)
        for place in self._in_question(attempt, shown):
            signal = self._signals[place]
            wanted = signal.where_facts
            if shown.keys() >= set(signal.also) and all(fires(value, attempt.facts.get(name)) for name, value in wanted.items()):
                shown.setdefault(signal.id, []).extend(e for name in wanted for e in attempt.proof.get(name, ()))
            else:
                shown.pop(signal.id, None)  # the words are there, and what they say is of another attempt than this
        for name, events in shown.items():
            attempt.proof[name] = tuple(events)
        return frozenset(shown)

    def _in_question(self, attempt: Attempt, shown: Mapping[str, object]) -> list[int]:
        """Places of the signals that may fire, in the order of the patterns."""
        found = {self._place[name] for name in self._said.intersection(shown)}
        for name, value in attempt.facts.items():
            found.update(self._by_fact.get(name, ()))
            found.update(self._by_fact.get((name, value), ()))
        return sorted(found)


def _keys(wanted: Mapping[str, Any]) -> Iterable[str | tuple[str, Fact]]:
    """What an attempt must have for a signal to be looked at: one of these values of its first fact, or that fact at all."""
    name, value = next(iter(wanted.items()))
    if isinstance(value, Mapping):
        return [name]
    return [(name, one) for one in (value if isinstance(value, Sequence) and not isinstance(value, str) else [value])]


def fire(attempt: Attempt, patterns: Patterns) -> frozenset[str]:
    """Names of the signals of one attempt."""
    return Detector(patterns).fire(attempt)


def failed(attempt: Attempt, fired: Iterable[str], patterns: Patterns) -> bool | None:
    """Whether the attempt failed; None when no source tells.

    It did when it never opened, when its end was none that somebody wanted, or when a signal says so by itself.
    """
    signals: Mapping[str, Signal] = patterns.signals
    if (attempt.opened is False and not attempt.pending and "page.left" not in attempt.facts) or any(signals[name].fails for name in fired):
        return True
    if "timer.read_timeout" in attempt.facts or "token.ran_out" in attempt.facts:
        return True
    code = attempt.facts.get("close.code")
    by_page = "close.by_page" in attempt.facts
    if isinstance(code, int) and code not in ORDINARY_CLOSES:
        return True if by_page or code != CloseCode.ABNORMAL or "redialled" in attempt.facts else None
    if code == CloseCode.NO_STATUS and not by_page:
        return None  # what uvicorn reports of a client that was lost, too
    if "page.left" in attempt.facts:
        return False if attempt.opened else None
    if code is None and ("redialled" in attempt.facts or "app.may_have_cut" in attempt.facts):
        return None
    return False if attempt.opened else None


class Notes:
    """What events that belong to no attempt say, found by their moment."""

    def __init__(self, loose: Sequence[Event], patterns: Patterns) -> None:
        self._notes = [event for event in loose if event.signals and event.what not in LIFE]
        self._patterns = patterns
        timed = sorted((note.at, place) for place, note in enumerate(self._notes) if note.at is not None)
        self._times, self._places = [at for at, _ in timed], [place for _, place in timed]
        self._untimed = [place for place, note in enumerate(self._notes) if note.at is None]

    def near(self, attempt: Attempt) -> tuple[Event, ...]:
        """Notes about the bundle that stand by an attempt that did not go well: at the same moment, or without any time at all.

        Where the attempt has no time, notes that all tell of one moment stand by it, a bundle of a few lines, as far as they
        tell in which stage a try ended: others may be about any request.
        """
        moments = [m for m in (attempt.started, attempt.ended) if m is not None]
        if not moments and self._times and self._times[-1] - self._times[0] <= _NEAR_S:
            signals = self._patterns.signals
            return tuple(e for e in self._notes if e.at is None or any(signals[name].ended_in for name in e.signals))
        places = set(self._untimed)
        for moment in moments:
            first, last = bisect_left(self._times, moment - _NEAR_S), bisect_right(self._times, moment + _NEAR_S)
            places.update(self._places[first:last])
        return tuple(self._notes[place] for place in sorted(places))
