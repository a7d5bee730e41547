"""What a page dialled, beside where it came from and what others dial."""

from collections.abc import Sequence

import pytest

from conftest import attempt, event, item, token
from wslogs.facts import address, unfilled
from wslogs.facts.world import world
from wslogs.model import Attempt, Fact
from wslogs.parsers import conf_files
from wslogs.parsers.env import Setting


def learned(one: Attempt, *others: Attempt, conf: str | None = None, settings: Sequence[Setting] = ()) -> dict[str, Fact]:
    told = conf_files.parse(item(conf, "nginx.conf"))[1] if conf is not None else None
    address.learn(one, world([one, *others], (), told, settings, ()))
    return one.facts


@pytest.mark.parametrize(
    ("path", "yes"),
    [
        ("/ws/undefined/", True),
        ("ws/null", True),
        ("/ws/[object Object]", True),
        ("/ws/undefined-behaviour", False),
        ("/nullable/ws", False),
    ],
)
def test_unfilled(path: str, yes: bool) -> None:
    assert unfilled(path) is yes


@pytest.mark.parametrize(
    ("host", "page", "opened", "yes"),
    [
        ("localhost:8000", "https://app.example", False, True),
        ("127.0.0.1", "https://app.example", None, True),
        ("[::1]:8000", "https://app.example", False, True),
        ("localhost:8000", "http://localhost:5173", False, None),
        ("localhost:8000", "http://dev.localhost:5173", False, None),
        ("localhost:8000", None, False, None),
        ("localhost:8000", "https://app.example", True, None),
        ("localhost.example", "https://app.example", False, None),
    ],
)
def test_a_page_that_dials_the_machine_it_is_shown_on(host: str, page: str | None, opened: bool | None, yes: bool | None) -> None:
    one = attempt(event("browser", path="/ws", host=host, page=page), host=host, opened=opened)
    assert learned(one).get("page.dials_itself") is yes


@pytest.mark.parametrize(
    ("name", "others", "yes"),
    [
        ("access_token", ["token"], True),
        ("token", ["token"], None),
        ("token", ["access_token", "token"], None),
        ("token", [None], None),
        ("token", [], None),
        (None, ["token"], None),
    ],
)
def test_a_token_under_another_name(name: str | None, others: Sequence[str | None], yes: bool | None) -> None:
    opened = [
        attempt(event(path="/ws", token=token(f"t{n}")), opened=True, token=token(f"t{n}", parameter=one)) for n, one in enumerate(others)
    ]
    assert learned(attempt(opened=False, token=token(parameter=name)), *opened).get("token.other_name") is yes


FILES = "server {{ listen 443 ssl; server_name cdn.example; location / {{ try_files $uri =404; }} }}\n"
APP = "server {{ listen 443 ssl; server_name app.example; location {path} {{ proxy_pass http://app:80; {headers} }} }}\n"
UPGRADE = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"


@pytest.mark.parametrize(
    ("path", "headers", "host", "yes"),
    [
        ("/ws", UPGRADE, "cdn.example", True),
        ("/api/v1/ws", UPGRADE, "cdn.example", True),
        ("/api/v1/chat", UPGRADE, "cdn.example", None),
        ("/ws", "", "cdn.example", None),
        ("/ws", UPGRADE, "app.example", None),
        ("/ws", UPGRADE, "192.0.2.1", None),
    ],
    ids=["the same path", "below a prefix", "another path", "no upgrade", "dialled there", "no name of a server"],
)
def test_another_host_serves_it(path: str, headers: str, host: str, yes: bool | None) -> None:
    conf = FILES.format() + APP.format(path=path, headers=headers)
    one = attempt(event("browser", path="/ws", host=host), host=host, scheme="wss", opened=False, status=404)
    assert learned(one, conf=conf).get("config.other_host") is yes


BASE = Setting(source=".env", line=1, name="VITE_API_BASE_URL", scheme="https", host="app.example", path="/api/v1")
GOOD = APP.format(path="/api/v1/ws", headers=UPGRADE)


@pytest.mark.parametrize(
    ("path", "opened", "conf", "yes"),
    [
        ("/ws", "/api/v1/ws", None, True),
        ("/ws", None, GOOD, True),
        ("/ws", "/chat", None, None),
        ("/ws", None, None, None),
        ("/ws", None, APP.format(path="/api/", headers=""), None),
        ("/api/v1/socket", "/api/v1/ws", GOOD, None),
    ],
    ids=["others open below it", "nginx upgrades below it", "others open elsewhere", "nothing known", "no upgrades anywhere", "below it"],
)
def test_an_address_beside_the_base_url(path: str, opened: str | None, conf: str | None, yes: bool | None) -> None:
    """Sockets need not lie below the base URL of the API: nginx may lack their location."""
    one = attempt(event("browser", path=path), host="app.example", scheme="wss", opened=False)
    others = [attempt(event(path=opened), host="app.example", opened=True)] if opened else []
    assert learned(one, *others, conf=conf, settings=(BASE,)).get("path.off_base") is yes
