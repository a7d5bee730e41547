"""The test page in a real Chromium, against the real stack in some of its states.

    python -m tests.lab.testpages [NAME ...] [--into FOLDER]      default: STATES

A line a state: the page's saved log analysed alone, and beside the logs of nginx and the app. Neither may name a wrong cause.
`--into` keeps the bundles and a picture of each page.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from base64 import b64decode
from dataclasses import dataclass, replace
from pathlib import Path

from tests.lab import bundle
from tests.lab.browser import Browser, Tab
from tests.lab.model import Scenario
from tests.lab.needs import missing
from tests.lab.recording import LIMIT_S, token_of
from tests.lab.scenarios import SCENARIOS
from tests.lab.stack import Stack
from wslogs.patterns import load
from wslogs.pipeline import analyze
from wslogs.report.testpage import page

STATES = (
    "healthy/short-timeout-with-pings", "auth/token-expired", "auth/account-suspended", "path/renamed-route",
    "proxy/upgrade-headers-missing", "proxy/read-timeout", "proxy/wrong-port", "server/no-websocket-support", "application/handler-raises",
)  # fmt: skip
FILE = "test_websocket.html"
_OPEN_S = 8.0
"""A socket that opened is watched for so long."""
_SAVED_S = 10.0


@dataclass(frozen=True)
class Told:
    """What analyze said of one state."""

    name: str
    wanted: str
    alone: str
    beside: str
    closes: tuple[int | None, ...]

    @property
    def good(self) -> bool:
        return {self.alone, self.beside} <= {self.wanted, "undetermined"}

    def row(self) -> str:
        return f"| {self.name} | {', '.join(map(str, self.closes))} | {self.alone} | {self.beside} | {'yes' if self.good else 'NO'} |"


class _Site(Stack):
    """A stack whose site also serves the test page."""

    def _lay_out(self) -> None:
        super()._lay_out()
        (self.root / "var/www/app/dist" / FILE).write_bytes(page(load(), "ru"))


def tell(scenario: Scenario, into: Path | None = None) -> Told:
    """Plays a state, and analyses what the page saved."""
    with tempfile.TemporaryDirectory(prefix="wspage-", ignore_cleanup_errors=True) as folder:
        root = Path(folder).resolve()
        asyncio.run(asyncio.wait_for(_play(scenario, root), LIMIT_S))
        alone = analyze(root / "alone").report
        beside = analyze(root / "beside").report
        if into is not None:
            shutil.copytree(root / "beside", into / scenario.name.replace("/", "-"), dirs_exist_ok=True)
            shutil.copy(root / "page.png", into / f"{scenario.name.replace('/', '-')}.png")
    closes = tuple(one["close_code"] for one in alone["attempts"])
    return Told(scenario.name, scenario.causes[0], _said(alone), _said(beside), closes)


def _said(report: dict[str, dict[str, str | None]]) -> str:
    verdict = report["verdict"]
    return str(verdict["detail"] or verdict["cause"] if verdict["status"] == "failure" else verdict["status"])


async def _play(scenario: Scenario, root: Path) -> None:
    user = replace(scenario.users[0], recorded=False, tabs=1)
    async with _Site(scenario, root / "server") as stack:
        browser = Browser(user, token_of(user, stack.secret))
        try:
            await browser.start(root, stack.resolver_rules(user), stack.ca_der(), timestamps=False)
            (tab,) = browser.tabs
            site = scenario.proxy.sites[0]
            await tab.go(f"https://{site.place}/{FILE}")
            await _dial(tab, f"wss://{site.place}/api/v1{scenario.page.ws_path}", browser.token, scenario)
            (root / "page.png").write_bytes(b64decode(await tab.picture()))
            (root / "alone").mkdir()
            saved = await tab.saved("byId('save').click()", root / "alone", _SAVED_S)
        finally:
            await browser.stop()
        await asyncio.sleep(0.3)  # nginx writes a row when the request is over
        layers, _ = bundle.write(root / "beside", stack, [])
        assert layers
        shutil.copy(saved, root / "beside")


async def _dial(tab: Tab, url: str, token: str, scenario: Scenario) -> None:
    """Two tries: each until its end, or so long as a socket is watched; what was open is closed by the page."""
    await tab.value("new Promise((done) => { const wait = () => typeof dial === 'function' ? done() : setTimeout(wait, 50); wait(); })")
    await tab.value(
        f"byId('url').value = {url!r}; byId('token').value = {token!r}; byId('parameter').value = {scenario.page.token_name!r}; 0"
    )
    for number in (1, 2):
        await tab.value("byId('dial').click(); 0")
        if scenario.page.subscribe:
            words = json.dumps({"type": "subscribe", "channel": scenario.page.subscribe})
            await tab.value(f"setTimeout(() => {{ byId('text').value = {words!r}; if (socket.readyState === 1) send(); }}, 800); 0")
        over = f"tries.length === {number} && tries[{number - 1}].ended !== null"
        for _ in range(int(_OPEN_S / 0.1)):
            if await tab.value(over):
                break
            await asyncio.sleep(0.1)
        await tab.value("byId('close').click(); 0")
        await asyncio.sleep(0.5)


def main(words: list[str]) -> int:
    if absent := missing():
        print(f"not installed: {', '.join(absent)}", file=sys.stderr)
        return 2
    into = Path(words.pop(words.index("--into") + 1)) if "--into" in words else None
    names = [word for word in words if not word.startswith("--")] or STATES
    print("| state | close codes | the saved log alone | beside the servers' logs | right |\n| --- | --- | --- | --- | --- |")
    good = True
    for name in names:
        told = tell(next(one for one in SCENARIOS if one.name == name), into)
        print(told.row(), flush=True)
        good = good and told.good
    return int(not good)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
