"""How often verdicts are right on labelled bundles -> patterns/measured.json, from which every stated confidence comes.

    python -m tests.accuracy [FOLDER ...]      default: samples

Each bundle counts whole, with each file left out, and with each file alone: a user's bundle is as often poor as rich.
A verdict is right when its cause, or its detail, is the truth's or one that the truth accepts. Counted by kind of
evidence: the detail (or family) with the tiers that saw the attempts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from wslogs import resources
from wslogs.errors import BundleError
from wslogs.pipeline import analyze
from wslogs.report.contract import kind_of_verdict
from wslogs.report.measured import FILE


def variants(bundle: Path) -> Iterator[list[Path]]:
    """The bundle, without each file, and each file alone."""
    files = sorted(p for p in bundle.rglob("*") if p.is_file())
    yield files
    for file in files if len(files) > 1 else ():
        yield [f for f in files if f != file]
        yield [file]


def judge(job: tuple[Path, list[Path]]) -> tuple[str, bool] | None:
    """(kind of evidence, whether the verdict is right); None where there is none, or it is undetermined."""
    case, files = job
    truth = json.loads((case / "truth.json").read_text(encoding="utf-8"))
    try:
        found = analyze(files)
    except BundleError:
        return None
    verdict = found.report["verdict"]
    if verdict["status"] == "undetermined":
        return None
    said = {verdict["cause"], verdict["detail"]} if verdict["status"] == "failure" else {verdict["status"]}
    return kind_of_verdict(found.found), bool(said & {truth["cause"], *truth.get("accept", [])})


def measure(folders: list[Path]) -> dict[str, tuple[int, int]]:
    """Kind -> (right, all)."""
    jobs = [
        (truth.parent, files) for f in folders for truth in sorted(f.rglob("truth.json")) for files in variants(truth.parent / "bundle")
    ]
    if not jobs:
        sys.exit("no labelled bundle found")
    counts: dict[str, list[int]] = {}
    with ProcessPoolExecutor() as pool:
        for result in pool.map(judge, jobs, chunksize=4):
            if result is None:
                continue
            kind, right = result
            row = counts.setdefault(kind, [0, 0])
            row[0] += right
            row[1] += 1
    return {key: (row[0], row[1]) for key, row in sorted(counts.items())}


def main() -> None:
    folders = [Path(name) for name in sys.argv[1:]] or [Path(__file__).parent.parent / "samples"]
    found = measure(folders)
    file = resources.path("patterns") / Path(FILE).name
    file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    right, seen = (sum(row[side] for row in found.values()) for side in (0, 1))
    print(f"{right} of {seen} verdicts right, {len(found)} kinds of evidence")


if __name__ == "__main__":
    main()
