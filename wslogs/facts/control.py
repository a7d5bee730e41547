"""attempt -> what became of other requests at the same time: the control group of one that the proxy could not pass on.

Where the app is down, what else is asked of its address fails as well. Where the address is wrong, others are answered at
another one. Where nothing else was asked, neither can be told from the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from wslogs.facts.world import World, tell
from wslogs.model import Attempt, Event, Tier, What
from wslogs.parsers.nginx_location import routes
from wslogs.parsers.nginx_route import address, targets

_NEAR_S = 30.0
"""Requests of the same half minute; a restart in between is told by the app's own log."""
_MOST = 200
_LOST = frozenset({502, 504})
_UNTOLD = frozenset({499, 503, *_LOST})
"""Answers that no app gave for sure."""


def learn(attempt: Attempt, world: World) -> None:
    """Fills in facts and proof of an attempt that nginx could not pass on."""
    row = attempt.tiers.get(Tier.PROXY)
    if attempt.opened or row is None or not (attempt.status in _LOST or any(e.what is What.ERROR for e in attempt.events)):
        return
    if attempt.status is not None and attempt.status not in _LOST:
        return
    asked, near = _asked(attempt, world), _near(attempt, world)
    told = {name for e in attempt.events if e.tier is Tier.PROXY for name in e.signals}
    failed = [e for e in near if _failed(e, told) and (not asked or not (at := _addresses(e, world)) or at & asked)]
    answered = [(e, _addresses(e, world)) for e in near if _answered(e, world)]
    same = [e for e, at in answered if at & asked]
    if failed:
        tell(attempt, "others.failed", True, failed[0])
    elif same:
        tell(attempt, "others.same_address", True, same[0])
    elif attempt.path not in world.opened and (alike := [e for e, _ in answered if _alike(e.path, attempt.path)]):
        tell(attempt, "others.answered", True, alike[0], row)
    elif _alone(attempt, world):
        tell(attempt, "others.none", True, row)


def _alone(attempt: Attempt, world: World) -> bool:
    """Whether a log that goes on for a while tells of nothing else that could separate a wrong address from a dead app."""
    if attempt.started is None or attempt.path in world.opened or world.ports or not any(e.logged for e in attempt.events):
        return False
    return not {"app.state", "app.died"} & attempt.facts.keys()


def _asked(attempt: Attempt, world: World) -> set[str]:
    """The addresses that were asked for it, by nginx's log or else by its configuration."""
    logged = {address(e.upstream, "80") for e in attempt.events if e.tier is Tier.PROXY and e.upstream and e.upstream != "-"}
    route = world.route(attempt)
    return logged or (set(targets(route, world.conf)) if route is not None and world.conf is not None else set())


def _addresses(event: Event, world: World) -> set[str]:
    if event.upstream and event.upstream != "-":
        return {address(event.upstream, "80")}
    if world.conf is None or event.path is None:
        return set()
    route = routes(world.conf, event.scheme, event.host, event.path)
    return set(targets(route, world.conf)) if route is not None else set()


def _near(attempt: Attempt, world: World) -> Sequence[Event]:
    """Other requests of the same moment, nearest first; of a log without times, any."""
    at = attempt.started
    if at is None:
        return world.others.around(None, _MOST)
    return [e for e in world.others.around(at, _MOST) if e.at is not None and abs(e.at - at) <= _NEAR_S + attempt.error_s]


def _failed(event: Event, told: set[str]) -> bool:
    """Whether it fared as the attempt: nginx's own answer for an app that gave none, or the same words of the error log."""
    return event.status in _LOST or not told.isdisjoint(event.signals)


def _answered(event: Event, world: World) -> bool:
    """Whether an app answered it: by the log of nginx, or where that does not say, by the way that its path takes."""
    if event.status is None or event.status in _UNTOLD or event.upstream == "-":
        return False
    if event.upstream_status is not None:
        return event.upstream_status not in _LOST
    if world.conf is None:
        return event.tier is Tier.BROWSER
    return bool(_addresses(event, world))


def _alike(one: str | None, other: str | None) -> bool:
    """Whether two paths begin with the same word, and so belong to one app as far as paths tell."""
    first = [(path or "").strip("/").partition("/")[0] for path in (one, other)]
    return bool(first[0]) and first[0] == first[1]
