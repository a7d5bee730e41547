"""What nginx and the app saw of each try."""

import pytest

from conftest import NOON, event, sighting, token
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


def test_move_goes_from_the_clock_of_the_log_not_from_the_last_move() -> None:
    one = sighting(start=NOON, end=NOON + 1, resolution_s=1.0, before_s=0.5)
    one.move(60.0)
    one.move(40.0)
    assert (one.start, one.end, one.moved_s) == (NOON + 40, NOON + 41, 40.0)
    assert one.span("start") == (NOON + 39.5, NOON + 40.5)


@pytest.mark.parametrize(
    ("one", "span"),
    [
        (sighting(start=0.0, end=9.0, opened=True, main={"answered_s": 0.3}, resolution_s=0.0), (0.0, 0.3)),
        (sighting(start=0.0, end=9.0, opened=True, resolution_s=0.0), (0.0, 9.0)),
        (sighting(start=0.0, end=9.0, opened=False, resolution_s=1.0), (9.0, 10.0)),
        (sighting(end=9.0, opened=False, resolution_s=0.0), (9.0, 9.0)),
        (sighting(end=9.0, opened=True), None),  # how long it was open nobody knows
        (sighting(start=0.0, opened=True), None),
    ],
)
def test_answered(one: Sighting, span: tuple[float, float] | None) -> None:
    assert one.answered == span


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


def test_an_error_line_whose_token_is_cut_joins_its_row_by_path_and_time() -> None:
    """nginx cuts long requests in its error log: what is left of the token is none, and path and second tell the row."""
    rows = [event(at=NOON + n * 10, status=502, path="/ws", token=token(f"t{n}"), line=n) for n in (1, 2, 3)]
    tiers = proxy(*rows, event(what="error", source="error.log", line=7, at=NOON + 20, path="/ws"))
    assert lines(tiers.proxy) == [[("access.log", 1)], [("access.log", 2), ("error.log", 7)], [("access.log", 3)]]


def test_the_connection_outweighs_time() -> None:
    """Two requests of one second; the line tells `*2`, and stands nearer to the other."""
    rows = [
        event(at=NOON, status=504, path="/ws", connection="1", line=1),
        event(at=NOON + 2, status=504, path="/ws", connection="2", line=2),
    ]
    tiers = proxy(*rows, event(what="error", source="error.log", line=7, at=NOON, path="/ws", connection="2"))
    assert lines(tiers.proxy) == [[("access.log", 1)], [("access.log", 2), ("error.log", 7)]]


def test_the_connection_of_another_is_another_try() -> None:
    row = event(at=NOON, status=502, path="/ws", connection="1")
    tiers = proxy(row, event(what="error", source="error.log", at=NOON, path="/ws", connection="2"))
    assert len(tiers.proxy) == 2


def test_lines_of_one_second_go_to_a_row_each() -> None:
    rows = [event(at=NOON, status=502, path="/ws", line=n) for n in (1, 2)]
    tiers = proxy(*rows, *(event(what="error", source="error.log", line=n, at=NOON, path="/ws") for n in (1, 2)))
    assert lines(tiers.proxy) == [[("access.log", 1), ("error.log", 1)], [("access.log", 2), ("error.log", 2)]]


@pytest.mark.parametrize(("at", "joins"), [(-3, False), (0, True), (30, True), (60, True), (64, False)])
def test_an_error_stands_within_the_time_of_its_request(at: float, joins: bool) -> None:
    row = event(at=NOON + 60, lasted_s=60.0, status=504, path="/ws")
    tiers = proxy(row, event(what="error", source="error.log", at=NOON + at, path="/ws"))
    assert (len(tiers.proxy) == 1) is joins


def test_an_error_line_stands_on_the_clock_of_the_access_log() -> None:
    tiers = Tiers()
    told = event(what="error", source="error.log", at=NOON + 5 * 3600, path="/ws")
    sightings.proxy([event(at=NOON, status=502, path="/ws"), told], tiers, lambda e: None if e.at is None else e.at - 5 * 3600)
    assert lines(tiers.proxy) == [[("access.log", 1), ("error.log", 1)]]


def test_notes_of_nginx_belong_to_no_try() -> None:
    note = event(what="note", source="error.log", at=NOON)
    assert proxy(note).loose == [note]


def test_notes_of_the_app_attach_to_the_try_they_stand_by() -> None:
    tiers = app(
        event("app", "note", line=1, at=NOON, signals=("app.says-token-expired",)),
        event("app", "refused", line=2, at=NOON, status=403, path="/ws"),
        event("app", "refused", line=50, at=NOON + 60, status=403, path="/ws"),
    )
    assert lines(tiers.app) == [[("app.log", 2), ("app.log", 1)], [("app.log", 50)]]


def accepted(*at: int) -> list[Event]:
    return [event("app", "accepted", line=n, at=NOON + n, path="/ws") for n in at]


def test_the_close_of_the_one_open_socket() -> None:
    (one,) = app(*accepted(1), event("app", "closed", line=3, at=NOON + 9, code=1011)).app
    assert (one.end, one.code, one.opened) == (NOON + 9.5, 1011, True)  # a whole second is half a second on


def test_a_close_among_several_open_sockets_is_loose() -> None:
    closed = event("app", "closed", line=3, at=NOON + 9, code=1011)
    tiers = app(*accepted(1, 2), closed)
    assert tiers.loose == [closed]
    assert [one.end for one in tiers.app] == [None, None]


def test_the_second_line_about_a_close_belongs_to_the_socket_of_the_first() -> None:
    """The app's word has the code, the server's has none; meanwhile another socket opened."""
    said = event("app", "closed", line=2, at=NOON + 2, code=1000), event("app", "closed", line=4, at=NOON + 2)
    tiers = app(*accepted(1), said[0], event("app", "accepted", line=3, at=NOON + 2, path="/ws"), said[1])
    assert lines(tiers.app) == [[("app.log", 1), ("app.log", 2), ("app.log", 4)], [("app.log", 3)]]


def test_the_next_of_two_sockets_that_closed_is_known_when_one_is_left() -> None:
    """The close of the one left open, far below the first."""
    tiers = app(
        *accepted(1), event("app", "closed", line=2, at=NOON + 2, code=1000), *accepted(3), event("app", "closed", line=40, code=1001)
    )
    assert [one.code for one in tiers.app] == [1000, 1001]


def test_a_close_of_no_socket_is_loose() -> None:
    closed = event("app", "closed", line=1, code=1000)
    assert (app(closed).loose, app(closed).app) == ([closed], [])


def test_an_exception_of_the_one_open_socket() -> None:
    (one,) = app(*accepted(1), event("app", "exception", line=3, at=NOON + 9)).app
    assert lines([one]) == [[("app.log", 1), ("app.log", 3)]]
    assert one.end is None


def test_starts_and_stops_belong_to_no_try() -> None:
    started = event("app", "started", line=2, at=NOON)
    assert app(event("app", "refused", line=1, at=NOON, status=403, path="/ws"), started).loose == [started]
