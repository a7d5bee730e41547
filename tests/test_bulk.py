"""An access log as columns tells the same as read row by row."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from pathlib import Path
from random import Random

import pytest

from conftest import ROOT, patterns
from wslogs import scan
from wslogs.bundle import Item
from wslogs.columns import Rows, kind_key, merged
from wslogs.detection import kind_of
from wslogs.model import Event
from wslogs.parsers import lines, parts
from wslogs.parsers.kit import Kit, dialled
from wslogs.redact import Vault

COMBINED = '{client} - - [{time}] "{request}" {status} 12 "{page}" "{agent}"'
TIMED = '{client} {host} [{time}] "{request}" {status} rt={took} ua={asked} us={answered} "{agent}" id={id}'
TIMED_FORMAT = (
    '$remote_addr $host [$time_local] "$request" $status rt=$request_time ua=$upstream_addr us=$upstream_status '
    '"$http_user_agent" id=$request_id'
)
AS_JSON = (
    '{{"msec":"{msec}","addr":"{client}","request":"{request}","status":{status},"rt":{took},"us":"{answered}","up":"websocket",'
    '"cookie":"sid=abcdefghijklmnop"}}'
)
JSON_FORMAT = (
    '{"msec":"$msec","addr":"$remote_addr","request":"$request","status":$status,"rt":$request_time,"us":"$upstream_status",'
    '"up":"$http_upgrade","cookie":"$http_cookie"}'
)
LAYOUTS = {
    "combined": (COMBINED, {}),
    "timed": (TIMED, {"main": (TIMED_FORMAT, "default")}),
    "json": (AS_JSON, {"j": (JSON_FORMAT, "json")}),
}
ODD = [
    b"", b"garbage /ws", b'10.0.0.1 - - [23/Nov/2026:10:00:00 +0500] "GET /ws HTTP/1.1" 101', b"\xff\xfe /ws", b"\x1b[32m/ws\x1b[0m",
    b'10.0.0.1 - - [23/Nov/2026:10:00:00 +0500] "GET /ws?token=\\x22quoted HTTP/1.1" 403 0 "-" "a \\x22b\\x22"',
    '10.0.0.1 - - [23/Nov/2026:10:00:00 +0500] "GET /ws/код HTTP/1.1" 101 0 "-" "я"'.encode(),
    b'10.0.0.1 - - [99/Nov/2026:10:00:00 +0500] "GET /ws HTTP/1.1" 101 0 "-" "-"',
    b'10.0.0.1 - - [23/Nov/2026:10:00:60 +0500] "GET /ws HTTP/1.1" 101 0 "-" "-"',
    b'10.0.0.1 - - [23/Nov/2026:10:00:59 +0500] "GET /ws?token=a-long-token-that-is-cut-of',
    b'10.0.0.1 - - [23/Nov/2026:10:00:59 +0500] "GET /ws?token=a-long-token-that-is-cut-off" 414 0 "-" "-"\r',
    b'10.0.0.1 - - [23/Nov/2026:10:00:59 +0500] "GET //user:word@evil/ws?x=1&ticket=0123456789abcdefghij&x=2 HTTP/1.1" 403 0 "-" "-"',
]  # fmt: skip
REQUESTS = (
    "GET /api/v1/ws?token={token} HTTP/1.1", "GET /api/v1/ws HTTP/1.1", "GET /ws?token= HTTP/1.1", "GET /ws?room=7&token={token} HTTP/1.0",
    "POST /ws?token={token} HTTP/1.1", "GET /ws?token={token} HTTP/2.0", "GET /assets/ws.js HTTP/1.1",
    "GET /live/{n}?access_token={token} HTTP/1.1",
    "GET /index.html HTTP/1.1", "GET /API/WS?token={token} HTTP/1.1", "-",
)  # fmt: skip
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1IiwiZXhwIjoxNzk1NDI1ODgwfQ.c2lnbmF0dXJlLW9mLW5vYm9keQ"


def log(form: str, count: int = 600, seed: int = 1) -> bytes:
    """Rows of all sorts in one form."""
    chance = Random(seed)
    rows = []
    for n in range(count):
        token = chance.choice((f"a-token-of-nobody-{n % 40}", JWT))
        second = n // 4
        values = {
            "client": f"10.0.0.{n % 9}", "host": "app.example.com", "time": f"23/Nov/2026:10:{second // 60:02}:{second % 60:02} +0500",
            "msec": f"{1795410000 + n / 4:.3f}", "request": chance.choice(REQUESTS).format(token=token, n=n % 3),
            "status": chance.choice((101, 101, 403, 404, 499, 502, 200)), "page": chance.choice(("-", "https://app.example.com/page?x=1")),
            "agent": chance.choice(("Mozilla/5.0", "-", "curl/8")), "took": f"{chance.random() * 90:.3f}",
            "asked": chance.choice(("10.1.1.1:8000", "-", "10.1.1.1:8000, 10.1.1.2:8000")),
            "answered": chance.choice(("101", "-", "502, 101")),
            "id": f"{n:032x}",
        }  # fmt: skip
        rows.append(form.format(**values).encode())
        if n % 50 == 7:
            rows.append(ODD[n // 50 % len(ODD)])
    return b"\n".join(rows) + b"\n"


def both(raw: bytes, layouts: dict[str, tuple[str, str]], paths: Sequence[str] = ()) -> tuple[list[Event], list[Event], Rows]:
    """(events row by row, events of all the columns' rows, the columns), of one log."""
    vault = Vault()
    kits = [Kit(patterns(), vault, paths=set(paths), layouts=dict(layouts)) for _ in range(2)]
    plain = lines.parse(Item.of("access.log", raw), {"": "nginx-access"}, kits[0])
    (columns,) = parts.read([(Item.of("access.log", raw), {"": "nginx-access"})], kits[1])
    source = columns.source
    assert source is not None
    rows = merged([rows for rows, _ in columns.rows])
    given = [(int(rows["line"][place]), raw) for place, raw in rows.raws.items()]
    single = list(lines.single(source, given, kits[1]))
    kept = [e for e in plain.events if dialled(e.path, kits[0])]
    assert (plain.sources[0].lines, plain.sources[0].recognised, plain.sources[0].sha256, plain.sources[0].spans) == (
        source.lines, source.recognised, source.sha256, source.spans,
    )  # fmt: skip
    assert plain.others == columns.others
    assert kits[0].paths == kits[1].paths
    return kept, [e for e in single if dialled(e.path, kits[1])], rows


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("block", [500, 1 << 22])
def test_the_same_events_as_row_by_row(name: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "BLOCK", block)
    form, layouts = LAYOUTS[name]
    plain, single, _ = both(log(form), layouts)
    assert len(plain) > 100 and single == plain
    assert len({e.status for e in plain}) > 4 and any(e.token is not None and e.token.expires for e in plain)


@pytest.mark.parametrize("name", LAYOUTS)
def test_columns_hold_what_the_events_say(name: str) -> None:
    form, layouts = LAYOUTS[name]
    plain, _, rows = both(log(form), layouts)
    by_line = {e.line: e for e in plain}
    seen = 0
    for place in range(len(rows)):
        event = by_line.get(int(rows["line"][place]))
        if event is None:
            continue  # of a path that no WebSocket has
        seen += 1
        kind, token, client, agent = (int(rows[name][place]) for name in ("kind", "token", "client", "agent"))
        assert kind_key(rows.kinds[kind]) == kind_key(event)
        assert (rows.tokens[token] if token >= 0 else None) == event.token
        assert (rows.clients[client] if client >= 0 else None) == event.client
        assert (rows.agents[agent] if agent >= 0 else None) == event.agent
        for name_, value in (("at", event.at), ("lasted", event.lasted_s)):
            told = float(rows[name_][place])
            assert (None if isnan(told) else told) == value
    assert seen == len(plain)


def _access_logs() -> list[Path]:
    return [path for path in sorted((ROOT / "samples").rglob("bundle/*access*")) if path.is_file() and path.suffix not in (".gz", ".har")]


def test_the_same_events_of_every_recorded_access_log() -> None:
    checked = 0
    for path in _access_logs():
        item = Item.of(path.name, path.read_bytes())
        kind, programs = kind_of(item, Kit(patterns(), Vault()))
        if kind == "nginx-access" and set(programs) == {""}:
            plain, single, _ = both(path.read_bytes(), {})
            assert single == plain, path
            checked += len(plain)
    assert checked > 200


def test_tokens_of_a_layout_with_secrets_are_remembered() -> None:
    vault = Vault()
    kit = Kit(patterns(), vault, layouts={"j": (JSON_FORMAT, "json")})
    parts.read([(Item.of("access.log", log(AS_JSON)), {"": "nginx-access"})], kit)
    assert "abcdefghijklmnop" in vault.seen and "a-token-of-nobody-1" in vault.seen
