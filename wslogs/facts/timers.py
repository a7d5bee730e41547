"""attempt -> which timer, if any, ended a socket that was lost: how long it was silent against the timers of the bundle.

One socket that ends after a minute is little evidence; several that end after the same silence at different moments are
more. What nginx cuts it tells at level `info` (field-guide.md 2.2), and what it does not tell there it did not cut.
"""

from __future__ import annotations

from bisect import bisect_left

from wslogs import coverage
from wslogs.facts.world import World, line, silence, tell
from wslogs.model import Attempt, Event, Tier, What
from wslogs.parsers.nginx_conf import Conf, duration, walk
from wslogs.parsers.nginx_route import DEFAULT_READ_TIMEOUT_S

_OFF_S = 1.0
"""Silences that are the same differ by no more."""
_APART_S = 2.0
"""Sockets that ended closer together than this ended by one event, whatever their lengths."""
_SEVERAL = 3
_BALANCERS = (60.0, 100.0, 350.0)
"""Idle timeouts of load balancers and CDNs as they come: AWS ALB and many others, Cloudflare, AWS NLB and NAT gateways."""
_PING_S = 20.0
"""uvicorn's ping interval, and how long it waits for the answer (uvicorn/config.py, ws_ping_interval, ws_ping_timeout)."""
_MOST_TIMERS = 20
_TUNNEL = 101


def limits(conf: Conf | None) -> list[float]:
    """Seconds between which the same timers may have ended a socket, in order: those of the configuration and common ones."""
    own = [d.args[0] for d in walk(conf.directives) if d.name == "proxy_read_timeout" and d.args] if conf is not None else []
    told = (duration(text) for text in own[:_MOST_TIMERS])
    timers = {DEFAULT_READ_TIMEOUT_S, *_BALANCERS, *(seconds for seconds in told if seconds is not None)}
    return sorted({limit for timer in timers for limit in (timer - _OFF_S, timer + 1.5)})


def learn(attempt: Attempt, world: World) -> None:
    """Fills in facts and proof of a socket that was open and ended without a close frame."""
    quiet = silence(attempt)
    if quiet is None or not (attempt.code in (1005, 1006) or (attempt.code is None and attempt.facts.get("redialled"))):
        return
    alike = _alike(attempt, quiet, world)
    if len(alike) > 1:
        tell(attempt, "timer.same", len(alike), *(one.events[0] for one in alike[:3]))
    silent = _nginx_silent(attempt, world)
    if silent is not None:
        tell(attempt, "timer.nginx_silent", True, silent)
    cut = _read_timeout(attempt, quiet, world) if silent is None else False
    known = next((seconds for seconds in _BALANCERS if abs(quiet - seconds) <= _OFF_S), None)
    if known is not None and (cut or len(alike) >= _SEVERAL):
        tell(attempt, "timer.balancer", known, attempt.events[0])
    elif len(alike) >= _SEVERAL and not cut:
        pings = quiet / _PING_S
        fits = quiet > 1.5 * _PING_S and abs(pings - round(pings)) * _PING_S <= _OFF_S
        tell(attempt, "timer.other", "ping" if fits else "none", attempt.events[0])


def _alike(attempt: Attempt, quiet: float, world: World) -> list[Attempt]:
    """Sockets of the same path that were lost after the same silence, at moments of their own; this one first."""
    found, ends = [attempt], [attempt.ended or 0.0]
    for one in world.lost_after(quiet - _OFF_S, quiet + _OFF_S):
        at = one.ended or 0.0
        place = bisect_left(ends, at)
        if one is not attempt and one.path == attempt.path and all(abs(at - end) > _APART_S for end in ends[max(0, place - 1) : place + 1]):
            found.append(one)
            ends.insert(place, at)
    return found


def _read_timeout(attempt: Attempt, quiet: float, world: World) -> bool:
    """Whether nginx's own timer fits: the whole life of a socket on which nothing was said, or the silence at its end."""
    route = world.route(attempt)
    lasted = attempt.facts.get("lasted_s")
    if route is None or not isinstance(lasted, float):
        return False
    limit, directive = route.read_timeout()
    slack = 0.5 + min(1.0, attempt.error_s)
    if not any(limit - 0.5 <= seconds <= limit + slack for seconds in (lasted, quiet)):
        return False
    tell(attempt, "timer.read_timeout", True, attempt.tiers.get(Tier.PROXY), line(directive))
    return True


def _nginx_silent(attempt: Attempt, world: World) -> Event | None:
    """The line that shows that nginx's error log, at `info`, covers the end and tells of none: nginx did not cut the socket."""
    if attempt.ended is None or any(e.what is What.ERROR and e.status == _TUNNEL for e in attempt.events):
        return None
    logs = [s for s in world.sources.values() if s.kind == "nginx-error" and coverage.tells_of_tunnels(s)]
    shown = coverage.covers(logs, ("nginx-error",), attempt.ended - _APART_S, attempt.ended + _APART_S)
    if shown is None:
        return None
    return Event(source=shown.source.path, line=shown.line, tier=Tier.PROXY, what=What.NOTE, excerpt=f"[{shown.source.level}] …")
