"""Data for benchmarks, made from a seed into a folder. What is there with the same parameters is kept.

`made(Spec("access", size_gb=1.0), folder)` gives a Made: the bundle, and what was planted in it. Beside each bundle stands a
.json with its parameters and what was planted; the bundle is made anew when either the parameters or this code have changed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import hars, logs
from benchmarks.logs import Told, joined
from benchmarks.story import REDIAL_S, START, Dial
from benchmarks.users import AGENTS, User, client, jwt

MANY = 200
_MAKERS_OF = ("data.py", "hars.py", "logs.py", "plain.py", "story.py", "users.py")
_GZIP, _GZIP_LEVEL = 31, 1
"""zlib's number for a gzip header, without a time; its fastest level."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What to make. Kinds by `size_gb`: access, error, app, compose, gz, har, many; by `tries`: attempts, storm."""

    kind: str
    size_gb: float = 0.0
    tries: int = 0
    tokens: int = 0
    """How many different ones; 0 is one for each 20 rows, of attempts one for each ten tries."""
    app: bool = False
    """Whether an app log stands beside the access log of attempts."""
    seed: int = 1

    @property
    def size(self) -> float:
        return self.size_gb * 1e9

    @property
    def name(self) -> str:
        """Of its folder."""
        words = [self.kind, f"{self.size_gb:g}GB" if self.size_gb else f"{self.tries}"]
        words += [f"{self.tokens}tokens"] if self.tokens else []
        words += ["app"] if self.app else []
        return "-".join([*words, f"seed{self.seed}"])


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle and what was planted in it."""

    bundle: Path
    size: int
    """Bytes of all its files, unpacked."""
    rows: int
    """Lines; of a HAR its entries."""
    websockets: int
    """Tries that stand in it."""
    tokens: int
    expired: int
    """Tokens that are dialled with although their time is over."""
    statuses: dict[str, int]

    @property
    def files(self) -> list[Path]:
        return sorted(self.bundle.iterdir())


def made(spec: Spec, folder: Path) -> Made:
    """The bundle of a spec in a folder, made now if it is not there."""
    bundle, sidecar = folder / spec.name, folder / f"{spec.name}.json"
    asked = {"spec": asdict(spec), "code": _code()}
    kept = _kept(sidecar)
    if kept is None or {name: kept[name] for name in asked} != asked or not bundle.is_dir():
        sidecar.unlink(missing_ok=True)
        shutil.rmtree(bundle, ignore_errors=True)
        bundle.mkdir(parents=True)
        told = _MAKERS[spec.kind](spec, bundle)
        size = told.size or sum(file.stat().st_size for file in bundle.iterdir())
        kept = asked | {
            "size": size, "rows": told.rows, "websockets": told.websockets, "tokens": len(told.tokens), "expired": len(told.expired),
            "statuses": {str(status): count for status, count in sorted(told.statuses.items())},
        }  # fmt: skip
        sidecar.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    return Made(bundle, **{name: kept[name] for name in ("size", "rows", "websockets", "tokens", "expired", "statuses")})


def _kept(sidecar: Path) -> dict[str, Any] | None:
    """What the sidecar says; None where there is none that is whole."""
    try:
        kept = json.loads(sidecar.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return kept if isinstance(kept, dict) and {"spec", "code", "statuses"} <= set(kept) else None


def _code() -> str:
    """Tells one version of the code that makes data from another."""
    here = Path(__file__).parent
    return hashlib.sha256(b"".join((here / name).read_bytes() for name in _MAKERS_OF)).hexdigest()[:16]


def _access(spec: Spec, bundle: Path) -> Told:
    told = Told()
    _write(bundle / "access.log", logs.access_log(told, logs.story(spec.seed, spec.size, spec.tokens)))
    return told


def _gz(spec: Spec, bundle: Path) -> Told:
    told = Told()
    packer = zlib.compressobj(_GZIP_LEVEL, wbits=_GZIP)

    def packed() -> Iterable[bytes]:
        for block in joined(logs.access_log(told, logs.story(spec.seed, spec.size, spec.tokens))):
            told.size += len(block)
            yield packer.compress(block)
        yield packer.flush()

    with (bundle / "access.log.gz").open("wb") as out:
        out.writelines(packed())
    return told


def _many(spec: Spec, bundle: Path) -> Told:
    """The same access log as logrotate would have cut it, oldest part first: 200 files of even length in time."""
    told = Told()
    what = logs.story(spec.seed, spec.size, spec.tokens)
    blocks = logs.access_log(told, what)
    for part in range(MANY):
        seconds = what.seconds * (part + 1) // MANY - what.seconds * part // MANY
        _write(bundle / f"access.log.{MANY - part}", (next(blocks) for _ in range(seconds)))
    return told


def _error(spec: Spec, bundle: Path) -> Told:
    told = Told()
    _write(bundle / "error.log", logs.error_log(told, logs.story(spec.seed, spec.size, spec.tokens)))
    return told


def _app(spec: Spec, bundle: Path) -> Told:
    told = Told()
    _write(bundle / "app.log", logs.app_log(told, logs.story(spec.seed, spec.size, spec.tokens)))
    return told


def _compose(spec: Spec, bundle: Path) -> Told:
    """Of the bytes about two thirds are nginx's: the story is of a log of that size."""
    told = Told()
    _write(bundle / "compose.log", logs.compose_log(told, logs.story(spec.seed, spec.size / _COMPOSED, spec.tokens)))
    return told


_COMPOSED = 1.55
"""Bytes of the lines of three programs for each byte of the access log without prefixes."""


def _har(spec: Spec, bundle: Path) -> Told:
    told = Told()
    _write(bundle / "browser.har", hars.har(told, hars.story(spec.seed, spec.size)))
    return told


def _attempts(spec: Spec, bundle: Path) -> Told:
    told = Told()
    what = logs.crowd(spec.seed, spec.tries, spec.tokens)
    _write(bundle / "access.log", logs.access_log(told, what, plain=False))
    if spec.app:
        _write(bundle / "app.log", logs.app_log(Told(), what, plain=False))
    return told


def _storm(spec: Spec, bundle: Path) -> Told:
    """One page that dials again and again with a token whose time is over."""
    told, who = Told(), User(client(17), AGENTS[0], jwt(17, START - 36_000, START - 7_200), expired=True)

    def rows() -> Iterable[bytes]:
        for number in range(spec.tries):
            one = Dial(number * REDIAL_S, 403, who, 0, number)
            told.dial(one)
            told.rows += 1
            yield logs.access_row(one, logs.access_stamp(one.at)).encode()

    _write(bundle / "access.log", rows())
    return told


def _write(file: Path, blocks: Iterable[bytes]) -> None:
    with file.open("wb") as out:
        out.writelines(joined(blocks))


_MAKERS: dict[str, Callable[[Spec, Path], Told]] = {
    "access": _access, "gz": _gz, "many": _many, "error": _error, "app": _app, "compose": _compose, "har": _har,
    "attempts": _attempts, "storm": _storm,
}  # fmt: skip
KINDS = tuple(_MAKERS)
