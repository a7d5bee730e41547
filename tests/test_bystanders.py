"""wslogs/parsers/bystanders.py: rows of other requests around a failed one."""

from conftest import item
from wslogs.model import Event
from wslogs.parsers import lines
from wslogs.parsers.kit import Kit

ROW = '203.0.113.9 - - [23/Nov/2026:12:{:02}:{:02} +0000] "{} HTTP/1.1" {} 5 "-" "curl"'


def others(kit: Kit, *rows: str) -> list[Event]:
    return lines.parse(item("\n".join(rows) + "\n", "access.log"), {"": "nginx-access"}, kit).others


def test_rows_around_a_failed_one(kit: Kit) -> None:
    found = others(
        kit, ROW.format(0, 0, "GET /api/me", 502), ROW.format(0, 1, "GET /ws", 502), ROW.format(0, 2, "POST /api/items", 200),
        ROW.format(0, 3, "GET /ws", 502),
    )  # fmt: skip
    assert [(e.line, e.path, e.status) for e in found] == [(1, "/api/me", 502), (3, "/api/items", 200), (4, "/ws", 502)]


def test_none_beside_what_worked(kit: Kit) -> None:
    assert others(kit, ROW.format(0, 0, "GET /api/me", 200), ROW.format(0, 1, "GET /ws", 101)) == []


def test_a_token_of_another_request_is_no_less_secret(kit: Kit) -> None:
    found = others(kit, ROW.format(0, 0, "GET /api/me?token=hunter2hunter2", 401), ROW.format(0, 1, "GET /ws", 502))
    assert "hunter2" not in found[0].excerpt
    assert found[0].token is not None


def test_the_cost_does_not_grow_with_the_file(kit: Kit) -> None:
    rows = [ROW.format(m % 60, s, "GET /ws" if s % 2 else "GET /api/me", 502) for m in range(60) for s in range(60)]
    assert len(others(kit, *rows * 5)) < 60 * 3 * 50 * 2
