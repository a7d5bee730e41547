"""wslogs/parsers/lines.py: which kind a log is, and the events of its lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wslogs.bundle import open_bundle
from wslogs.model import Mark, What
from wslogs.parsers import lines
from wslogs.parsers.kinds import kinds, second
from wslogs.parsers.kit import Kit, Parsed
from wslogs.patterns import load
from wslogs.redact import Vault

ACCESS = b'1.2.3.4 - - [23/Nov/2026:04:24:24 +0000] "GET /%s HTTP/1.1" %d 31 "-" "M"\n'


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (ACCESS % (b"a", 200), "nginx-access"),
        (b"2026/11/23 04:24:26 [info] 29#29: *12 client 127.0.0.1 closed keepalive connection\n", "nginx-error"),
        (b"connect() failed (111: Connection refused) while connecting to upstream\n", "nginx-error"),
        (b"main.js:13 hello\nconnect @ main.js:66\n", "console"),
        (b"INFO:     Started server process [30]\n", "app"),
        (b'{"timestamp": "2026-11-23T04:28:17+00:00", "message": "Shutting down"}\n', "app"),
        (b"GET / HTTP/1.0\nHost: localhost\n\nHTTP/1.1 101 Switching Protocols\n", "probe"),
    ],
)
def test_kinds_by_content(text: bytes, kind: str) -> None:
    assert kinds(text, "x", Kit(load(), Vault())) == {"": kind}


ERROR = b"2026/11/23 09:24:26 [error] 29#29: *12 connect() failed (111: Connection refused) while connecting to upstream\n"


def test_a_container_that_writes_two_kinds() -> None:
    kit = Kit(load(), Vault())
    assert kinds(ACCESS % (b"a", 200) * 3 + ERROR, "x", kit) == {"": "nginx-access", second("", "nginx-error"): "nginx-error"}
    assert kinds(ACCESS % (b"a", 200) + b"[2026-11-24 22:16:02 +0000] [7] [INFO] Booting worker with pid: 8\n" * 4, "x", kit) == {"": "app"}


def test_errors_beside_rows_stand_in_their_zone(tmp_path: Path) -> None:
    row = (ACCESS % (b"ws", 502)).replace(b"04:24:24 +0000", b"09:24:26 +0500")
    found = parsed(tmp_path, "web.log", ERROR + row)
    assert [(e.what, e.at) for e in found.events] == [(What.NOTE, 1795407866.0), (What.HANDSHAKE, 1795407866.0)]
    assert found.sources[0].zoned


def test_russian_in_ascii_json_is_found(tmp_path: Path) -> None:
    text = json.dumps({"ts": 1795407866.0, "msg": "срок токена истёк"}) + "\n" + '{"ts": 1795407867.0, "msg": "Shutting down"}\n'
    found = parsed(tmp_path, "app.log", text.encode())
    assert [e.signals for e in found.events] == [("app.says-token-expired",), ()]


@pytest.mark.parametrize(
    ("last", "consequence"),
    [
        ("starlette.websockets.WebSocketDisconnect: (1001, '')", True),
        ("KeyError: 'room'", False),  # raised while the disconnect was handled: a fault of its own
    ],
)
def test_a_consequence_is_told_by_the_last_words(last: str, consequence: bool, tmp_path: Path) -> None:
    first = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nstarlette.websockets.WebSocketDisconnect: (1001, '')\n\n"
    then = "During handling of the above exception, another exception occurred:\n\n"
    text = f'INFO:     x\n{first}{then}Traceback (most recent call last):\n  File "starlette/websockets.py", line 2, in g\n{last}\n'
    (event,) = parsed(tmp_path, "app.log", text.encode()).events
    assert ("app.exception-after-disconnect" in event.signals) is consequence


def test_a_long_traceback_in_json_keeps_its_cause(tmp_path: Path) -> None:
    frames = '  File "/srv/app/main.py", line 1, in f\n' * 1000
    text = json.dumps({"ts": 1795407866.0, "msg": "x", "exc": f"Traceback (most recent call last):\n{frames}ValueError: y"})
    (event,) = parsed(tmp_path, "app.log", text.encode() + b"\n").events
    assert (event.what, event.excerpt) == (What.EXCEPTION, "ValueError …")


def test_text_that_is_no_log() -> None:
    assert kinds(b"Dear all,\nplease find attached.\n", "letter.txt", Kit(load(), Vault())) == {}


def parsed(tmp_path: Path, name: str, text: bytes, kit: Kit | None = None) -> Parsed:
    (tmp_path / name).write_bytes(text)
    kit = kit or Kit(load(), Vault())
    with open_bundle([tmp_path]) as bundle:
        return lines.parse(bundle.items[0], kinds(text, name, kit), kit)


def test_refused_rows_are_found_by_the_path_that_a_101_names(tmp_path: Path) -> None:
    text = ACCESS % (b"live", 403) + ACCESS % (b"a", 200) + ACCESS % (b"live", 101)
    found = parsed(tmp_path, "access.log", text)
    assert [(e.line, e.status, e.path) for e in found.events] == [(1, 403, "/live"), (3, 101, "/live")]
    source = found.sources[0]
    assert (source.lines, source.recognised, source.kept, source.first, source.zoned) == (3, 3, 2, 1795407864.0, True)


@pytest.mark.parametrize("written", [b"%D1%87%D0%B0%D1%82", b"\\xD1\\x87\\xD0\\xB0\\xD1\\x82"], ids=["quoted", "escaped"])
def test_refused_rows_are_found_by_a_path_that_is_not_ascii(written: bytes, tmp_path: Path) -> None:
    text = ACCESS % (written, 403) + ACCESS % (b"a", 200) + ACCESS % (b"%d1%87%d0%b0%d1%82", 101)
    assert [(e.line, e.status, e.path) for e in parsed(tmp_path, "access.log", text).events] == [(1, 403, "/чат"), (3, 101, "/чат")]


ROW = b'1.2.3.4 - - [23/Nov/2026:%02d:%02d:00 +0000] "GET /a HTTP/1.1" 200 31 "-" "M"\n'


def test_what_an_access_log_speaks_for(tmp_path: Path) -> None:
    source = parsed(tmp_path, "access.log", b"".join(ROW % (hour, minute) for hour in (4, 16) for minute in range(10))).sources[0]
    four, sixteen = 1795406400.0, 1795449600.0
    assert source.spans == [(four, four + 540), (sixteen, sixteen + 540)]
    assert (source.first, source.last, source.marks[10]) == (four, sixteen + 540, Mark(sixteen, 11))


@pytest.mark.parametrize(
    ("levels", "lowest"),
    [(["error"], "error"), (["error", "info", "warn"], "info"), (["notice", "crit"], "notice"), (["debug", "info"], "debug")],
)
def test_the_level_of_an_error_log(levels: list[str], lowest: str, tmp_path: Path) -> None:
    text = "".join(f'2026/11/23 04:24:26 [{level}] 29#29: *12 open() failed, request: "GET /[debug] HTTP/1.1"\n' for level in levels)
    source = parsed(tmp_path, "error.log", text.encode()).sources[0]
    assert (source.kind, source.level) == ("nginx-error", lowest)


def test_errors_of_other_requests_beside_rows_stand_in_their_zone(tmp_path: Path) -> None:
    text = (
        b"2026/11/23 09:24:24 [error] 29#29: *12 access forbidden by rule"
        b', client: 192.0.2.4, server: a.example, request: "GET /x HTTP/1.1"\n'
        b'1.2.3.4 - - [23/Nov/2026:09:24:24 +0500] "GET /x HTTP/1.1" 403 31 "-" "M"\n'
    ) * 3
    others = [event for event in parsed(tmp_path, "nginx.log", text).others if event.what is What.ERROR]
    assert [(event.at, event.line) for event in others] == [(1795407864.0, 1), (1795407864.0, 3), (1795407864.0, 5)]


def test_a_file_of_two_programs(tmp_path: Path) -> None:
    text = b"web-1  | " + ACCESS % (b"ws", 101) + b'api-1  | INFO:     127.0.0.1:5 - "WebSocket /ws" [accepted]\n'
    found = parsed(tmp_path, "compose.log", text)
    assert [(e.what, e.tier.value) for e in found.events] == [(What.HANDSHAKE, "proxy"), (What.ACCEPTED, "app")]


def test_a_traceback_is_one_event_with_its_signals(tmp_path: Path) -> None:
    text = b'INFO:     x\nTraceback (most recent call last):\n  File "uvicorn/protocols/websockets/a.py", line 1, in f\nValueError: y\n'
    (event,) = parsed(tmp_path, "app.log", text).events
    assert (event.what, event.line, event.signals) == (What.EXCEPTION, 2, ("app.exception-in-websocket",))
    assert "ValueError: y" not in event.excerpt


def test_what_is_not_understood_is_counted(tmp_path: Path) -> None:
    found = parsed(tmp_path, "app.log", b"INFO:     Shutting down\n~~~ ascii art ~~~\n\n")
    assert (found.sources[0].lines, found.sources[0].recognised) == (3, 2)


def test_lines_that_tell_nothing_leave_room_for_those_that_do(tmp_path: Path) -> None:
    """Recorded: words of a signal stood in every line of the server's own, and of 879 tries 610 were found."""
    line = '2026-11-23 04:13:{n:02d},100 INFO    [x] 192.0.2.4:0 - "WebSocket /ws?n={n}" [accepted]\n'
    text = "".join(line.format(n=n) + "2026-11-23 04:13:00,100 WARNING [x] an origin was read\n" * 9 for n in range(40))
    kit = Kit(load(), Vault(), spare=40)
    found = parsed(tmp_path, "app.log", text.encode(), kit)
    assert [e.line for e in found.events] == list(range(1, 400, 10)) and found.sources[0].notes == []
    kit.spare = 10
    some = parsed(tmp_path, "app.log", text.encode(), kit)
    assert [e.line for e in some.events] == [1, 11, 21, 31, 41, 351, 361, 371, 381, 391]
    assert some.sources[0].notes == ["308 lines in its middle are not read: it has more about WebSockets than are joined"]


def test_errors_of_other_requests_leave_room_for_those_of_websockets(tmp_path: Path) -> None:
    """Recorded: of 46,000 lines of an error log 20,000 became events, and 52 were about a WebSocket."""
    line = "2026/11/23 04:13:{n:02d} [error] 29#29: *{n} connect() failed (111: Connection refused) while connecting to upstream"
    context = ', client: 192.0.2.4, server: a.example, request: "GET {path} HTTP/1.1", upstream: "http://127.0.0.1:8000{path}"\n'
    some = [(line + context).format(n=n, path="/ws" if n % 10 == 0 else f"/api/items/{n}?ws=1") for n in range(40)]
    some += [context.format(path="/api/items").removeprefix(", ").join(("2026/11/23 04:14:00 [warn] 29#29: *7 buffered, ", ""))]
    kit = Kit(load(), Vault(), spare=4)
    found = parsed(tmp_path, "error.log", "".join(some).encode(), kit)
    assert [e.line for e in found.events] == [1, 11, 21, 31] and found.sources[0].notes == []
    assert len(found.others) == 36 and {e.signals for e in found.others} == {("nginx.connect-refused",)}
