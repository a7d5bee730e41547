"""What nginx does to a handshake: loses its headers, speaks an old version, asks the wrong place, has too little room."""

from tests.lab.model import FORWARDED, HTTP_1_0, SERVERS, UPGRADE, App, Page, Proxy, Scenario, Site, User, ws_location
from tests.lab.scenarios.causes import OTHER
from tests.lab.scenarios.crowds import long_token

ONE_HEADER = """
            proxy_set_header X-Forwarded-Proto $scheme;"""
NO_CONNECTION = """
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;"""
MAPPED = """
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;"""
INHERITED = "".join(line.replace("            ", "        ", 1) + "\n" for line in (UPGRADE + FORWARDED).splitlines() if line)
CROWD = tuple(User(f"user{n}", f"198.51.100.{60 + n}", subject=str(70 + n), at_s=0.4 * n, script=True, recorded=False) for n in range(1, 7))

PROXIES: tuple[Scenario, ...] = (
    Scenario(
        name="proxy/upgrade-not-inherited",
        causes=("proxy.upgrade-headers",),
        story="The headers of the upgrade stand in the server block. The location of the socket sets one header of its own, "
        "and inherits none of them: the app sees a plain GET and answers 404.",
        proxy=Proxy(
            sites=(Site(settings=f"\n{INHERITED}", locations=ws_location(upgrade="", forwarded=ONE_HEADER)),),
            access="timed",
        ),
        app=App(log="timed"),
        page=Page(words="en", tries=4, first_wait_ms=700),
        formats="timed; app log with times",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="proxy/connection-missing",
        causes=("proxy.upgrade-headers",),
        story="The location of the socket passes Upgrade and not Connection: the app sees a GET that does not ask to be "
        "upgraded, and answers 404. Meanwhile a summary fails and a report is missing.",
        proxy=Proxy(sites=(Site(locations=ws_location(upgrade=NO_CONNECTION)),)),
        app=App(log="json"),
        page=Page(words="objects", tries=4, first_wait_ms=700, fetches=("/me", "/items", "/summary", "/reports/77")),
        formats="combined; JSON app log with a traceback of another route",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="proxy/map-always-closes",
        causes=("proxy.upgrade-headers",),
        story="Connection comes of a map whose default is close and that has no line for websocket: the app sees a plain GET.",
        proxy=Proxy(
            sites=(Site(locations=ws_location(upgrade=MAPPED)),),
            access="upstream",
            http="map $http_upgrade $connection_upgrade {\n        default close;\n        h2c upgrade;\n    }",
        ),
        page=Page(tries=4, first_wait_ms=700),
        users=(User("aziza"), User("timur", "198.51.100.31", subject="23", at_s=1)),
        formats="upstream format with ISO times; uvicorn's own log without times; two HARs, two consoles",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="proxy/upgrade-missing-hypercorn",
        causes=("proxy.upgrade-headers",),
        story="The location of the socket passes neither Upgrade nor Connection: hypercorn sees a plain GET and answers 404.",
        proxy=Proxy(sites=(Site(locations=ws_location(upgrade="")),), access="json"),
        app=App(server="hypercorn"),
        page=Page(words="en", tries=4, first_wait_ms=700),
        layers=SERVERS,
        formats="JSON access log, which tells Upgrade; hypercorn's log; no browser",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="proxy/http-1.0",
        causes=("proxy.http-version",),
        story="The location of the socket passes Upgrade and Connection, and lacks proxy_http_version 1.1: this nginx asks by "
        "HTTP/1.0, in which nothing can be upgraded, and hypercorn answers 400.",
        proxy=Proxy(sites=(Site(locations=ws_location(upgrade=HTTP_1_0)),), access="timed"),
        app=App(server="hypercorn"),
        page=Page(words="en", tries=4, first_wait_ms=700),
        formats="timed; hypercorn's log",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="proxy/http-1.0-servers-only",
        causes=("proxy.http-version",),
        story="A new location was written without proxy_http_version 1.1, and hypercorn answers its HTTP/1.0 with 400. Nobody "
        "exported a browser; a report is missing at the same time.",
        proxy=Proxy(sites=(Site(locations=ws_location(upgrade=HTTP_1_0)),), access="upstream", error_level="info"),
        app=App(server="hypercorn"),
        page=Page(tries=4, first_wait_ms=700, fetches=("/me", "/items", "/reports/77")),
        users=(User("aziza"), User("timur", "198.51.100.31", subject="23", at_s=0.5, script=True)),
        layers=SERVERS,
        formats="upstream format with ISO times; error_log info; hypercorn's log; no browser",
        seconds=9,
    ),
    Scenario(
        name="proxy/no-resolver",
        causes=("proxy.upstream",),
        story="proxy_pass of the socket's location names its upstream by a variable, and no resolver is set: nginx cannot find "
        "the host and answers 502. The app runs and answers everything else.",
        proxy=Proxy(sites=(Site(locations=ws_location(upstream="$realtime", more="set $realtime live.internal:8000;")),), access="json"),
        app=App(log="json"),
        page=Page(words="en", tries=4, first_wait_ms=700),
        formats="JSON access log; JSON app log with no line of a socket",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="proxy/https-to-plain-app",
        causes=("proxy.upstream",),
        story="proxy_pass of the socket's location says https://, and uvicorn speaks no TLS: 502, and uvicorn warns of invalid "
        "requests. Everything else goes by http:// and works.",
        proxy=Proxy(sites=(Site(locations=ws_location(scheme="https")),), access="upstream"),
        app=App(log="timed"),
        page=Page(tries=4, first_wait_ms=700),
        formats="upstream format with ISO times; app log with times",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="proxy/unix-socket-missing",
        causes=("proxy.upstream",),
        story="proxy_pass of the socket's location names a unix socket that nobody made: the app listens on a port, and "
        "answers everything else there.",
        proxy=Proxy(sites=(Site(locations=ws_location(upstream="unix:@root@/run/realtime.sock")),)),
        page=Page(words="objects", tries=4, first_wait_ms=700),
        formats="combined; uvicorn's own log without times",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="proxy/request-rate",
        causes=("proxy.limits",),
        story="limit_req allows six dials a minute and address, with a burst of one; an office shares one address, and most of "
        "its dials get 503.",
        proxy=Proxy(
            sites=(Site(locations=ws_location(more="limit_req zone=dials burst=1 nodelay;")),),
            access="timed",
            http="limit_req_zone $binary_remote_addr zone=dials:1m rate=6r/m;",
        ),
        app=App(log="json"),
        page=Page(tries=4, first_wait_ms=700, heartbeat_ms=3000),
        users=(
            *(User(f"user{n}", subject=str(70 + n), at_s=0.5 * n, script=True, recorded=False) for n in (1, 2, 3)),
            User("aziza", at_s=2),
        ),
        formats="timed; JSON app log",
        compact_har=True,
        seconds=11,
    ),
    Scenario(
        name="proxy/few-connections",
        causes=("proxy.limits",),
        story="worker_connections is 16, and each socket takes two: when some phones are connected no connection is left, and "
        "the browser's dial is answered with 500.",
        proxy=Proxy(access="timed", worker_connections=16),
        app=App(log="timed"),
        page=Page(words="en", tries=4, first_wait_ms=900, heartbeat_ms=3000, fetches=("/items",), polls=()),
        users=(*CROWD, User("aziza", at_s=4)),
        formats="timed; app log with times; alerts in error_log",
        compact_har=True,
        seconds=12,
    ),
    Scenario(
        name="proxy/long-query",
        causes=("proxy.limits",),
        story="The user has so many permissions that the token is longer than 8 kB, which is all that nginx takes for the "
        "first line of a request: 414. Another user gets in.",
        proxy=Proxy(access="json", error_level="info"),
        app=App(log="timed"),
        page=Page(words="objects", tries=3, first_wait_ms=700, fetches=(), polls=()),
        users=(User("aziza", claims=long_token(230)), User("timur", "198.51.100.31", subject="23", at_s=1, script=True, stays_s=5)),
        formats="JSON access log; error_log info; app log with times",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="proxy/big-cookies",
        causes=("proxy.limits",),
        story="The page stores its filters in cookies for the socket's path: the header becomes longer than the 8 kB that nginx "
        "takes, and it answers 400. Another user has no such cookies.",
        proxy=Proxy(access="timed", error_level="info"),
        app=App(log="json"),
        page=Page(tries=4, first_wait_ms=700, cookie_bytes=12_000),
        users=(User("aziza"), User("timur", "198.51.100.31", subject="23", at_s=1, script=True, stays_s=5)),
        formats="timed; error_log info; JSON app log",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="proxy/read-timeout-hypercorn",
        causes=("proxy.read-timeout",),
        story="proxy_read_timeout is 3 s, nobody speaks on the socket, and hypercorn sends no pings: nginx ends each socket "
        "after three silent seconds..",
        proxy=Proxy(sites=(Site(locations=ws_location(read_timeout="3s")),), access="json", error_level="info"),
        app=App(server="hypercorn"),
        page=Page(words="en", first_wait_ms=600),
        users=(User("aziza"), OTHER),
        formats="JSON access log; error_log info; hypercorn's log",
        compact_har=True,
        seconds=13,
    ),
)
