"""How often verdicts are right on labelled bundles -> patterns/measured.json, behind every stated confidence, and docs/accuracy.md.

    python -m tests.accuracy [--check | --wrong] [FOLDER ...]      default: samples; only these are written

Each bundle counts whole, with each file left out, and with each file alone: a user's bundle is as often poor as rich.
A verdict is right when its cause, or its detail, is the truth's or one that the truth accepts. Counted by kind of
evidence: the detail (or family) with the tiers that saw the attempts. `--wrong` names each verdict that is not right,
`--check` writes nothing and fails when a goal is missed or docs/accuracy.md tells other figures.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests import joins
from wslogs import resources
from wslogs.errors import BundleError
from wslogs.pipeline import analyze
from wslogs.report.contract import kind_of_verdict, succession
from wslogs.report.measured import FILE

SURE = 0.8
"""A wrong verdict that states so much confidence is the one thing that must never happen."""
WHOLE = "whole"
BANDS = ((0.0, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 1.01))
FIXES = joins.PAGE.with_name("fixes.md")
OUTCOMES = ("right", "undetermined", "wrong")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One bundle judged."""

    case: str
    variant: str
    """WHOLE, `without FILE` or `only FILE`."""
    truth: str
    """The true detail, else the cause."""
    said: str
    """The detail said, else the cause, else the status."""
    outcome: str
    """One of OUTCOMES; a silence where the bundle does not decide is right."""
    exact: bool
    """Whether the detail is the truth's."""
    confidence: float
    kind: str
    tiers: str
    """Which tiers the bundle tells of."""


def variants(bundle: Path) -> Iterator[tuple[str, list[Path]]]:
    """The bundle, without each file, and each file alone."""
    files = sorted(p for p in bundle.rglob("*") if p.is_file())
    yield WHOLE, files
    for file in files if len(files) > 1 else ():
        name = file.relative_to(bundle).as_posix()
        yield f"without {name}", [f for f in files if f != file]
        yield f"only {name}", [file]


def judge(root: Path, job: tuple[Path, str, list[Path]]) -> Result | None:
    """None where nothing in the files can be read."""
    case, variant, files = job
    truth = json.loads((case / "truth.json").read_text(encoding="utf-8"))
    try:
        found = analyze(files)
    except BundleError:
        return None
    verdict = found.report["verdict"]
    said = {verdict["cause"], verdict["detail"]} if verdict["status"] == "failure" else {verdict["status"]}
    right = bool(said & {truth["cause"], *truth.get("accept", [])})
    silent = verdict["status"] == "undetermined"
    outcome = "right" if right or (silent and not truth.get("decidable", True)) else "undetermined" if silent else "wrong"
    tiers = sorted({source.tier.value for source in found.evidence.sources} & {"browser", "proxy", "app"})
    exact = right and verdict["detail"] in {truth.get("detail"), *truth.get("accept_detail", [])}
    return Result(
        case=case.relative_to(root).as_posix(), variant=variant, truth=truth.get("detail") or truth["cause"],
        said=verdict["detail"] or verdict["cause"] or verdict["status"], outcome=outcome,
        exact=exact or (right and truth["cause"] == "healthy"),
        confidence=verdict["confidence"] or 0.0, kind="" if silent else kind_of_verdict(found.found), tiers="+".join(tiers) or "none",
    )  # fmt: skip


def measure(root: Path) -> list[Result]:
    """Every case below a folder in every variant."""
    cases = sorted(path.parent for path in root.rglob("truth.json"))
    jobs = [(case, variant, files) for case in cases for variant, files in variants(case / "bundle")]
    if not jobs:
        sys.exit(f"no labelled bundle below {root}")
    with ProcessPoolExecutor() as pool:
        return [one for one in pool.map(partial(judge, root), jobs, chunksize=4) if one is not None]


def counted(results: Iterable[Result]) -> dict[str, tuple[int, int]]:
    """Kind of evidence -> (right, all)."""
    all_, right = Counter[str](), Counter[str]()
    for one in results:
        if one.kind:
            all_[one.kind] += 1
            right[one.kind] += one.outcome == "right"
    return {kind: (right[kind], all_[kind]) for kind in sorted(all_)}


def misses(results: Sequence[Result]) -> list[str]:
    """Goals that the samples do not reach."""
    whole = [one for one in results if one.variant == WHOLE]
    told = [f"{one.case}: {one.truth}, said {one.said}" for one in whole if one.outcome != "right"]
    told += [f"{one.case} [{one.variant}]: {one.truth}, said {one.said} at {one.confidence}" for one in results if _boasts(one)]
    return told


def _boasts(one: Result) -> bool:
    return one.outcome == "wrong" and one.confidence >= SURE


def _family(name: str) -> str:
    return name.partition(".")[0]


def _outcomes(results: Iterable[Result]) -> list[str]:
    rows = list(results)
    return [str(len(rows)), *(str(sum(one.outcome == name for one in rows)) for name in OUTCOMES)]


def _grouped(results: Iterable[Result], key: Callable[[Result], str]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = {}
    for one in results:
        groups.setdefault(key(one), []).append(one)
    return dict(sorted(groups.items()))


def totals(results: Sequence[Result]) -> str:
    parts = {
        "whole": [one for one in results if one.variant == WHOLE],
        "one file left out": [one for one in results if one.variant.startswith("without ")],
        "one file alone": [one for one in results if one.variant.startswith("only ")],
    }
    rows = [("bundles", "all", *OUTCOMES, "with the detail", f"wrong at {SURE} or more")]
    rows += [(name, *_outcomes(part), str(sum(o.exact for o in part)), str(sum(map(_boasts, part)))) for name, part in parts.items()]
    return joins.table(rows)


def confusion(results: Sequence[Result]) -> str:
    """True cause by said cause."""
    said = sorted({_family(one.said) for one in results})
    rows = [("true \\ said", *said)]
    for truth, part in _grouped(results, lambda one: _family(one.truth)).items():
        counts = Counter(_family(one.said) for one in part)
        rows.append((truth, *(str(counts[name] or "") for name in said)))
    return joins.table(rows)


def by_detail(results: Sequence[Result]) -> str:
    rows = [("detail", "samples", "right", "with the detail", "bundles with ablated", *OUTCOMES, "said instead")]
    for truth, part in _grouped(results, lambda one: one.truth).items():
        whole = [one for one in part if one.variant == WHOLE]
        instead = Counter(one.said for one in part if one.outcome == "wrong")
        told = ", ".join(f"{name} {count}" for name, count in sorted(instead.items()))
        rows.append((truth, str(len(whole)), _outcomes(whole)[1], str(sum(o.exact for o in whole)), *_outcomes(part), told))
    return joins.table(rows)


def by_tiers(results: Sequence[Result]) -> str:
    rows = [("tiers in the bundle", "bundles", *OUTCOMES)]
    rows += [(tiers, *_outcomes(part)) for tiers, part in _grouped(results, lambda one: one.tiers).items()]
    return joins.table(rows)


def calibration(results: Sequence[Result]) -> str:
    """What would be stated if the sample itself, in all its variants, had not been there to learn from; and how often it was right."""
    cases = _grouped(results, lambda one: one.case)
    everything = counted(results)
    stated: list[tuple[float, bool]] = []
    for part in cases.values():
        own = counted(part)
        rest = {kind: (right - own.get(kind, (0, 0))[0], seen - own.get(kind, (0, 0))[1]) for kind, (right, seen) in everything.items()}
        stated += [(succession(rest, one.kind)[0], one.outcome == "right") for one in part if one.kind]
    rows = [("stated", "verdicts", "mean stated", "observed right")]
    for low, high in BANDS:
        inside = [(said, right) for said, right in stated if low <= said < high]
        if inside:
            mean, observed = (sum(row[side] for row in inside) / len(inside) for side in (0, 1))
            rows.append((f"{low:.2f} to {min(high, 1.0):.2f}", str(len(inside)), f"{mean:.3f}", f"{observed:.3f}"))
    return joins.table(rows)


TEXT = """# Accuracy

Written by `make accuracy` (`python -m tests.accuracy`) from the recorded samples. Their truth is told by what was broken,
by the page itself, by a private log of nginx, and by the app; never by wslogs.

## Verdicts

Each sample is judged whole, with each file left out, and with each file alone.

{totals}
Which cause is said for which, whole bundles:

{whole}
The same with the ablated bundles:

{ablated}
By detail:

{details}
By the tiers that are in the bundle:

{tiers}
Calibration: the confidence that would be stated had the sample, in all its variants, not been there to learn from, and how
often such verdicts were right. (A kind of evidence seen in one sample alone states 0.5.)

{calibration}
## Fix proof

Every remedy of the samples that is a change of nginx.conf, applied to the recorded system and the story told again
(`make fixes`): whether `patch -p1` takes the diff, nginx accepts the result, sockets open, and how many fail then.

{fixes}
"""


def page(results: Sequence[Result], scores: Mapping[str, joins.Score]) -> str:
    """The text of docs/accuracy.md."""
    whole = [one for one in results if one.variant == WHOLE]
    said = TEXT.format(
        totals=totals(results), whole=confusion(whole), ablated=confusion(results), details=by_detail(results),
        tiers=by_tiers(results), calibration=calibration(results), fixes=FIXES.read_text("utf-8"),
    )  # fmt: skip
    return said + joins.section(scores)


def main() -> None:
    options = {name for name in sys.argv[1:] if name.startswith("--")}
    folders = [Path(name) for name in sys.argv[1:] if name not in options] or [joins.SAMPLES]
    results = [one for folder in folders for one in measure(folder)]
    print(totals(results), end="")
    if "--wrong" in options:
        shown = [one for one in results if one.outcome == "wrong" or (one.variant == WHOLE and one.outcome != "right")]
        print("\n".join(f"{o.case} [{o.variant}] {o.truth}: said {o.said} at {o.confidence}, {o.kind}" for o in shown))
    missed = misses(results)
    if folders == [joins.SAMPLES]:
        missed += _write(results, check="--check" in options)
    print("\n".join(["goal missed:", *missed]) if missed else "all goals reached")
    sys.exit(bool(missed))


def _write(results: Sequence[Result], *, check: bool) -> list[str]:
    scores = joins.scores(joins.SAMPLES)
    new: dict[Path, Any] = {
        resources.path("patterns") / Path(FILE).name: json.dumps(counted(results), indent=1) + "\n",
        joins.PAGE: page(results, scores),
    }
    if check:
        return [
            *joins.total(list(scores.values())).misses(),
            *(f"{p.name} is old" for p, text in new.items() if p.read_text("utf-8") != text),
        ]
    for path, text in new.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return joins.total(list(scores.values())).misses()


if __name__ == "__main__":
    main()
