"""Which signals fire in an attempt, and whether it failed."""

from typing import Any

import pytest

from conftest import NOON, attempt, event, patterns
from wslogs.signals import Notes, failed, fire, fires


@pytest.mark.parametrize(
    ("wanted", "value", "yes"),
    [
        (404, 404, True), (404, 403, False), (404, None, False), ([401, 403], 403, True), ([401, 403], 404, False),
        ({"min": 5}, 5, True), ({"min": 5}, 4.9, False), ({"max": 5}, 5.1, False), ({"min": 1, "max": 2}, 1.5, True),
        ({"min": 0}, True, False), ({"min": 0}, "7", False), (True, True, True), (True, 1, False), (1, True, False),
        (False, None, False), ("running", "running", True), ("run", "running", False),
    ],
)  # fmt: skip
def test_fires(wanted: Any, value: Any, yes: bool) -> None:
    assert fires(wanted, value) is yes


def test_text_and_facts_fire_with_their_proof() -> None:
    line = event("app", "note", signals=("app.no-websocket-library",))
    row = event(status=404, path="/ws")
    one = attempt(row, line, facts={"status": 404}, proof={"status": (row,)})
    assert {"answered.404", "app.no-websocket-library"} <= fire(one, patterns())
    assert (one.proof["answered.404"], one.proof["app.no-websocket-library"]) == ((row,), (line,))


@pytest.mark.parametrize(("facts", "fired"), [({"answered": False}, True), ({"answered": True}, False), ({}, False)])
def test_words_with_a_condition_fire_only_where_it_is_true(facts: dict[str, Any], fired: bool) -> None:
    line = event("probe", "failed", signals=("probe.certificate-expired",))
    assert ("probe.certificate-expired" in fire(attempt(line, facts=facts), patterns())) is fired


@pytest.mark.parametrize(("said", "fired"), [(("nginx.connect-refused",), True), (("nginx.header-timeout",), False), ((), False)])
def test_a_fact_may_need_words_beside_it(said: tuple[str, ...], fired: bool) -> None:
    one = attempt(event(what="error", signals=said), facts={"others.failed": True})
    assert ("others.failed-too" in fire(one, patterns())) is fired


@pytest.mark.parametrize(
    ("opened", "facts", "fired", "state"),
    [
        (False, {}, (), True),
        (None, {}, (), None),
        (True, {}, (), False),
        (True, {"close.code": 1000}, (), False),
        (True, {"close.code": 1006, "close.by_page": True}, (), True),
        (True, {"close.code": 1006, "browser.seen": True}, (), None),  # a HAR tells no close code: this is the app's
        (True, {"close.code": 1006, "redialled": True}, (), True),
        (True, {"close.code": 1005, "browser.seen": True, "redialled": True}, (), None),
        (True, {"close.code": 1006}, (), None),
        (True, {"close.code": 1011}, (), True),
        (True, {"timer.read_timeout": True}, (), True),
        (True, {"token.ran_out": True}, (), True),
        (True, {"page.left": True}, (), False),
        (False, {"page.left": True}, (), None),
        (None, {"page.left": True}, (), None),
        (True, {"page.left": True, "close.code": 1006, "close.by_page": True}, (), True),
        (True, {"page.left": True, "redialled": True}, (), False),
        (True, {"redialled": True}, (), None),
        (True, {"app.may_have_cut": True}, (), None),
        (None, {}, ("app.no-websocket-library",), True),
    ],
)
def test_failed(opened: bool | None, facts: dict[str, Any], fired: tuple[str, ...], state: bool | None) -> None:
    assert failed(attempt(opened=opened, facts=facts), fired, patterns()) is state


@pytest.mark.parametrize(("fired", "state"), [((), None), (("app.no-websocket-library",), True)])
def test_what_is_pending_has_not_failed_unless_a_signal_says_so(fired: tuple[str, ...], state: bool | None) -> None:
    assert failed(attempt(opened=False, pending=True), fired, patterns()) is state


def test_notes_stand_near_by_time_or_have_none() -> None:
    notes = [event("app", "note", line=n, at=at, signals=("app.no-websocket-library",)) for n, at in enumerate((None, NOON + 2, NOON + 9))]
    life = event("app", "started", at=NOON, signals=("app.no-websocket-library",))
    plain = event("app", "note", at=NOON)
    assert Notes([*notes, life, plain], patterns()).near(attempt(started=NOON)) == (notes[0], notes[1])


@pytest.mark.parametrize(
    ("signal", "apart", "near_by"),
    [
        ("app.upgrade-missing", 2.0, True),
        ("app.upgrade-missing", 4.0, False),  # two moments: which one is it?
        ("app.says-token-expired", 2.0, False),  # may be of any request
    ],
)
def test_notes_of_one_moment_stand_by_an_attempt_without_time(signal: str, apart: float, near_by: bool) -> None:
    notes = [event("app", "note", line=n, at=NOON + n * apart, signals=(signal,)) for n in range(2)]
    assert Notes(notes, patterns()).near(attempt()) == (tuple(notes) if near_by else ())
