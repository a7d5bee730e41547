"""Chromium that shows a file: what it says to the console, what it asks of the network, what stands on the page."""

from __future__ import annotations

import asyncio
import os
from base64 import b64decode
from pathlib import Path
from typing import Any, Self

from tests.lab.cdp import Cdp, Message
from tests.lab.needs import chromium
from tests.lab.process import Child

_READY_S = 20.0
_FLAGS = (
    "--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-breakpad", "--disable-dev-shm-usage", "--remote-debugging-port=0", "--remote-allow-origins=*",
)  # fmt: skip


class Viewer:
    """One tab. `said` are lines of the console and of the browser's own log, `asked` the URLs that the page asked for."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.said: list[str] = []
        self.asked: list[str] = []

    async def __aenter__(self) -> Self:
        flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else []), f"--user-data-dir={self._home / 'data'}"]
        self._child = Child([str(chromium()), *flags, "about:blank"], self._home / "out", self._home, {"HOME": str(self._home)})
        file = self._home / "data" / "DevToolsActivePort"
        for _ in range(int(_READY_S / 0.1)):
            if file.exists() and len(lines := file.read_text().split()) == 2:
                break
            await asyncio.sleep(0.1)
        else:
            self._child.stop()
            raise RuntimeError("Chromium did not open its debugging port")
        self._cdp = await Cdp.open(f"ws://127.0.0.1:{lines[0]}{lines[1]}")
        self._cdp.listen(self._heard)
        _, self._tab = await self._cdp.tab("about:blank")
        for domain in ("Page", "Runtime", "Log", "Network", "Security"):
            await self._cdp.call(f"{domain}.enable", self._tab)
        return self

    async def __aexit__(self, *exc: object) -> None:
        try:
            await self._cdp.close()
        finally:
            await asyncio.to_thread(self._child.stop)

    def _heard(self, message: Message) -> None:
        params = message.get("params", {})
        if message["method"] == "Runtime.consoleAPICalled":
            self.said.append(str(params["args"]))
        elif message["method"] == "Log.entryAdded":
            self.said.append(params["entry"]["text"])
        elif message["method"] == "Runtime.exceptionThrown":
            self.said.append(params["exceptionDetails"]["text"])
        elif message["method"] == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])

    async def show(self, file: Path, width: int, *, dark: bool = False) -> None:
        """Opens a file in a window of that width, 800 high, from a blank page."""
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self._cdp.call("Emulation.setEmulatedMedia", self._tab, features=[theme])
        await self._cdp.call(
            "Emulation.setDeviceMetricsOverride", self._tab, width=width, height=800, deviceScaleFactor=1, mobile=width < 600
        )
        self.said.clear()
        self.asked.clear()
        await self._cdp.call("Page.navigate", self._tab, url=file.as_uri())
        for _ in range(int(_READY_S / 0.05)):
            if await self.value("document.readyState") == "complete" and await self.value("location.href") == file.as_uri():
                return
            await asyncio.sleep(0.05)
        raise RuntimeError(f"{file} did not load")

    async def value(self, expression: str) -> Any:
        """What an expression gives; the page's policy does not bind what is asked from outside."""
        return await self._cdp.evaluate(self._tab, expression)

    async def printed(self) -> bytes:
        """The page as PDF on A4."""
        made = await self._cdp.call("Page.printToPDF", self._tab, paperWidth=8.27, paperHeight=11.69)
        return b64decode(made["data"])
