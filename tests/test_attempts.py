"""Events of three tiers become attempts on the server's clock."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import NOON, event, source, token
from wslogs.correlate import correlate
from wslogs.model import Attempt, Event, Source, Tier


def sources() -> list[Source]:
    return [
        source(), source("copy.log"), source("browser.har", "har", "browser"), source("app.log", "app", "app"),
        source("error.log", "nginx-error", zoned=False),
    ]  # fmt: skip


def joined(events: list[Event]) -> list[Attempt]:
    return correlate(events, sources(), {}).attempts


def places(attempts: list[Attempt]) -> list[set[tuple[str, int]]]:
    return [{(e.source, e.line) for e in a.events} for a in attempts]


def story(times: list[float], *, browser_shift: float = 0.0) -> list[Event]:
    """Refused tries, each with a token of its own, as the three tiers tell them."""
    events = []
    for n, at in enumerate(times, 1):
        told: dict[str, Any] = {"line": n, "path": "/ws", "token": token(f"t{n}"), "status": 403}
        events += [
            event("browser", at=at - browser_shift, lasted_s=0.1, marks="start", **told),
            event("proxy", at=at + 0.1, lasted_s=0.1, marks="end", **told),
            event("app", "refused", at=at + 0.05, **told),
        ]
    return events


def test_one_try_of_three_tiers() -> None:
    (one,) = joined(story([NOON]))
    assert (one.id, one.opened, one.status, one.path, one.token) == ("A1", False, 403, "/ws", token("t1"))
    assert places([one]) == [{("browser.har", 1), ("access.log", 1), ("app.log", 1)}]
    assert one.started is not None
    assert abs(one.started - NOON) < 0.6


def test_attempts_are_numbered_in_order_of_time() -> None:
    attempts = joined(story([NOON + 60, NOON]))
    assert [(a.id, a.token) for a in attempts] == [("A1", token("t2")), ("A2", token("t1"))]


def test_a_zone_of_the_error_log_is_found() -> None:
    events = [
        event("proxy", at=NOON, lasted_s=0.0, status=502, path="/ws", token=token()),
        event("proxy", "error", source="error.log", at=NOON + 5 * 3600, path="/ws", token=token()),
    ]
    seen = sources()
    (one,) = correlate(events, seen, {}).attempts
    assert len(one.events) == 2
    assert (seen[-1].offset_s, seen[-1].zone_from) == (-18000.0, "aligned")


times = st.lists(st.integers(0, 600).map(lambda n: NOON + n * 10), min_size=3, max_size=8, unique=True)


@settings(max_examples=50, deadline=None)
@given(times, st.integers(-40, 40).map(lambda n: n * 97.0))
def test_a_wrong_clock_of_the_browser_changes_no_join(when: list[float], shift: float) -> None:
    assert places(joined(story(when, browser_shift=shift))) == places(joined(story(when)))


@settings(max_examples=50, deadline=None)
@given(times)
def test_a_copy_of_the_access_log_changes_nothing(when: list[float]) -> None:
    events = story(when)
    copies = [event("proxy", **{**row, "source": "copy.log"}) for row in map(fields, events) if row["source"] == "access.log"]
    assert places(joined([*events, *copies])) == places(joined(events))


def fields(told: Event) -> dict[str, Any]:
    names = ("source", "line", "at", "marks", "lasted_s", "path", "token", "status")
    return {name: getattr(told, name) for name in names}


def test_the_end_of_a_tunnel_tells_whose_close_it_was() -> None:
    events = []
    for n in (1, 2):
        told: dict[str, Any] = {"line": n, "path": "/ws", "token": token(f"t{n}")}
        events += [
            event("proxy", at=NOON + n * 100, lasted_s=n * 100 - n * 10.0, marks="end", status=101, **told),
            event("app", "accepted", at=NOON + n * 10, **told),
        ]
    closed = event("app", "closed", line=9, at=NOON + 200, code=1011)
    found = correlate([*events, closed], sources(), {})
    assert [(a.token, a.code) for a in found.attempts] == [(token("t1"), None), (token("t2"), 1011)]
    assert found.loose == []


def test_a_try_that_the_proxy_did_not_see_joins_browser_and_app() -> None:
    events = [e for e in story([NOON]) if e.tier is not Tier.PROXY]
    (one,) = joined(events)
    assert places([one]) == [{("browser.har", 1), ("app.log", 1)}]


def test_a_try_that_nobody_else_saw_stands_alone() -> None:
    events = [*story([NOON, NOON + 60]), event("browser", at=NOON + 600, marks="start", line=3, path="/ws", token=token("t3"))]
    assert places(joined(events))[2:] == [{("browser.har", 3)}]


@pytest.mark.parametrize("zone", [5 * 3600, 20700, -34200])
def test_an_app_log_in_local_time_is_brought_to_utc(zone: int) -> None:
    told: dict[str, Any] = {"path": "/ws", "token": token(), "status": 403}
    seen = [source(), source("app.log", "app", "app", zoned=False)]
    (one,) = correlate([event(at=NOON, lasted_s=0.1, **told), event("app", "refused", at=NOON + zone, **told)], seen, {}).attempts
    assert [e.at for e in one.events] == [NOON, NOON]
    assert (seen[1].offset_s, seen[1].zone_from) == (-zone, "aligned")


def test_dates_correct_the_clock_of_a_browser() -> None:
    """Two answers of the server say that the browser is 40 s slow; its only try joins a row 40 s later."""
    told: dict[str, Any] = {"path": "/ws", "status": 403}
    events = [event("browser", at=NOON, lasted_s=0.1, marks="start", **told), event(at=NOON + 40, lasted_s=0.1, marks="end", **told)]
    dates = {"browser.har": [(NOON + 40 + n, NOON + 0.4 + n, NOON + 0.6 + n) for n in range(2)]}
    found = correlate(events, sources(), dates)
    assert len(found.attempts) == 1
    assert [name for name, _ in found.caveats] == ["clock-corrected"]


def test_lines_without_a_time_get_that_of_their_try() -> None:
    told: dict[str, Any] = {"path": "/ws", "token": token(), "status": 403}
    (one,) = joined([event(at=NOON + 1, lasted_s=1.0, resolution_s=0.001, **told), event("app", "refused", **told)])
    answer = one.tiers[Tier.APP]
    assert answer.at == pytest.approx(NOON - 0.02)
    assert answer.resolution_s == pytest.approx(1.041, abs=0.002)


def test_a_try_that_was_waiting_at_the_export_is_pending() -> None:
    (one,) = joined([event("browser", at=NOON, marks="start", lasted_s=9.0, path="/ws")])
    assert (one.pending, one.opened, one.started, one.ended) == (True, False, NOON, None)


@pytest.mark.parametrize(
    ("events", "started", "error_s"),
    [
        ([event("browser", at=NOON, marks="start", status=403, path="/ws", resolution_s=0.001)], NOON, 0.001),
        ([event(at=NOON + 60, lasted_s=60.0, status=101, path="/ws")], NOON + 0.5, 0.5),
        ([event(at=NOON + 60, lasted_s=60.0, status=101, path="/ws", resolution_s=0.001)], NOON, 0.001),
        ([event("app", "refused", at=NOON, status=403, path="/ws", resolution_s=0.001)], NOON, 0.001),
        ([event(at=NOON, status=403, path="/ws", lasted_s=None)], NOON + 0.5, 0.5),
        ([event(at=NOON, status=101, path="/ws", lasted_s=None)], None, 1.0),
        ([event("app", "refused", status=403, path="/ws")], None, 1.0),
    ],
)
def test_when_a_try_began(events: list[Event], started: float | None, error_s: float) -> None:
    (one,) = joined(events)
    assert one.started == started
    assert one.error_s == pytest.approx(error_s, abs=1e-5)


def test_the_page_tells_the_start_and_the_end() -> None:
    told: dict[str, Any] = {"path": "/ws", "token": token(), "status": 101}
    events = [
        event("browser", at=NOON + 0.25, lasted_s=60.5, marks="start", **told),
        event(at=NOON + 60, lasted_s=60.0, marks="end", **told),
    ]
    (one,) = joined(events)
    assert (one.started, one.ended) == (NOON + 0.25, NOON + 60.75)


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([event("browser", at=NOON, marks="start", status=403, path="/ws")], 1006),
        ([event("browser", at=NOON, marks="start", status=101, path="/ws")], None),
        ([event("app", "accepted", at=NOON, path="/ws"), event("app", "closed", at=NOON + 1, line=2, code=1011)], 1011),
    ],
)
def test_code(events: list[Event], code: int | None) -> None:
    (one,) = joined(events)
    assert one.code == code


def test_the_answer_of_the_proxy_is_that_of_the_try() -> None:
    """The app accepted, but nginx had given up."""
    told: dict[str, Any] = {"path": "/ws", "token": token()}
    (one,) = joined([event(at=NOON + 2, lasted_s=2.0, status=504, **told), event("app", "accepted", at=NOON + 3, **told)])
    assert (one.opened, one.status) == (False, 504)


@pytest.mark.parametrize(("hosts", "filled"), [(("a.example",), "a.example"), (("a.example", "b.example"), None)])
def test_the_only_host_is_that_of_every_try(hosts: tuple[str, ...], filled: str | None) -> None:
    events = [event(at=NOON + 60 * n, status=403, path="/ws", host=host, line=n) for n, host in enumerate(hosts, 1)]
    assert joined([*events, event(at=NOON, status=403, path="/ws", line=9)])[0].host == filled


def test_the_zone_of_an_app_log_without_tries() -> None:
    """It tells of a restart in the middle of what nginx saw, if it is in UTC; +05:00 would be hours away."""
    seen = [source(first=NOON - 60, last=NOON + 60), source("app.log", "app", "app", zoned=False, first=NOON, last=NOON)]
    row = event(at=NOON, status=502, path="/ws", logged="23/Nov/2026:17:00:00 +0500")
    found = correlate([row, event("app", "started", at=NOON)], seen, {})
    assert found.caveats == [("zone-by-coverage", {"source": "app.log", "zone": "+00:00"})]
    assert [e.at for e in found.loose] == [NOON]


def test_a_console_takes_day_and_zone_from_its_har() -> None:
    """The console wrote 17:00:01 and no day."""
    seen = [
        source("browser.har", "har", "browser", first=NOON),
        source("console.log", "console", "browser", zoned=False, dateless=True, first=946746001.0, last=946746001.0),
    ]
    events = [
        event("browser", at=NOON, lasted_s=0.9, marks="start", status=403, path="/ws", resolution_s=0.001),
        event("browser", "failed", source="console.log", at=946746001.0, status=403, path="/ws", resolution_s=0.001),
    ]
    (one,) = correlate(events, seen, {}).attempts
    assert [e.at for e in one.events] == [NOON, NOON + 1]


def test_a_time_of_day_without_a_har_is_no_time() -> None:
    seen = [source("console.log", "console", "browser", zoned=False, dateless=True, first=946746001.0, last=946746001.0)]
    (one,) = correlate([event("browser", "failed", source="console.log", at=946746001.0, path="/ws")], seen, {}).attempts
    assert (one.started, one.events[0].at) == (None, None)
    assert (seen[0].first, seen[0].last) == (None, None)


def test_a_line_of_the_browser_that_left_is_no_try() -> None:
    seen = [source("console.log", "console", "browser", first=NOON, last=NOON)]
    found = correlate([event("browser", "left", source="console.log", at=NOON)], seen, {})
    assert (found.attempts, [e.what for e in found.loose]) == ([], ["left"])


def test_nothing_makes_nothing() -> None:
    assert joined([]) == []


@pytest.mark.parametrize("count", [1, 3])
def test_an_error_log_without_access_log_learns_its_zone_from_a_har(count: int) -> None:
    events = []
    for n in range(count):
        told = {"path": "/ws", "token": token(), "status": 502, "line": n + 1}
        events += [
            event("browser", at=NOON + 60 * n, marks="start", lasted_s=0.1, resolution_s=0.001, **told),
            event(what="error", source="error.log", at=NOON + 18000 + 60 * n, **told),
        ]
    log = source("error.log", "nginx-error", zoned=False)
    found = correlate(events, [source("browser.har", "har", "browser"), log], {})
    assert (len(found.attempts), found.caveats, found.attempts[0].started, log.offset_s) == (count, [], NOON, -18000.0)


@pytest.mark.parametrize(
    ("row", "what"), [({"lasted_s": 10.0, "status": 403}, "refused"), ({"lasted_s": 10.0, "answered_s": 9.9, "status": 101}, "accepted")]
)
def test_an_app_that_takes_its_time_is_still_that_of_the_request(row: dict[str, Any], what: str) -> None:
    told = {"path": "/ws", "token": token()}
    events = [event(at=NOON + 10, **told, **row), event("app", what, at=NOON + 10, status=row["status"], **told)]
    assert len(correlate(events, [source(), source("app.log", "app", "app")], {}).attempts) == 1


def test_a_fetch_of_the_path_is_no_try_where_the_app_tells_websockets_apart() -> None:
    told = {"source": "app.log", "path": "/ws"}
    fetched = event("app", "request", at=NOON + 1, status=200, line=2, **told)
    refused = event("app", "refused", at=NOON, status=403, line=1, **told)
    logs = [source("app.log", "app", "app")]
    assert [a.status for a in correlate([refused, fetched], logs, {}).attempts] == [403]
    assert [a.status for a in correlate([fetched], logs, {}).attempts] == [200]  # alone it may be a try that lost its upgrade
