"""For and against: each cause of the guide shown, possible or ruled out, with the line that says so; and the runners-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wslogs.model import Attempt, Event, Incident, Verdict
from wslogs.redact import ELIDED
from wslogs.report.words import N_, words

if TYPE_CHECKING:
    from wslogs.report.contract import Found

GUIDE = {"server": 1, "path": 2, "tls": 3, "proxy": 4, "auth": 5, "network": 6}
"""The guide's six causes by its own numbers."""

TITLES = {
    "server": N_("Server not running or not answering"),
    "path": N_("Wrong path or address"),
    "tls": N_("TLS certificate"),
    "proxy": N_("Proxy (nginx) configuration"),
    "auth": N_("Token, CORS or Origin"),
    "network": N_("Firewall, antivirus or network"),
}

_PASSED = {
    "tls": ("answered.by-app", "proxy.saw-it", "app.accepted", "app.refused-before-accept", "app.saw-plain-request", "opened"),
    "network": ("proxy.saw-it", "app.refused-before-accept", "app.saw-plain-request"),
    "server": ("app.refused-before-accept", "app.accepted", "app.saw-plain-request", "answered.by-app", "others.answered-elsewhere"),
    "path": ("opened", "path.opens-elsewhere"),
    "proxy": ("app.accepted", "app.refused-before-accept"),
    "auth": ("app.accepted", "answered.by-nginx", "nginx.connect-refused", "proxy.saw-nothing"),
}
"""Signals that take an attempt past the stage at which a cause would have stopped it, or stop it before."""
_AFTER_OPEN = frozenset({"network", "server"})
"""Causes that can end an open socket as well: that it opened does not rule them out."""
_MOST = 3
_LOOKED_AT = 200


def guide_cause(family: str, number: int, found: Found, lang: str) -> dict[str, Any]:
    """Shown by an incident; possible where one of it stands undecided or nothing speaks against it; else ruled out."""
    failing = [place for i in found.incidents for place in i.attempts][:_LOOKED_AT]
    shown = [i for i in found.incidents if i.cause == family]
    state, because = "possible", list[dict[str, Any]]()
    if shown:
        names = {n for c in found.patterns.causes.values() if c.family == family for n in c.speaking}
        state, because = "shown", _proofs(found, shown[0].attempts[:1], names, lang)
    elif any(_stands(family, found.verdicts[place]) for place in failing):
        place = next(place for place in failing if _stands(family, found.verdicts[place]))
        details = [found.patterns.causes[name] for name in found.verdicts[place].standing if name.partition(".")[0] == family]
        because = _proofs(found, [place], {name for cause in details for name in cause.speaking}, lang)
    elif failing and (out := _ruled_out(family, found, failing, lang)):
        state, because = "ruled-out", out
    elif not failing and (worked := _worked(found)) is not None:
        state, because = "ruled-out", [proof(worked.events[0])]
    return {"cause": family, "guide_cause": number, "title": words(lang).gettext(TITLES[family]), "state": state, "because": because}


def _stands(family: str, verdict: Verdict) -> bool:
    return any(name.partition(".")[0] == family for name in verdict.standing)


def _worked(found: Found) -> Attempt | None:
    return next((a for a, v in zip(found.attempts, found.verdicts, strict=True) if v.outcome == "worked"), None)


def _ruled_out(family: str, found: Found, failing: Sequence[int], lang: str) -> list[dict[str, Any]]:
    """A proof of each kind that every failing attempt got past the stage of this cause; nothing where one may not have."""
    rows: dict[str, dict[str, Any]] = {}
    for place in failing:
        attempt, fired = found.attempts[place], found.verdicts[place].fired
        if attempt.opened and family in _AFTER_OPEN:
            return []
        name = next((name for name in _PASSED[family] if name in fired and attempt.proof.get(name)), None)
        if name is None:
            return []
        rows.setdefault(name, proof(attempt.proof[name][0]) | {"signal": name, "says": found.patterns.signals[name].says[lang]})
    return list(rows.values())[:_MOST]


def _proofs(found: Found, places: Iterable[int], names: set[str], lang: str) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str, int], dict[str, Any]] = {}
    for place in places:
        for name in (n for n in found.verdicts[place].fired if n in names):
            for event in found.attempts[place].proof.get(name, ()):
                row = proof(event) | {"signal": name, "says": found.patterns.signals[name].says[lang]}
                rows.setdefault((name, event.source, event.line), row)
    return list(rows.values())[:_MOST]


def against(incident: Incident, found: Found, lang: str) -> list[dict[str, Any]]:
    """The other causes that the evidence fits: those that it leaves standing, and those that the one that is named outranks."""
    rows: dict[str, dict[str, Any]] = {}
    for place in incident.attempts[:50]:
        attempt, verdict = found.attempts[place], found.verdicts[place]
        held = [name for name in verdict.outranked if found.patterns.causes[name].family != incident.cause]
        for name in verdict.standing if incident.detail is None else held:
            cause = found.patterns.causes[name]
            signal = next((s for s in cause.speaking if s in verdict.fired), None)
            event = next(iter(attempt.proof.get(signal or "", ())), None)
            if event is not None:
                rows.setdefault(name, proof(event) | {"signal": signal, "says": cause.title[lang]})
    return list(rows.values())


def shared(incident: Incident, found: Found, labels: Mapping[str, Callable[[Attempt], str | None]]) -> list[dict[str, Any]]:
    """What all failing attempts of an incident have in common and none that worked on the same host has: the control group.

    `labels`: name of a property -> its label, which may be shown. One failing attempt has everything in common with itself.
    """
    worked = [a for a, v in zip(found.attempts, found.verdicts, strict=True) if v.outcome == "worked" and a.host == incident.host]
    failing = [found.attempts[place] for place in incident.attempts]
    rows = []
    for what, label in labels.items() if worked and len(failing) > 1 else ():
        values, others = {label(one) for one in failing}, {label(one) for one in worked[:_LOOKED_AT]}
        value = next(iter(values))
        if len(values) == 1 and value is not None and value not in others and others - {None}:
            rows.append({"what": what, "value": value, "failed": len(failing), "worked_with_another": len(worked)})
    return rows


def standing(found: Found) -> set[str]:
    """The causes among which the bundle does not decide, and those that weak evidence names."""
    return {name for i in found.incidents for place in i.attempts[:50] for name in found.verdicts[place].standing}


def proof(event: Event) -> dict[str, Any]:
    """The place of a line, and what of it may be shown."""
    return {"source": event.source, "line": event.line, "excerpt": event.excerpt or ELIDED}
