"""wslogs/parsers/nginx_conf.py: directives with their lines, and the way of a request."""

from __future__ import annotations

from pathlib import Path

import pytest

from wslogs.bundle import open_bundle
from wslogs.model import Source
from wslogs.parsers import nginx_conf
from wslogs.parsers.nginx_conf import Conf, Route, duration, routes

UPGRADE = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection"


def parsed(tmp_path: Path, text: str) -> tuple[Source, Conf]:
    (tmp_path / "nginx.conf").write_text(text, encoding="utf-8")
    with open_bundle([tmp_path]) as bundle:
        return nginx_conf.parse(bundle.items[0], lambda _: None)


def route(tmp_path: Path, inside: str, path: str = "/api/v1/ws", outside: str = "") -> Route:
    _, conf = parsed(tmp_path, f"http {{ {outside}\nserver {{ listen 443 ssl; server_name a.example;\n{inside}\n}} }}")
    found = routes(conf, "wss", "a.example", path)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("locations", "chosen"),
    [
        ("location / {} location /api/ {}", ["/api/"]),
        ("location /api/ {} location = /api/v1/ws {}", ["=", "/api/v1/ws"]),
        ("location /api/ {} location ~ /ws$ {}", ["~", "/ws$"]),
        ("location ^~ /api/ {} location ~ /ws$ {}", ["^~", "/api/"]),
        ("location /api/v1/ws/ {} location / {}", ["/"]),
    ],
)
def test_which_location_serves(locations: str, chosen: list[str], tmp_path: Path) -> None:
    location = route(tmp_path, locations).location
    assert location is not None and location.args == chosen


@pytest.mark.parametrize(
    ("location", "passes"),
    [
        (f'{UPGRADE} "upgrade";', True),
        (f"{UPGRADE} $connection_upgrade;", True),
        (f'{UPGRADE} "";', False),
        ("", True),
        ("proxy_set_header Host $host;", False),
    ],
)
def test_headers_are_inherited_all_or_nothing(location: str, passes: bool, tmp_path: Path) -> None:
    outside = f"map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }} {UPGRADE} upgrade;"
    found = route(tmp_path, f"location / {{ proxy_pass http://b; {location} }}", outside=outside)
    assert found.passes_upgrade() is passes


def test_read_timeout_is_inherited(tmp_path: Path) -> None:
    seconds, directive = route(tmp_path, "proxy_read_timeout 5m;\nlocation / { proxy_pass http://b; }").read_timeout()
    assert seconds == 300.0 and directive is not None and directive.line == 3
    assert route(tmp_path, "location / {}").read_timeout() == (60.0, None)


@pytest.mark.parametrize(("text", "wanted"), [("86400", 86400.0), ("6s", 6.0), ("1h30m", 5400.0), ("500ms", 0.5), ("soon", None)])
def test_durations(text: str, wanted: float | None) -> None:
    assert duration(text) == wanted


def test_the_server_is_chosen_by_name_and_scheme(tmp_path: Path) -> None:
    servers = "server { listen 80; server_name a.example; } server { listen 443 ssl; server_name a.example; } server { listen 443 ssl; }"
    _, conf = parsed(tmp_path, f"http {{ {servers} }}")
    found = routes(conf, "wss", "a.example", "/")
    assert found is not None and found.server is not None and found.server.block is not None
    assert found.server.block[0].args == ["443", "ssl"]


def test_a_missing_brace_is_noted_and_the_rest_is_read(tmp_path: Path) -> None:
    source, conf = parsed(tmp_path, "http {\nserver {\nlocation /ws {\nproxy_pass http://b;\n}\n")
    assert source.notes == ["a block is not closed"]
    assert routes(conf, None, None, "/ws") is not None


def test_a_dump_keeps_its_line_numbers(tmp_path: Path) -> None:
    dump = "# configuration file /etc/nginx/nginx.conf:\nhttp {\ninclude /etc/nginx/conf.d/*.conf;\n}\n"
    dump += "# configuration file /etc/nginx/conf.d/a.conf:\nserver {\nlocation /ws { proxy_pass http://b; }\n}\n"
    _, conf = parsed(tmp_path, dump)
    found = routes(conf, None, None, "/ws")
    assert found is not None and found.location is not None and found.location.line == 7


def test_shown_directives_hold_no_host(tmp_path: Path) -> None:
    target = route(tmp_path, "location / { proxy_pass http://secret-host.internal:8000/base; }").own("proxy_pass")
    assert target is not None and target.shown() == "proxy_pass http://…:8000/base;"


def test_blocks_that_nest_too_deep_are_noted(tmp_path: Path) -> None:
    source, _ = parsed(tmp_path, "http {" + "a {" * 3000)
    assert source.notes and not any("None" in note for note in source.notes)


def test_an_include_that_is_missing_is_noted_once_with_its_line(tmp_path: Path) -> None:
    source, _ = parsed(tmp_path, "http {\ninclude mime.types;\ninclude conf.d/*.conf; include conf.d/*.conf;\n}")
    assert source.notes == ["line 3: the included file is not in the bundle"]


def test_an_include_of_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text("http { include nginx.conf; server { listen 80; } }", encoding="utf-8")
    with open_bundle([tmp_path]) as bundle:
        _, conf = nginx_conf.parse(bundle.items[0], lambda _: bundle.items[0])
    assert {directive.name for directive in nginx_conf.walk(conf.directives)} >= {"http", "server", "listen"}
