"""Whose end a line of the app tells, where it names nobody: by the ends that nginx and the browser tell."""

import pytest

from conftest import NOON, event, sighting, source
from wslogs.correlate.align import Clocks
from wslogs.correlate.ends import bind
from wslogs.correlate.sightings import Sighting, Tiers
from wslogs.model import Event, Tier

CLOCKS = Clocks({"app.log": source("app.log", "app", "app")})


def socket(end: float, own_end: float | None = None) -> dict[Tier, Sighting]:
    """A socket that nginx saw end then; `own_end`: a close in the app's log that was taken for its."""
    app = sighting("app", what="accepted", start=NOON, end=own_end, opened=True, resolution_s=0.001)
    if own_end is not None:
        app.add(event("app", "closed", at=own_end, code=1005, line=9))
    return {Tier.PROXY: sighting("proxy", start=NOON, end=end, opened=True), Tier.APP: app}


def closed(at: float, line: int = 20) -> Event:
    return event("app", "closed", at=at, code=1000, line=line)


@pytest.mark.parametrize(
    ("ends", "closes", "codes"),
    [
        ((10, 20), (10.5, 19.5), [1000, 1000]),
        ((10, 20), (15,), [None, None]),  # of nobody's moment
        ((10,), (9.9, 10.1), [1000]),  # one line ends one socket
    ],
)
def test_closes_go_to_the_sockets_that_ended_then(ends: tuple[float, ...], closes: tuple[float, ...], codes: list[int | None]) -> None:
    groups = [socket(NOON + end) for end in ends]
    tiers = Tiers(loose=[closed(NOON + at, line) for line, at in enumerate(closes, 20)])
    bind(groups, tiers, CLOCKS)
    assert [group[Tier.APP].code for group in groups] == codes
    assert len(tiers.loose) == len(closes) - sum(code is not None for code in codes)


def test_a_close_of_a_socket_accepted_before_the_log_began_is_given_back() -> None:
    group, tiers = socket(NOON + 60, own_end=NOON + 5), Tiers()
    bind([group], tiers, CLOCKS)
    assert (group[Tier.APP].code, group[Tier.APP].end) == (None, None)
    assert [e.line for e in tiers.loose] == [9]


def test_the_files_of_one_rotated_log_are_one() -> None:
    group = socket(NOON + 10)
    group[Tier.APP].source = "app.log.1"
    tiers = Tiers(loose=[closed(NOON + 10)])
    bind([group], tiers, CLOCKS)
    assert (group[Tier.APP].code, tiers.loose) == (1000, [])
