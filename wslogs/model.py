"""The nouns of wslogs, frozen; no I/O. design.md tells how they flow."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Fact = str | int | float | bool
"""A value that signals compare: a status, a duration in seconds, a yes or no, a word of a closed vocabulary."""


class Tier(StrEnum):
    """Who wrote a source."""

    BROWSER = "browser"
    PROXY = "proxy"
    APP = "app"
    CONFIG = "config"
    PROBE = "probe"
    HOST = "host"


class Stage(StrEnum):
    """The steps of an attempt, in order."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    SECURE = "secure"
    REQUEST = "request"
    UPSTREAM = "upstream"
    ACCEPT = "accept"
    OPEN = "open"
    CLOSE = "close"


class What(StrEnum):
    """What one event says happened."""

    HANDSHAKE = "handshake"
    """A whole try as one source tells it: a HAR entry, an access row."""
    FAILED = "failed"
    """The browser says that a try failed."""
    CLOSED = "closed"
    """A close code, as an endpoint saw it."""
    OPENED = "opened"
    """The page says that the socket opened."""
    ACCEPTED = "accepted"
    """The app accepted the handshake."""
    REFUSED = "refused"
    """The app answered the handshake with an HTTP status."""
    REQUEST = "request"
    """The app took the request for plain HTTP."""
    ERROR = "error"
    """A line of an error log that belongs to one request."""
    EXCEPTION = "exception"
    """A traceback."""
    STARTED = "started"
    """A process of the app's server begins."""
    READY = "ready"
    """The app's server is ready."""
    STOPPING = "stopping"
    """The app's server was told to stop."""
    STOPPED = "stopped"
    """The app's server process ended in order."""
    LEFT = "left"
    """The browser went to another page, or to the same one again."""
    NOTE = "note"
    """Anything else that a signal saw."""


LIFE = frozenset({What.STARTED, What.READY, What.STOPPING, What.STOPPED})
"""Events of the app's server itself, of no single try."""


class CloseCode(IntEnum):
    """RFC 6455 section 7.4.1 and the IANA WebSocket Close Code Number Registry."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    NO_STATUS = 1005
    ABNORMAL = 1006
    INVALID_PAYLOAD = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    TLS_HANDSHAKE = 1015


ORDINARY_CLOSES = frozenset({CloseCode.NORMAL, CloseCode.GOING_AWAY, CloseCode.NO_STATUS})
"""Codes of a close that somebody wanted; 1005 is a close frame without a code (RFC 6455 section 7.1.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What may be known of a token; the token itself ended in the parser."""

    fingerprint: str
    """HMAC-SHA256 under the run's random key: equal tokens are equal, nothing else can be learned."""
    expires: float | None = None
    """`exp` of a JWT, epoch seconds; None when it is no JWT or has none (RFC 7519 section 4.1.4)."""
    issued: float | None = None
    """`iat`, epoch seconds."""
    not_before: float | None = None
    """`nbf`, epoch seconds."""
    length: int = 0
    parameter: str | None = field(default=None, compare=False)
    """Name of the parameter of the query that carried it; None: it came otherwise, or the line does not tell. Never shown."""


@dataclass(slots=True, kw_only=True)
class Event:
    """One thing one source says happened at one instant. Secrets in it are fingerprints already.

    Not frozen: correlate.py makes a million of them at a time, and frozen slots cost four times as much to fill.
    """

    source: str
    """Label of the source, the path inside the bundle."""
    line: int
    """1-based line; in a HAR the line on which the entry's URL stands."""
    tier: Tier
    what: What
    at: float | None = None
    """Epoch seconds on the source's own clock; a time without a zone is read as if it were UTC. None: no time is logged."""
    marks: Literal["start", "end", "logged"] = "logged"
    """Which moment of the attempt `at` is."""
    resolution_s: float = 1.0
    """The finest difference that `at` can show, seconds."""
    lasted_s: float | None = None
    """From start to end of the try, seconds."""
    answered_s: float | None = None
    """From start to the answer to the handshake, at the latest, seconds; None: the source does not tell."""
    token: Token | None = None
    host: str | None = None
    path: str | None = None
    """Decoded path without the query."""
    scheme: str | None = None
    status: int | None = None
    """HTTP status of the handshake; 101 opened it."""
    failed: bool | None = None
    """Whether the browser says that the try failed, where it gives no status; None: it does not say."""
    upstream_status: int | None = None
    """Status of the last upstream asked; None: no upstream answered, or the log does not tell."""
    upstream: str | None = None
    """Address of the last upstream asked, as logged; "-" when none was asked; None when the log does not tell."""
    code: int | None = None
    """Close code."""
    key: str | None = None
    """Fingerprint of Sec-WebSocket-Key, new in each handshake (RFC 6455 section 4.1)."""
    connection: str | None = None
    """nginx's `$connection`, the `*N` of its error log."""
    request_id: str | None = None
    client: str | None = None
    """Client address as logged."""
    agent: str | None = None
    """Fingerprint of the User-Agent."""
    upgrade: bool | None = None
    """Whether the request carried `Upgrade: websocket`; None: the log does not tell."""
    page: str | None = None
    """Scheme and host of the page that opened the socket."""
    quiet_s: float | None = None
    """From the last frame to the end, seconds; None: the source tells of no frames, or of no end."""
    version: str | None = None
    """Version of nginx, where the line tells one."""
    loads_after: int | None = None
    """How many loads of a page the source tells of after the one in which this was; None: it does not tell."""
    signals: tuple[str, ...] = ()
    """Text signals that this line fires."""
    excerpt: str = ""
    """The recognised part of the line, safe to show."""
    logged: str = ""
    """The time as it stands in the line."""


class Mark(NamedTuple):
    """One line of a log and its time."""

    at: float
    """Epoch seconds on the log's own clock."""
    line: int


@dataclass(frozen=True, slots=True)
class UnknownForm:
    """A form of lines that wslogs does not know."""

    shape: str
    """Letters as `a`, digits as `0`: nothing of what the lines say."""
    count: int
    line: int
    """The first such line."""


@dataclass(slots=True, kw_only=True)
class Source:
    """One file of the bundle, or one program's lines in a file that holds several."""

    path: str
    kind: str
    tier: Tier
    sha256: str = ""
    lines: int = 0
    recognised: int = 0
    unknown: list[UnknownForm] = field(default_factory=list)
    """Forms of the lines that were not recognised, most common first."""
    kept: int = 0
    first: float | None = None
    """First instant it speaks for, epoch seconds on its own clock."""
    last: float | None = None
    spans: list[tuple[float, float]] = field(default_factory=list)
    """What it speaks for, from `first` to `last` less the holes: sorted, disjoint, on its own clock (coverage.py)."""
    marks: list[Mark] = field(default_factory=list)
    """Some of its lines, in order of time: those that show what it speaks for."""
    level: str | None = None
    """The most talkative level that an nginx error log writes, as far as is known; None: not known, or another kind."""
    zoned: bool = True
    """Whether its times say their zone."""
    dateless: bool = False
    """Whether its times say no day."""
    offset_s: float = 0.0
    """Server clock minus this clock, seconds."""
    steps: list[tuple[int, float]] = field(default_factory=list)
    """(line from which on another offset holds, that offset), in order: a clock that was set, or daylight saving."""
    error_s: float = 0.0
    """How far the true offset may be from the stated one, seconds."""
    less_late_s: float = 0.0
    """The true offset is at most `error_s` larger, less this: the evidence may bound one side closer than the other."""
    zone_from: str = "the log"
    notes: list[str] = field(default_factory=list)

    def shift(self, line: int) -> float:
        """Server clock minus this clock at a line, seconds."""
        place = bisect_right(self.steps, line, key=lambda step: step[0]) if self.steps else 0
        return self.steps[place - 1][1] if place else self.offset_s


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One client's one try at one WebSocket, with its events from every tier."""

    id: str
    events: tuple[Event, ...]
    started: float | None = None
    """Epoch seconds on the server's clock; None when no source has a time."""
    ended: float | None = None
    pending: bool = False
    """Whether the browser was still waiting for an answer when its HAR was exported."""
    error_s: float = 0.0
    """How far `started` may be off, seconds."""
    opened: bool | None = None
    status: int | None = None
    code: int | None = None
    token: Token | None = None
    host: str | None = None
    path: str | None = None
    scheme: str | None = None
    client: str | None = None
    tiers: Mapping[Tier, Event] = field(default_factory=dict)
    """The event of each tier that tells most of this try."""
    facts: dict[str, Fact] = field(default_factory=dict)
    """What signals compare; the names are in signals.FACTS."""
    proof: dict[str, tuple[Event, ...]] = field(default_factory=dict)
    """Fact or signal name -> events that show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judgement of one attempt."""

    outcome: Literal["failed", "worked", "unknown"]
    cause: str | None = None
    """Family of the cause; None with `failed` means undetermined."""
    detail: str | None = None
    fired: tuple[str, ...] = ()
    """Every signal that fired in the attempt."""
    standing: tuple[str, ...] = ()
    """Details that fit and that nothing outranks; two or more mean that the evidence does not separate them."""
    outranked: tuple[str, ...] = ()
    """Details that fit as well, each outranked by one of `standing`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Attempts with the same cause, host and path, close in time."""

    id: str
    cause: str | None
    detail: str | None
    attempts: tuple[int, ...]
    """Positions in the list of attempts, in order of time."""
    crowd: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64), repr=False, compare=False)
    """Positions in the crowd, in order of time."""
    host: str | None = None
    path: str | None = None
    first: float | None = None
    last: float | None = None

    @property
    def count(self) -> int:
        """Of all its tries."""
        return len(self.attempts) + len(self.crowd)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """Retries of one client at one path that all went alike. Waits are seconds from the end of one to the start of the next."""

    id: str
    attempts: tuple[int, ...]
    """Positions in the list of attempts, in order of time; of a storm of the crowd alone one that stands for it."""
    count: int
    """Of all its tries, those of the crowd included."""
    token: str | None
    """Fingerprint."""
    client: str | None
    first: float
    """When the first began, epoch seconds on the server's clock."""
    last: float
    """When the last began."""
    least_s: float
    median_s: float
    most_s: float
    error_s: float
    """How far each wait may be off, seconds: times of whole seconds leave one second."""
    backoff: Literal["none", "constant", "growing", "irregular"]
    wait_s: float
    """The usual wait; where it grows, the first one."""
    factor: float | None = None
    """By how much each wait is longer than the one before, where it grows."""
    cap_s: float | None = None
    """The wait at which it stops growing; None: it does not grow, or still did at the end."""
