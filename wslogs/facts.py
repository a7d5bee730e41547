"""attempt -> facts: what signals compare. Each fact keeps the events that show it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import regex

from wslogs.model import LIFE, Attempt, Event, Fact, Source, Tier, What
from wslogs.parsers.env import Setting
from wslogs.parsers.nginx_conf import Conf, Directive, Route, routes, walk
from wslogs.times import iso

NAMES = frozenset({
    "status", "opened", "close.code", "refused", "lasted_s", "redialled",
    "browser.seen", "proxy.seen", "proxy.silent", "proxy.asked_app",
    "app.seen", "app.accepted", "app.refused", "app.as_http", "app.state", "app.died", "app.cut_at_stop", "app.may_have_cut",
    "upstream.differs",
    "token.expired_by_s", "token.ran_out", "token.absent",
    "path.opens", "path.other_opens", "path.doubled", "path.off_base",
    "config.upgrade", "config.target", "config.elsewhere", "timer.read_timeout",
})  # fmt: skip
"""Every fact there is; a signal that names another one is refused."""

_BASE = regex.compile(r"(?i)(?:api|ws|socket|base|backend)\w*(?:url|uri|host|base|endpoint)")
_DIED_S = 60.0
"""A supervisor starts a dead process again within so many seconds."""
_AT_STOP_S = 2.0
REDIAL_S = 10.0
"""Pages reconnect within so many seconds of a loss, most of them within one."""
_TUNNEL = 101


@dataclass(slots=True)
class World:
    """What facts of one attempt may need to know of the rest of the bundle."""

    sources: Mapping[str, Source]
    conf: Conf | None
    settings: Sequence[Setting]
    life: Sequence[Event]
    """The app's starts and stops in order of time, on the server's clock."""
    ports: Mapping[str, Event]
    """Port that the app said it listens on -> the line that says so."""
    opened: Mapping[str | None, Attempt]
    """Path -> one attempt that opened there."""
    dials: Mapping[tuple[str | None, str | None], list[float]]
    """(path, token) -> when it was dialled, in order."""
    by_token: Mapping[str, list[Attempt]]
    with_token: frozenset[str | None]
    """Paths on which an attempt with a token opened."""
    _routes: dict[tuple[str | None, str | None, str], Route | None] = field(default_factory=dict)

    def route(self, attempt: Attempt) -> Route | None:
        if self.conf is None or attempt.path is None:
            return None
        key = (attempt.scheme, attempt.host, attempt.path)
        if key not in self._routes:
            self._routes[key] = routes(self.conf, *key)
        return self._routes[key]


def world(
    attempts: Sequence[Attempt], sources: Iterable[Source], conf: Conf | None, settings: Sequence[Setting], loose: Iterable[Event]
) -> World:
    """Gathers it once for all attempts."""
    life = [e for e in loose if e.what in LIFE]
    opened = [a for a in attempts if a.opened]
    return World(
        sources={s.path: s for s in sources},
        conf=conf,
        settings=settings,
        life=sorted((e for e in life if e.at is not None), key=lambda e: e.at or 0.0),
        ports={e.upstream.rpartition(":")[2]: e for e in life if e.upstream},
        opened={a.path: a for a in opened},
        dials=_dials(attempts),
        by_token=_by_token(attempts),
        with_token=frozenset(a.path for a in opened if a.token),
    )


def _dials(attempts: Sequence[Attempt]) -> dict[tuple[str | None, str | None], list[float]]:
    found: dict[tuple[str | None, str | None], list[float]] = {}
    for attempt in attempts:
        if attempt.started is not None:
            found.setdefault(_dialler(attempt), []).append(attempt.started)
    return {key: sorted(starts) for key, starts in found.items()}


def _by_token(attempts: Sequence[Attempt]) -> dict[str, list[Attempt]]:
    found: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        if attempt.token is not None:
            found.setdefault(attempt.token.fingerprint, []).append(attempt)
    return found


def _dialler(attempt: Attempt) -> tuple[str | None, str | None]:
    return attempt.path, attempt.token.fingerprint if attempt.token else None


def learn(attempt: Attempt, world: World) -> None:
    """Fills `facts` and `proof` of one attempt."""
    for part in (_answer, _redial, _tiers, _silence, _app_life, _token, _path, _configuration):
        part(attempt, world)


def _tell(attempt: Attempt, name: str, value: Fact, *proof: Event | None) -> None:
    attempt.facts[name] = value
    attempt.proof[name] = tuple(e for e in proof if e is not None)


def _answer(attempt: Attempt, world: World) -> None:
    main = attempt.tiers
    best = main.get(Tier.PROXY) or main.get(Tier.BROWSER) or main.get(Tier.APP)
    if attempt.status is not None:
        _tell(attempt, "status", attempt.status, next((e for e in attempt.events if e.status == attempt.status), best))
    if attempt.opened is not None:
        _tell(attempt, "opened", attempt.opened, best)
    closed = next((e for e in attempt.events if e.code == attempt.code), best)
    if attempt.code is not None:
        _tell(attempt, "close.code", attempt.code, closed)
    if attempt.started is not None and attempt.ended is not None:
        _tell(attempt, "lasted_s", max(0.0, attempt.ended - attempt.started), best)
    by_code = attempt.code is not None and (attempt.code == 1008 or attempt.code >= 4000)
    by_status = attempt.status is not None and attempt.status != _TUNNEL and attempt.status not in (499, 502, 503, 504)
    if by_code or by_status:
        _tell(attempt, "refused", True, closed if by_code else best)


def _redial(attempt: Attempt, world: World) -> None:
    """The same token dialled the same path again as soon as this socket had ended: a page that reconnects.

    Where the log does not tell when it began or ended, it is enough that the token dialled again at all.
    """
    if not attempt.opened or attempt.token is None:
        return
    if attempt.started is None or (attempt.ended is None and Tier.BROWSER not in attempt.tiers):
        again = [a for a in world.by_token.get(attempt.token.fingerprint, ()) if a.path == attempt.path]
        if again and again[-1] is not attempt:
            _tell(attempt, "redialled", True, attempt.events[0])
        return
    if attempt.ended is None:
        return
    starts = world.dials.get(_dialler(attempt), [])
    position = bisect_right(starts, max(attempt.ended - 1.0, attempt.started or 0.0))
    if position < len(starts) and starts[position] - attempt.ended <= REDIAL_S:
        _tell(attempt, "redialled", True, attempt.events[0])


def _tiers(attempt: Attempt, world: World) -> None:
    proxy, app, browser = (attempt.tiers.get(t) for t in (Tier.PROXY, Tier.APP, Tier.BROWSER))
    for name, seen in (("browser.seen", browser), ("proxy.seen", proxy), ("app.seen", app)):
        if seen is not None:
            _tell(attempt, name, True, seen)
    if proxy is not None and proxy.status != _TUNNEL:
        if proxy.upstream == "-" and proxy.upstream_status is None:
            _tell(attempt, "proxy.asked_app", False, proxy)
        elif proxy.upstream_status is not None and proxy.upstream_status == proxy.status and proxy.status not in (502, 504):
            _tell(attempt, "proxy.asked_app", True, proxy)
    if app is None:
        return
    if app.what is not What.EXCEPTION:
        _tell(attempt, "app.accepted", app.what in (What.ACCEPTED, What.OPENED), app)
        _tell(attempt, "app.refused", app.what is What.REFUSED, app)
        _tell(attempt, "app.as_http", app.what is What.REQUEST and app.status != _TUNNEL, app)


def _silence(attempt: Attempt, world: World) -> None:
    """nginx has no row, though rows before and after show that its log covers the moment. An open tunnel has none yet."""
    if attempt.opened or Tier.PROXY in attempt.tiers or attempt.started is None or Tier.BROWSER not in attempt.tiers:
        return
    for source in world.sources.values():
        if source.kind != "nginx-access" or source.first is None or source.last is None:
            continue
        # A time that is cut to its second, or known only as "not before", can be later and not earlier.
        if source.first - 1 <= attempt.started and attempt.started + attempt.error_s <= source.last + 1:
            # The log's last line, which shows how far it speaks.
            end = Event(source=source.path, line=source.lines, tier=Tier.PROXY, what=What.NOTE, excerpt=f"… {iso(source.last)} …")
            _tell(attempt, "proxy.silent", True, end)
            return


def _app_life(attempt: Attempt, world: World) -> None:
    at = attempt.started
    if at is None or not world.life:
        return
    position = bisect_right(world.life, at, key=_at)
    before = world.life[position - 1] if position else None
    after = next((e for e in world.life[position:] if (e.at or 0.0) > at), None)
    state = _state(attempt, before, after, world)
    if state is not None:
        _tell(attempt, "app.state", state, before, after if state != "stopped" else None)
    ended = attempt.ended
    _died(attempt, world)
    if attempt.opened and ended is None:
        later = next((e for e in world.life[position:] if e.what in (What.STARTED, What.STOPPING)), None)
        if later is not None:
            _tell(attempt, "app.may_have_cut", True, later)
    if attempt.opened and ended is not None:
        stop = next((e for e in world.life if e.what is What.STOPPING and 0 <= ended - (e.at or 0.0) + 0.5 <= _AT_STOP_S), None)
        if stop is not None:
            _tell(attempt, "app.cut_at_stop", True, stop)


def _at(event: Event) -> float:
    return event.at or 0.0


def _died(attempt: Attempt, world: World) -> None:
    """The app began again without having been told to stop, soon after this attempt was lost or found nobody."""
    lost = attempt.opened and attempt.code in (1005, 1006)
    at = attempt.ended if lost else attempt.started
    if at is None or not (lost or attempt.status == 502):
        return
    position = bisect_right(world.life, at, key=_at)
    before = world.life[position - 1] if position else None
    after = world.life[position] if position < len(world.life) else None
    if before is None or before.what not in (What.STARTED, What.READY) or after is None or after.what is not What.STARTED:
        return
    if (after.at or 0.0) - at <= _DIED_S:
        _tell(attempt, "app.died", True, after)


def _state(attempt: Attempt, before: Event | None, after: Event | None, world: World) -> str | None:
    """What the app was doing; a killed process says nothing, so `running` needs a sign of life on both sides."""
    if before is not None and before.what in (What.STOPPING, What.STOPPED):
        return "restarting" if after is not None and after.what is What.STARTED else "stopped"
    if before is None:
        return None
    if after is not None and after.what is What.STARTED:
        return None  # it died somewhere in between; _died tells which attempts that hit
    source = world.sources.get(before.source)
    alive = source is not None and source.last is not None and source.last + source.offset_s > (attempt.started or 0.0) + 1
    return "running" if after is not None or alive else None


def _token(attempt: Attempt, world: World) -> None:
    shown = next((e for e in attempt.events if e.token), None)
    token = attempt.token
    if token is None:
        if attempt.path in world.with_token and attempt.events[0].path is not None:
            _tell(attempt, "token.absent", True, next((e for e in attempt.events if e.path), None))
        return
    if token.expires is None:
        return
    if attempt.started is not None:
        _tell(attempt, "token.expired_by_s", attempt.started - token.expires - attempt.error_s, shown)
    if attempt.opened and attempt.ended is not None and abs(attempt.ended - token.expires) <= 1.5 + attempt.error_s / 2:
        _tell(attempt, "token.ran_out", True, shown)


def _path(attempt: Attempt, world: World) -> None:
    path = attempt.path
    if path is None:
        return
    shown = next((e for e in attempt.events if e.path), None)
    other = world.opened.get(path)
    if other is not None and other is not attempt:
        _tell(attempt, "path.opens", True, other.events[0])
    elsewhere = next((a for p, a in world.opened.items() if p != path and p is not None), None)
    if not attempt.opened and other is None and elsewhere is not None:
        _tell(attempt, "path.other_opens", True, elsewhere.events[0])
    if not attempt.opened and doubled(path) and other is None:
        _tell(attempt, "path.doubled", True, shown)
    if not attempt.opened and other is None and (setting := _off_base(attempt, world)) is not None:
        proof = Event(source=setting.source, line=setting.line, tier=Tier.CONFIG, what=What.NOTE, excerpt=f"{setting.name}=…")
        _tell(attempt, "path.off_base", True, proof, shown)


def doubled(path: str) -> bool:
    """Whether a path repeats its beginning, as a base URL that is put on twice makes it: /api/v1/api/v1/ws, //ws."""
    parts = [part for part in path.split("/") if part]
    return path.startswith("//") or any(parts[:n] == parts[n : 2 * n] for n in range(1, len(parts) // 2 + 1))


def _off_base(attempt: Attempt, world: World) -> Setting | None:
    """The base URL that the dialled address does not lie under, where the address opens nowhere."""
    bases = [s for s in world.settings if _BASE.search(s.name)]
    if not bases or attempt.host is None:
        return None
    for base in bases:
        same_host = base.host is None or base.host.partition(":")[0] == attempt.host.partition(":")[0]
        if same_host and (attempt.path or "/").startswith((base.path or "/").rstrip("/")):
            return None
    return bases[0]


def _configuration(attempt: Attempt, world: World) -> None:
    route = world.route(attempt)
    if route is not None and route.location is not None:
        _on_route(attempt, route)
    ports = {e.upstream.rpartition(":")[2]: e for e in attempt.events if e.tier is Tier.PROXY and e.upstream and ":" in e.upstream}
    if ports and world.ports and not ports.keys() & world.ports.keys():
        _tell(attempt, "upstream.differs", True, *ports.values(), *world.ports.values())
    if route is not None:
        _timer(attempt, route)


def _on_route(attempt: Attempt, route: Route) -> None:
    location, target = route.location, route.own("proxy_pass")
    if target is not None:
        _tell(attempt, "config.target", "app", _line(target))
        wanted = route.header("upgrade") or route.header("connection")
        _tell(attempt, "config.upgrade", route.passes_upgrade(), _line(wanted or location))
        return
    back = route.own("return")
    _tell(attempt, "config.target", "return" if back is not None else "file", _line(route.own("try_files") or back or location))
    if attempt.facts.get("proxy.asked_app") is None and back is None and not attempt.opened:
        _tell(attempt, "proxy.asked_app", False, _line(location))
    for other in walk(route.server.block or []) if route.server else ():
        if other.name == "location" and any(d.name == "proxy_set_header" and d.args[:1] == ["Upgrade"] for d in other.block or ()):
            _tell(attempt, "config.elsewhere", True, _line(other), _line(location))
            return


def _timer(attempt: Attempt, route: Route) -> None:
    lasted, (limit, directive) = attempt.facts.get("lasted_s"), route.read_timeout()
    if not attempt.opened or not isinstance(lasted, float) or attempt.code not in (1005, 1006):
        return
    if limit - 0.5 <= lasted <= limit + 0.5 + min(1.0, attempt.error_s):
        _tell(attempt, "timer.read_timeout", True, attempt.tiers.get(Tier.PROXY), _line(directive))


def _line(directive: Directive | None) -> Event | None:
    if directive is None:
        return None
    return Event(source=directive.file, line=directive.line, tier=Tier.CONFIG, what=What.NOTE, excerpt=directive.shown())
