"""One WebSocket: the handshake as a browser makes it, and what becomes of the open socket. Spoken by the package websockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from wslogs.model import CloseCode
from wslogs.probing.answers import AGENT, answered
from wslogs.probing.link import context, limited, reason
from wslogs.probing.model import Address, Answer, Read

_BROKEN = (CloseCode.PROTOCOL_ERROR, CloseCode.INVALID_PAYLOAD)
"""With these this end refuses a frame; a page would be told 1006, and its console the reason."""
_MOST = 16 << 20
_LOOK_S = 0.3
"""So often it is looked whether the socket is over."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How an open socket ended."""

    code: int
    """1006 where no close frame came."""
    after_s: float
    """From open to the end."""
    quiet_s: float
    """From the last frame to the end."""
    signals: tuple[str, ...] = ()
    """What the server's reason said."""


class Socket:
    """An open socket, and when the last frame went over it."""

    def __init__(self, connection: ClientConnection, read: Read, held: ExitStack) -> None:
        self._connection, self._read, self._held = connection, read, held
        self.began = self.spoke = time.monotonic()
        self.received = 0
        self.ended: Ended | None = None

    def send(self, text: str) -> None:
        with self._ending():
            self._connection.send(text)
            self.spoke = time.monotonic()

    def listen(self, seconds: float, *, until_message: bool = False) -> None:
        """Takes what comes for so long, or until something did, or the socket ended."""
        last = time.monotonic() + seconds
        while self.ended is None and (left := last - time.monotonic()) > 0:
            with self._ending(), suppress(TimeoutError):
                self._connection.recv(timeout=min(left, _LOOK_S))
                self.received, self.spoke = self.received + 1, time.monotonic()
                if until_message:
                    return
            self._refused()

    def ping(self, limit_s: float) -> float | None:
        """Seconds to the pong; None when there was none."""
        began = time.monotonic()
        with self._ending():
            if self._connection.ping().wait(limit_s):
                self.spoke = time.monotonic()
                return self.spoke - began
        self.listen(_LOOK_S)  # a socket that ended meanwhile tells so when it is read
        return None

    def _refused(self) -> None:
        """This end refused a frame, and the other neither says goodbye nor closes: the socket is over all the same."""
        own = self._connection.protocol.close_sent
        if self.ended is None and own is not None:
            now = time.monotonic()
            self.ended = Ended(int(own.code), now - self.began, now - self.spoke)

    def close(self) -> int:
        """Says goodbye; the code that came back, 1006 when none did."""
        if self.ended is None:
            self._connection.close(CloseCode.NORMAL, "")
        self._held.close()
        code = self._connection.close_code
        return int(code) if code is not None else int(CloseCode.ABNORMAL)

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """The end of the socket is no error: it is what a probe is for."""
        try:
            yield
        except ConnectionClosed as closed:
            now = time.monotonic()
            frame, own = closed.rcvd, closed.sent
            broken = frame is None and own is not None and own.code in _BROKEN
            code = own.code if broken and own is not None else frame.code if frame is not None else CloseCode.ABNORMAL
            said = self._read(f'closed code={int(code)} reason="{frame.reason}"') if frame is not None and frame.reason else ()
            self.ended = Ended(int(code), now - self.began, now - self.spoke, said)


def dial(
    link: socket.socket, at: Address, target: str, read: Read, limit_s: float, *, origin: str | None, headers: dict[str, str] | None = None
) -> Socket | Answer:  # fmt: skip
    """A handshake over a connection that is there: the open socket, or how it was answered."""
    uri = f"ws{'s' if at.secure else ''}://{at.place}{target}"
    over, held = threading.Event(), ExitStack()
    try:
        with limited(link, limit_s + 1) as over:  # the limit of the package comes first, where it holds
            made = connect(
                uri, sock=link, ssl=context() if at.secure else None, server_hostname=at.host if at.secure else None,
                origin=origin, additional_headers=headers, user_agent_header=AGENT, proxy=None, open_timeout=limit_s,  # type: ignore[arg-type]
                ping_interval=None, close_timeout=min(limit_s, 5.0), max_size=_MOST,
            )  # fmt: skip
            opened = held.enter_context(made)
    except InvalidStatus as error:
        answer = error.response
        told = answered(answer.status_code, list(answer.headers.raw_items()), bytes(answer.body or b""), at, read)
    except InvalidMessage as error:
        told = Answer(why="timed-out" if over.is_set() else "closed" if isinstance(error.__cause__, EOFError) else "no-http")
    except InvalidHandshake:
        told = Answer(why="mangled")
    except EOFError:
        told = Answer(why="timed-out" if over.is_set() else "closed")
    except OSError as error:
        told = Answer(why="timed-out" if over.is_set() else reason(error))
    else:
        return Socket(opened, read, held)
    link.close()
    return told
