"""wslogs/facts/configuration.py: what nginx's configuration makes of an attempt, and which cause it shows with what was logged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conftest import NOON, attempt, bundle, event, item
from wslogs.facts import configuration
from wslogs.facts.world import world
from wslogs.model import Attempt, Event
from wslogs.parsers import conf_files
from wslogs.pipeline import analyze

UP = 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'


def facts(text: str, one: Attempt | None = None, loose: tuple[Event, ...] = (), **given: Any) -> dict[str, Any]:
    one = one or attempt(event(path="/ws"), **({"opened": False, "status": 400} | given))
    configuration.learn(one, world([one], (), conf_files.parse(item(text, "nginx.conf"))[1], (), loose))
    return one.facts


def server(location: str, outside: str = "") -> str:
    return f"{outside}\nserver {{ listen 80; {location} }}"


@pytest.mark.parametrize(
    ("text", "status", "found"),
    [
        (server(f"location /ws {{ proxy_pass http://b; proxy_http_version 1.1; {UP} }}"), 400, ("app", True, "1.1")),
        (server(f"location /ws {{ proxy_pass http://b; {UP} }}"), 400, ("app", True, "unknown")),
        (server(f"location /ws {{ proxy_pass http://b; proxy_http_version 2; {UP} }}"), 400, ("app", False, "2")),
        (server("location /ws { proxy_pass http://b; }"), 400, ("app", False, "unknown")),
        (server("location /ws { proxy_pass http://b; include proxy_params; }"), 400, ("app", None, "unknown")),
        (server("location /ws { include proxy_params; }"), 400, (None, None, None)),
        (server("location / { root /srv; }"), 404, ("file", None, None)),
        (server("location / { root /srv; if ($http_upgrade) { proxy_pass http://b; } }"), 404, (None, None, None)),
        (server("location / { return 404; }"), 404, ("return", None, None)),
        (server("return 301 https://$host$request_uri;"), 301, ("return", None, None)),
        (server("location /ws/ { proxy_pass http://b; }"), 301, ("slash", None, None)),
        (server("location /ws { uwsgi_pass unix:/run/app.sock; }"), 502, ("other-protocol", None, None)),
        (server(f"location / {{ try_files $uri @app; }} location @app {{ proxy_pass http://b; {UP} }}"), 400, ("app", True, "unknown")),
        (server(f"location / {{ try_files $uri @app; }} location @app {{ proxy_pass http://b; {UP} }}"), 200, ("file", None, None)),
        ("proxy_set_header Upgrade websocket; proxy_set_header Connection close;", 400, (None, False, None)),
    ],
)
def test_what_is_on_the_way(text: str, status: int, found: tuple[Any, ...]) -> None:
    told = facts(text, status=status)
    assert tuple(told.get(f"config.{name}") for name in ("target", "upgrade", "http_version")) == found


def test_the_line_that_discards_what_is_inherited() -> None:
    one = attempt(event(path="/ws"), opened=False, status=400)
    text = f"{UP}\nserver {{\nlocation /ws {{\nproxy_pass http://b;\nproxy_set_header Host $host;\n}}\n}}"
    assert facts(text, one)["config.discards"] is True
    assert [(e.line, e.excerpt) for e in one.proof["config.discards"]] == [
        (5, "proxy_set_header Host $host;"), (1, "proxy_set_header Upgrade $http_upgrade;")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("inside", "status", "name", "value"),
    [
        ("auth_basic x; proxy_pass http://b;", 401, "access", "auth_basic"),
        ("auth_basic off; proxy_pass http://b;", 401, "access", None),
        ("auth_basic x; proxy_pass http://b;", 403, "access", None),
        ("auth_request /check; proxy_pass http://b;", 401, "access", "auth_request"),
        ("deny all; proxy_pass http://b;", 403, "access", "deny"),
        ("allow all; proxy_pass http://b;", 403, "access", None),
        ("limit_conn z 1; proxy_pass http://b;", 503, "limits", True),
        ("limit_conn z 1; limit_conn_status 429; proxy_pass http://b;", 429, "limits", True),
        ("limit_req zone=z; limit_req_status 429; proxy_pass http://b;", 503, "limits", None),
        ("proxy_pass http://b/;", 404, "app_path", "rewritten"),
        ("proxy_pass http://b/ws;", 404, "app_path", None),
        ("return 403;", 403, "returns", 403),
        ("return 403;", 404, "returns", None),
    ],
)
def test_what_refuses(inside: str, status: int, name: str, value: Any) -> None:
    assert facts(server(f"location /ws {{ {inside} }}"), status=status).get(f"config.{name}") == value


def test_a_refusal_by_the_app_is_none_of_nginx() -> None:
    one = attempt(event(path="/ws"), opened=False, status=403, facts={"proxy.asked_app": True})
    assert "config.access" not in facts(server("location /ws { deny all; proxy_pass http://b; }"), one)


def test_the_proxy_asks_another_port_than_the_app_listens_on() -> None:
    ready = event("app", "ready", at=NOON - 60, upstream="127.0.0.1:8000")
    one = attempt(event(path="/ws", status=502, upstream="127.0.0.1:8001"), started=NOON)
    assert facts("", one, (ready,))["upstream.differs"] is True
    two = attempt(event(path="/ws", status=502, upstream="127.0.0.1:8000"), started=NOON)
    assert "upstream.differs" not in facts("", two, (ready,))


CONSOLE = "WebSocket connection to 'ws://a.example{}' failed: Error during WebSocket handshake: Unexpected response code: {}\n"
OLD = "nginx version: nginx/1.18.0\n"
MAP = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }"
BY_MAP = "proxy_set_header Upgrade $connection_upgrade; proxy_set_header Connection $connection_upgrade;"


@pytest.mark.parametrize(
    ("status", "conf", "detail"),
    [
        (400, server("location / { proxy_pass http://b; }"), "proxy.upgrade-headers"),
        (400, server(f"location / {{ proxy_pass http://b; {BY_MAP} }}", MAP), "proxy.upgrade-headers"),
        (426, server("location / { proxy_pass http://b; proxy_set_header Host $host; }", UP), "proxy.upgrade-headers"),
        (400, server(f"location / {{ proxy_pass http://b; {UP} }}"), "proxy.http-version"),
        (505, server(f"location / {{ proxy_pass http://b; {UP} }}"), "proxy.http-version"),
        (400, server(f"location / {{ proxy_pass http://b; proxy_http_version 1.1; {UP} }}"), None),
        (403, server(f"location / {{ proxy_pass http://b; {UP} }}"), None),
        (200, server("location / { root /srv; try_files $uri /index.html; }"), "path.static-fallback"),
        (
            200,
            server(f"location / {{ root /srv; try_files $uri @app; }} location @app {{ proxy_pass http://b; {UP} }}"),
            "path.static-fallback",
        ),
        (404, server("location / { root /srv; }"), "path.not-found"),
        (404, server("location / { return 404; }"), "path.not-found"),
        (301, server("location /ws/ { proxy_pass http://b; }"), "path.base-url"),
        (301, server("return 301 https://$host$request_uri;"), "path.base-url"),
        (401, server(f"location / {{ auth_basic x; proxy_pass http://b; {UP} }}"), "auth.token-missing"),
        (403, server(f"location / {{ deny all; proxy_pass http://b; {UP} }}"), "auth.policy"),
        (502, server("location / { uwsgi_pass b; }"), "proxy.upstream"),
        (404, server(f"location /w {{ proxy_pass http://b//w; {UP} }}"), "path.not-found"),
    ],
)
def test_a_line_of_the_console_and_a_configuration_that_says_it_plainly(status: int, conf: str, detail: str | None, tmp_path: Path) -> None:
    files = bundle(tmp_path, {"console.txt": CONSOLE.format("/ws", status), "nginx.conf": conf, "v.txt": OLD})
    found = analyze(files).report
    assert found["verdict"]["detail"] == detail
    assert found["verdict"]["confidence"] < 0.9
    if detail:
        assert "nginx.conf" in {row["source"] for row in found["incidents"][0]["evidence"]}


ROW = '203.0.113.9 - - [23/Nov/2026:12:00:00 +0000] "GET /ws HTTP/1.1" {} 5 "-" "x"\n'


@pytest.mark.parametrize("status", [101, 502, 499])
def test_a_risk_in_the_configuration_alone_is_no_cause(status: int, tmp_path: Path) -> None:
    """The rules are those of field-guide.md 3.6: what nginx answered must agree."""
    files = bundle(
        tmp_path, {"access.log": ROW.format(status), "nginx.conf": server("location / { deny all; proxy_pass http://b; }"), "v.txt": OLD}
    )
    assert analyze(files).report["verdict"]["detail"] is None
