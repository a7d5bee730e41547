"""wslogs/facts/control.py: what other requests of the same moment tell of an attempt that nginx could not pass on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conftest import NOON, SAMPLES, analyzed, attempt, bundle, event, item, source
from wslogs.facts import control
from wslogs.facts.world import world
from wslogs.model import Attempt, Event
from wslogs.parsers import conf_files
from wslogs.pipeline import analyze

REFUSED = ("nginx.connect-refused",)
WAYS = """
upstream app { server 127.0.0.1:8000; }
server { location /api/v1/ws { proxy_pass http://127.0.0.1:9000; } location /api/ { proxy_pass http://app; } location / { root /srv; } }
"""


def lost(**given: Any) -> Attempt:
    told = event(what="error", path="/api/v1/ws", upstream="127.0.0.1:9000", signals=REFUSED, logged="12:00:00")
    return attempt(told, **({"started": NOON, "opened": False, "status": 502} | given))


def other(path: str = "/api/v1/me", **given: Any) -> Event:
    return event(**({"what": "request", "path": path, "at": NOON + 1} | given))


def facts(one: Attempt, *others: Event, conf: str = "", opened: tuple[Attempt, ...] = (), **given: Any) -> set[str]:
    known = conf_files.parse(item(conf, "nginx.conf"))[1] if conf else None
    control.learn(one, world([one, *opened], (source(),), known, (), given.pop("loose", ()), others=others))
    return set(one.facts)


@pytest.mark.parametrize(
    ("beside", "found"),
    [
        ((), "others.none"),
        ((other(status=502, upstream="127.0.0.1:9000"),), "others.failed"),
        ((other(status=502),), "others.failed"),
        ((other(status=502, upstream="127.0.0.1:7000"),), "others.none"),
        ((other(what="error", upstream="127.0.0.1:9000", signals=REFUSED),), "others.failed"),
        ((other(what="error", upstream="127.0.0.1:9000", signals=("nginx.file-missing",)),), "others.none"),
        ((other(status=200, upstream="127.0.0.1:8000", upstream_status=200),), "others.answered"),
        ((other(status=200, upstream="localhost:9000", upstream_status=200),), "others.same_address"),
        ((other(status=200, upstream="127.0.0.1:8000", upstream_status=200, at=NOON + 99),), "others.none"),
        ((other("/shop/cart", status=200, upstream="127.0.0.1:8000", upstream_status=200),), "others.none"),
        ((other(status=200, upstream="-"),), "others.none"),
        ((other(status=499, upstream="127.0.0.1:8000"),), "others.none"),
    ],
    ids=[
        "nothing else", "the same address fails", "no address is told", "another address fails", "the same words", "other words",
        "another address answers", "the same address answers", "a minute and a half later", "another app", "a file", "left",
    ],
)  # fmt: skip
def test_what_others_tell(beside: tuple[Event, ...], found: str) -> None:
    assert facts(lost(), *beside) == {found}


def test_ways_of_the_configuration_tell_who_answered() -> None:
    assert facts(lost(), other(status=200), conf=WAYS) == {"others.answered"}
    assert facts(lost(), other("/api.html", status=200), conf=WAYS) == {"others.none"}
    assert facts(lost(), other("/api/v1/ws/x", status=502), conf=WAYS) == {"others.failed"}


@pytest.mark.parametrize(
    "one", [lost(opened=True, status=101), lost(status=403), attempt(event("browser", path="/api/v1/ws"), status=502, started=NOON)]
)
def test_only_of_what_nginx_could_not_pass_on(one: Attempt) -> None:
    assert facts(one) == set()


def test_where_the_path_opened_the_address_is_right() -> None:
    before = attempt(event(path="/api/v1/ws", status=101), opened=True)
    assert facts(lost(), other(status=200, upstream="127.0.0.1:8000", upstream_status=200), opened=(before,)) == set()


def test_an_app_that_tells_its_port_leaves_no_doubt() -> None:
    assert facts(lost(), loose=(event("app", "ready", at=NOON - 60, upstream="127.0.0.1:9000"),)) == set()


def verdict(folder: Path, *names: str) -> tuple[str | None, list[str]]:
    found = analyze([folder / name for name in names]).report["verdict"]
    return found["detail"], found["undetermined"]


WRONG, DOWN = SAMPLES / "proxy/wrong-port/bundle", SAMPLES / "server/backend-stopped/bundle"


@pytest.mark.parametrize(
    ("folder", "names", "detail", "undetermined"),
    [
        (WRONG, ("error.log",), None, ["proxy.upstream", "server.down"]),
        (WRONG, ("error.log", "access.log", "nginx.conf"), "proxy.upstream", []),
        (WRONG, ("error.log", "browser.har"), "proxy.upstream", []),
        (DOWN, ("error.log",), "server.down", []),
        (DOWN, ("error.log", "access.log", "nginx.conf", "browser.har"), "server.down", []),
    ],
)
def test_a_dead_app_and_a_wrong_port(folder: Path, names: tuple[str, ...], detail: str | None, undetermined: list[str]) -> None:
    assert verdict(folder, *names) == (detail, undetermined)


def test_the_proof_names_the_other_request() -> None:
    rows = analyzed("server/backend-stopped").report["incidents"][0]["evidence"]
    told = next(row for row in rows if row["signal"] == "others.failed-too")
    assert (told["source"], told["line"]) in {("access.log", n) for n in range(1, 40)} | {("error.log", 2), ("browser.har", told["line"])}


def test_a_fragment_names_the_commoner_cause(tmp_path: Path) -> None:
    """Without time and request nothing of the kind can be expected beside it; the verdict is of a weak kind."""
    said = {"error.log": "connect() failed (111: Connection refused) while connecting to upstream\n"}
    assert verdict(bundle(tmp_path, said), "error.log") == ("server.down", [])
