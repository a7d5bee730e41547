"""One user: a Chromium of their own, a tab or more of the page under test, and what each page saw of its sockets."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.lab.cdp import Cdp, Message
from tests.lab.devtools import Devtools
from tests.lab.model import User
from tests.lab.needs import chromium
from tests.lab.process import Child
from tests.lab.seen import Seen

READY_S = 20.0
TRUST = Path(__file__).parent / "trust.py"
# Runs before the page's own script in every load: signs the user in, and hands the page's events to the lab.
BEFORE = """(() => {
  if (!location.host) return;
  for (const [key, value] of Object.entries(%s)) localStorage.setItem(key, value);
  const tell = (event) => window.toLab(JSON.stringify(event));
  tell({ what: 'load', at: Date.now() });
  addEventListener('realtime', (event) => tell(event.detail));
})()"""


class Tab:
    """One page of a browser. What the page tells comes in order with what the browser tells of its requests."""

    def __init__(self, user: User, name: str) -> None:
        self.user = user
        self.name = name
        self.attempts: list[Seen] = []
        self.devtools: Devtools | None = None
        self._session = ""
        self._load = -1
        self._requests: dict[str, Seen] = {}

    async def open(self, cdp: Cdp, port: int, script: str, *, timestamps: bool) -> None:
        self._cdp = cdp
        target, self._session = await cdp.tab("about:blank")
        cdp.listen(self._heard)
        await cdp.call("Runtime.enable", self._session)
        await cdp.call("Runtime.addBinding", self._session, name="toLab")
        await cdp.call("Page.enable", self._session)
        await cdp.call("Network.enable", self._session)
        await cdp.call("Page.addScriptToEvaluateOnNewDocument", self._session, source=script)
        if self.user.recorded:
            self.devtools = await Devtools.attach(cdp, port, target, timestamps=timestamps)
            await cdp.call("Page.bringToFront", self._session)

    async def go(self, url: str) -> None:
        await self._cdp.call("Page.navigate", self._session, url=url)

    async def reload(self) -> None:
        await self._cdp.call("Page.reload", self._session)

    async def value(self, expression: str) -> Any:
        """What an expression gives; the page's policy does not bind what is asked from outside."""
        return await self._cdp.evaluate(self._session, expression)

    async def picture(self) -> str:
        """The page as PNG, in base64."""
        return str((await self._cdp.call("Page.captureScreenshot", self._session, captureBeyondViewport=True))["data"])

    async def saves_to(self, folder: Path) -> None:
        """Where what a page saves goes."""
        await self._cdp.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    async def offline(self, off: bool) -> None:
        """As DevTools' own throttling does it."""
        rules = {"offline": off, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        await self._cdp.call("Network.emulateNetworkConditions", self._session, **rules)

    def _heard(self, message: Message) -> None:
        if message.get("sessionId") != self._session:
            return
        told = message["params"]
        match message.get("method"):
            case "Runtime.bindingCalled" if told["name"] == "toLab":
                self._told(json.loads(told["payload"]))
            case "Network.webSocketCreated":
                # The page tells of a dial before it dials, and may tell of the next before this comes.
                known = [id(seen) for seen in self._requests.values()]
                dialed = (one for one in self.attempts if one.url == told["url"] and one.threw is None and id(one) not in known)
                if seen := next(dialed, None):
                    self._requests[told["requestId"]] = seen
            case "Network.webSocketWillSendHandshakeRequest" if told["requestId"] in self._requests:
                self._requests[told["requestId"]].key = told["request"]["headers"].get("Sec-WebSocket-Key")

    def _told(self, event: dict[str, Any]) -> None:
        at = event["at"] / 1000
        if event["what"] == "load":
            self._load += 1
            # What the page before it left open ended with it; an unloading page cannot say so itself.
            for seen in self.attempts:
                if seen.end is None:
                    seen.navigated, seen.end = True, at
        elif event["what"] == "dial":
            self.attempts.append(Seen(self.user, self.name, self._load, event["number"], event["url"], at))
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


class Browser:
    def __init__(self, user: User, token: str) -> None:
        self.user = user
        self.token = token
        names = [user.name] if user.tabs == 1 else [f"{user.name}-tab{number}" for number in range(1, user.tabs + 1)]
        self.tabs = [Tab(user, name) for name in names]
        self._child: Child | None = None
        self._cdp: Cdp | None = None

    @property
    def attempts(self) -> list[Seen]:
        return [seen for tab in self.tabs for seen in tab.attempts]

    async def start(self, folder: Path, rules: str, ca_der: bytes, *, timestamps: bool, tunnels: int = 0, blocked: str = "") -> None:
        """`tunnels` is the port of a proxy that it must use, 0: none; `blocked` a host that an extension does not let it reach."""
        home = folder / f"home-{self.user.name}"
        home.mkdir()
        (home / "ca.der").write_bytes(ca_der)
        trust = [sys.executable, str(TRUST), str(home), str(home / "ca.der")]
        await asyncio.to_thread(subprocess.run, trust, check=True, timeout=20)
        environment = {"HOME": str(home), "TZ": self.user.zone}
        more = [f"--proxy-server=127.0.0.1:{tunnels}"] if tunnels else []
        if blocked:
            more = [f"--load-extension={_blocker(home / 'blocker', blocked)}", "--disable-features=DisableLoadExtensionCommandLineSwitch"]
        self._child = Child([*_arguments(home, rules), *more, "about:blank"], home / "chromium.out", home, environment)
        port, path = await self._debugging(home / "data")
        self._cdp = await Cdp.open(f"ws://127.0.0.1:{port}{path}")
        signed_in = {"access_token": self.token} if self.user.signed_in else {}
        script = BEFORE % json.dumps({**signed_in, **self.user.stored})
        for tab in self.tabs:
            await tab.open(self._cdp, port, script, timestamps=timestamps)

    async def _debugging(self, data: Path) -> tuple[int, str]:
        """The port and path Chromium wrote down."""
        file = data / "DevToolsActivePort"
        for _ in range(int(READY_S / 0.1)):
            if file.exists() and len(lines := file.read_text().split()) == 2:
                return int(lines[0]), lines[1]
            await asyncio.sleep(0.1)
        raise RuntimeError(f"Chromium of {self.user.name} did not open its debugging port")

    async def go(self, url: str) -> None:
        await asyncio.gather(*(tab.go(url) for tab in self.tabs))

    async def reload(self) -> None:
        await asyncio.gather(*(tab.reload() for tab in self.tabs))

    async def offline(self, off: bool) -> None:
        await asyncio.gather(*(tab.offline(off) for tab in self.tabs))

    async def stop(self) -> None:
        try:
            if self._cdp:
                await self._cdp.close()
        finally:
            if self._child:
                await asyncio.to_thread(self._child.stop)


def _blocker(folder: Path, host: str) -> Path:
    """An extension as those against trackers are: one rule, by declarativeNetRequest."""
    rule = {"id": 1, "action": {"type": "block"}, "condition": {"requestDomains": [host], "resourceTypes": ["websocket"]}}
    manifest = {
        "manifest_version": 3,
        "name": "Blocker",
        "version": "1.0",
        "permissions": ["declarativeNetRequest"],
        "host_permissions": ["<all_urls>"],
        "declarative_net_request": {"rule_resources": [{"id": "list", "enabled": True, "path": "rules.json"}]},
    }
    folder.mkdir()
    (folder / "rules.json").write_text(json.dumps([rule]))
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


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
    return [str(chromium()), *flags]
