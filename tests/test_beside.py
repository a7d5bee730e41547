"""wslogs/facts/beside.py: listeners, certificates and containers beside an attempt; and what hints come to in whole bundles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conftest import NOON, ROOT, SAMPLES, attempt, bundle, event, item, token
from wslogs.facts import beside
from wslogs.facts.world import World, world
from wslogs.model import Attempt, Event, Tier
from wslogs.parsers import conf_files
from wslogs.parsers.certificates import Certificate
from wslogs.parsers.compose import Service
from wslogs.pipeline import analyze
from wslogs.times import iso

ALL = event("host", "note", source="ss.txt", upstream="*")


def listener(address: str) -> Event:
    return event("host", "note", source="ss.txt", line=2, upstream=address)


def certificate(name: str, last: float) -> Certificate:
    return Certificate(source="a.pem", line=1, names=(name,), first=0.0, last=last, own=False, authority=False)


def service(name: str, listens: str | None = None, on_host: bool = False) -> Service:
    return Service(
        source="c.yml", line=1, names=(name,), is_nginx=name == "nginx", on_host=on_host, listens=listens, published=()
    )  # fmt: skip


def of(*loose: Event, target: str = "http://127.0.0.1:8000", certificates: Any = (), services: Any = (), opened: Any = ()) -> World:
    text = f"server {{ location /ws {{ proxy_pass {target}; }} }}"
    conf = conf_files.parse(item(text, "nginx.conf"))[1]
    return world(opened, (), conf, (), loose, certificates, services)


def facts(one: Attempt, of_world: World) -> dict[str, Any]:
    beside.learn(one, of_world)
    return one.facts


@pytest.mark.parametrize(
    ("one", "answered", "lost"),
    [
        (attempt(event("probe", "failed")), False, True),
        (attempt(event("browser", "failed", path="/ws"), opened=False), False, False),
        (attempt(event("browser", "failed", path="/ws"), opened=False, status=403), True, False),
        (attempt(event(status=502, path="/ws"), status=502, opened=False), True, True),
        (attempt(event("browser", "closed", path="/ws"), opened=True, code=1006), True, True),
        (attempt(event("browser", "closed", path="/ws"), opened=True, code=1000), True, False),
        (attempt(event("app", "closed", path="/ws"), opened=True, code=1006), True, False),
        (attempt(event("app", "closed", code=1011)), True, False),
        (attempt(event("app", "closed", code=1006)), False, False),  # a client's own log says so of a try that nobody answered
        (attempt(event("app", "exception")), False, False),
        (attempt(event("browser", "closed", path="/ws"), event("app", "closed", code=1005), opened=True, code=1006), True, False),
        (attempt(event(status=502, path="/ws"), status=502, opened=False, facts={"app.state": "running"}), True, False),
    ],
)
def test_how_far_it_came(one: Attempt, answered: bool, lost: bool) -> None:
    found = facts(one, of())
    assert (found["answered"], found["lost"]) == (answered, lost)


@pytest.mark.parametrize(
    ("loose", "target", "listens"),
    [
        ((ALL, listener("127.0.0.1:8000")), "http://127.0.0.1:8000", "yes"),
        ((ALL, listener("0.0.0.0:8000")), "http://localhost:8000/api/", "yes"),
        ((ALL, listener(":::8000")), "http://127.0.0.1:8000", "yes"),
        ((ALL, listener("127.0.0.1:8001")), "http://127.0.0.1:8000", "no"),
        ((listener("127.0.0.1:8001"),), "http://127.0.0.1:8000", None),  # one line that somebody grepped
        ((), "http://127.0.0.1:8000", None),
        ((ALL, listener("127.0.0.1:8000")), "http://192.0.2.7:8000", "loopback"),
        ((ALL, listener("0.0.0.0:8000")), "http://192.0.2.7:8000", None),
        ((ALL,), "http://192.0.2.7:8000", None),
        ((ALL, listener("127.0.0.1:8000")), "http://backend:8000", None),
    ],
)
def test_what_listens(loose: tuple[Event, ...], target: str, listens: str | None) -> None:
    one = attempt(event(path="/ws", status=502), status=502, opened=False)
    assert facts(one, of(*loose, target=target)).get("host.listens") == listens


@pytest.mark.parametrize(
    ("probes", "opens"),
    [
        ([event("probe", "opened", path="/ws", token=token())], "with-token"),
        ([event("probe", "opened", path="/ws"), event("probe", "opened", path="/ws", token=token())], "with-token"),
        ([event("probe", "opened", path="/ws")], "without-token"),
        ([event("probe", "opened", path="/other"), event("probe", "refused", path="/ws", status=403)], None),
        ([event("probe", "opened")], None),
    ],
)
def test_a_probe_that_opened_this_path(probes: list[Event], opens: str | None) -> None:
    one = attempt(event("browser", "failed", path="/ws"), opened=False)
    assert facts(one, of(*probes)).get("probe.opens") == opens


def test_without_a_configuration_the_log_tells_whom_nginx_asked() -> None:
    one = attempt(event(path="/ws", status=502, upstream="127.0.0.1:8001, 127.0.0.1:8000"), status=502, opened=False)
    beside.learn(one, world((), (), None, (), (ALL, listener("127.0.0.1:9"))))
    assert one.facts["host.listens"] == "no"


def test_a_path_that_opens_has_a_listener_whatever_a_snapshot_says() -> None:
    one = attempt(event(path="/ws", status=502), status=502, opened=False)
    assert "host.listens" not in facts(one, of(ALL, opened=[attempt(event(path="/ws"), opened=True)]))


@pytest.mark.parametrize(
    ("ends", "by"), [([NOON - 60], 60.0), ([NOON - 60, NOON + 9], -9.0), ([], None)]
)  # fmt: skip
def test_the_certificate_that_ends_last_is_the_one_in_use(ends: list[float], by: float | None) -> None:
    one = attempt(event("browser", "failed", path="/ws"), host="testdomen.uz", scheme="wss", started=NOON)
    found = facts(one, of(certificates=[certificate("testdomen.uz", end) for end in ends] + [certificate("other.uz", 1.0)]))
    assert found.get("certificate.ended_by_s") == by


@pytest.mark.parametrize(
    ("target", "services", "told"),
    [
        ("http://127.0.0.1:8000", [service("nginx"), service("backend")], "itself"),
        ("http://localhost:8000", [service("nginx", on_host=True)], None),
        ("http://127.0.0.1:8000", [service("backend")], None),  # nginx runs on the host
        ("http://backend:8000", [service("nginx"), service("backend", "127.0.0.1")], "loopback"),
        ("http://backend:8000", [service("nginx"), service("backend", "0.0.0.0")], None),
        ("http://api:8000", [service("nginx"), service("backend")], "unknown"),
        ("http://api.example:8000", [service("nginx"), service("backend")], None),
    ],
)
def test_whom_nginx_asks_in_containers(target: str, services: list[Service], told: str | None) -> None:
    one = attempt(event(path="/ws", status=502), status=502, opened=False)
    assert one.tiers.keys() == {Tier.PROXY}
    assert facts(one, of(target=target, services=services)).get("compose.upstream") == told


ROW = '203.0.113.9 - - [23/Nov/2026:17:00:00 +0500] "GET /api/v1/ws HTTP/1.1" {status} 150 "-" "Mozilla/5.0"\n'
FAILED = "index.js:66 WebSocket connection to 'wss://testdomen.uz/api/v1/ws' failed: \n"
EXPIRED = "curl: (60) SSL certificate problem: certificate has expired\n"
KEY_TEST = "HTTP/1.1 400 Bad Request\n\nFailed to open a WebSocket connection: invalid Sec-WebSocket-Key header: test.\n"
OPENED = "HTTP/1.1 101 Switching Protocols\n\ncurl: (28) Operation timed out after 3 milliseconds with 0 bytes received\n"
SS = "State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess\nLISTEN 0      511          0.0.0.0:443      0.0.0.0:*\n"
CONF = "server { listen 443 ssl; location /api/v1/ws { proxy_pass http://127.0.0.1:8000; } }\n"
KILLED = "Nov 23 17:00:0{second} web1 kernel: [71902.110731] Out of memory: Killed process 2485 (uvicorn) total-vm:1157451kB\n"
BLOCKED = (
    "Nov 23 17:00:00 web1 kernel: [1.000000] [UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.9 DST=192.0.2.10 LEN=60 PROTO=TCP SPT=4 DPT=443"
    " WINDOW=64240 RES=0x00 SYN URGP=0\n"
)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"curl.txt": KEY_TEST}, ("undetermined", None)),  # the guide's own command, on a server that is well
        ({"curl.txt": OPENED}, ("healthy", None)),
        ({"curl.txt": "< HTTP/2 404 \n"}, ("undetermined", None)),
        ({"tls.txt": "CONNECTED(00000003)\n---\nVerification: OK\n"}, ("undetermined", None)),
        ({"curl.txt": EXPIRED}, ("failure", "tls.expired")),
        ({"console.log": FAILED, "curl.txt": EXPIRED}, ("failure", "tls.expired")),
        ({"console.log": FAILED, "curl.txt": KEY_TEST}, ("undetermined", None)),
        ({"access.log": ROW.format(status=502), "ss.txt": SS, "nginx.conf": CONF}, ("failure", "server.down")),
        ({"access.log": ROW.format(status=502), "curl.txt": EXPIRED}, ("undetermined", None)),
        ({"access.log": ROW.format(status=504), "ss.txt": SS, "nginx.conf": CONF, "curl.txt": EXPIRED}, ("failure", "server.timeout")),
        ({"access.log": ROW.format(status=101), "curl.txt": EXPIRED}, ("healthy", None)),
        ({"access.log": ROW.format(status=502), "syslog": KILLED.format(second=1)}, ("failure", "server.crashed")),
        ({"access.log": ROW.format(status=502), "syslog": KILLED.format(second=9)}, ("undetermined", None)),
        ({"access.log": ROW.format(status=502), "syslog": BLOCKED}, ("undetermined", None)),
    ],
)  # fmt: skip
def test_what_hints_come_to(files: dict[str, str], said: tuple[str, str | None], tmp_path: Path) -> None:
    verdict = analyze(bundle(tmp_path, files)).report["verdict"]
    assert (verdict["status"], verdict["detail"]) == said


def test_a_verdict_by_hints_alone_has_a_confidence_of_its_own(tmp_path: Path) -> None:
    verdict = analyze(bundle(tmp_path, {"console.log": FAILED, "curl.txt": EXPIRED})).report["verdict"]
    assert verdict["confidence"] == 0.5  # tls.expired told by a browser is right far more often


def test_a_certificate_that_openssl_printed_is_dated(tmp_path: Path) -> None:
    kept = (ROOT / "tests/fixtures/probe/openssl/bundle/expired.txt").read_bytes()
    har = (SAMPLES / "tls/unknown-authority/bundle/browser.har").read_bytes()
    made = analyze(bundle(tmp_path, {"tls.txt": kept, "browser.har": har}))
    assert [(c.names, c.line) for c in made.evidence.certificates] == [(("testdomen.uz",), 23)]
    assert made.report["verdict"]["detail"] == "tls.untrusted"  # what the browser says is not outvoted by a probe


def test_a_dropped_packet_stands_beside_the_attempt_of_its_moment(tmp_path: Path) -> None:
    swallowed = SAMPLES / "network/swallowed/bundle"
    plain = analyze(swallowed)
    failed = next(i for i in plain.found.incidents if i.detail == "network.blocked")
    when = iso(plain.found.attempts[failed.attempts[0]].started)
    assert when is not None
    line = f"{when.removesuffix('Z')[:19]}+00:00 web1 kernel: {BLOCKED.partition('kernel: ')[2]}"
    (tmp_path / "kern.log").write_text(line, encoding="utf-8")
    made = analyze([swallowed, tmp_path / "kern.log"]).report
    assert made["verdict"]["detail"] == "network.blocked"
    told = [row for incident in made["incidents"] for row in incident["evidence"] if row["signal"] == "host.firewall-dropped"]
    assert [(row["line"], row["source"].rpartition("/")[2]) for row in told] == [(1, "kern.log")]
    assert "203.0.113.9" not in str(told)


REFUSED = (
    "2026/11/23 17:00:00 [error] 29#29: *17 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.9,"
    ' server: testdomen.uz, request: "GET /api/v1/ws HTTP/1.1", upstream: "http://127.0.0.1:8000/api/v1/ws", host: "testdomen.uz"\n'
)
COMPOSE = "services:\n  nginx:\n    image: nginx:1.27\n  backend:\n    build: .\n    command: uvicorn main:app --port 8000\n"


@pytest.mark.parametrize(("compose", "detail"), [(COMPOSE, "proxy.upstream"), (COMPOSE.replace("nginx", "db"), None)])
def test_a_refusal_by_the_containers_own_localhost(compose: str, detail: str | None, tmp_path: Path) -> None:
    files = {"access.log": ROW.format(status=502), "error.log": REFUSED, "nginx.conf": CONF, "docker-compose.yml": compose}
    assert analyze(bundle(tmp_path, files)).report["verdict"]["detail"] == detail
