"""What is known of an attempt, each fact with the events that show it."""

from typing import Any

import pytest

from conftest import NOON, attempt, event, item, source, token
from wslogs import facts
from wslogs.facts import doubled
from wslogs.model import Attempt, Event, Fact, Source
from wslogs.parsers import nginx_conf
from wslogs.parsers.env import Setting
from wslogs.parsers.nginx_conf import Conf

LOG = source(first=NOON - 60, last=NOON + 60)


def conf(text: str) -> Conf:
    return nginx_conf.parse(item(text, "nginx.conf"), lambda _: None)[1]


def learned(
    one: Attempt, *others: Attempt, sources: tuple[Source, ...] = (), loose: tuple[Event, ...] = (), conf: Conf | None = None,
    settings: tuple[Setting, ...] = (),
) -> dict[str, Fact]:  # fmt: skip
    facts.learn(one, facts.world([one, *others], sources, conf, settings, loose))
    assert set(one.facts) <= facts.NAMES
    assert set(one.proof) >= set(one.facts)
    return one.facts


def picked(found: dict[str, Fact], *names: str) -> tuple[Fact | None, ...]:
    return tuple(found.get(name) for name in names)


def test_an_answer() -> None:
    one = attempt(event(status=403, path="/ws"), status=403, opened=False, started=NOON, ended=NOON + 2)
    found = learned(one)
    assert picked(found, "status", "opened", "refused", "lasted_s", "proxy.seen") == (403, False, True, 2.0, True)
    assert one.proof["status"] == one.events


@pytest.mark.parametrize(
    ("status", "code", "refused"), [(502, None, None), (101, 1008, True), (101, 4001, True), (101, 1006, None), (404, 1006, True)]
)
def test_what_is_a_refusal(status: int, code: int | None, refused: bool | None) -> None:
    assert learned(attempt(event(status=status, path="/ws"), status=status, code=code)).get("refused") is refused


def missed(**given: Any) -> Attempt:
    return attempt(event("browser", path="/ws"), **({"started": NOON, "opened": False} | given))


def test_silence_needs_coverage() -> None:
    assert learned(missed(), sources=(LOG,))["proxy.silent"] is True
    late = source(first=NOON + 10, last=NOON + 60)
    assert "proxy.silent" not in learned(missed(), sources=(late,))
    assert "proxy.silent" not in learned(missed(started=None), sources=(LOG,))
    assert "proxy.silent" not in learned(missed(), sources=())


def test_an_open_tunnel_has_no_silence() -> None:
    assert "proxy.silent" not in learned(missed(opened=True), sources=(LOG,))


def life(*told: tuple[str, float]) -> tuple[Event, ...]:
    return tuple(event("app", what, at=at, line=n) for n, (what, at) in enumerate(told, 1))


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([("started", NOON - 9), ("stopping", NOON + 9)], "running"),
        ([("stopping", NOON - 1), ("started", NOON + 1)], "restarting"),
        ([("stopped", NOON - 1)], "stopped"),
        ([("started", NOON + 1)], None),
        ([("ready", NOON - 9), ("started", NOON + 9)], None),
    ],
)
def test_what_the_app_was_doing(told: list[tuple[str, float]], state: str | None) -> None:
    assert learned(attempt(started=NOON), loose=life(*told)).get("app.state") == state


def test_an_app_that_begins_again_without_being_told_to_stop_died() -> None:
    lost = {"opened": True, "code": 1006, "started": NOON - 30, "ended": NOON}
    again = life(("ready", NOON - 60), ("started", NOON + 5))
    assert learned(attempt(**lost), loose=again)["app.died"] is True
    assert "app.died" not in learned(attempt(**lost), loose=life(("stopping", NOON - 1), ("started", NOON + 5)))
    assert "app.died" not in learned(attempt(**lost | {"code": 1000}), loose=again)


def test_a_stop_cuts_what_is_open() -> None:
    one = attempt(opened=True, started=NOON - 30, ended=NOON)
    assert learned(one, loose=life(("ready", NOON - 60), ("stopping", NOON - 0.5)))["app.cut_at_stop"] is True


def test_the_time_of_a_token() -> None:
    old = token(expires=NOON - 100)
    one = attempt(event(path="/ws", token=old), token=old, started=NOON, error_s=1.0)
    assert learned(one)["token.expired_by_s"] == 99.0
    ran = token(expires=NOON + 30)
    two = attempt(event(path="/ws", token=ran), token=ran, started=NOON, ended=NOON + 31, opened=True)
    assert learned(two)["token.ran_out"] is True


def test_a_token_is_absent_where_others_have_one() -> None:
    other = attempt(event(path="/ws", token=token()), token=token(), opened=True)
    assert learned(attempt(), other)["token.absent"] is True
    assert "token.absent" not in learned(attempt())


@pytest.mark.parametrize(
    ("path", "twice"),
    [("/api/v1/api/v1/ws", True), ("//ws", True), ("/ws/ws", True), ("/api/v1/ws", False), ("/a/b/a", False), ("/", False)],
)
def test_doubled(path: str, twice: bool) -> None:
    assert doubled(path) is twice


def test_paths_that_open() -> None:
    opened = attempt(event(path="/ws"), opened=True)
    elsewhere = learned(attempt(event(path="/wss"), opened=False), opened)
    assert picked(elsewhere, "path.opens", "path.other_opens") == (None, True)
    same = learned(attempt(event(path="/ws"), opened=False), opened)
    assert picked(same, "path.opens", "path.other_opens") == (True, None)


def test_an_address_beside_the_base_url() -> None:
    base = Setting(source=".env", line=1, name="VITE_API_BASE_URL", scheme="https", host="a.example", path="/api")
    assert learned(attempt(event(path="/ws"), host="a.example", opened=False), settings=(base,))["path.off_base"] is True
    assert "path.off_base" not in learned(attempt(event(path="/api/ws"), host="a.example", opened=False), settings=(base,))


SERVER = "server {{\n listen 80;\n location /ws {{\n  proxy_pass http://127.0.0.1:8000;\n  {} }}\n}}\n"
PASSED = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'


@pytest.mark.parametrize(("inside", "passes"), [("", False), (PASSED, True)])
def test_configuration_on_the_path(inside: str, passes: bool) -> None:
    one = attempt(opened=False)
    assert picked(learned(one, conf=conf(SERVER.format(inside))), "config.target", "config.upgrade") == ("app", passes)
    assert [(e.source, e.line) for e in one.proof["config.target"]] == [("nginx.conf", 4)]


def test_a_location_that_serves_files() -> None:
    found = learned(attempt(opened=False), conf=conf("server { location / { root /srv; try_files $uri /index.html; } }"))
    assert picked(found, "config.target", "proxy.asked_app") == ("file", False)


@pytest.mark.parametrize(("lasted", "cut"), [(6.1, True), (5.0, None), (60.0, None)])
def test_a_tunnel_that_lasts_as_long_as_the_timer(lasted: float, cut: bool | None) -> None:
    one = attempt(event(path="/ws", status=101), opened=True, code=1006, started=NOON, ended=NOON + lasted)
    assert learned(one, conf=conf(SERVER.format("proxy_read_timeout 6s;"))).get("timer.read_timeout") is cut


def test_the_proxy_asks_another_port_than_the_app_listens_on() -> None:
    ready = event("app", "ready", at=NOON - 60, upstream="127.0.0.1:8000")
    one = attempt(event(path="/ws", status=502, upstream="127.0.0.1:8001"), started=NOON)
    assert learned(one, loose=(ready,))["upstream.differs"] is True
    two = attempt(event(path="/ws", status=502, upstream="127.0.0.1:8000"), started=NOON)
    assert "upstream.differs" not in learned(two, loose=(ready,))
