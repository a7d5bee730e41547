"""A run -> probe.json: one rung a line, no value of a query, no token, no word of the server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from wslogs.model import Token
from wslogs.probing.model import SCHEMA, Ask, Direct, Run, Rung
from wslogs.version import VERSION


def written(run: Run, token: Token | None) -> bytes:
    """The file; of a token its length and, of a JWT, its dates."""
    ask = run.ask
    head: dict[str, Any] = {
        "wslogs": SCHEMA,
        "version": VERSION,
        "started": _iso(run.started),
        "url": ask.at.url(),
        "origin": ask.page,
        "health": ask.checked.url(web=True),
        "direct": _place(ask.direct),
        "connect_to": _place(ask.connect_to),
        "token": _token(ask, token),
        "message": bool(ask.send),
        "idle_s": ask.idle_s,
        "clock": {"offset_s": None if run.offset_s is None else round(run.offset_s, 1), "error_s": round(run.offset_error_s, 1)},
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}," for key, value in list(head.items())[1:]]
    rungs = [f"  {json.dumps(_rung(one), ensure_ascii=False)}" for one in run.rungs]
    # The schema stands first, by which the file is known.
    text = "\n".join([f'{{"wslogs": "{SCHEMA}",', *(f" {line}" for line in lines), ' "rungs": [', ",\n".join(rungs), " ]", "}", ""])
    return text.encode()


def _rung(one: Rung) -> dict[str, Any]:
    told: dict[str, Any] = {"rung": one.id, "side": one.side, "state": one.state}
    told |= {"why": one.why} if one.why else {}
    told |= {"took_s": round(one.took_s, 3)} if one.took_s is not None else {}
    told |= {"seen": dict(one.seen)} if one.seen else {}
    told |= {"said": list(one.signals)} if one.signals else {}
    return told | ({"command": list(one.command)} if one.command else {})


def _token(ask: Ask, token: Token | None) -> dict[str, Any] | None:
    if token is None:
        return None
    dates = {"exp": token.expires, "iat": token.issued, "nbf": token.not_before}
    return {"as": ask.token_as, "length": token.length} | {name: at for name, at in dates.items() if at is not None}


def _place(one: Direct | None) -> str | None:
    return None if one is None else f"{one.host}:{one.port}{one.path or ''}"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
