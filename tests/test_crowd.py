"""A crowd is judged by some of each class: the same counts as when each try is looked at for itself."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from conftest import bundle, event, token
from wslogs import crowd, evidence, pipeline
from wslogs.crowd import Rows, lowest, merged, once, redials, runs

FORM = (
    '10.0.0.{client} - - [23/Nov/2026:{hour:02}:{minute:02}:{second:02} +0000] "GET {path} HTTP/1.1" {status} 12 "-" "Mozilla/5.0" '
    "rt={took:.3f} us={answered}\n"
)
CONF = """http {
  log_format main '$remote_addr - - [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" '
                  'rt=$request_time us=$upstream_status';
  access_log /var/log/nginx/access.log main;
  server { listen 80; location /ws { proxy_pass http://127.0.0.1:8000; proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; } }
}
"""


def fleet(count: int = 1500, seed: int = 3) -> str:
    """Four hours: sockets that open and last, ten minutes in which the app is away, and a few that are refused."""
    chance, rows = Random(seed), []
    for n in range(count):
        at = n * 14400 // count
        away = 6000 <= at < 6600
        status = 502 if away else chance.choices((101, 403, 404), (90, 8, 2))[0]
        took = chance.choice((5.0, 59.9, 60.02, 300.0)) if status == 101 else 0.002
        path = (
            f"/ws?token=token-of-somebody-{chance.randrange(80):03}"
            if status != 404
            else f"/nowhere/ws?token=token-of-somebody-{n % 80:03}"
        )
        rows.append(FORM.format(
            client=n % 200, hour=10 + at // 3600, minute=at // 60 % 60, second=at % 60, path=path, status=status, took=took,
            answered=status,
        ))  # fmt: skip
    return "".join(rows)


def told(folder: Path, each: int, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], Counter[tuple[str, str | None]], int]:
    """(report, tries by outcome and detail, how many were looked at for themselves), where up to `each` are."""
    monkeypatch.setattr(evidence, "_MUCH", 0)
    monkeypatch.setattr(evidence, "_SMALL", 0)
    monkeypatch.setattr(crowd, "EACH", each)
    monkeypatch.setattr(crowd, "SOME", each)
    made = pipeline.analyze(folder)
    found = made.found
    like = found.crowd.like.tolist() if found.crowd is not None else []
    verdicts = [*found.verdicts, *(found.verdicts[place] for place in like)]
    return made.report, Counter((one.outcome, one.detail) for one in verdicts), len(found.attempts)


def test_a_crowd_is_counted_as_if_each_were_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = bundle(tmp_path / "b", {"access.log": fleet(), "nginx.conf": CONF})
    whole, counts, all_ = told(folder, 10_000, monkeypatch)
    some, judged, few = told(folder, 200, monkeypatch)
    assert (all_, len(counts) >= 3) == (1500, True) and few < 500
    assert judged == counts
    for key in ("attempt_count", "outcomes", "incident_count"):
        assert some[key] == whole[key], key
    assert [{k: i[k] for k in ("detail", "attempt_count", "tokens", "clients", "first", "last")} for i in some["incidents"]] == [
        {k: i[k] for k in ("detail", "attempt_count", "tokens", "clients", "first", "last")} for i in whole["incidents"]
    ]
    assert (some["verdict"]["cause"], some["verdict"]["detail"]) == (whole["verdict"]["cause"], whole["verdict"]["detail"])
    assert any("1500" in text for text in some["caveats"]) and len(some["attempts"]) == few


def test_a_storm_of_one_token_is_counted_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(
        FORM.format(
            client=1,
            hour=10 + n // 3600,
            minute=n // 60 % 60,
            second=n % 60,
            path="/ws?token=one-token-of-all",
            status=403,
            took=0.001,
            answered=403,
        )
        for n in range(3000)
    )
    folder = bundle(tmp_path / "b", {"access.log": rows, "nginx.conf": CONF})
    report, _, few = told(folder, 100, monkeypatch)
    (storm,) = report["storms"]
    assert few < 300 and (storm["attempt_count"], storm["backoff"]["kind"], storm["per_minute"]) == (3000, "constant", 60.0)
    assert report["incidents"][0]["tokens"] == report["incidents"][0]["clients"] == 1


def test_one_file_twice_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = fleet(400)
    folder = bundle(tmp_path / "b", {"access.log": text, "access.log.1": text, "nginx.conf": CONF})
    assert told(folder, 100, monkeypatch)[0]["attempt_count"] == 400


def columns(*rows: tuple[float, int], source: str = "a.log") -> Rows:
    """(time, token) of rows that opened, each on its own line."""
    made = Rows(sources=[source], kinds=[event(path="/ws", status=101)], tokens=[token("x"), token("y")])
    values: dict[str, Any] = {name: np.zeros(len(rows), one.dtype) for name, one in made.columns.items()}
    made.columns = values | {
        "at": np.array([at for at, _ in rows]), "token": np.array([code for _, code in rows], np.int32),
        "line": np.arange(1, len(rows) + 1), "lasted": np.full(len(rows), 5.0), "chance": np.arange(len(rows), dtype=np.uint32),
    }  # fmt: skip
    return made


def test_the_lowest_of_each_class() -> None:
    of, chance = np.array([0, 1, 0, 0, 1, 2]), np.array([5, 9, 1, 3, 2, 7], np.uint32)
    assert lowest(of, chance, 2).tolist() == [False, True, True, True, True, True]
    assert lowest(np.empty(0, np.int64), np.empty(0, np.uint32), 2).tolist() == []


def test_the_lowest_of_parts_are_those_of_the_whole() -> None:
    random = np.random.default_rng(1)
    of, chance = random.integers(0, 5, 500), random.integers(0, 2**32, 500, dtype=np.uint32)
    whole = set(np.flatnonzero(lowest(of, chance, 7)).tolist())
    kept = np.r_[np.flatnonzero(lowest(of[:200], chance[:200], 7)), 200 + np.flatnonzero(lowest(of[200:], chance[200:], 7))]
    assert set(kept[lowest(of[kept], chance[kept], 7)].tolist()) == whole


def test_parts_are_merged_and_name_what_they_share_once() -> None:
    whole = merged([columns((10.0, 0), (20.0, 1)), columns((30.0, 1), source="b.log")])
    assert (whole.sources, len(whole.kinds), len(whole.tokens)) == (["a.log", "b.log"], 1, 2)
    assert (whole["source"].tolist(), whole["at"].tolist(), whole["token"].tolist()) == ([0, 0, 1], [10.0, 20.0, 30.0], [0, 1, 1])


def test_a_row_of_an_earlier_file_is_not_counted_again() -> None:
    whole = merged([columns((10.0, 0), (20.0, 1)), columns((10.0, 0), (30.0, 1), source="b.log")])
    assert once(whole).tolist() == [True, True, False, True]


def test_who_dials_again_soon() -> None:
    rows = columns((100.0, 0), (108.0, 0), (109.0, 1), (200.0, 0))
    assert redials(rows).tolist() == [True, False, False, False]


def test_runs_are_cut_where_told() -> None:
    assert [run.tolist() for run in runs(np.array([4, 2, 7]), np.array([False, True]))] == [[4, 2], [7]]
    assert runs(np.empty(0, np.int64), np.empty(0, np.bool_)) == []


def test_a_class_has_the_same_number_in_every_part() -> None:
    def rows(*kinds: str) -> Rows:
        made = Rows(kinds=[event(path=f"/ws/{kind}", status=403) for kind in kinds], tokens=[token("a", parameter="token"), token("b")])
        count = len(kinds)
        made.columns = {name: np.zeros(count, one.dtype) for name, one in made.columns.items()}
        made.columns |= {"kind": np.arange(count, dtype=np.int32), "token": np.arange(count, dtype=np.int32) % 2}
        return made

    def numbers(made: Rows) -> list[int]:
        return crowd.classes(made, (60.0,), str).tolist()

    whole = numbers(rows("a", "b", "c", "d"))
    assert len(set(whole)) == 4 and all(0 <= one < 1 << 61 for one in whole)
    assert numbers(rows("c", "d", "a")) == [*whole[2:], whole[0]]


def test_candidates_of_parts_hold_those_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "MOST_EACH", 3)
    monkeypatch.setattr(crowd, "EACH", 5)
    chance = np.random.default_rng(1).integers(0, 1 << 32, 400).astype(np.uint32)
    of, wanted = np.arange(400) % 7, np.arange(400) % 3 == 0
    whole = crowd.candidates(of, chance, wanted)
    halves = np.concatenate([crowd.candidates(of[some], chance[some], wanted[some]) for some in (slice(0, 150), slice(150, 400))])
    assert 21 <= whole.sum() < halves.sum() and not (whole & ~halves).any()
    again = np.zeros(400, np.bool_)
    again[np.flatnonzero(halves)[crowd.candidates(of[halves], chance[halves], wanted[halves])]] = True
    assert (again == whole).all()


def test_one_token_under_two_names_is_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(
        FORM.format(
            client=n % 7, hour=10, minute=n // 60 % 60, second=n % 60, status=403,
            path=f"/ws?{'token' if n % 2 else 'auth'}=token-number-{n // 2 % 30:04}", took=0.001, answered=403,
        )
        for n in range(1200)
    )  # fmt: skip
    folder = bundle(tmp_path / "b", {"access.log": rows, "nginx.conf": CONF})
    report, _, few = told(folder, 100, monkeypatch)
    assert few < 300 and [(i["attempt_count"], i["tokens"], i["clients"]) for i in report["incidents"]] == [(1200, 30, 7)]
