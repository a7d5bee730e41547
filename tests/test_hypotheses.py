"""wslogs/report/hypotheses.py: each cause of the guide shown, possible or ruled out by a line; runners-up; what only failures share."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import analyzed, attempt, event, patterns, token
from wslogs.model import Attempt, Verdict
from wslogs.report.contract import Found, report
from wslogs.verdict import incidents

FAILED = Verdict(outcome="failed", cause="auth", detail="auth.policy", standing=("auth.policy",), fired=("close.policy",))
WORKED = Verdict(outcome="worked")


def told(*rows: tuple[Attempt, Verdict]) -> dict[str, Any]:
    attempts, verdicts = [a for a, _ in rows], [v for _, v in rows]
    found = Found(
        bundle="b", sources=[], attempts=attempts, verdicts=verdicts, incidents=incidents(attempts, verdicts), loose=[],
        patterns=patterns(), version="0", measured={},
    )  # fmt: skip
    return report(found, "en")


def states(made: dict[str, Any]) -> dict[str, str]:
    return {row["cause"]: row["state"] for row in made["causes"]}


@pytest.mark.parametrize(
    ("sample", "shown", "ruled_out"),
    [
        ("proxy/upgrade-headers-missing", {"proxy"}, {"server", "tls", "network"}),
        ("server/backend-stopped", {"server"}, {"tls", "auth", "network"}),
        ("auth/token-expired", {"auth"}, {"server", "tls", "proxy", "network"}),
        ("path/single-page-fallback", {"path"}, {"tls", "auth", "network"}),
        ("network/swallowed", {"network"}, {"auth"}),
        ("proxy/read-timeout", {"proxy"}, {"tls", "path", "auth"}),
    ],
)
def test_for_and_against_each_cause(sample: str, shown: set[str], ruled_out: set[str]) -> None:
    rows = analyzed(sample).report["causes"]
    assert {row["cause"] for row in rows if row["state"] == "shown"} == shown
    assert {row["cause"] for row in rows if row["state"] == "ruled-out"} >= ruled_out
    assert all(row["because"] and row["because"][0]["line"] for row in rows if row["state"] != "possible")
    assert all(item["says"] for row in rows if row["state"] != "possible" for item in row["because"])


def test_one_attempt_that_may_have_stopped_there_keeps_a_cause_possible() -> None:
    row = event(path="/ws")
    passed = (attempt(row, proof={"proxy.saw-it": (row,)}), Verdict(outcome="failed", fired=("proxy.saw-it",)))
    assert states(told(passed))["network"] == "ruled-out"
    assert states(told(passed, (attempt(), Verdict(outcome="failed"))))["network"] == "possible"


def test_that_an_open_socket_came_through_does_not_clear_the_network() -> None:
    row = event(path="/ws")
    one = attempt(row, opened=True, proof={"proxy.saw-it": (row,)})
    assert states(told((one, Verdict(outcome="failed", fired=("proxy.saw-it",)))))["network"] == "possible"


def test_what_stands_undecided_is_possible_with_its_line() -> None:
    row = event(path="/ws", line=7)
    both = Verdict(outcome="failed", standing=("server.down", "proxy.upstream"), fired=("nginx.connect-refused",))
    made = told((attempt(row, proof={"nginx.connect-refused": (row,)}), both))
    server = next(one for one in made["causes"] if one["cause"] == "server")
    assert (server["state"], [(b["line"], b["signal"]) for b in server["because"]]) == ("possible", [(7, "nginx.connect-refused")])
    assert made["next"][0]["need"] == "What listens on the server, and whether the app is among it"


def test_runners_up_are_told_with_their_line() -> None:
    row = event(path="/ws", line=9)
    verdict = Verdict(
        outcome="failed", cause="proxy", detail="proxy.upgrade-headers", standing=("proxy.upgrade-headers",),
        outranked=("path.not-found", "proxy.limits"), fired=("nginx.file-missing", "nginx.limited"),
    )  # fmt: skip
    (incident,) = told((attempt(row, proof={"nginx.file-missing": (row,), "nginx.limited": (row,)}), verdict))["incidents"]
    assert [(one["signal"], one["line"]) for one in incident["against"]] == [("nginx.file-missing", 9)]


def tried(verdict: Verdict, name: str = "x", client: str = "10.0.0.1", **given: Any) -> tuple[Attempt, Verdict]:
    return attempt(event(path="/ws"), token=token(name), client=client, **given), verdict


@pytest.mark.parametrize(
    ("rows", "shared"),
    [
        ((tried(FAILED), tried(FAILED), tried(WORKED, "y")), [("token", "T1", 2, 1)]),
        ((tried(FAILED), tried(FAILED), tried(WORKED, client="10.0.0.2")), [("client", "C1 private", 2, 1)]),
        ((tried(FAILED), tried(WORKED, "y")), []),
        ((tried(FAILED), tried(FAILED)), []),
        ((tried(FAILED), tried(FAILED), tried(WORKED)), []),
        ((tried(FAILED), tried(FAILED, "z"), tried(WORKED, "y")), []),
        ((tried(FAILED), tried(FAILED), tried(WORKED, "y"), tried(WORKED)), []),
    ],
    ids=["a token", "a client", "one failure", "none worked", "the same worked", "two tokens", "the same token worked, too"],
)
def test_what_only_failures_share(rows: tuple[tuple[Attempt, Verdict], ...], shared: list[tuple[str, str, int, int]]) -> None:
    (incident,) = told(*rows)["incidents"]
    assert [(r["what"], r["value"], r["failed"], r["worked_with_another"]) for r in incident["shared"]] == shared
