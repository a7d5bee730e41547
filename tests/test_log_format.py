"""Any log_format nginx can be given: its values come back, or it is refused; never a wrong one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from wslogs.errors import PatternError
from wslogs.parsers.log_format import layout, unescape

COMBINED = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'

# What nginx writes: ngx_http_log_escape, ngx_escape_json, and nothing at all; a value that is not there is `-` in the first
# case and empty in the others (ngx_http_log_variable, ngx_http_log_json_variable, ngx_http_log_unescaped_variable).


def default(value: str | None) -> str:
    if value is None:
        return "-"
    raw = value.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in (34, 92) else f"\\x{byte:02X}" for byte in raw)


def json(value: str | None) -> str:
    names = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
    return "".join(names.get(char) or (f"\\u{ord(char):04X}" if ord(char) < 32 else char) for char in value or "")


def none(value: str | None) -> str:
    return value or ""


WRITERS: dict[str, Callable[[str | None], str]] = {"default": default, "json": json, "none": none}

LETTERS = some.sampled_from([*'abc /?-:,."\\[]{}|=;&%*0159', "ж", "😀", "\t", "\x1b", "\x7f"])
FREE = some.none() | some.text(LETTERS, max_size=8) | some.text(some.characters(exclude_categories=["Cs"]), max_size=5)
PLAIN = some.text(some.sampled_from('abz019.:[]-_"'), min_size=1, max_size=8)
PATHS = some.none() | some.text(LETTERS, max_size=8).map(lambda text: f"/{text}")
SECONDS = some.integers(0, 10**7).map(lambda n: f"{n / 1000:.3f}")
NUMBERS = some.integers(0, 10**6).map(str)


def lists(elements: some.SearchStrategy[str], *, ends: bool = True) -> some.SearchStrategy[str | None]:
    """ngx_http_upstream_status_variable and its like: groups of upstreams, of which the last can be empty."""
    group = some.lists(elements, min_size=1, max_size=3).map(", ".join)
    groups = some.lists(group, min_size=1, max_size=2)
    ended = some.tuples(groups, some.sampled_from([" : ", ""] if ends else [""])).map(lambda row: " : ".join(row[0]) + row[1])
    return some.none() | ended


VALUES: dict[str, some.SearchStrategy[str | None]] = {
    "time_local": some.sampled_from(["28/Sep/1970:12:00:00 +0600", "01/Dec/2026:00:00:00 -0330"]),
    "time_iso8601": some.sampled_from(["1970-09-28T12:00:00+06:00", "2026-12-01T00:00:00-03:30"]),
    "msec": SECONDS,
    "request_time": SECONDS,
    "status": some.integers(0, 599).map(lambda n: f"{n:03d}"),
    "pipe": some.sampled_from("p."),
    "body_bytes_sent": NUMBERS,
    "bytes_sent": NUMBERS,
    "connection": NUMBERS,
    "request_id": some.integers(0, 16**32 - 1).map(lambda n: f"{n:032x}"),
    "remote_addr": some.sampled_from(["203.0.113.24", "2001:db8::1", "unix:"]),
    "remote_port": some.sampled_from(["50123", "", "1"]),
    "scheme": some.sampled_from(["http", "https"]),
    "request_method": some.sampled_from(["GET", "POST", "M-SEARCH", None]),
    "server_protocol": some.sampled_from(["HTTP/1.1", "HTTP/2.0", None]),
    "upstream_status": lists(some.sampled_from(["-", "101", "502", "9"])),
    "upstream_connect_time": lists(some.just("-") | SECONDS),
    "upstream_bytes_sent": lists(NUMBERS),
    "upstream_addr": lists(some.sampled_from(["127.0.0.1:8000", "unix:/run/app.sock", "[::1]:80", "backend"])),
    "host": PLAIN,
    "http_host": some.none() | PLAIN,
    "request_uri": PATHS,
    "uri": PATHS,
    "args": FREE,
    "request": FREE,
    "remote_user": FREE.map(lambda name: name.replace("[", "(") if name else name),
    "http_user_agent": FREE,
    "http_x_own": FREE,
    "upstream_http_x_own": FREE,
}
BETWEEN = ["", " ", "", " ", '" "', '"', '","k":"', "|", " - ", "\t", ";", "=", "] [", ": ", ", ", "-", "/", "a", "0", "ж", " rt=", "\\"]


@some.composite
def formats(draw: some.DrawFn) -> tuple[str, str, str, dict[str, str]]:
    """(log_format, escape, the row nginx writes, the values that stand in it)."""
    escape = draw(some.sampled_from(sorted(WRITERS)))
    names = draw(some.lists(some.sampled_from(sorted(VALUES)), min_size=1, max_size=7))
    values = {name: draw(VALUES[name]) for name in names}
    if escape == "none":  # what would break the line itself is no matter of the format
        values = {name: "".join(c for c in value if c.isprintable() or c == "\t") if value else value for name, value in values.items()}
    form = row = draw(some.sampled_from(["", '"', "[", "{", "x "]))
    for name in names:
        between = draw(some.sampled_from(BETWEEN))
        form += f"${{{name}}}{between}"
        row += WRITERS[escape](values[name]) + between
    missing = "-" if escape == "default" else ""
    return form, escape, row, {name: missing if value is None else value for name, value in values.items()}


@given(formats())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(("$host$uri", "default", "0-", {"host": "0", "uri": "-"}))
@example(('$http_x_own "$status', "default", 'a "101', {"http_x_own": "a", "status": "101"}))
def test_a_value_is_never_read_wrong(made: tuple[str, str, str, dict[str, str]]) -> None:
    form, escape, row, values = made
    try:
        one = layout("own", form, escape)
    except PatternError as error:
        assert "touch" in str(error)
        return
    found = one.match(row)
    assert found is not None
    assert {name: value for name, value in found.items() if values[name] != value} == {}
    assert one.whole(found) == (set(found) == set(values))


@given(some.lists(some.sampled_from(sorted(VALUES)), min_size=1, max_size=7), some.sampled_from(["default", "json"]), some.data())
@settings(max_examples=100, deadline=None)
def test_quoted_values_are_always_read_to_the_end(names: list[str], escape: str, data: some.DataObject) -> None:
    values = {name: data.draw(VALUES[name]) for name in names}
    row = ", ".join(f'"{WRITERS[escape](values[name])}"' for name in names)
    missing = "-" if escape == "default" else ""
    found = layout("own", ", ".join(f'"${name}"' for name in names), escape).match(row)
    assert found == {name: missing if value is None else value for name, value in values.items()}


@pytest.mark.parametrize(
    ("log_format", "touching"),
    [
        ("$http_user_agent$http_referer", "$http_user_agent and $http_referer"),
        ("$uri${args}", "$uri and $args"),
        ("a$request$http_host", "$request and $http_host"),
        ('"$http_a$status$http_b"', "$http_a and $status"),
        ("$body_bytes_sent$connection", "$body_bytes_sent and $connection"),
        ("$scheme$host", "$scheme and $host"),
    ],
)
def test_what_touches_and_cannot_be_told_apart_is_refused(log_format: str, touching: str) -> None:
    with pytest.raises(PatternError) as caught:
        layout("own", log_format)
    assert str(caught.value) == f"log_format own: {touching} touch (put a character between them)"


@pytest.mark.parametrize(
    ("log_format", "line", "values"),
    [
        ("$status$pipe$request_time", "101.0.250", {"status": "101", "pipe": ".", "request_time": "0.250"}),
        ("$request_time$connection", "0.25017", {"request_time": "0.250", "connection": "17"}),
        ('"$http_x$status"', '"a 5101"', {"http_x": "a 5", "status": "101"}),
        ("$scheme://$host$request_uri", "https://a.example/ws?t=1", {"scheme": "https", "host": "a.example", "request_uri": "/ws?t=1"}),
        (
            "$http_host:$server_port$uri",
            "a.example:443/ws",
            {"http_host": "a.example", "server_port": "443", "uri": "/ws"},
        ),
        ("$time_iso8601$msec", "2026-11-23T12:00:00+00:001.000", {"time_iso8601": "2026-11-23T12:00:00+00:00", "msec": "1.000"}),
    ],
)
def test_what_touches_and_can_be_told_apart(log_format: str, line: str, values: dict[str, str]) -> None:
    assert layout("own", log_format).match(line) == values


@pytest.mark.parametrize(
    ("line", "target"),
    [("GET /ws?a=1 x", "/ws?a=1"), ("GET /ws- x", "/ws"), ("GET - x", "-")],
)
def test_a_path_and_its_query_are_one(line: str, target: str) -> None:
    """A missing query is `-`, and no question mark stands before it."""
    assert layout("own", "$request_method $uri$is_args$args x").match(line) == {"request_method": "GET", "request_uri": target}


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("101 curl x 7", {"status": "101", "http_user_agent": "curl", "http_x_own": "x", "connection": "7"}),
        ("101 curl  7", {"status": "101", "http_user_agent": "curl", "http_x_own": "", "connection": "7"}),
        ("101 Mozilla 5.0 x 7", {"status": "101"}),
    ],
)
def test_of_a_row_with_two_readings_only_what_is_sure_is_read(line: str, values: dict[str, str]) -> None:
    one = layout("own", "$status $http_user_agent $http_x_own $connection")
    found = one.match(line)
    assert found == values
    assert one.whole(found) == (len(values) == 4)


def test_a_variable_may_stand_twice() -> None:
    assert layout("own", '$status "$status"').match('101 "101"') == {"status": "101"}


@pytest.mark.parametrize("line", ["", "101", '"GET / HTTP/1.1" 101', "\0" * 50, "x" * 5000])
def test_other_lines_do_not_match(line: str) -> None:
    assert layout("combined", COMBINED).match(line) is None


def test_a_row_that_takes_too_long_is_of_no_format() -> None:
    form = " ".join(f"$http_{letter}" for letter in "abcdefgh") + "!$status"
    assert layout("own", form, "none").match("a " * 4000) is None


@pytest.mark.parametrize(
    ("written", "escape", "value"),
    [
        ("\\xD0\\xB6", "default", "ж"),
        ("a\\x22b\\x5C", "default", 'a"b\\'),
        ("\\xFF", "default", "�"),
        ('\\"\\\\\\n\\u001F ж', "json", '"\\\n\x1f ж'),
        ("\\x22", "none", "\\x22"),
        ("\\q", "json", "\\q"),
        ("\\x5Cx41", "default", "\\x41"),
    ],
)
def test_escapes(written: str, escape: str, value: str) -> None:
    assert unescape(written, escape) == value
