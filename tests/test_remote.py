"""wslogs/remote.py: files behind addresses."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import bundle
from stores import s3, web
from wslogs import remote
from wslogs.bundle import open_bundle
from wslogs.errors import BundleError

pytestmark = [pytest.mark.xdist_group("cluster"), pytest.mark.filterwarnings("default")]  # those of clients of others are not ours
FILES = {"logs/a/access.log": b"one\ntwo\n" * 9, "logs/error.log.gz": gzip.compress(b"three\n"), "other/app.log": b"four\n"}


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    with s3(FILES) as address:
        yield address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket/logs/", True), ("https://host/access.log?sig=1", True), ("gs://bucket", True), ("access.log", False),
        (r"C:\logs\access.log", False), ("/var/log//x", False), ("s3:/bucket/x", False), ("s3://", False),
    ],
)  # fmt: skip
def test_what_is_an_address(text: str, expected: bool) -> None:
    assert remote.is_address(text) is expected


def test_a_name_holds_neither_user_nor_query() -> None:
    assert remote.name("https://user:word@host/logs/access%20log?X-Amz-Signature=secret") == "access log"
    assert [remote.name(one) for one in ("s3://bucket/", "s3://bucket/logs/", "https://me:word@host:8443")] == ["bucket", "logs", "host"]


def test_files_below_a_prefix(store: str) -> None:
    with open_bundle([f"{store}logs/"]) as found:
        read = {item.path: (item.size, item.open().read()) for item in found.items}
    assert found.name == "logs"
    assert read == {
        "a/access.log": (72, FILES["logs/a/access.log"]),
        "error.log.gz": (len(FILES["logs/error.log.gz"]), b"three\n"),
    }


def test_a_prefix_without_its_slash_and_a_single_file(store: str) -> None:
    with open_bundle([f"{store}logs", f"{store}other/app.log"]) as found:
        assert [item.path for item in found.items] == ["a/access.log", "app.log", "error.log.gz"]


def test_parts_are_read_by_their_bytes(store: str) -> None:
    with open_bundle([f"{store}logs/a/access.log"]) as found:
        (item,) = found.items
    read = []
    for first, last in item.parts(30):
        with item.lines(first, last) as stream:
            read.append(stream.read(100) + stream.read(100))
    assert (len(read), b"".join(read)) == (3, FILES["logs/a/access.log"])


def test_beside_a_local_folder(store: str, tmp_path: Path) -> None:
    with open_bundle([bundle(tmp_path / "b", {"nginx.conf": "http {}"}), f"{store}other/"]) as found:
        assert [item.path for item in found.items] == ["app.log", "nginx.conf"]


def test_over_http(tmp_path: Path) -> None:
    with web(bundle(tmp_path, {"access.log": FILES["logs/a/access.log"]})) as address, open_bundle([f"{address}access.log?key=1"]) as found:
        (item,) = found.items
        assert (item.path, item.size, item.open().read()) == ("access.log", 72, FILES["logs/a/access.log"])
        assert item.parts(30) == [(0, None)]


@pytest.mark.parametrize("address", ["nothing/here.log", "logs/none/"])
def test_what_is_not_there_is_said(store: str, address: str) -> None:
    with pytest.raises(BundleError, match=r"is not there|holds no file"):
        open_bundle([store + address])


def test_an_error_tells_no_secret_of_the_address() -> None:
    with pytest.raises(BundleError) as error:
        open_bundle(["http://user:word@127.0.0.1:9/access.log?sig=hunter2"])
    assert str(error.value) == "access.log: is not there"


def test_what_lacks_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(BundleError, match=r"pip install 'wslogs\[cluster\]'"):
        open_bundle(["https://host/x"])
    with pytest.raises(BundleError, match=r"^x: cannot be read: \w+ \(pip install s3fs\)$"):
        open_bundle(["s3://bucket/x"])


def test_an_unknown_scheme_is_said() -> None:
    with pytest.raises(BundleError, match="cannot be read: ValueError"):
        open_bundle(["nonsense://bucket/x"])


def test_an_archive_is_to_be_fetched(store: str) -> None:
    with pytest.raises(BundleError, match="fetch it first"):
        open_bundle([f"{store}bundle.tar.gz"])
