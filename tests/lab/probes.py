"""`wslogs probe` against the real stack, in each state that a probe can see.

    python -m tests.lab.probes [--direct-only | --url-only] [--jobs N] [NAME ...]

A line a state: what is the matter, the verdict without and with --direct, and whether `wslogs analyze` says the same of its
probe.json alone. Exit status 1 where a verdict is wrong, or another one than that of its file. Without names docs/probe.md
gets the table.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from tests.lab.model import Scenario, User
from tests.lab.needs import MIME_TYPES, nginx
from tests.lab.recording import token_of
from tests.lab.scenarios import SCENARIOS
from tests.lab.stack import Stack
from wslogs.pipeline import analyze
from wslogs.report import terminal

DOC = Path(__file__).parent.parent.parent / "docs" / "probe.md"
BEGIN, END = "<!-- states -->\n", "<!-- end of states -->\n"
LIMIT_S = 150.0
"""Of one probe: with --idle 8 a lost socket is opened three times more."""
SUBSCRIBE = '{"type": "subscribe", "channel": "orders"}'
PING = '{"type": "ping"}'


@dataclass(frozen=True)
class State:
    scenario: str
    idle: float = 0.5
    send: str = ""
    """First message of the probe."""
    origin: str = ""
    """--origin; empty: not given."""
    mode: str = ""
    """How the way of the user fails: reset, swallow."""
    then: tuple[tuple[float, str], ...] = ()
    """Seconds after the first socket opened -> what befalls the app."""
    first: str = ""
    """What befalls it before."""
    options: tuple[tuple[str, Any], ...] = ()
    """Other options of the app than the scenario has."""
    accept: tuple[str, ...] = ()
    """What else is right."""
    note: str = ""

    @property
    def name(self) -> str:
        return self.scenario + (f" ({self.note})" if self.note else "")


@dataclass(frozen=True)
class Outcome:
    told: str
    """Status, cause and detail in one: healthy, undetermined, or a cause with or without its detail."""
    equal: bool
    """Whether the command said and returned what `wslogs analyze` says of its probe.json alone."""

    def grade(self, truths: Iterable[str]) -> str:
        if self.told == "undetermined":
            return "undetermined"
        return "right" if any(self.told in (one, one.partition(".")[0]) for one in truths) else "wrong"


STATES: tuple[State, ...] = (
    *map(State, (
        "healthy/noise", "healthy/hypercorn", "healthy/gunicorn", "healthy/websockets-alone",
        "server/backend-stopped", "server/gunicorn-down", "server/no-websocket-support", "server/gunicorn-threads", "server/slow-accept",
    )),
    State("server/frozen", first="app-freeze"),
    State("server/killed", idle=4, then=((2.5, "app-kill"),)),
    State("server/deploy-restart", idle=4, then=((2.5, "app-stop"),)),
    *map(State, (
        "path/single-page-fallback", "path/location-forgotten", "path/location-forgotten-404", "path/no-location", "path/doubled-prefix",
        "path/renamed-route", "path/route-gone-hypercorn", "path/trailing-slash", "path/undefined-in-path", "path/host-of-the-files",
        "path/http-route", "path/http-route-hypercorn", "path/static-mount", "path/legacy-mount",
        "tls/certificate-expired", "tls/unknown-authority", "tls/self-signed", "tls/no-intermediate", "tls/other-host",
        "tls/wildcard-one-level", "tls/wss-to-plain-port", "tls/wss-to-app-port", "tls/ws-to-tls-port", "tls/old-versions",
        "tls/no-common-cipher",
        "proxy/upgrade-headers-missing", "proxy/upgrade-not-inherited", "proxy/connection-missing", "proxy/map-always-closes",
        "proxy/upgrade-missing-hypercorn", "proxy/http-1.0", "proxy/wrong-port", "proxy/no-resolver", "proxy/https-to-plain-app",
        "proxy/unix-socket-missing", "proxy/long-query",
    )),
    State("proxy/read-timeout", idle=8),
    State("proxy/read-timeout-hypercorn", idle=6),
    *map(State, (
        "auth/token-expired", "auth/expired-401", "auth/token-of-another-key", "auth/not-signed-in", "auth/token-under-another-name",
        "auth/closed-4401", "auth/plan-without-realtime", "auth/address-denied", "auth/account-suspended", "auth/suspended-4403",
    )),
    State("auth/foreign-origin", note="refused everywhere else, too"),
    State(
        "auth/foreign-origin", origin="https://portal.example.org", options=(("origins", ["https://app.example.com"]),),
        note="the site's own is let in",
    ),
    State("auth/token-runs-out", idle=20),
    State("network/unknown-host"),
    State("network/reset-before-server", mode="reset"),
    State("network/swallowed", mode="swallow"),
    State("network/filter-drops-upgrade", note="the filter's authority is trusted"),
    State("network/filter-unknown-authority"),
    State("application/handler-raises", send=SUBSCRIBE),
    State("application/raises-under-hypercorn", send=SUBSCRIBE),
    State("application/raises-under-websockets", send=SUBSCRIBE),
    State("application/raises-before-accept"),
    State("protocol/reserved-bit", send=PING, idle=3),
    State("protocol/masked-frame", send=PING, idle=3),
    State("protocol/page-in-the-stream", send=PING, idle=3),
)  # fmt: skip


def scenario(state: State) -> Scenario:
    told = next(one for one in SCENARIOS if one.name == state.scenario)
    return replace(told, app=replace(told.app, options={**told.app.options, **dict(state.options)})) if state.options else told


async def probe(state: State, *, direct: bool, folder: Path) -> Outcome:
    """Brings the system into the state, and probes it as the first user."""
    played = scenario(state)
    user = next((one for one in played.users if one.recorded and not one.script), played.users[0])
    out = folder / "probe.json"
    async with Stack(played, folder / "server") as stack:
        (folder / "ca.pem").write_bytes(stack.authority.certificate.public_bytes(Encoding.PEM))
        if state.first:
            await _befall(state.first, stack)
        for relay in stack.relays_of(user.name, "") if state.mode else ():
            relay.mode = state.mode  # type: ignore[assignment]
        argv, env = command(state, played, stack, user, direct=direct, out=out, folder=folder)
        child = await asyncio.create_subprocess_exec(*argv, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        events = asyncio.create_task(_then(state, stack))
        try:
            said, _ = await asyncio.wait_for(child.communicate(), LIMIT_S)
        finally:
            events.cancel()
            if child.returncode is None:
                child.kill()
                await child.wait()
    if not out.exists():
        raise RuntimeError(f"{state.name}: no probe.json; {said.decode()}")
    if user.signed_in and env["TOKEN"].encode() in said + out.read_bytes():
        raise RuntimeError(f"{state.name}: the token is shown")
    if os.environ.get("PROBES_SHOW"):
        print(said.decode(), out.read_text(), sep="\n")
    report = analyze(out).report
    told = shown(report["verdict"])
    code = {"healthy": 0, "undetermined": 3}.get(told, 1)
    return Outcome(told, equal=terminal(report, "en").rstrip() in said.decode() and child.returncode == code)


def command(
    state: State, told: Scenario, stack: Stack, user: User, *, direct: bool, out: Path, folder: Path
) -> tuple[list[str], dict[str, str]]:  # fmt: skip
    """The command and its environment; the name that is dialled leads to the relay of the user."""
    base = told.page.ws_base or told.page.api_base.replace("http", "ws", 1)
    base = user.stored.get("ws_base", base)
    url = f"{base}{user.stored.get('ws_path', told.page.ws_path)}"
    place = url.split("/")[2]
    box = stack.boxes.get(user.name)
    port = getattr(box, "port", None) or stack.ports_of(user).get(place)
    argv = [sys.executable, "-m", "wslogs", "probe", url, "--out", str(out), "--exit-code", "--idle", str(state.idle), "--limit", "5"]
    argv += ["--token-env", "TOKEN"] if user.signed_in else []
    argv += ["--token-as", told.page.token_name] if told.page.token_name != "token" else []
    argv += ["--connect-to", f"127.0.0.1:{port}"] if port is not None else []
    argv += ["--direct", f"127.0.0.1:{stack.app_port}"] if direct else []
    argv += ["--send", state.send] if state.send else []
    argv += ["--origin", state.origin] if state.origin else []
    env = {"SSL_CERT_FILE": str(folder / "ca.pem"), "TOKEN": token_of(user, stack.secret)}
    return argv, {**os.environ, **env}


async def _befall(what: str, stack: Stack) -> None:
    if what in ("app-stop", "app-kill"):
        await stack.stop_app(signal.SIGTERM if what == "app-stop" else signal.SIGKILL)
    else:
        stack.send_app(signal.SIGSTOP)


async def _then(state: State, stack: Stack) -> None:
    for seconds, what in state.then:
        while " online" not in stack.app_text():
            await asyncio.sleep(0.1)
        await asyncio.sleep(seconds)
        await _befall(what, stack)


def shown(verdict: dict[str, Any]) -> str:
    return str(verdict["detail"] or verdict["cause"] or verdict["status"]) if verdict["status"] == "failure" else str(verdict["status"])


def run(state: State, *, direct: bool) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="wsprobe-", ignore_cleanup_errors=True) as folder:
        return asyncio.run(probe(state, direct=direct, folder=Path(folder).resolve()))


def truths(state: State) -> tuple[str, ...]:
    told = scenario(state)
    return (*told.causes, *told.accept, *state.accept)


def _rows(states: Iterable[State], sides: tuple[bool, ...], jobs: int) -> Iterator[tuple[State, dict[bool, Outcome]]]:
    """In the order of the states; a probe mostly waits, so that some can be made at once."""
    with ThreadPoolExecutor(jobs) as pool:
        made = [(state, {side: pool.submit(run, state, direct=side) for side in sides}) for state in states]
        for state, waited in made:
            yield state, {side: one.result() for side, one in waited.items()}


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ask = argparse.ArgumentParser(
        prog="python -m tests.lab.probes", description="Probes the real stack in each state that a probe can see."
    )
    ask.add_argument("names", nargs="*", metavar="NAME")
    ask.add_argument("--jobs", type=int, default=3, help="how many probes at once")
    sides = ask.add_mutually_exclusive_group()
    sides.add_argument("--url-only", action="store_true")
    sides.add_argument("--direct-only", action="store_true")
    options = ask.parse_args()
    if nginx() is None or not MIME_TYPES.exists():
        print("not installed: nginx", file=sys.stderr)
        return 2
    wanted = [one for one in STATES if not options.names or one.scenario in options.names]
    both = (False,) if options.url_only else (True,) if options.direct_only else (False, True)
    lines, counts, equal = ["| state | truth | verdict | with --direct |", "| --- | --- | --- | --- |"], dict[str, int](), True
    print("\n".join(lines))
    for state, told in _rows(wanted, both, options.jobs):
        right = truths(state)
        cells = []
        for side in (False, True):
            if side not in told:
                cells.append("")
                continue
            one = told[side]
            grade = one.grade(right)
            counts[grade] = counts.get(grade, 0) + 1
            equal = equal and one.equal
            cells.append(one.told if grade != "wrong" else f"**{one.told}** (wrong)")
        lines.append(f"| {state.name} | {' or '.join(right)} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    summary = ", ".join(f"{counts.get(grade, 0)} {grade}" for grade in ("right", "undetermined", "wrong"))
    print(f"\n{summary}; {'each equal to' if equal else 'NOT equal to'} that of its probe.json alone")
    if not options.names and len(both) == 2 and DOC.exists():
        text = DOC.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        table = "\n".join([*lines, "", f"{len(wanted)} states, each without and with --direct: {summary}.", ""])
        DOC.write_text(f"{before}{BEGIN}{table}{END}{rest.partition(END)[2]}", encoding="utf-8")
    return int(counts.get("wrong", 0) > 0 or not equal)


if __name__ == "__main__":
    sys.exit(main())
