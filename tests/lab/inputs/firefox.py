"""Firefox's HAR and console, in English and Russian:  python -m tests.lab.inputs.firefox FOLDER

Needs firefox-esr, firefox-esr-l10n-ru and the extra `lab`. DevTools are driven from Firefox's own chrome over Marionette: the
HAR is what "Save All As HAR" builds, the console what "Copy All Messages" copies.
Writes browser.har, console.en.log and, with timestamps, console.ru.log.
"""

import asyncio
import json
import os
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.lab.inputs.site import CLOSED, PLAIN, RUDE, SECURE, SILENT, TOKEN, page, site
from tests.lab.process import Child

BASE = f"testdomen.uz:{PLAIN}"
TRIES = [
    f"ws://{BASE}/api/v1/ws?token={TOKEN}",
    f"ws://{BASE}/api/v1/refused?token={TOKEN}",
    f"ws://{BASE}/api/v1/login",
    f"ws://testdomen.uz:{CLOSED}/api/v1/ws?token={TOKEN}",
    f"wss://testdomen.uz:{SECURE}/api/v1/ws?token={TOKEN}",
    f"ws://testdomen.uz:{RUDE}/api/v1/ws?token={TOKEN}",
    f"ws://{BASE}/api/v1/lost?token={TOKEN}",
    f"ws://{BASE}/api/v1/kicked?token={TOKEN}",
    f"ws://{BASE}/api/v1/early?token={TOKEN}",
]
MARIONETTE = 18282
READY_S = 40.0
PREFERENCES = {
    "marionette.port": MARIONETTE,
    "network.dns.localDomains": "testdomen.uz",
    "network.websocket.delay-failed-reconnects": False,
    "dom.security.https_first": False,
    "devtools.netmonitor.persistlog": True,
    "devtools.webconsole.persistlog": True,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "services.settings.server": "http://127.0.0.1:1/",
    "extensions.getAddons.cache.enabled": False,
}
OPEN = """
const [done] = arguments;
const { require } = ChromeUtils.importESModule("resource://devtools/shared/loader/Loader.sys.mjs");
const { gDevTools } = require("devtools/client/framework/devtools");
(async () => {
  const toolbox = await gDevTools.showToolboxForTab(gBrowser.selectedTab, { toolId: "webconsole" });
  await toolbox.selectTool("netmonitor");
  await toolbox.selectTool("webconsole");
  window.labToolbox = toolbox;
  done("open");
})().catch((error) => done(String(error) + error.stack));
"""
EXPORT = """
const [done] = arguments;
(async () => {
  const toolbox = window.labToolbox;
  const har = await toolbox.getHARFromNetMonitor();
  const { ui } = toolbox.getPanel("webconsole").hud;
  const { BrowserLoader } = ChromeUtils.importESModule("resource://devtools/shared/loader/browser-loader.sys.mjs");
  const { require: load } = BrowserLoader({ baseURI: "resource://devtools/client/webconsole/", window: ui.window });
  const clipboard = load("resource://devtools/shared/platform/clipboard.js");
  const { createContextMenu } = load("resource://devtools/client/webconsole/utils/context-menu.js");
  const event = { target: ui.document.querySelector(".webconsole-output"), preventDefault() {} };
  const menu = createContextMenu(event, null, ui.wrapper);
  const item = menu.items.find((one) => one.id === "console-menu-export-clipboard");
  await item.click();
  done(JSON.stringify({ har, text: clipboard.getText() }));
})().catch((error) => done(JSON.stringify({ error: String(error) + error.stack })));
"""


class Marionette:
    """Firefox's remote protocol: `length:[0, id, command, parameters]` and `length:[1, id, error, result]`."""

    def __init__(self) -> None:
        end = time.monotonic() + READY_S
        while True:
            try:
                self._socket = socket.create_connection(("127.0.0.1", MARIONETTE), timeout=READY_S)
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.3)
        self._stream = self._socket.makefile("rb")
        self._count = 0
        self._read()

    def _read(self) -> Any:
        length = b""
        while (one := self._stream.read(1)) not in (b":", b""):
            length += one
        return json.loads(self._stream.read(int(length)))

    def call(self, command: str, **parameters: Any) -> Any:
        self._count += 1
        raw = json.dumps([0, self._count, command, parameters]).encode()
        self._socket.sendall(str(len(raw)).encode() + b":" + raw)
        _, _, error, result = self._read()
        if error:
            raise RuntimeError(f"{command}: {error}")
        return result.get("value", result) if isinstance(result, dict) else result

    def script(self, script: str, context: str) -> Any:
        self.call("Marionette:SetContext", value=context)
        return self.call("WebDriver:ExecuteAsyncScript", script=script, args=[], scriptTimeout=30000)

    def close(self) -> None:
        self._socket.close()


def _drive(locale: str) -> tuple[str, str]:
    fox = Marionette()
    fox.call("WebDriver:NewSession", capabilities={"alwaysMatch": {"acceptInsecureCerts": False}})
    fox.call("WebDriver:Navigate", url="about:blank")
    if (said := fox.script(OPEN, "chrome")) != "open":
        raise RuntimeError(said)
    fox.call("Marionette:SetContext", value="content")
    fox.call("WebDriver:Navigate", url=f"http://{BASE}/")
    for _ in range(80):
        time.sleep(0.5)
        if fox.script("arguments[0](window.wrappedJSObject ? window.wrappedJSObject.done === true : window.done === true)", "content"):
            break
    # One that still waits when the HAR is exported.
    fox.script(f"window.last = new WebSocket('ws://testdomen.uz:{SILENT}/api/v1/ws?token={TOKEN}'); arguments[0](0)", "content")
    time.sleep(1.0)
    told = json.loads(fox.script(EXPORT, "chrome"))
    if "error" in told:
        raise RuntimeError(told["error"])
    fox.call("Marionette:Quit", flags=["eForceQuit"])
    fox.close()
    return json.dumps({"log": told["har"]}, indent=2, ensure_ascii=False), told["text"]


async def record(out: Path, locale: str) -> tuple[str, str]:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "profile").mkdir()
        rows = PREFERENCES | {"intl.locale.requested": locale, "devtools.webconsole.timestampMessages": locale == "ru"}
        lines = [f"user_pref({json.dumps(key)}, {json.dumps(value)});" for key, value in rows.items()]
        (home / "profile" / "user.js").write_text("\n".join(lines), "utf-8")
        async with site(home, page(TRIES, 1500)):
            flags = ["--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", str(home / "profile")]
            child = Child(["firefox-esr", *flags], home / "firefox.out", home, {"HOME": name, "TZ": "Asia/Tashkent"})
            try:
                return await asyncio.to_thread(_drive, locale)
            finally:
                await asyncio.to_thread(child.stop)
                if "LAB_SHOW" in os.environ:
                    print((home / "firefox.out").read_text("utf-8", "replace")[-3000:])


def small(text: str) -> str:
    """Addresses as of the site itself."""
    for port, shown in ((PLAIN, ""), (SECURE, ""), (CLOSED, ":81"), (RUDE, ":82"), (SILENT, ":83")):
        text = text.replace(f"testdomen.uz:{port}", f"testdomen.uz{shown}")
    return text


if __name__ == "__main__":
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for language in ("en-US", "ru"):
        entries, console = asyncio.run(record(folder, language))
        (folder / f"console.{language[:2]}.log").write_text(small(console), "utf-8")
        if language == "en-US":
            (folder / "browser.har").write_text(small(entries) + "\n", "utf-8")
