"""attempt -> its journey: the stages it passed with the line that shows each, where it stopped, and who ended it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wslogs.model import Attempt, CloseCode, Stage, Tier, Verdict
from wslogs.times import iso

_PASSED: Mapping[Stage, tuple[Tier, ...]] = {
    Stage.RESOLVE: (Tier.PROXY, Tier.APP),
    Stage.CONNECT: (Tier.PROXY, Tier.APP),
    Stage.SECURE: (Tier.PROXY, Tier.APP),
    Stage.REQUEST: (Tier.PROXY, Tier.APP),
    Stage.UPSTREAM: (Tier.APP,),
}


def journey(attempt: Attempt, verdict: Verdict) -> tuple[list[dict[str, Any]], str | None, str]:
    """(each stage with the line that shows it, the stage where a failed attempt stopped, who ended it)."""
    reached = _reached(attempt)
    failed = verdict.outcome == "failed"
    stages = list(Stage)
    stop = stages[min(reached + 1, len(stages) - 1)] if failed else None
    steps = []
    for position, stage in enumerate(stages):
        tiers = _PASSED.get(stage, (Tier.APP, Tier.PROXY, Tier.BROWSER))
        event = next((attempt.tiers[t] for t in tiers if t in attempt.tiers), None)
        state = "passed" if position <= reached else "stopped" if stage is stop else "unknown"
        if state == "stopped":
            event = next(iter(attempt.tiers.values()), None)
        steps.append({
            "stage": stage.value, "state": state, "tier": event.tier.value if event and state != "unknown" else None,
            "source": event.source if event and state != "unknown" else None,
            "line": event.line if event and state != "unknown" else None, "at": iso(event.at) if event and state != "unknown" else None,
        })  # fmt: skip
    return steps, (stop.value if stop else None), _ended_by(attempt, verdict)


def _reached(attempt: Attempt) -> int:
    """Position of the last stage that the attempt passed for sure; -1 when none is shown."""
    order = list(Stage)
    if attempt.opened:
        return order.index(Stage.OPEN)
    if attempt.facts.get("app.accepted"):
        return order.index(Stage.ACCEPT)
    if Tier.APP in attempt.tiers or attempt.facts.get("proxy.asked_app"):
        return order.index(Stage.UPSTREAM)
    if Tier.PROXY in attempt.tiers or attempt.status is not None:
        return order.index(Stage.REQUEST)
    return -1


_ENDERS = {
    "server": "app", "path": "app", "auth": "app", "application": "app", "proxy": "proxy", "tls": "client", "network": "network",
    "client": "client",
}  # fmt: skip


def _ended_by(attempt: Attempt, verdict: Verdict) -> str:
    if verdict.outcome != "failed":
        return "client" if attempt.code in (CloseCode.NORMAL, CloseCode.GOING_AWAY) and Tier.BROWSER in attempt.tiers else "unknown"
    if attempt.facts.get("proxy.asked_app") is False or (attempt.status in (502, 504) and verdict.cause != "network"):
        return "proxy"
    return _ENDERS.get(verdict.cause or "", "unknown")
