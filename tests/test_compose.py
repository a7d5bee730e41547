"""wslogs/parsers/compose.py: names, ports and listening addresses of services, and nothing else of them."""

from __future__ import annotations

import pytest

from conftest import ROOT, item
from wslogs.errors import LeakError
from wslogs.parsers import compose
from wslogs.parsers.kit import Kit

KEPT = ROOT / "tests/fixtures/host/compose/bundle/docker-compose.yml"


def test_services(kit: Kit) -> None:
    source, events, found = compose.parse(item(KEPT.read_bytes(), "docker-compose.yml"), kit)
    assert [(s.line, s.names, s.is_nginx, s.on_host, s.listens, s.published) for s in found] == [
        (2, ("nginx",), True, False, None, (80, 443)),
        (9, ("backend",), False, False, "127.0.0.1", ()),
        (16, ("db",), False, False, None, ()),
    ]
    assert (source.lines, source.kept, len(events)) == (19, 3, 3)


@pytest.mark.parametrize("secret", ["made-up-5b7e21c94d88", "made-up-91f3a7c2d0"])
def test_values_are_secrets(secret: str, kit: Kit) -> None:
    compose.parse(item(KEPT.read_bytes()), kit)
    with pytest.raises(LeakError):
        kit.vault.check({"report.md": f"said {secret} here".encode()})


def test_addresses_are_no_secrets_for_reports_show_them(kit: Kit) -> None:
    text = (
        "services:\n  web:\n    command: uvicorn main:app --host 0.0.0.0 --port 8000\n"
        "    environment: {BACKEND: 'http://backend:8000', OTHER: 'backend:8000/api'}\n"
        "    healthcheck: {test: [CMD, curl, -f, 'http://localhost:8000/health']}\n"
        "    volumes: ['./nginx.conf:/etc/nginx/conf.d/site1.conf:ro']\n"
    )
    compose.parse(item(text), kit)
    kit.vault.check({"report.md": b"proxy_pass http://backend:8000/api; curl -i http://localhost:8000/health; conf.d/site1.conf:3"})


def test_a_password_in_an_address_is_a_secret(kit: Kit) -> None:
    compose.parse(item("services:\n  web:\n    environment: ['DATABASE_URL=postgresql://app:Qw7x91f3a7c2@db:5432/app']\n"), kit)
    with pytest.raises(LeakError):
        kit.vault.check({"report.md": b"app:Qw7x91f3a7c2@"})


def test_long_forms(kit: Kit) -> None:
    text = """
services:
  web:
    image: registry.example/nginx:1
    network_mode: host
    container_name: edge
    ports: [{target: 80, published: "8080"}, "127.0.0.1:8443:443/tcp"]
  app:
    command: ["gunicorn", "-b", "0.0.0.0:8000", "main:app"]
"""
    web, app = compose.parse(item(text), kit)[2]
    assert (web.names, web.is_nginx, web.on_host, web.published) == (("web", "edge"), True, True, (8080, 8443))
    assert app.listens == "0.0.0.0"


@pytest.mark.parametrize(
    "text",
    [
        "services: [", "services: 7", "services:\n  a: 1\n", "services:\n  a: &x [*x]\n", "services:\n  a:\n    command: {b: c}\n",
        "[" * 5000, "services:\n  a: !!python/object/apply:os.system [echo]\n", "\0", "services:\n  ? [a]\n  : b\n",
        "a: &a [x,x]\nb: &b [*a,*a]\nservices:\n  c: *b\n",
    ],
)  # fmt: skip
def test_anything_may_come(text: str, kit: Kit) -> None:
    source, events, found = compose.parse(item(text), kit)
    assert len(events) == len(found) == source.kept


def test_what_is_a_compose_file() -> None:
    assert compose.is_compose(KEPT.read_bytes())
    assert compose.is_compose(b"version: '3'\n\nservices:\n  # all\n\n  web:\n    image: x\n")
    assert not compose.is_compose(b"services: started\nINFO: x\n")
