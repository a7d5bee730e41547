"""Where an attempt stopped, and who ended it."""

import pytest

from conftest import NOON, attempt, event
from wslogs.model import Attempt, Verdict
from wslogs.report.journey import journey

FAILED = Verdict(outcome="failed", cause="proxy")
STAGES = ["resolve", "connect", "secure", "request", "upstream", "accept", "open", "close"]


@pytest.mark.parametrize(
    ("one", "stop"),
    [
        (attempt(event("browser", path="/ws")), "resolve"),
        (attempt(event("browser", path="/ws")), "resolve"),
        (attempt(event("proxy", path="/ws")), "upstream"),
        (attempt(event("browser", path="/ws"), status=403), "upstream"),
        (attempt(event("proxy", path="/ws"), event("app", "refused", path="/ws")), "accept"),
        (attempt(event("app", "accepted", path="/ws"), facts={"app.accepted": True}), "open"),
        (attempt(event("proxy", path="/ws"), opened=True), "close"),
    ],
)
def test_where_it_stopped(one: Attempt, stop: str) -> None:
    steps, stage, _ = journey(one, FAILED)
    assert stage == stop
    assert [step["stage"] for step in steps] == STAGES
    place = STAGES.index(stop)
    assert [step["state"] for step in steps] == ["passed"] * place + ["stopped"] + ["unknown"] * (7 - place)


def test_a_step_has_the_line_that_shows_it() -> None:
    steps, _, _ = journey(attempt(event("proxy", path="/ws", line=7, at=NOON)), FAILED)
    assert steps[0] == {
        "stage": "resolve", "state": "passed", "tier": "proxy", "source": "access.log", "line": 7, "at": steps[0]["at"],
    }  # fmt: skip
    assert steps[0]["at"].startswith("2026-11-23T12:00:00")
    assert steps[7] == {"stage": "close", "state": "unknown", "tier": None, "source": None, "line": None, "at": None}


def test_what_worked_stopped_nowhere() -> None:
    steps, stage, by = journey(attempt(opened=True), Verdict(outcome="worked"))
    assert (stage, by) == (None, "unknown")
    assert [step["state"] for step in steps] == ["passed"] * 7 + ["unknown"]


@pytest.mark.parametrize(
    ("cause", "fields", "by"),
    [
        ("auth", {}, "app"), ("proxy", {}, "proxy"), ("network", {}, "network"), ("tls", {}, "client"), (None, {}, "unknown"),
        ("server", {"status": 502}, "proxy"), ("network", {"status": 502}, "network"),
        ("path", {"facts": {"proxy.asked_app": False}}, "proxy"), ("protocol", {}, "unknown"),
    ],
)  # fmt: skip
def test_who_ended_it(cause: str | None, fields: dict[str, object], by: str) -> None:
    assert journey(attempt(**fields), Verdict(outcome="failed", cause=cause))[2] == by


def test_the_client_ends_what_it_closes() -> None:
    assert journey(attempt(event("browser", path="/ws"), code=1000, opened=True), Verdict(outcome="worked"))[2] == "client"
