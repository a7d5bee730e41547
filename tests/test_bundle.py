"""Folders, archives and single files as items."""

import gzip
import io
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from conftest import bundle, files, item
from wslogs import bundle as module
from wslogs.bundle import open_bundle
from wslogs.errors import BundleError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TREE = {"nginx/access.log": b"one\ntwo\n", "app.log": b"three\n", "empty.log": b""}


def contents(*paths: Path) -> dict[str, bytes]:
    """What a reader of the bundle sees: label -> content."""
    found = {}
    with open_bundle(paths) as opened:
        for one in opened.items:
            with one.open() as stream:
                found[one.path] = stream.read()
    return found


def tarred(path: Path, tree: dict[str, bytes]) -> Path:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, content in tree.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    packed = {".tar": bytes, ".gz": gzip.compress, ".tgz": gzip.compress, ".zst": zstd.compress, ".tzst": zstd.compress}
    path.write_bytes(packed[path.suffix](raw.getvalue()))
    return path


def zipped(path: Path, tree: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in tree.items():
            archive.writestr(name, content)
    return path


def test_a_folder_gives_its_files_sorted(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "b", TREE)
    assert list(contents(folder)) == ["app.log", "empty.log", "nginx/access.log"]
    assert contents(folder) == TREE


@pytest.mark.parametrize("name", ["b.tar", "b.tar.gz", "b.tgz", "b.tar.zst", "b.tzst", "b.TAR"])
def test_a_tar_gives_what_the_folder_gives(tmp_path: Path, name: str) -> None:
    plain = tarred(tmp_path / name.lower(), TREE).rename(tmp_path / name)
    assert contents(plain) == TREE


def test_a_zip_gives_what_the_folder_gives(tmp_path: Path) -> None:
    assert contents(zipped(tmp_path / "b.zip", TREE)) == TREE


def test_single_files_are_labelled_by_their_names(tmp_path: Path) -> None:
    folder = bundle(tmp_path, TREE)
    assert contents(folder / "nginx/access.log", folder / "app.log") == {"access.log": b"one\ntwo\n", "app.log": b"three\n"}


def test_files_of_one_name_are_two_sources(tmp_path: Path) -> None:
    folder = bundle(tmp_path, {"a/x.log": "1", "b/x.log": "2"})
    assert contents(folder / "a/x.log", folder / "b/x.log") == {"x.log": b"1", "x.log (2)": b"2"}


def test_the_name_is_that_of_the_first_path(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "of-tuesday", TREE)
    with open_bundle([folder, folder / "app.log"]) as opened:
        assert opened.name == "of-tuesday"


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (b"plain\n", b"plain\n"),
        (b"", b""),
        (gzip.compress(b"packed\n"), b"packed\n"),
        (gzip.compress(b"one\n") + gzip.compress(b"two\n"), b"one\ntwo\n"),
        (zstd.compress(b"packed\n"), b"packed\n"),
        (b"\xef\xbb\xbfwith a mark\n", b"with a mark\n"),
        ("код 1006\r\n".encode("utf-16"), "код 1006\r\n".encode()),
        (b"\xfe\xff" + "код 1006\n".encode("utf-16-be"), "код 1006\n".encode()),
        (gzip.compress("код\n".encode("utf-16")), "код\n".encode()),
    ],
)
def test_content_is_read_by_its_first_bytes(content: bytes, read: bytes) -> None:
    one = item(content)
    with one.open() as stream:
        assert stream.read() == read
    assert (one.head(), one.notes) == (read, [])


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_a_cut_file_ends_early_and_says_so(pack: object) -> None:
    text = b"".join(b"%08d some words of a line\n" % number for number in range(20_000))
    packed = gzip.compress(text) if pack is gzip.compress else zstd.compress(text)
    one = item(packed[: len(packed) // 2])
    with one.open() as stream:
        read = stream.read()
    assert text.startswith(read)
    assert one.notes == ["cut"]


def test_damage_in_the_middle_ends_the_file() -> None:
    packed = bytearray(gzip.compress(bytes(range(256)) * 400))
    packed[40:60] = b"\xff" * 20
    one = item(bytes(packed))
    with one.open() as stream:
        stream.read()
    assert one.notes == ["cut"]


def test_a_report_of_an_earlier_run_is_no_evidence(tmp_path: Path) -> None:
    report = {"report.html": "x", "report.md": "x", "report.json": "{}"}
    folder = bundle(tmp_path, {"app.log": "a", "out/notes.log": "b"} | {f"out/{name}": text for name, text in report.items()})
    assert contents(folder) == {"app.log": b"a", "out/notes.log": b"b"}
    alone = bundle(tmp_path / "alone", {"report.json": "{}"})
    assert contents(alone) == {"report.json": b"{}"}


def test_folders_of_tools_are_left_out(tmp_path: Path) -> None:
    folder = bundle(tmp_path, {"app.log": "a", ".git/config": "b", "node_modules/x/index.js": "c", ".env": "d"})
    assert contents(folder) == {".env": b"d", "app.log": b"a"}


def test_links_and_pipes_stop_nothing(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "b", {"app.log": "a"})
    (folder / "current.log").symlink_to("app.log")
    (folder / "gone.log").symlink_to("nowhere")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    with open_bundle([folder]) as opened:
        assert [one.path for one in opened.items] == ["app.log", "current.log"]
        assert [path for path, _ in opened.skipped] == ["gone.log"]


def test_names_that_lead_outside_are_labels_only(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "b.zip", {"../../evil.log": b"a", "/etc/passwd": b"b", "C:\\logs\\app.log": b"c", "./d/./e.log": b"d"})
    before = files(tmp_path)
    assert contents(archive) == {"evil.log": b"a", "etc/passwd": b"b", "C:/logs/app.log": b"c", "d/e.log": b"d"}
    assert files(tmp_path) == before


def test_an_encrypted_member_is_skipped(tmp_path: Path) -> None:
    raw = bytearray(zipped(tmp_path / "b.zip", {"app.log": b"a", "secret.log": b"b"}).read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = raw.rindex(signature)
        raw[place + offset] |= 1
    (tmp_path / "b.zip").write_bytes(bytes(raw))
    with open_bundle([tmp_path / "b.zip"]) as opened:
        assert [one.path for one in opened.items] == ["app.log"]
        assert opened.skipped == [("secret.log", "is encrypted")]


def test_links_and_devices_in_a_tar_are_no_items(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "b.tar", "w") as archive:
        for name, kind in (("link", tarfile.SYMTYPE), ("dev", tarfile.CHRTYPE), ("dir", tarfile.DIRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("app.log")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"a"))
    assert contents(tmp_path / "b.tar") == {"app.log": b"a"}


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"nowhere: does not exist \(give a folder, an archive or log files\)"):
        open_bundle([tmp_path / "nowhere"])


def test_empty(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"holds no file that can be read \(add logs"):
        open_bundle([tmp_path])


@pytest.mark.parametrize("name", ["b.zip", "b.tar", "b.tar.gz", "b.tar.zst"])
def test_not_an_archive(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not an archive at all" * 100)
    with pytest.raises(BundleError, match="is not a readable archive"):
        open_bundle([tmp_path / name])


def test_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ITEMS", 2)
    with pytest.raises(BundleError, match="unpacks to too much"):
        open_bundle([zipped(tmp_path / "b.zip", TREE)])


def test_too_many_files_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ITEMS", 2)
    with pytest.raises(BundleError, match="holds more than 2 files"):
        open_bundle([bundle(tmp_path, {f"{n}.log": "a" for n in range(5)})])


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    with pytest.raises(BundleError, match="unpacks to too much"):
        open_bundle([zipped(tmp_path / "b.zip", TREE)])
