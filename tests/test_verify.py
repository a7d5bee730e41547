"""A report against its bundle: hashes, and quoted lines."""

import gzip
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from wslogs.cli import app
from wslogs.report import render, write
from wslogs.report.compare import load
from wslogs.verify import verify, words

SAMPLE = Path(__file__).parent.parent / "samples" / "proxy" / "read-timeout" / "bundle"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from wslogs.pipeline import analyze

    folder = tmp_path_factory.mktemp("report")
    return write(render(analyze(SAMPLE).report, ["json"], "en"), folder)[0]


def states(report: Path, bundle: Path) -> dict[str, Any]:
    return {one.what: (one.state, one.line) if one.line else one.state for one in verify(load(report), [bundle])}


def test_the_bundle_itself_stands(report: Path) -> None:
    found = states(report, SAMPLE)
    assert set(found) == {path.name for path in SAMPLE.iterdir()} and set(found.values()) == {"same"}


def test_what_was_changed_is_told_file_by_file_and_line_by_line(report: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(SAMPLE, tmp_path / "copy"))
    access, conf = copy / "access.log", copy / "nginx.conf"
    access.write_bytes(b"".join(access.read_bytes().splitlines(keepends=True)[2:]))
    conf.write_text(conf.read_text("utf-8").replace("proxy_read_timeout 5s;", "proxy_read_timeout 1h;"), "utf-8")
    (copy / "error.log").unlink()
    (copy / "browser.har").write_bytes((copy / "browser.har").read_bytes() + b"\n")
    found = states(report, copy)
    assert {name: state for name, state in found.items() if ":" not in name} == {
        "nginx.conf": "changed", ".env": "same", "browser.har": "changed", "console.log": "same", "app.log": "same",
        "error.log": "missing", "access.log": "changed",
    }  # fmt: skip
    assert found["access.log:7"] == ("moved", 5)
    assert (found["nginx.conf:62"], found["nginx.conf:56"], found["browser.har:698"]) == ("gone", "there", "there")


def test_a_log_that_was_packed_since_is_the_same(report: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(SAMPLE, tmp_path / "copy"))
    log = copy / "access.log"
    log.write_bytes(gzip.compress(log.read_bytes()))
    assert set(states(report, copy).values()) == {"same"}


@pytest.mark.parametrize(
    ("excerpt", "kept"),
    [
        ('"GET /ws?… HTTP/1.1" 101, $request_time 5.003', ["GET", "/ws", "HTTP/1.1", "101", "5.003"]),
        ("wss://…/ws response.status 101", ["wss://", "/ws"]),
        ("…", []),
    ],
)
def test_words_of_the_line(excerpt: str, kept: list[str]) -> None:
    assert list(words(excerpt)) == kept


def test_the_command_and_its_exit_status(report: Path, tmp_path: Path) -> None:
    good = CliRunner().invoke(app, ["verify", str(report), str(SAMPLE)])
    assert (good.exit_code, good.output.splitlines()[-1]) == (0, "7 checks, 0 do not hold")
    (tmp_path / "app.log").write_text("x\n", "utf-8")
    bad = CliRunner().invoke(app, ["verify", str(report), str(tmp_path)])
    assert bad.exit_code == 1 and "changed  app.log\n" in bad.output and "missing  access.log\n" in bad.output
    assert CliRunner().invoke(app, ["verify", str(SAMPLE / "nginx.conf"), str(SAMPLE)]).exit_code == 2
