"""Puts real output into README.md and README.ru.md, between their marks, and makes their pictures:  python -m tests.readme

Without Chromium the pictures stay as they are. `python -m tests.readme --check` changes nothing and fails when a text is old.
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
PICTURES = {"README.md": ("en", "report.png"), "README.ru.md": ("ru", "report.ru.png")}
_MARK = re.compile(r"(<!-- output: (?P<name>\w+) -->\n```[a-z]*\n).*?(```\n<!-- end -->)", re.DOTALL)


def outputs(folder: Path) -> dict[str, str]:
    """What the commands of the README print."""
    command = [sys.executable, "-m", "wslogs"]
    analyzed = {}
    for lang, shown in (("en", ""), ("ru", " --lang ru")):
        to = folder / lang / "wslogs-report"
        words = [*command, "analyze", SAMPLE, "--output", str(to), "--lang", lang]
        said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True).stdout
        analyzed[lang] = f"$ wslogs analyze {SAMPLE}{shown}\n" + said.replace(f"{to.parent}/", "")
    explained = subprocess.run(
        [*command, "explain", f"{SAMPLE}/app.log", "--lines", "1-5"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    guide = subprocess.run([*command, "guide", "proxy.read-timeout"], cwd=ROOT, capture_output=True, text=True, check=True)
    checked = subprocess.run([*command, "patterns", "check"], cwd=ROOT, capture_output=True, text=True, check=True)
    shown = f"$ wslogs explain {SAMPLE}/app.log --lines 1-5\n{explained.stdout}"
    return {
        "explain": shown, "analyze": analyzed["en"], "analyze_ru": analyzed["ru"], "check": f"$ wslogs patterns check\n{checked.stdout}",
        "guide": f"$ wslogs guide proxy.read-timeout\n{guide.stdout}",
    }  # fmt: skip


def filled(text: str, said: dict[str, str]) -> str:
    """The README with the output between its marks."""
    return _MARK.sub(lambda m: m[1] + said[m["name"]] + m[3], text)


def picture(report: Path, folder: Path, name: str) -> None:
    """A picture of the first screen of the report, in docs/."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print(f"no Chromium: docs/{name} stays as it is")
        return
    flags = "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --hide-scrollbars"
    shot = folder / name
    subprocess.run(
        [chromium, *flags.split(), f"--user-data-dir={folder / 'profile'}", "--window-size=1200,1560", f"--screenshot={shot}",
         report.as_uri()],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    (ROOT / "docs").mkdir(exist_ok=True)
    shutil.copy(shot, ROOT / "docs" / name)


def main() -> None:
    old = {name: (ROOT / name).read_text(encoding="utf-8") for name in PICTURES}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        said = outputs(folder)
        new = {name: filled(text, said) for name, text in old.items()}
        if "--check" in sys.argv:
            sys.exit("README.md or README.ru.md shows old output: make readme" if new != old else 0)
        for name, (lang, shot) in PICTURES.items():
            (ROOT / name).write_text(new[name], encoding="utf-8")
            picture(folder / lang / "wslogs-report" / "report.html", folder, shot)


if __name__ == "__main__":
    main()
