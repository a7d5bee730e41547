"""Times as logs write them -> epoch seconds; patterns/formats/heads.toml tells which form a log uses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import isfinite

import regex

_LATEST = 250_000_000_000.0
"""In the year 9892, the last but some that a calendar of four digits has."""
_LONGEST = 48
_WRITTEN = regex.compile(
    r"(?i)(?:[\d:.,/+\-\[\] ]{1,20}|T|Z|UTC|GMT|AM|PM"
    r"|Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun){1,12}"
)
EPOCH = {"epoch": 1, "epoch-ms": 1e3, "epoch-us": 1e6, "epoch-ns": 1e9}
"""Since 1970, and how many of the unit make a second."""


@lru_cache(1024)  # of one try many things are told at one time
def iso(at: float | None) -> str | None:
    """Epoch seconds -> `2026-11-20T10:00:00.123Z`, without the fraction when it is zero; None stays None.

    An instant outside the years 1 to 9999 is None: hostile logs hold such.
    """
    if at is None:
        return None
    try:
        when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=round(at * 1000))
    except (OverflowError, ValueError):
        return None
    text = when.strftime("%Y-%m-%dT%H:%M:%S") if when.year > 999 else when.isoformat()[:19]
    return f"{text}.{when.microsecond // 1000:03d}Z" if when.microsecond else f"{text}Z"


@lru_cache(1024)
def as_logged(text: str) -> str:
    """A time as it stands in a log; empty for a text that is none, which a hostile log may have in its place."""
    return text if len(text) <= _LONGEST and _WRITTEN.fullmatch(text) else ""


def zone(text: str) -> float | None:
    """Seconds east of UTC that a time says at its end (`+0545`, `+05:45`, `Z`); None when it says none."""
    if text.endswith("Z"):
        return 0.0
    digits = text[-6:].replace(":", "")[-5:]
    if len(digits) != 5 or digits[0] not in "+-" or not digits[1:].isdecimal():
        return None
    return (1 if digits[0] == "+" else -1) * (int(digits[1:3]) * 3600.0 + int(digits[3:]) * 60.0)


def in_year(at: float, near: float | None) -> float:
    """A time without a year, read as if in 2000 -> the same in the year that brings it closest to `near`; None leaves it there."""
    if near is None:
        return at
    when = datetime.fromtimestamp(at, UTC)
    year = datetime.fromtimestamp(min(max(near, 0.0), _LATEST), UTC).year
    # 29 February is in leap years only.
    found = [when.replace(year=y).timestamp() for y in (year - 1, year, year + 1) if (when.month, when.day) != (2, 29) or _leap(y)]
    return min(found, key=lambda one: abs(one - near), default=at)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def east(seconds: float) -> str:
    """A zone as logs write it: 20700 is +05:45."""
    sign, minutes = "-" if seconds < 0 else "+", round(abs(seconds) / 60)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


HTTP = "%a, %d %b %Y %H:%M:%S GMT"
"""The form of a Date (RFC 9110 section 5.6.7)."""
_TIME_OF_DAY = {"%d/%b/%Y:%H:%M:%S %z": 12, "%Y/%m/%d %H:%M:%S": 11, HTTP: 17}
"""Forms of fixed width -> where the hour begins: nginx's own in access and error logs."""


def parse(text: str, form: str) -> tuple[float, bool] | None:
    """(epoch seconds, whether the text says its zone), or None when it does not fit.

    `form` is "iso", a key of EPOCH or a strptime format; after `%S` the text may have a fraction. A time without a zone is
    read as if it were UTC.
    """
    try:
        if form in EPOCH:
            at = float(text) / EPOCH[form]
            return (at, True) if isfinite(at) else None
        if form == "iso":
            return _iso(text)
        whole, rest = _fraction(text) if form.endswith("%S") else (text, 0.0)
        at, zoned = _strptime(whole, form)
        return at + rest, zoned
    except (ValueError, OverflowError):
        return None


def _iso(text: str) -> tuple[float, bool]:
    """ISO 8601 and its cousins: blank or T, comma or point, two to nine digits of a second, Z or an offset."""
    text = text.replace(",", ".", 1)
    if " " in text[-6:]:  # systemd's own form: the zone after a blank
        text = text.removesuffix(" UTC") + "Z" if text.endswith(" UTC") else text.replace(" +", "+").replace(" -", "-")
    head, point, rest = text.partition(".")
    if point:
        digits = 0
        while digits < len(rest) and rest[digits].isdigit():
            digits += 1
        whole, zoned = _second(head + rest[digits:])
        return whole + float(f"0.{rest[:digits]}0"), zoned
    return _second(text)


def _fraction(text: str) -> tuple[str, float]:
    """`10:00:00,123` -> (`10:00:00`, 0.123)."""
    cut = max(text.rfind("."), text.rfind(","))
    digits = text[cut + 1 :]
    return (text[:cut], float(f"0.{digits}")) if cut > 0 and digits.isdecimal() and digits.isascii() else (text, 0.0)


@lru_cache(maxsize=4096)
def _second(text: str) -> tuple[float, bool]:
    """Most lines of a log share their second with the line before: the cache makes those cheap."""
    when = datetime.fromisoformat(text.strip())
    if when.tzinfo is None:
        return when.replace(tzinfo=UTC).timestamp(), False
    return when.timestamp(), True


def _strptime(text: str, form: str) -> tuple[float, bool]:
    """Read as midnight of its day, which many lines share, and the time of day, where that always stands at one place."""
    place = _TIME_OF_DAY.get(form, 0)
    of_day = text[place : place + 8]
    if place and of_day[2::3] == "::" and (digits := of_day[:2] + of_day[3:5] + of_day[6:]).isdecimal() and digits.isascii():
        hour, minute, second = int(digits[:2]), int(digits[2:4]), int(digits[4:])
        if hour < 24 and minute < 60 and second < 60:
            midnight, zoned = _date(f"{text[:place]}00:00:00{text[place + 8 :]}", form)
            return midnight + 3600 * hour + 60 * minute + second, zoned
    return _date(text, form)


@lru_cache(maxsize=4096)
def _date(text: str, form: str) -> tuple[float, bool]:
    # A day without a year: 29 February needs a leap year to be read at all.
    dated, layout = (text, form) if "%Y" in form or "%y" in form else (f"2000 {text}", f"%Y {form}")
    when = datetime.strptime(dated, layout)  # noqa: DTZ007 - the zone is set right below
    if when.tzinfo is None:
        return when.replace(tzinfo=UTC).timestamp(), False
    return when.timestamp(), True
