"""Many tries at a time: one token often, many users at one address, two tabs, users who redial in the same second."""

from tests.lab.model import App, Event, Page, Proxy, Scenario, Site, User, ws_location
from tests.lab.scenarios.causes import NO_PINGS, OTHER, PORTAL, PORTAL_API

PERMISSIONS = [f"{thing}:{deed}" for thing in ("orders", "invoices", "customers", "reports") for deed in ("read", "write", "delete")]


def long_token(claims: int) -> dict[str, list[str]]:
    """So many permissions, of some 30 characters of the token each."""
    return {"permissions": [f"region-{number:02}:{PERMISSIONS[number % len(PERMISSIONS)]}" for number in range(claims)]}


CROWDS: tuple[Scenario, ...] = (
    Scenario(
        name="auth/turned-away-500-times",
        causes=("auth.policy",),
        story="The app accepts the socket, finds the account suspended and closes with 1008 at once; the page dials "
        "again after 60 ms, with the same token, 500 times.",
        proxy=Proxy(access="timed"),
        app=App(log="timed", options={"suspended": ["17"]}),
        page=Page(words="objects", first_wait_ms=60, growth=1, dials=500, polls=(("/notifications", 15_000),)),
        users=(User("aziza"),),
        compact_har=True,
        formats="timed; app log with times; HAR with one entry a line",
        seconds=75,
    ),
    Scenario(
        name="auth/crowd-behind-one-address",
        causes=("auth.token-invalid",),
        story="200 users of one office share an address. The signing key was changed: every ninth of them still has a "
        "token of the old one and is refused with 403 before accepting, the others get in and stay for some seconds. "
        "One of those who are refused uses a browser.",
        proxy=Proxy(access="timed"),
        app=App(log="timed"),
        page=Page(tries=3, heartbeat_ms=4000, first_wait_ms=1500),
        users=(
            User("aziza", "203.0.113.24", forged=True, at_s=5),
            *(
                User(
                    f"user{number:03}",
                    "203.0.113.24",
                    subject=str(1000 + number),
                    at_s=round(number * 0.1 + number * 37 % 10 / 50, 2),
                    recorded=False,
                    forged=number % 9 == 0,
                    script=True,
                    stays_s=0 if number % 7 == 0 else 2 + number * 13 % 12,
                )
                for number in range(1, 200)
            ),
        ),
        formats="timed; app log with times; 200 tokens of one address",
        seconds=36,
    ),
    Scenario(
        name="auth/two-tabs",
        causes=("auth.token-expired",),
        story="One user, one browser, two tabs, one token. It runs out while both sockets are open: the app closes both "
        "with 1008 and refuses what the tabs dial then, at nearly the same times, with 403.",
        proxy=Proxy(access="timed"),
        app=App(log="timed", options={"close_when_expired": True}),
        page=Page(words="en", heartbeat_ms=2500, tries=5, first_wait_ms=800),
        users=(User("aziza", expires_in_s=22, tabs=2), OTHER),
        formats="timed; app log with times; a HAR and a console of each tab",
        seconds=26,
    ),
    Scenario(
        name="auth/four-redial-in-a-second",
        causes=("auth.origin",),
        story="The app accepts sockets of https://portal.example.org only, and the page has moved to another host. Four "
        "users are refused with 403 and dial again every 200 to 500 ms, each with a token of their own.",
        proxy=Proxy(sites=(Site(PORTAL),), access="combined"),
        app=App(log="timed", options={"origins": ["https://portal.example.org"]}, zone="Asia/Tashkent"),
        page=Page(words="en", api_base=PORTAL_API, tries=12, growth=1),
        users=tuple(
            User(name, address, subject=subject, recorded=name == "aziza", stored={"first_wait_ms": wait})
            for name, address, subject, wait in (
                ("aziza", "203.0.113.24", "17", "350"),
                ("timur", "203.0.113.24", "23", "200"),
                ("sardor", "203.0.113.24", "52", "500"),
                ("dilnoza", "198.51.100.31", "61", "270"),
            )
        ),
        formats="combined, so whole seconds only; app log with local times (+05:00) and no zone",
        seconds=14,
    ),
    Scenario(
        name="application/request-ids",
        causes=("application.exception",),
        story="nginx masks tokens in its access log, and logs the key of each handshake, an id of the request and the "
        "number of the connection; the app gets the id, logs it and sends it back. Two users dial at the same moments, "
        "and the handler fails on their first message, a subscription without a region.",
        proxy=Proxy(sites=(Site(locations=ws_location(more="proxy_set_header X-Request-ID $request_id;")),), access="keyed"),
        app=App(log="timed", options={"broken_channels": True}),
        page=Page(words="en", subscribe="orders", tries=6, growth=1, dials=9),
        users=(User("aziza"), User("timur", "203.0.113.24", subject="23")),
        formats="keys, request ids and connections in an access log of whole seconds, tokens masked; app log with times",
        seconds=12,
    ),
    Scenario(
        name="server/long-tokens",
        causes=("server.down",),
        story="The app is not running, and the tokens are long: nginx cuts a line of its error log at 2048 bytes, here "
        "within the request of one user, and within or right before the upstream's address of the others.",
        proxy=Proxy(access="timed"),
        app=App(running=False),
        page=Page(tries=4, first_wait_ms=600, fetches=("/items",)),
        users=(
            User("aziza", claims=long_token(54)),
            User("timur", "198.51.100.31", subject="23", claims=long_token(40), recorded=False, at_s=0.4),
            User("sardor", "198.51.100.31", subject="52", claims=long_token(30), recorded=False, at_s=0.8),
        ),
        formats="timed; lines of error.log without their tail; no app log",
        seconds=11,
    ),
    Scenario(
        name="proxy/rotated-logs",
        causes=("proxy.read-timeout",),
        story="proxy_read_timeout is 4 s and nobody speaks on the socket. All logs are rotated in the middle; before that "
        "someone saved the tail of access.log, and the app's log is in the bundle once more as docker compose prints it.",
        proxy=Proxy(sites=(Site(locations=ws_location(read_timeout="4s")),), access="timed", error_level="info"),
        app=App(log="timed", arguments=NO_PINGS),
        page=Page(words="en", first_wait_ms=500),
        users=(User("aziza"), OTHER),
        events=(Event(11.5, "save-tail"), Event(12.5, "rotate")),
        compose_copy=True,
        formats="timed; access.log.1, error.log.1 and app.log.1 beside the logs; two copies whose lines overlap with theirs",
        seconds=24,
    ),
)
