"""wslogs/parsers/probe.py: one event of each probe, and the traps of reading one."""

from __future__ import annotations

import pytest

from conftest import item
from wslogs.errors import LeakError
from wslogs.model import Event
from wslogs.parsers import probe
from wslogs.parsers.kit import Kit


def read(text: str, kit: Kit) -> list[Event]:
    parsed = probe.parse(item(text, "probe.txt"), kit)
    assert len(parsed.sources) == 1
    return parsed.events


def told(text: str, kit: Kit) -> list[tuple[int, str, int | None, tuple[str, ...]]]:
    return [(e.line, str(e.what), e.status, e.signals) for e in read(text, kit)]


OPENED = "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\n\n"


def test_a_time_limit_after_a_101_is_no_failure(kit: Kit) -> None:
    text = OPENED + "\x81\x05hellocurl: (28) Operation timed out after 3014 milliseconds with 0 bytes received\n"
    assert told(text, kit) == [(1, "opened", 101, ("probe.opened",))]


def test_a_time_limit_without_any_answer_is_one(kit: Kit) -> None:
    text = "curl: (28) Operation timed out after 3001 milliseconds with 0 bytes received\n"
    assert told(text, kit) == [(1, "failed", None, ("probe.no-answer",))]


def test_a_key_that_is_none_is_told_by_the_request_or_by_the_answer(kit: Kit) -> None:
    sent = "> GET /api/v1/ws HTTP/1.1\n> Sec-WebSocket-Key: test\n> \n< HTTP/1.1 400 Bad Request\n"
    said = "HTTP/1.1 400 Bad Request\n\nFailed to open a WebSocket connection: invalid Sec-WebSocket-Key header: test.\n"
    for text in (sent, said):
        [(_, what, status, signals)] = told(text, kit)
        assert (what, status, set(signals)) == ("refused", 400, {"probe.answered-as-http", "probe.key-is-no-key"})


def test_an_answer_over_http2_is_not_one_to_a_handshake(kit: Kit) -> None:
    assert told("< HTTP/2 404 \n< server: nginx\n", kit) == [(1, "refused", 404, ("probe.over-http2",))]


def test_without_a_certificate_nothing_is_verified(kit: Kit) -> None:
    text = "CONNECTED(00000003)\n---\nno peer certificate available\n---\nVerification: OK\n    Verify return code: 0 (ok)\n"
    assert told(text, kit) == [(3, "failed", None, ("probe.tls-to-plain-port",))]


def test_several_probes_in_one_file(kit: Kit) -> None:
    text = (
        "$ curl -i http://localhost:8000/health\nHTTP/1.1 200 OK\ndate: Tue, 24 Nov 2026 22:16:43 GMT\n\n"
        '{"status":"ok"}\n$ wscat -c ws://localhost:8000/api/v1/ws\nerror: connect ECONNREFUSED 127.0.0.1:8000\n'
    )
    first, second = read(text, kit)
    assert (first.line, first.path, first.status, first.at) == (2, "/health", 200, 1795558603.0)
    assert (second.line, second.path, second.signals, second.at) == (7, "/api/v1/ws", ("probe.refused",), None)


def test_each_line_of_nc_is_a_probe(kit: Kit) -> None:
    text = "Connection to 127.0.0.1 8000 port [tcp/*] succeeded!\nnc: connect to 127.0.0.1 port 8001 (tcp) failed: Connection refused\n"
    assert told(text, kit) == [(1, "note", None, ("probe.port-open",)), (2, "failed", None, ("probe.refused",))]


def test_a_close_code_is_that_of_an_open_socket(kit: Kit) -> None:
    text = '\r\x1b[2K\x1b[3D\x1b[32mConnected (press CTRL+C to quit)\x1b[39m\r\n> Disconnected (code: 4401, reason: "Token expired")\n'
    assert [(e.status, e.code, e.line) for e in read(text, kit)] == [(101, 4401, 1)]


def test_words_of_a_page_settle_nothing(kit: Kit) -> None:
    text = "HTTP/1.1 200 OK\n\n<p>Your certificate has expired, error: nothing</p>\n"
    assert [e.signals for e in read(text, kit)] == [("probe.answered-as-http",)]


def test_an_opened_path_is_one_that_is_dialled(kit: Kit) -> None:
    read("> GET /live?token=abc HTTP/1.1\n" + OPENED, kit)
    assert "/live" in kit.paths


@pytest.mark.parametrize(
    "line",
    [
        "$ curl -i -H 'Authorization: Bearer s3cr3t-0123456789abcdef' http://localhost:8000/ws",
        "> GET /ws?token=s3cr3t-0123456789abcdef HTTP/1.1",
        "* h2h3 [:path: /ws?token=s3cr3t-0123456789abcdef]",
        "< Set-Cookie: sid=s3cr3t-0123456789abcdef",
        "    Master-Key: s3cr3t-0123456789abcdef",
    ],
)
def test_what_is_secret_is_known_to_the_vault(line: str, kit: Kit) -> None:
    read(line + "\n", kit)
    with pytest.raises(LeakError):
        kit.vault.check({"report.md": b"x s3cr3t-0123456789abcdef x"})


@pytest.mark.parametrize("junk", ["", "\n", "\0" * 9, "HTTP/1.1 ", "> \n" * 50, "curl: (", "HTTP/1.1 101 x" * 4000, "\x1b[2K\r\r\r"])
def test_anything_may_come(junk: str, kit: Kit) -> None:
    parsed = probe.parse(item(junk, "x"), kit)
    assert parsed.sources[0].recognised <= parsed.sources[0].lines


def test_a_long_file_is_cut_and_says_so(kit: Kit) -> None:
    parsed = probe.parse(item("x\n" * 30_000, "x"), kit)
    assert parsed.sources[0].notes == ["only its first 20000 lines were read"]


def test_what_begins_a_probe(kit: Kit) -> None:
    assert probe.is_probe(b'\nHTTP/1.1 200 OK\r\n\r\n{"status":"ok"}', kit)
    assert probe.is_probe(b"$ curl http://localhost:8000/health\n", kit)
    assert not probe.is_probe(b"INFO:     connection open\nHTTP/1.1 200 OK\n", kit)
    assert probe.is_answer(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x7e\0\xc8")
    assert not probe.is_answer(b"\x7fELF\0\0")
