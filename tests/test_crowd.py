"""A crowd is judged by some of each class: the same counts as when each try is looked at for itself."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from conftest import bundle
from wslogs import classes, evidence, pipeline

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
    monkeypatch.setattr(classes, "EACH", each)
    monkeypatch.setattr(classes, "SOME", each)
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
    assert any("1,500" in text for text in some["caveats"]) and len(some["attempts"]) == few


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
