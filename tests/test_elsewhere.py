"""parsers/elsewhere.py: which error lines are about other requests, and how many of them are kept."""

from __future__ import annotations

import io

import pytest

from wslogs.model import Event, Tier, What
from wslogs.parsers import elsewhere
from wslogs.parsers.elsewhere import Elsewhere
from wslogs.parsers.kit import Kit
from wslogs.patterns import load
from wslogs.redact import Vault
from wslogs.scan import Scanner

LINE = '2026/11/23 04:13:56 [error] 29#29: *17 open() "/x" failed, client: 192.0.2.4, server: a.example, request: "GET {} HTTP/1.1"'


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
    some, scanner, told = Elsewhere(kit()), Scanner(["2026"]), list[int]()
    for block in scanner.blocks(io.BytesIO("\n".join(LINE.format(f"/api/{number:02}") for number in range(100)).encode())):
        for begin, end in block.found():
            if some.next():
                told.append(scanner.line(block, begin, end).number)
                some.keep(scanner.line(block, begin, end).alone())
    assert [line.number for line in some.lines] == [1, 33, 65, 97]
    assert some.lines[1].raw == LINE.format("/api/32").encode() and list(some.lines[1].following()) == []
    assert told == [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97]


def test_what_says_nothing_that_failed_is_not_kept() -> None:
    some = Elsewhere(kit())
    failed = Event(source="error.log", line=2, tier=Tier.PROXY, what=What.ERROR, signals=("nginx.connect-refused",))
    for event in (None, Event(source="error.log", line=1, tier=Tier.PROXY, what=What.ERROR), failed):
        some.add(event)
    assert some.found == [failed]
