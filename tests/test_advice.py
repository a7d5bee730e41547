"""What to fetch next."""

import string

import pytest

from wslogs.report.advice import CAVEATS, missing


def same(text: str) -> str:
    return text


@pytest.mark.parametrize(
    ("kinds", "splits"),
    [
        (set(), [["network", "tls", "client"], ["network", "proxy"], ["proxy", "server"]]),
        ({"har"}, [["network", "proxy"], ["proxy", "server"], ["proxy", "path"]]),
        (
            {"console", "nginx-access", "nginx-error", "nginx-conf"},
            [["server", "auth", "application"], ["network", "tls", "client"], ["network", "server"]],
        ),
        ({"har", "nginx-access", "nginx-error", "nginx-conf", "app"}, [["network", "tls", "client"], ["network", "server"]]),
        ({"netlog", "nginx-access", "nginx-error", "nginx-conf", "app"}, [["network", "server"]]),
    ],
)
def test_the_cheapest_first_and_three_at_most(kinds: set[str], splits: list[list[str]]) -> None:
    assert [row["splits"] for row in missing(kinds, same)] == splits


def test_a_row() -> None:
    row, *_ = missing({"har", "nginx-access", "nginx-error", "nginx-conf"}, same)
    assert row == {
        "need": "The app's log of the same minutes",
        "splits": ["server", "auth", "application"],
        "command": "docker compose logs --timestamps APP > app.log",
    }


def test_it_speaks_the_readers_language() -> None:
    assert missing(set(), str.upper)[1]["need"] == "NGINX'S ACCESS LOG OF THE SAME MINUTES"


@pytest.mark.parametrize("name", CAVEATS)
def test_a_caveat_takes_known_values(name: str) -> None:
    values = {
        "source": "a.log",
        "seconds": 1.0,
        "error": 0.5,
        "note": "note",
        "unknown": 1,
        "lines": 2,
        "line": 3,
        "pairs": 4,
        "zone": "+05:45",
        "name": "a log",
        "own": 5,
        "all": 6,
    }
    assert set(CAVEATS[name] % values) <= set(string.printable)


@pytest.mark.parametrize(
    ("name", "values", "text"),
    [
        (
            "zone-by-coverage",
            {"source": "app.log", "zone": "+05:45"},
            "app.log has times without a zone; they are read as +05:45, which alone brings them into the time of the other logs.",
        ),
        (
            "clock-scattered",
            {"source": "app.log", "pairs": 8},
            "The times of app.log agree on no difference from the server's clock (8 attempts compared); they are left as logged.",
        ),
        (
            "clock-stepped",
            {"source": "app.log", "line": 5, "seconds": -3600},
            "The clock of app.log was set by -3600 s at line 5 (daylight saving, or a correction).",
        ),
    ],
)
def test_what_is_said_of_clocks(name: str, values: dict[str, object], text: str) -> None:
    assert CAVEATS[name] % values == text


@pytest.mark.parametrize(
    ("kinds", "standing", "first"),
    [
        ({"nginx-error"}, {"server.down", "proxy.upstream"}, "ss -ltnp > ss.txt"),
        ({"nginx-error", "listeners"}, {"server.down", "proxy.upstream"}, "nginx -T | grep access_log"),
        ({"nginx-access"}, {"proxy.read-timeout", "network.middlebox"}, "error_log /var/log/nginx/error.log info;"),
        ({"nginx-access"}, {"proxy.http-version"}, "nginx -V 2> nginx-version.txt"),
        ({"nginx-access"}, {"path.not-found", "proxy.upgrade-headers"}, "nginx -T > nginx.conf"),
    ],
)
def test_what_parts_the_causes_that_stand_comes_first(kinds: set[str], standing: set[str], first: str) -> None:
    rows = missing(kinds, same, standing)
    assert rows[0]["command"] == first
    assert len(rows) <= 3


def test_logs_are_asked_for_from_when_it_was() -> None:
    rows = {row["need"] for row in missing(set(), same, (), "2026-11-23 11:59 – 12:04 UTC")}
    assert "nginx's access log of the same minutes (2026-11-23 11:59 – 12:04 UTC)" in rows
