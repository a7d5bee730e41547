"""python -m tests.hostile [PART OF A NAME...] [--all] [--write]: runs hostile inputs, each in a process of its own.

`--all` adds those that are too large for every day; `--write` makes the last section of docs/security.md of what was measured.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.hostile.inputs import everything
from tests.hostile.run import LIMIT_MIB, LIMIT_S, ROOT, Run, run
from wslogs import archives, blocks, bundle, streams
from wslogs.parsers import kit, reader

TITLE = "## Nothing hostile in"
TEXT = """{title}

What is promised of any input, and tried on {count} hostile ones (`python -m tests.hostile --all`, seeded; [tests/hostile](../tests/hostile)):

- The bundle is only read. Nothing is written outside the output folder; nothing is unpacked to disk.
- One bad file becomes a caveat that names it; the rest is reported. No traceback reaches a user.
- Exit status 0 or 2. A defect would be one line and exit status 4: it names class and places in wslogs' own code, never what was read.
- Up to {limit_s:.0f} s of processor time and {limit_mib} MB of memory for inputs up to 300 MB, more with size.
- HTML and Markdown do nothing: tried with real parsers on {injected} bundles whose every field holds what a browser, GitHub or a terminal would act on.

| limit | number |
| --- | --- |
| files of one folder or archive | {items}; further ones are counted |
| entries of an archive looked at | {entries}; central directory of a zip up to {directory} MiB |
| what may come out of a packed file | {ratio} times its size, and {free} MiB whatever the ratio; of an archive as a whole {ratio} times its size |
| archives in archives, members over other members, encrypted or sparse members | not read, and said |
| links, pipes, sockets, devices, in folders and archives | not followed, not opened, and said |
| folders within folders | {deep} |
| header of a tar member | 32 KiB, all before one member 1 MiB |
| line | cut at {line} MiB for counting, at {longest} KiB for patterns |
| pattern on one line | {match_s} s, after 3 such lines it is given up for the file's kind |
| expression of nginx.conf on a path or value | 0.1 s, 500 of one map |
| lines about WebSockets that are joined | {events} of all logs, first and last ones of each; at least {fewest} of each log |
| caveats of one kind | 40, further ones are counted |

Not promised: that a bundle made to deceive gets a right verdict (who writes the logs writes the story); a wall clock on a machine that is
busy; limits for an input far beyond 300 MB, which grow with its size; that a log with more than {events} lines about WebSockets is
joined whole. A file that changes while it is read may be read in part.

The worst ten, of {count}; processor time and the highest resident memory of the process (`/usr/bin/time` tells the same):

| input | size | processor time | memory |
| --- | --- | --- | --- |
{rows}
"""


def part(runs: list[Run]) -> str:
    """The section of docs/security.md."""
    worst = sorted(runs, key=lambda one: max(one.cpu_s / LIMIT_S, one.peak_mib / LIMIT_MIB), reverse=True)[:10]
    rows = [f"| {one.name.replace('|', ' ')} | {one.size / 1e6:.1f} MB | {one.cpu_s:.1f} s | {one.peak_mib:.0f} MiB |" for one in worst]
    return TEXT.format(
        title=TITLE, count=len(runs), injected=sum(one.name.startswith("injected") for one in runs), limit_s=LIMIT_S, limit_mib=LIMIT_MIB,
        items=bundle.MOST_ITEMS, entries=archives.MOST_ENTRIES, directory=archives._MOST_DIRECTORY >> 20, ratio=streams.RATIO,
        free=streams.FREE >> 20, deep=bundle.MOST_DEEP, line=blocks.LONGEST_LINE >> 20, longest=reader.LONGEST >> 10, match_s=reader.MATCH_S,
        events=kit.MOST, fewest=kit.FEWEST, rows="\n".join(rows),
    )  # fmt: skip


def main(words: list[str]) -> int:
    wanted = [word for word in words if not word.startswith("--")]
    runs: list[Run] = []
    for one in everything():
        if (one.dear and "--all" not in words) or (wanted and not any(word in one.name for word in wanted)):
            continue
        folder = Path(tempfile.mkdtemp(prefix="wslogs-hostile-"))
        try:
            made = run(one, folder)
        finally:
            subprocess.run(["rm", "-rf", str(folder)], check=False)  # deeper than Python can go
        runs.append(made)
        print(f"{made.wall_s:6.1f} s {made.cpu_s:6.1f} cpu {made.peak_mib:6.0f} MiB  {made.name}", flush=True)
        for problem in made.wrong:
            print(f"        {problem[:400]}", flush=True)
    bad = sum(bool(one.wrong) for one in runs)
    print(f"{len(runs)} inputs, {bad} with problems")
    if "--write" in words:
        page = ROOT / "docs" / "security.md"
        before, found, _ = page.read_text("utf-8").partition(TITLE)
        assert found, f"docs/security.md has no section {TITLE}"
        page.write_text(before + part(runs), "utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
