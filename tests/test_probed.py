"""The probe.json of `wslogs probe` as a source: its events, its verdict alone, and beside logs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import item
from wslogs.errors import LeakError
from wslogs.model import Event
from wslogs.parsers import probed
from wslogs.parsers.kit import Kit
from wslogs.pipeline import analyze

STARTED = "2026-11-23T09:00:00.250Z"
AT = 1795424400.25


def rung(name: str, why: str = "", side: str = "url", **seen: object) -> dict[str, Any]:
    return {"rung": name, "side": side, "state": "failed" if why else "passed", "why": why, "took_s": 0.01, "seen": seen}


def saved(*rungs: dict[str, Any], **head: Any) -> str:
    """A file as the command writes it: a rung a line."""
    told = {"wslogs": "probe/1", "started": STARTED, "url": "wss://testdomen.uz/api/v1/ws"} | head
    rows = ",\n".join(json.dumps(one) for one in rungs)
    return json.dumps(told)[:-1] + ', "rungs": [\n' + rows + "\n]}\n"


def read(text: str, kit: Kit) -> list[Event]:
    return probed.parse(item(text, "probe.json"), kit).events


def verdict(folder: Path, *rungs: dict[str, Any], **head: Any) -> str:
    (folder / "probe.json").write_text(saved(*rungs, **head))
    made = analyze(folder).report["verdict"]
    return str(made["detail"] or made["cause"] or made["status"]) if made["status"] == "failure" else str(made["status"])


HEALTH = rung("health", status=200)
OPEN = (HEALTH, rung("handshake", status=101), rung("message"))


def test_the_handshake_is_the_first_event_and_other_rungs_are_notes(kit: Kit) -> None:
    main, note = read(saved(HEALTH, rung("handshake", status=101), rung("ping", "no-pong"), rung("close", code=1000)), kit)
    assert (main.line, main.at, str(main.what), main.status, main.code, main.host, main.path) == (
        3, AT, "opened", 101, 1000, "testdomen.uz", "/api/v1/ws",
    )  # fmt: skip
    assert main.excerpt.startswith("handshake opened stayed by=other leads=nowhere health=answers direct=untold")
    assert (note.line, note.excerpt, note.signals) == (4, "ping failed no-pong", ("probed.no-pong",))
    assert "/api/v1/ws" in kit.paths


def test_lines_are_found_also_where_the_file_was_written_again(kit: Kit) -> None:
    text = json.dumps(json.loads(saved(HEALTH, rung("handshake", "answered", status=404, by="nginx-page"))), indent=2)
    (main,) = read(text, kit)
    assert '"rung": "handshake"' in text.splitlines()[main.line - 1]
    assert probed.is_probed(text.encode())


def test_where_the_way_ends_the_rung_that_failed_is_the_event(kit: Kit) -> None:
    (main,) = read(saved(rung("resolve"), rung("connect", "refused"), {**rung("handshake"), "state": "skipped"}), kit)
    assert (main.line, str(main.what), main.status, main.signals) == (3, "failed", None, ("probe.refused",))


@pytest.mark.parametrize(
    ("rungs", "cause"),
    [
        (OPEN, "healthy"),
        ((rung("resolve", "no-name"),), "network.dns"),
        ((rung("connect", "timed-out"),), "network.blocked"),
        ((rung("connect", "unreachable"),), "network"),
        ((rung("tls", "reset"),), "network.reset"),
        ((rung("tls", "closed"),), "undetermined"),
        ((rung("tls", "version"),), "tls.protocol"),
        ((rung("tls", "certificate-expired certificate-name"),), "tls"),
        ((HEALTH, rung("handshake", "answered", status=404, by="nginx-page")), "path.not-found"),
        ((HEALTH, rung("handshake", "answered", status=404)), "undetermined"),
        ((HEALTH, rung("handshake", "answered", status=200, by="nginx-file")), "path.static-fallback"),
        ((HEALTH, rung("handshake", "answered", status=200)), "undetermined"),
        ((HEALTH, rung("handshake", "answered", status=301, leads="slash")), "path"),
        ((HEALTH, rung("handshake", "answered", status=301, leads="https")), "path.base-url"),
        ((HEALTH, rung("handshake", "answered", status=401)), "auth"),
        ((HEALTH, rung("handshake", "answered", status=403)), "undetermined"),
        ((HEALTH, rung("handshake", "answered", status=403, by="nginx-page"), rung("elsewhere", "answered", alike=True)), "auth.policy"),
        ((HEALTH, rung("handshake", "answered", status=403), rung("without-token", "answered", status=401, alike=False)), "auth"),
        ((HEALTH, rung("handshake", "answered", status=414)), "proxy.limits"),
        ((HEALTH, rung("handshake", "answered", status=426)), "undetermined"),
        ((HEALTH, rung("handshake", "answered", status=500)), "application.exception"),
        ((HEALTH, rung("handshake", "answered", status=500), rung("elsewhere", "answered", status=500, alike=True)), "undetermined"),
        ((HEALTH, rung("handshake", "answered", status=500, by="nginx-page")), "undetermined"),
        ((HEALTH, rung("handshake", "answered", status=503)), "undetermined"),
        ((HEALTH, rung("handshake", "answered", status=504)), "server.timeout"),
        ((rung("handshake", "answered", status=502, health_alike=True),), "server.down"),
        ((HEALTH, rung("handshake", "answered", status=502)), "undetermined"),
        ((HEALTH, rung("handshake", "timed-out")), "undetermined"),
        (
            (HEALTH, rung("handshake", "timed-out"), rung("connect", side="direct"), rung("handshake", "timed-out", "direct", alike=True)),
            "server.timeout",
        ),
        ((HEALTH, rung("handshake", "reset")), "undetermined"),
        ((*OPEN[:2], rung("message", "cut", code=1006)), "undetermined"),
        ((*OPEN, rung("ping", "no-pong")), "undetermined"),
    ],
)  # fmt: skip
def test_the_verdict_of_a_probe_alone(rungs: tuple[dict[str, Any], ...], cause: str, tmp_path: Path) -> None:
    assert verdict(tmp_path, *rungs) == cause


def direct() -> tuple[dict[str, Any], ...]:
    """400 through the proxy, and the socket at the app itself."""
    return (HEALTH, rung("handshake", "answered", status=400), rung("connect", side="direct"), rung("handshake", side="direct", status=101))


@pytest.mark.parametrize(
    ("plain", "old", "cause"),
    [(True, False, "proxy.upgrade-headers"), (False, True, "proxy.http-version"), (True, True, "proxy"), (False, False, "undetermined")],
)
def test_what_became_of_the_handshake_on_its_way(plain: bool, old: bool, cause: str, tmp_path: Path) -> None:
    asked = (rung("without-upgrade", side="direct", alike=plain), rung("http-1.0", side="direct", alike=old))
    assert verdict(tmp_path, *direct(), *asked, rung("first-hop", status=400, by="nginx-page")) == cause
    assert verdict(tmp_path, *direct(), *asked) == "undetermined", "another proxy may stand before nginx"


@pytest.mark.parametrize(
    ("health", "app", "cause"),
    [
        ("answers", "opened", "proxy.upstream"), ("alike", "opened", "proxy.upstream"), ("alike", "refused", "server.down"),
        ("failed", "refused", "server.down"), ("answers", "refused", "undetermined"), ("failed", "", "undetermined"),
        ("answers", "reset", "server.crashed"),
    ],
)  # fmt: skip
def test_502_beside_health_and_the_app(health: str, app: str, cause: str, tmp_path: Path) -> None:
    rows = [rung("health", "" if health == "answers" else "answered", status=200), rung("handshake", "answered", status=502)]
    rows[1]["seen"]["health_alike"] = health == "alike"
    if app:
        rows.append(rung("connect", "refused" if app == "refused" else "", "direct"))
    if app in ("opened", "reset"):
        rows.append(rung("handshake", "reset" if app == "reset" else "", "direct", **({"status": 101} if app == "opened" else {})))
    assert verdict(tmp_path, *rows) == cause


@pytest.mark.parametrize(
    ("quiet", "server", "again", "kept", "cause"),
    [
        (5.0, "nginx", True, True, "proxy.read-timeout"), (60.1, "nginx", True, True, "undetermined"),
        (5.0, "", True, True, "undetermined"),
        (5.0, "nginx", False, True, "undetermined"), (5.0, "nginx", True, False, "undetermined"),
    ],
)  # fmt: skip
def test_a_socket_that_was_lost_in_silence(quiet: float, server: str, again: bool, kept: bool, cause: str, tmp_path: Path) -> None:
    lost = rung("idle", "cut", code=1006, quiet_s=quiet)
    rows = (rung("health", status=200, server=server), *OPEN[1:], lost, rung("again", "cut", alike=again), rung("pinged", kept=kept))
    rows += (rung("first-hop", status=400, by="nginx-page"),)
    assert verdict(tmp_path, *rows) == cause


def test_a_token_that_had_run_out_by_the_servers_clock(tmp_path: Path) -> None:
    refused = (HEALTH, rung("handshake", "answered", status=403))
    token = {"as": "token", "length": 150, "exp": AT + 60}
    assert verdict(tmp_path, *refused, token=token) == "undetermined"
    assert verdict(tmp_path, *refused, token=token, clock={"offset_s": 120.0, "error_s": 0.6}) == "auth.token-expired"


def test_what_a_server_said_to_others_says_nothing_of_the_page(kit: Kit) -> None:
    told = {**rung("without-token", "answered", status=401), "said": ["page.told-token-invalid"]}
    (main,) = read(saved(rung("handshake", "answered", status=403), told), kit)
    assert "page.told-token-invalid" not in main.signals


def test_a_file_that_anyone_may_have_written(kit: Kit) -> None:
    bad = {**rung("handshake", "<script>", status=True, by="x" * 99), "said": ["no.such-signal", "nginx.connect-refused"]}
    bad["seen"]["leads"] = "s3cr3t-0123456789abcdef S3CR3T"
    (main,) = read(saved(bad), kit)
    assert main.excerpt.startswith("handshake failed  by=other leads=nowhere") and main.signals == ()


@pytest.mark.parametrize(
    "text", ['{"wslogs": "probe/1"', '{"wslogs": "probe/1", "rungs": 5}', '{"wslogs": "probe/1", "started": "", "url": ""}', saved()]
)
def test_a_file_that_is_none_gives_no_event_and_says_so(text: str, kit: Kit) -> None:
    made = probed.parse(item(text, "probe.json"), kit)
    assert made.events == [] and made.sources[0].kind == "probed"


def test_a_url_with_a_token_in_it_ends_in_the_vault(kit: Kit) -> None:
    read(saved(rung("handshake", status=101), url="wss://testdomen.uz/ws?token=s3cr3t-0123456789abcdef"), kit)
    with pytest.raises(LeakError):
        kit.vault.check({"report.md": b"x s3cr3t-0123456789abcdef x"})


def test_two_probes_are_two_attempts(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text(saved(*OPEN))
    (tmp_path / "office.json").write_text(saved(rung("resolve", "no-name")))
    report = analyze(tmp_path).report
    assert [(one["opened"], one["detail"]) for one in report["attempts"]] == [(True, None), (False, "network.dns")]


def test_beside_logs_a_probe_is_no_attempt_but_what_it_opened_counts(tmp_path: Path) -> None:
    (tmp_path / "probe.json").write_text(saved(*OPEN, started="2026-11-23T11:00:00Z"))
    (tmp_path / "access.log").write_text(
        '203.0.113.7 - - [23/Nov/2026:09:00:00 +0000] "GET /api/v1/ws?token=abcdefghijklmnop HTTP/1.1" 403 9 "-" "Mozilla/5.0"\n'
    )
    report = analyze(tmp_path).report
    assert [one["status"] for one in report["attempts"]] == [403]
    assert {one["kind"] for one in report["bundle"]["sources"]} == {"probed", "nginx-access"}
