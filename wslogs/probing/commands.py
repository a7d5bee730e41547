"""The same by hand: a command of curl, wscat or openssl for each rung. A token is $TOKEN in them, never its value."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Literal

from wslogs.probing.answers import UPGRADE
from wslogs.probing.model import Ask, Direct

_PARAMETER = "$TOKEN"
Side = Literal["url", "direct"]


def quoted(text: str) -> str:
    """A word of a POSIX shell in which $TOKEN alone is replaced."""
    held = text.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`").replace("$", "\\$").replace("\\$TOKEN", "$TOKEN")
    return f'"{held}"' if "$TOKEN" in held else shlex.quote(text)


def target(ask: Ask, path: str, *, token: bool, value: str = _PARAMETER) -> str:
    """Path and query of a handshake."""
    carried = token and bool(ask.token) and ask.token_as != "bearer"
    return ask.at.target(path, f"{ask.token_as}={value}" if carried else "")


def for_rung(ask: Ask, rung: str, side: Side, *, path: str, origin: str = "", token: bool = False) -> tuple[str, ...]:
    """The commands that show the same as a rung."""
    host, port = (ask.direct.host, ask.direct.port) if side == "direct" and ask.direct else (ask.at.host, ask.at.port)
    to = ask.connect_to if side == "url" else None
    place = f"{(to or Direct(host, port)).host}:{(to or Direct(host, port)).port}"
    if rung == "resolve":
        return (f"nslookup {quoted(host)}",)
    if rung == "connect":
        return (f"nc -vz {quoted(place.rpartition(':')[0])} {place.rpartition(':')[2]}",)
    if rung == "tls":
        asked = f"openssl s_client -connect {quoted(place)} -servername {quoted(host)} </dev/null"
        return (f"{asked} | openssl x509 -noout -subject -issuer -dates -ext subjectAltName", asked)
    if rung == "health":
        return (" ".join(["curl -i", *_aside(ask, side), quoted(ask.checked.url(ask.checked.target(ask.checked.path), web=True))]),)
    if rung == "first-hop":
        plain = f"nc {quoted(place.rpartition(':')[0])} {place.rpartition(':')[2]}"
        way = f"openssl s_client -quiet -connect {quoted(place)} -servername {quoted(host)}" if ask.at.secure else plain
        return (f"printf '@\\r\\n' | {way}",)
    where = target(ask, path, token=token)
    at = replace(ask.at, secure=False, host=host, port=port) if side == "direct" else ask.at
    web, socket = (quoted(at.url(where, web=web)) for web in (True, False))
    aside = [*_aside(ask, side), *(("-H", quoted(f"Host: {ask.at.place}")) if side == "direct" else ())]
    bearer = ("-H", '"Authorization: Bearer $TOKEN"') if token and ask.token and ask.token_as == "bearer" else ()
    if rung in ("http", "without-upgrade", "plain-1.0"):
        return (" ".join(["curl -i", "--http1.0" if rung == "plain-1.0" else "--http1.1", *aside, web]),)
    said = [word for name, value in UPGRADE.items() for word in ("-H", quoted(f"{name}: {value}"))]
    page = ("-H", quoted(f"Origin: {origin}")) if origin else ()
    version = "--http1.0" if rung == "http-1.0" else "--http1.1"
    curl = " ".join(["curl -i -N -m 10", version, *said, *page, *bearer, *aside, web])
    if rung == "http-1.0":
        return (curl,)
    wscat = " ".join(["wscat", *(("-P",) if rung in ("ping", "idle", "again", "pinged") else ()), "-c", socket])
    wscat += "".join(f" {word}" for word in (*(("-o", quoted(origin)) if origin else ()), *bearer))
    return (wscat,) if rung in ("message", "ping", "idle", "again", "pinged", "close") else (curl, wscat)


def _aside(ask: Ask, side: Side) -> tuple[str, ...]:
    """curl's option for a server that is asked instead of the one that the name leads to."""
    to = ask.connect_to if side == "url" else None
    return ("--connect-to", quoted(f"{ask.at.host}:{ask.at.port}:{to.host}:{to.port}")) if to is not None else ()
