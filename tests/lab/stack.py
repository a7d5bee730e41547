"""nginx, the app and the relays in one temp folder that is laid out like a server's root."""

import asyncio
import contextlib
import itertools
import json
import os
import random
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.serialization import Encoding

from tests.lab import certificates, nginx_conf
from tests.lab.clients import trusting
from tests.lab.model import Page, Scenario, User
from tests.lab.needs import nginx
from tests.lab.process import Child
from tests.lab.relay import Relay
from tests.lab.zones import zone

HERE = Path(__file__).parent
BUNDLE_NAME = "index-B7xqT2fM.js"
READY_S = 10.0
# From the start of the app and nginx to the first event, when a zone changes: the browsers start in it.
LEAD_S = 30
TAIL_LINES = 200


def free_port() -> int:
    """Below the ports that outgoing connections get, so that none of them takes it while the app is down."""
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


async def until(ready: Callable[[], bool], child: Child, what: str) -> None:
    for _ in range(int(READY_S / 0.05)):
        if not child.alive:
            raise RuntimeError(f"{what} ended at its start")
        if ready():
            return
        await asyncio.sleep(0.05)
    raise RuntimeError(f"{what} was not ready within {READY_S} s")


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def log_config(style: str) -> dict[str, Any]:
    timed = {"format": "%(asctime)s %(levelname)-7s [%(name)s] %(message)s"}
    formatter: dict[str, Any] = {"()": "jsonlog.JsonLines"} if style == "json" else timed
    logger = {"handlers": ["file"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"main": formatter},
        "handlers": {"file": {"class": "logging.StreamHandler", "formatter": "main", "stream": "ext://sys.stderr"}},
        "loggers": dict.fromkeys(("uvicorn", "app"), logger),
    }


class Stack:
    def __init__(self, scenario: Scenario, root: Path) -> None:
        self.scenario = scenario
        self.root = root
        self.secret = secrets.token_hex(32)
        self.app_port, self.free_port, self.tls_port, self.plain_port = (free_port() for _ in range(4))
        self.relays: dict[tuple[str, str], Relay] = {}
        self.authority = certificates.authority("Lab Test Root")
        self.client_tls = trusting(self.authority.certificate.public_bytes(Encoding.PEM).decode())
        self.zones_change = int(time.time() + LEAD_S + scenario.clock_changes_at_s)
        self.nginx_zone = zone(scenario.proxy.zone, self.zones_change)
        self.app_zone = zone(scenario.app.zone, self.zones_change)
        self._nginx: Child | None = None
        self._app: Child | None = None

    async def __aenter__(self) -> Self:
        try:
            self._lay_out()
            if self.scenario.app.running:
                await self.start_app()
            await self._start_nginx()
            await self._start_relays()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stop()

    async def _stop(self) -> None:
        for child in (self._nginx, self._app):
            if child:
                await asyncio.to_thread(child.stop)
        for relay in set(self.relays.values()):
            await relay.stop()

    async def _start_relays(self) -> None:
        shared: dict[tuple[str, str], Relay] = {}
        for user, site in itertools.product(self.scenario.users, self.scenario.proxy.sites):
            relay = shared.get((user.address, site.host)) if user.script else None
            if relay is None:
                relay = Relay(user.address, self.tls_port)
                await relay.start()
            if user.script:
                shared[user.address, site.host] = relay
            self.relays[user.name, site.host] = relay

    def ca_der(self) -> bytes:
        return self.authority.certificate.public_bytes(Encoding.DER)

    @property
    def access_log(self) -> Path:
        return self.root / "var/log/nginx/access.log"

    @property
    def error_log(self) -> Path:
        return self.root / "var/log/nginx/error.log"

    @property
    def app_log(self) -> Path:
        return self.root / "srv/app.log"

    @property
    def saved_tail(self) -> Path:
        return self.root / "access-tail.log"

    def written(self, log: Path) -> list[Path]:
        """The log and what was rotated out of it, older first."""
        return [path for path in (log.with_name(f"{log.name}.1"), log) if path.exists()]

    def app_text(self) -> str:
        return "".join(path.read_text() for path in self.written(self.app_log))

    def save_tail(self) -> None:
        lines = self.access_log.read_text().splitlines(keepends=True)
        self.saved_tail.write_text("".join(lines[-TAIL_LINES:]))

    def rotate(self) -> None:
        """As logrotate does: nginx reopens its logs, the app's is copied and emptied, for its process has it open."""
        for log in (self.access_log, self.error_log):
            log.rename(f"{log}.1")
        os.kill(int((self.root / "run/nginx.pid").read_text()), signal.SIGUSR1)
        shutil.copy(self.app_log, f"{self.app_log}.1")
        os.truncate(self.app_log, 0)

    def ledger(self) -> list[dict[str, Any]]:
        """Every request nginx finished, as it recorded them for the lab alone."""
        path = self.root / "ledger.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def _lay_out(self) -> None:
        for folder in ("etc/nginx", "run", "var/log/nginx", "var/lib/nginx", "var/www/app/dist/assets", "srv/app"):
            (self.root / folder).mkdir(parents=True)
        self._write_sites()
        self._write_page(self.scenario.page)
        shutil.copy(HERE / "app.py", self.root / "srv/app/main.py")
        shutil.copy(HERE / "jsonlog.py", self.root / "srv/app/jsonlog.py")
        style = self.scenario.app.log
        if style != "plain":
            (self.root / "srv/app/logging.json").write_text(json.dumps(log_config(style)))
        at = nginx_conf.run_places(str(self.root), self.tls_port, self.plain_port)
        (self.root / "etc/nginx/nginx.conf").write_text(self.conf(at))

    def conf(self, at: nginx_conf.Places) -> str:
        app, free = (f"127.0.0.1:{port}" for port in (self.app_port, self.free_port))
        return nginx_conf.render(self.scenario.proxy, at, app, free)

    def _write_sites(self) -> None:
        unknown = certificates.authority("Unknown Root")
        for site in self.scenario.proxy.sites:
            issuer = unknown if site.certificate == "untrusted" else self.authority
            certificates.write_leaf(self.root / "etc/nginx/ssl" / site.host, site.host, issuer, site.certificate)

    def _write_page(self, page: Page) -> None:
        dist = self.root / "var/www/app/dist"
        settings = {
            "words": page.words,
            "apiBase": page.api_base,
            "wsBase": page.ws_base,
            "restBase": page.rest_base,
            "wsPath": page.ws_path,
            "tries": page.tries,
            "firstWaitMs": page.first_wait_ms,
            "growth": page.growth,
            "dials": page.dials,
            "heartbeatMs": page.heartbeat_ms,
            "leaveAfterMs": page.leave_after_ms,
            "impatientMs": page.impatient_ms,
            "subscribe": page.subscribe,
            "uploadBytes": page.upload_bytes,
            "fetches": page.fetches,
            "polls": page.polls,
        }
        script = (HERE / "page/app.js").read_text().replace("@settings@", json.dumps(settings))
        (dist / "assets" / BUNDLE_NAME).write_text(script)
        (dist / "index.html").write_text((HERE / "page/index.html").read_text().replace("@bundle@", BUNDLE_NAME))
        shutil.copy(HERE / "page/favicon.svg", dist)

    async def _start_nginx(self) -> None:
        conf = self.root / "etc/nginx/nginx.conf"
        error = str(self.error_log)
        argv = (str(nginx()), "-p", str(self.root), "-c", str(conf), "-e", error)
        zone = {"TZ": self.nginx_zone.rule}
        self._nginx = Child(argv, self.root / "nginx.out", self.root, zone)
        # A connection to try it would stand in its log; the pid file is written once the sockets listen.
        await until(lambda: (self.root / "run/nginx.pid").exists(), self._nginx, "nginx")

    async def start_app(self) -> None:
        app = self.scenario.app
        config = () if app.log == "plain" else ("--log-config", "logging.json")
        argv = (sys.executable, "-m", "uvicorn", "main:app", "--host", "127.0.0.1", "--port", str(self.app_port))
        environment = {
            "TZ": self.app_zone.rule,
            "APP_OPTIONS": json.dumps(app.options),
            "JWT_SECRET": self.secret,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        }
        self._app = Child((*argv, *config, *app.arguments), self.app_log, self.root / "srv/app", environment)
        await until(lambda: answers(self.app_port), self._app, "the app")

    async def stop_app(self, number: signal.Signals) -> None:
        if self._app:
            await asyncio.to_thread(self._app.stop, number)

    def relays_of(self, who: str, host: str) -> list[Relay]:
        return [relay for (user, site), relay in self.relays.items() if who in ("", user) and host in ("", site)]

    def ports_of(self, user: User) -> dict[str, int]:
        """Where each host of the story is for this user."""
        return {host: relay.port for (name, host), relay in self.relays.items() if name == user.name}

    def resolver_rules(self, user: User) -> str:
        """Every host of the story leads to this user's relays, and no other name leads anywhere."""
        maps = [f"MAP {host}:443 127.0.0.1:{relay.port}" for (name, host), relay in self.relays.items() if name == user.name]
        return ", ".join([*maps, "MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1"])


def prefixes(root: Path) -> list[tuple[str, str]]:
    """Paths of this machine and what a reader of the bundle sees instead, longest first."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    known = {
        str(root): "",
        str(Path(jwt.__file__).parent.parent): f"/usr/local/lib/python{version}/site-packages",
        str(Path(os.__file__).parent): f"/usr/local/lib/python{version}",
        sys.executable: "/usr/local/bin/python3",
        sys.prefix: "/usr/local",
        sys.base_prefix: "/usr/local",
    }
    return sorted(known.items(), key=lambda pair: -len(pair[0]))
