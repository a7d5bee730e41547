"""attempt -> what the app's process was doing: facts of its starts and stops."""

from __future__ import annotations

from wslogs.facts.world import World, dialler, tell
from wslogs.model import Attempt, Event, Tier, What

_DIED_S = 60.0
"""A supervisor starts a dead process again within so many seconds."""
_AT_STOP_S = 2.0
"""Open sockets end within so many seconds of the stop that cuts them."""


def learn(attempt: Attempt, world: World) -> None:
    """Fills in facts and proof; `world.last` is what came before, so attempts are to be learned in order of time."""
    for part in (_doing, _process, _chain):
        part(attempt, world)


def _doing(attempt: Attempt, world: World) -> None:
    if attempt.started is None or not world.life:
        return
    places = _places(attempt, attempt.started, world)
    # What holds at every place that the clocks leave open may be claimed.
    states = {_state(attempt, *_around(place, world), world) for place in places}
    if len(states) == 1 and (state := states.pop()) is not None:
        before, after = _around(places[0], world)
        tell(attempt, "app.state", state, before, after if state != "stopped" else None)
    _died(attempt, world)
    ended = attempt.ended
    if attempt.opened and ended is None:
        later = next((e for e in world.life[places[-1] :] if e.what in (What.STARTED, What.STOPPING)), None)
        if later is not None:
            tell(attempt, "app.may_have_cut", True, later)
    if attempt.opened and ended is not None:
        stop = next((e for e in world.life if e.what is What.STOPPING and _at_once(e, ended, world)), None)
        if stop is not None:
            tell(attempt, "app.cut_at_stop", True, stop)


def _places(attempt: Attempt, at: float, world: World) -> range:
    """Where among the app's starts and stops an instant of the attempt may lie, as far as the clocks tell."""
    seen = attempt.tiers.get(Tier.APP) if at == attempt.started else None
    first, last = 0, 0
    for place, event in enumerate(world.life, 1):
        begin, slack = event.at or 0.0, attempt.error_s + _error(event.source, world)
        if seen is not None and seen.source == event.source:
            before = after = event.line < seen.line  # the order of lines in one log needs no clock
        else:
            before, after = begin + event.resolution_s + slack <= at, begin <= at + slack
        first, last = place if before else first, place if after else last
    return range(min(first, last), last + 1)


def _error(source: str, world: World) -> float:
    of = world.sources.get(source)
    return of.error_s if of is not None else 0.0


def _around(place: int, world: World) -> tuple[Event | None, Event | None]:
    """The app's last start or stop before a place, and its next one."""
    return world.life[place - 1] if place else None, world.life[place] if place < len(world.life) else None


def _at_once(stop: Event, ended: float, world: World) -> bool:
    """Whether a socket ended when the app was told to stop; nothing can be said by a clock that is off by more."""
    return _error(stop.source, world) <= _AT_STOP_S and 0 <= ended - (stop.at or 0.0) + 0.5 <= _AT_STOP_S + stop.resolution_s


def _died(attempt: Attempt, world: World) -> None:
    """The app began again without having been told to stop, soon after this attempt was lost or found nobody."""
    lost = attempt.opened and attempt.code in (1005, 1006)
    at = attempt.ended if lost else attempt.started
    if at is None or not (lost or attempt.status == 502):
        return
    found = [_around(place, world) for place in _places(attempt, at, world)]
    found = [(before, after) for before, after in found if after is None or after.what is not What.READY]
    if not found:
        return
    for before, after in found:
        if before is None or before.what not in (What.STARTED, What.READY) or after is None or after.what is not What.STARTED:
            return
        if (after.at or 0.0) - at > _DIED_S:
            return
    tell(attempt, "app.died", True, found[0][1])


def _process(attempt: Attempt, world: World) -> None:
    """What became of the process that accepted this socket, by the order of lines in its own log: no clock is needed.

    A socket that the log does not see close before the server is told to stop is closed by that; where a process
    begins and the one before it was never told to stop, that one died, and its sockets with it.
    """
    seen = attempt.tiers.get(Tier.APP)
    if seen is None or not attempt.opened or attempt.ended is None:
        return
    after = next((e for e in world.lives.get(seen.source, ()) if e.line > seen.line and e.what is not What.READY), None)
    closed = next((e.line for e in attempt.events if e.what is What.CLOSED and e.source == seen.source), None)
    if after is None or (closed is not None and closed < after.line):
        return
    if closed is None and any(seen.line < line < after.line for line in world.closes.get(seen.source, ())):
        return
    if after.what is What.STARTED and closed is None and attempt.code in (None, 1005, 1006) and _soon(attempt.ended, after, world):
        tell(attempt, "app.died", True, after)
    elif after.what is What.STOPPING and (closed is not None or _soon(attempt.ended, after, world)):
        tell(attempt, "app.cut_at_stop", True, after)


def _soon(ended: float, event: Event, world: World) -> bool:
    """Whether a socket ended no later than this, and not long before, as far as the clocks tell."""
    if event.at is None:
        return True
    slack = _error(event.source, world) + 1.0
    return event.at - _DIED_S <= ended <= event.at + event.resolution_s + slack + (_AT_STOP_S if event.what is What.STOPPING else 0.0)


def _chain(attempt: Attempt, world: World) -> None:
    """A page that lost its socket with the app dials until the app is back: the tries between belong to that loss."""
    before = world.last.get(dialler(attempt))
    if before is None or attempt.status != 502 or attempt.token is None or attempt.started is None:
        return
    if attempt.started - (before.ended or before.started or float("-inf")) > _DIED_S:
        return
    if "app.state" in attempt.facts or "app.died" in attempt.facts:
        return
    if before.facts.get("app.cut_at_stop"):
        stop = before.proof["app.cut_at_stop"][0]
        again = any(e.what is What.STARTED and e.line > stop.line for e in world.lives.get(stop.source, ()))
        tell(attempt, "app.state", "restarting" if again else "stopped", stop)
    elif before.status == 502 and before.facts.get("app.state") in ("restarting", "stopped"):
        tell(attempt, "app.state", before.facts["app.state"], *before.proof["app.state"])
    elif before.facts.get("app.died"):
        tell(attempt, "app.died", True, *before.proof["app.died"])


def _state(attempt: Attempt, before: Event | None, after: Event | None, world: World) -> str | None:
    """What the app was doing; a killed process says nothing, so `running` needs a sign of life on both sides."""
    if before is not None and before.what in (What.STOPPING, What.STOPPED):
        return "restarting" if after is not None and after.what is What.STARTED else "stopped"
    if before is None:
        return None
    if after is not None and after.what is What.STARTED:
        return None  # it died somewhere in between; _died tells which attempts that hit
    if before.what is What.STARTED and after is not None and after.what is What.READY:
        return None  # it does not listen yet
    return "running" if after is not None or _alive(attempt, before.source, world) else None


def _alive(attempt: Attempt, log: str, world: World) -> bool:
    """Whether an app log tells of this attempt, or goes on after its start, whatever the clocks are."""
    seen, source = attempt.tiers.get(Tier.APP), world.sources.get(log)
    if seen is not None and seen.source == log:
        return True
    if source is None or source.last is None or attempt.started is None:
        return False
    offset = source.steps[-1][1] if source.steps else source.offset_s
    return source.last + offset - source.error_s > attempt.started + attempt.error_s + 1.0
