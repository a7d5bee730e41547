"""wslogs/cli.py: options, exit statuses, and what a person sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import wslogs
from wslogs import pipeline, report
from wslogs.cli import app

SAMPLES = Path(__file__).parent.parent / "samples"
FAILURE = SAMPLES / "proxy" / "upgrade-headers-missing" / "bundle"
HEALTHY = SAMPLES / "healthy" / "noise" / "bundle"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def verdict(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))["verdict"]
    return found


def test_analyze_writes_three_reports_and_says_the_verdict(tmp_path: Path) -> None:
    result = run("analyze", FAILURE, "--output", tmp_path / "out")
    assert result.exit_code == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["report.html", "report.json", "report.md"]
    assert result.stdout.startswith("Failure: nginx does not pass the upgrade on\n")
    assert result.stderr == ""


def test_format_chooses(tmp_path: Path) -> None:
    assert run("analyze", FAILURE, "--output", tmp_path, "--format", "json").exit_code == 0
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


def test_an_unknown_format_is_wrong_usage(tmp_path: Path) -> None:
    result = run("analyze", FAILURE, "--output", tmp_path, "--format", "pdf")
    assert result.exit_code == 2 and "pdf" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_russian(tmp_path: Path) -> None:
    result = run("analyze", FAILURE, "--output", tmp_path, "--lang", "ru")
    assert result.stdout.startswith("Сбой: nginx не передаёт Upgrade\n")
    assert "приложение получило обычный GET" in (tmp_path / "report.md").read_text("utf-8")


@pytest.mark.parametrize(("bundle", "status"), [(HEALTHY, 0), (FAILURE, 1), (FAILURE / "nginx.conf", 3)])
def test_exit_code(bundle: Path, status: int, tmp_path: Path) -> None:
    assert run("analyze", bundle, "--output", tmp_path, "--exit-code").exit_code == status


def test_since_and_until_cut(tmp_path: Path) -> None:
    run("analyze", FAILURE, "--output", tmp_path, "--since", "2030-01-01")
    assert verdict(tmp_path)["status"] == "undetermined"
    assert run("analyze", FAILURE, "--output", tmp_path, "--until", "yesterday").exit_code == 2


def test_addresses_only_when_asked(tmp_path: Path) -> None:
    run("analyze", HEALTHY, "--output", tmp_path / "a")
    run("analyze", HEALTHY, "--output", tmp_path / "b", "--addresses")
    plain, shown = ((tmp_path / name / "report.json").read_text("utf-8") for name in "ab")
    assert "203.0.113." not in plain and "203.0.113." in shown


def test_nothing_to_read_is_2_and_names_it(tmp_path: Path) -> None:
    missing = run("analyze", tmp_path / "nowhere", "--output", tmp_path / "out")
    assert missing.exit_code == 2 and "nowhere" in missing.stderr and "does not exist" in missing.stderr
    (tmp_path / "empty").mkdir()
    assert run("analyze", tmp_path / "empty", "--output", tmp_path / "out").exit_code == 2
    assert not (tmp_path / "out").exists()


def test_a_defect_tells_its_place_and_never_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("token=hunter2hunter2")

    monkeypatch.setattr(pipeline, "analyze", broken)
    result = run("analyze", FAILURE, "--output", tmp_path)
    assert result.exit_code == 4
    assert "ValueError at test_cli.py:" in result.stderr and "hunter2" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "render", stopped)
    result = run("analyze", FAILURE, "--output", tmp_path)
    assert (result.exit_code, list(tmp_path.iterdir())) == (130, [])


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    result = run("analyze", FAILURE, "--output", tmp_path / "file")
    assert result.exit_code == 2 and "cannot be written" in result.stderr


def test_python_m_and_import_give_the_same_as_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "wslogs", "analyze", str(FAILURE), "--output", str(tmp_path), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""  # no bar where stderr is no terminal
    assert json.loads((tmp_path / "report.json").read_text("utf-8")) == json.loads(json.dumps(wslogs.analyze(FAILURE).report))


def test_patterns_check_and_version() -> None:
    assert run("patterns", "check").stdout.endswith(" 0 problems\n")
    assert run("--version").stdout.startswith("wslogs ")


def test_explain_shows_lines_and_what_is_read_in_them() -> None:
    said = run("explain", FAILURE, "--lines", "5").stdout
    assert "app.log:\n     5  shape." in said
    assert "token=T1" in said
    assert "eyJ" not in said


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = [sys.executable, "-m", "wslogs", "explain", str(FAILURE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as shown:
        assert shown.stdout is not None and shown.stderr is not None
        shown.stdout.readline()
        shown.stdout.close()
        assert shown.stderr.read() == b""


@pytest.mark.parametrize("lines", ["x", "5-y"])
def test_explain_refuses_what_is_no_range(lines: str) -> None:
    assert run("explain", FAILURE, "--lines", lines).exit_code == 2


def test_patterns_list_names_each_with_its_place() -> None:
    rows = run("patterns", "list", "--kind", "nginx-error").stdout.splitlines()
    assert len(rows) > 10
    assert all("nginx-error" in row and ".toml:" in row for row in rows)


def test_patterns_try_reads_one_line() -> None:
    assert run("patterns", "try", "INFO:     connection open").stdout == "     1  shape.uvicorn: opened\n        INFO: connection open\n"


def test_patterns_why_tells_in_both_languages() -> None:
    assert run("patterns", "why", "proxy.limits").stdout.startswith("proxy.limits: ")
    assert run("patterns", "why", "proxy.limits", "--lang", "ru").stdout != run("patterns", "why", "proxy.limits").stdout
    assert run("patterns", "why", "proxy.limit").exit_code == 2


def test_own_patterns_reach_the_verdict(tmp_path: Path) -> None:
    folder, own = tmp_path / "bundle", tmp_path / "own"
    folder.mkdir()
    own.mkdir()
    (folder / "app.log").write_text("<<2026-11-23 12:00:00,000>> GATE /ws shut 403\n" * 3, "utf-8")
    (own / "gate.toml").write_text(
        "[[shape]]\nid = 'own.shape'\nkind = 'app'\nmatch = '^<<'\n"
        "[[message]]\nid = 'own.gate'\nkinds = ['app']\nmatch = 'GATE (?P<path>/\\S+) shut (?P<status>\\d+)'\n"
        "needles = ['gate ']\nwhat = 'refused'\n",
        "utf-8",
    )
    assert run("analyze", folder, "--output", tmp_path / "without").exit_code == 2
    assert run("analyze", folder, "--output", tmp_path / "with", "--patterns", own).exit_code == 0
    told = json.loads((tmp_path / "with" / "report.json").read_text("utf-8"))
    assert [(row["status"], row["tiers"]["app"]["line"]) for row in told["attempts"]] == [(403, 1), (403, 2), (403, 3)]


def test_a_bad_own_pattern_stops_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_text("\n[[shape]]\nid = 'own.shape'\nkind = 'ap'\nmatch = '^<<'\n", "utf-8")
    result = run("analyze", FAILURE, "--output", tmp_path / "out", "--patterns", tmp_path)
    assert (result.exit_code, result.stderr) == (2, "wslogs: gate.toml:2 [own.shape]: names the unknown kind `ap` (did you mean app?)\n")


@pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")
def test_a_bar_is_drawn_on_a_terminal_alone(tmp_path: Path) -> None:
    import pty

    command = [sys.executable, "-m", "wslogs", "analyze", str(FAILURE), "--output", str(tmp_path / "out")]
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, timeout=60, check=True, env={**os.environ, "TERM": "xterm"})
        os.set_blocking(ours, False)
        drawn = b""
        with suppress(BlockingIOError):
            while chunk := os.read(ours, 1 << 16):  # a terminal hands out a few KiB at a time
                drawn += chunk
    finally:
        os.close(theirs)
        os.close(ours)
    assert b"/7" in drawn and b"reading" in drawn
    assert b"\x1b" not in done.stdout and done.stdout.startswith(b"Failure: ")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1251", "cp866"])
def test_a_terminal_that_lacks_a_character_stops_nothing(tmp_path: Path, encoding: str) -> None:
    command = [sys.executable, "-m", "wslogs", "analyze", str(FAILURE), "--output", str(tmp_path / "out"), "--lang", "ru"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "nginx" in done.stdout.decode(encoding)
