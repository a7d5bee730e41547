"""The nouns of a probe: what is asked, one rung of it, what a server answered; no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import quote, urlsplit

from wslogs.model import Fact
from wslogs.redact import NO_TOKEN, TOKEN_NAMES

SCHEMA = "probe/1"
State = Literal["passed", "failed", "skipped"]
Read = Callable[[str], tuple[str, ...]]
"""Words of a server -> the signals that they fire; the words themselves go nowhere."""
_LONG = 20
"""Characters of a value of a query that is likely a token, whatever it is called."""
_SECURE = {"ws": False, "http": False, "wss": True, "https": True}


class AskError(ValueError):
    """What is asked for makes no sense, in words that hold no secret."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a WebSocket is, without the values of its query."""

    secure: bool
    host: str
    port: int
    path: str
    query: str = ""
    """As it was given; no parameter in it is named like a token."""

    @property
    def default_port(self) -> bool:
        return self.port == (443 if self.secure else 80)

    @property
    def place(self) -> str:
        """host or host:port, as it stands in URLs and in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.default_port else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"http{'s' if self.secure else ''}://{self.place}"

    def url(self, path: str | None = None, *, web: bool = False) -> str:
        """The whole URL without its query; `web` gives http and https."""
        scheme = "http" if web else "ws"
        return f"{scheme}{'s' if self.secure else ''}://{self.place}{self.path if path is None else path}"

    def target(self, path: str, more: str = "") -> str:
        """What stands in the request line."""
        query = "&".join(part for part in (self.query, more) if part)
        return f"{path}?{query}" if query else path


def address(url: str) -> Address:
    """Takes apart the URL that is to be probed. AskError when it is none, or holds what must not stand in a command line."""
    try:
        parts = urlsplit(url if "://" in url else f"wss://{url}")
        port = parts.port
    except ValueError:
        raise AskError("the URL cannot be taken apart") from None
    scheme = parts.scheme.lower()
    if scheme not in _SECURE or not parts.hostname:
        raise AskError("the URL must begin with ws:// or wss:// and name a host")
    if parts.username or parts.password:
        raise AskError("the URL holds a user or a password, which the shell's history and ps show: take it out")
    for pair in parts.query.split("&"):
        name, _, value = pair.partition("=")
        if value not in NO_TOKEN and (TOKEN_NAMES.search(name) or len(value) >= _LONG):
            raise AskError(
                "the URL holds a token, which the shell's history and ps show: put it into a variable or a file, and give "
                "--token-env or --token-file"
            )
    if any(ord(one) <= 32 or ord(one) == 127 for one in url):
        raise AskError("the URL holds blanks or control characters")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return Address(_SECURE[scheme], parts.hostname, port or (443 if _SECURE[scheme] else 80), path, parts.query)


@dataclass(frozen=True, slots=True)
class Direct:
    """The app itself, behind the proxy."""

    host: str
    port: int
    path: str | None = None
    """Where the app has the socket; None: at the path of the URL."""


def endpoint(text: str) -> Direct:
    """HOST:PORT, with the path after it where that differs. AskError when it is none."""
    place, slash, path = text.partition("://")[2 if "://" in text else 0].partition("/")
    host, _, port = place.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise AskError("an address must be HOST:PORT, such as 127.0.0.1:8000")
    return Direct(host.strip("[]"), int(port), f"/{path}" if slash and path else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What one run asks."""

    at: Address
    token: str = field(default="", repr=False)
    token_as: str = "token"
    """Name of the parameter of the query that carries it, or `bearer` for the header Authorization."""
    origin: str = ""
    """Of the page; empty: that of the URL itself."""
    health: Address | None = None
    """A check of health; None: /health beside the socket."""
    direct: Direct | None = None
    connect_to: Direct | None = None
    """Where to connect instead of what the name resolves to."""
    send: str = field(default="", repr=False)
    """First message; empty: none."""
    idle_s: float = 5.0
    limit_s: float = 10.0
    """Time limit of each rung, seconds; being idle comes on top."""

    @property
    def checked(self) -> Address:
        """The check of health."""
        return self.health or replace(self.at, path="/health", query="")

    @property
    def page(self) -> str:
        return self.origin or self.at.origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One step, and what was seen there."""

    id: str
    """What was tried: one of RUNGS."""
    side: Literal["url", "direct"] = "url"
    state: State = "passed"
    why: str = ""
    """Of a failure or a skip: a word of a closed vocabulary."""
    took_s: float | None = None
    seen: Mapping[str, Fact] = field(default_factory=dict)
    """Values of closed types: a status, a close code, a date, a version."""
    signals: tuple[str, ...] = ()
    """What the words of the server said, by the patterns."""
    command: tuple[str, ...] = ()
    """The same by hand: curl, wscat, openssl; the token is $TOKEN in them."""


RUNGS = (
    "resolve", "connect", "tls", "health", "http", "handshake", "without-token", "own-origin", "other-origin", "elsewhere",
    "first-hop", "http-1.0",
    "message", "ping", "idle", "again", "pinged", "close", "without-upgrade", "plain-1.0",
)  # fmt: skip
"""Every rung there is, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a server answered one request."""

    status: int | None = None
    """None: it did not answer in HTTP."""
    why: str = ""
    """Where it did not: `timed-out`, `reset`, `closed`, `no-http`, `refused`, or a word about TLS."""
    by: str = ""
    """Who wrote the answer as far as it shows: `nginx-page`, `nginx-file`."""
    server: str = ""
    """nginx, with its version where it tells one."""
    leads: str = ""
    """Of a redirect: `slash` to the same path with a slash, `https` to the same by TLS, `other`."""
    digest: str = ""
    """Of status, type and body: equal answers have equal ones. Never written."""
    date: float | None = None
    """The server's clock, epoch seconds, whole."""
    between: bool = False
    """Whether a header names a CDN or another proxy on the way (Via, CF-RAY, X-Cache)."""
    signals: tuple[str, ...] = ()
    took_s: float = 0.0

    def facts(self) -> dict[str, Fact]:
        """What of it may be written."""
        told = {"status": self.status, "by": self.by, "server": self.server, "leads": self.leads, "between": self.between}
        return {name: value for name, value in told.items() if value}


@dataclass(slots=True, kw_only=True)
class Run:
    """What one run gave."""

    ask: Ask
    started: float
    """Epoch seconds on this machine's clock."""
    rungs: list[Rung] = field(default_factory=list)
    offset_s: float | None = None
    """Server's clock minus this machine's, by the Date header; None: not told."""
    offset_error_s: float = 0.0
