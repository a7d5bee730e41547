"""The dict of report.json: the contract's keys, all of them, and its limits."""

from typing import Any

import pytest

from conftest import NOON, analyzed, attempt, event, patterns, source, token
from wslogs.model import Attempt, Verdict
from wslogs.report import contract
from wslogs.report.contract import MOST_ATTEMPTS, Found, report, zone_name
from wslogs.verdict import incidents

SAMPLE = "proxy/upgrade-headers-missing"
KEYS = {
    "": {
        "schema", "tool", "bundle", "verdict", "incidents", "incident_count", "causes", "attempt_count", "attempts", "storms", "caveats",
        "next",
    },
    "tool": {"version", "patterns"},
    "bundle": {"name", "sources"},
    "sources": {
        "path", "kind", "tier", "sha256", "lines", "recognised", "kept", "first", "last", "zone", "zone_from", "clock_offset_s",
        "clock_error_s",
    },
    "verdict": {"status", "cause", "detail", "guide_cause", "confidence", "summary"},
    "incidents": {
        "id", "cause", "detail", "confidence", "first", "last", "attempt_count", "attempts", "tokens", "clients", "evidence", "against",
        "remedy", "confirm",
    },
    "evidence": {"signal", "source", "line", "excerpt", "says"},
    "remedy": {"text", "diff"},
    "causes": {"cause", "guide_cause", "state", "because"},
    "attempts": {
        "id", "token", "client", "url", "started", "ended", "opened", "status", "close_code", "stage", "ended_by", "ended_in",
        "ended_because", "cause", "detail", "tiers", "storm",
    },
    "ended_because": {"source", "line", "at"},
    "journey": {"stage", "state", "tier", "source", "line", "at", "error_s", "logged", "implied_by", "ordered"},
    "storms": {
        "id", "attempts", "attempt_count", "first", "last", "token", "client", "url", "outcome", "cause", "detail", "backoff", "per_minute",
    },
    "backoff": {"kind", "wait_s", "factor", "cap_s"},
    "tiers": {"browser", "proxy", "app"},
}  # fmt: skip
"""Key -> what an object under it must hold."""


def objects(value: Any, name: str = "") -> list[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        return [(name, value), *(pair for key, inner in value.items() for pair in objects(inner, key))]
    return [pair for inner in value for pair in objects(inner, name)] if isinstance(value, list) else []


@pytest.mark.parametrize("sample", [SAMPLE, "healthy/noise", "auth/token-expired", "network/cut-midway", "application/handler-raises"])
def test_every_key_of_the_contract_is_there(sample: str) -> None:
    told = analyzed(sample).report
    assert told["schema"] == "wslogs/1"
    lacking = [(name, KEYS[name] - found.keys()) for name, found in objects(told) if not KEYS.get(name, set()) <= found.keys()]
    # An incident names its attempts by id; only the rows of the report's own list are objects.
    assert lacking == []


def found(attempts: list[Attempt], verdicts: list[Verdict], **fields: Any) -> Found:
    given = {
        "bundle": "b", "sources": [source()], "loose": [], "patterns": patterns(), "version": "0", "measured": {},
        "incidents": incidents(attempts, verdicts),
    }  # fmt: skip
    return Found(attempts=attempts, verdicts=verdicts, **(given | fields))


EXPIRED = Verdict(
    outcome="failed", cause="auth", detail="auth.token-expired", standing=("auth.token-expired",), fired=("token.expired-at-start",)
)
WORKED = Verdict(outcome="worked")


def test_at_most_ten_thousand_attempts_are_listed() -> None:
    many = MOST_ATTEMPTS + 500
    attempts = [attempt(event(path="/ws"), id=f"A{n + 1}", started=NOON + n, opened=n >= many - 3) for n in range(many)]
    verdicts = [EXPIRED] * (many - 4) + [Verdict(outcome="failed")] + [WORKED] * 3
    told = report(found(attempts, verdicts), "en")
    listed = [row["id"] for row in told["attempts"]]
    assert (told["attempt_count"], len(listed), len(set(listed))) == (many, MOST_ATTEMPTS, MOST_ATTEMPTS)
    assert set(listed) >= {f"A{n}" for n in range(many - 3, many + 1)}
    assert told["incidents"][0]["attempt_count"] == many - 4
    assert listed == sorted(listed, key=lambda name: int(name[1:]))


def test_a_storm_names_fifty_of_its_attempts_and_each_of_them_names_it() -> None:
    rows = [event(path="/ws", marks="end", at=NOON + n, lasted_s=0.002, status=502) for n in range(1000)]
    attempts = [
        attempt(row, id=f"A{n + 1}", started=row.at, ended=row.at, token=token("x"), client="10.0.0.1", scheme="wss")
        for n, row in enumerate(rows)
    ]  # fmt: skip
    told = report(found(attempts, [EXPIRED] * 1000), "en")
    assert {row["storm"] for row in told["attempts"]} == {"S1"}
    (storm,) = told["storms"]
    assert storm.pop("attempts") == [f"A{n + 1}" for n in range(50)]
    assert storm == {
        "id": "S1", "attempt_count": 1000, "first": "2026-11-23T12:00:00Z", "last": "2026-11-23T12:16:39Z", "token": "T1",
        "client": "C1 private", "url": "wss://…/ws?token=T1", "outcome": "failed", "cause": "auth", "detail": "auth.token-expired",
        "waits": {"least_s": 0.998, "median_s": 0.998, "most_s": 0.998, "error_s": 1.0},
        "backoff": {"kind": "constant", "wait_s": 0.998, "factor": None, "cap_s": None}, "per_minute": 60.0,
    }  # fmt: skip


def test_who_ended_an_attempt_is_told_with_its_line_whatever_the_cause() -> None:
    row = event(path="/ws", marks="end", at=NOON, status=499, line=7)
    told = report(found([attempt(row, status=499, opened=False)], [EXPIRED]), "en")["attempts"][0]
    assert (told["ended_by"], told["ended_in"], told["storm"]) == ("client", "upstream", None)
    assert told["ended_because"] == {"source": "access.log", "line": 7, "at": "2026-11-23T12:00:00Z"}


def test_tokens_and_clients_are_labels_by_first_appearance() -> None:
    tries = [("x", "192.0.2.1"), ("y", "10.0.0.1"), ("x", "127.0.0.1"), ("z", "192.0.2.1")]
    attempts = [attempt(event(path="/ws"), token=token(name), client=client) for name, client in tries]
    told = report(found(attempts, [EXPIRED] * 4), "en")
    assert [(row["token"], row["client"]) for row in told["attempts"]] == [
        ("T1", "C1 public"), ("T2", "C2 private"), ("T1", "C3 loopback"), ("T3", "C1 public"),
    ]  # fmt: skip
    assert (told["incidents"][0]["tokens"], told["incidents"][0]["clients"]) == (3, 3)
    shown = report(found(attempts, [EXPIRED] * 4, addresses=True), "en")
    assert [row["client"] for row in shown["attempts"]] == [client for _, client in tries]


def test_a_failure_is_said_of_the_biggest_incident() -> None:
    verdict = report(found([attempt(started=NOON)], [EXPIRED]), "en")["verdict"]
    assert (verdict["status"], verdict["cause"], verdict["detail"], verdict["guide_cause"]) == ("failure", "auth", "auth.token-expired", 5)
    assert verdict["confidence"] == 0.5


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ([WORKED], "healthy"),
        ([Verdict(outcome="unknown")], "undetermined"),
        ([Verdict(outcome="failed")], "undetermined"),
        ([], "undetermined"),
    ],
)
def test_other_states(verdicts: list[Verdict], status: str) -> None:
    verdict = report(found([attempt() for _ in verdicts], verdicts), "en")["verdict"]
    assert (verdict["status"], verdict["cause"], verdict["detail"]) == (status, None, None)


def test_the_guides_six_causes_in_its_order() -> None:
    told = report(found([attempt(started=NOON)], [EXPIRED]), "en")["causes"]
    assert [(row["guide_cause"], row["cause"]) for row in told] == [
        (1, "server"), (2, "path"), (3, "tls"), (4, "proxy"), (5, "auth"), (6, "network"),
    ]  # fmt: skip
    assert told[4]["state"] == "shown"


def test_what_is_settled_needs_nothing_next() -> None:
    assert report(found([attempt()], [EXPIRED]), "en")["next"] == []
    assert [row["splits"] for row in report(found([attempt()], [Verdict(outcome="failed")]), "en")["next"]] == [
        ["network", "tls", "client"], ["proxy", "server"], ["proxy", "path"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zoned", "offset", "name"), [(True, -18000.0, "UTC"), (False, -18000.0, "+05:00"), (False, 12600.0, "-03:30"), (False, 7.0, "+00:00")]
)
def test_zone_name(zoned: bool, offset: float, name: str) -> None:
    assert zone_name(source(zoned=zoned, offset_s=offset)) == name


def test_caveats_are_sentences() -> None:
    told = report(found([], [], caveats=[("not-understood", {"source": "a.log", "unknown": 3, "lines": 9})]), "en")
    assert told["caveats"] == ["a.log: 3 of 9 lines were not understood."]


@pytest.mark.parametrize(
    ("name", "values", "lang", "told"),
    [
        (
            "not-understood",
            {"source": "a.log", "unknown": 1200, "lines": 2148377},
            "en",
            "a.log: 1,200 of 2,148,377 lines were not understood.",
        ),
        ("clock-stepped", {"source": "a.log", "seconds": 3600, "line": 12345}, "en", "The clock of a.log was set by 3600 s at line 12345"),
        ("note", {"source": "a.har", "note": "1200 entries have another form"}, "ru", "a.har: записей другого вида: 1200"),
        ("unreadable", {"source": "a.log", "note": "is no regular file"}, "ru", "a.log — не обычный файл; файл пропущен."),
    ],
)
def test_a_caveat_as_readers_write_numbers_and_notes(name: str, values: dict[str, object], lang: str, told: str) -> None:
    assert contract._caveat(name, values, lang).startswith(told)
