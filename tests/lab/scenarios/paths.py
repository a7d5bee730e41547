"""The socket's address leads elsewhere: to no route, to a plain one, to a page."""

from dataclasses import replace

from tests.lab.model import SERVERS, App, Page, Proxy, Scenario, Site, User, ws_location
from tests.lab.scenarios.causes import OTHER, PORTAL, PORTAL_API

BOTH = (Site(locations=ws_location("~ ^/api/v1/(ws|events)")),)
# The older build in another user's cache still dials the right path.
OLD_BUILD = replace(OTHER, stored={"ws_path": "/ws"})

PATHS: tuple[Scenario, ...] = (
    Scenario(
        name="path/http-route",
        causes=("path.not-websocket",),
        story="The page dials /api/v1/events, a route that answers plain GETs and knows no WebSocket: 403. The page asks it "
        "for events by GET as well, and gets them.",
        proxy=Proxy(sites=BOTH, access="timed"),
        app=App(log="timed"),
        page=Page(words="en", ws_path="/events", tries=4, first_wait_ms=700, polls=(("/events", 2500),)),
        users=(User("aziza"), OLD_BUILD),
        formats="timed; app log with times: the same path with 200 and as a WebSocket with 403",
        compact_har=True,
        seconds=10,
    ),
    Scenario(
        name="path/http-route-hypercorn",
        causes=("path.not-websocket",),
        story="The page dials /api/v1/events, a route that answers plain GETs and knows no WebSocket: hypercorn refuses with "
        "403, and answers the page's own GETs with 200.",
        proxy=Proxy(sites=BOTH, access="json"),
        app=App(server="hypercorn"),
        page=Page(ws_path="/events", tries=4, first_wait_ms=700, polls=(("/events", 2500), ("/summary", 4000))),
        formats="JSON access log; hypercorn's log with a traceback of another route",
        compact_har=True,
        seconds=10,
    ),
    Scenario(
        name="path/static-mount",
        causes=("path.not-websocket",),
        accept=("path.not-found",),
        decidable=False,
        notes="without the source nothing tells a mount that swallows the route from a route that is not there",
        story="StaticFiles is mounted at / before the route of the socket, and takes what comes for it: 403.",
        proxy=Proxy(access="combined"),
        app=App(log="json", options={"static_at_root": "dist"}),
        page=Page(words="objects", tries=4, first_wait_ms=700),
        formats="combined; JSON app log",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="path/legacy-mount",
        causes=("path.not-websocket",),
        accept=("application.exception",),
        story="An older WSGI application is mounted at /api/v1 before the route of the socket. It is asked for the socket and "
        "asserts that it was asked for HTTP: 500.",
        proxy=Proxy(access="timed"),
        app=App(options={"legacy_at": "/api/v1"}),
        page=Page(tries=4, first_wait_ms=700),
        formats="timed; uvicorn's own log without times, with tracebacks of the assertion",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="path/no-location",
        causes=("path.not-found",),
        story="The page dials /realtime, for which nginx has no location: it looks for a file of that name and answers 404.",
        proxy=Proxy(sites=(Site(PORTAL, fallback="=404"),), access="upstream"),
        app=App(log="json"),
        page=Page(
            api_base=PORTAL_API,
            ws_base=f"wss://{PORTAL}",
            ws_path="/realtime",
            tries=4,
            first_wait_ms=700,
            env=f"VITE_API_BASE_URL={PORTAL_API}\nVITE_WS_URL=wss://{PORTAL}/realtime\n",
        ),
        formats="upstream format with ISO times; JSON app log with no line of a socket",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="path/trailing-slash",
        causes=("path.not-found",),
        story="The new build dials /api/v1/ws/ with a slash at its end, and the app's route has none: refused with 403. A user "
        "with the older build in the cache gets in. Meanwhile a summary fails.",
        proxy=Proxy(access="combined"),
        app=App(log="json"),
        page=Page(ws_path="/ws/", tries=4, first_wait_ms=700, polls=(("/summary", 2500),)),
        users=(User("dilnoza"), OLD_BUILD),
        formats="combined; JSON app log with tracebacks of another route",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="path/route-gone-hypercorn",
        causes=("path.not-found",),
        story="The app moved its socket to /api/v2/ws and the page still dials /api/v1/ws: hypercorn refuses with 403, though "
        "the token is fine. A phone with the new build gets in.",
        proxy=Proxy(sites=(Site(locations=ws_location("~ ^/api/v[12]/ws")),), access="timed"),
        app=App(server="hypercorn", options={"ws_path": "/api/v2/ws"}),
        page=Page(words="en", rest_base="https://testdomen.uz/api/v1", tries=4, first_wait_ms=700),
        users=(User("dilnoza"), replace(OTHER, stored={"api_base": "https://testdomen.uz/api/v2"})),
        formats="timed; hypercorn's log",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="path/undefined-in-path",
        causes=("path.base-url",),
        story="The page builds its address of VITE_WS_PREFIX, which this build was made without: it dials /undefined/ws, and "
        "nginx answers index.html with 200.",
        proxy=Proxy(sites=(Site(PORTAL),), access="combined"),
        app=App(log="timed"),
        page=Page(api_base=PORTAL_API, ws_base=f"wss://{PORTAL}/undefined", tries=4, first_wait_ms=700),
        formats="combined; app log with times and no line of a socket; .env without the variable",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="path/dials-localhost",
        causes=("path.base-url",),
        story="The build for production was made with the developer's .env: the page dials ws://localhost:8000, where on a "
        "user's machine nobody listens.",
        proxy=Proxy(sites=(Site(PORTAL),), access="json"),
        app=App(log="json"),
        page=Page(
            words="en",
            api_base=PORTAL_API,
            ws_base="ws://localhost:8000/api/v1",
            tries=4,
            first_wait_ms=700,
            env=f"VITE_API_BASE_URL={PORTAL_API}\nVITE_WS_BASE_URL=ws://localhost:8000/api/v1\n",
        ),
        formats="JSON access log; JSON app log; nothing of the sockets at the servers",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="path/host-of-the-files",
        causes=("path.base-url",),
        accept=("path.not-found",),
        story="VITE_WS_BASE_URL names the host of static files instead of the app's: nginx looks for a file there and answers "
        "404. The app's host has the socket at /api/v1/ws.",
        proxy=Proxy(sites=(Site(PORTAL), Site("cdn.example.com", locations="", fallback="=404")), access="upstream"),
        app=App(log="timed"),
        page=Page(
            words="objects",
            api_base=PORTAL_API,
            ws_base="wss://cdn.example.com",
            tries=4,
            first_wait_ms=700,
            env=f"VITE_API_BASE_URL={PORTAL_API}\nVITE_WS_BASE_URL=wss://cdn.example.com\n",
        ),
        formats="upstream format with ISO times; app log with times",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="path/fallback-servers-only",
        causes=("path.static-fallback",),
        story="The page dials /socket and nginx has a location for /ws only: it answers index.html with 200. Nobody exported a browser.",
        proxy=Proxy(sites=(Site(locations=ws_location("= /ws")),), access="json"),
        app=App(log="json"),
        page=Page(ws_base="wss://testdomen.uz", ws_path="/socket", tries=5, first_wait_ms=600, env="VITE_WS_BASE_URL=wss://testdomen.uz\n"),
        users=(User("aziza"), User("timur", "198.51.100.31", subject="23", at_s=0.5, script=True)),
        layers=SERVERS,
        formats="JSON access log, which tells Upgrade; JSON app log; no browser",
        seconds=9,
    ),
)
