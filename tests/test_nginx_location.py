"""wslogs/parsers/nginx_location.py: which server and which location. What nginx does was tried with nginx 1.22.1."""

from __future__ import annotations

import pytest

from conftest import item
from wslogs.parsers import conf_files
from wslogs.parsers.nginx_location import named, routes
from wslogs.parsers.nginx_route import Route


def way(text: str, path: str | None = "/api/v1/ws", host: str | None = None, scheme: str | None = None) -> Route | None:
    return routes(conf_files.parse(item(text, "nginx.conf"))[1], scheme, host, path)


def inside(locations: str, path: str = "/api/v1/ws") -> Route:
    found = way(f"http {{ server {{ listen 80;\n{locations}\n}} }}", path)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("locations", "chosen"),
    [
        ("location / {} location /api/ {}", "/api/"),
        ("location /api/ {} location = /api/v1/ws {}", "= /api/v1/ws"),
        ("location /api/ {} location ~ /ws$ {}", "~ /ws$"),
        ("location /api/ {} location ~* /WS$ {}", "~* /WS$"),
        ("location /api/ {} location ~ /WS$ {}", "/api/"),
        ("location ^~ /api/ {} location ~ /ws$ {}", "^~ /api/"),
        ("location ^~ / {} location /api/ {} location ~ /ws$ {}", "~ /ws$"),
        ("location ~ /v1/ {} location ~ /ws$ {}", "~ /v1/"),
        ("location /api/ { location /api/v1/ {} }", "/api/v1/"),
        ("location /api/ { location ~ /ws$ {} } location ~ /v1/ {}", "~ /ws$"),
        ("location /api/ { location = /api/v1/ws {} } location ~ /v1/ {}", "= /api/v1/ws"),
        ("location /api/ { location /api/v1/ {} } location ~ /v1/ {}", "~ /v1/"),
        ("location /api/ { location ^~ /api/v1/ {} } location ~ /v1/ {}", "~ /v1/"),
        ("location ~ /api/ { location ~ ws$ {} }", "~ ws$"),
        ("location /api/v1/ws/ {} location / {}", "/"),
        ("location /api/v1/ws/ { proxy_pass http://b; } location / {}", "/api/v1/ws/"),
        ("location @api {} location / {}", "/"),
        ("location = /ws {}", None),
    ],
)
def test_which_location_serves(locations: str, chosen: str | None) -> None:
    location = inside(locations).location
    assert (" ".join(location.args) if location else None) == chosen


@pytest.mark.parametrize(
    ("locations", "adds"),
    [
        ("location /api/v1/ws/ { proxy_pass http://b; }", True),
        ("location /api/v1/ws/ { uwsgi_pass b; } location ~ /ws {}", True),
        ("location = /api/v1/ws/ { proxy_pass http://b; } location /api { proxy_pass http://b; }", True),
        ("location /api/v1/ws/ { root /srv; }", False),
        ("location /api/v1/ws/ { proxy_pass http://b; } location = /api/v1/ws { proxy_pass http://b; }", False),
        ("location /api/v1/ws/ { proxy_pass http://b; } location /api/v1/ws { proxy_pass http://b; }", False),
        ("location /api/v1/ws { proxy_pass http://b; }", False),
    ],
)
def test_nginx_adds_a_slash_where_only_a_longer_location_passes_on(locations: str, adds: bool) -> None:
    assert inside(locations).adds_slash is adds


SERVERS = """
server {{ listen 80; server_name {0}; }} server {{ listen 443 ssl; server_name {1}; }}
server {{ listen 443 ssl default_server; server_name {2}; }} server {{ listen 8443 ssl; server_name {3}; }}
"""


@pytest.mark.parametrize(
    ("names", "host", "scheme", "chosen"),
    [
        (("a.example", "a.example", "b.example", "c.example"), "a.example", "wss", 1),
        (("a.example", "a.example", "b.example", "c.example"), "a.example", "ws", 0),
        (("a.example", "a.example", "b.example", "c.example"), "x.example", "wss", 2),
        (("a.example", "a.example", "b.example", "a.example"), "a.example:8443", "wss", 3),
        (("a.example", "a.example", "b.example", "a.example"), "a.example:9443", "wss", 1),
        (("_", "*.example", "www.a.example", "_"), "www.a.example", "wss", 2),
        (("_", "www.*", "*.a.example", "_"), "www.a.example", "wss", 2),
        (("_", "~^www", "www.*", "_"), "www.a.example", "wss", 2),
        (("_", ".a.example", "b.example", "_"), "a.example", "wss", 1),
        (("_", ".a.example", "b.example", "_"), "x.a.example", "wss", 1),
        (("_", "*.example", "*.a.example", "_"), "x.a.example", "wss", 2),
    ],
)
def test_the_server_is_chosen_by_port_scheme_and_name(names: tuple[str, ...], host: str, scheme: str, chosen: int) -> None:
    found = way(SERVERS.format(*names), host=host, scheme=scheme)
    assert found is not None
    assert found.server is not None
    lines = [("80", 2), ("443", 2), ("443", 3), ("8443", 3)]
    assert found.server.block is not None
    assert (found.server.block[0].args[0], found.server.line) == lines[chosen]
    assert found.server.block[1].args[0] == names[chosen]


def test_of_a_name_without_scheme_the_server_that_does_more_than_redirect() -> None:
    found = way("server { listen 80; return 301 https://$host; } server { listen 443 ssl; location / { proxy_pass http://b; } }")
    assert found is not None
    assert found.own("proxy_pass") is not None


def test_each_configuration_has_its_own_inheritance() -> None:
    one = "http { proxy_read_timeout 5s; server { listen 80; server_name a.example; location / { proxy_pass http://b; } } }"
    two = "http { proxy_read_timeout 7s; server { listen 80; server_name b.example; location / { proxy_pass http://b; } } }"
    loose = "server { listen 80; server_name c.example; location / { proxy_pass http://b; } }"
    hosts = ("a.example", "b.example", "c.example")
    waits = [found.read_timeout()[0] for host in hosts if (found := way(f"{one}\n{two}\n{loose}", "/", host, "ws")) is not None]
    assert waits == [5.0, 7.0, 60.0]


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("location /ws { proxy_pass http://b; }", "/ws"),
        ("server { location /ws { proxy_pass http://b; } location / { root /srv; } }", "/ws"),
        ("server { location /ws { proxy_pass http://b; } location /api { proxy_pass http://b; } }", None),
        ("server { listen 80; location /ws { proxy_pass http://b; } } server { listen 81; }", None),
    ],
)
def test_without_a_path_only_the_only_way_is_taken(text: str, location: str | None) -> None:
    found = way(text, None)
    assert (found.location.args[-1] if found is not None and found.location is not None else None) == location


def test_a_fragment_is_what_holds() -> None:
    found = way("proxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection upgrade;")
    assert found is not None
    assert (found.server, found.location, found.passes_upgrade()) == (None, None, True)
    assert way("sendfile on; gzip on; keepalive_timeout 65;") is None
    assert way("location /chat { proxy_pass http://b; }") is None


def test_try_files_ends_in_a_named_location() -> None:
    found = named(inside("location / { try_files $uri @app; } location @app { proxy_pass http://b; }"))
    assert found is not None
    assert found.own("proxy_pass") is not None
    assert named(inside("location / { try_files $uri /index.html; }")) is None
    assert named(inside("location / { try_files $uri @gone; }")) is None
