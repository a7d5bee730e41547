"""Small builders: a test makes its nouns in a line and asserts on a whole value."""

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from wslogs.bundle import Item
from wslogs.correlate.sightings import Sighting
from wslogs.model import Attempt, Event, Source, Tier, Token, What
from wslogs.parsers.kit import Kit
from wslogs.patterns import Patterns, load
from wslogs.pipeline import Analysis, analyze
from wslogs.redact import Vault

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"
NOON = 1795435200.0
"""2026-11-23T12:00:00Z."""
_FILES = {Tier.BROWSER: "browser.har", Tier.PROXY: "access.log", Tier.APP: "app.log", Tier.CONFIG: "nginx.conf"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="write expected.txt of the inputs again")


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--accept"))


@cache
def patterns() -> Patterns:
    return load()


@pytest.fixture
def kit() -> Kit:
    return Kit(patterns(), Vault())


def event(tier: str = "proxy", what: str = "handshake", **fields: Any) -> Event:
    fields = {"source": _FILES.get(Tier(tier), "other.log"), "line": 1} | fields
    return Event(tier=Tier(tier), what=What(what), **fields)


def token(name: str = "t", **fields: Any) -> Token:
    return Token(fingerprint=name, **fields)


def sighting(tier: str = "proxy", *, what: str = "handshake", main: Mapping[str, Any] | None = None, **fields: Any) -> Sighting:
    """What one tier saw of one try; `main` goes into its event."""
    told = event(tier, what, **{"path": "/ws", **(main or {})})
    return Sighting(tier=Tier(tier), source=told.source, main=told, events=[told], **fields)


def attempt(*events: Event, **fields: Any) -> Attempt:
    """An attempt of these events; the first of each tier is the one that tells most."""
    told = events or (event(path="/ws"),)
    tiers = {e.tier: e for e in reversed(told)}
    return Attempt(**({"id": "A1", "events": told, "tiers": tiers, "path": told[0].path} | fields))


def source(path: str = "access.log", kind: str = "nginx-access", tier: str = "proxy", **fields: Any) -> Source:
    return Source(path=path, kind=kind, tier=Tier(tier), **fields)


def item(content: str | bytes, path: str = "a.log") -> Item:
    raw = content.encode() if isinstance(content, str) else content
    return Item.of(path, raw)


def bundle(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """The folder with these files in it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


@cache
def analyzed(sample: str) -> Analysis:
    """The analysis of a recorded sample, made once for each worker."""
    return analyze(SAMPLES / sample / "bundle")


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path there."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def wslogs(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it."""
    command = [sys.executable, "-m", "wslogs", *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
    )
