"""The nouns: frozen where they are values, closed lists where they are words."""

from dataclasses import FrozenInstanceError, fields

import pytest

from conftest import attempt, event, token
from wslogs.model import ORDINARY_CLOSES, CloseCode, Incident, Stage, Tier, Token, Verdict, What


@pytest.mark.parametrize("value", [token(), Verdict(outcome="worked"), Incident(id="I1", cause=None, detail=None, attempts=())])
def test_values_are_frozen(value: Token | Verdict | Incident) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, fields(value)[0].name, "other")


def test_positional_fields_are_refused() -> None:
    with pytest.raises(TypeError):
        Token("fingerprint")  # type: ignore[misc]


def test_stages_stand_in_the_order_of_a_handshake() -> None:
    assert [stage.value for stage in Stage] == ["resolve", "connect", "secure", "request", "upstream", "accept", "open", "close"]


def test_an_ordinary_close_is_one_that_somebody_wanted() -> None:
    assert {int(code) for code in ORDINARY_CLOSES} == {1000, 1001, 1005}
    assert CloseCode(1006).name == "ABNORMAL"


def test_an_event_starts_out_knowing_nothing() -> None:
    told = event(what="note")
    known = {f.name: getattr(told, f.name) for f in fields(told) if getattr(told, f.name) is not None}
    assert known == {
        "source": "access.log", "line": 1, "tier": Tier.PROXY, "what": What.NOTE, "marks": "logged", "resolution_s": 1.0,
        "signals": (), "excerpt": "", "logged": "",
    }  # fmt: skip


def test_two_attempts_share_no_facts() -> None:
    attempt().facts["status"] = 403
    assert attempt().facts == {}
