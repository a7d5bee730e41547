"""wslogs/parsers/nginx_build.py, and every other place where the version of nginx stands."""

from pathlib import Path

import pytest

from conftest import bundle, item
from wslogs.parsers import nginx_build
from wslogs.pipeline import analyze


@pytest.mark.parametrize(
    ("text", "line", "version"),
    [
        ("nginx version: nginx/1.22.1\n", 1, "1.22.1"),
        ("nginx/1.4.6 (Ubuntu)", 1, "1.4.6"),
        ("$ nginx -V\nnginx version: openresty/1.27.1.1\nbuilt by gcc 12\n", 2, "1.27.1"),
    ],
)
def test_what_nginx_prints_of_itself(text: str, line: int, version: str) -> None:
    assert nginx_build.is_build(text.encode())
    (event,) = nginx_build.parse(item(text, "v.txt")).events
    assert (event.line, event.version, event.excerpt) == (line, version, f"nginx/{version}")


@pytest.mark.parametrize("text", ["server: nginx/1.22.1", "nginx is a server", "# nginx/1.22.1"])
def test_what_is_none(text: str) -> None:
    assert not nginx_build.is_build(text.encode())


ROW = '203.0.113.9 - - [23/Nov/2026:12:00:00 +0000] "GET /ws HTTP/1.1" 400 5 "-" "x"\n'
CONF = """server {
    location /ws {
        proxy_pass http://127.0.0.1:8000;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
    }
}
"""
NOTICE = "2026/11/23 11:00:00 [notice] 1#1: nginx/{}\n2026/11/23 11:00:00 [notice] 1#1: start worker processes\n"
CURL = "$ curl -si http://a.example/health\nHTTP/1.1 200 OK\nServer: nginx/{}\nDate: Mon, 23 Nov 2026 12:00:00 GMT\n\nok\n"


@pytest.mark.parametrize(("name", "told"), [("v.txt", "nginx version: nginx/{}\n"), ("error.log", NOTICE), ("curl.txt", CURL)])
@pytest.mark.parametrize(("version", "detail"), [("1.22.1", "proxy.http-version"), ("1.29.7", None)])
def test_the_version_decides_what_is_missing(name: str, told: str, version: str, detail: str | None, tmp_path: Path) -> None:
    files = bundle(tmp_path, {"access.log": ROW, "nginx.conf": CONF, name: told.format(version)})
    found = analyze(files).report
    assert found["verdict"]["detail"] == detail
    if detail:
        shown = [
            row["excerpt"] for row in found["incidents"][0]["evidence"] if row["signal"] == "config.http-1.0" and row["source"] == name
        ]
        assert [f"nginx/{version}" in excerpt for excerpt in shown] == [True]
