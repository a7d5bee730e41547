"""Caveats, and what to fetch next."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from wslogs.report.words import N_

CAVEATS = {
    "quoted": N_("Whole lines are quoted (--quote). Known kinds of secrets are masked in them; read them before you pass the report on."),
    "zone-assumed": N_("%(source)s has times without a zone, and nothing to align them with; they are read as UTC."),
    "zone-by-coverage": N_(
        "%(source)s has times without a zone; they are read as %(zone)s, which alone brings them into the time of the other logs."
    ),
    "clock-corrected": N_(
        "The clock of %(source)s differs from the server's by %(seconds)s s (give or take %(error)s s); its times are corrected."
    ),
    "clock-scattered": N_(
        "The times of %(source)s agree on no difference from the server's clock (%(pairs)s attempts compared); they are left as logged."
    ),
    "clock-stepped": N_("The clock of %(source)s was set by %(seconds)s s at line %(line)s (daylight saving, or a correction)."),
    "cut": N_("%(source)s is cut off; only what stands before the cut was read."),
    "no-websocket": N_(
        "%(source)s holds no WebSocket entry: that does not show that nothing was dialled. DevTools may have been opened after the dial,"
        " and chrome-har and Playwright before 1.61 leave sockets out; export the HAR from the Network panel, opened before the page loads."
    ),
    "note": N_("%(source)s: %(note)s"),
    "not-understood": N_("%(source)s: %(unknown)s of %(lines)s lines were not understood."),
    "unreadable": N_("%(source)s %(note)s; it was left out."),
    "unknown-kind": N_("%(source)s is none of the kinds that wslogs reads; it was left out."),
    "foreign": N_("%(source)s looks like %(name)s, which wslogs does not read yet; it was left out."),
    "crowd": N_(
        "There are %(all)s tries: %(own)s of them were looked at for themselves, some of each class and those that other logs tell of;"
        " each of the others was judged as the one of its class that is nearest in time."
    ),
    "no-time": N_("No source tells when the attempts were made; they are listed in the order of the files."),
}


@dataclass(frozen=True, slots=True)
class _Need:
    """An artefact that a bundle may lack, cheapest first."""

    text: str
    command: str
    splits: tuple[str, ...]
    """Causes, or families of them, that it tells apart."""
    kinds: tuple[str, ...]
    """What a bundle that has it holds one of."""
    asked: tuple[str, ...] = ()
    """Causes that must be in question; none: any."""


_NEEDS = (
    _Need(
        N_("What listens on the server, and whether the app is among it"), "ss -ltnp > ss.txt", ("server", "proxy"), ("listeners",),
        ("server.down", "proxy.upstream"),
    ),
    _Need(
        N_("The version of nginx"), "nginx -V 2> nginx-version.txt", ("proxy", "application"), ("nginx-version",), ("proxy.http-version",)
    ),
    _Need(
        N_("nginx's error log at level info, for as long as the failure takes to come again: what nginx cuts it tells there alone"),
        "error_log /var/log/nginx/error.log info;", ("proxy", "network"), ("nginx-error at info",),
        ("proxy.read-timeout", "network.middlebox", "network.reset"),
    ),
    _Need(
        N_("A HAR and the console of a browser that fails (F12, Network, Export HAR; Console, Save as)"), "", ("network", "tls", "client"),
        ("har", "netlog", "console"),
    ),
    _Need(N_("nginx's access log of the same minutes"), "nginx -T | grep access_log", ("network", "proxy"), ("nginx-access",)),
    _Need(N_("nginx's error log of the same minutes"), "nginx -T | grep error_log", ("proxy", "server"), ("nginx-error",)),
    _Need(N_("The configuration that nginx runs with"), "nginx -T > nginx.conf", ("proxy", "path"), ("nginx-conf",)),
    _Need(
        N_("The app's log of the same minutes"), "docker compose logs --timestamps APP > app.log", ("server", "auth", "application"),
        ("app",),
    ),
    _Need(
        N_("A NetLog of a browser that fails: chrome://net-export, start, let it fail, stop; it tells why, where a HAR does not"), "",
        ("network", "tls", "client"), ("netlog",),
    ),
    _Need(
        N_("A capture on the server while it fails: whether the client's packets arrive, and who resets"),
        "tcpdump -i any -w ws.pcap 'tcp port 443'", ("network", "server"), ("capture",),
    ),
)  # fmt: skip
_MOST = 3


def missing(kinds: Collection[str], _: Callable[[str], str], standing: Collection[str] = (), window: str = "") -> list[dict[str, Any]]:
    """What a bundle of these kinds of source lacks: what parts most of the causes that stand first, of equals the cheapest.

    `window` is when the logs are wanted from.
    """
    lacking = [one for one in _NEEDS if not any(kind in kinds for kind in one.kinds) and _in_question(one, standing)]
    families = {name.partition(".")[0] for name in standing}
    lacking.sort(key=lambda one: (not set(one.asked) & set(standing), -len(families.intersection(one.splits))))
    return [
        {
            "need": _(one.text) + (f" ({window})" if window and _MINUTES in one.text else ""),
            "splits": list(one.splits),
            "command": one.command,
        }
        for one in lacking[:_MOST]
    ]


_MINUTES = "of the same minutes"


def _in_question(need: _Need, standing: Collection[str]) -> bool:
    return not need.asked or bool(set(need.asked) & set(standing))
