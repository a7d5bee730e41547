"""Puts real output into README.md, between its marks, and makes docs/report.png:  python -m tests.readme

Without Chromium the picture stays as it is. `python -m tests.readme --check` changes nothing and fails when the text is old.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
SAMPLE = "samples/proxy/upgrade-headers-missing/bundle"
_MARK = re.compile(r"(<!-- output: (?P<name>\w+) -->\n```[a-z]*\n).*?(```\n<!-- end -->)", re.DOTALL)


def outputs(folder: Path) -> dict[str, str]:
    """What the commands of the README print."""
    command = [sys.executable, "-m", "wslogs"]
    analyzed = subprocess.run(
        [*command, "analyze", SAMPLE, "--output", str(folder / "wslogs-report")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    explained = subprocess.run(
        [*command, "explain", f"{SAMPLE}/app.log", "--lines", "1-5"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    checked = subprocess.run([*command, "patterns", "check"], cwd=ROOT, capture_output=True, text=True, check=True)
    said = analyzed.stdout.replace(f"{folder}/", "")
    shown = f"$ wslogs explain {SAMPLE}/app.log --lines 1-5\n{explained.stdout}"
    return {"explain": shown, "analyze": f"$ wslogs analyze {SAMPLE}\n{said}", "check": f"$ wslogs patterns check\n{checked.stdout}"}


def filled(text: str, said: dict[str, str]) -> str:
    """The README with the output between its marks."""
    return _MARK.sub(lambda m: m[1] + said[m["name"]] + m[3], text)


def picture(report: Path, folder: Path) -> None:
    """A picture of the first screen of the report."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("no Chromium: docs/report.png stays as it is")
        return
    flags = "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --hide-scrollbars"
    shot = folder / "report.png"
    subprocess.run(
        [chromium, *flags.split(), f"--user-data-dir={folder / 'profile'}", "--window-size=1200,1560", f"--screenshot={shot}",
         report.as_uri()],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    (ROOT / "docs").mkdir(exist_ok=True)
    shutil.copy(shot, ROOT / "docs" / "report.png")


def main() -> None:
    readme = ROOT / "README.md"
    old = readme.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        new = filled(old, outputs(folder))
        if "--check" in sys.argv:
            sys.exit("README.md shows old output: make readme" if new != old else 0)
        readme.write_text(new, encoding="utf-8")
        picture(folder / "wslogs-report" / "report.html", folder)


if __name__ == "__main__":
    main()
