"""analyze(paths) -> Analysis: bundle, sources, events, attempts, signals, verdicts, incidents, report; a line a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wslogs import facts, signals
from wslogs.bundle import Bundle, open_bundle
from wslogs.correlate import correlate, probes
from wslogs.crowd import Crowd, between, judged_like, moved, unclaimed
from wslogs.errors import BundleError
from wslogs.evidence import Evidence, Progress, read
from wslogs.mask import Mask
from wslogs.model import ORDINARY_CLOSES, Attempt, CloseCode, Event, Tier, Verdict, What
from wslogs.parsers import (
    parts,
)
from wslogs.parsers.kit import Kit
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
    this process, several (processes.read), or a Cluster (wslogs/cluster.py).
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


def _crowd(attempts: Sequence[Attempt], evidence: Evidence, since: datetime | None, until: datetime | None) -> Crowd | None:
    """The tries that are not looked at for themselves."""
    made = judged_like(evidence.rows, evidence.rest, attempts, {s.path: s for s in evidence.sources})
    return made if made is None else between(made, *_window(since, until))


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
