"""The way of a request through nginx's configuration: which server, and which location.

After ngx_http_core_module.c (ngx_http_core_find_location) and ngx_http_request.c: field-guide.md, chapter 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import regex

from wslogs.parsers.nginx_conf import Conf, Directive, server_names, walk
from wslogs.parsers.nginx_route import PASSES, Route, matches


def routes(conf: Conf, scheme: str | None, host: str | None, path: str | None) -> Route | None:
    """The way of a request; None when the configuration holds none.

    Without a path, as of a line of a console alone, there is a way only where the configuration has no other.
    """
    scopes = _scopes(conf.directives)
    servers = [(scope, d) for scope in scopes for d in scope if d.name == "server" and d.block is not None]
    outer, server = _server(servers, scheme, host) or (scopes[0], None)
    inside = server.block if server is not None and server.block is not None else outer
    if path is None and len(servers) > 1:
        return None
    found = _only(inside) if path is None else _location(inside, path)
    if found is None or (server is None and found.location is None and not any(d.name.startswith("proxy_") for d in inside)):
        return None
    own = [d for d in walk(outer) if d.name == "map" and len(d.args) > 1]
    maps = own + [d for d in walk(conf.directives) if d.name == "map" and len(d.args) > 1 and not any(d is one for one in own)]
    levels = [outer, inside, *found.levels] if server else [inside, *found.levels]
    return Route(server, found.location, levels, maps, path, found.adds_slash)


def _scopes(directives: list[Directive]) -> list[list[Directive]]:
    """What servers inherit from: each http block, and what stands in none, as in a file of conf.d alone."""
    scopes = [d.block or [] for d in directives if d.name == "http"]
    loose = [d for d in directives if d.name not in ("http", "events", "stream", "mail")]
    if not scopes or any(d.name in ("server", "location") for d in loose):
        scopes.append(loose)
    return scopes


_Placed = tuple[list[Directive], Directive]


def _server(servers: list[_Placed], scheme: str | None, host: str | None) -> _Placed | None:
    """By name among those that listen at the port, else for the scheme; else the default one, else the first."""
    secure = scheme in ("wss", "https")
    name, _, port = (host or "").partition(":")
    port = port or ("443" if secure else "80" if scheme else "")
    if scheme is None:  # of a name that is served twice, the one that does not only send on to the other
        servers = [row for row in servers if not any(d.name == "return" for d in row[1].block or ())] or servers
    at_port = [row for row in servers if port and port in _ports(row[1]) and (scheme is None or secure == _is_tls(row[1]))]
    fitting = at_port or [row for row in servers if scheme is None or secure == _is_tls(row[1])] or servers
    ranked = [(rank, place) for place, row in enumerate(fitting) for one in server_names(row[1]) if (rank := _rank(one, name.lower()))]
    if ranked:
        return fitting[min(ranked)[1]]
    defaults = [row for row in fitting if any("default_server" in d.args for d in row[1].block or () if d.name == "listen")]
    return next(iter([*defaults, *fitting]), None)


def _ports(server: Directive) -> set[str]:
    """The ports that a server listens on; 80 where it does not say (ngx_http_core_module.c)."""
    listens = [d.args[0] for d in server.block or () if d.name == "listen" and d.args]
    return {one if one.isdecimal() else one.rpartition(":")[2] if one.rpartition(":")[2].isdecimal() else "80" for one in listens} or {"80"}


def _is_tls(server: Directive) -> bool:
    listens = [d for d in server.block or () if d.name == "listen"]
    return any("ssl" in d.args for d in listens) or any(d.name == "ssl" and d.args == ["on"] for d in server.block or ())


def _rank(pattern: str, name: str) -> tuple[int, int] | None:
    """How early a server_name is asked, the smaller the earlier: exact, `*.name`, `name.*`, expression; longer wildcards first."""
    if not name:
        return None
    pattern = pattern if pattern.startswith("~") else pattern.lower()
    if pattern.startswith("~"):
        return (3, 0) if matches(pattern[1:], name, regex.IGNORECASE) else None
    if pattern == name:
        return 0, 0
    if pattern.startswith("."):
        return (0, 0) if name == pattern[1:] else (1, -len(pattern)) if name.endswith(pattern) else None
    if "*" not in pattern or not fnmatchcase(name, pattern):
        return None
    return (1 if pattern.startswith("*") else 2), -len(pattern)


def named(route: Route) -> Route | None:
    """The way that goes on in the named location with which try_files ends; None where it ends otherwise."""
    tried = route.own("try_files")
    if tried is None or not tried.args or not tried.args[-1].startswith("@"):
        return None
    outer = route.levels[:-1] if route.server is None else route.levels[:2]
    places = [d for d in outer[-1] if d.name == "location" and d.args == tried.args[-1:]]
    return Route(route.server, places[0], [*outer, places[0].block or []], route.maps, route.path) if places else None


@dataclass(slots=True)
class _Found:
    location: Directive | None = None
    levels: list[list[Directive]] = field(default_factory=list)
    adds_slash: bool = False
    settled: bool = False
    """Whether no expression further out is asked any more."""


def _places(inside: Sequence[Directive]) -> list[Directive]:
    return [d for d in inside if d.name == "location" and d.args and d.block is not None and not d.args[-1].startswith("@")]


def _location(inside: list[Directive], path: str) -> _Found:
    """The location that serves a path: exact, then the longest prefix with what nests in it, then expressions unless `^~`."""
    places = _places(inside)
    exacts = [d for d in places if d.args[0] == "="]
    exact = next((d for d in exacts if d.args[-1] == path), None)
    if exact is not None:
        return _Found(exact, [exact.block or []], settled=True)
    plain = [d for d in places if d.args[0] in ("^~", d.args[-1]) and not d.args[0].startswith("~")]
    longest = max((d for d in plain if path.startswith(d.args[-1])), key=lambda d: len(d.args[-1]), default=None)
    slashed = next((d for d in (*plain, *exacts) if d.args[-1] == f"{path}/" and any(one.name in PASSES for one in d.block or ())), None)
    if slashed is not None and (longest is None or longest.args[-1] != path):
        return _Found(slashed, [slashed.block or []], adds_slash=True, settled=True)
    found = _Found()
    if longest is not None:
        found = _nested(longest, path)
        if found.settled or longest.args[0] == "^~":
            return found
    for one in places:
        if one.args[0] in ("~", "~*") and matches(one.args[-1], path, regex.IGNORECASE if one.args[0] == "~*" else 0):
            found = _nested(one, path)
            found.settled = True
            return found
    return found


def _nested(place: Directive, path: str) -> _Found:
    inner = _location(place.block or [], path)
    return _Found(inner.location or place, [place.block or [], *inner.levels], inner.adds_slash, inner.settled)


def _only(inside: list[Directive]) -> _Found | None:
    """The only location, or none where there is none at all; of several, the only one that hands requests on."""
    places = _places(inside)
    if len(places) > 1:
        places = [d for d in places if any(one.name in PASSES for one in _deep(d))]
    if len(places) > 1:
        return None
    return _Found(places[0], [places[0].block or []]) if places else _Found()


def _deep(place: Directive) -> Iterator[Directive]:
    return walk(place.block or [])
