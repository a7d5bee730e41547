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

from tests.lab import certificates, nginx_conf, servers
from tests.lab.clients import trusting
from tests.lab.middlebox import Interceptor, TunnelProxy
from tests.lab.model import Page, Scenario, Site, User
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
LOOPBACK = ("EXCLUDE 127.0.0.1", "EXCLUDE localhost")


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


class Stack:
    def __init__(self, scenario: Scenario, root: Path) -> None:
        self.scenario = scenario
        self.root = root
        self.secret = secrets.token_hex(32)
        self.app_port, self.free_port = free_port(), free_port()
        self.ports = {public: free_port() for public in sorted({80, 443, *(site.port for site in scenario.proxy.sites)})}
        self.boxes: dict[str, TunnelProxy | Interceptor] = {}
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
            await self._start_boxes()
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
        for between in (*self.boxes.values(), *set(self.relays.values())):
            await between.stop()

    async def _start_relays(self) -> None:
        shared: dict[tuple[str, str], Relay] = {}
        for user, site in itertools.product(self.scenario.users, self.scenario.proxy.sites):
            relay = shared.get((user.address, site.place)) if user.script else None
            if relay is None:
                relay = self._relay(user, site)
                await relay.start()
            if user.script:
                shared[user.address, site.place] = relay
            self.relays[user.name, site.place] = relay

    def _relay(self, user: User, site: Site) -> Relay:
        return Relay("", self.app_port) if site.direct else Relay(user.address, self.ports[site.port])

    async def _start_boxes(self) -> None:
        """What stands between a user and the last site."""
        last = self.scenario.proxy.sites[-1].place
        for user in self.scenario.users:
            if user.behind == "refuses-tunnels":
                self.boxes[user.name] = TunnelProxy(self.ports_of(user), last)
            elif user.behind and user.behind != "blocking-extension":
                issuer = self.authority if user.behind == "drops-upgrade" else certificates.authority("Office Web Filter CA")
                certificates.write_leaf(self.root / "filter" / user.name, last, issuer, "valid")
                self.boxes[user.name] = Interceptor(last, self.relays[user.name, last].port, self.root / "filter" / user.name)
        for box in self.boxes.values():
            await box.start()

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
        return "".join(path.read_text(errors="replace") for path in self.written(self.app_log))

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
        return [json.loads(line) for line in path.read_text(errors="replace").splitlines()] if path.exists() else []

    def _lay_out(self) -> None:
        for folder in ("etc/nginx", "run", "var/log/nginx", "var/lib/nginx", "var/www/app/dist/assets", "srv/app"):
            (self.root / folder).mkdir(parents=True)
        self._write_sites()
        self._write_page(self.scenario.page)
        servers.lay_out(self.scenario.app, self.root / "srv/app")
        at = nginx_conf.run_places(str(self.root), self.ports)
        self.nginx_conf.write_text(self.conf(at))

    def conf(self, at: nginx_conf.Places) -> str:
        app, free = (f"127.0.0.1:{port}" for port in (self.app_port, self.free_port))
        return nginx_conf.render(self.scenario.proxy, at, app, free)

    def _write_sites(self) -> None:
        unknown = certificates.authority("Unknown Root")
        for site in (site for site in self.scenario.proxy.sites if site.tls and not site.direct):
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
            "sendBytes": page.send_bytes,
            "protocols": page.protocols,
            "mounts": page.mounts,
            "tokenName": page.token_name,
            "cookieBytes": page.cookie_bytes,
            "fetches": page.fetches,
            "polls": page.polls,
        }
        script = (HERE / "page/app.js").read_text().replace("@settings@", json.dumps(settings))
        (dist / "assets" / BUNDLE_NAME).write_text(script)
        (dist / "index.html").write_text((HERE / "page/index.html").read_text().replace("@bundle@", BUNDLE_NAME))
        for name in ("favicon.svg", "about.html"):
            shutil.copy(HERE / "page" / name, dist)

    @property
    def nginx_conf(self) -> Path:
        return self.root / "etc/nginx/nginx.conf"

    async def _start_nginx(self) -> None:
        error = str(self.error_log)
        argv = (str(nginx()), "-p", str(self.root), "-c", str(self.nginx_conf), "-e", error)
        zone = {"TZ": self.nginx_zone.rule}
        self._nginx = Child(argv, self.root / "nginx.out", self.root, zone)
        # A connection to try it would stand in its log; the pid file is written once the sockets listen.
        await until(lambda: (self.root / "run/nginx.pid").exists(), self._nginx, "nginx")

    async def start_app(self) -> None:
        app = self.scenario.app
        environment = {
            "TZ": self.app_zone.rule,
            "APP_LOG": app.log,
            "APP_OPTIONS": json.dumps(app.options),
            "JWT_SECRET": self.secret,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        }
        self._app = Child(servers.command(app, self.app_port), self.app_log, self.root / "srv/app", environment)
        await until(lambda: answers(self.app_port), self._app, "the app")

    async def stop_app(self, number: signal.Signals) -> None:
        if self._app:
            await asyncio.to_thread(self._app.stop, number)

    def send_app(self, number: signal.Signals) -> None:
        if self._app:
            self._app.send(number)

    def relays_of(self, who: str, host: str) -> list[Relay]:
        return [relay for (user, site), relay in self.relays.items() if who in ("", user) and host in ("", site)]

    def ports_of(self, user: User) -> dict[str, int]:
        """Where each host of the story is for this user."""
        return {host: relay.port for (name, host), relay in self.relays.items() if name == user.name}

    def resolver_rules(self, user: User) -> str:
        """Every host of the story leads to this user's relays, and no other name leads anywhere."""
        box = self.boxes.get(user.name)
        if isinstance(box, TunnelProxy):
            # It resolves the names itself.
            return "EXCLUDE 127.0.0.1"
        places = self.ports_of(user)
        if box:
            places[box.host] = box.port
        ports = {site.place: site.port for site in self.scenario.proxy.sites}
        maps = [f"MAP {place.split(':')[0]}:{ports[place]} 127.0.0.1:{port}" for place, port in places.items()]
        return ", ".join([*(one for one in maps if one.split(":")[0][4:] not in user.unresolved), "MAP * ~NOTFOUND", *LOOPBACK])

    def blocked_for(self, user: User) -> str:
        """The host that an extension of this user's browser blocks; empty: none."""
        return self.scenario.proxy.sites[-1].host if user.behind == "blocking-extension" else ""

    def tunnels_of(self, user: User) -> int:
        """The port of the proxy that this user's browser must use; 0: none."""
        box = self.boxes.get(user.name)
        return box.port if isinstance(box, TunnelProxy) else 0


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
