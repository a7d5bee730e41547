"""attempt -> what nginx's configuration makes of it: facts of the server and location on its way, each with its line."""

from __future__ import annotations

from wslogs.facts.world import World, doubled, line, tell
from wslogs.model import Attempt, Tier
from wslogs.parsers.nginx_conf import Directive, walk
from wslogs.parsers.nginx_location import named
from wslogs.parsers.nginx_route import PASSES, Route

_LIMITS = {"limit_conn": "limit_conn_status", "limit_req": "limit_req_status"}
_LIMITED = "503"
"""What a limit answers where no limit_*_status is set (ngx_http_limit_conn_module.c, ngx_http_limit_req_module.c)."""
_FILES = (200, 304)


def learn(attempt: Attempt, world: World) -> None:
    """Fills in facts and proof."""
    route = world.route(attempt)
    if route is not None:
        fallback = named(route) if attempt.status not in _FILES else None
        _on_route(attempt, fallback or route, world)
    ports = {e.upstream.rpartition(":")[2]: e for e in attempt.events if e.tier is Tier.PROXY and e.upstream and ":" in e.upstream}
    if ports and world.ports and not ports.keys() & world.ports.keys():
        tell(attempt, "upstream.differs", True, *ports.values(), *world.ports.values())


def _on_route(attempt: Attempt, route: Route, world: World) -> None:
    back = next((d for d in route.server.block or () if d.name == "return"), None) if route.server is not None else None
    back = back or route.own("return")
    if back is not None:
        tell(attempt, "config.target", "return", line(back))
        if back.args and back.args[0] == str(attempt.status):
            tell(attempt, "config.returns", int(back.args[0]), line(back))
        return
    if route.adds_slash:
        tell(attempt, "config.target", "slash", line(route.location))
        return
    _access(attempt, route)
    passed = route.own("proxy_pass")
    if passed is not None:
        _proxied(attempt, route, passed, world)
    elif other := next((d for name in PASSES if (d := route.own(name)) is not None), None):
        tell(attempt, "config.target", "other-protocol", line(other))
    elif route.location is not None and not _branches(route):
        _file(attempt, route)
    elif route.location is None and route.server is None:
        _fragment(attempt, route)


def _proxied(attempt: Attempt, route: Route, passed: Directive, world: World) -> None:
    tell(attempt, "config.target", "app", line(passed))
    _upgrade(attempt, route)
    made, by = route.app_path()
    if by is not None and made is not None:
        tell(attempt, "config.app_path", "doubled" if doubled(made) and not doubled(route.path or "") else "rewritten", line(by))
    version, directive = route.http_version(world.nginx)
    if version is None:
        tell(attempt, "config.http_version", "unknown", line(route.location))
    else:
        tell(attempt, "config.http_version", version, line(directive or route.location), *([] if directive else world.nginx_shown))


def _upgrade(attempt: Attempt, route: Route) -> None:
    passes, lines = route.upgrade()
    version = route.one("proxy_http_version")
    if version is not None and version.args == ["2"]:
        passes, lines = False, [version]  # an upgrade is a thing of HTTP/1.1
    if passes is None:
        return
    tell(attempt, "config.upgrade", passes, *(map(line, lines) if lines else [line(route.location)]))
    if passes is False and (outer := route.discarded("upgrade")) is not None and route.header("upgrade") is None:
        tell(attempt, "config.discards", True, *map(line, [*route.headers()[:1], outer]))


def _fragment(attempt: Attempt, route: Route) -> None:
    """A piece of a configuration without server and location: what it sets is what holds."""
    if route.header("upgrade") is not None or route.header("connection") is not None:
        _upgrade(attempt, route)


def _branches(route: Route) -> bool:
    """Whether something that is not known, or not followed, may hand the request on."""
    inside = [d for d in route.levels[-1] if d.name == "if"]
    return route.may_be_elsewhere() or any(one.name in (*PASSES, "return") for one in walk(inside))


def _file(attempt: Attempt, route: Route) -> None:
    tell(attempt, "config.target", "file", line(route.own("try_files") or route.own("alias") or route.location))
    if attempt.facts.get("proxy.asked_app") is None and not attempt.opened:
        tell(attempt, "proxy.asked_app", False, line(route.location))
    for other in walk(route.server.block or []) if route.server else ():
        if other.name == "location" and any(d.name == "proxy_set_header" and d.args[:1] == ["Upgrade"] for d in other.block or ()):
            tell(attempt, "config.elsewhere", True, line(other), line(route.location))
            return


def _access(attempt: Attempt, route: Route) -> None:
    """What may refuse the client before the app is asked, where the answer is the one that it gives."""
    if attempt.facts.get("proxy.asked_app") or attempt.opened:
        return
    rules = [d for d in route.all_of("allow", "deny") if d.name == "deny"]
    password, asked = route.one("auth_basic"), route.one("auth_request")
    if attempt.status == 401 and password is not None and password.args != ["off"]:
        tell(attempt, "config.access", "auth_basic", line(password))
    elif attempt.status in (401, 403) and asked is not None and asked.args != ["off"]:
        tell(attempt, "config.access", "auth_request", line(asked))
    elif attempt.status == 403 and rules:
        tell(attempt, "config.access", "deny", line(rules[0]))
    for limit in route.all_of(*_LIMITS):
        status = route.one(_LIMITS[limit.name])
        if str(attempt.status) == (status.args[0] if status is not None and status.args else _LIMITED):
            tell(attempt, "config.limits", True, line(limit))
