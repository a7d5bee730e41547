"""What a bundle leaves out: sockets that no row tells of yet, and tiers that nobody collected."""

from tests.lab.model import SERVERS, App, Page, Proxy, Scenario, Site, User, ws_location
from tests.lab.scenarios.causes import OTHER

PARTS: tuple[Scenario, ...] = (
    Scenario(
        name="healthy/open-at-collection",
        causes=("healthy",),
        story="Nothing is wrong. The logs are collected while all sockets are open but one that was left politely: nginx "
        "has no row of them yet, the app has accepted them, and the browser shows two of them.",
        proxy=Proxy(access="timed"),
        app=App(log="timed"),
        page=Page(words="en", heartbeat_ms=2000),
        users=(
            User("aziza"),
            User("timur", "198.51.100.31", subject="23", at_s=1),
            User("user1", "198.51.100.77", subject="71", at_s=2, script=True, recorded=False),
            User("user2", "198.51.100.77", subject="72", at_s=2.5, script=True, recorded=False, stays_s=4),
            User("user3", "198.51.100.77", subject="73", at_s=3, script=True, recorded=False),
        ),
        formats="timed; app log with times; sockets that are still open in every tier",
        seconds=12,
    ),
    Scenario(
        name="application/servers-only",
        causes=("application.exception",),
        story="Nobody exported a browser. The handler fails on the first message of three users, a subscription without a "
        "region: a KeyError after accepting.",
        proxy=Proxy(access="timed"),
        app=App(log="timed", options={"broken_channels": True}),
        page=Page(subscribe="orders", growth=1, first_wait_ms=1300, dials=5),
        users=(User("aziza"), OTHER, User("sardor", "203.0.113.90", subject="52", at_s=0.5, script=True)),
        layers=SERVERS,
        formats="timed; app log with times, tracebacks; no browser",
        seconds=12,
    ),
    Scenario(
        name="proxy/nginx-logs-only",
        causes=("proxy.limits",),
        story="Only nginx's two logs were collected. limit_conn allows two sockets per address; four users share one "
        "behind a NAT, and the later two get 503.",
        proxy=Proxy(
            sites=(Site(locations=ws_location(more="limit_conn per_address 2;")),),
            access="timed",
            http="limit_conn_zone $binary_remote_addr zone=per_address:1m;",
        ),
        app=App(log="timed"),
        page=Page(heartbeat_ms=3000, tries=5, first_wait_ms=700),
        users=(
            User("timur", subject="23", script=True, stays_s=9),
            User("sardor", subject="52", script=True, at_s=0.5, stays_s=10),
            User("aziza", at_s=1.5),
            User("dilnoza", subject="61", script=True, at_s=2),
        ),
        layers=("nginx-access", "nginx-error"),
        formats="timed; nginx's logs and nothing else",
        seconds=14,
    ),
    Scenario(
        name="auth/app-log-only",
        causes=("auth.token-expired",),
        story="Only the app's log was collected. The tokens of two users ran out and they are refused with 403 before "
        "accepting; a third gets in.",
        app=App(log="timed"),
        page=Page(tries=4),
        users=(
            User("aziza", expires_in_s=-1800),
            User("sardor", "203.0.113.90", subject="52", expires_in_s=-90, at_s=0.7, script=True),
            User("timur", "198.51.100.31", subject="23", at_s=1.5, script=True, stays_s=5),
        ),
        layers=("app",),
        formats="app log with times and no zone, and nothing else",
        seconds=12,
    ),
    Scenario(
        name="auth/browser-only",
        causes=("auth.policy",),
        story="Only what the browser exports was collected. The app accepts the socket, finds the account suspended and "
        "closes with 1008 and that reason.",
        app=App(log="timed", options={"suspended": ["17"]}),
        page=Page(words="en", tries=4, first_wait_ms=1500),
        users=(User("aziza"),),
        console_times=True,
        layers=("browser", "console"),
        formats="HAR and console with times, and nothing else",
        seconds=11,
    ),
)
