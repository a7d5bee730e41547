"""attempt -> how far it came, who ended it first, and in which stage.

HAProxy's log tells the same of its own sessions in two letters of termination_state (HAProxy configuration manual,
chapter 8.5: the side whose event came first, and the state in which it came); here several tiers' lines stand for it.
The verdict's cause has no say: who ended an attempt is read off answers, close codes, messages and durations alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wslogs.model import Attempt, CloseCode, Event, Stage, Tier, Verdict, What
from wslogs.stanzas import Signal

UNKNOWN = "unknown"
_STAGES = list(Stage)
_UNTOLD = frozenset({CloseCode.NO_STATUS, CloseCode.ABNORMAL, CloseCode.TLS_HANDSHAKE})
"""Codes that stand for a close frame that told nothing, or never came (RFC 6455 section 7.4.1)."""
_LEAVING = frozenset({CloseCode.NORMAL, CloseCode.GOING_AWAY})
_ANSWERS = (What.REFUSED, What.REQUEST)

Claim = tuple[str, Event | None]
"""(who ended it, the line that says so)."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended."""

    by: str
    """client, proxy, app, network, or unknown where nothing shows it or the evidence disagrees."""
    stage: Stage | None
    """The stage in which it ended, the first that nothing shows it passed; None: nothing shows any, or that it ended."""
    because: Event | None = None
    """The line that shows who ended it; its time is on the server's clock."""


def ending(attempt: Attempt, verdict: Verdict, signals: Mapping[str, Signal], errors: Mapping[str, float]) -> Ending:
    """Who ended it first. `errors`: source -> how far its clock may be off, seconds."""
    said = [(name, event) for event in attempt.events for name in _telling(event, signals) if _fits(signals[name], attempt)]
    sure: list[Claim] = [(by, event) for name, event in said if (by := signals[name].ended_by) and not _stray(event)]
    weak: list[Claim] = [(by, event) for name, event in said if (by := signals[name].ended_by) and _stray(event)]
    weak.sort(key=lambda claim: _distance(claim[1], attempt))
    weak += _inferred(attempt, verdict, signals)
    shown = _closed(attempt, sure) if attempt.opened else _refused(attempt, sure)
    by, event = _first(shown, errors) or _first(weak, errors) or (UNKNOWN, None)
    if attempt.opened:
        over = verdict.outcome == "failed" or by != UNKNOWN or attempt.ended is not None
        return Ending(by, Stage.CLOSE if over else None, event)
    if verdict.outcome != "failed":
        return Ending(UNKNOWN, None)  # it may go on
    passed = reached(attempt)
    known = [_STAGES.index(stage) for name, _ in said if (stage := signals[name].ended_in)] + [passed + 1] * (passed >= 0)
    return Ending(by, _STAGES[max(known)] if known else None, event)


def reached(attempt: Attempt) -> int:
    """Position of the last stage that the attempt passed for sure; -1 when none is shown."""
    if attempt.opened:
        return _STAGES.index(Stage.OPEN)
    if attempt.facts.get("app.accepted"):
        return _STAGES.index(Stage.ACCEPT)
    if Tier.APP in attempt.tiers or attempt.facts.get("proxy.asked_app"):
        return _STAGES.index(Stage.UPSTREAM)
    if Tier.PROXY in attempt.tiers or attempt.status is not None:
        return _STAGES.index(Stage.REQUEST)
    return -1


def _telling(event: Event, signals: Mapping[str, Signal]) -> Iterator[str]:
    """Signals in a line that may tell of the end; a line about a consequence of it tells of nobody."""
    if not any(signals[name].consequence for name in event.signals if name in signals):
        yield from (name for name in event.signals if name in signals)


def _fits(signal: Signal, attempt: Attempt) -> bool:
    """A message of the handshake cannot tell how an open socket ended, nor one about open sockets how a handshake did."""
    if signal.ended_in is None:
        return True
    return signal.ended_in in (Stage.OPEN, Stage.CLOSE) if attempt.opened else signal.ended_in is not Stage.CLOSE


def _stray(event: Event) -> bool:
    """Lines that log neither time nor request, and so may belong to a neighbour."""
    return event.what in (What.NOTE, What.EXCEPTION) and (event.at is None or not event.logged)


def _distance(event: Event | None, attempt: Attempt) -> float:
    """Lines that the app's own line stands above; it tells of an attempt before it tells of its end."""
    app = attempt.tiers.get(Tier.APP)
    if event is None or app is None or event.source != app.source or event.line < app.line:
        return float("inf")
    return event.line - app.line


def _inferred(attempt: Attempt, verdict: Verdict, signals: Mapping[str, Signal]) -> list[Claim]:
    """What durations, silence and the app's own starts and stops tell."""
    names = [name for name in verdict.fired if name in signals and signals[name].expression is None and _fits(signals[name], attempt)]
    return [(by, next(iter(attempt.proof.get(name, ())), None)) for name in names if (by := signals[name].ended_by)]


def _refused(attempt: Attempt, said: Sequence[Claim]) -> Sequence[Claim]:
    """The tier that produced the answer; of nginx's own errors about the app, what its error log says."""
    row = attempt.tiers.get(Tier.PROXY)
    told = next((e for e in attempt.events if e.tier is Tier.APP and e.what in _ANSWERS and e.status in (None, attempt.status)), None)
    if attempt.status == 499:
        return [("client", row)]
    if told is not None:
        return [("app", told)]
    if attempt.status is None or row is None or (attempt.status == 502 and said):
        return said
    if attempt.status == 504:
        return [("proxy", next((e for by, e in said if by == "proxy"), row))]
    if attempt.status == 502:
        return [("app", row)] if row.upstream_status is not None or row.upstream not in (None, "-") else []
    asked = attempt.facts.get("proxy.asked_app")
    return said if asked is None else [("app" if asked else "proxy", row)]


def _closed(attempt: Attempt, said: Sequence[Claim]) -> Sequence[Claim]:
    """Close codes and messages about an open socket.

    Where the client's side broke off and the browser saw no close frame either, the break came between the two.
    """
    lost = any(e.tier is Tier.BROWSER and e.code == CloseCode.ABNORMAL for e in attempt.events)
    claims = [("network" if lost and by == "client" and e and e.tier is Tier.PROXY else by, e) for by, e in said]
    return [*_coded(attempt), *claims]


def _coded(attempt: Attempt) -> list[Claim]:
    """The page's code tells more than the app's."""
    told = [(e.tier, e.code, e) for e in attempt.events if e.code is not None]
    if not told and attempt.code is not None:
        tier = Tier.BROWSER if Tier.BROWSER in attempt.tiers else Tier.APP
        told = [(tier, attempt.code, attempt.tiers.get(tier, attempt.events[0]))]
    told.sort(key=lambda row: row[0] is not Tier.BROWSER)
    return next(([(by, e)] for tier, code, e in told if (by := _sender(tier, code)) is not None), [])


def _sender(tier: Tier, code: int) -> str | None:
    """Who sent a close code that a tier logs, as far as the code tells.

    A page can send 1000 and its own codes (WebSockets Standard, close()), its browser 1001 as it is left; an app logs
    what it received. What else reaches a page came from the app or its server.
    """
    if code in _UNTOLD:
        return None
    if tier is Tier.BROWSER:
        return "client" if code == CloseCode.NORMAL else "app"
    return "client" if code in _LEAVING else "app"


def _first(claims: Sequence[Claim], errors: Mapping[str, float]) -> Claim | None:
    """The claim that all agree on; else the one that came before every other by more than both error bars; else nobody's."""
    if not claims:
        return None
    if len({by for by, _ in claims}) == 1:
        return claims[0]
    spans = [(by, event, span(event, errors) if event else None) for by, event in claims]
    for by, event, own in spans:
        others = [other for name, _, other in spans if name != by]
        if own is not None and all(other is not None and own[1] < other[0] for other in others):
            return by, event
    return UNKNOWN, None


def span(event: Event, errors: Mapping[str, float]) -> tuple[float, float] | None:
    """The interval in which the end that a line tells of lies, epoch seconds; None where it has no time.

    A line that stands at the start of its try, as a HAR entry does, tells of what came when the try was over.
    """
    lasted = event.lasted_s if event.marks == "start" else 0.0
    if event.at is None or lasted is None:
        return None
    at, error = event.at + lasted, event.resolution_s + errors.get(event.source, 0.0)
    return at - error, at + error
