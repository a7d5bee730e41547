"""Remedies of nginx.conf that are more than directives in one location: a location of its own, another port, a higher limit."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import regex

from wslogs.model import Attempt, Event, Tier
from wslogs.parsers.nginx_conf import Conf, Directive, walk
from wslogs.parsers.nginx_route import Route
from wslogs.redact import ELIDED, shown_path
from wslogs.report.remedy import alone, leading, unified

_PORT = regex.compile(r"(?<=:)\d{1,5}(?=/|$)")
_SOCKET = (
    "proxy_http_version 1.1;", "proxy_set_header Upgrade $http_upgrade;", 'proxy_set_header Connection "upgrade";',
    "proxy_set_header Host $host;", "proxy_read_timeout 86400;",
)  # fmt: skip
_CONNECTIONS, _SLOTS = 4096, 10
"""What worker_connections is raised to, at least, and how many times a limit_conn."""


def amended(kind: str, attempt: Attempt, route: Route | None, conf: Conf, named: Collection[str] = ()) -> str | None:
    """The change as a unified diff; None where the bundle does not tell what to write, or where a line may not be shown."""
    if kind == "limits":
        return _limits(attempt, route, conf)
    if route is None:
        return None
    return _location(attempt, route, conf, named) if kind == "location" else _port(attempt, route, conf)


def _location(attempt: Attempt, route: Route, conf: Conf, named: Collection[str]) -> str | None:
    """A location for the path alone, before the one that answered, which passes to where another location of the server does."""
    place, model = route.location, _model(attempt, route)
    path = shown_path(attempt.path, named) if attempt.path else ELIDED
    if place is None or model is None or ELIDED in path or place.file not in conf.texts:
        return None
    scheme, _, rest = model.args[0].partition("://")
    lines = conf.texts[place.file].splitlines(keepends=True)
    before = leading(lines[place.line - 1])
    inside = [f"proxy_pass {scheme}://{rest.partition('/')[0]};", *_SOCKET]
    new = [f"{before}location = {path} {{\n", *(f"{before}    {row}\n" for row in inside), f"{before}}}\n"]
    return unified(conf.texts[place.file], [*lines[: place.line - 1], *new, *lines[place.line - 1 :]], place.file)


def _model(attempt: Attempt, route: Route) -> Directive | None:
    """The proxy_pass of the same app: that of a path that begins with the same word, else the only one that there is."""
    if route.own("proxy_pass") is not None or attempt.facts.get("config.elsewhere") or route.server is None:
        return None
    first = (attempt.path or "").strip("/").partition("/")[0]
    passed = [
        (place.args[-1].strip("/").partition("/")[0], d)
        for place in walk(route.server.block or [])
        if place.name == "location"
        for d in place.block or ()
        if d.name == "proxy_pass" and d.args and "$" not in d.args[0] and ELIDED not in d.shown()
    ]
    alike = [d for word, d in passed if word and word == first] or [d for _, d in passed]
    return alike[0] if len({d.args[0].partition("://")[2].partition("/")[0] for d in alike}) == 1 else None


def _port(attempt: Attempt, route: Route, conf: Conf) -> str | None:
    """The port that the app says it listens on, or at which it answered others, where nginx asks another one."""
    ports = {e.upstream.rpartition(":")[2] for e in _tellers(attempt) if e.upstream}
    passed = route.own("proxy_pass")
    if len(ports) != 1 or passed is None or not passed.args:
        return None
    name = passed.args[0].partition("://")[2].partition("/")[0]
    block = next((d for d in walk(conf.directives) if d.name == "upstream" and d.args[:1] == [name]), None)
    servers = [d for d in block.block or () if d.name == "server" and d.args] if block is not None else [passed]
    if len(servers) != 1:
        return None
    return _reworded(servers[0], {0: _PORT.sub(ports.pop(), servers[0].args[0])}, conf)


def _tellers(attempt: Attempt) -> list[Event]:
    said = [e for e in attempt.proof.get("upstream.differs", ()) if e.tier is Tier.APP]
    return [*(said or attempt.proof.get("others.answered", ())[:1])]


def _limits(attempt: Attempt, route: Route | None, conf: Conf) -> str | None:
    if "nginx.worker-connections" in attempt.proof:
        found = next((d for d in walk(conf.directives) if d.name == "worker_connections" and d.args), None)
        if found is None or not found.args[0].isdecimal():
            return None
        return _reworded(found, {0: str(max(_CONNECTIONS, 4 * int(found.args[0])))}, conf)
    slots = route.all_of("limit_conn") if route is not None and not {"nginx.limited", "config.limits"}.isdisjoint(attempt.proof) else []
    if len(slots) != 1 or len(slots[0].args) != 2 or not slots[0].args[1].isdecimal():
        return None
    return _reworded(slots[0], {1: str(_SLOTS * int(slots[0].args[1]))}, conf)


def _reworded(directive: Directive, words: Mapping[int, str], conf: Conf) -> str | None:
    """One line with other words in it."""
    if directive.file not in conf.texts:
        return None
    text = conf.texts[directive.file]
    lines = text.splitlines(keepends=True)
    if not alone(lines, directive):
        return None
    made = [words.get(place, word) for place, word in enumerate(directive.args)]
    lines[directive.line - 1] = f"{leading(lines[directive.line - 1])}{' '.join([directive.name, *made])};\n"
    return unified(text, lines, directive.file)
