"""Times as logs write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from wslogs.times import east, in_year, iso, parse, zone

NOON = 1795435200.0


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("2026-11-23T12:00:00Z", "iso", (NOON, True)),
        ("2026-11-23 12:00:00", "iso", (NOON, False)),
        ("2026-11-23T17:00:00+05:00", "iso", (NOON, True)),
        ("2026-11-23T17:00:00+0500", "iso", (NOON, True)),
        ("2026-11-23 12:00:00,250", "iso", (NOON + 0.25, False)),
        ("2026-11-23T12:00:00.250500Z", "iso", (NOON + 0.2505, True)),
        ("2026-11-23T12:00:00.123456789Z", "iso", (NOON + 0.123456789, True)),
        ("23/Nov/2026:17:00:00 +0500", "%d/%b/%Y:%H:%M:%S %z", (NOON, True)),
        ("2026/11/23 12:00:00", "%Y/%m/%d %H:%M:%S", (NOON, False)),
        ("1795435200.250", "epoch", (NOON + 0.25, True)),
        ("1795435200250", "epoch-ms", (NOON + 0.25, True)),
        ("1795435200250000", "epoch-us", (NOON + 0.25, True)),
        ("1795435200250000000", "epoch-ns", (NOON + 0.25, True)),
        ("23.11.2026 12:00:00", "%d.%m.%Y %H:%M:%S", (NOON, False)),
        ("23.11.2026 12:00:00,250", "%d.%m.%Y %H:%M:%S", (NOON + 0.25, False)),
        ("11/23/26 12:00:00", "%m/%d/%y %H:%M:%S", (NOON, False)),
        ("2026-11-23 12:00:00 UTC", "iso", (NOON, True)),
        ("2026-11-23 17:00:00 +05", "iso", (NOON, True)),
        ("2026-11-23 07:00:00.25 -0500", "iso", (NOON + 0.25, True)),
        ("Feb 29 00:00:00", "%b %d %H:%M:%S", (951782400.0, False)),
        ("2026-13-23T12:00:00Z", "iso", None),
        ("2026-11-23T25:00:00Z", "iso", None),
        ("yesterday", "iso", None),
        ("", "iso", None),
        ("12:00", "%Y/%m/%d %H:%M:%S", None),
        ("inf", "epoch", None),
        ("nan", "epoch-ms", None),
        ("1e999", "epoch", None),
    ],
)
def test_parse(text: str, form: str, expected: tuple[float, bool] | None) -> None:
    assert parse(text, form) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "near", "expected"),
    [
        ("2000-11-23T12:00:00Z", "2026-11-23T18:00:00Z", "2026-11-23T12:00:00Z"),
        ("2000-12-31T23:00:00Z", "2027-01-01T01:00:00Z", "2026-12-31T23:00:00Z"),
        ("2000-01-01T01:00:00Z", "2026-12-31T23:00:00Z", "2027-01-01T01:00:00Z"),
        ("2000-02-29T12:00:00Z", "2028-03-01T00:00:00Z", "2028-02-29T12:00:00Z"),
        ("2000-02-29T12:00:00Z", "2026-03-01T00:00:00Z", "2000-02-29T12:00:00Z"),  # no such day in these years
        ("2000-02-29T12:00:00Z", None, "2000-02-29T12:00:00Z"),
        ("2000-11-23T12:00:00Z", "9999-12-31T00:00:00Z", "9893-11-23T12:00:00Z"),
    ],
)
def test_the_year_closest_to_an_instant(text: str, near: str | None, expected: str) -> None:
    at, known = parse(text, "iso"), parse(near or "", "iso")
    assert at is not None
    assert iso(in_year(at[0], known[0] if known else None)) == expected


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (None, None),
        (0.0, "1970-01-01T00:00:00Z"),
        (NOON, "2026-11-23T12:00:00Z"),
        (NOON + 0.1234, "2026-11-23T12:00:00.123Z"),
        (-1.0, "1969-12-31T23:59:59Z"),
        (-62135596800.0, "0001-01-01T00:00:00Z"),
        (1e18, None),
        (-1e18, None),
        (float("inf"), None),
        (float("nan"), None),
    ],
)
def test_iso(at: float | None, text: str | None) -> None:
    assert iso(at) == text


@given(some.integers(min_value=0, max_value=4_000_000_000_000))
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read_back(milliseconds: int) -> None:
    at = milliseconds / 1000
    assert parse(iso(at) or "", "iso") == pytest.approx((at, True), abs=1e-6)


@given(
    some.text(max_size=40),
    some.sampled_from(["iso", "epoch", "epoch-ms", "%d/%b/%Y:%H:%M:%S %z", "%b %d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "epoch-ns"]),
)
@settings(max_examples=200, deadline=None)
def test_no_text_is_an_error(text: str, form: str) -> None:
    found = parse(text, form)
    assert found is None or isinstance(found[0], float)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("23/Nov/2026:12:00:00 +0000", 0.0),
        ("23/Nov/2026:17:45:00 +0545", 20700.0),
        ("23/Nov/2026:02:30:00 -0930", -34200.0),
        ("2026-11-23T17:00:00+05:00", 18000.0),
        ("2026-11-23T12:00:00Z", 0.0),
        ("2026-11-23T12:00:00", None),
        ("2026/11/23 12:00:00", None),
        ("1795435200.250", None),
        ("2026-11-23", None),
        ("+05", None),
        ("", None),
    ],
)
def test_zone(text: str, seconds: float | None) -> None:
    assert zone(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "+00:00"), (20700.0, "+05:45"), (-34200.0, "-09:30"), (50400.0, "+14:00"), (-0.0, "+00:00")]
)
def test_east(seconds: float, text: str) -> None:
    assert east(seconds) == text


@given(some.integers(-56, 60))
@settings(max_examples=50, deadline=None)
def test_a_zone_that_is_written_is_read_back(quarters: int) -> None:
    assert zone(f"2026-11-23T12:00:00{east(quarters * 900.0)}") == quarters * 900.0
