"""What one would write in an hour: a regular expression on each line, all rows into a DataFrame, and questions to that.

It stands beside wslogs as a measure:  python -m benchmarks.naive access.log
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd

_ROW = re.compile(
    r'(?P<client>\S+) - (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>[A-Z]+) (?P<path>[^ ?"]+)(?:\?(?P<query>[^ "]*))? HTTP/[\d.]+" '
    r'(?P<status>\d{3}) (?P<size>\d+) "(?P<referer>[^"]*)" "(?P<agent>[^"]*)"'
)
_FIELDS = list(_ROW.groupindex)


def read(file: Path) -> pd.DataFrame:
    """All rows that have the form, with times and numbers as such."""
    with file.open(encoding="utf-8", errors="replace") as lines:
        matches = map(_ROW.match, lines)
        rows = pd.DataFrame([found.groups() for found in matches if found], columns=_FIELDS)
    rows["time"] = pd.to_datetime(rows["time"], format="%d/%b/%Y:%H:%M:%S %z")
    return rows.astype({"status": "int16", "size": "int64"})


def main(file: Path) -> None:
    """How the tries of the WebSocket went, and which tokens were refused most."""
    rows = read(file)
    tries = rows[rows["path"].str.contains("/ws", regex=False)]
    tokens = tries.assign(token=tries["query"].str.extract(r"token=([^&]*)", expand=False))
    failed = tokens[tokens["status"] != 101].groupby("token").agg(tries=("status", "size"), first=("time", "min"), last=("time", "max"))
    print(len(rows), "rows")
    print(tries.groupby("status").size().to_string())
    print(failed.sort_values("tries", ascending=False).head(20).to_string(index=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
