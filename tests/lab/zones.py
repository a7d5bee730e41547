"""Zones as POSIX rules, so that no zone files are needed, and two whose clock changes while the lab records."""

import datetime as dt
from dataclasses import dataclass

HOUR_S = 3600
FIXED_S = {"UTC": 0, "Asia/Tashkent": 5 * HOUR_S, "Europe/Moscow": 3 * HOUR_S, "Asia/Kathmandu": 20_700}
STANDARD_S, SUMMER_S = 3 * HOUR_S, 4 * HOUR_S


@dataclass(frozen=True)
class Zone:
    name: str
    rule: str
    """What TZ is set to (POSIX.1-2017 section 8.3)."""
    before_s: int
    """East of UTC, until `changes`."""
    after_s: int
    changes: int = 0
    """Epoch seconds."""


def _east(offset_s: int) -> str:
    """<+0545>-5:45: the name, and the offset with the sign that POSIX gives it."""
    hours, minutes = divmod(offset_s // 60, 60)
    return f"<+{hours:02}{minutes:02}>-{hours}:{minutes:02}" if minutes else f"<+{hours:02}>-{hours}"


def zone(name: str, changes: int) -> Zone:
    """A named zone; 'autumn' goes back an hour at `changes` (epoch seconds), 'spring' forward."""
    if name == "UTC":
        return Zone("Etc/UTC", "UTC0", 0, 0)
    if name in FIXED_S:
        return Zone(name, _east(FIXED_S[name]), FIXED_S[name], FIXED_S[name])
    before_s, after_s = (SUMMER_S, STANDARD_S) if name == "autumn" else (STANDARD_S, SUMMER_S)
    # A rule tells the wall clock's time before the change; Jn never counts the 29th of February.
    wall = dt.datetime.fromtimestamp(changes + before_s, dt.UTC)
    day = f"J{wall.replace(year=2001).timetuple().tm_yday}/{wall:%H:%M:%S}"
    summer = f"J1/0,{day}" if name == "autumn" else f"{day},J365/23:59:59"
    rule = f"{_east(STANDARD_S)}{_east(SUMMER_S)},{summer}"
    return Zone(rule, rule, before_s, after_s, changes)
