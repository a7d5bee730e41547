"""python -m tests.hostile [PART OF A NAME...] [--all] [--write]: runs hostile inputs; --write makes docs/security-hostile.part.md."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.hostile.inputs import everything
from tests.hostile.run import Run, run


def main(words: list[str]) -> int:
    wanted = [word for word in words if not word.startswith("--")]
    chosen = [
        one for one in everything() if (not one.dear or "--all" in words) and (not wanted or any(word in one.name for word in wanted))
    ]
    runs: list[Run] = []
    for one in chosen:
        folder = Path(tempfile.mkdtemp(prefix="wslogs-hostile-"))
        try:
            made = run(one, folder)
        finally:
            subprocess.run(["rm", "-rf", str(folder)], check=False)  # deeper than Python can go
        runs.append(made)
        print(f"{made.wall_s:6.1f} s {made.cpu_s:6.1f} cpu {made.peak_mib:6.0f} MiB  {made.name}", flush=True)
        for problem in made.wrong:
            print(f"        {problem[:600]}", flush=True)
        if "--caveats" in words:
            for text in made.caveats[:5]:
                print(f"        ~ {text[:200]}")
    bad = sum(bool(one.wrong) for one in runs)
    print(f"{len(runs)} inputs, {bad} with problems")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
