"""attempt -> its journey: the stages it passed, each with the line that shows it, and where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wslogs.endings import Ending, reached
from wslogs.model import Attempt, Event, Stage, Tier, Verdict, What
from wslogs.times import as_logged, iso

_STAGES = list(Stage)
_NAMES = {one: str(one.value) for one in (*Stage, *Tier)}
"""To ask a member of an enum for its value takes as long as all else that a step is made of."""
_NOTHING = dict.fromkeys(("tier", "source", "line", "at", "error_s", "logged", "implied_by", "ordered"))
_TUNNEL = 101

_UNKNOWN = {stage: {"stage": _NAMES[stage], "state": "unknown"} | _NOTHING for stage in Stage}
"""Steps of which there is no trace are the same in all attempts."""


def journey(attempt: Attempt, verdict: Verdict, end: Ending, errors: Mapping[str, float]) -> tuple[list[dict[str, Any]], str | None]:
    """(a step for each stage, in the order of stages; the stage where a failed attempt stopped).

    `at` of a step is on the server's clock and off by `error_s` at most; `logged` is the time as the line has it. A stage
    without a line of its own was passed because a later one was: `implied_by`, with that one's line and no time.
    `ordered` is whether the step came after all timed ones before it beyond the error bars; None: it has no time.
    """
    stop = end.stage if verdict.outcome == "failed" else None
    passed = max(reached(attempt), _STAGES.index(stop) if stop is not None else -1)
    seen = [_seen(stage, attempt, end, stop, place <= passed) for place, stage in enumerate(_STAGES)]
    steps: list[dict[str, Any]] = []
    latest = float("-inf")
    for place, (stage, one) in enumerate(zip(_STAGES, seen, strict=True)):
        if one.state == "unknown":
            steps.append(_UNKNOWN[stage])
            continue
        step = {"stage": _NAMES[stage], "state": one.state} | _line(one, errors)
        if one.state == "passed" and one.event is None:
            later = next((p for p in range(place + 1, len(seen)) if seen[p].event is not None), None)
            if later is not None:
                step |= _line(_Seen(one.state, seen[later].event), errors) | {"implied_by": _NAMES[_STAGES[later]]}
        if one.event is not None and one.at is not None:
            error = _error(one.event, errors)
            step["ordered"] = one.at - error > latest
            latest = max(latest, one.at + error)
        steps.append(step)
    return steps, (stop.value if stop else None)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known of one stage: passed, stopped or unknown; the line that shows it, and its time on the server's clock."""

    state: str
    event: Event | None = None
    at: float | None = None


def _seen(stage: Stage, attempt: Attempt, end: Ending, stop: Stage | None, passed: bool) -> _Seen:
    if stage is stop:
        event = end.because or _last(attempt)
        return _Seen("stopped", event, _told(event, attempt))
    if stage is Stage.CLOSE:
        closed = end.because or _shown(stage, attempt) if end.stage is stage else None
        return _Seen("passed", closed, _told(closed, attempt)) if closed else _Seen("unknown")
    if not passed:
        return _Seen("unknown")
    event = _shown(stage, attempt)
    if event is None:
        return _Seen("passed")
    # A row or a HAR entry has the times of the whole try; what it passed after the request came somewhere in between.
    whole = stage is not Stage.REQUEST and event.what is What.HANDSHAKE
    return _Seen("passed", event, None if whole else _start(event))


def _told(event: Event | None, attempt: Attempt) -> float | None:
    """When a line says that the attempt ended; a line about the app itself shows why, and not when."""
    return _end(event) if event is not None and event in attempt.events else None


_SHOWS: Mapping[Stage, tuple[Callable[[Event], bool], ...]] = {
    Stage.REQUEST: (
        lambda e: e.tier is Tier.PROXY and e.what is What.HANDSHAKE,
        lambda e: e.tier is Tier.PROXY and e.what is What.ERROR,
    ),
    Stage.UPSTREAM: (
        lambda e: e.what is What.HANDSHAKE and (e.upstream_status is not None or e.upstream not in (None, "-")),
        lambda e: e.what is What.ERROR and e.upstream is not None,
        lambda e: e.tier is Tier.APP and e.what in (What.ACCEPTED, What.OPENED, What.REFUSED, What.REQUEST),
        lambda e: e.tier is Tier.APP,
    ),
    Stage.ACCEPT: (
        lambda e: e.what is What.ACCEPTED,
        lambda e: e.tier is Tier.APP and e.what is What.OPENED,
        lambda e: e.tier is Tier.PROXY and e.what is What.HANDSHAKE and _TUNNEL in (e.upstream_status, e.status),
    ),
    Stage.OPEN: (
        lambda e: e.tier is Tier.PROXY and e.what is What.HANDSHAKE and e.status == _TUNNEL,
        lambda e: e.tier is Tier.BROWSER and e.what is What.HANDSHAKE and e.status == _TUNNEL,
        lambda e: e.tier is Tier.BROWSER and e.what is What.OPENED,
        lambda e: e.what is What.OPENED,
        lambda e: e.what is What.ERROR and e.status == _TUNNEL,
    ),
    Stage.CLOSE: (
        lambda e: e.tier is Tier.BROWSER and e.code is not None,
        lambda e: e.code is not None,
        lambda e: e.what is What.ERROR and e.status == _TUNNEL,
        lambda e: e.marks == "end" and e.status == _TUNNEL,
    ),
}  # fmt: skip
"""Stage -> what a line that shows it is like, the best first. Nothing logs the stages before the request."""


def _shown(stage: Stage, attempt: Attempt) -> Event | None:
    return next((event for fits in _SHOWS.get(stage, ()) for event in attempt.events if fits(event)), None)


def _last(attempt: Attempt) -> Event | None:
    """The line that tells how far it came: of the tier that is nearest to the app, the close of an open socket first."""
    closed = _shown(Stage.CLOSE, attempt) if attempt.opened else None
    return closed or next((attempt.tiers[t] for t in (Tier.APP, Tier.PROXY, Tier.BROWSER) if t in attempt.tiers), None)


def _start(event: Event) -> float | None:
    if event.at is None or event.marks != "end":
        return event.at
    return event.at - event.lasted_s if event.lasted_s is not None else None


def _end(event: Event) -> float | None:
    if event.at is None or event.marks != "start":
        return event.at
    return event.at + event.lasted_s if event.lasted_s is not None else None


def _error(event: Event, errors: Mapping[str, float]) -> float:
    return event.resolution_s + errors.get(event.source, 0.0)


def _line(one: _Seen, errors: Mapping[str, float]) -> dict[str, Any]:
    event = one.event
    if event is None:
        return _NOTHING
    timed = one.at is not None
    return _NOTHING | {
        "tier": _NAMES[event.tier], "source": event.source, "line": event.line, "at": iso(one.at),
        "error_s": round(_error(event, errors), 3) if timed else None, "logged": (as_logged(event.logged) or None) if timed else None,
    }  # fmt: skip
