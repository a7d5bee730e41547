"""What the app's process was doing, as far as clocks and the order of lines tell."""

from typing import Any

import pytest

from conftest import NOON, attempt, event, source, token
from wslogs import facts
from wslogs.model import Attempt, Event, Fact, Source


def life(*told: tuple[str, float | None], first: int = 1, **given: Any) -> tuple[Event, ...]:
    """(what, seconds from noon) of each line of the app's log, ten lines apart; None: the line has no time."""
    rows = [(first + 10 * place, what, None if at is None else NOON + at) for place, (what, at) in enumerate(told)]
    return tuple(event("app", what, at=at, line=line, **({"resolution_s": 0.001} | given)) for line, what, at in rows)


def log(error: float = 0.0, **given: Any) -> Source:
    return source("app.log", "app", "app", error_s=error, **given)


def learned(*attempts: Attempt, loose: tuple[Event, ...] = (), logs: tuple[Source, ...] = (log(),)) -> list[dict[str, Fact]]:
    """The facts of each, learned in this order."""
    world = facts.world(attempts, logs, None, (), loose)
    for one in attempts:
        facts.learn(one, world)
    return [one.facts for one in attempts]


def dialled(at: float, error: float = 0.0, **given: Any) -> Attempt:
    return attempt(event("browser", path="/ws"), **({"started": NOON + at, "error_s": error} | given))


def accepted(line: int, **given: Any) -> Attempt:
    """A socket whose accept stands on this line of a log without times; it began at noon, ended a minute later."""
    closed = given.pop("closed", None)
    lines = [event("app", "accepted", path="/ws", line=line)] + [event("app", "closed", line=closed)] * (closed is not None)
    return attempt(*lines, **({"opened": True, "started": NOON, "ended": NOON + 60, "code": 1006} | given))


RESTART = life(("started", -90), ("ready", -89), ("stopping", -1), ("stopped", -0.9), ("started", 8), ("ready", 9))


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([("ready", -9), ("stopping", 9)], "running"),
        ([("started", -9), ("stopping", 9)], "running"),
        ([("started", -9), ("ready", 9)], None),
        ([("stopping", -1), ("started", 1)], "restarting"),
        ([("stopped", -1)], "stopped"),
        ([("stopping", -1), ("stopped", 1)], "stopped"),
        ([("started", 1)], None),
        ([("ready", -9), ("started", 9)], None),
        ([("ready", -9)], None),
        ([], None),
    ],
    ids=[
        "up", "no line tells that it is ready", "starting", "between stop and start", "after the stop", "while stopping",
        "before the log", "died in between", "no sign of life after", "no log",
    ],
)  # fmt: skip
def test_what_the_app_was_doing(told: list[tuple[str, float]], state: str | None) -> None:
    assert learned(dialled(0), loose=life(*told))[0].get("app.state") == state


@pytest.mark.parametrize(
    ("at", "page", "app", "state"),
    [
        (0.0, 0.3, 0.0, "restarting"), (0.0, 0.0, 0.3, "restarting"), (0.0, 2.0, 0.0, None), (0.0, 0.0, 2.0, None), (0.0, 0.6, 0.6, None),
        (3.5, 2.0, 2.0, "restarting"), (7.0, 2.0, 0.0, None), (-5.0, 2.0, 0.0, "running"), (-5.0, 30.0, 0.0, None),
    ],
)  # fmt: skip
def test_what_every_order_that_the_clocks_leave_open_gives_is_claimed(at: float, page: float, app: float, state: str | None) -> None:
    """The app is told to stop one second before noon, and begins again eight seconds after it."""
    assert learned(dialled(at, page), loose=RESTART, logs=(log(app),))[0].get("app.state") == state


@pytest.mark.parametrize(("at", "state"), [(-6, "running"), (-4, None), (-1, None), (1, "restarting")])
def test_a_line_without_a_time_lies_anywhere_between_its_anchors(at: float, state: str | None) -> None:
    ready, start = life(("ready", -60)), life(("started", 20), first=30)
    stop = life(("stopping", -5), first=20, resolution_s=5.0)  # somewhere in the five seconds before noon
    assert learned(dialled(at), loose=(*ready, *stop, *start))[0].get("app.state") == state


@pytest.mark.parametrize(("line", "state"), [(15, "running"), (25, "restarting"), (35, "running")])
def test_in_one_log_the_order_of_lines_needs_no_clock(line: int, state: str) -> None:
    """All within one second, and by a clock that is hours off."""
    told = life(("ready", 0), ("stopping", 0), ("started", 0), first=11, resolution_s=1.0)
    seen = attempt(event("app", "accepted", path="/ws", line=line, at=NOON), started=NOON, error_s=7200.0)
    assert learned(seen, loose=told, logs=(log(7200.0),))[0].get("app.state") == state


@pytest.mark.parametrize(
    ("last", "page", "app", "steps", "state"),
    [
        (5.0, 0.5, 0.5, [], "running"),
        (5.0, 0.5, 4.0, [], None),
        (5.0, 4.0, 0.5, [], None),
        (0.5, 0.0, 0.0, [], None),
        (3600.0 - 9, 0.0, 0.0, [(40, -3600.0)], None),
        (3600.0 + 9, 0.0, 0.0, [(40, -3600.0)], "running"),
    ],
    ids=["goes on", "within the app's error", "within the page's error", "ends", "ends after its clock was set", "goes on after that"],
)
def test_a_log_that_goes_on_shows_a_running_app(
    last: float, page: float, app: float, steps: list[tuple[int, float]], state: str | None
) -> None:
    told = log(app, last=NOON + last, steps=steps)
    assert learned(dialled(0, page), loose=life(("ready", -60)), logs=(told,))[0].get("app.state") == state


LOST = {"opened": True, "code": 1006, "ended": NOON}


@pytest.mark.parametrize(
    ("given", "told", "died"),
    [
        (LOST, [("ready", -60), ("started", 5)], True),
        (LOST, [("ready", -60), ("stopping", -1), ("started", 5)], None),
        (LOST | {"code": 1000}, [("ready", -60), ("started", 5)], None),
        (LOST, [("ready", -60), ("started", 70)], None),
        (LOST | {"error_s": 2.0}, [("ready", -60), ("started", 1)], None),
        (LOST | {"error_s": 0.3}, [("ready", -60), ("started", 1)], True),
        ({"status": 502, "opened": False}, [("ready", -60), ("started", 5)], True),
        ({"status": 503, "opened": False}, [("ready", -60), ("started", 5)], None),
    ],
    ids=[
        "begins again", "was told to stop", "was closed in order", "long after", "within the error", "beyond the error",
        "found nobody", "was answered",
    ],
)  # fmt: skip
def test_an_app_that_begins_again_without_being_told_to_stop_died(given: Any, told: Any, died: bool | None) -> None:
    started = -30.0 if given["opened"] else 0.0
    assert learned(dialled(started, **given), loose=life(*told))[0].get("app.died") is died


@pytest.mark.parametrize(
    ("at", "error", "cut"), [(-0.5, 0.0, True), (-0.5, 2.0, True), (-0.5, 2.1, None), (-3.0, 0.0, None), (0.6, 0.0, None)]
)
def test_a_stop_cuts_what_ends_with_it(at: float, error: float, cut: bool | None) -> None:
    one = dialled(-30, opened=True, ended=NOON)
    assert learned(one, loose=life(("ready", -60), ("stopping", at)), logs=(log(error),))[0].get("app.cut_at_stop") is cut


@pytest.mark.parametrize(("told", "may"), [(("stopping", 9), True), (("started", 9), True), (("stopping", -9), None)])
def test_what_is_open_when_the_logs_end_may_have_been_cut(told: tuple[str, float], may: bool | None) -> None:
    assert learned(dialled(0, opened=True), loose=life(("ready", -60), told))[0].get("app.may_have_cut") is may


def untimed(*told: str) -> tuple[Event, ...]:
    return life(*((what, None) for what in told))


CLOSE_OF_SOMEBODY = event("app", "closed", line=8)
NONE: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("given", "told", "found"),
    [
        (NONE, untimed("ready", "started"), (True, None)),
        (NONE, untimed("ready", "stopping"), (None, True)),
        (NONE, untimed("ready", "ready", "stopping"), (None, True)),
        (NONE, untimed("ready"), (None, None)),
        ({"closed": 8}, untimed("ready", "stopping"), (None, None)),
        ({"closed": 14}, untimed("ready", "stopping"), (None, True)),
        ({"closed": 14}, untimed("ready", "started"), (None, None)),
        (NONE, (*untimed("ready", "stopping"), CLOSE_OF_SOMEBODY), (None, None)),
        (NONE, (*untimed("ready", "started"), CLOSE_OF_SOMEBODY), (None, None)),
        ({"code": 1012}, untimed("ready", "started"), (None, None)),
        ({"code": 1012}, untimed("ready", "stopping"), (None, True)),
        ({"opened": False}, untimed("ready", "stopping"), (None, None)),
        ({"ended": None}, untimed("ready", "stopping"), (None, None)),
        (NONE, untimed("ready", "stopping", "started"), (None, True)),
    ],
    ids=[
        "a process begins", "told to stop", "READY is passed over", "the log ends", "closed before the stop", "closed after it",
        "closed after another began", "a close that may be its own", "the same before a start", "a code that is no loss",
        "any code at a stop", "never opened", "never ended", "the first of both",
    ],
)  # fmt: skip
def test_what_became_of_the_process_that_accepted(given: dict[str, Any], told: tuple[Event, ...], found: tuple[Fact | None, ...]) -> None:
    """By the order of lines alone: (app.died, app.cut_at_stop) of a socket that was accepted on line 5."""
    one = learned(accepted(5, **given), loose=told)[0]
    assert (one.get("app.died"), one.get("app.cut_at_stop")) == found


@pytest.mark.parametrize(
    ("what", "at", "claimed"),
    [("started", 100, True), ("started", 130, False), ("started", 55, False), ("stopping", 57, True), ("stopping", 50, False)],
)
def test_a_socket_that_ended_at_another_time_did_not_end_with_its_process(what: str, at: float, claimed: bool) -> None:
    """It ended a minute after noon, by a clock that is off by a second at most: with its process, or up to a minute before."""
    told = life(("ready", -10), (what, at))
    one = learned(accepted(5), loose=told, logs=(log(1.0),))[0]
    assert ("app.died" in one or "app.cut_at_stop" in one) is claimed


def refused(at: float, **given: Any) -> Attempt:
    told = {"token": token("t"), "opened": False, "status": 502, "started": NOON + at, "ended": NOON + at}
    return attempt(event(path="/ws", status=502), **(told | given))


@pytest.mark.parametrize(
    ("told", "state", "died"),
    [
        (untimed("ready", "stopping", "started"), "restarting", None),
        (untimed("ready", "stopping"), "stopped", None),
        (untimed("ready", "started"), None, True),
        (untimed("ready"), None, None),
    ],
)
def test_tries_after_a_lost_socket_belong_to_that_loss(told: tuple[Event, ...], state: str | None, died: bool | None) -> None:
    rows = learned(accepted(5, token=token("t")), refused(62), refused(110), loose=told)[1:]
    assert [(row.get("app.state"), row.get("app.died")) for row in rows] == [(state, died)] * 2


@pytest.mark.parametrize("told", [untimed("ready", "stopping", "started"), untimed("ready", "started")], ids=["stopped", "died"])
@pytest.mark.parametrize(
    "given",
    [
        {"started": NOON + 121},
        {"token": token("other")},
        {"token": None},
        {"path": "/other"},
        {"status": 503},
        {"started": None},
    ],
    ids=["more than a minute later", "another token", "no token", "another path", "another answer", "no time"],
)
def test_other_tries_do_not(given: dict[str, Any], told: tuple[Event, ...]) -> None:
    lost, row = learned(accepted(5, token=token("t")), refused(62, **given), loose=told)
    assert lost.get("app.cut_at_stop") or lost.get("app.died")
    assert ("app.state" in row, "app.died" in row) == (False, False)


def test_what_the_clocks_tell_of_a_try_goes_before_its_chain() -> None:
    told = life(("ready", -10), ("stopping", 60), ("started", 70), ("ready", 71), ("stopping", 200))
    rows = learned(accepted(5, token=token("t")), refused(62), refused(90), loose=told)
    assert [row.get("app.state") for row in rows] == ["running", "restarting", "running"]


def test_the_proof_of_a_chain_is_the_stop() -> None:
    lost, first, second = accepted(5, token=token("t")), refused(62), refused(64)
    learned(lost, first, second, loose=untimed("ready", "stopping", "started"))
    assert [[e.line for e in one.proof["app.state"]] for one in (first, second)] == [[11], [11]]
