"""Causes over signals, and attempts into incidents."""

from dataclasses import replace
from typing import Any

import pytest

from conftest import NOON, attempt, event, patterns
from wslogs.model import Attempt, Verdict
from wslogs.patterns import Patterns
from wslogs.stanzas import Cause
from wslogs.verdict import TOGETHER_S, Judge, holds, incidents, standing

TEXT = {"en": "It.", "ru": "Оно."}


def cause(name: str, **fields: Any) -> Cause:
    lists = {"all": (), "any": (), "none": (), "outranks": (), "confirm": (), "change": (), "bare": False}
    return Cause(id=name, where="here", title=TEXT, explain=TEXT, remedy=TEXT, **(lists | fields))


def known(*causes: Cause) -> Patterns:
    return replace(patterns(), causes={c.id: c for c in causes})


@pytest.mark.parametrize(
    ("fired", "yes"), [({"a", "b"}, True), ({"a", "c"}, True), ({"a"}, False), ({"b"}, False), ({"a", "b", "x"}, False), (set(), False)]
)
def test_holds(fired: set[str], yes: bool) -> None:
    assert holds(cause("auth.one", all=("a",), any=("b", "c"), none=("x",)), frozenset(fired)) is yes


def test_what_is_outranked_falls_also_through_one_that_does_not_hold() -> None:
    high = cause("auth.high", any=("a",), outranks=("auth.middle",))
    middle = cause("auth.middle", any=("m",), outranks=("path.low",))
    low, other = cause("path.low", any=("a",)), cause("tls.other", any=("a",))
    causes = {c.id: c for c in (low, middle, high, other)}
    assert standing(frozenset("a"), causes) == ("auth.high", "tls.other")


def test_a_hint_counts_only_where_nothing_else_does() -> None:
    own, hint = cause("auth.own", any=("a",)), cause("tls.hint", any=("b",), hints=("h",), none=("x",))
    causes = {c.id: c for c in (own, hint)}
    assert standing(frozenset("h"), causes) == ("tls.hint",)
    assert standing(frozenset("ah"), causes) == ("auth.own",)
    assert standing(frozenset("bh"), causes) == ("tls.hint",)
    assert standing(frozenset("hx"), causes) == ()


def test_a_hint_decides_between_families_that_the_attempt_leaves() -> None:
    one, two = cause("auth.one", any=("a",), hints=("h",)), cause("tls.two", any=("a",), hints=("g",))
    causes = {c.id: c for c in (one, two)}
    assert standing(frozenset("a"), causes) == ("auth.one", "tls.two")
    assert standing(frozenset("ah"), causes) == ("auth.one",)
    assert standing(frozenset("ahg"), causes) == ("auth.one", "tls.two")


ONE, TWO, FAR = cause("auth.one", any=("a",)), cause("auth.two", any=("b",)), cause("tls.far", any=("c",))
BARE = cause("network.bare", any=("d",), bare=True)


@pytest.mark.parametrize(
    ("fired", "failed", "verdict"),
    [
        ("a", True, Verdict(outcome="failed", cause="auth", detail="auth.one", fired=("a",), standing=("auth.one",))),
        ("ab", True, Verdict(outcome="failed", cause="auth", fired=("a", "b"), standing=("auth.one", "auth.two"))),
        ("ac", True, Verdict(outcome="failed", fired=("a", "c"), standing=("auth.one", "tls.far"))),
        ("d", True, Verdict(outcome="failed", cause="network", fired=("d",), standing=("network.bare",))),
        ("", True, Verdict(outcome="failed")),
        ("a", False, Verdict(outcome="worked", fired=("a",))),
        ("", None, Verdict(outcome="unknown")),
        ("a", None, Verdict(outcome="failed", cause="auth", detail="auth.one", fired=("a",), standing=("auth.one",))),
    ],
)
def test_judge(fired: str, failed: bool | None, verdict: Verdict) -> None:
    assert Judge(known(ONE, TWO, FAR, BARE)).judge(frozenset(fired), failed) == verdict


def tried(at: float | None, name: str | None = "auth.one", path: str = "/ws", **fields: Any) -> tuple[Attempt, Verdict]:
    told = Verdict(outcome="failed", cause=name.partition(".")[0] if name else None, detail=name)
    return attempt(event(path=path), started=at, **fields), told


def found(*tries: tuple[Attempt, Verdict]) -> list[tuple[str, str | None, tuple[int, ...]]]:
    return [(i.id, i.detail, i.attempts) for i in incidents([a for a, _ in tries], [v for _, v in tries])]


def test_the_biggest_comes_first_then_the_later_and_the_undetermined_last() -> None:
    tries = [
        tried(NOON, None), tried(NOON, None), tried(NOON, None),
        tried(NOON, "tls.far"), tried(NOON + 1), tried(NOON + 2), tried(NOON + 9, "auth.two"),
    ]  # fmt: skip
    assert found(*tries) == [
        ("I1", "auth.one", (4, 5)), ("I2", "auth.two", (6,)), ("I3", "tls.far", (3,)), ("I4", None, (0, 1, 2)),
    ]  # fmt: skip


def test_far_apart_are_two_incidents() -> None:
    assert found(tried(NOON), tried(NOON + TOGETHER_S)) == [("I1", "auth.one", (0, 1))]
    assert found(tried(NOON), tried(NOON + TOGETHER_S + 1)) == [("I1", "auth.one", (1,)), ("I2", "auth.one", (0,))]


def test_paths_and_hosts_are_incidents_of_their_own() -> None:
    assert len(found(tried(NOON), tried(NOON, path="/other"), tried(NOON, host="b.example"))) == 3


def test_what_worked_is_no_incident() -> None:
    assert incidents([attempt()], [Verdict(outcome="worked")]) == []


def test_an_incident_spans_its_attempts() -> None:
    (one,) = incidents(*zip(*[tried(NOON, ended=NOON + 500), tried(NOON + 9)], strict=True))
    assert (one.cause, one.path, one.first, one.last) == ("auth", "/ws", NOON, NOON + 500)


def test_what_is_no_failure_of_the_service_comes_behind() -> None:
    tries = [tried(NOON), tried(NOON, "client.navigated"), tried(NOON, "client.navigated"), tried(NOON, None)]
    rows = incidents([a for a, _ in tries], [v for _, v in tries], {"client.navigated"})
    assert [i.detail for i in rows] == ["auth.one", "client.navigated", None]
