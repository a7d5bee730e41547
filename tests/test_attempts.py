"""Events of three tiers become attempts on the server's clock."""

from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import NOON, event, source, token
from wslogs.correlate import correlate
from wslogs.model import Attempt, Event, Source


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
        told = {"line": n, "path": "/ws", "token": token(f"t{n}"), "status": 403}
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


def fields(told: Event) -> dict[str, object]:
    names = ("source", "line", "at", "marks", "lasted_s", "path", "token", "status")
    return {name: getattr(told, name) for name in names}


def test_the_end_of_a_tunnel_tells_whose_close_it_was() -> None:
    events = []
    for n in (1, 2):
        told = {"line": n, "path": "/ws", "token": token(f"t{n}")}
        events += [
            event("proxy", at=NOON + n * 100, lasted_s=n * 100 - n * 10.0, marks="end", status=101, **told),
            event("app", "accepted", at=NOON + n * 10, **told),
        ]
    closed = event("app", "closed", line=9, at=NOON + 200, code=1011)
    found = correlate([*events, closed], sources(), {})
    assert [(a.token, a.code) for a in found.attempts] == [(token("t1"), None), (token("t2"), 1011)]
    assert found.loose == []


def test_nothing_makes_nothing() -> None:
    assert joined([]) == []
