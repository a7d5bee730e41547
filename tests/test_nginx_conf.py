"""wslogs/parsers/nginx_conf.py: the way of a request, and the log formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from wslogs.bundle import open_bundle
from wslogs.model import Source
from wslogs.parsers import conf_files
from wslogs.parsers.nginx_conf import Conf, Route, duration, routes

UPGRADE = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection"


def parsed(tmp_path: Path, text: str) -> tuple[Source, Conf]:
    (tmp_path / "nginx.conf").write_text(text, encoding="utf-8")
    with open_bundle([tmp_path]) as bundle:
        return conf_files.parse(bundle.items[0])


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


def test_shown_directives_hold_no_host(tmp_path: Path) -> None:
    target = route(tmp_path, "location / { proxy_pass http://secret-host.internal:8000/base; }").own("proxy_pass")
    assert target is not None and target.shown() == "proxy_pass http://…:8000/base;"


def test_each_configuration_has_its_own_inheritance(tmp_path: Path) -> None:
    one = "http { proxy_read_timeout 5s; server { listen 80; server_name a.example; location / { proxy_pass http://b; } } }"
    two = "http { proxy_read_timeout 7s; server { listen 80; server_name b.example; location / { proxy_pass http://b; } } }"
    loose = "server { listen 80; server_name c.example; location / { proxy_pass http://b; } }"
    _, conf = parsed(tmp_path, f"{one}\n{two}\n{loose}")
    waits = [
        found.read_timeout()[0] for host in ("a.example", "b.example", "c.example") if (found := routes(conf, "ws", host, "/")) is not None
    ]
    assert waits == [5.0, 7.0, 60.0]


@pytest.mark.parametrize(
    ("made", "form", "wanted"),
    [
        ('map $request_uri $safe { "~^(?<path>[^?]*)" $path; }', '"$safe $status"', "${request_uri} ${status}"),
        ("map $request $safe { default x; }", 'escape=json \'{"r":"${safe}"}\'', '{"r":"${request}"}'),
        ("server { set $safe $request_uri; }", "$safe", "${request_uri}"),
        ("map $http_upgrade $safe { default x; }", "$safe", "${safe}"),
    ],
)
def test_a_masked_request_is_the_request(made: str, form: str, wanted: str, tmp_path: Path) -> None:
    _, conf = parsed(tmp_path, f"http {{ {made} log_format own {form}; }}")
    assert conf.log_formats()["own"][0] == wanted


def test_escapes_of_the_configuration_are_no_part_of_a_format(tmp_path: Path) -> None:
    _, conf = parsed(tmp_path, r"""log_format own 'a:$status\tb:\'$uri\' "\"' "c\\";""")
    assert conf.log_formats()["own"][0] == "a:${status}\tb:'${uri}' \"\"c\\"
