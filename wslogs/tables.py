"""Attempts and events as DataFrames, for notebooks and scripts. The column lists here are the documented schema."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from wslogs.model import Event, Tier
from wslogs.redact import shown_path
from wslogs.report.contract import Found
from wslogs.times import iso

ATTEMPTS = {
    "id": "string", "started": "datetime64[ms, UTC]", "ended": "datetime64[ms, UTC]", "error_s": "float64", "opened": "boolean",
    "status": "Int32", "close_code": "Int32", "token": "string", "path": "string", "outcome": "string", "cause": "string",
    "detail": "string", "browser": "string", "proxy": "string", "app": "string",
}  # fmt: skip
"""Column -> dtype. Times on the server's clock; `token` is a fingerprint that changes from run to run; `browser`, `proxy`
and `app` are file:line of that tier, missing where it did not see the attempt; `outcome` is failed, worked or unknown."""

EVENTS = {
    "source": "string", "line": "int64", "tier": "string", "what": "string", "at": "datetime64[ms, UTC]", "status": "Int32",
    "close_code": "Int32", "token": "string", "path": "string", "signals": "object", "excerpt": "string",
}  # fmt: skip
"""Column -> dtype. `at` is on the source's own clock, a time without a zone read as UTC; `signals` is a tuple of names."""


def attempts(found: Found) -> pd.DataFrame:
    """One row for each attempt, in order of time."""
    rows = []
    for attempt, verdict in zip(found.attempts, found.verdicts, strict=True):
        places = {t.value: f"{e.source}:{e.line}" for t, e in attempt.tiers.items() if t in (Tier.BROWSER, Tier.PROXY, Tier.APP)}
        rows.append({
            "id": attempt.id, "started": _time(attempt.started), "ended": _time(attempt.ended), "error_s": attempt.error_s,
            "opened": attempt.opened, "status": attempt.status, "close_code": attempt.code,
            "token": attempt.token.fingerprint if attempt.token else None, "path": found.shown(attempt.path),
            "outcome": verdict.outcome, "cause": verdict.cause, "detail": verdict.detail, **places,
        })  # fmt: skip
    return pd.DataFrame(rows, columns=list(ATTEMPTS)).astype(ATTEMPTS)


def events(seen: Sequence[Event], named: Collection[str] = ()) -> pd.DataFrame:
    """One row for each event that was kept, in the order of the files."""
    rows = [
        {
            "source": e.source, "line": e.line, "tier": e.tier.value, "what": e.what.value, "at": _time(e.at), "status": e.status,
            "close_code": e.code, "token": e.token.fingerprint if e.token else None, "path": shown_path(e.path, named) if e.path else None,
            "signals": e.signals, "excerpt": e.excerpt,
        }
        for e in seen
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(EVENTS)).astype(EVENTS)


def _time(at: float | None) -> pd.Timestamp | None:
    return None if at is None or iso(at) is None else pd.Timestamp(round(at * 1000), unit="ms", tz="UTC")
