"""What a scenario is: one declarative entry, frozen. scenarios/ holds the table."""

from dataclasses import dataclass, field
from typing import Any, Literal

Certificate = Literal["valid", "expired", "untrusted", "other-name", "self-signed", "no-intermediate", "wildcard"]
AccessFormat = Literal["combined", "timed", "json", "upstream", "keyed"]
AppLog = Literal["plain", "timed", "json"]
Server = Literal["uvicorn", "hypercorn", "gunicorn", "gunicorn-wsgi", "websockets", "raw"]
Between = Literal["refuses-tunnels", "drops-upgrade", "unknown-authority", "blocking-extension"]
Words = Literal["ru", "en", "objects"]
What = Literal[
    "arrive", "leave", "reload", "offline", "online",
    "app-stop", "app-kill", "app-start", "app-freeze", "app-thaw",
    "pass", "reset", "swallow", "cut", "rotate", "save-tail",
]  # fmt: skip
Layer = Literal["browser", "console", "nginx-access", "nginx-error", "nginx-conf", "app", "env"]
SERVERS: tuple[Layer, ...] = ("nginx-access", "nginx-error", "nginx-conf", "app", "env")
ALL: tuple[Layer, ...] = ("browser", "console", *SERVERS)

FORWARDED = """
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;"""
HTTP_1_0 = """
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";"""
UPGRADE = """
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";"""


def ws_location(
    path: str = "/api/v1/ws",
    *,
    upgrade: str = UPGRADE,
    forwarded: str = FORWARDED,
    read_timeout: str = "86400",
    upstream: str = "@app@",
    scheme: str = "http",
    more: str = "",
) -> str:
    """The location of the guide; `@app@` becomes the address where the app listens, `@free@` one where nobody does,
    `@root@` the folder of the server's root."""
    timeout = f"\n            proxy_read_timeout {read_timeout};" if read_timeout else ""
    extra = f"\n            {more}" if more else ""
    return f"""
        location {path} {{
            proxy_pass {scheme}://{upstream};{upgrade}{forwarded}{timeout}{extra}
        }}
"""


@dataclass(frozen=True)
class Site:
    host: str = "testdomen.uz"
    certificate: Certificate = "valid"
    locations: str = field(default_factory=ws_location)
    port: int = 443
    tls: bool = True
    settings: str = ""
    """More of the server block, before its locations."""
    fallback: str = "/index.html"
    """What try_files ends with."""
    direct: bool = False
    """Not a site of nginx: the app's own port, which anyone may reach."""

    @property
    def place(self) -> str:
        """As it stands in a URL."""
        return self.host if self.port == (443 if self.tls else 80) else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Proxy:
    sites: tuple[Site, ...] = (Site(),)
    access: AccessFormat = "combined"
    error_level: str = ""
    http: str = ""
    zone: str = "UTC"
    worker_connections: int = 768


@dataclass(frozen=True)
class App:
    server: Server = "uvicorn"
    log: AppLog = "plain"
    options: dict[str, Any] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    running: bool = True
    zone: str = "UTC"


@dataclass(frozen=True)
class Page:
    words: Words = "ru"
    api_base: str = "https://testdomen.uz/api/v1"
    ws_base: str | None = None
    rest_base: str | None = None
    ws_path: str = "/ws"
    tries: int = 5
    first_wait_ms: int = 1000
    growth: float = 2
    """Each wait is so many times the one before it, up to 8 s."""
    dials: int = 0
    """Not more than so many in all; 0: no limit."""
    heartbeat_ms: int = 0
    leave_after_ms: int = 0
    impatient_ms: int = 0
    subscribe: str = ""
    upload_bytes: int = 0
    send_bytes: int = 0
    """A binary message of so many bytes, after opening."""
    protocols: tuple[str, ...] = ()
    mounts: int = 1
    """React's StrictMode mounts twice, and the first socket is closed at once."""
    token_name: str = "token"
    cookie_bytes: int = 0
    """Cookies for the socket's path alone, of 3 kB each."""
    fetches: tuple[str, ...] = ("/me", "/items")
    polls: tuple[tuple[str, int], ...] = (("/notifications", 3000),)
    env: str = ""


@dataclass(frozen=True)
class User:
    name: str = "client"
    address: str = "203.0.113.24"
    subject: str = "17"
    expires_in_s: int = 3600
    at_s: float = 0.0
    recorded: bool = True
    stored: dict[str, str] = field(default_factory=dict)
    cause: str | None = None
    forged: bool = False
    signed_in: bool = True
    zone: str = "UTC"
    tabs: int = 1
    script: bool = False
    """A client without a browser; those of one address share a relay."""
    behind: Between | None = None
    """What stands between this user and the last site of the proxy."""
    unresolved: tuple[str, ...] = ()
    """Hosts that this user's resolver does not know."""
    bad_text: bool = False
    """A script that sends a text which is not UTF-8."""
    stays_s: float = 0.0
    """A script closes an open socket after so long; 0: never."""
    claims: dict[str, Any] = field(default_factory=dict)
    """More of the token."""


@dataclass(frozen=True)
class Event:
    at_s: float
    what: What
    who: str = ""
    host: str = ""


@dataclass(frozen=True)
class Scenario:
    name: str
    causes: tuple[str, ...]
    story: str
    proxy: Proxy = field(default_factory=Proxy)
    app: App = field(default_factory=App)
    page: Page = field(default_factory=Page)
    users: tuple[User, ...] = (User(),)
    events: tuple[Event, ...] = ()
    seconds: float = 12.0
    start: str = ""
    accept: tuple[str, ...] = ()
    decidable: bool = True
    notes: str = ""
    skew_s: int = 0
    """The servers' clock minus the browsers'."""
    app_skew_s: int = 0
    """nginx's clock minus the app's."""
    clock_changes_at_s: float = 0.0
    """When zones named 'autumn' and 'spring' change."""
    layers: tuple[Layer, ...] = ALL
    """What of it the bundle holds."""
    compose_copy: bool = False
    """The app's log is in the bundle once more, as `docker compose logs` prefixes it."""
    compact_har: bool = False
    """One entry of the HAR a line: a third smaller."""
    console_times: bool = False
    devtools_names: bool = False
    app_log_name: str = "app.log"
    formats: str = ""
