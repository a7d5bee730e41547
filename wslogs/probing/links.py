"""Both sides that are asked, the URL and the app behind its proxy: each opens connections of its own and asks over them."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Literal
from urllib.parse import quote

from wslogs.probing import answers, link, sockets
from wslogs.probing.link import LinkError
from wslogs.probing.model import Answer, Ask, Read
from wslogs.probing.sockets import Socket

_HOP_S = 3.0
"""nginx refuses at once what is no request."""


class Side:
    """One of the two; the app is asked without TLS, with the host that its proxy would name."""

    def __init__(self, name: Literal["url", "direct"], ask: Ask, read: Read) -> None:
        self.name, self.ask, self._read = name, ask, read
        direct = ask.direct if name == "direct" else None
        self.at = ask.at if direct is None else replace(ask.at, secure=False, port=80 if ask.at.default_port else ask.at.port)
        self.path = ask.at.path if direct is None or direct.path is None else direct.path
        to = direct or ask.connect_to
        self.host, self.port = (to.host, to.port) if to is not None else (ask.at.host, ask.at.port)
        self.addresses: list[str] = []
        """Filled by resolve."""

    def resolve(self) -> list[str]:
        self.addresses = link.resolve(self.host, self.port, self.ask.limit_s)
        return self.addresses

    def connect(self) -> tuple[socket.socket, str]:
        return link.connect(self.addresses, self.port, self.ask.limit_s)

    def get(
        self, path: str, *, secure: bool | None = None, verified: bool = True, upgrade: bool = False, version: str = "1.1",
        token: bool = False,
    ) -> Answer:  # fmt: skip
        """One GET; with `upgrade` it asks for a WebSocket as a handshake does."""
        try:
            raw, _ = self.connect()
            made: socket.socket = raw
            if self.at.secure if secure is None else secure:
                made = link.secure(raw, self.at.host, self.ask.limit_s, verified=verified)
        except LinkError as error:
            return Answer(why=error.why)
        headers = {**answers.UPGRADE, "Origin": self.ask.page} if upgrade else {}
        headers |= self._bearer(token) or {}
        return answers.ask(made, self.at, self._target(path, token), self._read, self.ask.limit_s, headers=headers, version=version)

    def first_hop(self) -> Answer:
        """Who takes the requests first, by its answer to what is none."""
        try:
            raw, _ = self.connect()
            made = link.secure(raw, self.at.host, self.ask.limit_s) if self.at.secure else raw
        except LinkError as error:
            return Answer(why=error.why)
        return answers.garbage(made, self.at, self._read, min(self.ask.limit_s, _HOP_S))

    def dial(self, *, path: str | None = None, token: bool = True, origin: str | None = None) -> Socket | Answer:
        """A handshake as the page makes it; `origin` is another page's."""
        try:
            raw, _ = self.connect()
        except LinkError as error:
            return Answer(why=error.why)
        where = self._target(self.path if path is None else path, token)
        page = self.ask.page if origin is None else origin
        return sockets.dial(raw, self.at, where, self._read, self.ask.limit_s, origin=page, headers=self._bearer(token))

    def _target(self, path: str, token: bool) -> str:
        carried = token and self.ask.token and self.ask.token_as != "bearer"
        return self.at.target(path, f"{self.ask.token_as}={quote(self.ask.token, safe='')}" if carried else "")

    def _bearer(self, token: bool) -> dict[str, str] | None:
        return {"Authorization": f"Bearer {self.ask.token}"} if token and self.ask.token and self.ask.token_as == "bearer" else None
