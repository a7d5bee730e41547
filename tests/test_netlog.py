"""wslogs/parsers/netlog.py: what Chromium's own log of the net tells of each WebSocket try."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wslogs.bundle import open_bundle
from wslogs.parsers import netlog
from wslogs.parsers.kit import Kit, Parsed
from wslogs.patterns import load
from wslogs.pipeline import analyze
from wslogs.redact import Vault

URL = "wss://testdomen.uz/api/v1/ws?token=tok-1234567890-abc"
OFFSET = 1795407800000
NAMES = (
    "REQUEST_ALIVE", "CANCELLED", "HTTP_TRANSACTION_SEND_REQUEST_HEADERS", "HTTP_TRANSACTION_READ_RESPONSE_HEADERS",
    "WEBSOCKET_UPGRADE_FAILURE", "WEBSOCKET_RECV_FRAME_HEADER", "WEBSOCKET_SENT_FRAME_HEADER",
    "HTTP_STREAM_JOB_BOUND", "SOCKET_IN_USE", "PROXY_RESOLVED",
)  # fmt: skip
CONSTANTS = {
    "logEventTypes": {name: number for number, name in enumerate(NAMES)},
    "logSourceType": {"URL_REQUEST": 1, "SOCKET": 10, "HTTP_STREAM_JOB": 17, "HTTP_STREAM_JOB_CONTROLLER": 32},
    "logEventPhase": {"PHASE_BEGIN": 1, "PHASE_END": 2, "PHASE_NONE": 0},
    "netError": {"ERR_ABORTED": -3, "ERR_CONNECTION_REFUSED": -102, "ERR_INVALID_RESPONSE": -320, "ERR_WS_UPGRADE": -173, "ERR_NEW": -999},
    "timeTickOffset": OFFSET,
}


def event(at: int, name: str, phase: int = 0, source: tuple[int, int] = (5, 1), **params: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"phase": phase, "source": {"id": source[0], "type": source[1]}, "time": str(at), "type": NAMES.index(name)}
    return {"params": params, **made} if params else made


def text_of(*events: dict[str, Any], constants: Any = CONSTANTS, end: str = "],\n" + '"polledData": [{}]\n}\n') -> str:
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in events)
    return json.dumps({"constants": constants}, separators=(",", ":"))[:-1] + ',\n"events": [\n' + lines + end


def parsed(tmp_path: Path, text: str) -> Parsed:
    (tmp_path / "n.json").write_text(text, "utf-8")
    with open_bundle([tmp_path / "n.json"]) as bundle:
        return netlog.parse(bundle.items[0], Kit(load(), Vault()))


def dialled(at: int = 1000, **source: Any) -> dict[str, Any]:
    return event(at, "REQUEST_ALIVE", 1, url=URL, **source)


def ended(at: int, error: int | None = None) -> dict[str, Any]:
    return event(at, "REQUEST_ALIVE", 2, **({} if error is None else {"net_error": error}))


UPGRADED = (
    dialled(),
    event(
        1005, "HTTP_TRANSACTION_READ_RESPONSE_HEADERS", headers=["HTTP/1.1 101 Switching Protocols", "Date: Mon, 23 Nov 2026 04:23:21 GMT"]
    ),
    event(1006, "CANCELLED", net_error=-173),
    ended(1006, -173),
)
SOCKET = event(1002, "HTTP_STREAM_JOB_BOUND", source_dependency={"id": 9, "type": 10})
LATER = event(9000, "PROXY_RESOLVED", source=(77, 3))


def over(at: int) -> dict[str, Any]:
    return event(at, "SOCKET_IN_USE", 2, source=(9, 10))


def test_times_are_ticks_from_an_offset(tmp_path: Path) -> None:
    (one,) = parsed(tmp_path, text_of(dialled(1000), ended(1250, -102))).events
    assert (one.at, one.lasted_s, one.marks, one.line) == (1795407801.0, 0.25, "start", 3)


@pytest.mark.parametrize(
    ("error", "signals"), [(-102, ("browser.connection-refused",)), (-3, ("browser.gave-up",)), (-999, ()), (-5555, ())]
)
def test_the_file_names_its_own_net_errors(tmp_path: Path, error: int, signals: tuple[str, ...]) -> None:
    (one,) = parsed(tmp_path, text_of(dialled(), ended(1250, error))).events
    assert (one.signals, one.status) == (signals, None)


def test_an_error_that_no_signal_knows_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "n.json").write_text(text_of(dialled(), ended(1250, -999)), "utf-8")
    (one,) = analyze(tmp_path).found.attempts
    assert (one.opened, one.pending) == (False, False)


def test_the_status_of_a_refusal_stands_in_the_message_alone(tmp_path: Path) -> None:
    told = event(1100, "WEBSOCKET_UPGRADE_FAILURE", message="Error during WebSocket handshake: Unexpected response code: 403", net_error=-2)
    (one,) = parsed(tmp_path, text_of(dialled(), told, ended(1101, -320))).events
    assert (one.status, one.excerpt) == (403, f"wss://…/api/v1/ws HTTP 403: {told['params']['message']}")


def test_an_upgrade_tells_when_the_answer_came(tmp_path: Path) -> None:
    (one,) = (found := parsed(tmp_path, text_of(*UPGRADED))).events
    assert (one.status, one.answered_s, one.lasted_s) == (101, pytest.approx(0.005), None)
    assert found.dates == {"n.json": [(1795407801.0, 1795407801.0, pytest.approx(1795407801.005))]}


def test_over_http_2_the_answer_is_200_and_the_socket_is_open(tmp_path: Path) -> None:
    answer = event(1005, "HTTP_TRANSACTION_READ_RESPONSE_HEADERS", headers=["HTTP/1.1 200"])
    (one,) = parsed(tmp_path, text_of(dialled(), answer, ended(1006, -173))).events
    assert one.status == 101


@pytest.mark.parametrize(
    ("frames", "code", "words"),
    [
        ([], 1006, "lost without a close frame"),
        (["RECV"], None, "closed from the server's side"),
        (["SENT", "RECV"], None, "closed from the browser's side"),
    ],
)
def test_an_open_socket_without_a_close_frame_was_lost(tmp_path: Path, frames: list[str], code: int | None, words: str) -> None:
    closes = [event(2000, f"WEBSOCKET_{side}_FRAME_HEADER", opcode=8) for side in frames]
    (one,) = parsed(tmp_path, text_of(UPGRADED[0], SOCKET, *UPGRADED[1:], *closes, over(3000), LATER)).events
    assert (one.code, one.lasted_s, one.excerpt) == (code, 2.0, f"wss://…/api/v1/ws HTTP 101 {words}")


def test_a_socket_that_ends_with_the_log_was_not_lost(tmp_path: Path) -> None:
    (one,) = parsed(tmp_path, text_of(UPGRADED[0], SOCKET, *UPGRADED[1:], over(8900), LATER)).events
    assert (one.code, one.lasted_s) == (None, 7.9)


def test_still_waiting_when_the_log_ends(tmp_path: Path) -> None:
    (one,) = parsed(tmp_path, text_of(dialled(), LATER)).events
    assert (one.status, one.failed, one.lasted_s) == (None, None, None)


def test_a_proxy_is_told_and_not_named(tmp_path: Path) -> None:
    bound = event(1001, "HTTP_STREAM_JOB_BOUND", source_dependency={"id": 6, "type": 32})
    proxy = event(1002, "PROXY_RESOLVED", source=(6, 32), proxy_chain="[corp-proxy.example:3128]")
    (one,) = parsed(tmp_path, text_of(dialled(), bound, proxy, ended(1250, -102))).events
    assert one.excerpt == "wss://…/api/v1/ws through a proxy: net::ERR_CONNECTION_REFUSED"


def test_other_requests_leave_no_event(tmp_path: Path) -> None:
    other = event(900, "REQUEST_ALIVE", 1, source=(4, 1), url="https://testdomen.uz/")
    found = parsed(tmp_path, text_of(other, dialled(), ended(1250, -102), LATER))
    assert [one.line for one in found.events] == [4]
    assert (found.sources[0].first, found.sources[0].last) == (1795407800.9, 1795407809.0)


@pytest.mark.parametrize("cut", [2, 40, 60])
def test_a_log_that_breaks_off_gives_what_stands_before(tmp_path: Path, cut: int) -> None:
    whole = text_of(dialled(), ended(1250, -102), LATER)
    found = parsed(tmp_path, whole[: whole.index('"polledData"') - cut])
    assert found.sources[0].notes == ["cut"]
    assert found.sources[0].recognised == found.sources[0].lines
    assert [one.signals for one in found.events] == [("browser.connection-refused",)]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_log_that_another_program_wrote_again(tmp_path: Path, indent: int | None) -> None:
    text = json.dumps(json.loads(text_of(dialled(), ended(1250, -102))), indent=indent)
    found = parsed(tmp_path, text)
    assert (found.sources[0].notes, [one.signals for one in found.events]) == ([], [("browser.connection-refused",)])


@pytest.mark.parametrize("constants", [[], {"netError": 3}, {"timeTickOffset": "x"}])
def test_without_its_constants_it_says_nothing(tmp_path: Path, constants: Any) -> None:
    found = parsed(tmp_path, text_of(dialled(), constants=constants))
    assert found.events == []
    assert found.sources[0].notes == ["its constants cannot be read, and without them nothing else"]


@pytest.mark.parametrize(
    "line",
    [
        '{"source":{"id":5',
        '{"source":{"id":5,"type":1},"time":[],"type":0}',
        '{"params":7,"source":{"id":5},"time":"1","type":1}',
        "nonsense",
    ],
)
def test_a_line_of_another_form_is_passed_over(tmp_path: Path, line: str) -> None:
    text = text_of(dialled(), ended(1250, -102)).replace('{"params":{"net_error"', line + ',\n{"params":{"net_error"')
    found = parsed(tmp_path, text)
    assert [one.signals for one in found.events] == [("browser.connection-refused",)]
    assert found.sources[0].lines - found.sources[0].recognised == 1


@pytest.mark.parametrize("time", ['"1e300"', "-1e300", '"inf"', '"nan"', "[]", "9e99"])
def test_a_time_that_nobody_believes(tmp_path: Path, time: str) -> None:
    found = parsed(tmp_path, text_of(dialled(), ended(1250, -102), LATER).replace('"time":"1250"', f'"time":{time}'))
    assert [(one.at, one.lasted_s) for one in found.events] == [(1795407801.0, None)]
    assert (found.sources[0].first, found.sources[0].last) == (1795407801.0, 1795407809.0)
    assert found.sources[0].notes == ["1 events have another form"]


def test_secrets_of_headers_are_known(tmp_path: Path) -> None:
    sent = event(
        1001,
        "HTTP_TRANSACTION_SEND_REQUEST_HEADERS",
        headers=["Cookie: sid=abcdefghijklmnop", "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw=="],
    )
    (tmp_path / "n.json").write_text(text_of(dialled(), sent, ended(1250, -102)), "utf-8")
    with open_bundle([tmp_path / "n.json"]) as bundle:
        kit = Kit(load(), Vault())
        (one,) = netlog.parse(bundle.items[0], kit).events
    assert one.key == kit.vault.fingerprint("x3JJHMbDL1EzLkh9GBhXDw==")
    assert "abcdefghijklmnop" in kit.vault.seen


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (text_of(dialled()).encode(), True),
        (b'{ "constants": {"netError": {}', True),
        (b'{"constants":{"a":1}}', False),
        (b'{"log":{"entries":[]}}', False),
    ],
)
def test_what_a_netlog_is(head: bytes, is_one: bool) -> None:
    assert netlog.is_netlog(head) is is_one
