"""wslogs/parsers/nginx_conf.py: directives, and the log formats among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from wslogs.bundle import open_bundle
from wslogs.model import Source
from wslogs.parsers import conf_files
from wslogs.parsers.nginx_conf import Conf, duration, secrets
from wslogs.parsers.nginx_location import routes
from wslogs.parsers.nginx_route import Route


def parsed(tmp_path: Path, text: str) -> tuple[Source, Conf]:
    (tmp_path / "nginx.conf").write_text(text, encoding="utf-8")
    with open_bundle([tmp_path]) as bundle:
        return conf_files.parse(bundle.items[0])


def route(tmp_path: Path, inside: str, path: str = "/api/v1/ws", outside: str = "") -> Route:
    _, conf = parsed(tmp_path, f"http {{ {outside}\nserver {{ listen 443 ssl; server_name a.example;\n{inside}\n}} }}")
    found = routes(conf, "wss", "a.example", path)
    assert found is not None
    return found


@pytest.mark.parametrize(("text", "wanted"), [("86400", 86400.0), ("6s", 6.0), ("1h30m", 5400.0), ("500ms", 0.5), ("soon", None)])
def test_durations(text: str, wanted: float | None) -> None:
    assert duration(text) == wanted


def test_shown_directives_hold_no_host(tmp_path: Path) -> None:
    target = route(tmp_path, "location / { proxy_pass http://secret-host.internal:8000/base; }").own("proxy_pass")
    assert target is not None and target.shown() == "proxy_pass http://…:8000/base;"


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


def test_values_that_may_be_secrets_are_told_and_plain_words_are_not(tmp_path: Path) -> None:
    _, conf = parsed(
        tmp_path,
        "http { map $http_x_key $allowed { default 0; 9f8Zq2LmXv7T 1; } map $http_upgrade $connection_upgrade { default upgrade; }"
        ' server { location / { proxy_set_header X-Key "Bearer s3cr3t$uri t0ken"; proxy_set_header Connection $connection_upgrade; } } }',
    )
    found = {word for word in secrets(conf.directives) if len(word) > 3}
    assert found == {"9f8Zq2LmXv7T", "Bearer s3cr3t$uri t0ken", "Bearer", "s3cr3t$uri", "t0ken"}


def test_a_word_that_nginx_does_not_know_is_not_shown(tmp_path: Path) -> None:
    target = route(tmp_path, "location / { proxy_pass http://a; proxy_set_header X-Internal qzxkvbnwplrtgh; }").headers()
    assert [one.shown() for one in target] == ["proxy_set_header … …;"]
