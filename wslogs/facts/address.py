"""attempt -> what its page dialled, beside the host that the page came from and beside what others dial: facts of the address."""

from __future__ import annotations

import regex

from wslogs.facts.world import World, doubled, line, tell
from wslogs.model import Attempt, Event, Tier, What
from wslogs.parsers.env import Setting
from wslogs.parsers.nginx_conf import server_names, walk
from wslogs.parsers.nginx_location import routes

_BASE = regex.compile(r"(?i)(?:api|ws|socket|base|backend)\w*(?:url|uri|host|base|endpoint)")
_UNFILLED = frozenset({"undefined", "null", "NaN", "[object Object]"})
_ITSELF = regex.compile(r"(?i)(?:127(?:\.\d{1,3}){3}|localhost|[\w-]+\.localhost|\[::1\])(?::\d+)?")
"""Names and addresses of the machine that dials (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3)."""


def learn(attempt: Attempt, world: World) -> None:
    """Fills in facts and proof."""
    _itself(attempt, world)
    _under_another_name(attempt, world)
    if attempt.path is None:
        return
    shown = next((e for e in attempt.events if e.path), None)
    other = world.opened.get(attempt.path)
    if other is not None:
        if other is not attempt:
            tell(attempt, "path.opens", True, other.events[0])
        return
    elsewhere = next((a for p, a in world.opened.items() if p != attempt.path and p is not None), None)
    if elsewhere is not None:
        tell(attempt, "path.other_opens", True, elsewhere.events[0])
    if doubled(attempt.path):
        tell(attempt, "path.doubled", True, shown)
    if unfilled(attempt.path):
        tell(attempt, "path.unfilled", True, shown)
    if (setting := _off_base(attempt, world)) is not None:
        proof = Event(source=setting.source, line=setting.line, tier=Tier.CONFIG, what=What.NOTE, excerpt=f"{setting.name}=…")
        tell(attempt, "path.off_base", True, proof, shown)
    _another_host(attempt, world)


def unfilled(path: str) -> bool:
    """Whether a part of a path is what JavaScript makes of a value that was never set: /ws/undefined/, /ws/NaN."""
    return not _UNFILLED.isdisjoint(path.split("/"))


def _off_base(attempt: Attempt, world: World) -> Setting | None:
    """The base URL that the dialled address does not lie under, where the address opens nowhere."""
    bases = [s for s in world.settings if _BASE.search(s.name)]
    if not bases or attempt.host is None:
        return None
    if any(_below(base, attempt.host, attempt.path or "/") for base in bases):
        return None
    return next((base for base in bases if _known_good(base, attempt, world)), None)


def _below(base: Setting, host: str | None, path: str) -> bool:
    same_host = base.host is None or host is None or base.host.partition(":")[0] == host.partition(":")[0]
    return same_host and path.startswith((base.path or "/").rstrip("/"))


def _known_good(base: Setting, attempt: Attempt, world: World) -> bool:
    """Whether a socket opened below a base, or nginx passes upgrades on there: else it may be the server that lacks the path."""
    if any(_below(base, other.host, path) for path, other in world.opened.items() if path is not None):
        return True
    at = [d.args[-1] for d in walk(world.conf.directives) if d.name == "location" and d.args] if world.conf is not None else []
    ways = [routes(world.conf, attempt.scheme, base.host or attempt.host, p) for p in at if p.startswith("/")] if world.conf else []
    return any(one is not None and one.own("proxy_pass") and one.upgrade()[0] and _below(base, None, one.path or "/") for one in ways)


def _itself(attempt: Attempt, world: World) -> None:
    """A page that came from elsewhere dials the machine that it is shown on, where the service is not."""
    if attempt.host is None or _ITSELF.fullmatch(attempt.host) is None or attempt.opened:
        return
    if world.pages and not any(_ITSELF.fullmatch(host) for host in world.pages):
        tell(attempt, "page.dials_itself", True, next((e for e in attempt.events if e.host), None), *list(world.pages.values())[:1])


def _under_another_name(attempt: Attempt, world: World) -> None:
    """The query names the token otherwise than in all sockets that opened on the path."""
    named = attempt.token.parameter if attempt.token is not None else None
    if named is None or attempt.opened:
        return
    others = world.token_names.get(attempt.path, {})
    if others and named not in others:
        tell(attempt, "token.other_name", True, next((e for e in attempt.events if e.token), None), *list(others.values())[:1])


def _another_host(attempt: Attempt, world: World) -> None:
    """nginx sends this path to nobody under the host that was dialled; under another it hands upgrades on, there or below a prefix."""
    route = world.route(attempt)
    if world.conf is None or route is None or attempt.opened or attempt.host is None or route.server is None or route.own("proxy_pass"):
        return
    if attempt.host.partition(":")[0] not in server_names(route.server):
        return
    end = "/" + (attempt.path or "").strip("/")
    for server in walk(world.conf.directives):
        if server.name != "server" or not (names := server_names(server)) or set(names) & set(server_names(route.server)):
            continue
        below = [d.args[-1] for d in walk(server.block or []) if d.name == "location" and d.args and d.args[-1].rstrip("/").endswith(end)]
        for path in (attempt.path, *(below if len(end) > 1 else ())):
            there = routes(world.conf, attempt.scheme, names[0], path)
            if there is not None and there.server is server and there.own("proxy_pass") is not None and there.upgrade()[0]:
                tell(attempt, "config.other_host", True, line(there.location or server), line(route.location))
                return
