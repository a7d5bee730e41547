"""What is known of an attempt, each fact with the events that show it."""

from typing import Any

import pytest

from conftest import NOON, attempt, event, item, patterns, source, token
from wslogs import facts
from wslogs.facts import doubled
from wslogs.model import Attempt, Event, Fact, Mark, Source
from wslogs.parsers import conf_files
from wslogs.parsers.env import Setting
from wslogs.parsers.nginx_conf import Conf
from wslogs.signals import fire


def spoken(first: float, last: float, path: str = "access.log", **given: Any) -> Source:
    """An access log that speaks from `first` to `last`, in seconds from noon."""
    return source(path, **({"lines": 9, "first": NOON + first, "last": NOON + last, "spans": [(NOON + first, NOON + last)]} | given))


LOG = spoken(-60, 60)


def conf(text: str) -> Conf:
    return conf_files.parse(item(text, "nginx.conf"))[1]


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


@pytest.mark.parametrize(
    ("given", "logs", "silent"),
    [
        ({}, (LOG,), True),
        ({}, (spoken(10, 60),), None),
        ({}, (spoken(-60, -10),), None),
        ({}, (spoken(-60, 60, spans=[(NOON - 60, NOON - 20), (NOON + 20, NOON + 60)]),), None),
        ({}, (spoken(-60, -20, "access.log.1"), spoken(20, 60)), True),
        ({}, (spoken(-900, -400, "access.log.2.gz"), spoken(400, 900)), None),
        ({"started": None}, (LOG,), None),
        ({"error_s": 50.0}, (LOG,), True),
        ({"error_s": 90.0}, (LOG,), None),
        ({"ended": NOON + 90}, (LOG,), None),
        ({}, (spoken(-3, 60), source("browser.har", "har", "browser", error_s=10.0)), None),
        ({}, (), None),
    ],
    ids=[
        "covered", "begins later", "ends before", "a hole", "at a rotation", "a rotated file is missing", "no time",
        "inside with its error", "its error reaches out", "it ends after the log", "its clock's error reaches out", "no log",
    ],
)  # fmt: skip
def test_silence_needs_coverage(given: dict[str, Any], logs: tuple[Source, ...], silent: bool | None) -> None:
    assert learned(missed(**given), sources=logs).get("proxy.silent") is silent


def test_the_proof_of_silence_is_the_next_line() -> None:
    one = missed(error_s=2.0)
    learned(one, sources=(spoken(-60, 60, marks=[Mark(NOON - 60, 1), Mark(NOON + 3, 5), Mark(NOON + 60, 9)]),))
    assert [(e.source, e.line, e.excerpt) for e in one.proof["proxy.silent"]] == [("access.log", 5, "… 2026-11-23T12:00:03Z …")]


LOGGED = "http {{ access_log /var/log/nginx/access.log; server {{ listen 80; location /ws {{ {} }} location / {{ {} }} }} }}"


@pytest.mark.parametrize(
    ("way", "other", "silent"),
    [
        ("", "", True),
        ("", "access_log off;", True),
        ("access_log off;", "", None),
        ("access_log /var/log/nginx/access.log main if=$loggable;", "", None),
        ("access_log /var/log/nginx/ws.log;", "", None),
        ("if ($arg_quiet) { access_log off; }", "", None),
    ],
)
def test_silence_where_the_route_writes_no_row(way: str, other: str, silent: bool | None) -> None:
    assert learned(missed(), sources=(LOG,), conf=conf(LOGGED.format(way, other))).get("proxy.silent") is silent


def test_silence_where_the_browsers_clock_can_hardly_be_late() -> None:
    logs = (spoken(-60, 60), source("browser.har", "har", "browser", error_s=30.0, less_late_s=28.0))
    assert learned(missed(ended=NOON + 40), sources=logs).get("proxy.silent") is True


def test_an_open_tunnel_has_no_silence() -> None:
    assert "proxy.silent" not in learned(missed(opened=True), sources=(LOG,))


@pytest.mark.parametrize(("error", "by", "said"), [(1.0, 99.0, True), (99.4, 0.6, True), (99.9, 0.1, False), (130.0, -30.0, False)])
def test_a_token_had_expired_by_at_least(error: float, by: float, said: bool) -> None:
    old = token(expires=NOON - 100)
    one = attempt(event(path="/ws", token=old), token=old, started=NOON, error_s=error)
    assert learned(one)["token.expired_by_s"] == pytest.approx(by)
    assert ("token.expired-at-start" in fire(one, patterns())) is said


@pytest.mark.parametrize(
    ("ended", "error", "ran_out"),
    [(31.0, 0.5, True), (29.0, 0.5, True), (33.0, 0.5, None), (31.0, 2.0, True), (31.0, 2.1, None), (30.0, 40.0, None)],
)
def test_a_token_ran_out_while_its_socket_was_open(ended: float, error: float, ran_out: bool | None) -> None:
    ran = token(expires=NOON + 30)
    one = attempt(event(path="/ws", token=ran), token=ran, started=NOON, ended=NOON + ended, opened=True, error_s=error)
    assert learned(one).get("token.ran_out") is ran_out


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


def tried(at: float, **given: Any) -> Attempt:
    return attempt(event("browser", path="/ws"), **({"started": NOON + at, "opened": False, "token": token("t")} | given))


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ((tried(3), tried(8)), (3, 4.0)),
        ((tried(3, started=None),), (2, None)),
        ((), (None, None)),
        ((tried(3, opened=True),), (None, None)),
        ((tried(3, status=403),), (None, None)),
        ((tried(3, path="/other"),), (None, None)),
    ],
    ids=["three tries", "one without a time", "one try", "the next one opened", "the next one was answered", "elsewhere"],
)
def test_tries_in_vain(others: tuple[Attempt, ...], told: tuple[int | None, float | None]) -> None:
    assert picked(learned(tried(0), *others), "dials.in_vain", "dials.apart_s") == told


@pytest.mark.parametrize(
    ("one", "yes"),
    [
        (attempt(event("app", "note")), True),
        (attempt(event("app", "refused", path="/ws"), opened=False), True),
        (attempt(event("browser", "closed", path="/ws"), opened=True, code=1008), True),
        (attempt(event("app", "accepted"), event("app", "exception"), opened=True), True),
        (attempt(event("app", "accepted"), opened=True), None),
        (attempt(event(path="/ws", status=502), opened=False, status=502), None),
        (attempt(event("proxy", "error", path="/ws")), None),  # nginx saw it and says what happened
    ],
)
def test_what_may_have_been_refused(one: Attempt, yes: bool | None) -> None:
    assert learned(one).get("may_be_refused") is yes


def test_paths_that_open() -> None:
    opened = attempt(event(path="/ws"), opened=True)
    elsewhere = learned(attempt(event(path="/wss"), opened=False), opened)
    assert picked(elsewhere, "path.opens", "path.other_opens") == (None, True)
    same = learned(attempt(event(path="/ws"), opened=False), opened)
    assert picked(same, "path.opens", "path.other_opens") == (True, None)


def page(loads_after: int | None, **given: Any) -> Attempt:
    return attempt(event("browser", path="/ws", loads_after=loads_after), **given)


@pytest.mark.parametrize(
    ("one", "left"),
    [
        (page(1, opened=True), "open"),
        (page(1, opened=False), "before"),
        (page(0, opened=True), None),
        (page(1, opened=True, code=1006), None),  # the page itself tells how it ended
        (page(None, opened=True), None),
        (attempt(event(path="/ws"), opened=True), None),
    ],
    ids=["a later load", "before it opened", "the last load", "a code", "no loads known", "no browser"],
)
def test_a_page_was_left_when_another_was_loaded(one: Attempt, left: str | None) -> None:
    assert learned(one).get("page.left") == left


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
