"""One user: a Chromium of their own, the page under test, and what that page itself saw of its sockets."""

import asyncio
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.cdp import Cdp, Message
from tests.lab.devtools import Devtools
from tests.lab.model import User
from tests.lab.needs import chromium
from tests.lab.process import Child

READY_S = 20.0
TRUST = Path(__file__).parent / "trust.py"
# Runs before the page's own script in every load: signs the user in, and hands the page's events to the lab.
BEFORE = """(() => {
  if (location.protocol !== 'https:') return;
  for (const [key, value] of Object.entries(%s)) localStorage.setItem(key, value);
  const tell = (event) => window.toLab(JSON.stringify(event));
  tell({ what: 'load', at: Date.now() });
  addEventListener('realtime', (event) => tell(event.detail));
})()"""


@dataclass
class Seen:
    """One `new WebSocket` as its page saw it; times are epoch seconds."""

    user: User
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


class Browser:
    def __init__(self, user: User, token: str) -> None:
        self.user = user
        self.token = token
        self.attempts: list[Seen] = []
        self.devtools: Devtools | None = None
        self._child: Child | None = None
        self._cdp: Cdp | None = None
        self._session = ""
        self._load = -1

    async def start(self, folder: Path, rules: str, ca_der: bytes, *, timestamps: bool) -> None:
        home = folder / f"home-{self.user.name}"
        home.mkdir()
        (home / "ca.der").write_bytes(ca_der)
        trust = [sys.executable, str(TRUST), str(home), str(home / "ca.der")]
        await asyncio.to_thread(subprocess.run, trust, check=True, timeout=20)
        environment = {"HOME": str(home), "TZ": self.user.zone}
        self._child = Child(_arguments(home, rules), home / "chromium.out", home, environment)
        port, path = await self._debugging(home / "data")
        self._cdp = await Cdp.open(f"ws://127.0.0.1:{port}{path}")
        target, self._session = await self._cdp.tab("about:blank")
        self._cdp.listen(self._heard)
        await self._cdp.call("Runtime.enable", self._session)
        await self._cdp.call("Runtime.addBinding", self._session, name="toLab")
        await self._cdp.call("Page.enable", self._session)
        signed_in = {"access_token": self.token} if self.user.signed_in else {}
        script = BEFORE % json.dumps({**signed_in, **self.user.stored})
        await self._cdp.call("Page.addScriptToEvaluateOnNewDocument", self._session, source=script)
        if self.user.recorded:
            self.devtools = await Devtools.attach(self._cdp, port, target, timestamps=timestamps)
            await self._cdp.call("Page.bringToFront", self._session)

    async def _debugging(self, data: Path) -> tuple[int, str]:
        """The port and path Chromium wrote down."""
        file = data / "DevToolsActivePort"
        for _ in range(int(READY_S / 0.1)):
            if file.exists() and len(lines := file.read_text().split()) == 2:
                return int(lines[0]), lines[1]
            await asyncio.sleep(0.1)
        raise RuntimeError(f"Chromium of {self.user.name} did not open its debugging port")

    @property
    def cdp(self) -> Cdp:
        if self._cdp is None:
            raise RuntimeError("the browser is not started")
        return self._cdp

    async def go(self, url: str) -> None:
        await self.cdp.call("Page.navigate", self._session, url=url)

    async def reload(self) -> None:
        await self.cdp.call("Page.reload", self._session)

    async def stop(self) -> None:
        try:
            if self._cdp:
                await self._cdp.close()
        finally:
            if self._child:
                await asyncio.to_thread(self._child.stop)

    def _heard(self, message: Message) -> None:
        if message.get("method") != "Runtime.bindingCalled" or message["params"].get("name") != "toLab":
            return
        event: dict[str, Any] = json.loads(message["params"]["payload"])
        at = event["at"] / 1000
        if event["what"] == "load":
            self._load += 1
            # What the page before it left open ended with it; an unloading page cannot say so itself.
            for seen in self.attempts:
                if seen.end is None:
                    seen.navigated, seen.end = True, at
        elif event["what"] == "dial":
            self.attempts.append(Seen(self.user, self._load, event["number"], event["url"], at))
        else:
            self._note(event, at)

    def _note(self, event: dict[str, Any], at: float) -> None:
        seen = next(s for s in self.attempts if (s.load, s.number) == (self._load, event["number"]))
        if event["what"] == "open":
            seen.opened = True
        elif event["what"] == "threw":
            seen.threw, seen.end = event["error"], at
        elif event["what"] == "close":
            seen.end, seen.code, seen.reason, seen.clean = at, event["code"], event["reason"], event["clean"]


def version() -> str:
    out = subprocess.run([str(chromium()), "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    found = re.search(r"\d+(?:\.\d+)+", out)
    return found.group() if found else "unknown"


def _arguments(home: Path, rules: str) -> list[str]:
    major = version().split(".")[0]
    # Without "Headless", as a person's browser says it.
    agent = f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"
    flags = [
        "--headless=new",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-breakpad",
        "--disable-dev-shm-usage",
        # The page is behind the DevTools window: its timers must not be slowed down for that.
        "--disable-background-timer-throttling",
        "--disable-renderer-backgrounding",
        "--disable-backgrounding-occluded-windows",
        "--remote-debugging-port=0",
        "--remote-allow-origins=*",
        f"--user-agent={agent}",
        f"--user-data-dir={home / 'data'}",
        f"--host-resolver-rules={rules}",
    ]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    return [str(chromium()), *flags, "about:blank"]
