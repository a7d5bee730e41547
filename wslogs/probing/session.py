"""The open socket: first message, ping, silence, goodbye; and where silence ends it, whether a timer does."""

from __future__ import annotations

import time

from wslogs.model import CloseCode, Fact
from wslogs.probing.links import Side
from wslogs.probing.record import Record
from wslogs.probing.sockets import Ended, Socket

SETTLE_S = 1.0
"""A server that opens a socket to close it does so within so long."""
_ALIKE_S = 0.6
"""Silences that differ by no more were ended by the same timer."""


class Session:
    """What becomes of the socket of the page's handshake."""

    def __init__(self, side: Side, record: Record) -> None:
        self._side, self._record, self._ask = side, record, record.ask
        self.ended: Ended | None = None
        """How it ended; None: not before the probe said goodbye."""
        self.cut: Ended | None = None
        """The same where it was lost while nobody spoke."""

    def run(self, socket: Socket) -> None:
        """First message, ping, silence, goodbye; what the end of the socket leaves out is skipped."""
        began = self._record.begin("message")
        if self._ask.send:
            socket.send(self._ask.send)
        socket.listen(self._ask.limit_s if self._ask.send else SETTLE_S, until_message=bool(self._ask.send))
        if socket.ended is None and self._ask.send:
            socket.listen(SETTLE_S)
        if self._lost("message", socket, began, {"sent": bool(self._ask.send), "received": socket.received}):
            self._record.skip("message", "ping", "idle", "close")
            return
        began = self._record.begin("ping")
        pong = socket.ping(self._ask.limit_s)
        if socket.ended is None and pong is None:
            self._record.told("ping", began, why="no-pong", token=True, origin=self._ask.page)
        elif self._lost("ping", socket, began, {"pong_s": round(pong or 0.0, 3)}):
            self._record.skip("ping", "idle", "close")
            return
        if self._ask.idle_s > 0:
            began = self._record.begin("idle")
            before = socket.received
            socket.listen(self._ask.idle_s)
            if self._lost("idle", socket, began, {"idle_s": self._ask.idle_s, "received": socket.received - before}):
                self._record.skip("idle", "close")
                self._silence(socket)
                return
        else:
            self._record.skip("not-asked", "idle")
        began = self._record.begin("close")
        code = socket.close()
        self._record.told("close", began, seen={"code": code}, token=True, origin=self._ask.page)

    def _lost(self, rung: str, socket: Socket, began: float, seen: dict[str, Fact]) -> bool:
        """Tells a rung on the open socket, and whether it was the last."""
        ended, signals = socket.ended, tuple[str, ...]()
        if ended is not None:
            self.ended = ended
            seen |= {"code": ended.code, "after_s": round(ended.after_s, 2), "quiet_s": round(ended.quiet_s, 2)}
            signals = ended.signals
        why = "" if ended is None else "cut" if ended.code == CloseCode.ABNORMAL else "closed"
        self._record.told(rung, began, why=why, seen=seen, signals=signals, token=True, origin=self._ask.page)
        return ended is not None

    def _silence(self, socket: Socket) -> None:
        """A socket that was lost in silence is opened twice more: silent again, and with pings, which a timer would spare."""
        ended = socket.ended
        if ended is None or ended.code != CloseCode.ABNORMAL:
            return
        self.cut, quiet = ended, ended.quiet_s
        began = self._record.begin("again")
        other = stays(self._side, quiet + 2 * _ALIKE_S)
        alike = other is not None and other.code == CloseCode.ABNORMAL and abs(other.quiet_s - quiet) <= _ALIKE_S
        seen: dict[str, Fact] = {"alike": alike}
        if other is not None:
            seen["quiet_s"] = round(other.quiet_s, 2)
        self._record.told("again", began, why="cut" if other is not None else "", seen=seen, token=True, origin=self._ask.page)
        began = self._record.begin("pinged")
        other = stays(self._side, 1.5 * quiet + 1, every_s=max(0.2, quiet / 4))
        self._record.told(
            "pinged", began, why="cut" if other is not None else "", seen={"kept": other is None}, token=True, origin=self._ask.page
        )


def stays(side: Side, seconds: float, *, every_s: float = 0.0) -> Ended | None:
    """How a further socket ended within so long; None: it stayed. With `every_s` it pings meanwhile."""
    opened = side.dial()
    if not isinstance(opened, Socket):
        return Ended(int(CloseCode.ABNORMAL), 0.0, 0.0)
    if side.ask.send:
        opened.send(side.ask.send)
    last = time.monotonic() + seconds
    while opened.ended is None and (left := last - time.monotonic()) > 0:
        opened.listen(min(left, every_s or left))
        if every_s and opened.ended is None:
            opened.ping(side.ask.limit_s)
    ended = opened.ended
    opened.close()
    return ended
