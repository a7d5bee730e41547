"""What a scenario is: one declarative entry, frozen. scenarios/ holds the table."""

from dataclasses import dataclass, field
from typing import Any, Literal

Certificate = Literal["valid", "expired", "untrusted", "other-name"]
AccessFormat = Literal["combined", "timed", "json", "upstream", "keyed"]
AppLog = Literal["plain", "timed", "json"]
Words = Literal["ru", "en", "objects"]
What = Literal["arrive", "app-stop", "app-kill", "app-start", "reload", "pass", "reset", "swallow", "cut", "rotate", "save-tail"]
Layer = Literal["browser", "console", "nginx-access", "nginx-error", "nginx-conf", "app", "env"]
SERVERS: tuple[Layer, ...] = ("nginx-access", "nginx-error", "nginx-conf", "app", "env")
ALL: tuple[Layer, ...] = ("browser", "console", *SERVERS)

FORWARDED = """
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;"""
UPGRADE = """
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";"""


def ws_location(
    path: str = "/api/v1/ws",
    *,
    upgrade: bool = True,
    read_timeout: str = "86400",
    upstream: str = "@app@",
    more: str = "",
) -> str:
    """The location of the guide; `@app@` becomes the address where the app listens, `@free@` one where nobody does."""
    timeout = f"\n            proxy_read_timeout {read_timeout};" if read_timeout else ""
    extra = f"\n            {more}" if more else ""
    return f"""
        location {path} {{
            proxy_pass http://{upstream};{UPGRADE if upgrade else ""}{FORWARDED}{timeout}{extra}
        }}
"""


@dataclass(frozen=True)
class Site:
    host: str = "testdomen.uz"
    certificate: Certificate = "valid"
    locations: str = field(default_factory=ws_location)


@dataclass(frozen=True)
class Proxy:
    sites: tuple[Site, ...] = (Site(),)
    access: AccessFormat = "combined"
    error_level: str = ""
    http: str = ""
    zone: str = "UTC"


@dataclass(frozen=True)
class App:
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
