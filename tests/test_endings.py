"""Who ended an attempt first, in which stage, and the line that shows it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conftest import NOON, analyzed, attempt, event, patterns
from wslogs.endings import ending, reached
from wslogs.errors import PatternError
from wslogs.model import Attempt, Event, Stage, Verdict
from wslogs.patterns import load

FAILED = Verdict(outcome="failed")
TIMED_OUT = event("proxy", "error", source="error.log", line=4, at=NOON, status=101, signals=("nginx.tunnel-timeout",))
RESET_BY_APP = event("proxy", "error", source="error.log", line=5, at=NOON, status=101, signals=("nginx.tunnel-upstream-reset",))
RESET_BY_CLIENT = event("proxy", "error", source="error.log", line=6, at=NOON, status=101, signals=("nginx.tunnel-client-reset",))


def end(one: Attempt, verdict: Verdict = FAILED, error: float = 0.0) -> tuple[str, str | None, str | None]:
    """(who, in which stage, file:line of the proof); `error` is that of the app's clock."""
    told = ending(one, verdict, patterns().signals, {"app.log": error})
    proof = f"{told.because.source}:{told.because.line}" if told.because else None
    return told.by, told.stage.value if told.stage else None, proof


def row(status: int, **fields: Any) -> Event:
    return event("proxy", **{"path": "/ws", "line": 7, "at": NOON, "marks": "end", "status": status} | fields)


def refused(*events: Event, **fields: Any) -> Attempt:
    return attempt(*events, opened=False, **({"status": events[0].status} | fields))


def closed(*events: Event, **fields: Any) -> Attempt:
    return attempt(row(101, upstream_status=101), *events, opened=True, status=101, **fields)


CONNECT_REFUSED = event("proxy", "error", source="error.log", line=2, signals=("nginx.connect-refused",))
HEADER_TIMEOUT = event("proxy", "error", source="error.log", line=3, signals=("nginx.header-timeout",))


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (refused(row(503, upstream="-"), facts={"proxy.asked_app": False}), ("proxy", "upstream", "access.log:7")),
        (refused(row(504, upstream_status=504), HEADER_TIMEOUT), ("proxy", "accept", "error.log:3")),
        (refused(row(504, upstream_status=504)), ("proxy", "upstream", "access.log:7")),
        (refused(row(502, upstream_status=502), CONNECT_REFUSED), ("app", "upstream", "error.log:2")),
        (refused(row(502, upstream="10.0.0.1:8000")), ("app", "upstream", "access.log:7")),
        (refused(row(502)), ("unknown", "upstream", None)),
        (refused(row(499, upstream="10.0.0.1:8000")), ("client", "upstream", "access.log:7")),
        (refused(row(403, upstream_status=403), facts={"proxy.asked_app": True}), ("app", "accept", "access.log:7")),
        (refused(row(403), event("app", "refused", status=403, line=9)), ("app", "accept", "app.log:9")),
        (refused(event("app", "request", status=404, line=9)), ("app", "accept", "app.log:9")),
        (refused(event("browser", "failed", source="console.log"), status=403), ("unknown", "upstream", None)),
    ],
)
def test_a_refused_handshake_ends_with_who_gave_the_answer(one: Attempt, told: tuple[str, str, str]) -> None:
    assert end(one) == told


@pytest.mark.parametrize(
    ("signal", "who", "stage"),
    [
        ("browser.dns", "network", "resolve"), ("browser.connection-refused", "unknown", "connect"),
        ("browser.certificate-date", "client", "secure"), ("browser.handshake-timeout", "client", "request"),
        ("browser.mixed-content", "client", "resolve"), ("browser.bad-frame", "unknown", None),
    ],
)  # fmt: skip
def test_without_an_answer_the_browsers_message_tells(signal: str, who: str, stage: str | None) -> None:
    one = refused(event("browser", "failed", source="console.log", line=3, signals=(signal,)))
    assert end(one) == (who, stage, None if who == "unknown" else "console.log:3")


def test_what_never_came_to_a_log_that_covers_it_was_ended_on_the_way() -> None:
    proof = event("proxy", "note", line=812)
    cut = event("browser", "failed", source="console.log", signals=("browser.reset",))
    one = refused(cut, proof={"proxy.saw-nothing": (proof,)})
    assert end(one, Verdict(outcome="failed", fired=("browser.reset", "proxy.saw-nothing"))) == ("network", "secure", "access.log:812")


@pytest.mark.parametrize(
    ("tier", "code", "who"),
    [
        ("browser", 1000, "client"), ("browser", 1001, "app"), ("browser", 1008, "app"), ("browser", 1009, "app"), ("browser", 1011, "app"),
        ("browser", 1012, "app"), ("browser", 4401, "app"), ("browser", 1005, "unknown"), ("browser", 1006, "unknown"),
        ("app", 1000, "client"), ("app", 1001, "client"), ("app", 1012, "app"), ("app", 1006, "unknown"), ("app", 1005, "unknown"),
    ],
)  # fmt: skip
def test_a_close_code_tells_who_sent_it(tier: str, code: int, who: str) -> None:
    one = closed(event(tier, "closed", source="some.log", line=3, code=code), code=code)
    assert end(one) == (who, "close", None if who == "unknown" else "some.log:3")


def test_the_pages_code_tells_more_than_the_apps() -> None:
    one = closed(event("app", "closed", code=1001), event("browser", "closed", source="console.log", line=8, code=1012))
    assert end(one) == ("app", "close", "console.log:8")


LOST = event("browser", "closed", source="console.log", code=1006)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((TIMED_OUT,), ("proxy", "close", "error.log:4")),
        ((RESET_BY_APP,), ("app", "close", "error.log:5")),
        ((RESET_BY_CLIENT,), ("client", "close", "error.log:6")),
        ((RESET_BY_CLIENT, LOST), ("network", "close", "error.log:6")),  # neither of the two ends closed it
        ((CONNECT_REFUSED,), ("unknown", "close", None)),  # a line of another request: this one had been connected
        ((LOST, event("app", "closed", code=1006)), ("unknown", "close", None)),
    ],
)
def test_messages_about_an_open_socket(lines: tuple[Event, ...], told: tuple[str, str, str]) -> None:
    assert end(closed(*lines, code=1006)) == told


@pytest.mark.parametrize(
    ("signal", "who"),
    [("lasted.read-timeout", "proxy"), ("app.cut-at-stop", "app"), ("app.died-without-stopping", "app"), ("opened", "unknown")],
)
def test_durations_and_the_apps_life_tell_where_no_line_does(signal: str, who: str) -> None:
    fired = Verdict(outcome="failed", fired=(signal,))
    one = closed(code=1006, proof={signal: (event("proxy", line=7),)})
    assert end(one, fired)[0] == who
    assert end(closed(RESET_BY_APP, code=1006, proof=one.proof), fired) == ("app", "close", "error.log:5")


@pytest.mark.parametrize(
    ("seconds", "error", "told"),
    [
        (-5.0, 0.5, ("app", "close", "app.log:40")),
        (5.0, 0.5, ("proxy", "close", "error.log:4")),
        (-1.4, 0.5, ("unknown", "close", None)),  # 1 s of nginx and 0.5 s of the app's clock: the order is not known
        (-5.0, 4.5, ("unknown", "close", None)),
    ],
)
def test_times_decide_only_beyond_their_error_bars(seconds: float, error: float, told: tuple[str, str, str]) -> None:
    names = ("app.exception-in-websocket",)
    raised = event("app", "exception", line=40, at=NOON + seconds, resolution_s=0.001, logged="12:00:00,000", signals=names)
    assert end(closed(TIMED_OUT, raised), error=error) == told


@pytest.mark.parametrize(
    ("lasted", "told"),
    [
        (20.0, ("app", "upstream", "error.log:2")),  # the page gave up ten seconds after that
        (5.0, ("client", "upstream", "browser.har:5")),  # and here five before it
        (10.5, ("unknown", "upstream", None)),
        (None, ("unknown", "upstream", None)),
    ],
)
def test_a_har_entry_stands_at_its_start_and_tells_of_its_end(lasted: float | None, told: tuple[str, str, str | None]) -> None:
    names = ("browser.handshake-timeout",)
    entry = event("browser", line=5, at=NOON - 10, marks="start", lasted_s=lasted, resolution_s=0.001, signals=names)
    row = event("proxy", "error", source="error.log", line=2, at=NOON, signals=("nginx.connect-refused",))
    assert end(attempt(entry, row, opened=False)) == told


@pytest.mark.parametrize(
    ("ends", "who"),
    [
        ((0.0, 5.0), "proxy"), ((5.0, 0.0), "app"), ((0.0, 2.0), "unknown"), ((0.0, 2.1), "proxy"), ((0.0, None), "unknown"),
        ((None, None), "unknown"),
    ],
)  # fmt: skip
def test_of_two_ends_the_earlier_counts_where_their_bars_are_apart(ends: tuple[float | None, float | None], who: str) -> None:
    """nginx's timeout and a reset by the app, each a whole second wide on either side."""
    at = [None if seconds is None else NOON + seconds for seconds in ends]
    lines = [replace(line, at=moment) for line, moment in zip((TIMED_OUT, RESET_BY_APP), at, strict=True)]
    assert end(closed(*lines, code=1006))[0] == who


def test_a_traceback_about_a_consequence_tells_of_nobody() -> None:
    names = ("app.exception-in-websocket", "app.exception-after-disconnect")
    assert end(closed(event("app", "exception", signals=names)))[0] == "unknown"
    assert end(closed(event("app", "exception", signals=names[:1])))[0] == "app"


def test_of_tracebacks_without_a_time_the_next_below_the_accept_is_the_proof() -> None:
    traces = [event("app", "exception", line=line, signals=("app.exception-in-websocket",)) for line in (11, 68, 124)]
    assert end(closed(event("app", "accepted", line=63), *traces)) == ("app", "close", "app.log:68")


def test_what_is_not_over_ended_in_no_stage() -> None:
    worked = Verdict(outcome="worked")
    assert end(attempt(event("browser"), opened=True), worked) == ("unknown", None, None)
    assert end(attempt(event("browser"), opened=True, ended=NOON), worked) == ("unknown", "close", None)
    pending = event("browser", signals=("browser.timed-out",))
    assert end(attempt(pending), Verdict(outcome="unknown")) == ("unknown", None, None)


def test_what_nothing_shows_stays_unknown() -> None:
    assert end(attempt(event("browser"), opened=False)) == ("unknown", None, None)


@pytest.mark.parametrize(
    ("one", "stage"),
    [
        (attempt(event("browser")), None), (attempt(event("proxy")), Stage.REQUEST), (attempt(event("app", "refused")), Stage.UPSTREAM),
        (attempt(event("app", "accepted"), facts={"app.accepted": True}), Stage.ACCEPT), (attempt(opened=True), Stage.OPEN),
    ],
)  # fmt: skip
def test_how_far_it_came(one: Attempt, stage: Stage | None) -> None:
    assert reached(one) == (list(Stage).index(stage) if stage else -1)


SIGNAL = """
[[signal]]
id = "a.signal"
where = {{ opened = true }}
{field}
says = {{ en = "x", ru = "x" }}
"""


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ('ended_by = "server"', "one.toml:2 [a.signal]: has the unknown `ended_by` `server` (known: client, proxy, app, network)"),
        ('ended_by = "clients"', "one.toml:2 [a.signal]: has the unknown `ended_by` `clients` (did you mean client?)"),
        ('ended_in = "opne"', "one.toml:2 [a.signal]: has the unknown `ended_in` `opne` (did you mean open?)"),
    ],
)
def test_a_pattern_that_names_another_end_is_refused(field: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(SIGNAL.format(field=field), encoding="utf-8")
    with pytest.raises(PatternError) as caught:
        load(tmp_path)
    assert str(caught.value) == problem


def test_a_pattern_may_name_the_end(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(SIGNAL.format(field='ended_by = "app"\nended_in = "close"'), encoding="utf-8")
    signal = load(tmp_path).signals["a.signal"]
    assert (signal.ended_by, signal.ended_in, signal.consequence) == ("app", Stage.CLOSE, False)


@pytest.mark.parametrize(
    ("sample", "who"),
    [
        ("proxy/read-timeout", "proxy"),
        ("auth/token-expired", "app"),
        ("tls/certificate-expired", "client"),
        ("network/unknown-host", "network"),
    ],
)
def test_recorded_samples(sample: str, who: str) -> None:
    failed = [row for row in analyzed(sample).report["attempts"] if row["outcome"] == "failed"]
    assert failed and {row["ended_by"] for row in failed} == {who}
    assert all(row["ended_because"]["line"] and row["ended_in"] == row["stage"] for row in failed)
