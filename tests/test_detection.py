"""What a file is, by its content."""

from pathlib import Path

import pytest

from conftest import bundle, item, patterns
from wslogs.detection import kind_of
from wslogs.parsers.kit import Kit
from wslogs.pipeline import analyze
from wslogs.redact import Vault
from wslogs.stanzas import Foreign

ROW = '192.0.2.1 - - [23/Nov/2026:12:00:01 +0000] "GET /ws HTTP/1.1" 101 0 "-" "Mozilla/5.0"\n'
ALERT = "2026/11/23 12:00:01 [alert] 5127#0: 1024 worker_connections are not enough\n"
UVICORN = "INFO:     Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)\n"
CLIENT_HELLO = (
    b"2026/11/24 22:44:26 [info] 5#5: *%d client sent invalid method while reading client request line, client: 127.0.0.1, "
    b'server: app.example.com, request: "\x16\x03\x01\x00\xf7\x01\x00"\n'
)


@pytest.mark.parametrize(
    ("content", "kind", "programs"),
    [
        (ROW * 3, "nginx-access", {"": "nginx-access"}),
        (ALERT * 3, "nginx-error", {"": "nginx-error"}),
        (UVICORN * 3, "app", {"": "app"}),
        (f"nginx-1  | {ROW}" * 3 + f"api-1  | {UVICORN}" * 5, "nginx-access", {"nginx-1": "nginx-access", "api-1": "app"}),
        ("server {\n    listen 80;\n    location / {\n        proxy_pass http://app;\n    }\n}\n", "nginx-conf", {}),
        ("API_URL=http://127.0.0.1:8000\nSECRET_KEY=x\n", "env", {}),
        ("services:\n  api:\n    image: api\n    ports: ['8000:8000']\n", "compose", {}),
        ('{"log": {"version": "1.2", "creator": {"name": "x"}, "entries": []}}', "har", {}),
        (b"PK\x03\x04" + bytes(30), "archive", {}),
        (bytes(range(256)) * 20, "binary", {}),
        (" \n\n", "empty", {}),
        ("Roses are red\nviolets are blue\n", "unknown", {}),
    ],
    ids=lambda value: None if isinstance(value, str | bytes) and len(value) > 12 else str(value),
)
def test_the_kind_of_a_file_and_of_its_programs(content: str | bytes, kind: str, programs: dict[str, str]) -> None:
    assert kind_of(item(content), Kit(patterns(), Vault())) == (kind, programs)


@pytest.mark.parametrize("stanza", patterns().foreigns, ids=lambda one: one.id)
def test_a_log_of_another_proxy_is_named_and_not_read(tmp_path: Path, stanza: Foreign) -> None:
    folder = bundle(tmp_path, {"other.log": f"{stanza.examples[0]}\n" * 3, "access.log": ROW})
    found = analyze(folder)
    assert f"other.log looks like {stanza.name}, which wslogs does not read yet; it was left out." in found.report["caveats"]
    assert [source.path for source in found.evidence.sources] == ["access.log"]


def test_an_error_log_that_quotes_tls_as_it_came_is_no_binary_file(tmp_path: Path) -> None:
    """Recorded: nginx writes the bytes of a ClientHello that came to a plain port into each of its lines."""
    (tmp_path / "error.log").write_bytes(b"".join(CLIENT_HELLO % number for number in range(8)))
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)) * 20)
    report = analyze(tmp_path).report
    assert [(source["path"], source["recognised"]) for source in report["bundle"]["sources"]] == [("error.log", 8)]
