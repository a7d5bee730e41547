"""analyze(paths) -> Analysis: bundle, sources, events, attempts, signals, verdicts, incidents, report; a line a step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import regex

from wslogs import coverage, facts, signals
from wslogs.archives import is_archive
from wslogs.bundle import Bundle, Item, open_bundle
from wslogs.correlate import correlate, probes
from wslogs.crowd import Crowd, Flags, Rows, between, chosen, classed, judged_like, merged, moved, once, unclaimed
from wslogs.errors import BundleError, shown
from wslogs.manifest import is_manifest
from wslogs.mask import Mask
from wslogs.model import ORDINARY_CLOSES, Attempt, CloseCode, Event, Source, Tier, Verdict, What
from wslogs.parsers import (
    certificates,
    compose,
    conf_files,
    env,
    har,
    kinds,
    lines,
    netlog,
    nginx_build,
    nginx_conf,
    parts,
    probe,
    probed,
    testpage,
)
from wslogs.parsers.kit import Kit, dialled
from wslogs.parsers.nginx_location import named, routes
from wslogs.patterns import load
from wslogs.quote import quotes
from wslogs.redact import Vault
from wslogs.remote import is_address
from wslogs.report.amend import amended
from wslogs.report.contract import Found, report
from wslogs.report.measured import measured
from wslogs.report.remedy import diff
from wslogs.verdict import Judge, incidents
from wslogs.version import VERSION

if TYPE_CHECKING:
    import pandas as pd

_ORDER = ("nginx-conf", "env", "har", "netlog", "testpage", "probed", "console", "app", "probe", "nginx-error", "nginx-access")
"""Earlier kinds teach later ones: formats, then the paths that are dialled."""
_WHOLE = ("nginx-conf", "env", "har", "netlog", "testpage", "probed")
"""Kinds that no format of nginx.conf can be taken for."""
_ASKED = (What.HANDSHAKE, What.ERROR, What.REQUEST)
"""Events of requests that may be any request: those on other paths are dropped once all paths are known."""
_NOTES = {"cut": "cut", har.NO_ENTRY: "no-websocket"}
"""Notes of a source that have a caveat of their own."""
_MOST_CAVEATS = 40
"""Of one kind."""
_LEFT_OUT = {"unreadable": "cannot be read", "archive": "is an archive in the bundle, and only what is handed over is unpacked"}
_MOST_OTHERS = 5000
_MUCH = 256 << 10
"""Bytes of access logs, packed or not, from which on they are read as columns."""
_SMALL = 64 << 10
"""Bytes of one log that is not worth it: to begin takes longer than to read."""
_TEXT = regex.compile(rb"[\t\x20-\x7e]{16}")
"""How a line of a log begins, also one that quotes bytes later."""
Progress = Callable[[str, int, int], None]
"""Called before each file, and after each part of large access logs, with its label, its place, and how many there are."""


@dataclass(slots=True)
class Evidence:
    """What parsing gave, of all files together."""

    sources: list[Source] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    dates: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)
    conf: nginx_conf.Conf | None = None
    settings: list[env.Setting] = field(default_factory=list)
    certificates: list[certificates.Certificate] = field(default_factory=list)
    services: list[compose.Service] = field(default_factory=list)
    others: list[Event] = field(default_factory=list)
    """Some requests that are no WebSocket's: the control group of those that failed."""
    rows: Rows = field(default_factory=Rows)
    """Rows of access logs that are looked at for themselves and so are among the events, where there are so many that all are columns."""
    rest: Rows = field(default_factory=Rows)
    """The others."""
    caveats: list[tuple[str, dict[str, object]]] = field(default_factory=list)


@dataclass(slots=True)
class Analysis:
    """The result of one run. `report` is the dict of report.json; `vault` holds the secrets that no output may show."""

    report: dict[str, Any]
    found: Found
    evidence: Evidence
    vault: Vault

    @property
    def public(self) -> list[str]:
        """Texts that may stand in the report though a secret of the bundle may be like them: labels, hashes, paths as shown."""
        labels = [text for s in self.evidence.sources for text in (s.path, s.sha256 or "")]
        labels += [str(values.get("source", "")) for _, values in self.evidence.caveats]
        paths = {url for a in self.report["attempts"] if (url := a["url"])} | {p for i in self.report["incidents"] if (p := i["path"])}
        clients = [a.client for a in self.found.attempts if a.client] if self.found.addresses else []
        return [self.found.bundle, self.found.patterns.sha256, *labels, *paths, *clients]

    def check(self, outputs: Mapping[str, bytes]) -> None:
        """LeakError when one of the outputs holds a part of a secret of the bundle."""
        self.vault.check(outputs, self.public)

    @property
    def attempts(self) -> pd.DataFrame:
        """One row for each attempt, in order of time: tables.ATTEMPTS tells columns and dtypes."""
        from wslogs import tables

        return tables.attempts(self.found)

    @property
    def events(self) -> pd.DataFrame:
        """One row for each event, in the order of the files: tables.EVENTS tells columns and dtypes."""
        from wslogs import tables

        return tables.events(self.evidence.events, self.found.named)


def analyze(
    paths: str | Path | Iterable[str | Path],
    *,
    lang: str = "en",
    since: datetime | None = None,
    until: datetime | None = None,
    addresses: bool = False,
    quote: bool = False,
    patterns: Sequence[Path] = (),
    progress: Progress | None = None,
    engine: parts.Engine = parts.here,
) -> Analysis:
    """Reads a folder, an archive, single files or addresses such as s3://bucket/logs/ and judges every attempt in them.

    `since` and `until` (aware) keep attempts that began in between (ended, where no source tells the beginning), on
    the server's clock; one without a time is kept.
    `patterns` are folders of your own patterns, read before those of wslogs. `engine` reads the parts of large access logs:
    this process, or a Cluster (wslogs/cluster.py).
    BundleError when nothing can be read; PatternError when a pattern is wrong.
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    kit = Kit(load(*patterns), Vault())
    signals.check(kit.patterns)
    with open_bundle(p if isinstance(p, str) and is_address(p) else Path(p) for p in given) as bundle:
        evidence = read(bundle, kit, progress, engine)
        if not evidence.sources:
            shown = ", ".join(item.path for item in bundle.items[:5])
            hint = "add nginx logs, a HAR, a console export or the app's log"
            raise BundleError(bundle.name, f"nothing in it could be understood ({shown})", hint)
        joined = correlate(evidence.events, evidence.sources, evidence.dates)
        own, loose = (joined.attempts, joined.loose) if joined.attempts else probes.attempts(joined.loose, evidence.sources)
        attempts = _between(own or _partial(loose), since, until)
        crowd = _crowd(attempts, evidence, since, until)
        if crowd is not None:
            kept = list(unclaimed(attempts, crowd))
            if len(kept) < len(attempts):  # the places of those that stand for others moved
                attempts, crowd = kept, moved(crowd, attempts, kept)
        verdicts = _judge(attempts, loose, evidence, kit, crowd)
        harmless = [cause.id for cause in kit.patterns.causes.values() if cause.harmless]
        found = Found(
            bundle=bundle.name, sources=evidence.sources, attempts=attempts, verdicts=verdicts, crowd=crowd,
            incidents=incidents(attempts, verdicts, harmless, crowd, kit.shown), loose=loose, patterns=kit.patterns, version=VERSION,
            measured=measured(), caveats=[*evidence.caveats, *joined.caveats], addresses=addresses,
            named=frozenset(kit.named),
        )  # fmt: skip
        if crowd is not None:
            found.caveats.append(("crowd", {"own": len(attempts), "all": len(attempts) + len(crowd)}))
        if attempts and all(a.started is None and a.ended is None for a in attempts):
            found.caveats.append(("no-time", {}))
        _remedies(found, evidence)
        if quote:
            found.caveats.append(("quoted", {}))
        made = report(found, lang)
        if quote:
            _quote(made, bundle, Mask(kit.vault, kit.patterns.words, addresses=addresses))
    return Analysis(made, found, evidence, kit.vault)


def _quote(made: dict[str, Any], bundle: Bundle, mask: Mask) -> None:
    """Puts the whole line, masked, beside each excerpt that is evidence."""
    rows = [row for incident in made["incidents"] for row in incident["evidence"]]
    said = quotes(bundle, {(row["source"], row["line"]) for row in rows}, mask)
    for row in rows:
        row["quote"] = said.get((row["source"], row["line"]), "")


def read(bundle: Bundle, kit: Kit, progress: Progress | None = None, engine: parts.Engine = parts.here) -> Evidence:
    """Every file, in the order in which one teaches the next."""
    evidence = Evidence()
    evidence.caveats += [("unreadable", {"source": path, "note": why}) for path, why in bundle.skipped]
    known = [(item, *kind_of(item, kit)) for item in bundle.items]
    known.sort(key=_turn)
    confs = [item for item, kind, _ in known if kind == "nginx-conf"]
    if confs:
        evidence.sources, evidence.conf, kit.layouts = conf_files.read(confs, bundle.items)
        kit.named |= nginx_conf.places(evidence.conf.directives)
        for word in nginx_conf.secrets(evidence.conf.directives):
            kit.vault.secret(word, "value of nginx.conf")
    if kit.layouts:  # the formats of the nginx.conf may tell a log apart that looked like another
        known = [row if row[1] in _WHOLE else (row[0], *kind_of(row[0], kit)) for row in known]
        known.sort(key=_turn)
    large = _large(known)
    kit.limits = facts.limits(evidence.conf, kit.patterns)
    parsed: list[tuple[Rows, Flags]] = []
    columns: dict[str, parts.Columns] = {}
    early: list[_Early] = []
    for place, (item, kind, programs) in enumerate(known):
        if kind == "nginx-access" and large and not columns:
            kit.join(evidence.events, evidence.sources)
            columns = dict(zip((one.path for one, _ in large), parts.read(large, kit, engine, progress), strict=True))
        if progress is not None:
            progress(item.path, place, len(known))
        if item.path in columns and kind == "nginx-access":
            parsed += _take(columns[item.path], item, evidence)
        elif kind != "nginx-conf":
            if "nginx-error" in programs.values():
                early.append(_Early(item, programs, frozenset(kit.led()), kit.spare))
            try:
                _parse(item, kind, programs, evidence, kit)
            except OSError:  # it went while it was read
                _parse(item, "unreadable", {}, evidence, kit)
    for one in early:
        if not all(path in one.paths or lines.is_led(path) for path in kit.led()):
            _read_again(one, evidence, kit)
    columns.clear()
    rows, wanted = merged([one for one, _ in parsed]), np.concatenate([flags for _, flags in parsed] or [np.zeros(0, np.bool_)])
    parsed.clear()
    if len(rows):
        _single(rows, wanted, evidence, kit)
    evidence.events = list(_sorted_out(evidence, kit))
    if evidence.conf is not None:
        coverage.set_levels(evidence.sources, [d.args for d in nginx_conf.walk(evidence.conf.directives) if d.name == "error_log"])
    _caveats(bundle, evidence)
    return evidence


@dataclass(frozen=True, slots=True)
class _Early:
    """An error log that was read when so many paths were known."""

    item: Item
    programs: dict[str, str]
    paths: frozenset[str]
    spare: int


def _read_again(one: _Early, evidence: Evidence, kit: Kit) -> None:
    """Takes in what an error log tells of paths that only a later log has named."""
    place = next((place for place, source in enumerate(evidence.sources) if source.path == one.item.path), None)
    if place is None:
        return
    kit.spare = one.spare
    try:
        parsed = lines.parse(one.item, one.programs, kit)
    except OSError:  # it went since
        return
    evidence.sources[place : place + 1] = parsed.sources
    first = next((at for at, event in enumerate(evidence.events) if event.source == one.item.path), len(evidence.events))
    evidence.events = [event for event in evidence.events if event.source != one.item.path]
    evidence.events[first:first] = parsed.events
    evidence.others = [event for event in evidence.others if event.source != one.item.path] + parsed.others


def _sorted_out(evidence: Evidence, kit: Kit) -> Iterator[Event]:
    """The events of sockets; what the proxy says of other requests goes to the others, of very many some."""
    others = [e for e in evidence.others if e.version or not dialled(e.path, kit)]
    others.sort(key=lambda e: e.what is What.ERROR)  # of two that tell the same, a row of access tells more
    for event in evidence.events:
        if event.tier is Tier.BROWSER or event.what not in _ASKED or dialled(event.path, kit):
            yield event
        elif event.tier is Tier.PROXY:
            others.append(event)
    evidence.others = others[:: 1 + len(others) // _MOST_OTHERS]


def _large(known: Sequence[tuple[Item, str, dict[str, str]]]) -> list[tuple[Item, dict[str, str]]]:
    """Logs of rows that are read as columns: there is much of them."""
    logs = [(item, programs) for item, kind, programs in known if kind == "nginx-access"]
    much = sum(item.size for item, _ in logs) > _MUCH
    return [(item, programs) for item, programs in logs if much and item.size > _SMALL and set(programs.values()) == {"nginx-access"}]


def _take(columns: parts.Columns, item: Item, evidence: Evidence) -> list[tuple[Rows, Flags]]:
    """Takes in what a log gave in columns; its rows come back."""
    if columns.source is None:
        evidence.caveats.append(("unreadable", {"source": item.path, "note": _LEFT_OUT["unreadable"]}))
        return []
    evidence.sources.append(columns.source)
    evidence.others += columns.others
    return columns.rows


def _turn(row: tuple[Item, str, dict[str, str]]) -> tuple[int, str]:
    return (_ORDER.index(row[1]) if row[1] in _ORDER else len(_ORDER), row[0].path)


def kind_of(item: Item, kit: Kit) -> tuple[str, dict[str, str]]:
    """What a file is by its content, and the kinds of the programs in it; "unknown" when nothing fits."""
    try:
        head = item.head()
    except OSError:
        return "unreadable", {}
    if not head.strip():
        return "empty", {}
    if is_manifest(head):
        return "manifest", {}
    if is_archive(head):
        return "archive", {}
    if netlog.is_netlog(head):
        return "netlog", {}
    if har.is_har(head):
        return "har", {}
    if testpage.is_testpage(head):
        return "testpage", {}
    if probed.is_probed(head):
        return "probed", {}
    if certificates.is_certificates(head):
        return "certificate", {}
    if _is_binary(head) and not probe.is_answer(head):
        return "binary", {}
    if kinds.foreign(head, kit) is not None:
        return "foreign", {}
    if nginx_build.is_build(head):
        return "nginx-version", {}
    if conf_files.is_conf(head):
        return "nginx-conf", {}
    if probe.is_probe(head, kit):
        return "probe", {"": "probe"}
    if env.is_env(head):
        return "env", {}
    if compose.is_compose(head):
        return "compose", {}
    programs = kinds.kinds(head, item.path, kit)
    return (kinds.majority(programs), programs) if programs else ("unknown", {})


def _is_binary(head: bytes) -> bool:
    """Whether most lines hold a zero byte and do not begin as text; nginx's error log quotes TLS that came to a plain port as it came."""
    lines = head.split(b"\n")
    return 2 * sum(b"\0" in line and _TEXT.match(line) is None for line in lines) > len(lines)


def _parse(item: Item, kind: str, programs: dict[str, str], evidence: Evidence, kit: Kit) -> None:
    """Takes one file in."""
    if kind == "manifest":
        return
    if kind in ("unknown", "binary"):
        evidence.caveats.append(("unknown-kind", {"source": item.path}))
        return
    if kind == "foreign":
        evidence.caveats.append(("foreign", {"source": item.path, "name": kinds.foreign(item.head(), kit)}))
        return
    if kind in _LEFT_OUT:
        evidence.caveats.append(("unreadable", {"source": item.path, "note": _LEFT_OUT[kind]}))
        return
    if kind == "empty":
        evidence.sources.append(Source(path=item.path, kind="empty", tier=Tier.HOST))
        return
    if kind == "env":
        source, settings = env.parse(item, kit)
        evidence.sources.append(source)
        evidence.settings += settings
        return
    if kind == "certificate":
        source, told, found = certificates.parse(item, kit)
        evidence.sources.append(source)
        evidence.events += told
        evidence.certificates += found
        return
    if kind == "compose":
        source, told, services = compose.parse(item, kit)
        evidence.sources.append(source)
        evidence.events += told
        evidence.services += services
        return
    if kind == "nginx-version":
        parsed = nginx_build.parse(item)
        evidence.sources += parsed.sources
        evidence.events += parsed.events
        return
    whole = {"har": har.parse, "netlog": netlog.parse, "testpage": testpage.parse, "probed": probed.parse, "probe": probe.parse}.get(kind)
    parsed = whole(item, kit) if whole is not None else lines.parse(item, programs, kit)
    if kind == "probe":
        evidence.certificates += certificates.beside(item, parsed.sources[0], kit)
    evidence.sources += parsed.sources
    evidence.events += parsed.events
    evidence.dates |= parsed.dates
    evidence.others += parsed.others


def _single(rows: Rows, wanted: Flags, evidence: Evidence, kit: Kit) -> None:
    """Of rows those of sockets; of these the ones that are looked at for themselves become events, `wanted` first."""
    sockets = (rows.of_kind(lambda kind: float(dialled(kind.path, kit))) > 0) & once(rows)
    rows, wanted = rows.where(sockets), wanted[sockets]
    classed(rows, kit.limits, kit.shown)
    evidence.rows, evidence.rest = rows.split(chosen(rows, wanted))
    known = {source.path: source for source in evidence.sources}
    own: dict[str, list[tuple[int, bytes]]] = {}
    for place, (source, line) in enumerate(zip(evidence.rows["source"].tolist(), evidence.rows["line"].tolist(), strict=True)):
        own.setdefault(rows.sources[source], []).append((line, evidence.rows.raws[place]))
    for path, some in own.items():
        evidence.events += lines.single(known[path], some, kit)
    evidence.rows.raws.clear()


def _crowd(attempts: Sequence[Attempt], evidence: Evidence, since: datetime | None, until: datetime | None) -> Crowd | None:
    """The tries that are not looked at for themselves."""
    made = judged_like(evidence.rows, evidence.rest, attempts, {s.path: s for s in evidence.sources})
    return made if made is None else between(made, *_window(since, until))


def _caveats(bundle: Bundle, evidence: Evidence) -> None:
    for source in evidence.sources:
        for note in source.notes:
            evidence.caveats.append((_NOTES.get(note, "note"), {"source": source.path, "note": note}))
        if unknown := source.lines - source.recognised:
            evidence.caveats.append(("not-understood", {"source": source.path, "unknown": unknown, "lines": source.lines}))
    for item in bundle.items:
        evidence.caveats += [("cut", {"source": item.path})] if item.notes.cut else []
        evidence.caveats += [("note", {"source": item.path, "note": note}) for note in item.notes.other]
    evidence.caveats += [("note", {"source": path, "note": note}) for path, note in bundle.notes]
    evidence.caveats = list(_few(evidence.caveats, bundle.name))


def _few(caveats: Sequence[tuple[str, dict[str, object]]], name: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Of caveats of one kind about very many files some, and how many more there are."""
    counts = Counter[str]()
    for kind, words in caveats:
        counts[kind] += 1
        if counts[kind] <= _MOST_CAVEATS:
            yield kind, words
    for kind, count in counts.items():
        if count > _MOST_CAVEATS:
            yield "note", {"source": shown(name), "note": f"the same is to be said of {count - _MOST_CAVEATS} more files ({kind})"}


def _window(since: datetime | None, until: datetime | None) -> tuple[float, float]:
    return since.timestamp() if since else float("-inf"), until.timestamp() if until else float("inf")


def _between(attempts: Sequence[Attempt], since: datetime | None, until: datetime | None) -> list[Attempt]:
    first, last = _window(since, until)
    return [a for a in attempts if (at := a.started if a.started is not None else a.ended) is None or first <= at <= last]


def _partial(loose: Sequence[Event]) -> list[Attempt]:
    """A bundle of fragments: what its lines tell belongs to one attempt that nothing shows whole."""
    told = tuple(e for e in loose if e.signals or e.code is not None or e.status is not None)
    if not told:
        return []
    first = min((e.at for e in told if e.at is not None), default=None)
    codes = sorted((e.code for e in told if e.code), key=lambda code: (code in ORDINARY_CLOSES, code == CloseCode.ABNORMAL))
    opened = all(e.tier is Tier.PROBE and e.what is What.OPENED and e.code in (None, CloseCode.NORMAL) for e in told)
    named = next((e for e in told if e.path), told[0])
    return [
        Attempt(
            id="A1", events=told, started=first, opened=opened or None, code=next(iter(codes), None),
            host=named.host, path=named.path, scheme=named.scheme, tiers={e.tier: e for e in reversed(told)},
        )
    ]  # fmt: skip


def _judge(attempts: Sequence[Attempt], loose: Sequence[Event], evidence: Evidence, kit: Kit, crowd: Crowd | None) -> list[Verdict]:
    judge, detector, notes = Judge(kit.patterns), signals.Detector(kit.patterns), signals.Notes(loose, kit.patterns)
    world = facts.world(
        attempts, evidence.sources, evidence.conf, evidence.settings, loose, evidence.certificates, evidence.services, evidence.others,
        crowd,
    )  # fmt: skip
    verdicts = []
    for attempt in attempts:
        facts.learn(attempt, world)
        fired = detector.fire(attempt)
        state = signals.failed(attempt, fired, kit.patterns)
        if state is not False and (beside := notes.near(attempt)):
            attempt.events += tuple(e for e in beside if e not in attempt.events)
            fired = detector.fire(attempt)
            state = signals.failed(attempt, fired, kit.patterns)
        verdicts.append(judge.judge(fired, state))
    return verdicts


def _remedies(found: Found, evidence: Evidence) -> None:
    """Where the remedy is a change of configuration, the change itself."""
    for incident in found.incidents:
        cause = found.patterns.causes.get(incident.detail or "")
        attempt = found.attempts[incident.attempts[0]]
        if cause is None or evidence.conf is None or not (cause.change or cause.amend):
            continue
        route = routes(evidence.conf, attempt.scheme, attempt.host, attempt.path)
        if route is not None and attempt.facts.get("config.target") == "app":
            route = named(route) or route
        made = diff(cause.change, route, evidence.conf)
        if cause.amend is not None:
            made = amended(cause.amend, attempt, route, evidence.conf, found.named)
        if made is not None:
            found.changes[incident.id] = made
