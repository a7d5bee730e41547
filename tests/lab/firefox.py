"""A Firefox of one user, spoken to by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/), and one page in it."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect

from tests.lab.needs import firefox
from tests.lab.process import Child

_READY_S = 30.0
_CALL_S = 30.0
# Nothing is asked of the network but what the page asks.
_SETTINGS = {
    "services.settings.server": "data:,#none", "toolkit.telemetry.enabled": False, "app.normandy.enabled": False,
    "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
    "browser.safebrowsing.update.enabled": False, "extensions.update.enabled": False, "app.update.enabled": False,
}  # fmt: skip


class Firefox:
    """`hosts` lead to loopback; certificates are not looked at, for the lab's authority is not in its store."""

    def __init__(self, home: Path, hosts: list[str]) -> None:
        self._home, self._hosts = home, hosts
        self._ids = itertools.count(1)

    async def __aenter__(self) -> Self:
        profile = self._home / "profile"
        profile.mkdir(parents=True)
        settings = _SETTINGS | {"network.dns.localDomains": ",".join(self._hosts)}
        (profile / "user.js").write_text("".join(f'user_pref("{name}", {json.dumps(value)});\n' for name, value in settings.items()))
        argv = [str(firefox()), "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
        self._child = Child(argv, self._home / "firefox.out", self._home, {"HOME": str(self._home)})
        try:
            at = await self._listening(profile / "WebDriverBiDiServer.json")
            self._socket: ClientConnection = await connect(
                f"ws://{at['ws_host']}:{at['ws_port']}/session", max_size=None, ping_interval=None, proxy=None, open_timeout=10
            )
            await self._call("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
            self._page = (await self._call("browsingContext.getTree"))["contexts"][0]["context"]
        except BaseException:
            await asyncio.to_thread(self._child.stop)
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        try:
            await self._socket.close()
        finally:
            await asyncio.to_thread(self._child.stop)

    async def _listening(self, file: Path) -> dict[str, Any]:
        for _ in range(int(_READY_S / 0.1)):
            if file.exists() and (text := file.read_text()):
                found: dict[str, Any] = json.loads(text)
                return found
            await asyncio.sleep(0.1)
        raise RuntimeError("Firefox did not open its debugging port")

    async def _call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(await asyncio.wait_for(self._socket.recv(), _CALL_S))
            if answer.get("id") == number:
                break
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    async def go(self, url: str) -> None:
        await self._call("browsingContext.navigate", context=self._page, url=url, wait="complete")

    async def value(self, expression: str) -> Any:
        """What an expression gives, of a plain type."""
        answer = await self._call("script.evaluate", expression=expression, target={"context": self._page}, awaitPromise=True)
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return answer["result"].get("value")

    async def picture(self) -> str:
        """The page as PNG, in base64."""
        return str((await self._call("browsingContext.captureScreenshot", context=self._page, origin="document"))["data"])

    async def saves_to(self, folder: Path) -> None:
        """Where what a page saves goes."""
        await self._call("browser.setDownloadBehavior", downloadBehavior={"type": "allowed", "destinationFolder": str(folder)})
