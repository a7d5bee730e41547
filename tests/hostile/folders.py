"""Folders with what is no log: links, pipes, sockets, devices, too much, too deep, names of no encoding."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.hostile.inputs import Input, good, laid, put


def _folder(name: str, fill: Callable[[Path, Random], object], says: str = "", *, keeps: bool = True, dear: bool = False) -> Input:
    def make(folder: Path, chance: Random) -> list[Path]:
        bundle = laid(folder)
        fill(bundle, chance)
        return [bundle]

    return Input(name=f"folder: {name}", make=make, says=says, keeps=keeps, dear=dear)


def _outside(bundle: Path, chance: Random) -> None:
    """A log outside the bundle that would change the verdict, if it were read."""
    put(bundle.parent, "outside/secret.log", good()["app.log"].replace(b"WebSocket", b"Websocket"))
    (bundle / "outside.log").symlink_to(bundle.parent / "outside" / "secret.log")
    (bundle / "outside").symlink_to(bundle.parent / "outside")


def _loops(bundle: Path, chance: Random) -> None:
    (bundle / "self.log").symlink_to("self.log")
    (bundle / "up").symlink_to(".")
    (bundle / "one").symlink_to("two")
    (bundle / "two").symlink_to("one")


def _socket(bundle: Path, chance: Random) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(bundle)  # the name of a socket is short
        try:
            one.bind("app.sock")
        finally:
            os.chdir(here)


def _deep(bundle: Path, chance: Random) -> None:
    here = os.open(bundle, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def _device(bundle: Path, chance: Random) -> None:
    """As root a device, else a link to one."""
    try:
        os.mknod(bundle / "zero.log", 0o600 | 0o020000, os.makedev(1, 5))
    except OSError:
        (bundle / "zero.log").symlink_to("/dev/zero")


def _bytes(bundle: Path, chance: Random) -> None:
    for name in (b"caf\xe9.log", b"\xff\xfe.log", b"bell\x07\x1b]0;owned\x07.log", b"new\nline.log", "bidi\u202e.log".encode()):
        with open(os.fsencode(bundle) + b"/" + name, "wb") as file:  # noqa: PTH123  # a Path holds no bytes
            file.write(b"Buy milk.\n")


def _forbidden(bundle: Path, chance: Random) -> None:
    put(bundle, "forbidden.log", b"x\n").chmod(0)
    (bundle / "locked").mkdir()
    put(bundle, "locked/a.log", b"x\n")
    (bundle / "locked").chmod(0)


def _report(bundle: Path, chance: Random) -> None:
    """What another run left, with hostile words."""
    for name in ("report.html", "report.md", "report.json"):
        put(bundle, f"old/{name}", b"<script>alert(1)</script> WebSocket connection to 'wss://a/' failed: code=1006\n" * 9)


def _many(bundle: Path, chance: Random) -> None:
    for number in range(20_000):
        put(bundle, f"many/{number:05}.log", b"")


def _many_logs(bundle: Path, chance: Random) -> None:
    for number in range(3000):
        put(bundle, f"many/{number:05}.log", b"INFO:     connection open\nBuy milk.\n" * 3)


def inputs() -> list[Input]:
    return [
        _folder("links that lead out", _outside, "outside.log is a link"),
        _folder("a link to /etc/passwd", lambda b, r: (b / "passwd.log").symlink_to("/etc/passwd"), "passwd.log is a link"),
        _folder("links in loops", _loops, "self.log is a link"),
        _folder("a pipe", lambda b, r: os.mkfifo(b / "pipe.log"), "pipe.log is no regular file"),
        _folder("a socket", _socket, "app.sock is no regular file"),
        _folder("a device of zeros", _device, "zero.log is"),
        _folder("files that may not be read", _forbidden),
        _folder("3,000 folders in each other", _deep, "lies deeper than"),
        _folder("names of no encoding", _bytes),
        _folder("an older report", _report),
        _folder("20,000 empty files", _many, "holds more than"),
        _folder("3,000 small logs", _many_logs),
    ]
