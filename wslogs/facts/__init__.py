"""attempt -> facts: what signals compare. Each fact keeps the events that show it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from wslogs import coverage
from wslogs.facts import address, beside, configuration, control, life, timers
from wslogs.facts.address import unfilled
from wslogs.facts.world import World, dialler, doubled, order, tell, world
from wslogs.model import Attempt, CloseCode, Event, Source, Tier, What
from wslogs.parsers.nginx_conf import Conf, walk
from wslogs.patterns import Patterns
from wslogs.times import iso

__all__ = ["NAMES", "World", "doubled", "learn", "limits", "unfilled", "world"]

NAMES = frozenset({
    "status", "opened", "close.code", "close.by_page", "refused", "may_be_refused", "lasted_s", "redialled", "page.left", "client.going",
    "left.after_s",
    "browser.seen", "proxy.seen", "proxy.silent", "proxy.asked_app",
    "app.seen", "app.accepted", "app.refused", "app.as_http", "app.state", "app.died", "app.cut_at_stop", "app.may_have_cut",
    "upstream.differs",
    "token.expired_by_s", "token.ran_out", "token.absent", "token.other_name", "page.dials_itself", "dials.in_vain", "dials.apart_s",
    "path.opens", "path.other_opens", "path.doubled", "path.off_base", "path.unfilled",
    "config.upgrade", "config.discards", "config.target", "config.returns", "config.access", "config.limits", "config.http_version",
    "config.app_path", "config.elsewhere", "config.other_host",
    "timer.read_timeout", "timer.same", "timer.nginx_silent", "timer.balancer", "timer.other",
    "upgrade.lost_before_proxy", "app.plain_worker", "path.answers_plain",
    "answered", "lost", "probe.opens", "probe.own", "host.listens", "certificate.ended_by_s", "compose.upstream",
    "others.failed", "others.answered", "others.same_address", "others.none",
})  # fmt: skip
"""Every fact there is; a signal that names another one is refused."""

_REDIAL_S = 10.0
"""Pages reconnect within so many seconds of a loss, most of them within one."""
_AT_EXP_S = 2.0
"""A clock that may be off by more cannot tell that a socket ended at the exp of its token."""
_TUNNEL, _LEFT = 101, 499


def limits(conf: Conf | None, patterns: Patterns) -> list[float]:
    """Lengths of a try in seconds, in order, at which a fact or a signal may differ."""
    wanted = [
        of for s in patterns.signals.values() for name in ("lasted_s", "left.after_s") if isinstance(of := s.where_facts.get(name), Mapping)
    ]
    return sorted({*timers.limits(conf), *(float(limit) for of in wanted for limit in of.values())})


def learn(attempt: Attempt, world: World) -> None:
    """Fills `facts` and `proof` of one attempt."""
    for part in (
        _answer,
        _redial,
        _in_vain,
        _tiers,
        _silence,
        life.learn,
        _token,
        address.learn,
        configuration.learn,
        timers.learn,
        beside.learn,
        control.learn,
    ):
        part(attempt, world)
    world.last[dialler(attempt)] = attempt


def _answer(attempt: Attempt, world: World) -> None:
    main = attempt.tiers
    best = main.get(Tier.PROXY) or main.get(Tier.BROWSER) or main.get(Tier.APP)
    if attempt.status is not None:
        tell(attempt, "status", attempt.status, next((e for e in attempt.events if e.status == attempt.status), best))
    if attempt.opened is not None:
        tell(attempt, "opened", attempt.opened, best)
    closed = next((e for e in attempt.events if e.code == attempt.code), best)
    if attempt.code is not None:
        tell(attempt, "close.code", attempt.code, closed)
        if closed is not None and closed.tier is Tier.BROWSER:
            tell(attempt, "close.by_page", True, closed)
    if attempt.started is not None and attempt.ended is not None:
        tell(attempt, "lasted_s", max(0.0, attempt.ended - attempt.started), best)
    page = main.get(Tier.BROWSER)
    if page is not None and attempt.code is None and (page.loads_after or 0) > 0 and (attempt.opened or _unanswered(attempt, page)):
        tell(attempt, "page.left", "open" if attempt.opened else "before", page)
    _going(attempt)
    by_code = attempt.code is not None and (attempt.code == 1008 or attempt.code >= 4000)
    by_status = attempt.status is not None and attempt.status != _TUNNEL and attempt.status not in (499, 502, 503, 504)
    if by_code or by_status:
        tell(attempt, "refused", True, closed if by_code else best)
    raised = next((e for e in attempt.events if e.what is What.EXCEPTION), None)
    turned_away = next((e for e in attempt.events if e.tier is Tier.APP and e.what is What.REFUSED), None)
    untold = attempt.opened is None and attempt.status is None and Tier.PROXY not in main
    if by_code or by_status or raised or turned_away or untold:
        tell(attempt, "may_be_refused", True, raised or turned_away or (closed if by_code else best))


def _unanswered(attempt: Attempt, page: Event) -> bool:
    """Whether a whole try, as its page tells it, has neither answer nor failure: people also load a page again after one that failed."""
    if attempt.status not in (None, _LEFT) or page.what is not What.HANDSHAKE:
        return False
    return not any(e.failed or e.signals for e in attempt.events if e.tier is Tier.BROWSER)


def _going(attempt: Attempt) -> None:
    """The client went: by the code that the app received, or before any answer, as only nginx tells."""
    told = next((e for e in attempt.events if e.code == CloseCode.GOING_AWAY and e.tier is Tier.APP), None)
    if told is not None and not any(e.tier is Tier.BROWSER and e.code is not None for e in attempt.events):
        tell(attempt, "client.going", True, told)
    row = attempt.tiers.get(Tier.PROXY)
    if attempt.status == _LEFT and row is not None and row.lasted_s is not None:
        tell(attempt, "left.after_s", row.lasted_s, row)


def _redial(attempt: Attempt, world: World) -> None:
    """The same token dialled the same path again as soon as this socket had ended: a page that reconnects.

    Where the log does not tell when it began or ended, it is enough that the token dialled again at all.
    """
    if not attempt.opened or attempt.token is None:
        return
    if attempt.started is None or (attempt.ended is None and Tier.BROWSER not in attempt.tiers):
        known = world.tries.get(dialler(attempt))
        if known is not None and known.last != order(attempt):
            tell(attempt, "redialled", True, attempt.events[0])
        return
    if attempt.ended is None:
        return
    known = world.tries.get(dialler(attempt))
    starts = known.starts if known is not None else []
    position = bisect_right(starts, max(attempt.ended - 1.0, attempt.started or 0.0))
    if position < len(starts) and starts[position] - attempt.ended <= _REDIAL_S:
        tell(attempt, "redialled", True, attempt.events[0])


def _in_vain(attempt: Attempt, world: World) -> None:
    """How many tries of a token on this path there were, and how far apart on average, where none had any answer."""
    if attempt.token is None or attempt.opened or attempt.status is not None:
        return
    known = world.tries.get(dialler(attempt))
    if known is None or known.count < 2 or known.answered:
        return
    tell(attempt, "dials.in_vain", known.count, *(a.events[0] for a in known.first))
    if len(known.starts) > 1:
        apart = (known.starts[-1] - known.starts[0]) / (len(known.starts) - 1)
        tell(attempt, "dials.apart_s", apart, *(a.events[0] for a in known.first[:2]))


def _tiers(attempt: Attempt, world: World) -> None:
    proxy, app, browser = (attempt.tiers.get(t) for t in (Tier.PROXY, Tier.APP, Tier.BROWSER))
    for name, seen in (("browser.seen", browser), ("proxy.seen", proxy), ("app.seen", app)):
        if seen is not None:
            tell(attempt, name, True, seen)
    if proxy is not None and proxy.status != _TUNNEL:
        if proxy.upstream == "-" and proxy.upstream_status is None:
            tell(attempt, "proxy.asked_app", False, proxy)
        elif proxy.upstream_status is not None and proxy.upstream_status == proxy.status and proxy.status not in (502, 504):
            tell(attempt, "proxy.asked_app", True, proxy)
        if browser is not None and browser.upgrade and proxy.upgrade is False and attempt.facts.get("proxy.asked_app"):
            tell(attempt, "upgrade.lost_before_proxy", True, browser, proxy)
    if world.plain_worker is not None and not attempt.opened:
        tell(attempt, "app.plain_worker", True, world.plain_worker)
    if app is None:
        return
    if app.what is What.REFUSED and attempt.path not in world.opened and (plain := world.plain.get(attempt.path)) is not None:
        tell(attempt, "path.answers_plain", True, plain, app)
    if app.what is not What.EXCEPTION:
        tell(attempt, "app.accepted", app.what in (What.ACCEPTED, What.OPENED), app)
        tell(attempt, "app.refused", app.what is What.REFUSED, app)
        tell(attempt, "app.as_http", app.what is What.REQUEST and app.status != _TUNNEL, app)


def _silence(attempt: Attempt, world: World) -> None:
    """nginx has no row, though rows before and after show that its log covers the try. An open tunnel has none yet."""
    if attempt.opened or Tier.PROXY in attempt.tiers or attempt.started is None or Tier.BROWSER not in attempt.tiers:
        return
    clock = max((world.sources[e.source].error_s for e in attempt.events if e.source in world.sources), default=0.0)
    # Beyond its clock's error, a time that is cut to its second, or known only as "not before", can be later and not earlier;
    # and the row would be written when the try ends.
    page = world.sources.get(attempt.tiers[Tier.BROWSER].source)
    late = page.less_late_s if page is not None else 0.0
    last = max(attempt.started + attempt.error_s, (attempt.ended or attempt.started) + clock) - late
    shown = coverage.covers(_logs(attempt, world), ("nginx-access",), attempt.started - clock, last)
    if shown is not None:
        proof = Event(source=shown.source.path, line=shown.line, tier=Tier.PROXY, what=What.NOTE, excerpt=f"… {iso(shown.at)} …")
        tell(attempt, "proxy.silent", True, proof)


def _logs(attempt: Attempt, world: World) -> list[Source]:
    """The sources less the access logs that need not have a row of this try, by the configuration on its way."""
    route = world.route(attempt)
    if route is None or world.conf is None:
        return list(world.sources.values())
    if any(d.name == "if" and any(i.name == "access_log" for i in d.block or ()) for level in route.levels for d in level):
        return []
    on_route = next((own for level in reversed(route.levels) if (own := [d.args for d in level if d.name == "access_log"])), [])
    everywhere = [d.args for d in walk(world.conf.directives) if d.name == "access_log"]
    return [s for s in world.sources.values() if coverage.writes(s.path, on_route, everywhere)]


def _token(attempt: Attempt, world: World) -> None:
    shown = next((e for e in attempt.events if e.token), None)
    token = attempt.token
    if token is None:
        if attempt.path in world.with_token and attempt.events[0].path is not None:
            tell(attempt, "token.absent", True, next((e for e in attempt.events if e.path), None))
        return
    if token.expires is None:
        return
    if attempt.started is not None:
        tell(attempt, "token.expired_by_s", attempt.started - token.expires - attempt.error_s, shown)
    if not attempt.opened or attempt.ended is None or attempt.error_s > _AT_EXP_S:
        return
    if abs(attempt.ended - token.expires) <= 1.5 + min(1.0, attempt.error_s / 2):
        tell(attempt, "token.ran_out", True, shown)
