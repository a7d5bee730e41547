"""Caveats, and what to fetch next."""

from __future__ import annotations

from collections.abc import Callable, Collection
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
    "no-time": N_("No source tells when the attempts were made; they are listed in the order of the files."),
}

NOTES = {"cut": N_("cut"), "no WebSocket entry": N_("no WebSocket entry")}
"""Notes on a source that the reader's language has words for."""

_NEEDS: dict[str, tuple[str, str]] = {
    "browser": (N_("A HAR and the console of a browser that fails (F12, Network, Export HAR; Console, Save as)"), ""),
    "access": (N_("nginx's access log of the same minutes"), "nginx -T | grep access_log"),
    "error": (N_("nginx's error log of the same minutes"), "nginx -T | grep error_log"),
    "conf": (N_("The configuration that nginx runs with"), "nginx -T > nginx.conf"),
    "app": (N_("The app's log of the same minutes"), "docker compose logs --timestamps APP > app.log"),
}


_SPLITS = {
    "browser": ("network", "tls", "client"),
    "access": ("network", "proxy"),
    "error": ("proxy", "server"),
    "conf": ("proxy", "path"),
    "app": ("server", "auth", "application"),
}
"""Artefact -> causes that it tells apart."""


def missing(kinds: Collection[str], _: Callable[[str], str]) -> list[dict[str, Any]]:
    """What a bundle of these kinds of source lacks, the cheapest and most telling first, with what it would split."""
    have = {"browser": any(kind in kinds for kind in ("har", "netlog", "console")),
            "access": "nginx-access" in kinds, "error": "nginx-error" in kinds,
            "conf": "nginx-conf" in kinds, "app": "app" in kinds}  # fmt: skip
    return [
        {"need": _(_NEEDS[name][0]), "splits": list(_SPLITS[name]), "command": _NEEDS[name][1]} for name, there in have.items() if not there
    ][:3]
