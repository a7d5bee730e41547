"""Records one scenario: starts the system, breaks it, collects the bundle, writes the truth, leaves nothing running."""

import asyncio
import json
import shutil
import signal
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import jwt

from tests.lab import browser as browsing
from tests.lab import bundle, needs, truth
from tests.lab.browser import Browser
from tests.lab.clients import Client
from tests.lab.clocks import Clock
from tests.lab.model import ALL, Event, Layer, Scenario, Server, User
from tests.lab.scenarios import SCENARIOS
from tests.lab.stack import Stack
from tests.lab.zones import zone

Dialer = Browser | Client

# On top of what a scenario plays: browsers start, a zone's change is awaited, DevTools exports.
LIMIT_S = 90.0
SETTLE_S = 0.1
COLLECTIONS = 12
FASTAPI = ("websockets", "fastapi", "starlette")
LIBRARIES: dict[Server, tuple[str, ...]] = {
    "uvicorn": ("uvicorn", *FASTAPI),
    "hypercorn": ("hypercorn", "wsproto", "fastapi", "starlette"),
    "gunicorn": ("gunicorn", "uvicorn", *FASTAPI),
    "gunicorn-wsgi": ("gunicorn",),
    "websockets": ("websockets",),
    "raw": (),
}


def record(name: str, into: Path) -> Path:
    """Records the scenario into `into`/NAME, replacing what is there, and returns that folder."""
    scenario = next(one for one in SCENARIOS if one.name == name)
    with tempfile.TemporaryDirectory(prefix="wslab-", ignore_cleanup_errors=True) as folder:
        root = Path(folder).resolve()
        made = root / "sample"
        asyncio.run(asyncio.wait_for(_record(scenario, root, made), LIMIT_S + scenario.seconds))
        target = into / name
        if target.exists():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(made, target)
    return target


async def _record(scenario: Scenario, root: Path, made: Path) -> None:
    await play(Stack(scenario, root / "server"), root, made)


async def play(system: Stack, root: Path, made: Path) -> None:
    """Starts the system, lets its scenario happen, and fills `made` with the sample."""
    scenario = system.scenario
    async with system as stack:
        dialers = [_dialer(user, stack) for user in scenario.users]
        browsers = [one for one in dialers if isinstance(one, Browser)]
        try:
            for one in browsers:
                user = one.user
                await one.start(
                    root,
                    stack.resolver_rules(user),
                    stack.ca_der(),
                    timestamps=scenario.console_times,
                    tunnels=stack.tunnels_of(user),
                    blocked=stack.blocked_for(user),
                )
            await _play(scenario, stack, dialers)
            await _collect(stack, dialers, browsers, made)
        finally:
            await asyncio.gather(*(one.stop() for one in dialers), return_exceptions=True)


def _dialer(user: User, stack: Stack) -> Dialer:
    token = token_of(user, stack.secret)
    return Client(user, token, stack.scenario.page) if user.script else Browser(user, token)


async def _collect(stack: Stack, dialers: list[Dialer], browsers: list[Browser], made: Path) -> None:
    """Bundle and truth of one moment: taken again when a socket opened or closed while DevTools was exporting."""
    for _ in range(COLLECTIONS):
        before = _moment(stack, dialers)
        exports = await bundle.export(browsers)
        shutil.rmtree(made, ignore_errors=True)
        layers, clocks = bundle.write(made / "bundle", stack, exports)
        _write_truth(made, stack, dialers, layers, clocks)
        await asyncio.sleep(SETTLE_S)
        if before == _moment(stack, dialers):
            return
    raise RuntimeError(f"{stack.scenario.name}: no quiet moment to collect in")


def _moment(stack: Stack, dialers: list[Dialer]) -> list[object]:
    sockets = [row for row in stack.ledger() if row["key"]]
    return [len(sockets), *((seen.opened, seen.end) for one in dialers for seen in one.attempts)]


def token_of(user: User, secret: str) -> str:
    """What the page has of the user's sign-in."""
    if not user.signed_in:
        # What the page makes of an empty storage.
        return "null"
    expires = int(time.time()) + user.expires_in_s
    key = secret[::-1] if user.forged else secret
    return jwt.encode({"sub": user.subject, "iat": expires - 3600, "exp": expires, **user.claims}, key, algorithm="HS256")


async def _play(scenario: Scenario, stack: Stack, dialers: list[Dialer]) -> None:
    """Arrivals and events in the order of their seconds."""
    if scenario.clock_changes_at_s:
        wait_s = stack.zones_change - scenario.clock_changes_at_s - time.time()
        if wait_s < 0:
            raise RuntimeError(f"{scenario.name}: the browsers took too long to start")
        await asyncio.sleep(wait_s)
    began = time.monotonic()
    first = scenario.proxy.sites[0]
    page = scenario.start or f"http{'s' if first.tls else ''}://{first.place}/"

    async def until(at_s: float) -> None:
        await asyncio.sleep(max(0.0, began + at_s - time.monotonic()))

    arrivals = [Event(one.user.at_s, "arrive", one.user.name) for one in dialers]
    async with asyncio.TaskGroup() as arriving:
        for event in sorted((*arrivals, *scenario.events), key=lambda event: event.at_s):
            await until(event.at_s)
            doing = _do(event, stack, dialers, page)
            if event.what == "arrive":
                # A page may take its time to load while another begins to.
                arriving.create_task(doing)
            else:
                await doing
        await until(scenario.seconds)


async def _do(event: Event, stack: Stack, dialers: list[Dialer], page: str) -> None:
    concerned = [one for one in dialers if event.who in ("", one.user.name)]
    if event.what == "app-start":
        await stack.start_app()
    elif event.what == "app-stop":
        await stack.stop_app(signal.SIGTERM)
    elif event.what == "app-kill":
        await stack.stop_app(signal.SIGKILL)
    elif event.what in ("app-freeze", "app-thaw"):
        stack.send_app(signal.SIGSTOP if event.what == "app-freeze" else signal.SIGCONT)
    elif event.what == "cut":
        for relay in stack.relays_of(event.who, event.host):
            relay.cut()
    elif event.what in ("pass", "reset", "swallow"):
        for relay in stack.relays_of(event.who, event.host):
            relay.mode = event.what
    elif event.what == "rotate":
        stack.rotate()
    elif event.what == "save-tail":
        stack.save_tail()
    else:
        for one in concerned:
            if isinstance(one, Client):
                await one.go(stack.ports_of(one.user), stack.client_tls)
            else:
                await _browse(one, event, page)


async def _browse(browser: Browser, event: Event, page: str) -> None:
    if event.what == "reload":
        await browser.reload()
    elif event.what == "leave":
        await browser.go(f"{page}about.html")
    elif event.what in ("offline", "online"):
        await browser.offline(event.what == "offline")
    else:
        await browser.go(page)


def _write_truth(made: Path, stack: Stack, dialers: list[Dialer], layers: list[Layer], clocks: dict[str, Clock]) -> None:
    scenario = stack.scenario
    tokens = {one.user.name: one.token for one in dialers}
    attempts = sorted((seen for one in dialers for seen in one.attempts), key=lambda seen: seen.start)
    found = truth.traces(attempts, tokens, stack.ledger(), stack.app_text())
    rows = [truth.attempt(seen, left, tokens[seen.user.name], scenario.skew_s, layers) for seen, left in zip(attempts, found, strict=True)]
    browser_zone = zone(scenario.users[0].zone, 0)
    zones = {"tz_nginx": stack.nginx_zone.name, "tz_browser": browser_zone.name, "tz_app": stack.app_zone.name}
    told = truth.case(scenario, rows, layers, clocks, zones)
    told["tokens"] = [token for token in tokens.values() if token != "null"]
    told["other_secrets"] = [stack.secret] if "@secret@" in scenario.page.env else []
    (made / "truth.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    (made / "truth_attempts.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    (made / "story.md").write_text(_story(scenario, stack))


def _nginx_version() -> str:
    out = subprocess.run([str(needs.nginx()), "-v"], capture_output=True, text=True, timeout=10, check=False).stderr
    return out.strip().rpartition("/")[2]


def _story(scenario: Scenario, stack: Stack) -> str:
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES[scenario.app.server])
    *ports, last = sorted({80, 443, *(site.port for site in scenario.proxy.sites if not site.direct)})
    told = f"{', '.join(map(str, ports))} and {last}"
    return f"""# {scenario.name}

{textwrap.fill(scenario.story, 120, break_long_words=False, break_on_hyphens=False)}

Recorded by `python -m tests.lab record {scenario.name}` from a real system on loopback:
nginx {_nginx_version()}{versions and f", {versions}"},
Chromium {browsing.version()}, headless. HAR and console are what DevTools itself exports ("Export HAR (sanitized)" and
"Save as..." of the console), saved by its front end with "Preserve log" on.

Rewritten when collecting:
- Folders of the recording machine, to /etc/nginx, /var/log/nginx, /var/www/app/dist, /srv/app, /usr/local/lib.
- nginx.conf listens on {told}; it ran on high ports of 127.0.0.1, and where error.log says 0.0.0.0:443
  or 0.0.0.0:80 such a port stood.
  Left out: `daemon off`, folders for temporary files, and a second access log that truth.json was made from.
  The release of the kernel is cut from the start of an error.log of level notice or info.
- Each user reaches nginx through a relay that gives their address by the PROXY protocol; all hosts resolve to
  127.0.0.1.
- The browser's User-Agent says Chrome where headless Chromium says HeadlessChrome.
{"".join(_rewritten(scenario))}"""


def _rewritten(scenario: Scenario) -> Iterator[str]:
    if scenario.app.server == "raw":
        yield """- The app is tests/lab/raw.py, which speaks the protocol by hand so that it can break it.
"""
    for port in (site.port for site in scenario.proxy.sites if site.direct):
        yield f"""- The app's own port was reached at {port} from outside, where its log and nginx.conf name a high port.
"""
    if any(user.behind for user in scenario.users):
        yield """- What stands between a user and the server is tests/lab/middlebox.py.
"""
    if scenario.skew_s:
        yield f"""- Every time the browser wrote (HAR and its frames, console, truth_attempts.json) was moved by {-scenario.skew_s} s
  afterwards, as if its clock were wrong; the servers' own times, Date headers and tokens were not touched.
"""
    if scenario.app_skew_s:
        yield f"""- Every time of the app's log was moved by {-scenario.app_skew_s} s afterwards, as if its host's clock were wrong; nothing
  else was touched.
"""
    if any(user.script for user in scenario.users):
        yield """- Users without a browser are clients of the package websockets, which say okhttp where they would say Python.
"""
    if scenario.compact_har:
        yield """- The HAR was saved again with one entry a line.
"""
    if scenario.compose_copy:
        yield """- docker-compose.log is the app's log once more, with the prefix of `docker compose logs`.
"""
    if set(scenario.layers) != set(ALL):
        yield f"""- Of all that was recorded the bundle holds: {", ".join(scenario.layers)}.
"""
