"""wslogs/parsers/conf_files.py: configuration as it is collected, folders and dumps, with the lines of its directives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import bundle as folder
from conftest import item
from wslogs.bundle import open_bundle
from wslogs.model import Source
from wslogs.parsers import conf_files
from wslogs.parsers.nginx_conf import Conf, walk
from wslogs.parsers.nginx_location import routes


def parsed(tmp_path: Path, text: str) -> tuple[Source, Conf]:
    (tmp_path / "nginx.conf").write_text(text, encoding="utf-8")
    with open_bundle([tmp_path]) as bundle:
        return conf_files.parse(bundle.items[0])


def read(tmp_path: Path, files: Mapping[str, str]) -> tuple[dict[str, list[str]], list[str], list[tuple[str, int]]]:
    """Notes of each source, formats, and where each server stands."""
    with open_bundle([folder(tmp_path, files)]) as bundle:
        confs = [one for one in bundle.items if conf_files.is_conf(one.head())]
        sources, conf, formats = conf_files.read(confs, bundle.items)
    servers = [(d.file, d.line) for d in walk(conf.directives) if d.name == "server" and d.block is not None]
    return {s.path: s.notes for s in sources}, sorted(formats), servers


MAIN = "events {}\nhttp {\n  log_format own '$status $uri';\n  include /etc/nginx/conf.d/*.conf;\n}\n"
SITE = "server {\n  listen 80;\n  server_name %s;\n}\n"
ABSENT = "line 4: the included file is not in the bundle"
TWICE = "another configuration of this bundle has a server of the same name: that one is followed"


@pytest.mark.parametrize(
    ("files", "notes", "servers"),
    [
        ({"nginx.conf": MAIN, "conf.d/b.conf": SITE % "b", "conf.d/a.conf": SITE % "a"}, {}, [("conf.d/a.conf", 1), ("conf.d/b.conf", 1)]),
        ({"nginx.conf": MAIN, "a.conf": SITE % "a"}, {}, [("a.conf", 1)]),
        ({"etc/nginx/nginx.conf": MAIN, "etc/nginx/conf.d/a.conf": SITE % "a"}, {}, [("etc/nginx/conf.d/a.conf", 1)]),
        ({"nginx.conf": MAIN, "sites-enabled/a": SITE % "a"}, {"nginx.conf": [ABSENT]}, [("sites-enabled/a", 1)]),
        (
            {f"{web}/{name}": text for web in ("w1", "w2") for name, text in (("nginx.conf", MAIN), ("conf.d/a.conf", SITE % web))},
            {},
            [("w1/conf.d/a.conf", 1), ("w2/conf.d/a.conf", 1)],
        ),
        (
            {"one.conf": MAIN + "", "two.conf": MAIN, "conf.d/a.conf": SITE % "a.example"},
            {"two.conf": [TWICE]},
            [("conf.d/a.conf", 1), ("conf.d/a.conf", 1)],
        ),
        ({"a.conf": SITE % "a", "readme": "include *.conf;"}, {}, [("a.conf", 1)]),
        ({"nginx.conf": MAIN}, {"nginx.conf": [ABSENT]}, []),
        ({"nginx.conf": MAIN.replace("conf.d/*.conf", "sites-enabled/*"), "a": SITE % "a"}, {"nginx.conf": [ABSENT]}, [("a", 1)]),
    ],
    ids=["conf.d", "no folders", "whole tree", "not included", "two machines", "same names", "a part alone", "absent", "any name"],
)
def test_parts_stand_where_they_are_included_and_only_there(
    files: Mapping[str, str], notes: dict[str, list[str]], servers: list[tuple[str, int]], tmp_path: Path
) -> None:
    told, _, found = read(tmp_path, files)
    assert ({path: said for path, said in told.items() if said}, found) == (notes, servers)


def test_formats_of_one_name_that_differ_are_both_kept(tmp_path: Path) -> None:
    _, formats, _ = read(tmp_path, {"w1/nginx.conf": MAIN, "w2/nginx.conf": MAIN.replace("$status", "$msec"), "w3/nginx.conf": MAIN})
    assert formats == ["own", "own of w2/nginx.conf"]


def test_a_format_whose_rows_cannot_be_read_is_told_with_its_line(tmp_path: Path) -> None:
    source, _ = parsed(tmp_path, "http {\nlog_format ok '$status';\nlog_format own '$status $http_referer$http_user_agent';\n}")
    told = "line 3: rows of this log_format cannot be read: $http_referer and $http_user_agent touch"
    assert source.notes == [told]


DUMP = """nginx: the configuration file /etc/nginx/nginx.conf syntax is ok
nginx: configuration file /etc/nginx/nginx.conf test is successful
# configuration file /etc/nginx/nginx.conf:
http {
    include sites-enabled/*;
    include /etc/nginx/conf.d/*.conf;
}

# configuration file /etc/nginx/sites-enabled/b:
server { listen 80; server_name b; }

# configuration file /etc/nginx/sites-enabled/a:
server { listen 80; server_name a; }

# configuration file /etc/nginx/conf.d/map.conf:
map $http_upgrade $connection_upgrade { default upgrade; }
"""


@pytest.mark.parametrize("text", [DUMP, "\ufeff" + DUMP, DUMP.replace("\n", "\r\n")], ids=["as it is", "mark", "crlf"])
def test_a_dump_is_several_files(text: str, tmp_path: Path) -> None:
    told, _, servers = read(tmp_path, {"nginx-T.txt": text})
    assert (told, servers) == ({"nginx-T.txt": []}, [("nginx-T.txt", 13), ("nginx-T.txt", 10)])


def test_line_ends_of_windows(tmp_path: Path) -> None:
    text = "http {\r\n  # a comment\r\n  server {\r\n    listen 80;\r\n    location /ws { proxy_pass http://b; }\r\n  }\r\n}\r\n"
    source, conf = conf_files.parse(item(text, "nginx.conf"))
    assert (source.notes, [(d.name, d.args, d.line) for d in walk(conf.directives)][2:4]) == (
        [],
        [("listen", ["80"], 4), ("location", ["/ws"], 5)],
    )


def test_a_missing_brace_is_noted_and_the_rest_is_read(tmp_path: Path) -> None:
    source, conf = parsed(tmp_path, "http {\nserver {\nlocation /ws {\nproxy_pass http://b;\n}\n")
    assert source.notes == ["a block is not closed"]
    assert routes(conf, None, None, "/ws") is not None


def test_a_dump_keeps_its_line_numbers(tmp_path: Path) -> None:
    dump = "# configuration file /etc/nginx/nginx.conf:\nhttp {\ninclude /etc/nginx/conf.d/*.conf;\n}\n"
    dump += "# configuration file /etc/nginx/conf.d/a.conf:\nserver {\nlocation /ws { proxy_pass http://b; }\n}\n"
    _, conf = parsed(tmp_path, dump)
    found = routes(conf, None, None, "/ws")
    assert found is not None and found.location is not None and found.location.line == 7


def test_blocks_that_nest_too_deep_are_noted(tmp_path: Path) -> None:
    source, _ = parsed(tmp_path, "http {" + "a {" * 3000)
    assert source.notes and not any("None" in note for note in source.notes)


def test_an_include_that_is_missing_is_noted_once_with_its_line(tmp_path: Path) -> None:
    source, _ = parsed(tmp_path, "http {\ninclude mime.types;\ninclude conf.d/*.conf; include conf.d/*.conf;\n}")
    assert source.notes == ["line 3: the included file is not in the bundle"]


def test_an_include_of_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text("http { include nginx.conf; server { listen 80; } }", encoding="utf-8")
    with open_bundle([tmp_path]) as bundle:
        _, conf = conf_files.parse(bundle.items[0], lambda _: bundle.items)
    assert {directive.name for directive in walk(conf.directives)} >= {"http", "server", "listen"}


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("log_format own '$status '\n    '$uri '\n    '$args';\n", True),
        ("map $http_upgrade $c {\n  default upgrade;\n  '' close;\n  a b;\n  c d;\n}\n", True),
        ("upstream app {\n  server 10.0.0.1:8000;\n}\n", True),
        ("types {\n    text/html html htm;\n    text/css css;\n    text/xml xml;\n    image/gif gif;\n}\n", True),
        ("# a comment\n# another\n# a third\n# a fourth\n# a fifth\nproxy_set_header Upgrade $http_upgrade;\n", True),
        ("gzip on;\nkeepalive_timeout 65;\n", True),
        ("function a() {\n  return 1 + b;\n}\nfunction c() {\n  return d;\n}\nfunction e() {\n  return f;\n}\n", False),
        ("listen to me;\nplease\nand\nthen\nanswer\n", False),
        ("2026-11-23 04:24:24 include this;\n", False),
    ],
)
def test_what_reads_like_a_configuration(text: str, is_one: bool) -> None:
    assert conf_files.is_conf(text.encode()) is is_one


def test_includes_that_grow_end_and_are_noted(tmp_path: Path) -> None:
    """Each of nine files includes the next one nine times."""
    (tmp_path / "nginx.conf").write_text("http { include a0.conf; server { listen 80; } }", encoding="utf-8")
    for number in range(9):
        (tmp_path / f"a{number}.conf").write_text(f"include a{number + 1}.conf;\n" * 9, encoding="utf-8")
    with open_bundle([tmp_path]) as bundle:
        sources, _, _ = conf_files.read(bundle.items, bundle.items)
    assert any("more than 500 includes" in note for source in sources for note in source.notes)
