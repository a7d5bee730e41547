"""attempt -> what stands beside it in the bundle: who listened on the host, how long a certificate was valid, what compose runs."""

from __future__ import annotations

from wslogs.facts.world import World, tell
from wslogs.model import Attempt, CloseCode, Event, Tier, What
from wslogs.parsers.certificates import Certificate
from wslogs.parsers.compose import Service
from wslogs.parsers.nginx_conf import walk

_OWN = (Tier.BROWSER, Tier.PROXY, Tier.APP)
_MET = frozenset({What.ACCEPTED, What.REFUSED, What.REQUEST, What.OPENED, What.CLOSED})
"""What the app says of a try that came to it. A note or a traceback in a log of fragments may be a client's own."""
_ITSELF = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})
_ANYWHERE = frozenset({"0.0.0.0", "*", "[::]", "::"})


def learn(attempt: Attempt, world: World) -> None:
    """Fills in facts and proof. A bundle of probes alone is one attempt that nobody answered and that was lost."""
    alone = not any(tier in attempt.tiers for tier in _OWN)
    by_app = any(e.tier is Tier.APP and e.what in _MET and e.code != CloseCode.ABNORMAL for e in attempt.events)
    met = attempt.opened or attempt.status is not None or Tier.PROXY in attempt.tiers or by_app
    # Beside a log of the proxy, the app's own notes are as likely about connections that the app made.
    if met or set(attempt.tiers) != {Tier.APP} or all(s.tier is not Tier.PROXY for s in world.sources.values()):
        tell(attempt, "answered", bool(met) and not alone)
    cut = attempt.opened and attempt.code == CloseCode.ABNORMAL and Tier.BROWSER in attempt.tiers
    # An app that logs the end of a socket, or was running, has not been taken away from it.
    outlived = any(e.tier is Tier.APP and e.what is What.CLOSED for e in attempt.events) or attempt.facts.get("app.state") == "running"
    tell(attempt, "lost", bool(alone or ((cut or attempt.status == 502) and not outlived)))
    if alone and Tier.PROBE in attempt.tiers:
        tell(attempt, "probe.own", True, attempt.tiers[Tier.PROBE])
    if found := sorted((e for e in world.probed if e.path is not None and e.path == attempt.path), key=lambda e: e.token is None):
        tell(attempt, "probe.opens", "without-token" if found[0].token is None else "with-token", found[0])
    _certificate(attempt, world)
    target = _target(attempt, world)
    if target is not None and attempt.path not in world.opened:
        _listens(attempt, world, *target)
        _compose(attempt, world, *target)


def _certificate(attempt: Attempt, world: World) -> None:
    """By how long the certificate of its host had ended; of several the one that ends last is the one in use."""
    if attempt.host is None or attempt.started is None or attempt.scheme == "ws":
        return
    fitting = [one for one in world.certificates if one.covers(attempt.host)]
    if fitting:
        best = max(fitting, key=lambda one: one.last)
        tell(attempt, "certificate.ended_by_s", attempt.started - best.last - attempt.error_s, _of_certificate(best))


def _of_certificate(one: Certificate) -> Event:
    return Event(source=one.source, line=one.line, tier=Tier.HOST, what=What.NOTE, excerpt=one.shown())


def _target(attempt: Attempt, world: World) -> tuple[str, str] | None:
    """(host, port) that nginx asks for this attempt, by its configuration or else by its log."""
    route = world.route(attempt)
    passed = route.own("proxy_pass") if route is not None else None
    if passed is not None and passed.args:
        scheme, _, rest = passed.args[0].partition("://")
        host, _, port = rest.partition("/")[0].rpartition(":") if ":" in rest.partition("/")[0] else (rest.partition("/")[0], "", "")
        named = world.conf is not None and any(d.name == "upstream" and d.args[:1] == [host] for d in walk(world.conf.directives))
        if host and "$" not in host and not named and scheme in ("http", "https"):
            return host.lower(), port or ("443" if scheme == "https" else "80")
    asked = [e.upstream.rpartition(", ")[2] for e in attempt.events if e.tier is Tier.PROXY and e.upstream]
    host, _, port = asked[-1].rpartition(":") if asked else ("", "", "")
    return (host, port) if port.isdecimal() else None


def _listens(attempt: Attempt, world: World, host: str, port: str) -> None:
    """Whether a snapshot of the host has a listener at the address; it can tell of no other host."""
    at = {e.upstream.rpartition(":")[0]: e for e in world.listeners if e.upstream and e.upstream.rpartition(":")[2] == port}
    heads = [e for e in world.listeners if e.upstream == "*"]
    if host in _ITSELF:
        if found := next((e for address, e in at.items() if address in _ITSELF | _ANYWHERE), None):
            tell(attempt, "host.listens", "yes", found)
        elif heads and not at:
            tell(attempt, "host.listens", "no", *heads)
    elif at and set(at) <= _ITSELF and host.replace(".", "").isdecimal():
        tell(attempt, "host.listens", "loopback", *at.values())


def _compose(attempt: Attempt, world: World, host: str, port: str) -> None:
    """Whether nginx, in a container of its own, asks an address where no other container can be."""
    proxy = next((s for s in world.services if s.is_nginx), None)
    if proxy is None or proxy.on_host or Tier.PROXY not in attempt.tiers:
        return
    asked = next((s for s in world.services if host in s.names), None)
    if host in _ITSELF:
        tell(attempt, "compose.upstream", "itself", _of_service(proxy))
    elif asked is not None and asked.listens in _ITSELF:
        tell(attempt, "compose.upstream", "loopback", _of_service(asked))
    elif asked is None and "." not in host and ":" not in host:
        tell(attempt, "compose.upstream", "unknown", _of_service(proxy))


def _of_service(service: Service) -> Event:
    return Event(source=service.source, line=service.line, tier=Tier.CONFIG, what=What.NOTE, excerpt=service.shown())
