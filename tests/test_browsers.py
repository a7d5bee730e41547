"""What browsers saw of each try: HARs, and the consoles of the same pages."""

from typing import Any

import pytest

from conftest import NOON, event, token
from wslogs.correlate import browsers
from wslogs.correlate.browsers import alike
from wslogs.correlate.sightings import Sighting, Tiers
from wslogs.model import Event


def lines(seen: list[Sighting]) -> list[list[tuple[str, int]]]:
    return [[(e.source, e.line) for e in one.events] for one in seen]


def browser(*events: Event) -> Tiers:
    tiers = Tiers()
    browsers.browser(events, tiers)
    return tiers


def test_a_console_merges_into_its_har() -> None:
    har = [event("browser", at=NOON + n, status=403, path="/ws", line=n, resolution_s=0.001) for n in (1, 2)]
    console = [
        event("browser", "failed", source="console.log", line=1, status=403, path="/ws", host="a.example"),
        event("browser", "closed", source="console.log", line=2, code=1006),
        event("browser", "failed", source="console.log", line=3, status=403, path="/ws", host="a.example"),
        event("browser", "closed", source="console.log", line=4, code=1006),
    ]
    tiers = browser(*har, *console)
    assert lines(tiers.browser) == [
        [("browser.har", 1), ("console.log", 1), ("console.log", 2)],
        [("browser.har", 2), ("console.log", 3), ("console.log", 4)],
    ]
    assert [one.code for one in tiers.browser] == [1006, 1006]


def har(*tries: tuple[int | None, int], start: float = 0.0) -> list[Event]:
    """(status, load of the page) of each try, a minute apart."""
    last = max((load for _, load in tries if load is not None), default=0)
    return [
        event("browser", at=NOON + start + n * 60, marks="start", status=status, line=n, path="/ws", resolution_s=0.001,
              loads_after=None if load is None else last - load)
        for n, (status, load) in enumerate(tries, 1)
    ]  # fmt: skip


def console(*said: str, file: str = "console.log", **fields: object) -> list[Event]:
    """`left`, `failed`, or the code of a close."""
    told = []
    for n, word in enumerate(said, 1):
        what = word if word in ("left", "failed") else "closed"
        more = {"path": "/ws", "status": 403} if what == "failed" else {} if what == "left" else {"code": int(word)}
        told.append(event("browser", what, source=file, line=n * 10, **more | fields))
    return told


def closes(seen: list[Sighting]) -> list[int | None]:
    return [one.code for one in seen]


def test_navigation_tells_which_open_try_a_close_belongs_to() -> None:
    """Two loads of the page with a socket each; the console tells of the close in the second one."""
    assert closes(browser(*har((101, 1), (101, 2)), *console("left", "left", "1006")).browser) == [None, 1006]
    assert closes(browser(*har((101, 1), (101, 2), (403, 2)), *console("left", "1006", "left", "failed")).browser) == [1006, None, None]


def test_a_page_that_was_left_after_its_last_close() -> None:
    assert closes(browser(*har((101, 1), (101, 2)), *console("left", "1006", "left")).browser) == [1006, None]


def test_a_close_that_no_har_entry_matches_is_loose() -> None:
    tiers = browser(*har((403, None)), *console("1011"))
    assert (closes(tiers.browser), [e.code for e in tiers.loose]) == ([None], [1011])


def test_a_console_without_navigation_is_of_the_last_load() -> None:
    """Unless told to preserve its log, the console forgets with each load."""
    assert closes(browser(*har((101, 1), (101, 2)), *console("1006")).browser) == [None, 1006]


def test_the_lines_that_tell_of_leaving_are_of_no_try() -> None:
    tiers = browser(*console("left", "1000"))
    assert [e.what for e in tiers.loose] == ["left"]
    assert [e.loads_after for one in tiers.browser for e in one.events] == [0]


def test_a_note_of_no_try_was_said_in_the_last_load() -> None:
    """A pasted line alone tells of no load after its own."""
    tiers = browser(event("browser", "note", source="console.txt", line=1, signals=("browser.bad-frame",)))
    assert [e.loads_after for e in tiers.loose] == [0]


def test_a_close_after_navigation_is_of_another_try() -> None:
    """A socket of the load before cannot be lost in this one."""
    assert [(one.opened, one.code) for one in browser(*console("left", "failed", "left", "1006")).browser] == [(False, None), (None, 1006)]


def test_1006_alone_does_not_tell_whether_it_had_opened() -> None:
    assert [(one.opened, one.code) for one in browser(*console("1006", "1000")).browser] == [(None, 1006), (True, 1000)]


def test_a_console_belongs_to_the_har_that_it_fits() -> None:
    anna = [event("browser", source="anna.har", line=n, status=403, path="/ws", at=NOON + n) for n in (1, 2)]
    boris = [event("browser", source="boris.har", status=101, path="/ws", at=NOON)]
    tiers = browser(*anna, *boris, *console("failed", "failed"))
    assert tiers.partners == {"console.log": "anna.har"}


def test_of_hars_that_fit_alike_the_one_with_a_like_name() -> None:
    hars = [event("browser", source=name, status=403, path="/ws", at=NOON) for name in ("anna.har", "boris.har")]
    assert browser(*hars, *console("failed", file="boris-console.log")).partners == {"boris-console.log": "boris.har"}


def test_a_console_with_other_tokens_is_of_another_page() -> None:
    hars = event("browser", status=403, path="/ws", at=NOON, token=token("a"))
    tiers = browser(hars, *console("failed", token=token("b")))
    assert (tiers.partners, len(tiers.browser)) == ({}, 2)


@pytest.mark.parametrize(("one", "other", "shared"), [("anna.har", "anna.log", 5), ("a", "b", 0), ("ann", "anna", 3), ("", "x", 0)])
def test_alike(one: str, other: str, shared: int) -> None:
    assert alike(one, other) == shared


@pytest.mark.parametrize(
    ("fields", "start", "end", "opened"),
    [
        ({"at": NOON, "marks": "start", "lasted_s": 60.0, "status": 101}, NOON, NOON + 60, True),
        ({"at": NOON, "marks": "start", "status": 101}, NOON, None, True),  # still open
        ({"at": NOON, "marks": "start"}, NOON, None, None),  # still waiting
        ({"at": NOON, "marks": "end", "signals": ("browser.reset",)}, None, NOON, False),  # dated 1969: it failed then
        ({"at": NOON, "marks": "start", "lasted_s": 0.1, "status": 403}, NOON, NOON + 0.1, False),
        ({"status": 403}, None, None, False),
    ],
)
def test_of_a_har_entry(fields: dict[str, Any], start: float | None, end: float | None, opened: bool | None) -> None:
    (one,) = browser(event("browser", path="/ws", **fields)).browser
    assert (one.start, one.end, one.opened) == (start, end, opened)


def test_a_console_alone_tells_its_tries() -> None:
    tiers = browser(
        event("browser", "failed", source="console.log", line=1, path="/ws", status=403),
        event("browser", "closed", source="console.log", line=2, code=1006),
        event("browser", "closed", source="console.log", line=30, code=1011),
    )
    assert [(one.opened, one.code, len(one.events)) for one in tiers.browser] == [(False, 1006, 2), (True, 1011, 1)]


@pytest.mark.parametrize(
    ("line", "fields", "tries"),
    [
        (3, {"path": None, "status": None}, 1),  # its reason on a line of its own
        (4, {"path": None, "status": None}, 2),  # too far below
        (3, {"status": 403}, 1),  # the exception of a failure that had said nothing more
        (3, {"path": "/chat"}, 2),
        (3, {"host": "b.example"}, 2),
    ],
)
def test_a_second_line_about_one_failure(line: int, fields: dict[str, Any], tries: int) -> None:
    told: dict[str, Any] = {"source": "console.log", "path": "/ws", "host": "a.example"}
    tiers = browser(event("browser", "failed", line=1, **told), event("browser", "failed", **{**told, "line": line, **fields}))
    assert len(tiers.browser) == tries


@pytest.mark.parametrize(("line", "code", "tries"), [(9, 1006, 1), (10, 1006, 2), (9, 1000, 2)])
def test_the_page_repeats_what_the_browser_said_of_a_close(line: int, code: int, tries: int) -> None:
    first = event("browser", "closed", source="console.log", line=1, path="/ws", code=1006)
    assert len(browser(first, event("browser", "closed", source="console.log", line=line, code=code)).browser) == tries


def test_of_a_har_and_a_console_that_knows_no_status_the_addresses_tell() -> None:
    """Firefox keeps the status from its console."""
    har = [
        event("browser", at=NOON + n, logged="2026-11-23T12:00:00Z", status=status, path=path, line=n)
        for n, path, status in ((1, "/a", 403), (2, "/b", None), (3, "/c", 101))
    ]
    har[1].failed = True
    console = [event("browser", "failed", source="console.log", line=n, path=path) for n, path in ((1, "/a"), (2, "/b"), (5, "/c"))]
    tiers = browser(*har, *console)
    assert lines(tiers.browser) == [[("browser.har", n), ("console.log", line)] for n, line in ((1, 1), (2, 2), (3, 5))]


def test_a_try_of_another_address_is_none_of_the_har() -> None:
    har = [event("browser", at=NOON, status=403, path="/a")]
    tiers = browser(*har, event("browser", "failed", source="console.log", path="/b", status=403))
    assert lines(tiers.browser) == [[("browser.har", 1)], [("console.log", 1)]]


def test_many_tries_are_compared_by_their_answers() -> None:
    har = [event("browser", at=NOON + n, status=403, path="/a", line=n) for n in range(600)]
    console = [event("browser", "failed", source="console.log", path="/a", status=403, line=4 * n) for n in range(600)]
    assert len(browser(*har, *console).browser) == 600


def test_a_har_entry_that_failed_without_a_status_is_over() -> None:
    (one,) = browser(event("browser", at=NOON, failed=True)).browser
    assert one.opened is False


def test_firefox_times_the_first_of_several_lines_alone() -> None:
    console = [
        event("browser", "failed", source="console.log", line=3),
        event("browser", "failed", source="console.log", line=4, at=NOON, path="/a"),
    ]
    (one,) = browser(*console).browser
    assert one.end == NOON
