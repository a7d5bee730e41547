"""Collects a bundle as a person would, without any path of this machine, and moves browser clocks when asked."""

import datetime as dt
import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab import nginx_conf
from tests.lab.browser import Browser
from tests.lab.model import Scenario
from tests.lab.stack import Stack, prefixes


@dataclass(frozen=True)
class Export:
    """What one browser's DevTools saved."""

    user: str
    har: str
    console: str
    console_name: str


async def export(browsers: list[Browser]) -> list[Export]:
    found = []
    for browser in browsers:
        if browser.devtools:
            har, console, name = await browser.devtools.export()
            found.append(Export(browser.user.name, har, console, name))
    return found


def neutral(text: str, stack: Stack) -> str:
    for path, shown in prefixes(stack.root):
        text = text.replace(path, shown)
    # The addresses a public server listens on, as its error log names them before a host is known.
    for port, public in ((stack.tls_port, 443), (stack.plain_port, 80)):
        text = text.replace(f"127.0.0.1:{port}", f"0.0.0.0:{public}")
    return text.replace(f"OS: Linux {platform.release()}", "OS: Linux")


def _moved_iso(text: str, by_s: float) -> str:
    at = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if at.year < 2000:
        # What DevTools writes for a failure before the request; no clock reading.
        return text
    return (at + dt.timedelta(seconds=by_s)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def move_har(text: str, by_s: float) -> str:
    """The HAR as a browser whose clock differs by `by_s` would have written it."""
    har: dict[str, Any] = json.loads(text)
    for dated in (*har["log"]["pages"], *har["log"]["entries"]):
        dated["startedDateTime"] = _moved_iso(dated["startedDateTime"], by_s)
        for frame in dated.get("_webSocketMessages", ()):
            # Errors before the request carry a time since boot instead.
            if frame["time"] > 1e9:
                frame["time"] += by_s
    return json.dumps(har, indent=2, ensure_ascii=False)


def _names(exports: list[Export], one: Export, scenario: Scenario) -> tuple[str, str]:
    if scenario.devtools_names:
        return f"{one.console_name.rsplit('-', 1)[0]}.har", one.console_name
    return ("browser.har", "console.log") if len(exports) == 1 else (f"{one.user}.har", f"{one.user}-console.log")


def write(folder: Path, stack: Stack, exports: list[Export]) -> list[str]:
    """Fills `folder` and says which layers it holds."""
    scenario = stack.scenario
    conf = stack.conf(nginx_conf.shown_places())
    env = scenario.page.env or f"VITE_API_BASE_URL={scenario.page.api_base}\n"
    files = {
        "nginx.conf": conf,
        "access.log": stack.access_log.read_text(),
        "error.log": neutral(stack.error_log.read_text(), stack),
        ".env": env.replace("@secret@", stack.secret),
    }
    if stack.app_log.exists():
        files[scenario.app_log_name] = neutral(stack.app_log.read_text(), stack)
    for one in exports:
        har_name, console_name = _names(exports, one, scenario)
        files[har_name] = move_har(one.har, -scenario.skew_s) if scenario.skew_s else one.har
        files[console_name] = one.console
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    layers = ["browser", "console"] if exports else []
    layers += ["nginx-access", "nginx-error", "nginx-conf"]
    return [*layers, *(["app"] if scenario.app_log_name in files else []), "env"]
