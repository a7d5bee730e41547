"""parsers/elsewhere.py: which error lines are about other requests, and how many of them are kept."""

from __future__ import annotations

import io

import pytest

from wslogs.blocks import Block
from wslogs.model import Event, Tier, What
from wslogs.parsers import elsewhere
from wslogs.parsers.elsewhere import Elsewhere
from wslogs.parsers.kit import Kit
from wslogs.patterns import load
from wslogs.redact import Vault
from wslogs.scan import Scanner

LINE = '2026/11/23 04:13:56 [error] 29#29: *17 open() "/x" failed, client: 192.0.2.4, server: a.example, request: "GET {} HTTP/1.1"'


def block(lines: list[str]) -> Block:
    """A block of lines that all hold a needle."""
    return next(Scanner(["2026"]).blocks(io.BytesIO("\n".join(lines).encode())))


def kit(*paths: str) -> Kit:
    return Kit(load(), Vault(), paths=set(paths))


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (LINE.format("/api/items?next=/ws"), True),
        (LINE.format("/ws?token=x"), False),
        (LINE.format("/live"), False),
        (LINE.format("/%6cive"), False),
        (LINE.format("http://a.example/items"), False),
        ("2026/11/23 04:13:56 [emerg] 29#29: no live upstreams", False),
    ],
)
def test_a_line_about_another_request(text: str, other: bool) -> None:
    assert Elsewhere(kit("/live")).holds(text) is other


def test_a_path_is_another_one_until_it_is_dialled() -> None:
    own = kit()
    some = Elsewhere(own)
    assert some.holds(LINE.format("/live"))
    own.paths.add("/live")
    assert not some.holds(LINE.format("/live"))


def test_of_very_many_some_are_kept_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "MOST", 4)
    some = Elsewhere(kit())
    for begin, _, other in some.among(block([LINE.format(f"/api/{number:02}") for number in range(100)])):
        assert other
        line = begin // (len(LINE.format("/api/00")) + 1)
        some.add(Event(source="error.log", line=line, tier=Tier.PROXY, what=What.ERROR, signals=("nginx.connect-refused",)))
    assert [event.line for event in some.found] == [0, 32, 64, 96]


def test_lines_that_may_be_of_a_websocket_are_all_told() -> None:
    lines = [LINE.format("/ws"), LINE.format("/items"), "2026/11/23 04:13:56 [emerg] 29#29: no live upstreams"]
    assert [other for _, _, other in Elsewhere(kit()).among(block(lines))] == [False, True, False]


def test_what_says_nothing_that_failed_is_not_kept() -> None:
    some = Elsewhere(kit())
    some.add(Event(source="error.log", line=1, tier=Tier.PROXY, what=What.ERROR))
    assert some.found == []
