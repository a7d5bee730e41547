"""wslogs/correlate/probes.py: probes as attempts, where no tier saw any."""

from __future__ import annotations

from conftest import NOON, event
from wslogs.correlate.probes import attempts
from wslogs.model import Source, Tier

HOME, OTHER = (
    Source(path=path, kind=kind, tier=Tier.PROBE, error_s=0.5) for path, kind in (("home.json", "probed"), ("curl.txt", "probe"))
)


def test_a_probe_is_an_attempt_and_what_is_saved_of_others_is_left() -> None:
    note = event("probe", "note", source="home.json", line=3, at=NOON)
    main = event("probe", "refused", source="home.json", line=9, at=NOON, lasted_s=2.0, status=403, path="/ws", host="testdomen.uz")
    curl = event("probe", "refused", source="curl.txt", status=404)
    (one,), left = attempts([note, main, curl], [HOME, OTHER])
    assert (one.id, one.opened, one.status, one.started, one.ended, one.error_s) == ("A1", False, 403, NOON, NOON + 2, 0.5)
    assert one.events == (main, note) and one.tiers == {Tier.PROBE: main} and left == [curl]


def test_the_probes_own_goodbye_is_no_close_code() -> None:
    for code, told in ((1000, None), (1008, 1008)):
        (one,), _ = attempts([event("probe", "opened", source="home.json", status=101, code=code)], [HOME])
        assert (one.opened, one.code) == (True, told)


def test_without_probes_there_is_nothing() -> None:
    curl = event("probe", "refused", source="curl.txt", status=404)
    assert attempts([curl], [OTHER]) == ([], [curl])
    assert attempts([event("probe", "note", source="home.json")], [HOME]) == ([], [])
