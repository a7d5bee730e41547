"""Rows of nginx access logs in any log_format."""

import pytest

from conftest import NOON, item, source
from wslogs.model import Event
from wslogs.parsers import access, lines
from wslogs.parsers.access import layout
from wslogs.parsers.kinds import kinds
from wslogs.parsers.kit import Kit

COMBINED = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
ROW = '203.0.113.24 - - [23/Nov/2026:12:00:00 +0000] "{request}" {status} 0 "-" "Mozilla/5.0 (X11)"'
HANDSHAKE = "GET /api/v1/ws?token=abcdefghijklmnopqrstuvwx HTTP/1.1"


def told(made: Event | None) -> tuple[object, ...] | None:
    return (
        None
        if made is None
        else (made.path, made.status, made.at, made.client, made.upstream_status, made.upstream, made.lasted_s, made.upgrade)
    )


def row(log_format: str, line: str, kit: Kit, escape: str = "default") -> Event | None:
    found = layout("own", log_format, escape).match(line)
    assert found is not None
    return access.event(found, source(), 1, kit)


def test_combined(kit: Kit) -> None:
    made = row(COMBINED, ROW.format(request=HANDSHAKE, status=403), kit)
    assert told(made) == ("/api/v1/ws", 403, NOON, "203.0.113.24", None, None, None, None)
    assert made is not None
    assert made.token == kit.vault.token("abcdefghijklmnopqrstuvwx")
    assert made.excerpt == '"GET /api/v1/ws?… HTTP/1.1" 403'
    assert (made.marks, made.resolution_s, made.logged) == ("end", 1.0, "23/Nov/2026:12:00:00 +0000")


def test_timed(kit: Kit) -> None:
    form = COMBINED + " rt=$request_time us=$upstream_status ua=$upstream_addr up=$http_upgrade"
    line = ROW.format(request=HANDSHAKE, status=101) + " rt=60.012 us=101 ua=127.0.0.1:8000 up=websocket"
    assert told(row(form, line, kit)) == ("/api/v1/ws", 101, NOON, "203.0.113.24", 101, "127.0.0.1:8000", 60.012, True)


def test_milliseconds(kit: Kit) -> None:
    made = row('$msec "$request" $status', f'1795435200.250 "{HANDSHAKE}" 101', kit)
    assert made is not None
    assert (made.at, made.resolution_s) == (NOON + 0.25, 0.001)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            '{"ts":"2026-11-23T12:00:00+00:00","request":"GET /ws HTTP/1.1","status":499,"rt":0.500,"us":,"ua":""}',
            ("/ws", 499, NOON, None, None, "-", 0.5, None),
        ),
        (
            '{"ts":"2026-11-23T17:00:00+05:00","request":"GET /ws HTTP/1.1","status":101,"rt":0.500,"us":101,"ua":"a \\"b\\" \\\\ ж"}',
            ("/ws", 101, NOON, None, 101, None, 0.5, None),
        ),
    ],
)
def test_json_with_empty_numbers(line: str, expected: tuple[object, ...], kit: Kit) -> None:
    form = '{"ts":"$time_iso8601","request":"$request","status":$status,"rt":$request_time,"us":$upstream_status,"ua":"$http_user_agent"}'
    assert told(row(form, line, kit, "json")) == expected


@pytest.mark.parametrize(
    ("text", "status", "upstream"),
    [
        ("101", 101, "10.0.0.1:80"),
        ("502 : 200", 200, "10.0.0.2:80"),
        ("502, 504", 504, "10.0.0.2:80"),
        ("502, 502 : 200", 200, "10.0.0.2:80"),
        ("-", None, "10.0.0.1:80"),
    ],
)
def test_the_last_upstream_counts(text: str, status: int | None, upstream: str, kit: Kit) -> None:
    addresses = "10.0.0.1:80" if " " not in text else "10.0.0.1:80, 10.0.0.2:80"
    made = row('"$request" $status us=$upstream_status ua=$upstream_addr;', f'"{HANDSHAKE}" 200 us={text} ua={addresses};', kit)
    assert made is not None
    assert (made.upstream_status, made.upstream) == (status, upstream)


@pytest.mark.parametrize(
    ("text", "answered_s"), [("0.250", 0.25), ("-", None), ("0.001, 0.250", 0.25), ("0.001 : 0.250", 0.25), ("0.250 : -", None)]
)
def test_when_the_last_upstream_answered(text: str, answered_s: float | None, kit: Kit) -> None:
    made = row('"$request" $status uht=$upstream_header_time;', f'"{HANDSHAKE}" 101 uht={text};', kit)
    assert made is not None
    assert made.answered_s == answered_s


def test_a_variable_of_the_bundle_after_the_method_is_the_target(kit: Kit) -> None:
    """A map that masks tokens stands in place of $request."""
    form = '$remote_addr [$time_local] "$request_method $masked_uri $server_protocol" $status'
    made = row(form, '203.0.113.24 [23/Nov/2026:12:00:00 +0000] "GET /api/v1/ws?token=*** HTTP/1.1" 101', kit)
    assert made is not None
    assert (made.path, made.status, made.token) == ("/api/v1/ws", 101, None)


def test_a_variable_of_nginx_after_the_method_is_itself(kit: Kit) -> None:
    found = layout("own", '"$request_method $status $uri"').match('"GET 101 /ws"')
    assert found == {"request_method": "GET", "status": "101", "uri": "/ws"}


@pytest.mark.parametrize("request_line", ["\\x16\\x03\\x01\\x02", "-", "", "POST /ws HTTP/1.1", "GET /ws HTTP/2.0", "PRI * HTTP/2.0"])
def test_no_handshake(request_line: str, kit: Kit) -> None:
    assert row(COMBINED, ROW.format(request=request_line, status=400), kit) is None


def test_http_2_with_upgrade_is_a_handshake(kit: Kit) -> None:
    assert row('"$request" $status $http_upgrade', '"GET /ws HTTP/2.0" 400 websocket', kit) is not None


def test_a_format_of_the_bundle_is_read(kit: Kit) -> None:
    kit.layouts["own"] = ('$status|$request_time|"$request"|$remote_addr|$msec', "default")
    log = f'200|0.001|"GET / HTTP/1.1"|203.0.113.24|1795435199.000\n101|9.500|"{HANDSHAKE}"|203.0.113.24|1795435200.000\n'
    one = item(log, "own.log")
    programs = kinds(one.head(), one.path, kit)
    assert programs == {"": "nginx-access"}
    parsed = lines.parse(one, programs, kit)
    assert [(e.line, e.path, e.status, e.at, e.lasted_s) for e in parsed.events] == [(2, "/api/v1/ws", 101, NOON, 9.5)]
    assert [(s.lines, s.recognised, s.kept, s.first, s.last) for s in parsed.sources] == [(2, 2, 1, NOON - 1, NOON)]
    assert kit.paths == {"/api/v1/ws"}


def test_a_bad_format_of_the_bundle_is_left_out(kit: Kit) -> None:
    kit.layouts |= {"bad": ("$uri$args", "default"), "good": ("$status $uri", "default")}
    assert next(one.name for one in access.layouts(kit)) == "good"


ESCAPED = "GET /\\xD1\\x87\\xD0\\xB0\\xD1\\x82/ws?token=abc\\x22def\\x5Cghijklmnopqrst HTTP/1.1"


def test_values_lose_their_escapes_before_use(kit: Kit) -> None:
    made = row(COMBINED, f'203.0.113.24 - - [23/Nov/2026:12:00:00 +0000] "{ESCAPED}" 403 0 "-" "\\xD0\\xAF/1.0 \\x22x\\x22"', kit)
    assert made is not None
    assert (made.path, made.token, made.agent) == (
        "/чат/ws",
        kit.vault.token('abc"def\\ghijklmnopqrst'),
        kit.vault.fingerprint('Я/1.0 "x"'),
    )


def test_values_lose_their_json_escapes_before_use(kit: Kit) -> None:
    form = '{"r":"$request","s":"$status","ua":"$http_user_agent"}'
    made = row(form, r'{"r":"GET /ws?token=abc\"def\\\\ghijklmnopqrst HTTP/1.1","s":"403","ua":"Я/1.0 \"x\""}', kit, "json")
    assert made is not None
    assert (made.path, made.token, made.agent) == (
        "/ws",
        kit.vault.token('abc"def\\\\ghijklmnopqrst'),
        kit.vault.fingerprint('Я/1.0 "x"'),
    )
