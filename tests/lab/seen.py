"""What the one who dialed saw of a socket."""

from dataclasses import dataclass

from tests.lab.model import User


@dataclass
class Seen:
    """One `new WebSocket` as its page saw it, or one dial of a client; times are epoch seconds."""

    user: User
    tab: str
    load: int
    number: int
    url: str
    start: float
    opened: bool = False
    end: float | None = None
    code: int | None = None
    reason: str | None = None
    clean: bool | None = None
    threw: str | None = None
    navigated: bool = False
    key: str | None = None
    """Sec-WebSocket-Key, new in each handshake (RFC 6455 section 4.1); None where none was sent."""
