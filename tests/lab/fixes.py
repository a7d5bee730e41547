"""Proof of the remedies: each diff that a report proposes is applied to the running nginx.conf, and the story told again.

    python -m tests.lab.fixes [NAME ...]      default: every sample of a scenario whose report carries a diff

A line a diff: whether `patch -p1` takes it, whether `nginx -t` accepts what it makes, whether sockets open then, and
whether none fails, as one that the old configuration cut would. Exit status 1 where one of these is not so.
"""

import asyncio
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.model import Scenario
from tests.lab.needs import missing, nginx
from tests.lab.recording import LIMIT_S, play
from tests.lab.scenarios import SCENARIOS
from tests.lab.stack import Stack
from wslogs.pipeline import analyze

SAMPLES = Path(__file__).parent.parent.parent / "samples"
TABLE = SAMPLES.parent / "docs" / "fixes.md"
"""Goes into docs/accuracy.md with the next `make accuracy`."""
HEAD = "| scenario | cause | diff applies | nginx -t accepts it | sockets open | fail |\n| --- | --- | --- | --- | --- | --- |\n"
PORTS = re.compile(r"proxy_pass \w+://127\.0\.0\.1:(\d+);")
HEALTH = re.compile(r"location = /health \{\s+" + PORTS.pattern)


class Mended(Stack):
    """The system of a scenario, with a diff applied to its nginx.conf before nginx starts."""

    def __init__(self, scenario: Scenario, root: Path, shown: Path, diff: str) -> None:
        super().__init__(scenario, root)
        self._shown, self._diff = shown, diff
        self.applies = self.accepted = False
        # The ports of the recording, so that the one that runs differs from the bundle's nginx.conf in its places alone.
        text = shown.read_text()
        self.app_port = int(HEALTH.findall(text)[0])
        self.free_port = next((port for port in map(int, PORTS.findall(text)) if port != self.app_port), self.free_port)

    def _lay_out(self) -> None:
        super()._lay_out()
        mended = self.root / "mended.conf"
        shutil.copy(self._shown, mended)
        self.applies = _succeeds("patch", "-p1", str(mended), text=self._diff) is not None
        merged = _succeeds("diff3", "-m", str(self.nginx_conf), str(self._shown), str(mended))
        if merged is not None:
            self.nginx_conf.write_text(merged)
        at = ("-p", str(self.root), "-c", str(self.nginx_conf), "-e", str(self.root / "test.log"))
        self.accepted = merged is not None and _succeeds(str(nginx()), "-t", *at) is not None


def _succeeds(*argv: str, text: str = "") -> str | None:
    """Its output, or None."""
    ran = subprocess.run(argv, input=text, text=True, capture_output=True, timeout=20, check=False)
    return ran.stdout if ran.returncode == 0 else None


@dataclass(frozen=True)
class Proof:
    name: str
    cause: str
    applies: bool
    accepted: bool
    tries: int = 0
    opened: int = 0
    failed: int = 0
    """Of those that this cause concerns: another user's trouble is not mended by it."""

    @property
    def good(self) -> bool:
        return self.applies and self.accepted and self.opened > 0 and not self.failed

    def row(self) -> str:
        told = ["yes" if self.applies else "NO", "yes" if self.accepted else "NO", f"{self.opened} of {self.tries}", str(self.failed)]
        return f"| {' | '.join((self.name, self.cause, *told))} |"


def prove(scenario: Scenario, cause: str, diff: str) -> Proof:
    shown = SAMPLES / scenario.name / "bundle/nginx.conf"
    with tempfile.TemporaryDirectory(prefix="wsfix-", ignore_cleanup_errors=True) as folder:
        root = Path(folder).resolve()
        stack = Mended(scenario, root / "server", shown, diff)
        try:
            asyncio.run(asyncio.wait_for(play(stack, root, root / "sample"), LIMIT_S + scenario.seconds))
        except RuntimeError as error:
            print(f"{scenario.name}: {error}", file=sys.stderr)
            return Proof(scenario.name, cause, stack.applies, stack.accepted)
        rows: list[dict[str, Any]] = json.loads((root / "sample/truth_attempts.json").read_text())
    own = {user.name for user in scenario.users if (user.cause or cause) == cause}
    rows = [row for row in rows if row["user"] in own]
    opened, failed = (sum(row[key] for row in rows) for key in ("opened", "failed"))
    return Proof(scenario.name, cause, stack.applies, stack.accepted, len(rows), opened, failed)


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if absent := missing():
        print(f"not installed: {', '.join(absent)}", file=sys.stderr)
        return 2
    proofs = []
    print(HEAD, end="")
    for scenario in SCENARIOS:
        bundle = SAMPLES / scenario.name / "bundle"
        if not (bundle / "nginx.conf").exists() or (sys.argv[1:] and scenario.name not in sys.argv[1:]):
            continue
        for incident in analyze(bundle).report["incidents"]:
            if diff := incident["remedy"].get("diff"):
                proofs.append(prove(scenario, incident["detail"], diff))
                print(proofs[-1].row(), flush=True)
    if not sys.argv[1:]:
        TABLE.write_text(HEAD + "".join(f"{proof.row()}\n" for proof in proofs), encoding="utf-8")
    return int(not all(proof.good for proof in proofs))


if __name__ == "__main__":
    sys.exit(main())
