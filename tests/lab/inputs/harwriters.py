"""HARs of programs that drive Chromium:  python -m tests.lab.inputs.harwriters FOLDER MODULES

Needs node, Chromium, the extra `lab`, and in MODULES (a node_modules) playwright-core or chrome-har. Writes FOLDER/playwright.har
and FOLDER/console.log, the text of page.on("console"); or, with chrome-har there, FOLDER/chrome-har.har from what the DevTools
protocol tells.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.lab.browser import _arguments
from tests.lab.cdp import Cdp, Message
from tests.lab.inputs.chromium import RULES, TRIES, _port
from tests.lab.inputs.site import page, site
from tests.lab.needs import chromium
from tests.lab.process import Child

WANTED = [*TRIES[:6], *TRIES[9:11]]
RUN_S = 60
PLAYWRIGHT = """
const { chromium } = require('playwright-core');
const fs = require('fs');
(async () => {
  const [binary, rules, folder] = process.argv.slice(1);
  const args = ['--no-sandbox', `--host-resolver-rules=${rules}`];
  const browser = await chromium.launch({ executablePath: binary, headless: true, args });
  const context = await browser.newContext({ recordHar: { path: folder + '/playwright.har' } });
  const page = await context.newPage();
  const lines = [];
  page.on('console', (message) => lines.push(message.text()));
  await page.goto('http://testdomen.uz/');
  await page.waitForFunction(() => window.done === true, null, { timeout: 40000 });
  await context.close();
  await browser.close();
  fs.writeFileSync(folder + '/console.log', lines.join('\\n') + '\\n');
})();
"""
CHROME_HAR = """
const { harFromMessages } = require('chrome-har');
const fs = require('fs');
const [folder] = process.argv.slice(1);
const har = harFromMessages(JSON.parse(fs.readFileSync(folder + '/messages.json', 'utf8')), { includeTextFromResponseBody: false });
fs.writeFileSync(folder + '/chrome-har.har', JSON.stringify(har, null, 2) + '\\n');
"""


async def _node(script: str, modules: Path, *arguments: str) -> None:
    command = ["node", "-e", script, *arguments]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=RUN_S, env={"NODE_PATH": str(modules), "PATH": "/usr/bin:/bin"})


async def playwright(out: Path, modules: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with site(Path(name), page(WANTED, 200)):
            await _node(PLAYWRIGHT, modules, str(chromium()), RULES, str(out))


async def chrome_har(out: Path, modules: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        async with site(home, page(WANTED, 200)):
            child = Child(_arguments(home, RULES), home / "chromium.out", home, {"HOME": name, "TZ": "UTC"})
            try:
                messages = await _told(home)
            finally:
                await asyncio.to_thread(child.stop)
        (home / "messages.json").write_text(json.dumps(messages), "utf-8")
        await _node(CHROME_HAR, modules, name)
        (out / "chrome-har.har").write_text((home / "chrome-har.har").read_text("utf-8"), "utf-8")


async def _told(home: Path) -> list[Message]:
    port, path = await _port(home)
    cdp = await Cdp.open(f"ws://127.0.0.1:{port}{path}")
    messages: list[Message] = []
    cdp.listen(lambda message: messages.append({"method": message.get("method"), "params": message.get("params")}))
    _, session = await cdp.tab("about:blank")
    await cdp.call("Page.enable", session)
    await cdp.call("Network.enable", session)
    await cdp.call("Page.navigate", session, url="http://testdomen.uz/")
    for _ in range(RUN_S * 2):
        await asyncio.sleep(0.5)
        if await cdp.evaluate(session, "window.done === true"):
            break
    await cdp.close()
    return messages


if __name__ == "__main__":
    folder, given = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    make = playwright if (given / "playwright-core").is_dir() else chrome_har
    asyncio.run(make(folder, given))
