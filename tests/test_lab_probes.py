"""Live: the real stack is broken, and `wslogs probe` names what is the matter, or nothing. python -m tests.lab.probes does all states."""

from __future__ import annotations

import pytest

from tests.lab.needs import MIME_TYPES, nginx
from tests.lab.probes import STATES, Outcome, run, scenario, truths

_FEW = {
    "healthy/gunicorn": False, "server/backend-stopped": False, "path/single-page-fallback": False, "tls/certificate-expired": False,
    "auth/token-expired": False, "proxy/upgrade-headers-missing": True,
}  # fmt: skip
"""Scenario -> whether the app itself is asked, too."""


@pytest.mark.lab
@pytest.mark.xdist_group("lab")
@pytest.mark.skipif(nginx() is None or not MIME_TYPES.exists(), reason="nginx is not installed")
@pytest.mark.parametrize("name", _FEW)
def test_a_live_state_is_named(name: str) -> None:
    state = next(one for one in STATES if one.scenario == name)
    made = run(state, direct=_FEW[name])
    assert (made.grade(truths(state)), made.equal) == ("right", True)


def test_each_state_is_a_scenario_with_a_truth() -> None:
    assert all(truths(state) and scenario(state).name == state.scenario for state in STATES)
    assert len({state.name for state in STATES}) == len(STATES)


@pytest.mark.parametrize(
    ("told", "grade"),
    [("auth.origin", "right"), ("auth", "right"), ("undetermined", "undetermined"), ("healthy", "wrong"), ("auth.policy", "wrong")],
)
def test_a_family_alone_is_right_and_another_detail_is_wrong(told: str, grade: str) -> None:
    assert Outcome(told, equal=True).grade(["auth.origin", "tls.expired"]) == grade
