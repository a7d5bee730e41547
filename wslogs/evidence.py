"""Bundle -> Evidence: every file read, in the order in which one teaches the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from wslogs import coverage, facts
from wslogs.bundle import Bundle, Item
from wslogs.classes import chosen, classed
from wslogs.columns import Flags, Rows, merged, once
from wslogs.detection import kind_of
from wslogs.errors import shown
from wslogs.model import Event, Source, Tier, What
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
            yield "note", {"source": shown(name), "note": f"the same is to be said of {count - _MOST_CAVEATS} more files: {kind}"}
