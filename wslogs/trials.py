"""Every cause against the recorded samples: none loses its own, none wins another's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from wslogs import resources
from wslogs.patterns import Patterns, load
from wslogs.pipeline import analyze

FOLDER = "samples"
KNOWN = "known.json"
"""Samples whose verdict is known to be wrong: name -> (what is said, why); tests/test_samples.py sees that each still is."""


def samples() -> Path | None:
    """The folder of samples, which a checkout has and an installed wheel has not."""
    folder = resources.path(FOLDER)
    return folder if folder.is_dir() else None


def concerned(own: Path | None) -> bool:
    """Whether a folder of a user's own patterns can change a verdict: one without causes and signals cannot."""
    if own is None:
        return True
    mine, known = load(own), load()
    return mine.causes.keys() != known.causes.keys() or mine.signals.keys() != known.signals.keys()


def run(folder: Path, own: Path | None = None) -> list[str]:
    """Lines that say which cause is wrong at which sample; each sample is judged with the patterns that are checked."""
    patterns = [own] if own is not None else []
    known = load(*patterns)
    problems: list[str] = []
    misjudged = json.loads((folder / KNOWN).read_text(encoding="utf-8")) if (folder / KNOWN).exists() else {}
    for case in sorted(path.parent for path in folder.rglob("truth.json") if path.parent.relative_to(folder).as_posix() not in misjudged):
        truth = json.loads((case / "truth.json").read_text(encoding="utf-8"))
        verdict = analyze(case / "bundle", patterns=patterns).report["verdict"]
        problems += _judged(f"{folder.name}/{case.relative_to(folder).as_posix()}", truth, verdict, known)
    return problems


def _judged(name: str, truth: Mapping[str, Any], verdict: Mapping[str, Any], patterns: Patterns) -> Iterable[str]:
    """What is wrong with one verdict; a detail that is left open is no other one."""
    said, own = verdict["detail"], truth.get("detail") or ""
    if verdict["status"] == "undetermined" and not truth.get("decidable", True):
        return
    accepted = {own, truth["cause"], *truth.get("accept", []), *truth.get("accept_detail", [])}
    if own in patterns.causes and said != own and not {said, verdict["cause"], verdict["status"]} & (accepted - {own}):
        left = _said(verdict["undetermined"]) if verdict["status"] == "undetermined" else said or verdict["cause"] or verdict["status"]
        yield f"{patterns.causes[own].where}: loses its sample {name}: said {left}"
    if said in patterns.causes and not {said, verdict["cause"]} & accepted:
        yield f"{patterns.causes[said].where}: wins the sample {name}, which is {own or truth['cause']}"


def _said(standing: Sequence[str]) -> str:
    return f"undetermined ({', '.join(standing)})" if standing else "undetermined"
