"""wslogs/report/amend.py: changes of nginx.conf beyond directives in one location, applied by hand."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import SAMPLES, analyzed, attempt, bundle, event, item
from test_remedy import patched
from wslogs.model import Attempt
from wslogs.parsers.conf_files import parse
from wslogs.parsers.nginx_location import routes
from wslogs.pipeline import analyze
from wslogs.report.amend import amended


def made(kind: str, text: str, one: Attempt) -> str | None:
    conf = parse(item(text, "nginx.conf"))[1]
    return amended(kind, one, routes(conf, None, None, one.path), conf)


PAGES = """server {
    listen 80;
    location /api/ {
        proxy_pass http://127.0.0.1:8000/;
    }
    location / {
        try_files $uri /index.html;
    }
}
"""


TWO = PAGES.replace("    location / {", "    location /b { proxy_pass http://127.0.0.1:9000; }\n    location / {")


def test_a_location_of_its_own() -> None:
    one = attempt(event(path="/ws"))
    change = made("location", PAGES, one)
    assert change == (
        "--- a/nginx.conf\n+++ b/nginx.conf\n@@ -5,0 +6,8 @@\n"
        "+    location = /ws {\n"
        "+        proxy_pass http://127.0.0.1:8000;\n"
        "+        proxy_http_version 1.1;\n"
        "+        proxy_set_header Upgrade $http_upgrade;\n"
        '+        proxy_set_header Connection "upgrade";\n'
        "+        proxy_set_header Host $host;\n"
        "+        proxy_read_timeout 86400;\n"
        "+    }\n"
    )
    after = routes(parse(item(patched(PAGES, change), "nginx.conf"))[1], None, None, "/ws")
    assert after is not None
    assert after.passes_upgrade() is True
    assert made("location", patched(PAGES, change), one) is None, "a second time there is nothing to change"


@pytest.mark.parametrize(
    ("text", "one"),
    [
        (PAGES.replace("127.0.0.1", "10.0.0.7"), attempt(event(path="/ws"))),
        (PAGES.replace("proxy_pass http://127.0.0.1:8000/;", "root /srv;"), attempt(event(path="/ws"))),
        (
            PAGES.replace("    location / {", "    location /b { proxy_pass http://127.0.0.1:9000; }\n    location / {"),
            attempt(event(path="/ws")),
        ),
        (PAGES, attempt(event(path="/ws"), facts={"config.elsewhere": True})),
        (PAGES, attempt(event(path="/api/ws"))),
    ],
    ids=["a host that may not be shown", "no app", "two apps", "another location is for it", "it goes to the app already"],
)
def test_where_a_location_cannot_be_written(text: str, one: Attempt) -> None:
    assert made("location", text, one) is None


def test_the_app_of_the_same_first_word_is_meant() -> None:
    text = TWO.replace("location /api/", "location /api/v1/")
    change = made("location", text, attempt(event(path="/api/ws")))
    assert change is not None
    assert "proxy_pass http://127.0.0.1:8000;" in change


READY = event("app", "ready", upstream="0.0.0.0:8000")
WRONG = "server {\n    location / {\n        proxy_pass http://127.0.0.1:9000;\n    }\n}\n"
POOL = "upstream app {\n    server 127.0.0.1:9000;\n}\nserver {\n    location / {\n        proxy_pass http://app;\n    }\n}\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (WRONG, "+        proxy_pass http://127.0.0.1:8000;\n"),
        (POOL, "+    server 127.0.0.1:8000;\n"),
        (POOL.replace("}\nserver", "    server 127.0.0.1:9001;\n}\nserver"), None),
        (WRONG.replace("127.0.0.1", "10.0.0.7"), None),
        (WRONG.replace(";\n    }", "; # for Anna\n    }"), None),
    ],
    ids=["a port", "of an upstream block", "of several servers", "a host that may not be shown", "a line that holds more"],
)
def test_the_port_that_the_app_tells(text: str, line: str | None) -> None:
    change = made("port", text, attempt(event(path="/ws"), proof={"upstream.differs": (event(upstream="127.0.0.1:9000"), READY)}))
    assert (change is not None and change.endswith(line or "")) is (line is not None)
    assert made("port", text, attempt(event(path="/ws"))) is None


SLOTS = "server {\n    limit_conn per_ip 2;\n    location / { proxy_pass http://b; }\n}\n"


@pytest.mark.parametrize(
    ("text", "signal", "line"),
    [
        ("events {\n    worker_connections 768;\n}\n", "nginx.worker-connections", "+    worker_connections 4096;\n"),
        ("events {\n    worker_connections 8192;\n}\n", "nginx.worker-connections", "+    worker_connections 32768;\n"),
        (
            "server {\n    limit_conn per_ip 2;\n    location / { proxy_pass http://b; }\n}\n",
            "nginx.limited",
            "+    limit_conn per_ip 20;\n",
        ),
        (SLOTS, "nginx.header-too-big", None),
        ("events {\n}\n", "nginx.worker-connections", None),
    ],
)
def test_a_higher_limit(text: str, signal: str, line: str | None) -> None:
    change = made("limits", text, attempt(event(path="/ws"), proof={signal: ()}))
    assert (change is not None and change.endswith(line or "")) is (line is not None)


@pytest.mark.parametrize(
    ("sample", "line"),
    [
        ("proxy/wrong-port", "+            proxy_pass http://127.0.0.1:22792;\n"),
        ("proxy/connection-limit", "+            limit_conn per_address 10;\n"),
        ("proxy/read-timeout", "+            proxy_read_timeout 86400;\n"),
        ("proxy/upgrade-headers-missing", "+            proxy_set_header Upgrade $http_upgrade;\n"),
    ],
)
def test_the_samples_diffs_apply(sample: str, line: str, tmp_path: Path) -> None:
    change = analyzed(sample).report["incidents"][0]["remedy"]["diff"]
    assert line in change
    text = (SAMPLES / sample / "bundle/nginx.conf").read_text("utf-8")
    assert line[1:] in patched(text, change)
    if shutil.which("patch"):
        (tmp_path / "nginx.conf").write_text(text, "utf-8")
        subprocess.run(["patch", "-p1"], input=change, cwd=tmp_path, text=True, check=True, capture_output=True, timeout=20)
        assert (tmp_path / "nginx.conf").read_text("utf-8") == patched(text, change)


def test_from_a_line_of_the_console_to_the_diff(tmp_path: Path) -> None:
    said = "WebSocket connection to 'ws://a.example/ws' failed: Error during WebSocket handshake: Unexpected response code: 200\n"
    found = analyze(bundle(tmp_path, {"console.txt": said, "nginx.conf": PAGES})).report["incidents"][0]
    assert found["detail"] == "path.static-fallback"
    assert "+    location = /ws {" in found["remedy"]["diff"]
