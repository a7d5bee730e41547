"""client.navigated: a page that was left is no failure of the service; when it names the bundle, and when the bundle is healthy."""

from pathlib import Path

import pytest

from conftest import attempt, bundle, event
from wslogs.facts import learn
from wslogs.facts.world import world
from wslogs.model import Attempt
from wslogs.pipeline import analyze

ROW = '203.0.113.9 - - [23/Nov/2026:12:{:02}:00 +0000] "GET /ws HTTP/1.1" {} 5 "-" "x" rt={}\n'
CONF = """http {
    log_format timed '$remote_addr - - [$time_local] "$request" $status 5 "-" "x" rt=$request_time';
    access_log access.log timed;
}
"""
WORKED = ROW.format(1, 101, "9.000")
LEFT = ROW.format(3, 499, "0.200")
SLOW = ROW.format(4, 499, "29.000")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (LEFT, ("failure", "client", None)),
        (LEFT + WORKED, ("failure", "client", None)),  # whether the page left, or its script closed, is not told
        (SLOW, ("undetermined", None, None)),
        (SLOW + WORKED, ("undetermined", None, None)),
    ],
    ids=["at once", "at once, and one worked", "after long", "after long, and one worked"],
)
def test_an_access_log_alone_knows_the_client_at_best(rows: str, said: tuple[str | None, ...], tmp_path: Path) -> None:
    told = analyze(bundle(tmp_path, {"access.log": rows, "nginx.conf": CONF})).report["verdict"]
    assert (told["status"], told["cause"], told["detail"]) == said


ENTRY = """{"request":{"method":"GET","url":"wss://a.example/ws","headers":[]},"response":{"status":%s,"headers":[]},"_resourceType":"websocket",
"startedDateTime":"2026-11-23T12:00:%02d.000Z","time":%s,"pageref":"%s","_webSocketMessages":[]}"""
HAR = """{"log":{"version":"1.2","creator":{"name":"WebInspector"},"pages":[{"id":"page_1"},{"id":"page_2"}],"entries":[%s]}}"""
GONE, OPEN = ENTRY % (0, 1, 300, "page_1"), ENTRY % (101, 5, 9000, "page_2")
REFUSED = ENTRY % (403, 6, 10, "page_2")
DENIED, BROKEN = (
    ENTRY % (403, 1, 10, "page_1"),
    GONE.replace('Messages":[]', 'Messages":[{"type":"error","time":1.5,"data":"Connection closed"}]'),
)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ((GONE,), ("failure", "client.navigated")),
        ((GONE, OPEN), ("healthy", None)),
        ((ENTRY % (101, 1, 3000, "page_1"), OPEN), ("healthy", None)),
        ((GONE, REFUSED), ("undetermined", None)),
        ((DENIED, OPEN), ("undetermined", None)),
        ((BROKEN, OPEN), ("undetermined", None)),
    ],
    ids=[
        "left, and nothing else",
        "the next page's socket worked",
        "left while open",
        "the next page's socket failed",
        "refused, then loaded again",
        "failed, then loaded again",
    ],
)
def test_a_page_that_was_left(entries: tuple[str, ...], said: tuple[str, str | None], tmp_path: Path) -> None:
    told = analyze(bundle(tmp_path, {"a.har": HAR % ",".join(entries)})).report
    assert (told["verdict"]["status"], told["verdict"]["detail"]) == said
    if said[0] == "healthy" and GONE in entries:
        assert [i["detail"] for i in told["incidents"]] == ["client.navigated"]


@pytest.mark.parametrize(
    ("one", "going"),
    [
        (attempt(event("app", "closed", code=1001)), True),
        (attempt(event("app", "closed", code=1000)), None),
        (attempt(event("browser", "closed", code=1001)), None),
        (attempt(event("browser", "closed", code=1006), event("app", "closed", code=1001)), None),
    ],
    ids=["the app received it", "another code", "the page received it", "the page knows better"],
)
def test_the_direction_of_1001_decides(one: Attempt, going: bool | None) -> None:
    learn(one, world([one], (), None, (), ()))
    assert one.facts.get("client.going") is going


@pytest.mark.parametrize(
    "said", ["net::ERR_SSL_PROTOCOL_ERROR", "One or more reserved bits are on: reserved1 = 1, reserved2 = 1, reserved3 = 1"]
)
def test_a_line_that_says_what_failed_is_no_page_that_was_left(said: str, tmp_path: Path) -> None:
    told = analyze(bundle(tmp_path, {"console.txt": said + "\n"})).report["verdict"]
    assert told["cause"] in ("tls", "protocol")
