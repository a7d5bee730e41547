"""python -m tests.hostile.fuzz READER [SECONDS]: atheris, guided by coverage, on one reader; needs `pip install atheris` (Linux).

READER: bundle, har, access, error, app, conf. It begins with tests/hostile/corpus/READER and with tests/fixtures, and forgets what it
finds unless a third word, `keep`, has it added to that corpus. What makes a reader raise, or take more than ten seconds, ends
the run and is written beside the corpus as crash-* or timeout-*.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["wslogs"]):
    from wslogs.bundle import Item, open_bundle
    from wslogs.evidence import read
    from wslogs.parsers import conf_files, har, lines
    from wslogs.parsers.kit import Kit
    from wslogs.patterns import load
    from wslogs.redact import Vault

ROOT = Path(__file__).resolve().parents[2]
PATTERNS = load()


def _bundle(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("b.log", "b.zip", "b.tar"):
            (Path(folder) / name).write_bytes(raw)
        with open_bundle([*sorted(Path(folder).iterdir()), ROOT / "tests" / "hostile" / "inputs.py"]) as bundle:
            read(bundle, Kit(PATTERNS, Vault()))


def _lines(kind: str) -> Callable[[bytes], object]:
    return lambda raw: lines.parse(Item.of("a.log", raw), {"": kind}, Kit(PATTERNS, Vault()))


READERS: dict[str, Callable[[bytes], object]] = {
    "bundle": _bundle, "har": lambda raw: har.parse(Item.of("a.har", raw), Kit(PATTERNS, Vault())),
    "access": _lines("nginx-access"), "error": _lines("nginx-error"), "app": _lines("app"),
    "conf": lambda raw: conf_files.read([Item.of("nginx.conf", raw)], []),
}  # fmt: skip
SEEDS = {"har": "*.har", "access": "access*.log", "error": "error*.log", "app": "*.log", "conf": "*.conf", "bundle": "*"}


def main() -> None:
    name, seconds = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "30"
    corpus = ROOT / "tests" / "hostile" / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as seeds, tempfile.TemporaryDirectory() as new:
        for number, path in enumerate(sorted((ROOT / "tests" / "fixtures").rglob(f"bundle/{SEEDS[name]}"))):
            if path.is_file() and path.stat().st_size < 8000:
                (Path(seeds) / str(number)).write_bytes(path.read_bytes())
        limits = [f"-max_total_time={seconds}", "-timeout=10", "-max_len=8192", "-rss_limit_mb=1500", f"-artifact_prefix={corpus.parent}/"]
        begins = [str(corpus), seeds] if sys.argv[3:] == ["keep"] else [new, str(corpus), seeds]
        atheris.Setup([sys.argv[0], *limits, *begins], READERS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
