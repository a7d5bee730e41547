"""The rungs, one after the other: name, TCP, TLS, health, path, handshake, and the open socket; then the same at the app itself.

Where the handshake fails, others are made that differ in one thing each (no token, another Origin, another path, an older
HTTP), and their answers compared with its own: that tells what it depends on.
"""

from __future__ import annotations

import time
from dataclasses import replace

from wslogs.model import CloseCode, Fact
from wslogs.probing import link
from wslogs.probing.link import LinkError
from wslogs.probing.links import Side
from wslogs.probing.model import Answer, Ask, Read, Run
from wslogs.probing.record import Progress, Record
from wslogs.probing.session import SETTLE_S, Session, stays
from wslogs.probing.sockets import Ended, Socket
from wslogs.probing.way import AFTER, reach

_ELSEWHERE = "-wslogs-probe"
_STRANGER = "https://wslogs.invalid"


def run(ask: Ask, read: Read, progress: Progress | None = None) -> Run:
    """Climbs the ladder. Bounded: each rung by `limit_s`, being idle by some times `idle_s`."""
    made = Run(ask=ask, started=time.time())
    ladder = _Ladder(ask, read, Record(ask, made, progress))
    ladder.climb()
    if ask.direct is not None:
        ladder.ask_direct()
    return made


class _Ladder:
    def __init__(self, ask: Ask, read: Read, record: Record) -> None:
        self._ask, self._read, self._record = ask, read, record
        self._url = Side("url", ask, read)
        self._main: Answer | Ended | None = None
        """How the handshake of the page ended; None: it did not, the socket stayed."""
        self._cut: Ended | None = None
        """How the socket was lost while nobody spoke."""

    def climb(self) -> None:
        """The side of the URL."""
        if reach(self._url, self._record):
            self._ask_app()

    def _ask_app(self) -> None:
        """Health, path, handshake and what follows it."""
        health = self._health()
        began = self._record.begin("http")
        plain = self._url.get(self._url.path)
        self._record.clock(plain)
        if plain.status is None and not self._ask.at.secure and self._speaks_tls():
            plain = replace(plain, why="tls-port")
        self._record.told("http", began, why="" if plain.status else plain.why, seen=plain.facts(), signals=plain.signals)
        if plain.why == "tls-port":
            self._record.skip("http", *AFTER[2:])
            return
        began = self._record.begin("handshake")
        opened = self._url.dial()
        self._handshake(opened, began, health)
        if isinstance(opened, Socket):
            session = Session(self._url, self._record)
            session.run(opened)
            self._main, self._cut = session.ended, session.cut
        else:
            self._main = opened
            self._record.skip("handshake", "message", "ping", "idle", "close")
        self._controls()

    def _health(self) -> Answer | None:
        began = self._record.begin("health")
        at = self._ask.checked
        beside = at.place == self._ask.at.place and at.secure == self._ask.at.secure
        side = self._url if beside else Side("url", replace(self._ask, at=at, connect_to=None, token=""), self._read)
        try:
            if not beside:
                side.resolve()
            answer = side.get(at.path)
        except LinkError as error:
            answer = Answer(why=error.why)
        if beside:
            self._record.clock(answer)
        good = answer.status is not None and 200 <= answer.status < 300
        why = "" if good else "answered" if answer.status is not None else answer.why
        self._record.told("health", began, why=why, seen=answer.facts(), signals=answer.signals)
        return answer

    def _speaks_tls(self) -> bool:
        try:
            raw, _ = self._url.connect()
            link.secure(raw, self._ask.at.host, self._ask.limit_s, verified=False).close()
        except LinkError:
            return False
        return True

    def _handshake(self, opened: Socket | Answer, began: float, health: Answer | None) -> None:
        if isinstance(opened, Socket):
            self._record.told("handshake", began, seen={"status": 101}, origin=self._ask.page, token=True)
            return
        self._record.clock(opened)
        why = "answered" if opened.status is not None else opened.why
        seen = opened.facts()
        if health is not None and health.status == opened.status:
            seen["health_alike"] = True
        self._record.told("handshake", began, why=why, seen=seen, signals=opened.signals, origin=self._ask.page, token=True)

    def _controls(self) -> None:
        """Handshakes that differ from the page's in one thing."""
        ask, page = self._ask, self._ask.page
        if not ask.token:
            self._record.skip("no-token", "without-token")
        elif self._cut is None:
            self._control("without-token", token=False, origin=page)
        if self._main is None:
            self._control("other-origin", origin=_STRANGER)
            return
        began = self._record.begin("first-hop")
        answer = self._url.first_hop()
        self._record.told("first-hop", began, seen=answer.facts())
        if ask.origin and ask.origin != ask.at.origin and self._cut is None:
            self._control("own-origin", origin=ask.at.origin)
        if self._cut is None:
            self._control("elsewhere", path=f"{self._url.path.rstrip('/')}{_ELSEWHERE}", origin=page)

    def _control(self, rung: str, *, path: str | None = None, token: bool = True, origin: str) -> None:
        began = self._record.begin(rung)
        opened = self._url.dial(path=path, token=token, origin=origin)
        ended = self._settled(opened)
        self._record.told(
            rung, began, why=_why(ended), seen=_seen(ended, self._main), signals=ended.signals if ended is not None else (), path=path,
            token=token, origin=origin,
        )  # fmt: skip

    def _settled(self, opened: Socket | Answer) -> Answer | Ended | None:
        """How a handshake went, and an open socket right afterwards; None: it stayed, and was closed."""
        if not isinstance(opened, Socket):
            return opened
        if self._ask.send:
            opened.send(self._ask.send)
        opened.listen(SETTLE_S)
        ended = opened.ended
        opened.close()
        return ended

    def ask_direct(self) -> None:
        """The same at the app, and where the page's handshake failed, what a proxy may have made of it."""
        side = Side("direct", self._ask, self._read)
        began = self._record.begin("connect", "direct")
        try:
            side.resolve()
            raw, _ = side.connect()
            raw.close()
        except LinkError as error:
            self._record.told("connect", began, side="direct", why=error.why)
            self._record.skip("connect", "handshake", "http-1.0", side="direct")
            return
        self._record.told("connect", began, side="direct")
        began = self._record.begin("handshake", "direct")
        ended = self._settled(side.dial())
        self._record.told(
            "handshake", began, side="direct", why=_why(ended), seen=_seen(ended, self._main), path=side.path, origin=self._ask.page,
            signals=ended.signals if ended is not None else (), token=True,
        )  # fmt: skip
        for rung, upgrade, version in (("http-1.0", True, "1.0"), ("without-upgrade", False, "1.1"), ("plain-1.0", False, "1.0")):
            if rung == "http-1.0" or isinstance(self._main, Answer):
                began = self._record.begin(rung, "direct")
                answer = side.get(side.path, upgrade=upgrade, version=version, token=True)
                seen = answer.facts()
                if isinstance(self._main, Answer):
                    seen["alike"] = answer.status is not None and answer.digest == self._main.digest
                why = "" if answer.status is not None else answer.why
                self._record.told(rung, began, side="direct", why=why, seen=seen, path=side.path, token=True, origin=self._ask.page)
        if self._cut is not None:
            began = self._record.begin("idle", "direct")
            other = stays(side, 1.5 * self._cut.quiet_s + 1)
            why = "" if other is None else "cut" if other.code == CloseCode.ABNORMAL else "closed"
            self._record.told(
                "idle", began, side="direct", why=why, seen={"kept": other is None}, path=side.path, token=True, origin=self._ask.page
            )


def _why(ended: Answer | Ended | None) -> str:
    if ended is None:
        return ""
    if isinstance(ended, Ended):
        return "cut" if ended.code == CloseCode.ABNORMAL else "closed"
    return "answered" if ended.status is not None else ended.why


def _seen(ended: Answer | Ended | None, main: Answer | Ended | None) -> dict[str, Fact]:
    """Of another handshake: how it went, and whether the page's went alike, which is by the status, or by the close code."""
    seen: dict[str, Fact] = (
        {"status": 101} if ended is None else {"status": 101, "code": ended.code} if isinstance(ended, Ended) else ended.facts()
    )
    return seen | ({"alike": _how(ended) == _how(main)} if main is not None else {})


def _how(one: Answer | Ended | None) -> object:
    if isinstance(one, Ended):
        return "closed", one.code
    return None if one is None else (one.status, one.why)
