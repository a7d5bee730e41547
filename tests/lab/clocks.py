"""The times in collected files: moved as another clock would have written them, and how far each is from the server's."""

import calendar
import datetime as dt
import json
import re
from typing import Any

from tests.lab.zones import Zone

Clock = float | list[list[float]]
"""Seconds to add to a file's times, read as UTC where they have no zone; [[first line, seconds], ...] where that changes."""

NEAR_S = 1800
LOCAL = re.compile(r"(?:\S+ +\| )?(\d{4})[-/](\d\d)[-/](\d\d) (\d\d):(\d\d):(\d\d)")
APP = re.compile(r"^(\{\"time\": \")?(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)([.,])(\d{3})", re.MULTILINE)
CONSOLE = re.compile(r"^(\d\d:\d\d:\d\d\.\d{3})(?= )", re.MULTILINE)


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


def move_console(text: str, by_s: float) -> str:
    """A console with times of day, in the same way."""

    def moved(match: re.Match[str]) -> str:
        at = dt.datetime.combine(dt.date(2000, 1, 10), dt.time.fromisoformat(match[1])) + dt.timedelta(seconds=by_s)
        return at.time().isoformat(timespec="milliseconds")

    return CONSOLE.sub(moved, text)


def move_app(text: str, by_s: float) -> str:
    """An app log with times, local or UTC, in the same way."""

    def moved(match: re.Match[str]) -> str:
        at = dt.datetime.fromisoformat(match[2]) + dt.timedelta(seconds=by_s)
        return f"{match[1] or ''}{at.isoformat(sep=match[2][10])}{match[3]}{match[4]}"

    return APP.sub(moved, text)


def local(text: str, zone: Zone, skew_s: float = 0) -> Clock | None:
    """Of a file with local times without zone; None where it has no time."""
    times = [(number, LOCAL.match(line)) for number, line in enumerate(text.splitlines(), 1)]
    told = [(number, calendar.timegm(tuple(map(int, found.groups())))) for number, found in times if found]
    if not told:
        return None
    if not zone.changes:
        return float(skew_s - zone.before_s)
    # A recording is far shorter than the hour that the clock jumps: read by the other offset, a line is outside it.
    after = (number for number, at in told if 0 <= at - zone.after_s - zone.changes < NEAR_S)
    clock: list[list[float]] = [[1, float(skew_s - zone.before_s)]]
    return clock + [[number, float(skew_s - zone.after_s)] for number in after][:1]
