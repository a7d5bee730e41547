"""Folder, archive and single files -> items, whatever state they are in."""

import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from conftest import bundle, files, item
from wslogs import bundle as module
from wslogs.bundle import Item, open_bundle
from wslogs.errors import BundleError
from wslogs.streams import Notes, zstd

LOGS = {"access.log": "one\ntwo\n", "nginx/nginx.conf": "events {}\n", "app.log.1.gz": gzip.compress(b"old\n")}


def read(items: list[Item]) -> dict[str, bytes]:
    found = {}
    for one in items:
        with one.open() as stream:
            found[one.path] = stream.read()
    return found


def zipped(folder: Path, members: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(folder / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return folder / "b.zip"


def tarred(members: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            raw = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return buffer.getvalue()


def of_folder(folder: Path) -> list[Path]:
    return [bundle(folder / "b", LOGS)]


def of_zip(folder: Path) -> list[Path]:
    return [zipped(folder, LOGS)]


def of_tar(folder: Path) -> list[Path]:
    return [bundle(folder, {"b.tar": tarred(LOGS)}) / "b.tar"]


def of_tar_gz(folder: Path) -> list[Path]:
    return [bundle(folder, {"b.tgz": gzip.compress(tarred(LOGS))}) / "b.tgz"]


def of_tar_zst(folder: Path) -> list[Path]:
    return [bundle(folder, {"b.tar.zst": zstd.compress(tarred(LOGS))}) / "b.tar.zst"]


@pytest.mark.parametrize("make", [of_folder, of_zip, of_tar, of_tar_gz, of_tar_zst])
def test_every_container_holds_the_same_files(tmp_path: Path, make: Callable[[Path], list[Path]]) -> None:
    with open_bundle(make(tmp_path)) as opened:
        assert read(opened.items) == {"access.log": b"one\ntwo\n", "app.log.1.gz": b"old\n", "nginx/nginx.conf": b"events {}\n"}
        assert [one.path for one in opened.items] == ["access.log", "app.log.1.gz", "nginx/nginx.conf"]
        assert opened.skipped == []


def test_single_files_are_named_by_their_names_and_two_of_one_name_stay_two(tmp_path: Path) -> None:
    bundle(tmp_path, {"web1/access.log": "1", "web2/access.log": "2", "app.log": "3"})
    with open_bundle([tmp_path / "web1/access.log", tmp_path / "web2/access.log", tmp_path / "app.log"]) as opened:
        assert read(opened.items) == {"access.log": b"1", "access.log (2)": b"2", "app.log": b"3"}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("\ufeffline\n".encode(), b"line\n"),
        ("строка\r\n".encode("utf-16"), "строка\r\n".encode()),
        (b"\xfe\xff" + "строка\n".encode("utf-16-be"), "строка\n".encode()),
        ("23.11 12:00 строка\r\n".encode("utf-16-le"), "23.11 12:00 строка\r\n".encode()),
        ("23.11 12:00 строка\r\n".encode("utf-16-be"), "23.11 12:00 строка\r\n".encode()),
        (b"\x7f\0E\0L\0F\0" * 9 + b"\0\0", b"\x7f\0E\0L\0F\0" * 9 + b"\0\0"),
        (bytes(range(1, 32)) * 2 + b"a\0" * 40, bytes(range(1, 32)) * 2 + b"a\0" * 40),
        (gzip.compress("строка\n".encode("utf-16")), "строка\n".encode()),
        (zstd.compress(b"line\n"), b"line\n"),
        (b"", b""),
        (b"\xcf\xf0\n", b"\xcf\xf0\n"),
    ],
    ids=[
        "utf-8 with mark",
        "utf-16",
        "utf-16 big",
        "utf-16 without mark",
        "utf-16 big without mark",
        "binary",
        "other binary",
        "utf-16 in gzip",
        "zstd",
        "empty",
        "cp1251 as it is",
    ],
)
def test_content_is_utf_8_and_decompressed(raw: bytes, text: bytes) -> None:
    assert read([item(raw)]) == {"a.log": text}
    assert item(raw).head() == text


def test_utf_16_is_read_block_by_block() -> None:
    with item(("я" * 999 + "\n").encode("utf-16")).open() as stream:
        blocks = []
        while block := stream.read(64):
            blocks.append(block)
    assert b"".join(blocks).decode() == "я" * 999 + "\n"


@pytest.mark.parametrize("cut", [20, 400, -1])
@pytest.mark.parametrize("compress", [gzip.compress, zstd.compress])
def test_cut_compressed_data_ends_early_and_says_so(compress: Callable[[bytes], bytes], cut: int) -> None:
    import random

    text = "\n".join(str(random.Random(n).random()) for n in range(2000)).encode()
    one = item(compress(text)[:cut])
    with one.open() as stream:
        got = stream.read()
    assert text.startswith(got) and one.notes == Notes(cut=True)


def test_a_damaged_member_of_a_zip_is_cut_and_the_others_are_whole(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"a.log": b"hello there " * 5000, "b.log": b"fine\n"})
    raw = bytearray(path.read_bytes())
    raw[60] ^= 0xFF
    path.write_bytes(raw)
    with open_bundle([path]) as opened:
        damaged, whole = opened.items
        assert read([whole]) == {"b.log": b"fine\n"}
        read([damaged])
        assert (damaged.notes, whole.notes) == (Notes(cut=True), Notes())


def test_an_encrypted_member_is_skipped_and_named(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"a.log": "x", "b.log": "y"})
    raw = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + flags] |= 1
    path.write_bytes(raw)
    with open_bundle([path]) as opened:
        assert read(opened.items) == {"b.log": b"y"}
        assert opened.skipped == [("a.log", "is encrypted")]


@pytest.mark.parametrize("name", ["../../etc/a.log", "/etc/a.log", "..\\..\\etc\\a.log", "./etc/./a.log"])
def test_a_member_that_points_outside_is_a_label_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path, {name: "x"})
    with open_bundle([path]) as opened:
        assert read(opened.items) == {"etc/a.log": b"x"}
    assert [p.name for p in tmp_path.rglob("*")] == ["b.zip"]


@pytest.mark.parametrize("name", ["b.zip", "b.tar", "b.tar.gz", "b.tar.zst"])
@pytest.mark.parametrize("content", [b"", b"no archive at all", b"PK\x03\x04rest"])
def test_what_is_no_archive_is_said(tmp_path: Path, name: str, content: bytes) -> None:
    path = bundle(tmp_path, {name: content}) / name
    with pytest.raises(BundleError) as caught:
        open_bundle([path])
    assert caught.value.path == str(path)


def test_a_cut_tar_gz_is_said(tmp_path: Path) -> None:
    whole = gzip.compress(tarred({"a.log": bytes(range(256)) * 400, "b.log": "y"}))
    path = bundle(tmp_path, {"b.tar.gz": whole[: len(whole) // 2]}) / "b.tar.gz"
    with pytest.raises(BundleError, match=r"is not a readable archive"):
        open_bundle([path])


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(BundleError) as caught:
        open_bundle([tmp_path / "nowhere"])
    assert (caught.value.path, caught.value.what) == (str(tmp_path / "nowhere"), "does not exist")


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="holds no file that can be read"):
        open_bundle([tmp_path])


def test_what_cannot_be_read_is_skipped_with_its_reason(tmp_path: Path) -> None:
    bundle(tmp_path, {"access.log": "x"})
    (tmp_path / "gone.log").symlink_to(tmp_path / "nowhere")
    with open_bundle([tmp_path]) as opened:
        assert read(opened.items) == {"access.log": b"x"}
        assert opened.skipped == [("gone.log", "is a link, which is not followed")]


def test_a_link_that_leads_around_in_a_circle_ends(tmp_path: Path) -> None:
    bundle(tmp_path, {"logs/access.log": "x"})
    (tmp_path / "logs" / "again").symlink_to(tmp_path, target_is_directory=True)
    with open_bundle([tmp_path]) as opened:
        assert list(read(opened.items)) == ["logs/access.log"]


def test_a_report_of_an_earlier_run_is_no_evidence(tmp_path: Path) -> None:
    reports = {f"wslogs-report/report.{kind}": "x" for kind in ("html", "md", "json")}
    bundle(tmp_path, {"access.log": "x", ".git/config": "x", "node_modules/a.js": "x"} | reports)
    with open_bundle([tmp_path]) as opened:
        assert list(read(opened.items)) == ["access.log"]


@pytest.mark.parametrize("packed", [False, True])
def test_of_too_many_files_the_first_are_read_and_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    monkeypatch.setattr(module, "MOST_ITEMS", 2)
    given = bundle(tmp_path / "b", {f"{n}.log": "x" for n in range(4)})
    with open_bundle([zipped(tmp_path, dict(sorted(files(given).items()))) if packed else given]) as opened:
        assert [item.path for item in opened.items] == ["0.log", "1.log"]
        assert opened.notes == [("b.zip" if packed else "b", "it holds more than 2 files; the others were left out")]


def test_the_name_is_that_of_the_first_path(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "of-tuesday", LOGS)
    with open_bundle([folder, folder / "access.log"]) as opened:
        assert opened.name == "of-tuesday"


@pytest.mark.parametrize("name", ["b.TAR", "b.TGZ", "b.tzst"])
def test_a_container_is_known_by_its_name_in_any_case(tmp_path: Path, name: str) -> None:
    pack = {"TAR": bytes, "TGZ": gzip.compress, "tzst": zstd.compress}[name[2:]]
    with open_bundle([bundle(tmp_path, {name: pack(tarred(LOGS))}) / name]) as opened:
        assert list(read(opened.items)) == ["access.log", "app.log.1.gz", "nginx/nginx.conf"]


def test_gzip_of_several_parts_is_read_to_its_end() -> None:
    assert read([item(gzip.compress(b"one\n") + gzip.compress(b"two\n"))]) == {"a.log": b"one\ntwo\n"}


def test_damage_in_the_middle_ends_the_file() -> None:
    packed = bytearray(gzip.compress(bytes(range(256)) * 400))
    packed[40:60] = b"\xff" * 20
    one = item(bytes(packed))
    with one.open() as stream:
        stream.read()
    assert one.notes == Notes(cut=True)


def test_links_and_devices_in_a_tar_are_no_items(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "b.tar", "w") as archive:
        for name, kind in (("link", tarfile.SYMTYPE), ("dev", tarfile.CHRTYPE), ("dir", tarfile.DIRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("app.log")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"a"))
    with open_bundle([tmp_path / "b.tar"]) as opened:
        assert read(opened.items) == {"app.log": b"a"}


def test_one_report_alone_is_evidence_like_any_file(tmp_path: Path) -> None:
    with open_bundle([bundle(tmp_path, {"report.json": "{}"})]) as opened:
        assert read(opened.items) == {"report.json": b"{}"}


def test_of_many_files_left_out_for_one_reason_some_are_named(tmp_path: Path) -> None:
    bundle(tmp_path / "b", {"access.log": "x"})
    for number in range(25):
        (tmp_path / "b" / f"{number:02}.log").symlink_to("access.log")
    with open_bundle([tmp_path / "b"]) as opened:
        assert [path for path, _ in opened.skipped] == [f"{number:02}.log" for number in range(10)]
        assert opened.notes == [("b", "15 more files were left out: each is a link, which is not followed")]


def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    given = bundle(tmp_path / "b", {"access.log": "x", "app.log": "y"})
    with open_bundle([given]) as opened:
        (given / "app.log").unlink()
        os.mkfifo(given / "app.log")
        with pytest.raises(OSError, match="is no regular file"):
            opened.items[1].open()
