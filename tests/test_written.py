"""The same bundle is read alike however it was written: in any encoding, container and compression, and rotated in any way."""

from __future__ import annotations

import codecs
import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from conftest import SAMPLES, bundle
from wslogs.pipeline import analyze
from wslogs.streams import zstd

SAMPLE = SAMPLES / "auth" / "token-expired" / "bundle"
RUSSIAN = "2026-11-23 14:26:45,100 INFO    [app.realtime] пользователь 17 вышел\n"


@cache
def texts() -> Mapping[str, str]:
    """The sample, and a line of Russian in its log."""
    found = {path.name: path.read_bytes().decode() for path in sorted(SAMPLE.iterdir())}
    return found | {"app.log": found["app.log"] + RUSSIAN}


def said(given: Path) -> Any:
    """report.json less what names files, or counts and hashes their bytes."""
    return _less(analyze(given).report, {"name", "sha256", "size"})


def _less(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _less(one, names) for name, one in value.items() if name not in names}
    return [_less(one, names) for one in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return said(bundle(tmp_path_factory.mktemp("plain"), texts()))


def coloured(text: str) -> str:
    return "".join(f"\x1b[1;32m{line[:8]}\x1b[0m{line[8:]}\x1b[K\n" for line in text.splitlines())


ENCODINGS: Mapping[str, Callable[[str], bytes]] = {
    "UTF-8 with mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "UTF-16 LE": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "UTF-16 BE": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "UTF-16 LE without mark": lambda text: text.encode("utf-16-le"),
    "UTF-16 BE without mark": lambda text: text.encode("utf-16-be"),
    "cp1251": lambda text: text.encode("cp1251"),
    "Latin-1": lambda text: text.encode("latin-1", "replace"),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "gzip of UTF-16": lambda text: gzip.compress(codecs.BOM_UTF16_LE + text.encode("utf-16-le")),
}


@pytest.mark.xdist_group("written")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_encoding_changes_nothing(tmp_path: Path, plain: Any, encoding: str) -> None:
    files = {name: ENCODINGS[encoding](text) for name, text in texts().items()}
    assert said(bundle(tmp_path, files)) == plain


@pytest.mark.xdist_group("written")
def test_colours_change_nothing(tmp_path: Path, plain: Any) -> None:
    files = {name: coloured(text) if name.endswith(".log") else text for name, text in texts().items()}
    assert said(bundle(tmp_path, files)) == plain


def zipped(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts().items():
            archive.writestr(name, text)
    return folder / "b.zip"


def tarred(suffix: str, compress: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name, text in texts().items():
                info = tarfile.TarInfo(f"./{name}")
                info.size = len(text.encode())
                archive.addfile(info, io.BytesIO(text.encode()))
        (folder / f"b{suffix}").write_bytes(compress(buffer.getvalue()))
        return folder / f"b{suffix}"

    return make


def squeezed(compress: Callable[[bytes], bytes], suffix: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        return bundle(folder, {name + suffix: compress(text.encode()) for name, text in texts().items()})

    return make


CONTAINERS: Mapping[str, Callable[[Path], Path]] = {
    "zip": zipped,
    "tar": tarred(".tar", bytes),
    "tar.gz": tarred(".tar.gz", gzip.compress),
    "tar.zst": tarred(".tar.zst", zstd.compress),
    "files as gzip": squeezed(gzip.compress, ".gz"),
    "files as zstd": squeezed(zstd.compress, ".zst"),
    "files as gzip without its name": squeezed(gzip.compress, ""),
}


@pytest.mark.xdist_group("written")
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_container_changes_nothing(tmp_path: Path, plain: Any, container: str) -> None:
    found = said(CONTAINERS[container](tmp_path))
    assert unnamed(found) == unnamed(plain)


def unnamed(report: Any) -> Any:
    """Without the names of files: they have more at their end."""
    if isinstance(report, dict):
        return {name: unnamed(one) for name, one in report.items()}
    if isinstance(report, list):
        return [unnamed(one) for one in report]
    return report.replace(".gz", "").replace(".zst", "") if isinstance(report, str) else report


def thirds(text: str, overlap: int = 0) -> list[str]:
    """Oldest first; each begins with the last lines of the one before."""
    lines = text.splitlines(keepends=True)
    third = len(lines) // 3
    cuts = [0, third, 2 * third, len(lines)]
    return ["".join(lines[max(0, first - overlap) : last]) for first, last in pairwise(cuts)]


COMPRESSED: Mapping[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "zst": zstd.compress}
ROTATED: Mapping[str, tuple[str, str, str]] = {
    "numbers": ("access.log.2.gz", "access.log.1", "access.log"),
    "dates": ("access.log-20261121.gz", "access.log-20261122.zst", "access.log"),
    "names that tell nothing": ("a-new.log", "z-old.log.gz", "m.txt"),
    "ten and more": ("access.log.10.gz", "access.log.9.gz", "access.log.1"),
}


@pytest.mark.xdist_group("written")
@pytest.mark.parametrize("overlap", [0, 3])
@pytest.mark.parametrize("names", ROTATED)
def test_a_rotation_changes_no_attempt(tmp_path: Path, plain: Any, names: str, overlap: int) -> None:
    files: dict[str, str | bytes] = {name: text for name, text in texts().items() if name != "access.log"}
    for name, text in zip(ROTATED[names], thirds(texts()["access.log"], overlap), strict=True):
        files[name] = (
            gzip.compress(text.encode()) if name.endswith(".gz") else zstd.compress(text.encode()) if name.endswith(".zst") else text
        )
    found = said(bundle(tmp_path, files))
    assert [essence(row) for row in found["attempts"]] == [essence(row) for row in plain["attempts"]]
    assert [(row["cause"], len(row["attempts"])) for row in found["incidents"]] == [
        (row["cause"], len(row["attempts"])) for row in plain["incidents"]
    ]


def essence(attempt: Mapping[str, Any]) -> list[Any]:
    told = [attempt[name] for name in ("started", "outcome", "cause", "detail", "status")]
    return told + sorted(tier for tier, one in attempt["tiers"].items() if one)
