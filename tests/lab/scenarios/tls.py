"""TLS: certificates, and ends that do not speak it alike."""

from tests.lab.model import App, Page, Proxy, Scenario, Site, User
from tests.lab.scenarios.causes import OTHER, PORTAL, PORTAL_API, SOCKETS, SOCKETS_API, SPLIT_ENV

NOISE = ("/me", "/items", "/summary", "/reports/77")
OLD_TLS = """
        ssl_protocols TLSv1 TLSv1.1;
        ssl_ciphers DEFAULT@SECLEVEL=0;
"""
RSA_ONLY = """
        ssl_protocols TLSv1.2;
        ssl_ciphers AES256-GCM-SHA384:AES128-GCM-SHA256:AES128-SHA;
"""


def _elsewhere(place: str, **more: str) -> Page:
    """A page of the portal that dials wss:// at another place."""
    base = f"wss://{place}/api/v1"
    env = f"VITE_API_BASE_URL={PORTAL_API}\nVITE_WS_BASE_URL={base}\n"
    return Page(words=more.get("words", "ru"), api_base=PORTAL_API, ws_base=base, tries=4, first_wait_ms=700, env=env)  # type: ignore[arg-type]


TLS: tuple[Scenario, ...] = (
    Scenario(
        name="tls/expired-for-phones-too",
        causes=("tls.expired",),
        story="The certificate of the sockets' host ran out three days ago. A browser and a phone's app meet it; a summary "
        "fails and a report is missing at the same time, which is another matter.",
        proxy=Proxy(sites=(Site(PORTAL), Site(SOCKETS, "expired")), access="json", error_level="info"),
        page=Page(api_base=PORTAL_API, ws_base=SOCKETS_API, tries=4, first_wait_ms=700, fetches=NOISE, env=SPLIT_ENV),
        users=(User("aziza"), User("timur", "198.51.100.31", subject="23", at_s=0.5, script=True)),
        formats="JSON access log; error_log info; uvicorn's own log with a traceback of another route; console with times",
        console_times=True,
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="tls/self-signed",
        causes=("tls.untrusted",),
        story="Someone made a certificate for the sockets' host by hand: it is signed by itself.",
        proxy=Proxy(sites=(Site(PORTAL), Site(SOCKETS, "self-signed")), error_level="info"),
        app=App(server="hypercorn"),
        page=Page(words="objects", api_base=PORTAL_API, ws_base=SOCKETS_API, tries=4, first_wait_ms=700, env=SPLIT_ENV),
        formats="combined; error_log info; hypercorn's log with no line of a socket",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="tls/no-intermediate",
        causes=("tls.untrusted",),
        story="ssl_certificate of the sockets' host holds the leaf alone, without the intermediate that signed it. Neither "
        "the browser nor a phone's app finds the way to the root that both trust.",
        proxy=Proxy(sites=(Site(PORTAL), Site(SOCKETS, "no-intermediate")), access="upstream", error_level="info"),
        app=App(log="json"),
        page=Page(api_base=PORTAL_API, ws_base=SOCKETS_API, tries=4, first_wait_ms=700, env=SPLIT_ENV),
        users=(User("aziza"), User("timur", "198.51.100.31", subject="23", at_s=0.5, script=True)),
        formats="upstream format with ISO times; error_log info; JSON app log",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="tls/wildcard-one-level",
        causes=("tls.hostname",),
        story="The sockets' host is rt.ws.example.com and its certificate is made out for *.example.com, which stands for one level only.",
        proxy=Proxy(sites=(Site(PORTAL), Site("rt.ws.example.com", "wildcard")), error_level="info"),
        app=App(log="json"),
        page=_elsewhere("rt.ws.example.com", words="en"),
        formats="combined; error_log info; JSON app log",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="tls/http-base",
        causes=("tls.mixed-content",),
        story="VITE_API_BASE_URL begins with http:, the page makes ws: of it, and the page itself comes by https. Its own "
        "requests go to the page's host, and work.",
        proxy=Proxy(sites=(Site(PORTAL),), access="json"),
        app=App(log="timed"),
        page=Page(
            api_base=f"http://{PORTAL}/api/v1",
            rest_base="/api/v1",
            tries=4,
            first_wait_ms=700,
            fetches=NOISE,
            env=f"VITE_API_BASE_URL=http://{PORTAL}/api/v1\n",
        ),
        formats="JSON access log; app log with times and a traceback of another route; no socket in the HAR",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="tls/wss-to-plain-port",
        causes=("tls.protocol",),
        story="The sockets have a port of their own, 8080, where nginx listens without ssl, and the page dials wss:// there.",
        proxy=Proxy(sites=(Site(PORTAL), Site(PORTAL, port=8080, tls=False)), access="timed", error_level="info"),
        app=App(log="timed"),
        page=_elsewhere(f"{PORTAL}:8080", words="en"),
        formats="timed, with requests that are no HTTP; error_log info; app log with times",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="tls/wss-to-app-port",
        causes=("tls.protocol",),
        story="The page dials wss:// at uvicorn's own port, which speaks no TLS. nginx serves the rest.",
        proxy=Proxy(sites=(Site(PORTAL), Site(PORTAL, port=8000, direct=True))),
        page=_elsewhere(f"{PORTAL}:8000"),
        formats="combined; uvicorn's own log: invalid requests",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="tls/ws-to-tls-port",
        causes=("tls.protocol",),
        story="The page comes by http and dials ws:// at port 8443, where nginx speaks TLS.",
        proxy=Proxy(sites=(Site(PORTAL, port=80, tls=False), Site(PORTAL, port=8443)), access="json", error_level="info"),
        app=App(log="json"),
        page=Page(
            api_base=f"http://{PORTAL}/api/v1",
            ws_base=f"ws://{PORTAL}:8443/api/v1",
            tries=4,
            first_wait_ms=700,
            env=f"VITE_API_BASE_URL=http://{PORTAL}/api/v1\nVITE_WS_BASE_URL=ws://{PORTAL}:8443/api/v1\n",
        ),
        users=(User("aziza"), OTHER),
        formats="JSON access log; error_log info; JSON app log; two users",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="tls/old-versions",
        causes=("tls.protocol",),
        story="The sockets' port takes TLS 1.0 and 1.1 only, which no browser speaks any more.",
        proxy=Proxy(sites=(Site(PORTAL), Site(SOCKETS, port=8443, settings=OLD_TLS)), access="timed", error_level="info"),
        app=App(log="timed"),
        page=_elsewhere(f"{SOCKETS}:8443", words="objects"),
        formats="timed; error_log info; app log with times",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="tls/no-common-cipher",
        causes=("tls.protocol",),
        story="The certificate of the sockets' port was renewed with an elliptic key, and ssl_ciphers allows only suites of "
        "an RSA key: no cipher is left.",
        proxy=Proxy(sites=(Site(PORTAL), Site(SOCKETS, port=8443, settings=RSA_ONLY)), error_level="info"),
        page=_elsewhere(f"{SOCKETS}:8443", words="en"),
        formats="combined; error_log info; uvicorn's own log without times",
        compact_har=True,
        seconds=9,
    ),
)
