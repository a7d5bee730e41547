"""The rungs of a probe as text for a terminal: what was tried, how it went, and the same by hand. What it means says the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wslogs.model import Fact
from wslogs.report.words import N_, Words, words

if TYPE_CHECKING:
    from wslogs.probing.model import Run, Rung

TITLES = {
    "resolve": N_("name"), "connect": N_("TCP connection"), "tls": N_("TLS"), "health": N_("check of health"),
    "http": N_("plain request to the path"), "handshake": N_("handshake"), "without-token": N_("handshake without the token"),
    "own-origin": N_("handshake with the server's own Origin"), "other-origin": N_("handshake with a stranger's Origin"),
    "elsewhere": N_("handshake at a path beside it"), "first-hop": N_("who takes requests first"),
    "http-1.0": N_("handshake in HTTP/1.0"), "message": N_("first message"),
    "ping": N_("ping"), "idle": N_("silence"), "again": N_("silence once more"), "pinged": N_("silence with pings"),
    "close": N_("goodbye"), "without-upgrade": N_("request without Upgrade"), "plain-1.0": N_("request without Upgrade in HTTP/1.0"),
}  # fmt: skip
CHECKS = {
    "resolve": "6", "connect": "1, 6", "tls": "3", "health": "1", "http": "2", "handshake": "2, 4, 5", "without-token": "5",
    "own-origin": "5", "other-origin": "5", "elsewhere": "2", "first-hop": "4, 6",
    "http-1.0": "4", "message": "5", "ping": "4", "idle": "4", "again": "4",
    "pinged": "4", "close": "4", "without-upgrade": "4", "plain-1.0": "4",
}  # fmt: skip
"""Which causes of the guide a rung looks at, by the guide's numbers."""
STATES = {"passed": N_("passed"), "failed": N_("fails"), "skipped": N_("skipped")}
WHYS = {
    "no-name": N_("the name does not resolve"), "timed-out": N_("no answer in time"), "refused": N_("connection refused"),
    "reset": N_("connection reset"), "closed": N_("closed by the other end"), "unreachable": N_("no way to the address"),
    "certificate": N_("the certificate is not accepted"), "certificate-expired": N_("the certificate has expired"),
    "certificate-not-yet-valid": N_("the certificate is not valid yet"), "certificate-untrusted": N_("the certificate is not trusted"),
    "certificate-name": N_("the certificate is for another host"), "plain-port": N_("this port speaks plain HTTP"),
    "no-tls": N_("this port speaks no TLS"), "version": N_("no TLS version or cipher in common"), "alert": N_("TLS was refused"),
    "tls-port": N_("this port speaks TLS: dial wss://"), "answered": N_("not opened"), "no-http": N_("the answer is not HTTP"),
    "mangled": N_("the answer is no right 101"), "cut": N_("lost without a close frame"), "no-pong": N_("no pong"),
}  # fmt: skip
SKIPS = {
    "told-where": N_("--connect-to says where"), "no-tls-asked": N_("ws:// is not encrypted"), "no-token": N_("no token is given"),
    "not-asked": N_("--idle 0"),
}  # fmt: skip
_BESIDE = (
    "without-token",
    "own-origin",
    "other-origin",
    "elsewhere",
    "first-hop",
    "http-1.0",
    "again",
    "pinged",
    "without-upgrade",
    "plain-1.0",
)
"""What is tried for comparison: its commands stand in probe.json alone."""
_TOOK = N_("%(seconds)s s")
_CLOCK = N_("The server's clock minus this one: %(offset)s s, give or take %(error)s s")
_APP = N_("app: %(rung)s")
_BECAUSE = N_("because of: %(rung)s")
_GUIDE = N_("guide %(numbers)s")
_UNTIL = N_("until %(day)s")
_CODE = N_("close code %(code)s")
_QUIET = N_("after %(seconds)s s of silence")
_RECEIVED = N_("%(count)s received")
_WIDTH = 9


def rungs(run: Run, lang: str) -> str:
    """A line for each rung; below the handshake, and below one that failed, the commands that show the same."""
    reader = words(lang)
    lines = [line for one in run.rungs for line in _lines(one, reader)]
    if run.offset_s is not None:
        lines.append(reader.gettext(_CLOCK) % {"offset": f"{run.offset_s:+.1f}", "error": f"{run.offset_error_s:.1f}"})
    return "\n".join(lines)


def title(rung: str, side: str, reader: Words) -> str:
    """What a rung is called."""
    named = reader.gettext(TITLES.get(rung, rung))
    return reader.gettext(_APP) % {"rung": named} if side == "direct" else named


def _lines(one: Rung, reader: Words) -> Iterator[str]:
    told = ", ".join(_details(one, reader))
    guide = reader.gettext(_GUIDE) % {"numbers": CHECKS[one.id]}
    yield f"{reader.gettext(STATES[one.state]):<{_WIDTH}} {title(one.id, one.side, reader)}{f': {told}' if told else ''} ({guide})"
    if one.id == "handshake" or (one.state == "failed" and one.id not in _BESIDE):
        yield from (f"{'':{_WIDTH}} $ {command}" for command in one.command)


def _details(one: Rung, reader: Words) -> Iterable[str]:
    if one.state == "skipped":
        known = SKIPS.get(one.why)
        yield reader.gettext(known) if known else reader.gettext(_BECAUSE) % {"rung": title(one.why, "url", reader)}
        return
    yield from (reader.gettext(WHYS[why]) for why in one.why.split() if why in WHYS)
    yield from _seen(one.seen, reader)
    if one.took_s is not None:
        yield reader.gettext(_TOOK) % {"seconds": f"{one.took_s:.2f}"}


def _seen(seen: Mapping[str, Fact], reader: Words) -> Iterator[str]:
    yield from (str(seen[name]) for name in ("status", "by", "version", "issuer") if seen.get(name))
    if isinstance(last := seen.get("not_after"), int):
        yield reader.gettext(_UNTIL) % {"day": datetime.fromtimestamp(last, UTC).date().isoformat()}
    if seen.get("code"):
        yield reader.gettext(_CODE) % {"code": seen["code"]}
    if isinstance(quiet := seen.get("quiet_s"), int | float):
        yield reader.gettext(_QUIET) % {"seconds": f"{quiet:.1f}"}
    if seen.get("received"):
        yield reader.gettext(_RECEIVED) % {"count": seen["received"]}
