"""Bundle -> evidence: which file teaches which, and what is said of those that were left out."""

from pathlib import Path

import pytest

from conftest import bundle, patterns
from wslogs import evidence
from wslogs.bundle import open_bundle
from wslogs.evidence import Evidence, read
from wslogs.model import What
from wslogs.parsers.kit import Kit
from wslogs.redact import Vault

ROW = '192.0.2.1 - - [23/Nov/2026:12:00:01 +0000] "GET {path} HTTP/1.1" {status} 0 "-" "Mozilla/5.0"\n'
REFUSED = (
    "2026/11/23 12:00:01 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, "
    'server: app.example.com, request: "GET {path} HTTP/1.1", upstream: "http://127.0.0.1:8000{path}", host: "app.example.com"\n'
)


def of(folder: Path, steps: list[tuple[str, int, int]] | None = None) -> Evidence:
    with open_bundle([folder]) as opened:
        return read(opened, Kit(patterns(), Vault()), None if steps is None else lambda *step: steps.append(step))


def test_configuration_comes_first_and_rows_of_access_last(tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    files = {"a-access.log": ROW.format(path="/ws", status=101), "b-error.log": REFUSED.format(path="/ws"), "c.env": "API_URL=http://a\n"}
    of(bundle(tmp_path, files), steps)
    assert steps == [("c.env", 0, 3), ("b-error.log", 1, 3), ("a-access.log", 2, 3)]


def test_an_error_log_is_read_again_for_a_path_that_only_rows_name(tmp_path: Path) -> None:
    files = {"access.log": ROW.format(path="/live", status=101) * 2, "error.log": REFUSED.format(path="/live")}
    found = of(bundle(tmp_path, files))
    assert [(event.source, event.what) for event in found.events if event.what is What.ERROR] == [("error.log", What.ERROR)]


def test_errors_of_other_requests_are_set_apart(tmp_path: Path) -> None:
    files = {"access.log": ROW.format(path="/ws", status=101), "error.log": REFUSED.format(path="/users")}
    found = of(bundle(tmp_path, files))
    assert ([e.path for e in found.events], [e.path for e in found.others if e.what is What.ERROR]) == (["/ws"], ["/users"])


def test_many_rows_become_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "_MUCH", 100)
    monkeypatch.setattr(evidence, "_SMALL", 10)
    found = of(bundle(tmp_path, {"access.log": ROW.format(path="/ws", status=101) * 5}))
    assert (len(found.rows), len(found.rest), len(found.events)) == (5, 0, 5)
    assert [(source.lines, source.kept) for source in found.sources] == [(5, 5)]


def test_of_caveats_about_very_many_files_some_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "_MOST_CAVEATS", 2)
    poems = {f"{n}.txt": "Roses are red\n" for n in range(5)}
    found = of(bundle(tmp_path, {"access.log": ROW.format(path="/ws", status=101), **poems}))
    assert [kind for kind, _ in found.caveats] == ["unknown-kind", "unknown-kind", "note"]
    assert found.caveats[-1][1]["note"] == "the same is to be said of 3 more files: unknown-kind"
