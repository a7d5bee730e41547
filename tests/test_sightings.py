"""What each tier alone saw of each try."""

from conftest import NOON, event, token
from wslogs.correlate import sightings
from wslogs.correlate.sightings import Sighting, Tiers
from wslogs.model import Event


def lines(seen: list[Sighting]) -> list[list[tuple[str, int]]]:
    return [[(e.source, e.line) for e in one.events] for one in seen]


def proxy(*events: Event) -> Tiers:
    tiers = Tiers()
    sightings.proxy(events, tiers, lambda e: e.at)
    return tiers


def app(*events: Event) -> Tiers:
    tiers = Tiers()
    sightings.app(events, tiers)
    return tiers


def browser(*events: Event) -> Tiers:
    tiers = Tiers()
    sightings.browser(events, tiers)
    return tiers


def test_a_row_began_before_it_was_written() -> None:
    (one,) = proxy(event(at=NOON + 60, lasted_s=60.0, status=101, path="/ws")).proxy
    assert (one.start, one.end, one.opened) == (NOON + 0.5, NOON + 60.5, True)  # a whole second is half a second on


def test_a_tunnel_row_without_duration_tells_its_end_alone() -> None:
    (one,) = proxy(event(at=NOON + 60, status=101, path="/ws")).proxy
    assert (one.start, one.end) == (None, NOON + 60.5)


def test_an_error_line_joins_its_row() -> None:
    rows = [event(at=NOON + n, status=502, path="/ws", connection=str(n), line=n) for n in (1, 2)]
    tiers = proxy(*rows, event(what="error", source="error.log", line=7, at=NOON + 2, path="/ws", connection="2"))
    assert lines(tiers.proxy) == [[("access.log", 1)], [("access.log", 2), ("error.log", 7)]]


def test_an_error_line_of_another_client_is_a_try_of_its_own() -> None:
    row = event(at=NOON, status=502, path="/ws", client="192.0.2.1")
    tiers = proxy(row, event(what="error", source="error.log", at=NOON, path="/ws", client="192.0.2.2"))
    assert lines(tiers.proxy) == [[("access.log", 1)], [("error.log", 1)]]


def test_the_same_row_in_two_logs_is_one_try() -> None:
    told = {"at": NOON, "status": 403, "path": "/ws", "token": token(), "client": "192.0.2.1"}
    tiers = proxy(event(**told), event(source="copy.log", **told), event(line=2, **told))
    assert lines(tiers.proxy) == [[("access.log", 1)], [("access.log", 2)]]


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


def test_a_console_alone_tells_its_tries() -> None:
    tiers = browser(
        event("browser", "failed", source="console.log", line=1, path="/ws", status=403),
        event("browser", "closed", source="console.log", line=2, code=1006),
        event("browser", "closed", source="console.log", line=30, code=1011),
    )
    assert [(one.opened, one.code, len(one.events)) for one in tiers.browser] == [(False, 1006, 2), (True, 1011, 1)]


def test_notes_of_the_app_attach_to_the_try_they_stand_by() -> None:
    tiers = app(
        event("app", "note", line=1, at=NOON, signals=("app.says-token-expired",)),
        event("app", "refused", line=2, at=NOON, status=403, path="/ws"),
        event("app", "refused", line=50, at=NOON + 60, status=403, path="/ws"),
    )
    assert lines(tiers.app) == [[("app.log", 2), ("app.log", 1)], [("app.log", 50)]]


def test_a_close_among_several_open_sockets_is_loose() -> None:
    accepted = [event("app", "accepted", line=n, at=NOON + n, path="/ws") for n in (1, 2)]
    closed = event("app", "closed", line=3, at=NOON + 9, code=1011)
    assert app(*accepted, closed).loose == [closed]
    (one,) = app(accepted[0], closed).app
    assert (one.end, one.code, one.opened) == (NOON + 9, 1011, True)


def test_starts_and_stops_belong_to_no_try() -> None:
    started = event("app", "started", line=2, at=NOON)
    assert app(event("app", "refused", line=1, at=NOON, status=403, path="/ws"), started).loose == [started]
