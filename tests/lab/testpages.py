"""The test page in a real Chromium or Firefox, against the real stack in some of its states.

    python -m tests.lab.testpages [NAME ...] [--firefox] [--into FOLDER]      default: STATES

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
from tests.lab.firefox import Firefox
from tests.lab.model import Scenario
from tests.lab.needs import missing
from tests.lab.recording import LIMIT_S, token_of
from tests.lab.scenarios import SCENARIOS
from tests.lab.stack import Stack
from wslogs.patterns import load
from wslogs.pipeline import analyze
from wslogs.report.testpage import page as written

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
        (self.root / "var/www/app/dist" / FILE).write_bytes(written(load(), "ru"))


def tell(scenario: Scenario, into: Path | None = None, *, firefox: bool = False) -> Told:
    """Plays a state, and analyses what the page saved."""
    with tempfile.TemporaryDirectory(prefix="wspage-", ignore_cleanup_errors=True) as folder:
        root = Path(folder).resolve()
        asyncio.run(asyncio.wait_for(_play(scenario, root, firefox=firefox), LIMIT_S))
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


async def _play(scenario: Scenario, root: Path, *, firefox: bool) -> None:
    user = replace(scenario.users[0], recorded=False, tabs=1)
    async with _Site(scenario, root / "server") as stack:
        token, host = token_of(user, stack.secret), scenario.proxy.sites[0].place
        (root / "alone").mkdir()
        if firefox:
            # It has no rules for ports: the address says the relay's own.
            place = f"{host}:{stack.ports_of(user)[host]}"
            async with Firefox(root / "firefox", [host]) as page:
                await _watch(page, place, token, scenario, root)
        else:
            browser = Browser(user, token)
            try:
                await browser.start(root, stack.resolver_rules(user), stack.ca_der(), timestamps=False)
                await _watch(browser.tabs[0], host, token, scenario, root)
            finally:
                await browser.stop()
        await asyncio.sleep(0.3)  # nginx writes a row when the request is over
        layers, _ = bundle.write(root / "beside", stack, [])
        assert layers
        shutil.copy(next((root / "alone").iterdir()), root / "beside")


async def _watch(page: Tab | Firefox, place: str, token: str, scenario: Scenario, root: Path) -> None:
    """Opens the page, dials, and saves its picture and its log."""
    await page.go(f"https://{place}/{FILE}")
    await _dial(page, f"wss://{place}/api/v1{scenario.page.ws_path}", token, scenario)
    (root / "page.png").write_bytes(b64decode(await page.picture()))
    await page.saves_to(root / "alone")
    await page.value("byId('save').click(); 0")
    for _ in range(int(_SAVED_S / 0.1)):
        files = list((root / "alone").iterdir())
        if len(files) == 1 and files[0].suffix == ".jsonl" and files[0].stat().st_size:
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("the page saved no file")


async def _dial(tab: Tab | Firefox, url: str, token: str, scenario: Scenario) -> None:
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
        told = tell(next(one for one in SCENARIOS if one.name == name), into, firefox="--firefox" in words)
        print(told.row(), flush=True)
        good = good and told.good
    return int(not good)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
