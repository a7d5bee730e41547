"""The two pictures as plain geometry: an attempt's journey through the lanes, and all attempts over time."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from wslogs.report.words import moment

Item = dict[str, Any]

LANES = ("browser", "proxy", "app")
# Where a stage is drawn when the one that told of it has no lane: a stage that nobody saw, a probe, the network.
HOME = {"accept": "app", "upstream": "proxy", "request": "proxy"}

_MESSAGES = {
    "request": ("browser", "proxy"), "upstream": ("proxy", "app"), "accept": ("app", "proxy"), "open": ("proxy", "browser"),
}  # fmt: skip

MOST_BUCKETS = 120
SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
START = datetime(1, 1, 1, tzinfo=UTC)


def journey(attempt: Item) -> Item:
    """Rows of three cells each; a cell's `wire` is an SVG path in a box of 2 by 2 with its middle at 1,1."""
    steps = attempt["journey"]
    seen = [at for at, step in enumerate(steps) if step["state"] in ("passed", "stopped")]
    stop = next((at for at in seen if steps[at]["state"] == "stopped"), None)
    last = stop if stop is not None else (seen[-1] if seen else -1)
    rows, here = [], None
    for at, step in enumerate(steps):
        lane = LANES.index(_lane(step))
        cells: list[Item] = [{"lane": name, "wire": "", "mark": ""} for name in LANES]
        cells[lane]["mark"] = step["state"]
        if at in seen and at <= last:
            _wire(cells, here, lane, onward=at < last)
            here = lane
        elif here is not None and at < last:
            cells[here]["wire"] = "M1 0V2"
        rows.append(step | {"cells": cells, "beyond": at > last})
    return {
        "attempt": attempt, "rows": rows, "stopped": steps[stop] if stop is not None else None,
        "unordered": any(step.get("ordered") is False for step in steps),
    }  # fmt: skip


def sequence(trip: Item) -> list[Item]:
    """The journey as messages from lane to lane: who sends, who receives, the step, and whether it arrived.

    Of the stages before the request only the one where it stopped. Both ends are empty where nothing shows who closed.
    """
    told: list[Item] = []
    for step in trip["rows"]:
        stopped = step["state"] == "stopped"
        ends = _closing(trip["attempt"]["ended_by"]) if step["stage"] == "close" else _MESSAGES.get(step["stage"])
        if stopped or (step["state"] == "passed" and ends):
            told.append({"ends": ends or _MESSAGES["request"], "step": step, "arrived": not stopped})
        if stopped:
            break
    return told


def _closing(by: str) -> tuple[str, str]:
    if by in ("client", "app"):
        return ("browser" if by == "client" else by), "proxy"
    return (by, "browser") if by == "proxy" else ("", "")


def _lane(step: Item) -> str:
    return step["tier"] if step["tier"] in LANES else HOME.get(step["stage"], "browser")


def _wire(cells: list[Item], here: int | None, lane: int, *, onward: bool) -> None:
    """Draw from the lane the attempt was in down to this row, across to its lane, and on if it goes on."""
    if here == lane:
        cells[lane]["wire"] = "M1 0V1"
    elif here is not None:
        out, back = ("H2", "M0 1H1") if lane > here else ("H0", "M2 1H1")
        cells[here]["wire"] = f"M1 0V1{out}"
        cells[lane]["wire"] = back
        for between in range(min(here, lane) + 1, max(here, lane)):
            cells[between]["wire"] = "M0 1H2"
    if onward:
        cells[lane]["wire"] += "M1 1V2"


def strip(attempts: list[Item], width: int = 720, height: int = 96) -> Item | None:
    """Bars over time: what worked above the line, what failed below it. None where there is no span to draw.

    A row of access may tell when a socket ended, and not since when it was open: such a try stands at its end.
    """
    times = ((moment(attempt.get("started")) or moment(attempt.get("ended")), attempt["outcome"]) for attempt in attempts)
    points = [(at, outcome) for at, outcome in times if at is not None]
    if len({at for at, _ in points}) < 2:
        return None
    first, last = min(points)[0], max(points)[0]
    seconds = _bucket_seconds((last - first).total_seconds())
    counts: dict[int, Counter[str]] = {}
    origin = int((first - START).total_seconds() // seconds)
    for at, outcome in points:
        bucket = int((at - START).total_seconds() // seconds) - origin
        counts.setdefault(bucket, Counter())[outcome] += 1
    up = max(count["worked"] + count["unknown"] for count in counts.values())
    down = max(count["failed"] for count in counts.values())
    slots = max(max(counts) + 1, 24)
    scale, room = (height - 2) / (up + down), width / slots
    axis = 1 + up * scale
    wide = min(room * 0.8, room - 0.6)
    bars = [bar for at in sorted(counts) for bar in _bars(counts[at], at * room, wide, axis, scale)]
    return {
        "width": width, "height": height, "axis": round(axis, 2), "bars": bars, "first": _text(first),
        "last": _text(last), "bucket_s": seconds, "peak_up": up, "peak_down": down,
        "end": round((max(counts) + 1) * room, 2),
    }  # fmt: skip


def _bars(count: Counter[str], x: float, width: float, axis: float, scale: float) -> list[Item]:
    """At least 1.5 high: one failure among thousands is the one to see."""
    bars, top = [], axis
    for outcome in ("worked", "unknown", "failed"):
        if tall := count[outcome] and max(1.5, count[outcome] * scale):
            y = axis if outcome == "failed" else (top := top - tall)
            box = {"x": x, "y": y, "width": width, "height": tall}
            bars.append({"outcome": outcome, **{name: round(value, 2) for name, value in box.items()}})
    return bars


def _bucket_seconds(span: float) -> int:
    """The smallest readable step that keeps the buckets countable; a log may claim to span millennia."""
    for seconds in SECONDS:
        if span / seconds < MOST_BUCKETS - 1:
            return seconds
    return SECONDS[-1] * int(span / SECONDS[-1] / (MOST_BUCKETS - 1) + 1)


def _text(at: datetime) -> str:
    return at.replace(microsecond=0).isoformat()
