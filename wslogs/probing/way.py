"""The way to HTTP: name, TCP and TLS, and of a certificate that is refused all that is wrong with it."""

from __future__ import annotations

import time

from wslogs.model import Fact
from wslogs.probing import certificates, link
from wslogs.probing.link import LinkError
from wslogs.probing.links import Side
from wslogs.probing.record import Record

AFTER = ("health", "http", "handshake", "without-token", "elsewhere", "message", "ping", "idle", "close")
"""What is skipped where the way there fails."""


def reach(side: Side, record: Record) -> bool:
    """Name, TCP and TLS; whether HTTP can be asked."""
    began = record.begin("resolve")
    try:
        found = side.resolve()
    except LinkError as error:
        record.told("resolve", began, why=error.why)
        record.skip("resolve", "connect", "tls", *AFTER)
        return False
    if record.ask.connect_to is not None:
        record.skip("told-where", "resolve")
    else:
        record.told("resolve", began, seen={"addresses": len(found)})
    began = record.begin("connect")
    try:
        raw, _ = side.connect()
    except LinkError as error:
        record.told("connect", began, why=error.why)
        record.skip("connect", "tls", *AFTER)
        return False
    record.told("connect", began)
    if not record.ask.at.secure:
        raw.close()
        record.skip("no-tls-asked", "tls")
        return True
    began = record.begin("tls")
    try:
        with link.secure(raw, record.ask.at.host, record.ask.limit_s) as secured:
            shown = link.shown(secured)
    except LinkError as error:
        why, seen = _tls_failed(error.why, side, record)
        record.told("tls", began, why=why, seen=seen)
        record.skip("tls", *AFTER)
        return False
    record.told("tls", began, seen=_dates(shown.certificate) | {"version": shown.version, "cipher": shown.cipher})
    return True


def _tls_failed(why: str, side: Side, record: Record) -> tuple[str, dict[str, Fact]]:
    """What is wrong with the certificate, all of it; or whether the port speaks plain HTTP instead."""
    if not why.startswith("certificate"):
        if why in ("no-tls", "closed", "reset", "alert"):
            plain = side.get("/", secure=False)
            return ("plain-port" if plain.status is not None else why), plain.facts()
        return why, {}
    try:
        raw, _ = side.connect()
        with link.secure(raw, record.ask.at.host, record.ask.limit_s, verified=False) as secured:
            shown = link.shown(secured)
        again, _ = side.connect()
        trusted = link.trusted(again, record.ask.at.host, record.ask.limit_s)
    except LinkError:
        return why, {}
    record.clock(side.get("/", verified=False))
    now = time.time() + (record.run.offset_s or 0.0)
    one = certificates.shown(shown.certificate)
    wrong = [] if trusted else ["certificate-untrusted"]
    if one is not None:
        wrong += [] if link.covers(one.names, record.ask.at.host) else ["certificate-name"]
        wrong += ["certificate-expired"] if now > one.last else []
        wrong += ["certificate-not-yet-valid"] if now < one.first else []
    return " ".join(wrong or [why]), {"version": shown.version} | _dates(shown.certificate)


def _dates(der: bytes) -> dict[str, Fact]:
    """What of a certificate is told."""
    one = certificates.shown(der)
    if one is None:
        return {}
    return {
        "not_before": int(one.first),
        "not_after": int(one.last),
        "names": ", ".join(one.names[:8]),
        "issuer": one.issuer,
        "own": one.own,
    }
