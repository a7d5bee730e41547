"""What of the rest of the bundle is gathered for the facts of one attempt."""

from conftest import NOON, attempt, event, item, source, token
from wslogs.facts.world import World, dialler, order, tell, world
from wslogs.model import Attempt, Event
from wslogs.parsers import conf_files


def of(*attempts: Attempt, loose: tuple[Event, ...] = ()) -> World:
    return world(attempts, (), None, (), loose)


def test_starts_and_stops_by_time_and_by_line() -> None:
    late, untimed, early = (event("app", "ready", line=n, at=at) for n, at in ((1, NOON + 9), (2, None), (3, NOON)))
    other = event("app", "stopping", source="b.log", line=1, at=NOON + 5)
    note, close = event("app", "note", line=4), event("app", "closed", line=7)
    found = of(loose=(note, close, early, other, untimed, late))
    assert list(found.life) == [early, other, late]
    assert found.lives == {"app.log": [late, untimed, early], "b.log": [other]}
    assert found.closes == {"app.log": [7]}


def test_ports_that_the_app_listens_on() -> None:
    ready = event("app", "ready", upstream="http://127.0.0.1:8000")
    assert of(loose=(ready, event("app", "started"))).ports == {"8000": ready}


def test_who_dialled_when() -> None:
    own = token("t")
    first, second = attempt(token=own, started=NOON + 2), attempt(token=own, started=NOON)
    stranger, timeless = attempt(started=NOON + 1), attempt(token=own)
    found = of(first, stranger, second, timeless)
    assert {key: (one.count, one.starts) for key, one in found.tries.items()} == {
        ("/ws", "t"): (3, [NOON, NOON + 2]), ("/ws", None): (1, [NOON + 1]),
    }  # fmt: skip
    assert (found.tries["/ws", "t"].first, found.tries["/ws", "t"].last) == ([first, second, timeless], order(timeless))
    assert dialler(stranger) == ("/ws", None)


def test_paths_that_opened() -> None:
    plain, carried = attempt(event(path="/ws"), opened=True), attempt(event(path="/chat"), token=token(), opened=True)
    found = of(plain, carried, attempt(event(path="/no"), token=token(), opened=False))
    assert (found.opened, found.with_token) == ({"/ws": plain, "/chat": carried}, {"/chat"})


def test_a_route_is_found_on_the_configuration() -> None:
    conf = conf_files.parse(item("server { location /ws { proxy_pass http://a:1; } }", "nginx.conf"))[1]
    found = world((), (), conf, (), ())
    route = found.route(attempt(event(path="/ws/7")))
    assert route is not None and route.location is not None and route.location.args == ["/ws"]
    assert found.route(attempt(event(path="/ws/7"))) is route
    only = found.route(attempt(event(path=None)))
    assert only is not None and only.location is route.location and only.path is None, "there is no other way"
    assert of().route(attempt()) is None


def test_requests_around_an_instant() -> None:
    rows = [event(what="request", path=f"/{n}", at=NOON + n) for n in (5, 1, 9)] + [event(what="request", path="/x")]
    others = world((), (source(offset_s=100.0),), None, (), (), others=rows).others
    assert [e.path for e in others.around(NOON + 102, 2)] == ["/1", "/5"]
    assert [e.path for e in others.around(None, 9)] == ["/1", "/5", "/9", "/x"]


def test_of_several_versions_of_nginx_the_oldest_counts() -> None:
    told = (event("proxy", "note", version="1.29.7"), event("proxy", "note", version="1.9.15"))
    assert world((), (), None, (), told).nginx == (1, 9, 15)
    assert of().nginx is None


def test_a_fact_keeps_the_events_that_show_it() -> None:
    one, line = attempt(), event(line=9)
    tell(one, "opened", False, None, line)
    assert (one.facts, one.proof) == ({"opened": False}, {"opened": (line,)})
