"""Records one scenario: starts the system, breaks it, collects the bundle, writes the truth, leaves nothing running."""

import asyncio
import json
import shutil
import signal
import subprocess
import tempfile
import textwrap
import time
from importlib import metadata
from pathlib import Path

import jwt

from tests.lab import browser as browsing
from tests.lab import bundle, needs, truth
from tests.lab.browser import Browser
from tests.lab.model import Event, Scenario, User
from tests.lab.scenarios import SCENARIOS
from tests.lab.stack import Stack

LIMIT_S = 90.0
SETTLE_S = 0.1
COLLECTIONS = 12


def record(name: str, into: Path) -> Path:
    """Records the scenario into `into`/NAME, replacing what is there, and returns that folder."""
    scenario = next(one for one in SCENARIOS if one.name == name)
    with tempfile.TemporaryDirectory(prefix="wslab-", ignore_cleanup_errors=True) as folder:
        root = Path(folder).resolve()
        made = root / "sample"
        asyncio.run(asyncio.wait_for(_record(scenario, root, made), LIMIT_S))
        target = into / name
        if target.exists():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(made, target)
    return target


async def _record(scenario: Scenario, root: Path, made: Path) -> None:
    async with Stack(scenario, root / "server") as stack:
        browsers = [Browser(user, _token(user, stack.secret)) for user in scenario.users]
        try:
            for one in browsers:
                rules = stack.resolver_rules(one.user)
                await one.start(root, rules, stack.ca_der(), timestamps=scenario.console_times)
            await _play(scenario, stack, browsers)
            await _collect(stack, browsers, made)
        finally:
            await asyncio.gather(*(one.stop() for one in browsers), return_exceptions=True)


async def _collect(stack: Stack, browsers: list[Browser], made: Path) -> None:
    """Bundle and truth of one moment: taken again when a socket opened or closed while DevTools was exporting."""
    for _ in range(COLLECTIONS):
        before = [_moment(one) for one in browsers]
        exports = await bundle.export(browsers)
        shutil.rmtree(made, ignore_errors=True)
        layers = bundle.write(made / "bundle", stack, exports)
        _write_truth(made, stack, browsers, layers)
        await asyncio.sleep(SETTLE_S)
        if before == [_moment(one) for one in browsers]:
            return
    raise RuntimeError(f"{stack.scenario.name}: no quiet moment to collect in")


def _moment(browser: Browser) -> list[tuple[bool, float | None]]:
    return [(seen.opened, seen.end) for seen in browser.attempts]


def _token(user: User, secret: str) -> str:
    if not user.signed_in:
        # What the page makes of an empty storage.
        return "null"
    expires = int(time.time()) + user.expires_in_s
    key = secret[::-1] if user.forged else secret
    return jwt.encode({"sub": user.subject, "iat": expires - 3600, "exp": expires}, key, algorithm="HS256")


async def _play(scenario: Scenario, stack: Stack, browsers: list[Browser]) -> None:
    """Arrivals and events in the order of their seconds."""
    began = time.monotonic()
    page = scenario.start or f"https://{scenario.proxy.sites[0].host}/"

    async def until(at_s: float) -> None:
        await asyncio.sleep(max(0.0, began + at_s - time.monotonic()))

    arrivals = [Event(one.user.at_s, "arrive", one.user.name) for one in browsers]
    for event in sorted((*arrivals, *scenario.events), key=lambda event: event.at_s):
        await until(event.at_s)
        await _do(event, stack, browsers, page)
    await until(scenario.seconds)


async def _do(event: Event, stack: Stack, browsers: list[Browser], page: str) -> None:
    concerned = [one for one in browsers if event.who in ("", one.user.name)]
    if event.what == "app-start":
        await stack.start_app()
    elif event.what == "app-stop":
        await stack.stop_app(signal.SIGTERM)
    elif event.what == "app-kill":
        await stack.stop_app(signal.SIGKILL)
    elif event.what == "cut":
        for relay in stack.relays_of(event.who, event.host):
            relay.cut()
    elif event.what in ("pass", "reset", "swallow"):
        for relay in stack.relays_of(event.who, event.host):
            relay.mode = event.what
    else:
        for one in concerned:
            await (one.reload() if event.what == "reload" else one.go(page))


def _write_truth(made: Path, stack: Stack, browsers: list[Browser], layers: list[str]) -> None:
    scenario = stack.scenario
    tokens = {one.user.name: one.token for one in browsers}
    attempts = sorted((seen for one in browsers for seen in one.attempts), key=lambda seen: seen.start)
    app_log = stack.app_log.read_text() if stack.app_log.exists() else ""
    found = truth.traces(attempts, tokens, stack.ledger(), app_log)
    rows = [truth.attempt(seen, left, tokens[seen.user.name], scenario.skew_s) for seen, left in zip(attempts, found, strict=True)]
    secrets = [stack.secret] if "@secret@" in scenario.page.env else []
    told = truth.case(scenario, rows, [token for token in tokens.values() if token != "null"], secrets, layers)
    (made / "truth.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    (made / "truth_attempts.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    (made / "story.md").write_text(_story(scenario, stack))


def _nginx_version() -> str:
    out = subprocess.run([str(needs.nginx()), "-v"], capture_output=True, text=True, timeout=10, check=False).stderr
    return out.strip().rpartition("/")[2]


def _story(scenario: Scenario, stack: Stack) -> str:
    libraries = ("uvicorn", "websockets", "fastapi", "starlette")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in libraries)
    skew = (
        f"- Every time the browser wrote (HAR and its frames, truth_attempts.json) was moved by {-scenario.skew_s} s\n"
        "  afterwards, as if its clock were wrong; the servers' own times, Date headers and tokens were not touched.\n"
        if scenario.skew_s
        else ""
    )
    return f"""# {scenario.name}

{textwrap.fill(scenario.story, 120, break_long_words=False, break_on_hyphens=False)}

Recorded by `python -m tests.lab record {scenario.name}` from a real system on loopback:
nginx {_nginx_version()}, {versions},
Chromium {browsing.version()}, headless. HAR and console are what DevTools itself exports ("Export HAR (sanitized)" and
"Save as..." of the console), saved by its front end with "Preserve log" on.

Rewritten when collecting:
- Folders of the recording machine, to /etc/nginx, /var/log/nginx, /var/www/app/dist, /srv/app, /usr/local/lib.
- nginx.conf listens on 80 and 443; it ran on high ports of 127.0.0.1, and where error.log says 0.0.0.0:443
  or 0.0.0.0:80 such a port stood.
  Left out: `daemon off`, folders for temporary files, and a second access log that truth.json was made from.
  The release of the kernel is cut from the start of an error.log of level notice or info.
- Each user reaches nginx through a relay that gives their address by the PROXY protocol; all hosts resolve to
  127.0.0.1.
- The browser's User-Agent says Chrome where headless Chromium says HeadlessChrome.
{skew}"""
