"""The stages of an attempt, the line that shows each, and where it stopped."""

from collections.abc import Mapping
from typing import Any

import pytest

from conftest import NOON, attempt, event
from wslogs.endings import Ending
from wslogs.model import Attempt, Event, Stage, Verdict
from wslogs.report.journey import journey

FAILED = Verdict(outcome="failed", cause="proxy")
WORKED = Verdict(outcome="worked")
STAGES = [stage.value for stage in Stage]
UNTOLD = Ending("unknown", None)
NONE: Mapping[str, float] = {}


def steps(one: Attempt, verdict: Verdict = WORKED, end: Ending = UNTOLD, errors: Mapping[str, float] = NONE) -> list[dict[str, Any]]:
    return journey(one, verdict, end, errors)[0]


@pytest.mark.parametrize(
    ("one", "stop"),
    [
        (attempt(event("browser", path="/ws")), Stage.RESOLVE),
        (attempt(event("browser", path="/ws")), Stage.SECURE),  # as its message says
        (attempt(event("proxy", path="/ws")), Stage.UPSTREAM),
        (attempt(event("proxy", path="/ws"), event("app", "refused", path="/ws")), Stage.ACCEPT),
        (attempt(event("app", "accepted", path="/ws"), facts={"app.accepted": True}), Stage.OPEN),
        (attempt(event("proxy", path="/ws"), opened=True), Stage.CLOSE),
    ],
)
def test_where_it_stopped(one: Attempt, stop: Stage) -> None:
    told, stage = journey(one, FAILED, Ending("unknown", stop), {})
    assert stage == stop.value
    assert [step["stage"] for step in told] == STAGES
    place = STAGES.index(stop)
    assert [step["state"] for step in told] == ["passed"] * place + ["stopped"] + ["unknown"] * (7 - place)


def test_where_nothing_shows_a_stage_none_is_named() -> None:
    told, stage = journey(attempt(event("browser")), FAILED, UNTOLD, {})
    assert (stage, {step["state"] for step in told}) == (None, {"unknown"})


ROW = event("proxy", line=7, at=NOON, marks="end", lasted_s=5.0, status=101, upstream_status=101, logged="12:00:00")
ERROR = event("proxy", "error", source="error.log", line=3, at=NOON, status=101, upstream="10.0.0.1:8000")
ENTRY = event("browser", line=5, at=NOON - 5, marks="start", lasted_s=5.0, status=101, resolution_s=0.001)
OPENED = event("browser", "opened", source="console.log", line=2, at=NOON - 4.5)
CLOSED = event("browser", "closed", source="console.log", line=4, code=1006)
ACCEPTED = event("app", "accepted", line=9, at=NOON - 4.8, resolution_s=0.001)
APP_CLOSED = event("app", "closed", line=12, at=NOON, code=1006)


@pytest.mark.parametrize(
    ("events", "shown"),
    [
        ((CLOSED, ENTRY, ROW, APP_CLOSED, ACCEPTED), ["access.log:7", "access.log:7", "app.log:9", "access.log:7", "console.log:4"]),
        ((ENTRY, ROW, APP_CLOSED), ["access.log:7", "access.log:7", "access.log:7", "access.log:7", "app.log:12"]),
        ((ROW,), ["access.log:7"] * 5),
        ((ERROR,), ["error.log:3", "error.log:3", "error.log:3 by open", "error.log:3", "error.log:3"]),
        ((ACCEPTED, ENTRY), ["app.log:9 by upstream", "app.log:9", "app.log:9", "browser.har:5", None]),
        ((OPENED, ACCEPTED), ["app.log:9 by upstream", "app.log:9", "app.log:9", "console.log:2", None]),
    ],
)
def test_each_stage_is_shown_by_the_line_that_shows_it_best(events: tuple[Event, ...], shown: list[str | None]) -> None:
    told = steps(attempt(*events, opened=True), end=Ending("unknown", Stage.CLOSE))[3:]
    implied = [f" by {step['implied_by']}" if step["implied_by"] else "" for step in told]
    assert [f"{s['source']}:{s['line']}{by}" if s["line"] else None for s, by in zip(told, implied, strict=True)] == shown
    assert [step["state"] for step in told] == ["passed"] * 4 + ["unknown" if shown[4] is None else "passed"]


def test_what_a_later_stage_implies_has_its_line_and_no_time() -> None:
    told = steps(attempt(ROW, status=403), FAILED, Ending("app", Stage.UPSTREAM))
    implied = {"tier": "proxy", "source": "access.log", "line": 7, "at": None, "error_s": None, "logged": None, "ordered": None}
    assert told[:3] == [{"stage": name, "state": "passed", "implied_by": "request", **implied} for name in STAGES[:3]]
    assert told[7] == {
        "stage": "close", "state": "unknown", "tier": None, "source": None, "line": None, "at": None, "error_s": None, "logged": None,
        "implied_by": None, "ordered": None,
    }  # fmt: skip


def test_the_request_began_where_its_row_says_and_stands_beside_the_time_as_logged() -> None:
    request = steps(attempt(ROW, opened=True), errors={"access.log": 0.25})[3]
    assert request == {
        "stage": "request", "state": "passed", "tier": "proxy", "source": "access.log", "line": 7, "at": "2026-11-23T11:59:55Z",
        "error_s": 1.25, "logged": "12:00:00", "implied_by": None, "ordered": True,
    }  # fmt: skip


def test_a_row_of_a_whole_socket_does_not_time_its_opening() -> None:
    told = {step["stage"]: step["at"] for step in steps(attempt(ROW, opened=True), end=Ending("proxy", Stage.CLOSE, ROW))}
    assert (told["upstream"], told["open"], told["close"]) == (None, None, "2026-11-23T12:00:00Z")


@pytest.mark.parametrize(("seconds", "error", "ordered"), [(3.0, 0.0, True), (0.5, 0.0, False), (3.0, 2.5, False), (-3.0, 0.0, False)])
def test_steps_whose_error_bars_overlap_are_not_ordered(seconds: float, error: float, ordered: bool) -> None:
    accepted = event("app", "accepted", at=NOON - 5 + seconds, resolution_s=0.001)
    told = steps(attempt(ROW, accepted, opened=True), errors={"app.log": error})
    assert [step["ordered"] for step in told[3:6]] == [True, None, ordered]


def test_the_step_where_it_stopped_has_the_line_that_shows_who_ended_it() -> None:
    proof = event("proxy", "error", source="error.log", line=3, at=NOON)
    told = steps(attempt(ROW, proof, opened=True), FAILED, Ending("proxy", Stage.CLOSE, proof))[7]
    assert (told["state"], told["source"], told["line"], told["at"]) == ("stopped", "error.log", 3, "2026-11-23T12:00:00Z")


def test_what_worked_stopped_nowhere() -> None:
    told, stage = journey(attempt(opened=True), WORKED, UNTOLD, {})
    assert stage is None
    assert [step["state"] for step in told] == ["passed"] * 7 + ["unknown"]
