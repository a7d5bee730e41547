"""wslogs/parsers/nginx_route.py: what nginx makes of one request. The table of field-guide.md 3.4 is what nginx did."""

from __future__ import annotations

import pytest

from conftest import item
from wslogs.parsers import conf_files
from wslogs.parsers.nginx_conf import Conf
from wslogs.parsers.nginx_location import routes
from wslogs.parsers.nginx_route import Route, address, targets

UPGRADE = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection"
MAP = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }"


def parsed(inside: str, outside: str = "", path: str = "/api/v1/ws") -> tuple[Route, Conf]:
    conf = conf_files.parse(item(f"http {{ {outside}\nserver {{ listen 80;\n{inside}\n}} }}", "nginx.conf"))[1]
    found = routes(conf, "ws", None, path)
    assert found is not None
    return found, conf


def route(inside: str, outside: str = "", path: str = "/api/v1/ws") -> Route:
    return parsed(inside, outside, path)[0]


@pytest.mark.parametrize(
    ("location", "passes"),
    [
        (f'{UPGRADE} "upgrade";', True),
        (f'{UPGRADE} "Upgrade, keep-alive";', True),
        (f"{UPGRADE} $connection_upgrade;", True),
        (f"{UPGRADE} ${{http_connection}};", True),
        (f'{UPGRADE} "";', False),
        (f'{UPGRADE} "keep-alive";', False),
        (f"{UPGRADE} close;", False),
        (f"{UPGRADE} $http_upgrade;", False),
        (f"{UPGRADE} $made_elsewhere;", None),
        ("", True),
        ("proxy_set_header Host $host;", False),
        ("proxy_set_header Upgrade $connection_upgrade; proxy_set_header Connection $connection_upgrade;", False),
        ("proxy_set_header Upgrade websocket; proxy_set_header Connection upgrade;", True),
        ("set $up $http_upgrade; proxy_set_header Upgrade $up; proxy_set_header Connection upgrade;", True),
        ("include /etc/nginx/proxy_params; proxy_set_header Host $host;", None),
        (f'{UPGRADE} "upgrade"; proxy_hide_header Upgrade;', False),
        (f'{UPGRADE} "upgrade"; proxy_set_header Sec-WebSocket-Key "";', False),
        (f'{UPGRADE} "upgrade"; proxy_pass_request_headers off;', False),
        (f'{UPGRADE} "upgrade"; proxy_hide_header X-Powered-By;', True),
    ],
)
def test_what_the_app_is_asked(location: str, passes: bool | None) -> None:
    found = route(f"location / {{ proxy_pass http://b; {location} }}", f"{MAP} {UPGRADE} upgrade;")
    assert found.passes_upgrade() is passes


@pytest.mark.parametrize(
    ("rows", "passes"),
    [
        ("default upgrade; '' close;", True),
        ("default keep-alive; '' close;", False),
        ("websocket upgrade; default close;", True),
        ("~*^WebSocket$ upgrade; default close;", True),
        ("~^chat$ upgrade; default close;", False),
        ("'' close;", False),
    ],
)
def test_a_map_is_followed(rows: str, passes: bool) -> None:
    found = route(f"location / {{ proxy_pass http://b; {UPGRADE} $mapped; }}", f"map $http_upgrade $mapped {{ {rows} }}")
    assert found.passes_upgrade() is passes


def test_a_map_of_another_variable_is_not_known() -> None:
    found = route(f"location / {{ proxy_pass http://b; {UPGRADE} $mapped; }}", "map $host $mapped { default upgrade; }")
    assert found.passes_upgrade() is None


def test_variables_in_a_circle_end() -> None:
    found = route(
        f"location / {{ proxy_pass http://b; {UPGRADE} $one; }}", "map $two $one { default $two; } map $one $two { default $one; }"
    )
    assert found.passes_upgrade() is None


def test_the_lines_that_decide() -> None:
    broken = route(
        f"location / {{\nproxy_pass http://b;\n{UPGRADE.replace('; ', ';' + chr(10))} $mapped;\n}}",
        "map $http_upgrade $mapped { default close; }",
    )
    assert [d.line for d in broken.upgrade()[1]] == [6, 1]
    discards = route("location / {\nproxy_pass http://b;\nproxy_set_header Host $host;\n}", f"{UPGRADE} upgrade;")
    assert [(d.line, d.args[0]) for d in discards.upgrade()[1]] == [
        (5, "Host"), (1, "Upgrade"), (5, "Host"), (1, "Connection")
    ]  # fmt: skip
    assert route("location / { proxy_pass http://b; }").upgrade() == (False, [])


def test_read_timeout_is_inherited() -> None:
    seconds, directive = route("proxy_read_timeout 5m;\nlocation / { proxy_pass http://b; }").read_timeout()
    assert seconds == 300.0
    assert directive is not None
    assert directive.line == 3
    assert route("location / {}").read_timeout() == (60.0, None)


@pytest.mark.parametrize(
    ("set_to", "nginx", "version"),
    [
        ("", (1, 22, 1), "1.0"), ("", (1, 29, 6), "1.0"), ("", (1, 29, 7), "1.1"), ("", (1, 31, 0), "1.1"), ("", None, None),
        ("proxy_http_version 1.1;", (1, 22, 1), "1.1"), ("proxy_http_version 1.0;", None, "1.0"),
    ],
)  # fmt: skip
def test_the_version_of_http_depends_on_that_of_nginx(set_to: str, nginx: tuple[int, ...] | None, version: str | None) -> None:
    assert route(f"location / {{ {set_to} proxy_pass http://b; }}").http_version(nginx)[0] == version


@pytest.mark.parametrize(
    ("location", "asked", "received"),
    [
        ("location /api/ { proxy_pass http://b/; }", "/api/ws", "/ws"),
        ("location /api/ { proxy_pass http://b; }", "/api/ws", "/api/ws"),
        ("location /api { proxy_pass http://b/; }", "/api/ws", "//ws"),
        ("location /ws { proxy_pass http://b/base; }", "/wsx/a", "/basex/a"),
        ("location ~ ^/re/ { proxy_pass http://b; }", "/re/a", "/re/a"),
        ("location /x/ { set $u b:80; proxy_pass http://$u/; }", "/x/ws", None),
        ("location /rw/ { rewrite ^/rw/(.*) /new/$1 break; proxy_pass http://b/ignored/; }", "/rw/ws", None),
    ],
)
def test_what_path_the_app_receives(location: str, asked: str, received: str | None) -> None:
    assert route(location, path=asked).app_path()[0] == received


@pytest.mark.parametrize(
    ("passed", "found"),
    [
        ("http://127.0.0.1:8000", ("127.0.0.1:8000",)),
        ("http://localhost:8000/base", ("127.0.0.1:8000",)),
        ("https://app", ("app:443",)),
        ("http://pool", ("10.0.0.1:8000", "10.0.0.2:80", "unix:/run/app.sock")),
        ("http://$target", ()),
    ],
)
def test_where_requests_are_handed_on_to(passed: str, found: tuple[str, ...]) -> None:
    pool = "upstream pool { server 10.0.0.1:8000; server 10.0.0.2; server unix:/run/app.sock; }"
    assert targets(*parsed(f"location / {{ proxy_pass {passed}; }}", pool)) == found


@pytest.mark.parametrize(
    ("name", "full"), [("a:1", "a:1"), ("a", "a:80"), ("[::1]:9", "127.0.0.1:9"), ("[fe80::1]", "[fe80::1]:80"), ("unix:/s:", "unix:/s")]
)
def test_addresses(name: str, full: str) -> None:
    assert address(name, "80") == full
