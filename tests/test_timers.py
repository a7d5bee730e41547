"""wslogs/facts/timers.py: how long lost sockets were silent, against the timers that may have ended them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conftest import NOON, attempt, bundle, event, item, patterns, source
from wslogs.facts import learn
from wslogs.facts.world import world
from wslogs.model import Attempt, Event, Source
from wslogs.parsers import conf_files
from wslogs.pipeline import analyze
from wslogs.signals import fire

INFO = source("error.log", "nginx-error", level="info", lines=9, first=NOON - 99, last=NOON + 9e3, spans=[(NOON - 99, NOON + 9e3)])
QUIET = source("error.log", "nginx-error", level="error", lines=9, first=NOON - 99, last=NOON + 9e3, spans=[(NOON - 99, NOON + 9e3)])


def lost(lasted: float, start: float = 0.0, *told: Event, **given: Any) -> Attempt:
    row = event(path="/ws", status=101, marks="end", lasted_s=lasted, at=NOON + start + lasted)
    fields = {"opened": True, "code": 1006, "started": NOON + start, "ended": NOON + start + lasted} | given
    return attempt(row, *told, **fields)


def found(*tries: Attempt, limit: str = "60s", sources: tuple[Source, ...] = ()) -> set[str]:
    """Signals of timers in the first of these."""
    conf = conf_files.parse(item(f"server {{ location /ws {{ proxy_pass http://b; proxy_read_timeout {limit}; }} }}", "nginx.conf"))[1]
    learn(tries[0], world(tries, sources, conf, (), ()))
    return {name for name in fire(tries[0], patterns()) if name.startswith(("lasted.", "nginx.did"))}


def test_one_socket_is_little_evidence() -> None:
    assert found(lost(6.2), limit="6s") == {"lasted.read-timeout"}
    assert found(lost(100.1), limit="6s") == set()
    assert found(lost(33.0), limit="6s") == set()


def test_several_after_the_same_silence_are_more() -> None:
    assert found(lost(6.2), lost(6.1, 50), limit="6s") == {"lasted.read-timeout", "lasted.read-timeout-often"}
    assert found(lost(100.2), lost(100.1, 200), lost(99.9, 400), limit="6s") == {"lasted.as-balancers"}
    assert found(lost(60.2), lost(60.1, 200), lost(79.9, 400), limit="6s") == set()
    assert found(lost(80.2), lost(80.1, 200), lost(79.9, 400), limit="6s") == {"lasted.as-pings"}
    assert found(lost(33.2), lost(33.1, 200), lost(32.9, 400), limit="6s") == {"lasted.as-no-timer"}


def test_sockets_that_end_together_prove_no_timer() -> None:
    assert found(lost(33.2), lost(33.1, 0.1), lost(32.9, 0.2), limit="6s") == set()
    assert found(lost(6.2), lost(6.1, 0.1), limit="6s") == {"lasted.read-timeout"}


def test_other_paths_and_ends_that_somebody_wanted_do_not_count() -> None:
    other = attempt(event(path="/chat"), opened=True, code=1006, started=NOON + 50, ended=NOON + 56)
    assert found(lost(6.2), other, lost(6.2, 100, code=1000), limit="6s") == {"lasted.read-timeout"}
    assert found(lost(6.2, code=1000), lost(6.2, 50), limit="6s") == set()


def test_the_same_minute_may_be_of_nginx_or_of_a_balancer() -> None:
    assert found(lost(60.2)) == {"lasted.read-timeout", "lasted.as-balancers"}


def test_what_nginx_cuts_it_tells_at_info() -> None:
    cut = event(what="error", path="/ws", status=101, signals=("nginx.tunnel-timeout",))
    assert found(lost(6.2), limit="6s", sources=(INFO,)) == {"nginx.did-not-cut"}
    assert found(lost(6.2), limit="6s", sources=(QUIET,)) == {"lasted.read-timeout"}
    assert found(lost(6.2, 0.0, cut), limit="6s", sources=(INFO,)) == {"lasted.read-timeout"}
    minutes = [lost(60.0, start) for start in (0.0, 100.0, 200.0)]
    assert found(*minutes, sources=(INFO,)) == {"nginx.did-not-cut", "lasted.as-balancers"}


def test_frames_make_the_silence_shorter_than_the_life() -> None:
    frames = event("browser", path="/ws", quiet_s=6.1)
    assert found(lost(47.0, 0.0, frames), limit="6s") == {"lasted.read-timeout"}
    assert found(lost(47.0), limit="6s") == set()


ROWS = "".join(f'203.0.113.9 - - [23/Nov/2026:12:{m:02}:00 +0000] "GET /ws HTTP/1.1" 101 0 "-" "x" rt={{}}\n' for m in (2, 7, 12))
CONF = """http {{ log_format timed '$remote_addr - - [$time_local] "$request" $status 0 "-" "x" rt=$request_time';
server {{ listen 80; access_log access.log timed; location /ws {{ proxy_pass http://b; {} }} }} }}
"""
LOST = "".join(
    f'2026-11-23 12:{m:02}:00,000 INFO 203.0.113.9:0 - "WebSocket /ws" [accepted]\n'
    f"2026-11-23 12:{m + 1:02}:00,000 INFO ws disconnected code=1006\n"
    for m in (1, 6, 11)
)


@pytest.mark.parametrize(
    ("level", "read_timeout", "said"),
    [
        (None, "", {"proxy.read-timeout", "network.middlebox"}),
        (None, "proxy_read_timeout 1h;", {"network.middlebox"}),
        ("info", "", {"network.middlebox"}),
    ],
    ids=["both cut at the minute", "nginx would wait longer", "nginx would have told"],
)
def test_nginx_and_a_balancer_that_cut_at_the_same_minute(level: str | None, read_timeout: str, said: set[str], tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"access.log": ROWS.format(*["60.001"] * 3), "nginx.conf": CONF.format(read_timeout), "app.log": LOST}
    if level:
        files["error.log"] = "".join(
            f"2026/11/23 12:{m:02}:30 [info] 1#1: *{m} client 203.0.113.9 closed keepalive connection\n" for m in range(20)
        )
    report = analyze(bundle(tmp_path, files)).report
    left = {cause for i in report["incidents"] for cause in ([i["detail"]] if i["detail"] else [row["signal"] for row in i["against"]])}
    named = set(report["verdict"]["undetermined"]) or {report["verdict"]["detail"]}
    assert named == said, left
    assert report["verdict"]["confidence"] < 0.8
