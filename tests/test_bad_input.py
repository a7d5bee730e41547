"""Input in any state, through the command: what cannot be analysed is refused by name, what can is analysed with a caveat."""

import gzip
import io
import json
import os
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from conftest import SAMPLES, bundle, files
from wslogs import evidence, pipeline, report
from wslogs.cli import app
from wslogs.streams import zstd

SAMPLE = SAMPLES / "auth" / "token-expired" / "bundle"
RUSSIAN = SAMPLES / "proxy" / "read-timeout" / "bundle"
LOGS = files(SAMPLE)
Change = Callable[[bytes], bytes]


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def analyze(*paths: Path, into: Path) -> dict[str, Any]:
    """The report of a run that must succeed."""
    result = run("analyze", *paths, "--output", into, "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    told: dict[str, Any] = json.loads((into / "report.json").read_text("utf-8"))
    return told


def judged(told: dict[str, Any]) -> tuple[Any, Any]:
    """What must not depend on how the bundle was packed or written."""
    return told["verdict"], told["attempts"]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    told = analyze(SAMPLE, into=tmp_path_factory.mktemp("plain"))
    assert (told["verdict"]["detail"], told["attempt_count"], told["caveats"]) == ("auth.token-expired", 5, [])
    return told


# Nothing can be analysed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["given", "does not exist"]),
        ({}, ["given", "holds no file that can be read"]),
        ({"notes.txt": "Buy milk.\n", "b/photo.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF"}, ["given", "notes.txt", "b/photo.jpg"]),
        ({"one.bin": bytes(range(256)) * 50}, ["given", "one.bin"]),
    ],
    ids=["missing", "empty", "nothing recognisable", "binary alone"],
)
def test_what_cannot_be_analysed_is_refused_by_name(tmp_path: Path, content: dict[str, str | bytes] | None, words: list[str]) -> None:
    if content is not None:
        bundle(tmp_path / "given", content).mkdir(exist_ok=True)
    result = run("analyze", tmp_path / "given", "--output", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1 and result.stderr.startswith("wslogs: ")
    assert [word for word in words if word not in result.stderr] == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["b.zip", "b.tar.gz", "b.tar.zst"])
def test_what_is_no_archive_is_refused_by_name(tmp_path: Path, name: str) -> None:
    result = run("analyze", bundle(tmp_path, {name: b"no archive"}) / name, "--output", tmp_path / "out")
    assert result.exit_code == 2 and f"{name}: is not a readable archive" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_where_nothing_can_be_opened_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "access.log").symlink_to(tmp_path / "nowhere")
    result = run("analyze", tmp_path / "given", "--output", tmp_path / "out")
    assert result.exit_code == 2 and "access.log: is a link, which is not followed" in result.stderr


@pytest.mark.parametrize("times", [1, 2])
def test_a_file_that_vanishes_while_it_is_read_is_no_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    given, real = bundle(tmp_path / "given", LOGS), os.open
    opened = []

    def failing(path: Any, *args: Any, **options: Any) -> int:
        opened.append(Path(path).name)
        if Path(path).name == "console.log" and opened.count("console.log") > times:
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", failing)
    told = analyze(given, into=tmp_path / "out")
    assert told["caveats"] == ["console.log cannot be read; it was left out."]
    assert told["verdict"]["detail"] == "auth.token-expired"


# Bad files among good ones --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("junk", "caveat"),
    [
        ({"core.dump": b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 300}, "core.dump is none of the kinds"),
        ({"notes.txt": "Buy milk.\nCall Ivan.\n"}, "notes.txt is none of the kinds"),
        ({"old.zip": b"PK\x03\x04" + b"\0" * 99}, "old.zip is an archive in the bundle"),
        ({"deep.json": "[" * 200_000}, "deep.json is none of the kinds"),
        ({"deep.har": '{"log": {"entries": [' + '{"request":' * 30_000}, "deep.har is cut off"),
        ({"other.har": '{"log": {"entries": 5}}'}, "other.har"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_junk_is_left_out_and_said(tmp_path: Path, plain: dict[str, Any], junk: dict[str, str | bytes], caveat: str) -> None:
    told = analyze(bundle(tmp_path / "b", LOGS | junk), into=tmp_path / "out")
    assert judged(told) == judged(plain)
    assert caveat in told["caveats"][0]
    assert [text for text in told["caveats"] if not text.startswith(next(iter(junk)))] == []


def test_json_that_nests_too_deep_stops_nothing(tmp_path: Path, plain: dict[str, Any]) -> None:
    lines = ['{"message":' * 30_000, '{"message":{"a":' + "[" * 30_000 + "]" * 30_000 + "}}", '{"time":' + "{" * 9]
    told = analyze(bundle(tmp_path / "b", LOGS | {"deep.log": "\n".join(lines)}), into=tmp_path / "out")
    assert judged(told) == judged(plain)


def test_an_unreadable_file_is_left_out_and_said(tmp_path: Path, plain: dict[str, Any]) -> None:
    given = bundle(tmp_path / "b", LOGS)
    (given / "syslog").symlink_to(tmp_path / "nowhere")
    told = analyze(given, into=tmp_path / "out")
    assert judged(told) == judged(plain)
    assert told["caveats"] == ["syslog is a link, which is not followed; it was left out."]


def test_a_truncated_har_counts_up_to_its_cut(tmp_path: Path, plain: dict[str, Any]) -> None:
    har = LOGS["browser.har"]
    second = har.index(b'"wss:', har.index(b'"wss:') + 1)
    end = har.index(b'"startedDateTime"', second)
    told = analyze(bundle(tmp_path / "b", {"browser.har": har[: end + 60]}), into=tmp_path / "out")
    assert told["caveats"][0] == "browser.har is cut off; only what stands before the cut was read."
    assert 0 < told["attempt_count"] < plain["attempt_count"]
    assert {row["tiers"]["browser"]["source"] for row in told["attempts"]} == {"browser.har"}


@pytest.mark.parametrize("share", [0.3, 0.6, 0.999])
def test_a_har_cut_anywhere_leaves_the_verdict_to_the_others(tmp_path: Path, share: float) -> None:
    cut = LOGS["browser.har"][: int(len(LOGS["browser.har"]) * share)]
    told = analyze(bundle(tmp_path / "b", LOGS | {"browser.har": cut}), into=tmp_path / "out")
    assert (told["verdict"]["detail"], told["attempt_count"]) == ("auth.token-expired", 5)
    assert "browser.har is cut off; only what stands before the cut was read." in told["caveats"]


@pytest.mark.parametrize("compress", [gzip.compress, zstd.compress])
def test_a_compressed_log_that_is_cut_short_is_said(tmp_path: Path, compress: Change) -> None:
    long = LOGS["access.log"] + b"".join(
        b'203.0.113.24 - - [23/Nov/2026:14:27:%02d +0500] "GET /page/%d HTTP/1.1" 200 %d "-" "M"\n' % (n % 60, n * n, n)
        for n in range(9000)
    )
    given = bundle(tmp_path / "b", LOGS | {"access.log.gz": compress(long)[:-20]})
    (given / "access.log").unlink()
    told = analyze(given, into=tmp_path / "out")
    assert "access.log.gz is cut off; only what stands before the cut was read." in told["caveats"]
    assert told["verdict"]["detail"] == "auth.token-expired"


def test_a_member_of_a_damaged_archive_is_said(tmp_path: Path) -> None:
    path = zipped(tmp_path, LOGS | {"zzz.log": b"INFO:     connection open\n" * 9000})
    raw = bytearray(path.read_bytes())
    place = raw.rindex(b"zzz.log", 0, raw.index(b"PK\x01\x02")) + 40
    raw[place : place + 8] = b"\xff" * 8
    path.write_bytes(raw)
    told = analyze(path, into=tmp_path / "out")
    assert told["verdict"]["detail"] == "auth.token-expired"
    assert [text for text in told["caveats"] if text.startswith("zzz.log")] != []


@pytest.mark.parametrize(
    ("header", "inner"),
    [
        ("", "    server {\n        listen 80;\n        location /api/v1/ws { proxy_pass http://127.0.0.1:8000; }\n"),
        ("events {}\n", "    location /api/v1/ws {\n        proxy_pass http://127.0.0.1:8000;\n"),
    ],
)
def test_an_nginx_conf_with_a_missing_brace_is_read_and_said(tmp_path: Path, header: str, inner: str) -> None:
    told = analyze(bundle(tmp_path / "b", LOGS | {"nginx.conf": f"{header}http {{\n{inner}"}), into=tmp_path / "out")
    assert next(text for text in told["caveats"] if text.startswith("nginx.conf: ")) == "nginx.conf: a block is not closed"
    assert told["verdict"]["detail"] == "auth.token-expired"


# Encodings and line ends ----------------------------------------------------------------------------------------------


def coloured(raw: bytes) -> bytes:
    return raw.replace(b"INFO", b"\x1b[32mINFO\x1b[0m").replace(b"WARNING", b"\x1b[33mWARNING\x1b[0m")


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda raw: raw.decode().encode("utf-16"), ["app.log", "access.log", "console.log", "nginx.conf"]),
        (lambda raw: b"\xef\xbb\xbf" + raw, ["app.log", "access.log", "console.log", "nginx.conf", "browser.har", ".env"]),
        (lambda raw: raw.replace(b"\n", b"\r\n"), ["app.log", "access.log", "console.log", "nginx.conf", ".env"]),
        (coloured, ["app.log"]),
        (gzip.compress, ["app.log", "access.log", "browser.har"]),
        (lambda raw: raw.removesuffix(b"\n"), list(LOGS)),
    ],
    ids=["utf-16", "byte order mark", "crlf", "colours", "gzip", "no last line end"],
)
def test_how_a_file_is_written_changes_nothing(tmp_path: Path, plain: dict[str, Any], change: Change, names: list[str]) -> None:
    told = analyze(bundle(tmp_path / "b", LOGS | {name: change(LOGS[name]) for name in names}), into=tmp_path / "out")
    assert judged(told) == judged(plain)
    assert told["caveats"] == []


def test_a_console_in_the_code_page_of_a_russian_windows(tmp_path: Path) -> None:
    given = files(RUSSIAN)
    only = {name: given[name] for name in ("browser.har", "console.log")}
    recoded = only["console.log"].decode().encode("cp1251")
    wanted = analyze(bundle(tmp_path / "utf-8" / "b", only), into=tmp_path / "a")
    told = analyze(bundle(tmp_path / "cp1251" / "b", only | {"console.log": recoded}), into=tmp_path / "b")
    assert 1006 in [row["close_code"] for row in wanted["attempts"]]
    assert [row["close_code"] for row in told["attempts"]] == [row["close_code"] for row in wanted["attempts"]]
    assert judged(told) == judged(wanted)


def test_a_line_without_an_end_takes_no_time(tmp_path: Path, plain: dict[str, Any]) -> None:
    began = time.monotonic()
    for name in ("app.log", "access.log", "console.log"):
        line = LOGS[name].split(b"\n", 1)[0] + b" /api/v1/ws websocket code=1006 " * 100_000
        told = analyze(bundle(tmp_path / name, LOGS | {name: LOGS[name] + line}), into=tmp_path / "out")
        assert told["verdict"]["detail"] == plain["verdict"]["detail"]
        source = next(row for row in told["bundle"]["sources"] if row["path"] == name)
        assert source["lines"] == LOGS[name].count(b"\n") + 1
    assert time.monotonic() - began < 20


# Containers -----------------------------------------------------------------------------------------------------------


def zipped(folder: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(folder / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return folder / "b.zip"


def tarred(folder: Path, name: str, compress: Change) -> Path:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(SAMPLE, arcname=".")
    return bundle(folder, {name: compress(buffer.getvalue())}) / name


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.zst", "single files"])
def test_every_container_gives_what_the_folder_gives(tmp_path: Path, plain: dict[str, Any], kind: str) -> None:
    compress: dict[str, Change] = {"tar": bytes, "tar.gz": gzip.compress, "tar.zst": zstd.compress}
    if kind == "zip":
        given = [zipped(tmp_path, LOGS)]
    elif kind in compress:
        given = [tarred(tmp_path, f"b.{kind}", compress[kind])]
    else:
        given = sorted(path for path in SAMPLE.iterdir() if path.is_file())
    told = analyze(*given, into=tmp_path / "out")
    assert judged(told) == judged(plain)
    assert (told["bundle"]["sources"], told["caveats"]) == (plain["bundle"]["sources"], [])


def test_an_encrypted_member_is_left_out_and_said(tmp_path: Path) -> None:
    path = zipped(tmp_path, LOGS)
    raw = bytearray(path.read_bytes())
    local = raw.index(b"console.log") - 30
    central = raw.index(b"console.log", raw.index(b"PK\x01\x02")) - 46
    raw[local + 6] |= 1
    raw[central + 8] |= 1
    path.write_bytes(raw)
    told = analyze(path, into=tmp_path / "out")
    assert told["caveats"] == ["console.log is encrypted; it was left out."]
    assert told["verdict"]["detail"] == "auth.token-expired"


def test_an_archive_never_writes(tmp_path: Path) -> None:
    path = zipped(tmp_path, {f"../../{name}": content for name, content in LOGS.items()})
    told = analyze(path, into=tmp_path / "out")
    assert told["verdict"]["detail"] == "auth.token-expired"
    assert sorted(files(tmp_path)) == ["b.zip", "out/report.json"]


# What a run leaves ----------------------------------------------------------------------------------------------------


def test_the_bundle_is_never_written_to(tmp_path: Path) -> None:
    given = bundle(tmp_path / "b", LOGS)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in given.rglob("*") if path.is_file()}
    folders = {path: path.stat().st_mtime_ns for path in (given, *given.rglob("*")) if path.is_dir()}
    assert run("analyze", given, "--output", tmp_path / "out").exit_code == 0
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in given.rglob("*") if path.is_file()} == before
    assert {path: path.stat().st_mtime_ns for path in folders} == folders


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("before", [{}, {"report.html": b"old", "report.md": b"old", "report.json": b"old"}])
def test_output_appears_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, before: dict[str, str | bytes]
) -> None:
    out, real = bundle(tmp_path / "out", before), Path.replace
    calls: list[Path] = []

    def failing(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) == 2:
            raise error
        return real(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    result = run("analyze", SAMPLE, "--output", out)
    monkeypatch.undo()
    assert result.exit_code == (2 if isinstance(error, OSError) else 130)
    assert "No space left on device" in result.stderr if isinstance(error, OSError) else "stopped; nothing was written" in result.stderr
    assert (files(out) if out.exists() else {}) == before and result.stdout == ""


STEPS = [(evidence, "kind_of"), (pipeline, "read"), (pipeline, "correlate"), (pipeline, "_judge"), (pipeline, "report")]


@pytest.mark.parametrize(("module", "step"), STEPS)
def test_ctrl_c_ends_cleanly_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: ModuleType, step: str) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, step, stopped)
    result = run("analyze", SAMPLE, "--output", tmp_path / "out")
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "wslogs: stopped; nothing was written\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("module", "step"), [one for one in STEPS if one[1] != "read"])
def test_a_defect_tells_its_class_and_place_and_never_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: ModuleType, step: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise LookupError("?token=Hunter2Hunter2Hunter2") from ValueError("Hunter2Hunter2Hunter2")

    monkeypatch.setattr(module, step, broken)
    result = run("analyze", SAMPLE, "--output", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (4, "")
    assert "LookupError at test_bad_input.py:" in result.stderr and "Hunter2" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_leak_is_stopped_before_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = LOGS["access.log"].decode().partition("?token=")[2].partition(" ")[0]
    assert secret.startswith("eyJ")

    def leaking(told: dict[str, Any], formats: list[str], lang: str, **more: Any) -> dict[str, bytes]:
        return {"report.md": f"so it says: {secret[40:60]}".encode()}

    monkeypatch.setattr(report, "render", leaking)
    result = run("analyze", SAMPLE, "--output", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr.startswith("wslogs: report.md would have held a part of a ")
    assert secret[40:52] not in result.stderr
    assert not (tmp_path / "out").exists()
