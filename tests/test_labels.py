"""Names of files as labels."""

import pytest

from wslogs.labels import label


@pytest.mark.parametrize(
    "name",
    [
        "access.log", "nginx/error.log.1.gz", "access.log-20261123.gz", "testdomen.uz-1795426188281.log", "app-2026-11-23T120000Z.log",
        "conf.d/testdomen.uz.conf", "aziza-tab2-console.log", ".env", "web1/app.log", "журнал.txt", "docker-compose.override.yml",
        "netlog-chrome-export.json", "websocket_errors_production.log", "backend2.log",
        "WebSocketErrors.log", "HARExportChrome.har", "ACCESSLOGPRODUCTION.log",
    ],
)  # fmt: skip
def test_a_plain_name_stands(name: str) -> None:
    assert label(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI1MiJ9.bcK8wmsCJtiC.har", "….har"),
        ("session-9f8Zq2LmXv7TbR4c.har", "session-….har"),
        ("token=abc123/access.log", "token=…/access.log"),
        ("olga@example.com.har", "…"),
        ("AbCdEfGhIjKlMnOp.log", "….log"),
        ("3f2a9c1b77de4c1f.log", "….log"),
        ("session-kAzgzuKhIQMpsgbzbLvomD/access.log", "session-…/access.log"),
    ],
)
def test_what_looks_like_a_token_is_elided(name: str, shown: str) -> None:
    assert label(name) == shown
