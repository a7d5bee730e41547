"""A seeded generator of hostile inputs: what each one is, how it is made, and what a run over it must say.

Each input is made anew in a folder; most lie beside the good logs of a sample, whose verdict must stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "auth" / "token-expired" / "bundle"
VERDICT = "auth.token-expired"
SEED = 20261125


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One hostile input. `make` gets an empty folder and gives the paths that are handed to wslogs."""

    name: str
    make: Callable[[Path, Random], Sequence[Path]]
    says: str = ""
    """A part of the one caveat (or of the one line on stderr) that names what is bad; empty: nothing need be said."""
    keeps: bool = True
    """Whether the good logs beside it must give their verdict all the same."""
    refused: bool = False
    """Whether there is nothing else to report: exit status 2."""
    dear: bool = False
    """Whether it is too large for every run of the tests."""
    options: tuple[str, ...] = ()


@cache
def good() -> dict[str, bytes]:
    """The files of the sample."""
    return {path.relative_to(SAMPLE).as_posix(): path.read_bytes() for path in sorted(SAMPLE.rglob("*")) if path.is_file()}


def put(folder: Path, name: str, content: bytes | Iterable[bytes]) -> Path:
    """Writes a file, its folders too."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for piece in [content] if isinstance(content, bytes) else content:
            file.write(piece)
    return path


def laid(folder: Path) -> Path:
    """The good logs as a folder."""
    for name, content in good().items():
        put(folder / "bundle", name, content)
    return folder / "bundle"


def beside(
    name: str, file: str, content: Callable[[Random], bytes | Iterable[bytes]], says: str = "", *, keeps: bool = True, dear: bool = False
) -> Input:
    """A hostile file beside the good logs, or in place of one of them."""

    def make(folder: Path, chance: Random) -> list[Path]:
        bundle = laid(folder)
        put(bundle, file, content(chance))
        return [bundle]

    return Input(name=name, make=make, says=says, keeps=keeps, dear=dear)


def everything() -> list[Input]:
    """All of them, in order."""
    from tests.hostile import archives, configuration, folders, injected, json_files, logs

    found = [one for room in (archives, folders, logs, json_files, configuration, injected) for one in room.inputs()]
    assert len({one.name for one in found}) == len(found)
    return found
