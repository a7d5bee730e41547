"""Chromium's NetLog of one page:  python -m tests.lab.inputs.chromium FOLDER [--cut | --devtools [--elided]]

Needs Chromium and the extra `lab`. Writes netlog.json into FOLDER: of all tries; with --cut of two, broken off in the second;
with --devtools of three, and beside it browser.har, console.log and copied.txt, the
console as it is copied; with --elided one address is longer than the console shows.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

import regex

from tests.lab.browser import _arguments
from tests.lab.cdp import Cdp
from tests.lab.devtools import Devtools
from tests.lab.inputs.site import CLOSED, PLAIN, PROXY, RUDE, SECURE, TOKEN, page, site
from tests.lab.process import Child

TRIES = [
    f"ws://testdomen.uz/api/v1/ws?token={TOKEN}",
    f"ws://testdomen.uz/api/v1/refused?token={TOKEN}",
    "ws://testdomen.uz/api/v1/login",
    f"ws://testdomen.uz:81/api/v1/ws?token={TOKEN}",
    f"wss://nosuch.testdomen.uz/api/v1/ws?token={TOKEN}",
    f"wss://testdomen.uz/api/v1/ws?token={TOKEN}",
    f"wss://blocked.testdomen.uz/api/v1/ws?token={TOKEN}",
    f"wss://testdomen.uz:80/api/v1/ws?token={TOKEN}",
    f"ws://testdomen.uz:82/api/v1/ws?token={TOKEN}",
    f"ws://testdomen.uz/api/v1/lost?token={TOKEN}",
    f"ws://testdomen.uz/api/v1/kicked?token={TOKEN}",
    f"ws://testdomen.uz/api/v1/early?token={TOKEN}",
]
RULES = (
    f"MAP testdomen.uz:80 127.0.0.1:{PLAIN}, MAP testdomen.uz:81 127.0.0.1:{CLOSED}, MAP testdomen.uz:82 127.0.0.1:{RUDE}, "
    f"MAP testdomen.uz:443 127.0.0.1:{SECURE}, MAP nosuch.testdomen.uz ~NOTFOUND, EXCLUDE 127.0.0.1, MAP * ~NOTFOUND"
)
"""Names beside these resolve to nothing: what Chromium asks the world for stays here."""
PAC = (
    "data:application/x-ns-proxy-autoconfig,function FindProxyForURL(url, host)"
    f"{{return host == 'blocked.testdomen.uz' ? 'PROXY 127.0.0.1:{PROXY}' : 'DIRECT'}}"
)
READY_S = 20.0
DONE_S = 40.0


COPY = """(async () => {
  const Console = await import('./panels/console/console.js');
  const view = Console.ConsoleView.ConsoleView.instance();
  const viewport = view.viewport;
  const last = view.itemCount();
  viewport.updateSelectionModel = () => true;
  viewport.anchorSelection = { item: 0, node: null, offset: 0 };
  viewport.headSelection = { item: last - 1, node: null, offset: 0 };
  viewport.selectionIsBackward = false;
  return viewport.selectedText();
})()"""
"""What Ctrl+A and Ctrl+C in the console of DevTools put on the clipboard: ConsoleViewport.selectedText."""
SWITCHES = regex.compile(r'"command_line":"[^"]*"')
SYSTEM = regex.compile(r'"os_type":"[^"]*"')
ASKED = regex.compile(r'"[\d.]+:53"')
ID = regex.compile(r'"source":\{"id":(-?\d+)')
CUT = "/api/v1/refused"


def small(text: str) -> str:
    """The log without what precedes the page and without the browser's own requests, and without names of this machine."""
    head, begin, *events = SYSTEM.sub('"os_type":"Linux"', SWITCHES.sub('"command_line":"chromium"', text, count=1), count=1).split("\n")
    end = next(place for place, line in enumerate(events) if line.startswith('"polledData"'))
    first = next(place for place, line in enumerate(events) if '"url":"http://testdomen.uz/"' in line)
    kept = events[first:end]
    own = regex.search(r"127\.0\.0\.1:\d+(?=/devtools/)", text)
    words = ("google", "devtools", own[0] if own else "devtools")
    foreign = {found[1] for line in kept if any(word in line for word in words) and (found := ID.search(line))}
    kept = [line.removesuffix("],").removesuffix(",") for line in kept if (found := ID.search(line)) and found[1] not in foreign]
    return ASKED.sub('"192.0.2.53:53"', "\n".join([head, begin, ",\n".join(kept) + "],", *events[end:]]))


def cut(text: str) -> str:
    """As after a crash: it breaks off inside a line of the second try."""
    return text[: text.index("HTTP/1.1\\r\\n", text.index(CUT)) + 40]


async def record(out: Path, tries: list[str], *, devtools: bool, broken: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        async with site(home, page(tries, 1500 if devtools else 200)):
            binary, *others = _arguments(home, RULES)
            flags = [f"--log-net-log={home / 'netlog.json'}", f"--proxy-pac-url={PAC}", "--disable-extensions", "--disable-default-apps"]
            child = Child([binary, *flags, *others], home / "chromium.out", home, {"HOME": str(home), "TZ": "UTC"})
            try:
                await _drive(home, out, devtools=devtools)
                await asyncio.to_thread(child.wait, READY_S)
            finally:
                await asyncio.to_thread(child.stop)
        text = (home / "netlog.json").read_text("utf-8")
    text = small(text)
    (out / "netlog.json").write_text(cut(text) if broken else text, "utf-8", newline="\n")


async def _port(home: Path) -> tuple[int, str]:
    file = home / "data" / "DevToolsActivePort"
    for _ in range(int(READY_S / 0.1)):
        if file.exists() and len(lines := file.read_text().split()) == 2:
            return int(lines[0]), lines[1]
        await asyncio.sleep(0.1)
    raise RuntimeError("Chromium did not open its debugging port")


async def _drive(home: Path, out: Path, *, devtools: bool) -> None:
    port, path = await _port(home)
    cdp = await Cdp.open(f"ws://127.0.0.1:{port}{path}")
    target, session = await cdp.tab("about:blank")
    tools = await Devtools.attach(cdp, port, target, timestamps=False) if devtools else None
    await cdp.call("Page.navigate", session, url="http://testdomen.uz/")
    for _ in range(int(DONE_S / 0.25)):
        await asyncio.sleep(0.25)
        if await cdp.evaluate(session, "window.done === true"):
            break
    # One that is open when its page is left.
    await cdp.evaluate(session, f"window.last = new WebSocket('ws://testdomen.uz/api/v1/left?token={TOKEN}'); 0")
    await asyncio.sleep(0.5)
    if tools is not None:
        har, console, _ = await tools.export()
        (out / "browser.har").write_text(har, "utf-8")
        (out / "console.log").write_text(console, "utf-8")
        (out / "copied.txt").write_text(await cdp.evaluate(tools.session, COPY) + "\n", "utf-8")
    await cdp.call("Page.navigate", session, url="about:blank")
    await asyncio.sleep(1.0)
    await cdp.call("Browser.close")
    await cdp.close()


if __name__ == "__main__":
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    cut_off, with_devtools = "--cut" in sys.argv, "--devtools" in sys.argv
    elided = f"ws://testdomen.uz/api/v1/refused?token={TOKEN}&state={'0123456789abcdef' * 64}"
    wanted = TRIES[:2] if cut_off else [*TRIES[1:6:2], elided] if "--elided" in sys.argv else TRIES[1:6:2] if with_devtools else TRIES
    asyncio.run(record(folder, wanted, devtools=with_devtools, broken=cut_off))
