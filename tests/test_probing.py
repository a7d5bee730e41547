"""wslogs probe: each rung against a small server on loopback, what is written of it, and the command as a whole."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve
from websockets.utils import accept_key

from conftest import patterns
from tests.lab import certificates as lab
from wslogs.cli import app
from wslogs.parsers.kit import Kit
from wslogs.pipeline import analyze
from wslogs.probing import answers, commands, ladder, link
from wslogs.probing.link import LinkError
from wslogs.probing.model import RUNGS, Address, Ask, AskError, Run, Rung, address, endpoint
from wslogs.probing.written import written
from wslogs.redact import Vault
from wslogs.report.probing import CHECKS, TITLES, rungs

SECRET = "s3cr3t-0123456789abcdef"
NGINX_404 = b"<html><center><h1>404 Not Found</h1></center><hr><center>nginx</center></html>"


def say(status: str, body: bytes = b"", *headers: str) -> bytes:
    """An answer as a server writes it."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@contextmanager
def listening(answer: Callable[[socket.socket, bytes], None], *, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that hands each connection and its first bytes to a function; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        over = threading.Event()
        threads = []

        def one(raw: socket.socket) -> None:
            with suppress(OSError), raw:
                raw.settimeout(5)
                made = tls.wrap_socket(raw, server_side=True) if tls is not None else raw
                with made:
                    answer(made, made.recv(65536))

        def run() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    raw, _ = server.accept()
                    threads.append(threading.Thread(target=one, args=(raw,)))
                    threads[-1].start()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join()
            for one_thread in threads:
                one_thread.join(10)


def saying(*answer: bytes) -> Callable[[socket.socket, bytes], None]:
    return lambda raw, _: raw.sendall(b"".join(answer))


@contextmanager
def sockets(
    handler: Callable[[ServerConnection], None], refuse: Callable[[Request], tuple[int, bytes] | None] = lambda request: None
) -> Iterator[int]:  # fmt: skip
    """A server of WebSockets at /ws; plain requests get 200 at /health and 404 elsewhere."""

    def first(connection: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Upgrade") is None:
            good = request.path == "/health"
            return Response(200 if good else 404, "OK" if good else "Not Found", Headers({"Content-Length": "2"}), b"{}")
        refused = refuse(request)
        return None if refused is None else Response(refused[0], "No", Headers({"Content-Length": str(len(refused[1]))}), refused[1])

    with serve(handler, "127.0.0.1", 0, process_request=first, ping_interval=None, close_timeout=1) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.socket.getsockname()[1]
        finally:
            server.shutdown()
            thread.join()


def echo(connection: ServerConnection) -> None:
    for message in connection:
        connection.send(message)


def ask(port: int, *, secure: bool = False, **more: Any) -> Ask:
    given = {"idle_s": 0.0, "limit_s": 2.0} | more
    at = Address(secure, "ws.example.com" if secure else "127.0.0.1", port, given.pop("path", "/ws"))
    return Ask(at=at, **({"connect_to": endpoint(f"127.0.0.1:{port}")} if secure else {}), **given)


def climb(port: int, **more: Any) -> Run:
    reader = Kit(patterns(), Vault()).reader("probed")
    return ladder.run(ask(port, **more), lambda text: reader.read_all(f"said: {text}").signals)


def told(run: Run, *names: str, side: str = "url") -> list[tuple[str, str, str]]:
    return [(one.id, one.state, one.why) for one in run.rungs if one.side == side and (not names or one.id in names)]


def seen(run: Run, name: str, side: str = "url") -> dict[str, object]:
    return dict(next(one.seen for one in run.rungs if (one.id, one.side) == (name, side)))


def verdict(run: Run, folder: Path) -> str:
    (folder / "probe.json").write_bytes(written(run, None))
    made = analyze(folder / "probe.json").report["verdict"]
    return str(made["detail"] or made["cause"] or made["status"]) if made["status"] == "failure" else str(made["status"])


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("wss://testdomen.uz/api/v1/ws", Address(True, "testdomen.uz", 443, "/api/v1/ws")),
        ("https://testdomen.uz", Address(True, "testdomen.uz", 443, "/")),
        ("testdomen.uz/ws", Address(True, "testdomen.uz", 443, "/ws")),
        ("ws://localhost:8000/ws?cols=80", Address(False, "localhost", 8000, "/ws", "cols=80")),
        ("ws://[::1]:8000/ws", Address(False, "::1", 8000, "/ws")),
        ("wss://testdomen.uz/ws?token=null", Address(True, "testdomen.uz", 443, "/ws", "token=null")),
    ],
)
def test_a_url_is_taken_apart(url: str, wanted: Address) -> None:
    assert address(url) == wanted


@pytest.mark.parametrize(
    "url",
    [
        f"wss://testdomen.uz/ws?token={SECRET}", f"wss://testdomen.uz/ws?t={SECRET}", f"wss://me:{SECRET}@testdomen.uz/ws",
        "ftp://testdomen.uz/", "wss:///ws", "wss://testdomen.uz:99999/ws", "wss://testdomen.uz/a b",
    ],
)  # fmt: skip
def test_a_url_that_must_not_stand_in_a_command_line_is_refused_without_its_words(url: str) -> None:
    with pytest.raises(AskError) as refused:
        address(url)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "host", "port", "path"), [("127.0.0.1:8000", "127.0.0.1", 8000, None), ("http://app:80/ws", "app", 80, "/ws")]
)
def test_an_address_of_the_app(text: str, host: str, port: int, path: str | None) -> None:
    made = endpoint(text)
    assert (made.host, made.port, made.path) == (host, port, path)


@pytest.mark.parametrize("text", ["8000", "app", "app:x", "app:70000", ":80"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(AskError):
        endpoint(text)


def test_hosts_of_ipv6_stand_in_brackets() -> None:
    at = address("ws://[::1]:8000/ws")
    assert (at.place, at.origin, at.url()) == ("[::1]:8000", "http://[::1]:8000", "ws://[::1]:8000/ws")


def test_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", none)
    run = climb(9)
    assert told(run)[:2] == [("resolve", "failed", "no-name"), ("connect", "skipped", "resolve")]
    assert {state for _, state, _ in told(run)[1:]} == {"skipped"}


def test_a_resolver_that_keeps_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: (over.wait(5) and []) or [])
    with pytest.raises(LinkError) as failed:
        link.resolve("testdomen.uz", 443, 0.2)
    over.set()
    assert (failed.value.step, failed.value.why) == ("resolve", "timed-out")


def test_a_port_on_which_nobody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    run = climb(port)
    assert told(run, "connect", "handshake") == [("connect", "failed", "refused"), ("handshake", "skipped", "connect")]
    assert verdict(run, tmp_path) == "server.down"


def tls(folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's context with a certificate of that kind, and its authority trusted here."""
    own = lab.authority("Lab Test Root")
    (folder / "ca.pem").write_bytes(own.certificate.public_bytes(lab.serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    issuer = lab.authority("Unknown Root") if kind == "untrusted" else own
    lab.write_leaf(folder, "ws.example.com", issuer, kind)  # type: ignore[arg-type]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "fullchain.pem", folder / "privkey.pem")
    return context


@pytest.mark.parametrize(
    ("kind", "why", "cause"),
    [
        ("expired", "certificate-expired", "tls.expired"),
        ("untrusted", "certificate-untrusted", "tls.untrusted"),
        ("self-signed", "certificate-untrusted", "tls.untrusted"),
        ("no-intermediate", "certificate-untrusted", "tls.untrusted"),
        ("other-name", "certificate-name", "tls.hostname"),
    ],
)
def test_a_certificate_that_is_refused(kind: str, why: str, cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(saying(say("404 Not Found")), tls=tls(tmp_path, kind, monkeypatch)) as port:
        run = climb(port, secure=True)
    assert told(run, "tls", "handshake") == [("tls", "failed", why), ("handshake", "skipped", "tls")]
    assert isinstance(seen(run, "tls")["not_after"], int)
    assert verdict(run, tmp_path) == cause


def test_a_certificate_that_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(saying(say("404 Not Found", NGINX_404, "Server: nginx")), tls=tls(tmp_path, "valid", monkeypatch)) as port:
        run = climb(port, secure=True)
    assert told(run, "tls") == [("tls", "passed", "")]
    assert seen(run, "tls")["names"] == "ws.example.com" and seen(run, "tls")["issuer"] == "Lab Test Root"
    assert verdict(run, tmp_path) == "path.not-found"


def test_tls_to_a_plain_port(tmp_path: Path) -> None:
    with listening(saying(say("400 Bad Request"))) as port:
        run = climb(port, secure=True)
    assert told(run, "tls") == [("tls", "failed", "plain-port")]
    assert verdict(run, tmp_path) == "tls.protocol"


def test_plain_http_to_a_tls_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(saying(say("200 OK")), tls=tls(tmp_path, "valid", monkeypatch)) as port:
        run = climb(port)
    assert told(run, "http", "handshake") == [("http", "failed", "tls-port"), ("handshake", "skipped", "http")]
    assert verdict(run, tmp_path) == "tls.protocol"


def test_a_port_that_takes_connections_and_keeps_silent(tmp_path: Path) -> None:
    began = time.monotonic()
    with listening(lambda raw, _: time.sleep(1.5)) as port:
        run = climb(port, secure=True, limit_s=0.5)
    assert told(run, "tls") == [("tls", "failed", "timed-out")]
    assert time.monotonic() - began < 20
    assert verdict(run, tmp_path) == "undetermined"


def trickle(raw: socket.socket, _: bytes) -> None:
    with suppress(OSError):
        for _ in range(60):
            raw.sendall(b"HTTP/1.1 200 OK\r\n"[:1])
            time.sleep(0.1)


def test_an_answer_that_trickles_is_cut_by_the_clock() -> None:
    with listening(trickle) as port:
        raw = socket.create_connection(("127.0.0.1", port))
        answer = answers.ask(raw, ask(port).at, "/", lambda text: (), 0.5)
    assert (answer.status, answer.why) == (None, "timed-out")
    assert answer.took_s < 3


AT = Address(False, "testdomen.uz", 80, "/ws")


@pytest.mark.parametrize(
    ("status", "headers", "body", "facts"),
    [
        (404, {"Server": "nginx/1.22.1"}, NGINX_404, {"status": 404, "by": "nginx-page", "server": "nginx/1.22.1"}),
        (404, {"Server": "nginx"}, b'{"detail":"Not Found"}', {"status": 404, "server": "nginx"}),
        (
            200, {"ETag": '"65a1b2c3-264"', "Last-Modified": "Fri, 12 Jan 2024 21:44:35 GMT"}, b"<html>",
            {"status": 200, "by": "nginx-file"},
        ),
        (200, {"ETag": '"65a1b2c4-264"', "Last-Modified": "Fri, 12 Jan 2024 21:44:35 GMT"}, b"<html>", {"status": 200}),
        (301, {"Location": "http://testdomen.uz/ws/"}, b"", {"status": 301, "leads": "slash"}),
        (301, {"Location": "https://testdomen.uz/ws"}, b"", {"status": 301, "leads": "https"}),
        (302, {"Location": "https://login.example.com/"}, b"", {"status": 302, "leads": "other"}),
        (502, {"Via": "1.1 varnish", "Server": "Cafe \x1b[31m"}, b"", {"status": 502, "between": True}),
    ],
)  # fmt: skip
def test_who_answered(status: int, headers: dict[str, str], body: bytes, facts: dict[str, object]) -> None:
    assert answers.answered(status, list(headers.items()), body, AT, lambda text: ()).facts() == facts


def test_a_socket_that_works(tmp_path: Path) -> None:
    with sockets(echo) as port:
        run = climb(port, token=SECRET, send="hello", idle_s=0.3, path="/ws")
    assert [(name, why) for name, state, why in told(run) if state == "failed"] == []
    assert seen(run, "message") == {"sent": True, "received": 1}
    assert seen(run, "close") == {"code": 1000}
    assert verdict(run, tmp_path) == "healthy"


def test_origins_and_tokens_of_others_are_tried_on_a_socket_that_works(tmp_path: Path) -> None:
    def refuse(request: Request) -> tuple[int, bytes] | None:
        return (403, b"") if "token" not in request.path or "invalid" in request.headers["Origin"] else None

    with sockets(echo, refuse) as port:
        run = climb(port, token=SECRET)
    assert told(run, "without-token", "other-origin") == [("without-token", "failed", "answered"), ("other-origin", "failed", "answered")]
    assert verdict(run, tmp_path) == "healthy"


def closing(code: int, reason: str = "") -> Callable[[ServerConnection], None]:
    return lambda connection: connection.close(code, reason)


@pytest.mark.parametrize(
    ("code", "reason", "cause"),
    [
        (1008, "account suspended", "auth.policy"),
        (1008, "Token expired", "auth.token-expired"),
        (4401, "invalid token", "auth.token-invalid"),
        (4403, "", "auth.policy"),
        (1011, "", "application.exception"),
        (1012, "", "server.shutdown"),
        (1003, "", "protocol.unsupported-data"),
        (1009, "", "protocol.message-too-big"),
        (1000, "", "undetermined"),
    ],
)
def test_a_socket_that_the_server_closes(code: int, reason: str, cause: str, tmp_path: Path) -> None:
    with sockets(closing(code, reason)) as port:
        run = climb(port, token=SECRET)
    assert seen(run, "message")["code"] == code
    assert told(run, "message", "ping") == [("message", "failed", "closed"), ("ping", "skipped", "message")]
    assert verdict(run, tmp_path) == cause


def lose(connection: ServerConnection) -> None:
    connection.socket.shutdown(socket.SHUT_RDWR)


def test_a_socket_that_is_lost_at_once(tmp_path: Path) -> None:
    with sockets(lose) as port:
        run = climb(port)
    assert told(run, "message") == [("message", "failed", "cut")]
    assert verdict(run, tmp_path) == "undetermined"


def test_a_frame_that_is_none(tmp_path: Path) -> None:
    def broken(connection: ServerConnection) -> None:
        connection.socket.sendall(b"<html>")
        time.sleep(0.3)

    with sockets(broken) as port:
        run = climb(port)
    assert seen(run, "message")["code"] == 1002
    assert verdict(run, tmp_path) == "protocol.bad-frame"


@pytest.mark.parametrize(
    ("sent", "why", "cause"),
    [(b"", "no-pong", "undetermined"), (b"\x81\x82\0\0\0\0ok", "closed", "protocol.bad-frame")],
    ids=["deaf", "masks"],
)
def test_a_server_that_answers_no_ping_and_no_goodbye(sent: bytes, why: str, cause: str, tmp_path: Path) -> None:
    def deaf(raw: socket.socket, first: bytes) -> None:
        if b"Upgrade" not in first:
            raw.sendall(say("200 OK"))
            return
        key = next(line.partition(b": ")[2] for line in first.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
        raw.sendall(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    f"Sec-WebSocket-Accept: {accept_key(key.decode())}\r\n\r\n".encode())  # fmt: skip
        time.sleep(1.2)
        raw.sendall(sent)
        while raw.recv(65536):
            pass

    with listening(deaf) as port:
        run = climb(port, limit_s=0.5)
    assert told(run, "ping") == [("ping", "failed", why)]
    assert verdict(run, tmp_path) == cause


class Timer:
    """Relays to a server of WebSockets, and cuts a connection on which nobody spoke for so long, as nginx does."""

    def __init__(self, target: int, quiet_s: float) -> None:
        self._target, self._quiet_s = target, quiet_s

    def __call__(self, raw: socket.socket, first: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self._target)) as other:
            other.sendall(first)
            spoke = [time.monotonic()]

            def back() -> None:
                with suppress(OSError):
                    while chunk := other.recv(65536):
                        spoke[0] = time.monotonic()
                        raw.sendall(chunk.replace(b"HTTP/1.1 101", b"HTTP/1.1 101", 1))
                    raw.shutdown(socket.SHUT_RDWR)

            thread = threading.Thread(target=back)
            thread.start()
            raw.settimeout(0.05)
            with suppress(OSError):
                while time.monotonic() - spoke[0] < self._quiet_s:
                    with suppress(TimeoutError):
                        if not (chunk := raw.recv(65536)):
                            break
                        spoke[0] = time.monotonic()
                        other.sendall(chunk)
                raw.shutdown(socket.SHUT_RDWR)
            with suppress(OSError):
                other.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_silence_that_a_timer_on_the_way_ends(tmp_path: Path) -> None:
    with ExitStack() as stack:
        target = stack.enter_context(sockets(echo))
        port = stack.enter_context(listening(Timer(target, 1.6)))
        run = climb(port, idle_s=4.0, direct=endpoint(f"127.0.0.1:{target}"))
    assert told(run, "idle", "again", "pinged") == [("idle", "failed", "cut"), ("again", "failed", "cut"), ("pinged", "passed", "")]
    assert seen(run, "again")["alike"] is True
    assert told(run, "idle", side="direct") == [("idle", "passed", "")]
    assert verdict(run, tmp_path) == "undetermined", "who on the way it is does not show where nothing says nginx"


@pytest.mark.parametrize(("before", "cause"), [(b"", "undetermined"), (say("400 Bad Request", NGINX_404), "proxy.upgrade-headers")])
def test_what_the_proxy_makes_of_a_handshake_is_told_by_asking_the_app(before: bytes, cause: str, tmp_path: Path) -> None:
    """`before` is how who stands first answers what is no request: with nginx's page, or by waiting for more of it."""

    def without_upgrade(target: int) -> Callable[[socket.socket, bytes], None]:
        def relay(raw: socket.socket, first: bytes) -> None:
            if first.startswith(b"@"):
                raw.sendall(before)
                return
            kept = [line for line in first.split(b"\r\n") if not line.lower().startswith((b"upgrade", b"connection"))]
            with socket.create_connection(("127.0.0.1", target)) as other:
                other.sendall(b"\r\n".join([*kept[:-2], b"Connection: close", b"", b""]))
                while chunk := other.recv(65536):
                    raw.sendall(chunk)

        return relay

    with ExitStack() as stack:
        target = stack.enter_context(sockets(echo))
        port = stack.enter_context(listening(without_upgrade(target)))
        alone = climb(port)
        both = climb(port, direct=endpoint(f"127.0.0.1:{target}"))
    assert told(both, "handshake", side="direct") == [("handshake", "passed", "")]
    assert seen(both, "without-upgrade", "direct")["alike"] is True
    assert verdict(alone, tmp_path) == "undetermined"
    assert verdict(both, tmp_path) == cause


def test_the_origin_of_the_page_is_refused(tmp_path: Path) -> None:
    def refuse(request: Request) -> tuple[int, bytes] | None:
        return (403, b"") if "portal" in request.headers["Origin"] else None

    with sockets(echo, refuse) as port:
        run = climb(port, origin="https://portal.example.org")
    assert told(run, "handshake", "own-origin") == [("handshake", "failed", "answered"), ("own-origin", "passed", "")]
    assert verdict(run, tmp_path) == "auth.origin"


@pytest.mark.parametrize(
    ("other", "cause"), [(404, "auth"), (403, "undetermined")], ids=["the path beside it is not there", "all paths are refused"]
)
def test_403_tells_of_a_path_only_beside_another(other: int, cause: str, tmp_path: Path) -> None:
    with sockets(echo, lambda request: (403 if request.path == "/ws" else other, b"")) as port:
        assert verdict(climb(port), tmp_path) == cause


def test_502_is_told_by_health_and_by_the_app(tmp_path: Path) -> None:
    def gateway(health: bytes) -> Callable[[socket.socket, bytes], None]:
        return lambda raw, first: raw.sendall(health if first.startswith(b"GET /health ") else say("502 Bad Gateway", NGINX_404))

    with sockets(echo) as app_port, listening(gateway(say("200 OK"))) as port:
        assert verdict(climb(port), tmp_path) == "undetermined"
        assert verdict(climb(port, direct=endpoint(f"127.0.0.1:{app_port}")), tmp_path) == "proxy.upstream"
    with listening(gateway(say("502 Bad Gateway", NGINX_404))) as port:
        assert verdict(climb(port), tmp_path) == "server.down"


def test_the_clock_of_the_server(tmp_path: Path) -> None:
    with listening(saying(say("404 Not Found", NGINX_404, "Date: Tue, 24 Nov 2026 22:16:43 GMT"))) as port:
        run = climb(port)
    assert run.offset_s is not None and abs(run.offset_s - (1795558603.5 - run.started)) < 2
    assert 0.5 <= run.offset_error_s < 2


def test_what_is_written_is_json_with_a_rung_a_line_and_holds_no_token() -> None:
    with sockets(echo) as port:
        run = climb(port, token=SECRET, token_as="bearer")
    vault = Vault()
    made = written(run, vault.token(SECRET))
    vault.check({"probe.json": made})
    document = json.loads(made)
    assert document["wslogs"] == "probe/1" and document["token"] == {"as": "bearer", "length": len(SECRET)}
    lines = made.decode().splitlines()
    assert sum('"rung":' in line for line in lines) == len(document["rungs"]) == len(run.rungs)
    assert any("$TOKEN" in command for row in document["rungs"] for command in row.get("command", ()))


@pytest.mark.parametrize("rung", RUNGS)
def test_the_commands_of_a_rung_hold_no_token_and_are_one_line(rung: str) -> None:
    for token_as in ("token", "bearer"):
        given = ask(8000, token=SECRET, token_as=token_as, origin="https://a.example", direct=endpoint("127.0.0.1:9000"))
        for side in ("url", "direct"):
            for command in commands.for_rung(given, rung, side, path="/ws", origin="https://a.example", token=True):  # type: ignore[arg-type]
                assert SECRET not in command and "\n" not in command
                assert (":9000" in command or " 9000" in command) == (side == "direct" and rung not in ("resolve", "health"))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("/ws", "/ws"),
        ("/ws?token=$TOKEN", '"/ws?token=$TOKEN"'),
        ("a b", "'a b'"),
        ('"`$x$TOKEN', '"\\"\\`\\$x$TOKEN"'),
        ("$(id)", "'$(id)'"),
    ],
)
def test_words_of_a_shell(text: str, word: str) -> None:
    assert commands.quoted(text) == word


def test_rungs_as_text_in_both_languages() -> None:
    run = Run(ask=ask(8000), started=0.0)
    run.rungs = [
        Rung(id="tls", state="failed", why="certificate-expired certificate-name", took_s=0.1, command=("openssl s_client",)),
        Rung(id="health", state="skipped", why="tls"),
        Rung(id="idle", side="direct", state="failed", why="cut", seen={"code": 1006, "quiet_s": 3.04}),
    ]
    assert rungs(run, "en").splitlines() == [
        "fails     TLS: the certificate has expired, the certificate is for another host, 0.10 s (guide 3)",
        "          $ openssl s_client",
        "skipped   check of health: because of: TLS (guide 1)",
        "fails     app: silence: lost without a close frame, close code 1006, after 3.0 s of silence (guide 4)",
    ]
    assert rungs(run, "ru").splitlines()[0].startswith("не прошёл TLS: срок сертификата истёк, сертификат выдан другому хосту, ")


def test_each_rung_has_a_title_and_a_cause_of_the_guide() -> None:
    assert set(RUNGS) == set(TITLES) == set(CHECKS)


def command(*words: str, **env: str) -> Any:
    return CliRunner().invoke(app, ["probe", *words], env=env)


def test_the_command_says_what_analyze_says_of_its_file(tmp_path: Path) -> None:
    out = tmp_path / "probe.json"
    with sockets(closing(1008, "account suspended")) as port:
        made = command(f"ws://127.0.0.1:{port}/ws", "--token-env", "T", "--out", str(out), "--idle", "0", "--exit-code", T=SECRET)
    assert made.exit_code == 1, made.output
    assert SECRET not in made.output + out.read_text() and "account suspended" not in made.output + out.read_text()
    alone = CliRunner().invoke(app, ["analyze", str(out), "--output", str(tmp_path / "report"), "--exit-code"])
    assert alone.exit_code == 1
    said = "\n".join(alone.output.splitlines()[:-3])
    assert said and said in made.output


def test_the_command_is_healthy_and_speaks_russian(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{SECRET}\n")
    with sockets(echo) as port:
        words = (f"ws://127.0.0.1:{port}/ws", "--token-file", str(tmp_path / "token"), "--out", str(tmp_path / "p.json"), "--idle", "0")
        made = command(*words, "--exit-code", "--lang", "ru", "--first-message-env", "M", M="hello-hello-hello")
    assert made.exit_code == 0, made.output
    assert "рукопожатие" in made.output and "hello-hello" not in made.output + (tmp_path / "p.json").read_text()


@pytest.mark.parametrize(
    "words",
    [
        (f"wss://testdomen.uz/ws?token={SECRET}",), ("ws://localhost/ws", "--token-env", "NO_SUCH_VARIABLE_HERE"),
        ("ws://localhost/ws", "--token-file", "/nowhere/at/all"), ("ws://localhost/ws", "--direct", "app"),
    ],
)  # fmt: skip
def test_wrong_use_is_told_before_anything_is_dialled(words: tuple[str, ...]) -> None:
    made = command(*words)
    assert made.exit_code == 2 and SECRET not in made.output


def test_a_server_that_says_the_token_back_puts_it_nowhere(tmp_path: Path) -> None:
    body = f'{{"detail":"invalid token {SECRET}"}}'.encode()
    with sockets(echo, lambda request: (401, body)) as port:
        made = command(f"ws://127.0.0.1:{port}/ws", "--token-env", "T", "--out", str(tmp_path / "p.json"), "--exit-code", T=SECRET)
    assert made.exit_code == 1 and SECRET not in made.output + (tmp_path / "p.json").read_text()
    assert '"said": ["page.told-token-invalid"]' in (tmp_path / "p.json").read_text()
