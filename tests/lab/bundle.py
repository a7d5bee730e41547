"""Collects a bundle as a person would, without any path of this machine, and moves clocks when asked."""

import json
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.lab import clocks, nginx_conf
from tests.lab.browser import Browser
from tests.lab.clocks import Clock
from tests.lab.model import Layer, Scenario
from tests.lab.stack import Stack, prefixes
from tests.lab.zones import zone


@dataclass(frozen=True)
class Export:
    """What DevTools saved of one tab."""

    name: str
    zone: str
    har: str
    console: str
    console_name: str


@dataclass(frozen=True)
class Made:
    """One file of a bundle; `clock` is None where it tells no times."""

    layer: Layer
    name: str
    text: str
    clock: Clock | None = None


async def export(browsers: list[Browser]) -> list[Export]:
    found = []
    for tab in (tab for browser in browsers for tab in browser.tabs):
        if tab.devtools:
            har, console, name = await tab.devtools.export()
            found.append(Export(tab.name, tab.user.zone, har, console, name))
    return found


def text_of(path: Path) -> str:
    """As it is: a log may hold bytes that are no text."""
    return path.read_bytes().decode("utf-8", "surrogateescape")


def neutral(text: str, stack: Stack) -> str:
    for path, shown in prefixes(stack.root):
        text = text.replace(path, shown)
    # The addresses a public server listens on, as its error log names them before a host is known.
    for public, port in stack.ports.items():
        text = text.replace(f"127.0.0.1:{port}", f"0.0.0.0:{public}")
    return text.replace(f"OS: Linux {platform.release()}", "OS: Linux")


def _names(exports: list[Export], one: Export, scenario: Scenario) -> tuple[str, str]:
    if scenario.devtools_names:
        return f"{one.console_name.rsplit('-', 1)[0]}.har", one.console_name
    return ("browser.har", "console.log") if len(exports) == 1 else (f"{one.name}.har", f"{one.name}-console.log")


def _entry_a_line(text: str) -> str:
    """As people save a big HAR again; indented it would be half as big again."""
    log = json.loads(text)["log"]
    entries = ",\n".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in log.pop("entries"))
    head = json.dumps(log, ensure_ascii=False, separators=(",", ":"))
    return f'{{"log":{head[:-1]},"entries":[\n{entries}\n]}}}}\n'


def _browser(scenario: Scenario, exports: list[Export]) -> Iterator[Made]:
    skew_s = scenario.skew_s
    for one in exports:
        har_name, console_name = _names(exports, one, scenario)
        har = clocks.move_har(one.har, -skew_s) if skew_s else one.har
        yield Made("browser", har_name, _entry_a_line(har) if scenario.compact_har else har, float(skew_s))
        console = clocks.move_console(one.console, -skew_s) if skew_s else one.console
        east_s = zone(one.zone, 0).before_s
        yield Made("console", console_name, console, float(skew_s - east_s) if scenario.console_times else None)


def _nginx(stack: Stack) -> Iterator[Made]:
    yield Made("nginx-conf", "nginx.conf", stack.conf(nginx_conf.shown_places()))
    for path in stack.written(stack.access_log):
        yield Made("nginx-access", path.name, text_of(path), 0.0)
    if stack.saved_tail.exists():
        yield Made("nginx-access", stack.saved_tail.name, text_of(stack.saved_tail), 0.0)
    for path in stack.written(stack.error_log):
        text = neutral(text_of(path), stack)
        yield Made("nginx-error", path.name, text, clocks.local(text, stack.nginx_zone))


def _app(stack: Stack) -> Iterator[Made]:
    scenario = stack.scenario

    def made(name: str, text: str) -> Made:
        if scenario.app_skew_s:
            text = clocks.move_app(text, -scenario.app_skew_s)
        utc = float(scenario.app_skew_s) if scenario.app.log == "json" else None
        return Made("app", name, text, utc if utc is not None else clocks.local(text, stack.app_zone, scenario.app_skew_s))

    texts = {path.name: neutral(text_of(path), stack) for path in stack.written(stack.app_log)}
    for name, text in texts.items():
        yield made(name.replace("app.log", scenario.app_log_name), text)
    if scenario.compose_copy:
        yield made("docker-compose.log", "".join(f"api-1  | {line}\n" for text in texts.values() for line in text.splitlines()))


def write(folder: Path, stack: Stack, exports: list[Export]) -> tuple[list[Layer], dict[str, Clock]]:
    """Fills `folder` and says which layers it holds, and the clock of each file that tells times."""
    scenario = stack.scenario
    env = scenario.page.env or f"VITE_API_BASE_URL={scenario.page.api_base}\n"
    made = [*_browser(scenario, exports), *_nginx(stack), *_app(stack), Made("env", ".env", env.replace("@secret@", stack.secret))]
    made = [one for one in made if one.layer in scenario.layers]
    for one in made:
        path = folder / one.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one.text.encode("utf-8", "surrogateescape"))
    return list(dict.fromkeys(one.layer for one in made)), {one.name: one.clock for one in made if one.clock is not None}
