"""Members of archives: what each entry becomes."""

import io
import tarfile
import zipfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from wslogs import archives
from wslogs.archives import Broken, is_archive, members


def listed(path: Path) -> list[tuple[str, str]]:
    """(name, why it is not read) of each entry."""
    with ExitStack() as resources:
        return [(one.name, one.why) for one in members(path, resources)]


def tar(path: Path, *infos: tarfile.TarInfo, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for info in infos:
            archive.addfile(info, io.BytesIO(b"x" * info.size))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, "a.log" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
    return info


def test_links_and_devices_of_a_tar_are_told(tmp_path: Path) -> None:
    kinds = {
        "s": tarfile.SYMTYPE,
        "h": tarfile.LNKTYPE,
        "p": tarfile.FIFOTYPE,
        "c": tarfile.CHRTYPE,
        "b": tarfile.BLKTYPE,
        "d": tarfile.DIRTYPE,
    }
    path = tar(tmp_path / "b.tar", entry("a.log", size=3), *(entry(name, kind) for name, kind in kinds.items()))
    assert listed(path) == [
        ("a.log", ""), ("s", archives.LINK), ("h", archives.LINK),
        ("p", archives.NO_FILE), ("c", archives.NO_FILE), ("b", archives.NO_FILE), ("d", ""),
    ]  # fmt: skip


def test_a_link_in_a_zip_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        info = zipfile.ZipInfo("passwd.log")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
        archive.writestr("a.log", "x")
    assert listed(tmp_path / "b.zip") == [("passwd.log", archives.LINK), ("a.log", "")]


def test_two_entries_over_the_same_bytes_are_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("a.log", "hello")
        archive.filelist.append(archive.filelist[0])
        archive.NameToInfo["b.log"] = archive.filelist[0]
    assert listed(tmp_path / "b.zip") == [("a.log", ""), ("a.log", archives.OVERLAPS)]


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_tar_is_read_member_by_member_in_any_order(tmp_path: Path, mode: str) -> None:
    path = tar(tmp_path / "b.tar.gz", *(entry(f"{n}.log", size=n) for n in (512, 5, 0, 1024, 2_000_000)), mode=mode)
    with ExitStack() as resources:
        found = list(members(path, resources))
        for one in reversed(found):
            assert one.opener is not None
            with one.opener() as stream:
                assert len(stream.read()) == one.size


def test_what_follows_damage_in_a_tar_is_not_read_and_it_is_said(tmp_path: Path) -> None:
    path = tar(tmp_path / "b.tar", entry("a.log", size=3), entry("b.log", size=3))
    raw = bytearray(path.read_bytes())
    raw[1024:1030] = b"\xff" * 6
    path.write_bytes(raw)
    found = []
    with ExitStack() as resources, pytest.raises(Broken, match="is damaged; what follows there was not read"):
        found += [one.name for one in members(path, resources)]
        found.extend(one.name for one in members(path, resources))
    assert found == []


def test_small_members_of_a_packed_tar_are_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tar(tmp_path / "b.tar.gz", *(entry(f"{n}.log", size=1000 + n) for n in range(50)), mode="w:gz")
    with ExitStack() as resources:
        found = list(members(path, resources))
        monkeypatch.setattr(archives, "_extracted", None)
        assert [len(one.opener().read()) for one in reversed(found) if one.opener] == [1049 - n for n in range(50)]


@pytest.mark.parametrize("name", ["b.zip", "b.tar", "b.tar.gz"])
def test_what_is_no_archive_says_so_without_its_words(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"password=hunter2hunter2" * 100)
    with ExitStack() as resources, pytest.raises(Broken, match=r"is not a readable archive: \w+$"):
        list(members(tmp_path / name, resources))


@pytest.mark.parametrize(
    ("head", "yes"), [(b"PK\x03\x04", True), (b"x" * 257 + b"ustar", True), (b"INFO: PK\x03\x04", False), (b"", False)]
)
def test_an_archive_is_told_by_its_beginning(head: bytes, yes: bool) -> None:
    assert is_archive(head) is yes
