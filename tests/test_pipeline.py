"""From files to a report, in whole."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conftest import NOON, SAMPLES, analyzed, bundle
from wslogs.errors import BundleError
from wslogs.pipeline import analyze

SAMPLE = "auth/token-expired"
ROW = '192.0.2.{n} - - [23/Nov/2026:12:00:0{n} +0000] "GET /ws HTTP/1.1" {status} 0 "-" "Mozilla/5.0"\n'


def core(report: dict[str, Any]) -> dict[str, Any]:
    """What was found, without the list of files it was found in."""
    rows = [{key: row[key] for key in ("started", "opened", "status", "close_code", "detail", "url")} for row in report["attempts"]]
    return {"verdict": report["verdict"], "count": report["attempt_count"], "attempts": rows}


def test_a_bundle_is_only_read(tmp_path: Path) -> None:
    copy = shutil.copytree(SAMPLES / SAMPLE / "bundle", tmp_path / "bundle")
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in copy.iterdir()}
    analyze(copy)
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in copy.iterdir()} == before


def test_the_same_bundle_gives_the_same_report() -> None:
    first, second = (json.dumps(analyze(SAMPLES / SAMPLE / "bundle").report) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("sample", [SAMPLE, "proxy/upgrade-headers-missing", "server/backend-stopped"])
def test_the_order_of_files_changes_nothing(sample: str) -> None:
    paths = sorted(path for path in (SAMPLES / sample / "bundle").rglob("*") if path.is_file())
    assert core(analyze(paths[::-1]).report) == core(analyze(paths).report)


@pytest.mark.parametrize("sample", [SAMPLE, "proxy/upgrade-headers-missing"])
def test_a_second_copy_of_the_access_log_changes_nothing(sample: str, tmp_path: Path) -> None:
    copy = shutil.copytree(SAMPLES / sample / "bundle", tmp_path / "bundle")
    shutil.copy(copy / "access.log", copy / "access-again.log")
    assert core(analyze(copy).report) == core(analyzed(sample).report)


def test_an_access_log_alone(tmp_path: Path) -> None:
    made = analyze(bundle(tmp_path, {"access.log": "".join(ROW.format(n=n, status=404) for n in range(1, 5))}))
    assert [(row["status"], row["outcome"]) for row in made.report["attempts"]] == [(404, "failed")] * 4
    assert made.report["bundle"]["sources"][0]["kind"] == "nginx-access"


def test_since_and_until(tmp_path: Path) -> None:
    folder = bundle(tmp_path, {"access.log": "".join(ROW.format(n=n, status=404) for n in range(1, 5))})
    when = [datetime.fromtimestamp(NOON + second, UTC) for second in (2, 4)]
    assert analyze(folder, since=when[0], until=when[1]).report["attempt_count"] == 2


def test_what_cannot_be_understood_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="nothing in it could be understood"):
        analyze(bundle(tmp_path, {"poem.txt": "Roses are red\nviolets are blue\n"}))


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    folder = bundle(tmp_path, {"access.log": ROW.format(n=1, status=404) * 4, "photo.bin": b"\x89PNG\0\0\0\0" * 20})
    assert "photo.bin is none of the kinds that wslogs reads; it was left out." in analyze(folder).report["caveats"]


def test_progress_tells_each_file() -> None:
    told: list[tuple[str, int, int]] = []
    analyze(SAMPLES / SAMPLE / "bundle", progress=lambda *step: told.append(step))
    assert {label.rpartition("/")[2] for label, _, _ in told} == {
        path.name for path in (SAMPLES / SAMPLE / "bundle").rglob("*") if path.is_file()
    }
    assert all(0 <= place < total for _, place, total in told)


def test_the_remedy_of_a_configuration_is_a_diff() -> None:
    diff = analyzed("proxy/upgrade-headers-missing").report["incidents"][0]["remedy"]["diff"]
    assert "+" in diff
    assert "proxy_set_header Upgrade $http_upgrade;" in diff


def test_it_speaks_russian() -> None:
    told = analyze(SAMPLES / SAMPLE / "bundle", lang="ru").report
    assert told["verdict"]["title"] == "Срок токена истёк"


def test_until_takes_the_end_where_no_source_tells_the_beginning(tmp_path: Path) -> None:
    folder = bundle(tmp_path, {"access.log": ROW.format(n=1, status=101)})
    before = datetime.fromtimestamp(NOON - 60, UTC)
    assert analyze(folder, until=before).report["attempt_count"] == 0
    assert analyze(folder, since=before).report["attempt_count"] == 1


def test_a_window_without_attempts_makes_none_of_loose_lines(tmp_path: Path) -> None:
    """The alert belongs to no request; it must not become an attempt because --since left no other."""
    alert = "2026/11/23 12:00:01 [alert] 5127#0: 1024 worker_connections are not enough\n"
    folder = bundle(tmp_path, {"access.log": ROW.format(n=1, status=404), "error.log": alert})
    assert analyze(folder, since=datetime(2030, 1, 1, tzinfo=UTC)).report["attempt_count"] == 0


def test_attempts_without_any_time_are_told(tmp_path: Path) -> None:
    line = "WebSocket connection to 'ws://localhost:8000/ws' failed: Error in connection establishment: net::ERR_CONNECTION_REFUSED\n"
    made = analyze(bundle(tmp_path, {"console.txt": line}))
    assert made.report["caveats"] == ["No source tells when the attempts were made; they are listed in the order of the files."]
