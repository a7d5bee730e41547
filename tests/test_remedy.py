"""The diff of a remedy, applied by hand: the location then does what it should."""

import pytest
import regex

from conftest import item
from wslogs.parsers.conf_files import parse
from wslogs.parsers.nginx_conf import Conf
from wslogs.parsers.nginx_location import routes
from wslogs.parsers.nginx_route import Route
from wslogs.report.remedy import diff

HUNK = regex.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
UPGRADE = (
    ("proxy_http_version", "1.1"),
    ("proxy_set_header", "Upgrade", "$http_upgrade"),
    ("proxy_set_header", "Connection", '"upgrade"'),
)
BARE = """server {
    listen 80;
    proxy_set_header Host $host;
    location /ws {
        proxy_pass http://127.0.0.1:8000;
    }
}
"""


def read(text: str) -> tuple[Conf, Route]:
    conf = parse(item(text, "nginx.conf"))[1]
    route = routes(conf, None, None, "/ws")
    assert route is not None
    return conf, route


def made(text: str, change: tuple[tuple[str, ...], ...] = UPGRADE) -> str | None:
    conf, route = read(text)
    return diff(change, route, conf)


def patched(text: str, change: str) -> str:
    """As `patch` does it, each removed line compared."""
    old, new, place = text.splitlines(keepends=True), [], 0
    for line in change.splitlines(keepends=True)[2:]:
        if hunk := HUNK.match(line):
            count = int(hunk[2] if hunk[2] is not None else 1)
            start = int(hunk[1]) - (1 if count else 0)
            new += old[place:start]
            place = start
        elif line.startswith("-"):
            assert old[place] == line[1:]
            place += 1
        else:
            assert line.startswith("+")
            new.append(line[1:])
    return "".join([*new, *old[place:]])


def test_the_diff_in_whole() -> None:
    assert made(BARE) == (
        "--- a/nginx.conf\n+++ b/nginx.conf\n@@ -5,0 +6,4 @@\n"
        "+        proxy_set_header Host $host;\n"
        "+        proxy_http_version 1.1;\n"
        "+        proxy_set_header Upgrade $http_upgrade;\n"
        '+        proxy_set_header Connection "upgrade";\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        BARE,
        BARE.replace("        proxy_pass", '        proxy_set_header Connection "";\n        proxy_http_version 1.0;\n        proxy_pass'),
        BARE.replace("        proxy_pass", "\tproxy_set_header upgrade $http_upgrade;\n\tproxy_pass"),
    ],
    ids=["bare", "wrong values", "half"],
)
def test_the_location_then_passes_upgrades(text: str) -> None:
    change = made(text)
    assert change is not None
    assert not read(text)[1].passes_upgrade()
    after = patched(text, change)
    route = read(after)[1]
    assert route.passes_upgrade()
    version = route.one("proxy_http_version")
    assert version is not None
    assert version.args == ["1.1"]
    assert made(after) is None, "a second time there is nothing to change"


def test_a_line_that_holds_more_is_not_touched() -> None:
    text = BARE.replace("        proxy_pass", "        proxy_http_version 1.0; # for Anna\n        proxy_pass")
    assert made(text) is None


def test_without_a_place_there_is_no_diff() -> None:
    conf, route = read(BARE)
    assert diff((), route, conf) is None
    assert diff(UPGRADE, None, conf) is None
    assert diff(UPGRADE, route, None) is None
    assert diff(UPGRADE, route, Conf(directives=conf.directives)) is None


def test_only_changed_lines_stand_in_it() -> None:
    text = BARE.replace("    listen 80;", "    listen 80; # the password is hunter2-hunter2")
    assert "hunter2" not in str(made(text))
