"""What was found -> the dict of report.json (contract.md, schema wslogs/1), prose in the reader's language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wslogs.coverage import tells_of_tunnels
from wslogs.crowd import Crowd
from wslogs.endings import ending
from wslogs.model import Attempt, CloseCode, Event, Incident, Source, Storm, Tier, Verdict
from wslogs.patterns import Patterns
from wslogs.redact import ELIDED, shown_path
from wslogs.report.advice import CAVEATS, missing
from wslogs.report.hypotheses import GUIDE, TITLES, against, guide_cause, proof, shared, standing
from wslogs.report.journey import journey
from wslogs.report.names import Names, labels
from wslogs.report.notes import note
from wslogs.report.words import N_, words
from wslogs.stanzas import Cause
from wslogs.storms import fold
from wslogs.times import as_logged, east, iso

MOST_ATTEMPTS = 10_000
_EACH = 500
"""Attempts listed of each incident before the rest of the room is shared out."""
_AT_ONCE = 50_000
"""Codes of a column that become Python numbers at a time: a million of them are 40 MB."""
_COUNTS = frozenset({"all", "lines", "own", "pairs", "unknown"})
"""Values of caveats that are grouped as readers group numbers; a line's number or seconds are not."""
_MOST_EVIDENCE = 12
_MOST_INCIDENTS = 500
"""Of a bundle with thousands of hosts or paths; all are counted."""
_SHOWN_OF_A_STORM = 50
"""Attempts of a storm that it names."""
_MOST_STORMS = 500
_MOST_SHAPES = 10
_MOST_SPANS = 100
_WEAK = ("|weak", "|hints")

_CODE_MEANS = {
    1000: N_("normal closure"),
    1001: N_("going away: the page was left or the server shuts down"),
    1002: N_("protocol error"),
    1003: N_("unsupported data"),
    1005: N_("no code was received; never sent over the wire"),
    1006: N_("the connection was lost, or never opened; never sent over the wire"),
    1007: N_("data that does not fit its type"),
    1008: N_("policy violation"),
    1009: N_("message too big"),
    1010: N_("an extension is missing"),
    1011: N_("internal error of the server"),
    1012: N_("service restart"),
    1013: N_("try again later"),
    1014: N_("bad gateway"),
    1015: N_("TLS handshake failed; never sent over the wire"),
}


@dataclass(slots=True, kw_only=True)
class Found:
    """All that one analysis found."""

    bundle: str
    sources: Sequence[Source]
    attempts: Sequence[Attempt]
    verdicts: Sequence[Verdict]
    incidents: Sequence[Incident]
    loose: Sequence[Event]
    patterns: Patterns
    version: str
    measured: Mapping[str, tuple[int, int]]
    """Kind of evidence -> (verdicts of that kind on labelled bundles that were right, all of them)."""
    caveats: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    changes: dict[str, str] = field(default_factory=dict)
    """Incident -> remedy as a unified diff."""
    crowd: Crowd | None = None
    """Tries that are judged by one of the attempts."""
    addresses: bool = False
    named: frozenset[str] = frozenset()
    """Segments of paths that the bundle's configuration names: they may be shown."""

    @property
    def count(self) -> int:
        """Of all tries."""
        return len(self.attempts) + (len(self.crowd) if self.crowd is not None else 0)

    def shown(self, path: str | None) -> str | None:
        """A path as it may stand in a report; None where there is none."""
        return shown_path(path, self.named) if path else None


def report(found: Found, lang: str) -> dict[str, Any]:
    """The report as JSON types only; every string is wslogs' own text, a recognised value, or a label."""
    names = Names(found.attempts, addresses=found.addresses)
    _ = words(lang).gettext
    incidents = [_incident(i, found, names, lang) for i in found.incidents[:_MOST_INCIDENTS]]
    storms = fold(found.attempts, found.verdicts, found.crowd)
    storm_of = {place: storm.id for storm in storms for place in storm.attempts}
    listed, errors = _listed(found), {source.path: source.error_s for source in found.sources}
    return {
        "schema": "wslogs/1",
        "lang": lang,
        "tool": {"version": found.version, "patterns": found.patterns.sha256},
        "bundle": {"name": found.bundle, "sources": [_source(s, _) for s in found.sources]},
        "verdict": _verdict(found, incidents, lang),
        "incidents": incidents,
        "incident_count": len(found.incidents),
        "causes": [guide_cause(family, number, found, lang) for family, number in GUIDE.items()],
        "attempt_count": found.count,
        "outcomes": _outcomes(found),
        "attempts": [_attempt(place, found, names, lang, errors) | {"storm": storm_of.get(place)} for place in listed],
        "storms": [_storm(storm, found, names) for storm in _biggest(storms)],
        "close_codes": _close_codes(found, _),
        "caveats": [_caveat(name, values, lang) for name, values in found.caveats],
        "next": [] if _settled(found) else missing(_kinds(found), _, standing(found), _window(found)),
    }


def _caveat(name: str, values: Mapping[str, object], lang: str) -> str:
    reader = words(lang)
    told = {key: reader.number(value) if isinstance(value, int) and key in _COUNTS else value for key, value in values.items()}
    if "note" in told:
        told["note"] = note(str(told["note"]), reader.gettext)
    return reader.gettext(CAVEATS[name]) % told


def _source(source: Source, _: Callable[[str], str]) -> dict[str, Any]:
    shift, at_end = source.offset_s, source.steps[-1][1] if source.steps else source.offset_s
    first = None if source.first is None else source.first + shift
    last = None if source.last is None else source.last + at_end
    timed = source.first is not None
    return {
        "path": source.path,
        "kind": source.kind,
        "tier": source.tier.value,
        "sha256": source.sha256,
        "lines": source.lines,
        "recognised": source.recognised,
        "unrecognised": [{"shape": one.shape, "count": one.count, "line": one.line} for one in source.unknown[:_MOST_SHAPES]],
        "kept": source.kept,
        "first": iso(first),
        "last": iso(last),
        "spans": [[iso(one + shift), iso(other + shift)] for one, other in source.spans[:_MOST_SPANS]],
        "level": source.level,
        "zone": zone_name(source) if timed else None,
        "zone_from": source.zone_from if timed else None,
        "clock_offset_s": round(_skew(source), 3) if timed else None,
        "clock_error_s": round(source.error_s, 3) if timed else None,
        "clock_steps": [{"line": line, "set_by_s": round(shift - offset, 3)} for line, offset in source.steps],
        "notes": [note(text, _) for text in source.notes],
    }


def _skew(source: Source) -> float:
    """What is left of the offset when whole quarter-hours are taken as the zone; a log that says its zone has none."""
    if source.zoned:
        return source.offset_s
    whole = round(source.offset_s / 900.0) * 900.0
    return source.offset_s - whole if abs(whole) <= 15 * 3600 else source.offset_s


def zone_name(source: Source) -> str:
    """The zone in which the source writes, such as +05:00."""
    if source.zoned:
        return "UTC"
    seconds = -round(source.offset_s / 900.0) * 900.0
    if source.dateless:
        seconds = (seconds + 43200.0) % 86400.0 - 43200.0
    return east(seconds) if abs(seconds) <= 15 * 3600 else "UTC"


def _cause(found: Found, incident: Incident) -> Cause | None:
    return found.patterns.causes.get(incident.detail) if incident.detail else None


def _incident(incident: Incident, found: Found, names: Names, lang: str) -> dict[str, Any]:
    cause = _cause(found, incident)
    members = [found.attempts[place] for place in incident.attempts]
    evidence = _evidence(incident, found, lang)
    _ = words(lang).gettext
    return {
        "id": incident.id,
        "cause": incident.cause,
        "detail": incident.detail,
        "title": cause.title[lang] if cause else _(TITLES[incident.cause]) if incident.cause in TITLES else None,
        "explain": _sentence(cause.explain[lang]) if cause else None,
        "path": found.shown(incident.path),
        "confidence": _confidence(incident, found)[0],
        "first": iso(incident.first),
        "last": iso(incident.last),
        "attempt_count": incident.count,
        "attempts": [a.id for a in members[:_EACH]],
        "tokens": _different({a.token.fingerprint for a in members if a.token}, incident, found.crowd, "token"),
        "clients": _different({a.client for a in members if a.client}, incident, found.crowd, "client"),
        "evidence": evidence,
        "against": against(incident, found, lang),
        "shared": shared(incident, found, labels(names, found.shown)),
        "remedy": {"text": cause.remedy[lang] if cause else None, "diff": found.changes.get(incident.id)},
        "confirm": list(cause.confirm) if cause else [],
    }


def _different(own: set[str], incident: Incident, crowd: Crowd | None, name: str) -> int:
    """How many different tokens or clients its tries have: `own` of those that were looked at, and those of the crowd."""
    if crowd is None or not len(incident.crowd):
        return len(own)
    rows = crowd.rows
    tell: Callable[[int], str] = (lambda code: rows.tokens[code].fingerprint) if name == "token" else rows.clients.__getitem__
    codes = np.unique(rows[name][incident.crowd])
    codes = codes[codes >= 0]
    parts = np.split(codes, range(_AT_ONCE, len(codes), _AT_ONCE))
    if name == "token" and len({token.parameter for token in rows.tokens}) > 1:  # one token may have come by several
        return len(own.union(*(map(tell, part.tolist()) for part in parts)))
    return len(own) + len(codes) - sum(tell(code) in own for part in parts for code in part.tolist())


def _outcomes(found: Found) -> dict[str, int]:
    """How many of all tries failed, worked, or went nobody knows how."""
    counts = Counter(v.outcome for v in found.verdicts)
    if found.crowd is not None:
        for place, count in enumerate(np.bincount(found.crowd.like, minlength=len(found.verdicts)).tolist()):
            counts[found.verdicts[place].outcome] += count
    return {name: counts[name] for name in ("failed", "worked", "unknown")}


def _biggest(storms: Sequence[Storm]) -> list[Storm]:
    """The biggest of very many, in their order."""
    if len(storms) <= _MOST_STORMS:
        return list(storms)
    names = {storm.id for storm in sorted(storms, key=lambda storm: -storm.count)[:_MOST_STORMS]}
    return [storm for storm in storms if storm.id in names]


def _evidence(incident: Incident, found: Found, lang: str) -> list[dict[str, Any]]:
    """Each signal that the cause rests on, once for each source; the signals of `any` and `all` first."""
    cause = _cause(found, incident)
    wanted = cause.speaking if cause else ()
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for place in incident.attempts[:50]:
        attempt, verdict = found.attempts[place], found.verdicts[place]
        order = sorted(verdict.fired, key=lambda name: (name not in wanted, name))
        for name in order:
            for event in attempt.proof.get(name, ()):
                rows.setdefault((name, event.source), proof(event) | {"signal": name, "says": found.patterns.signals[name].says[lang]})
    ordered = sorted(rows.values(), key=lambda row: row["signal"] not in wanted)
    return [{key: row[key] for key in ("signal", "source", "line", "excerpt", "says")} for row in ordered[:_MOST_EVIDENCE]]


def kind_of_evidence(incident: Incident, found: Found) -> str:
    """The kind under which verdicts are counted: the detail or family, which tiers saw the attempts, and how good the evidence is.

    Apart are counted those that hints alone name, those of a cause that has strong signals where none of them fired, and lines of
    no try that any source shows.
    """
    kind = f"{incident.detail or incident.cause}|{_tier_names(found.attempts[place] for place in incident.attempts[:50])}"
    verdict = found.verdicts[incident.attempts[0]]
    standing = [found.patterns.causes[name] for name in verdict.standing]
    first = found.attempts[incident.attempts[0]]
    untold = first.opened is None and first.status is None and first.path is None
    kind += "|fragments" * untold
    if not any(not cause.any or not set(cause.any).isdisjoint(verdict.fired) for cause in standing):
        return f"{kind}|hints"
    strong = [name for cause in standing for name in cause.strong]
    return f"{kind}|weak" if strong and set(strong).isdisjoint(verdict.fired) else kind


def kind_of_verdict(found: Found) -> str:
    """The kind of the bundle's verdict, by which confidence is measured; a healthy one is a kind as well."""
    named = deciding(found)
    return kind_of_evidence(named, found) if named is not None else f"healthy|{_tier_names(found.attempts[:50])}"


def deciding(found: Found) -> Incident | None:
    """The incident that names the bundle's verdict; None where that is healthy or undetermined.

    One that is no failure of the service does so only where nothing else went wrong, and nothing worked.
    """
    real = [i for i in found.incidents if not _is_harmless(i, found)]
    if real:
        return next((i for i in real if i.cause is not None), None)
    return next(iter(found.incidents), None) if not any(v.outcome == "worked" for v in found.verdicts) else None


def _is_harmless(incident: Incident, found: Found) -> bool:
    cause = _cause(found, incident)
    return cause is not None and cause.harmless


def _tier_names(attempts: Iterable[Attempt]) -> str:
    return "+".join(sorted({tier.value for attempt in attempts for tier in attempt.tiers}))


def _confidence(incident: Incident, found: Found) -> tuple[float, tuple[int, int]]:
    """How often verdicts of this kind were right on labelled bundles, by Laplace's rule of succession; few cases mean little."""
    if incident.cause is None:
        return 0.0, (0, 0)
    return succession(found.measured, kind_of_evidence(incident, found))


def succession(measured: Mapping[str, tuple[int, int]], kind: str) -> tuple[float, tuple[int, int]]:
    """(right + 1) / (all + 2) of the kind: a kind that was hardly seen is worth little, one never seen a half."""
    right, seen = measured.get(kind, (0, 0))
    return round((right + 1) / (seen + 2), 3), (right, seen)


def _verdict(found: Found, incidents: Sequence[Mapping[str, Any]], lang: str) -> dict[str, Any]:
    _ = words(lang).gettext
    named = deciding(found)
    worked = sum(1 for v in found.verdicts if v.outcome == "worked")
    if named is not None:
        row = next(r for r in incidents if r["id"] == named.id)
        measured = _confidence(named, found)[1]
        cause = _cause(found, named)
        return {
            "status": "failure", "cause": named.cause, "detail": named.detail,
            "guide_cause": GUIDE.get(named.cause or ""), "confidence": row["confidence"],
            "summary": _summary(named, cause, row, lang), "title": row["title"], "explain": row["explain"],
            "undetermined": list(found.verdicts[named.attempts[0]].standing) if named.detail is None else [],
            "measured": _("%(right)s of %(all)s like this") % {"right": measured[0], "all": measured[1]} if measured[1] else None,
        }  # fmt: skip
    # Sockets whose end nothing tells, though their page dialled again at once, are no sign of health.
    doubtful = sum(1 for a, v in zip(found.attempts, found.verdicts, strict=True) if a.opened and v.outcome == "unknown")
    harmless = all(_is_harmless(i, found) for i in found.incidents)
    healthy = worked > 0 and harmless and not doubtful
    standing = sorted({name for v in found.verdicts for name in v.standing})
    if healthy:
        summary = (
            _("Every attempt that the bundle shows worked.") if not found.incidents else _("Every attempt worked that its page stayed for.")
        )
    elif standing:
        summary = _("The evidence fits more than one cause and does not separate them.")
    elif found.incidents:
        summary = _("Attempts failed, and nothing in the bundle says why.")
    elif found.attempts:
        summary = _("Sockets opened, and nothing in the bundle says how they ended.")
    else:
        summary = _("The bundle shows no attempt at a WebSocket.")
    confidence, measured = succession(found.measured, kind_of_verdict(found)) if healthy else (0.0, (0, 0))
    return {
        "status": "healthy" if healthy else "undetermined", "cause": None, "detail": None, "guide_cause": None,
        "confidence": confidence, "summary": summary, "title": None, "explain": None, "undetermined": standing,
        "measured": _("%(right)s of %(all)s like this") % {"right": measured[0], "all": measured[1]} if measured[1] else None,
    }  # fmt: skip


def _sentence(text: str) -> str:
    """An explanation, which continues a sentence in the summary, as a sentence of its own."""
    return text[:1].upper() + text[1:]


def _summary(incident: Incident, cause: Cause | None, row: Mapping[str, Any], lang: str) -> str:
    reader, count = words(lang), incident.count
    many = reader.ngettext("%(count)s attempt failed", "%(count)s attempts failed", count) % {"count": reader.number(count)}
    if cause is None:
        return f"{many}: {row['title'] or incident.cause}."
    return f"{many}: {cause.explain[lang]}"


def _listed(found: Found) -> list[int]:
    """At most MOST_ATTEMPTS: some of every incident and of those that worked, in order of time."""
    if len(found.attempts) <= MOST_ATTEMPTS:
        return list(range(len(found.attempts)))
    chosen: set[int] = set()
    worked = [p for p, v in enumerate(found.verdicts) if v.outcome != "failed"]
    for places in (*(i.attempts for i in found.incidents), worked):
        chosen.update(places[: max(1, min(_EACH, MOST_ATTEMPTS // (len(found.incidents) + 1)))])
        if len(chosen) >= MOST_ATTEMPTS:
            break
    rest = (p for p in range(len(found.attempts)) if p not in chosen)
    while len(chosen) < MOST_ATTEMPTS:
        chosen.add(next(rest))
    return sorted(chosen)[:MOST_ATTEMPTS]


def _attempt(place: int, found: Found, names: Names, lang: str, errors: Mapping[str, float]) -> dict[str, Any]:
    attempt, verdict = found.attempts[place], found.verdicts[place]
    end = ending(attempt, verdict, found.patterns.signals, errors)
    steps, stage = journey(attempt, verdict, end, errors)
    lasted = attempt.facts.get("lasted_s")
    because = {"source": end.because.source, "line": end.because.line, "at": iso(end.because.at)} if end.because else None
    return {
        "id": attempt.id, "token": names.token(attempt), "client": names.client(attempt), "url": _url(attempt, names, found),
        "started": iso(attempt.started), "ended": iso(attempt.ended), "opened": attempt.opened, "status": attempt.status,
        "close_code": attempt.code, "stage": stage, "ended_by": end.by, "ended_in": end.stage.value if end.stage else None,
        "ended_because": because, "cause": verdict.cause, "detail": verdict.detail,
        "outcome": verdict.outcome, "lasted_s": round(lasted, 3) if isinstance(lasted, float) else None,
        "error_s": round(attempt.error_s, 3),
        "reason": found.patterns.causes[verdict.detail].title[lang] if verdict.detail else None,
        "tiers": {tier.value: _tier(attempt.tiers[tier]) if tier in attempt.tiers else {} for tier in (Tier.BROWSER, Tier.PROXY, Tier.APP)},
        "journey": steps,
    }  # fmt: skip


def _url(attempt: Attempt, names: Names, found: Found) -> str | None:
    if not attempt.path:
        return None
    token = names.token(attempt)
    return f"{attempt.scheme or 'ws'}://{ELIDED}{found.shown(attempt.path)}" + (f"?token={token}" if token else "")


def _tier(event: Event) -> dict[str, Any]:
    at = event.at
    if at is not None and event.marks == "end" and event.lasted_s is not None:
        at -= event.lasted_s
    return {"source": event.source, "line": event.line, "at": iso(at), "logged": as_logged(event.logged) or None}


def _storm(storm: Storm, found: Found, names: Names) -> dict[str, Any]:
    attempt, verdict, count = found.attempts[storm.attempts[0]], found.verdicts[storm.attempts[0]], storm.count
    attempt = replace(attempt, token=attempt.token and replace(attempt.token, fingerprint=storm.token or ""), client=storm.client)
    span = storm.last - storm.first
    return {
        "id": storm.id, "attempts": [found.attempts[place].id for place in storm.attempts[:_SHOWN_OF_A_STORM]], "attempt_count": count,
        "first": iso(storm.first), "last": iso(storm.last), "token": names.token(attempt), "client": names.client(attempt),
        "url": _url(attempt, names, found), "outcome": verdict.outcome, "cause": verdict.cause, "detail": verdict.detail,
        "waits": {
            "least_s": round(storm.least_s, 3), "median_s": round(storm.median_s, 3), "most_s": round(storm.most_s, 3),
            "error_s": round(storm.error_s, 3),
        },
        "backoff": {
            "kind": storm.backoff, "wait_s": round(storm.wait_s, 3),
            "factor": round(storm.factor, 1) if storm.factor is not None else None,
            "cap_s": round(storm.cap_s, 3) if storm.cap_s is not None else None,
        },
        "per_minute": round(60 * (count - 1) / span, 1) if span > 0 else None,
    }  # fmt: skip


def _close_codes(found: Found, _: Callable[[str], str]) -> list[dict[str, Any]]:
    counts: dict[int, int] = {}
    for attempt in found.attempts:
        if attempt.code is not None:
            counts[attempt.code] = counts.get(attempt.code, 0) + 1
    rows = []
    for code, count in sorted(counts.items()):
        means = _CODE_MEANS.get(code, N_("a code of the app's own") if code >= 4000 else N_("a registered or reserved code"))
        name = CloseCode(code).name.replace("_", " ").lower() if code in set(CloseCode) else None
        rows.append({"code": code, "name": name, "means": _(means), "count": count})
    return rows


def _settled(found: Found) -> bool:
    """Whether the verdict needs nothing more: every incident has its detail by strong evidence, or all that is seen worked."""
    if found.incidents:
        return all(i.detail and not kind_of_evidence(i, found).endswith(_WEAK) for i in found.incidents)
    return any(v.outcome == "worked" for v in found.verdicts)


def _kinds(found: Found) -> set[str]:
    """What the bundle has, as far as it tells of the question; an error log that is silent about tunnels is none at info."""
    kinds = {s.kind for s in found.sources if s.kept or s.kind != "har"}
    kinds |= {"nginx-error at info" for s in found.sources if s.kind == "nginx-error" and tells_of_tunnels(s)}
    kinds |= {"listeners" for e in found.loose if e.tier is Tier.HOST and e.upstream}
    return kinds | {"nginx-version" for e in found.loose if e.version}


def _window(found: Found) -> str:
    """From when to when what is not settled was, in the words of a report; empty where no time is told."""
    open_ = [i for i in found.incidents if not i.detail] or found.incidents
    first = min((i.first for i in open_ if i.first is not None), default=None)
    last = max((i.last for i in open_ if i.last is not None), default=None)
    if first is None or last is None:
        return ""
    begin, end = str(iso(first - 60)), str(iso(last + 60))
    return f"{begin[:10]} {begin[11:16]} – {end[11:16] if end[:10] == begin[:10] else end[:10] + ' ' + end[11:16]} UTC"
