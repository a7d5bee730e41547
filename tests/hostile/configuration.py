"""Configuration that lies: nginx.conf, .env, compose files, certificates, patterns of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from tests.hostile.inputs import Input, beside, good, laid, put

CONF = """events {{}}
http {{
{http}
    server {{
        listen 443 ssl;
        server_name testdomen.uz;
{server}
        location /api/v1/ws {{
{location}
            proxy_pass http://127.0.0.1:8000;
        }}
    }}
}}
"""
CATASTROPHE = r"^/(?:a|aa|a|[a-z/]|\w)+(?:\w|[a-z]|v1|ws|/)*\d+x$"
"""An expression that tries again and again on a path."""


def conf(http: str = "", server: str = "", location: str = "") -> bytes:
    return CONF.format(http=http, server=server, location=location).encode()


def _conf(name: str, content: Callable[[Random], bytes], says: str = "", **more: str) -> Input:
    def make(folder: Path, chance: Random) -> list[Path]:
        bundle = laid(folder)
        put(bundle, "nginx.conf", content(chance))
        for file, text in more.items():
            put(bundle, f"conf.d/{file}.conf", text.encode())
        return [bundle]

    return Input(name=f"nginx.conf: {name}", make=make, says=says)


def _deep(count: int) -> str:
    return "if ($a) {\n" * count + "}\n" * count


def _outside(folder: Path, chance: Random) -> list[Path]:
    """Includes that name files outside the bundle, which are there."""
    bundle = laid(folder)
    put(folder, "outside.conf", b"location /api/v1/ws { return 444; }\n")
    put(
        bundle,
        "nginx.conf",
        conf(server=f"include {folder}/outside.conf;\ninclude ../outside.conf;\ninclude /etc/passwd;\ninclude /proc/self/environ;"),
    )
    return [bundle]


def _patterns(folder: Path, chance: Random) -> list[Path]:
    """Patterns of one's own, and a log that each of them tries long."""
    put(folder, "own/mine.toml", (
        b'[[message]]\nid = "mine.slow"\nkinds = ["app"]\nwhat = "note"\nneedles = ["slow"]\nmatch = "slow (?:a|aa|a?)+(?:a|b?)+c$"\n'
        b'examples = ["slow aac"]\ncounterexamples = ["slow"]\n'
    ))  # fmt: skip
    bundle = laid(folder)
    put(bundle, "worker.log", b"INFO:     connection open\n" + (b"INFO:     slow " + b"a" * 5000 + b"d\n") * 300)
    return [bundle]


def _confs() -> Iterator[Input]:
    slow = 'location ~ "' + CATASTROPHE + '" { return 444; }\n'
    yield _conf(
        "includes itself",
        lambda r: conf(http="include nginx.conf;\ninclude conf.d/*.conf;"),
        one="include conf.d/two.conf;\nupstream a { server 10.0.0.1:80; }",
        two="include conf.d/*.conf;\nupstream b { server 10.0.0.1:80; }",
    )
    yield _conf(
        "includes that grow",
        lambda r: conf(http="include conf.d/a0.conf;\n" * 9),
        **{f"a{n}": f"include conf.d/a{n + 1}.conf;\n" * 9 + f"map $a $b{n} {{ default 1; }}" for n in range(9)},
    )
    yield Input(name="nginx.conf: includes that lead out", make=_outside, says="the included file is not in the bundle")
    yield _conf(
        "includes with patterns of 20,000 stars", lambda r: conf(http="include " + "*a" * 10_000 + "b;\n" + "include [" * 500 + ";")
    )
    yield _conf("10,000 blocks in each other", lambda r: conf(server=_deep(10_000)), "nginx.conf")
    yield _conf("100 blocks in each other", lambda r: conf(server=_deep(100)))
    yield _conf("10,000 blocks that never end", lambda r: conf(server="if ($a) {\n" * 10_000), "nginx.conf")
    yield _conf(
        "a map of 100,000 rows",
        lambda r: conf(
            http="map $http_upgrade $connection_upgrade {\ndefault upgrade;\n"
            + "".join(f"~^x{n}(a|a)+$ {n};\n" for n in range(100_000))
            + "}",
            location="proxy_set_header Connection $connection_upgrade;\nproxy_set_header Upgrade $http_upgrade;",
        ),
    )
    yield _conf(
        "a map that is its own",
        lambda r: conf(
            http="map $a $b { default $b; }\nmap $b $a { default $a$a$a$a$a$a$a; }",
            location="proxy_set_header Connection $a;\nproxy_set_header Upgrade $b;",
        ),
    )
    yield _conf("a location that tries again and again", lambda r: conf(server=slow))
    yield _conf("3,000 locations that try again and again", lambda r: conf(server=slow * 3000))
    yield _conf(
        "server names that try again and again",
        lambda r: conf(
            http="".join(f'server {{ listen 443 ssl; server_name "~^(?:[a-z.]|\\w)+(?:[a-z]|\\w)*{n}$"; }}\n' for n in range(3000))
        ),
    )
    yield _conf(
        "an expression of a gigabyte",
        lambda r: conf(
            server='location ~ "(?:(?:(?:a{1,9999}){1,9999}){1,9999}){1,999}" { return 444; }\n'
            + 'location ~ "'
            + "(" * 5000
            + "a"
            + ")" * 5000
            + '" { return 444; }\n'
        ),
    )
    yield _conf("20,000 locations", lambda r: conf(server="".join(f"location /p{n} {{ return 200; }}\n" for n in range(20_000))))
    yield _conf(
        "5,000 servers",
        lambda r: conf(
            http="".join(
                f"server {{ listen 443 ssl; server_name h{n}.uz *.h{n}.uz ~^x{n}; location / {{ return 200; }} }}\n" for n in range(5000)
            )
        ),
    )
    yield _conf(
        "a log_format of 1,000 variables", lambda r: conf(http="log_format wide '" + " ".join(f"$http_x{n}" for n in range(1000)) + "';")
    )
    yield _conf(
        "a log_format that can be read in many ways",
        lambda r: conf(
            http="log_format doubt '$http_a $http_b $http_c $http_d $http_e $http_f $request $http_g $http_h $status $http_i $http_j';"
        ),
    )
    yield _conf(
        "2,000 log_formats",
        lambda r: conf(http="".join(f"log_format f{n} '$http_a{n} \"$request\" $status $http_b$http_c';\n" for n in range(2000))),
    )
    yield _conf("a word of 5 MB", lambda r: conf(server="set $a '" + "x" * 5_000_000 + "';"))
    yield _conf("a million semicolons", lambda r: conf(server=";" * 1_000_000))
    yield _conf("20 MB", lambda r: conf(server="add_header X-A b;\n" * 1_200_000))
    yield _conf("quotes without an end", lambda r: conf(server='set $a "' + "b' \\" * 50_000))
    yield _conf("lua by block", lambda r: conf(server="content_by_lua_block {\n" + "{ [[ ]] " * 20_000))
    yield _conf(
        "a dump of 20,000 files",
        lambda r: (
            b"".join(
                b"# configuration file /etc/nginx/conf.d/%d.conf:\nupstream u%d { server 10.0.0.1:80; }\n" % (n, n) for n in range(20_000)
            )
            + conf(http="include /etc/nginx/conf.d/*.conf;")
        ),
    )


def _others() -> Iterator[Input]:
    yield beside(".env: 100,000 settings", ".env", lambda r: b"".join(b"KEY_%d=%032x\n" % (n, r.getrandbits(128)) for n in range(100_000)))
    yield beside(".env: quotes without an end", ".env", lambda r: b'A="' + b"B='x\\\n" * 100_000)
    yield beside(
        ".env: references in a ring",
        ".env",
        lambda r: b"A=${B}\nB=${A}\n" + b"".join(b"C%d=${C%d}${C%d}\n" % (n, n + 1, n + 1) for n in range(50)),
    )
    yield beside(".env: a value of 10 MB", ".env", lambda r: b"VITE_API_BASE_URL=https://" + b"x" * 10_000_000)
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    yield beside(
        "compose: a billion laughs",
        "docker-compose.yml",
        lambda r: b"services:\n  web:\n    image: nginx\n    ports: *a0\n".replace(b"*a0", b"['80:80']") + bomb.encode(),
    )
    yield beside(
        "compose: an alias of itself",
        "docker-compose.yml",
        lambda r: b"services:\n  web: &w\n    image: nginx\n    environment: *w\n    ports: *w\n    command: *w\n",
    )
    yield beside(
        "compose: 5,000 lists in each other",
        "docker-compose.yml",
        lambda r: b"services:\n  web:\n    command: " + b"[" * 5000 + b"]" * 5000 + b"\n",
        "docker-compose.yml",
    )
    yield beside(
        "compose: 5,000 services",
        "docker-compose.yml",
        lambda r: b"services:\n" + b"".join(b"  s%d:\n    image: nginx\n    ports: ['%d:80']\n" % (n, n) for n in range(5000)),
    )
    yield beside(
        "compose: wrong types",
        "docker-compose.yml",
        lambda r: (
            b"services:\n  web:\n    image: [1, {a: b}]\n    ports: {a: {b: c}}\n    command: 5\n    hostname: !!python/object/apply:os.system ['touch owned']\n  x: 5\n  5: []\n"
        ),
    )
    garbage = b"-----BEGIN CERTIFICATE-----\n" + b"MIIB" * 2000 + b"\n-----END CERTIFICATE-----\n"
    yield beside("certificate: garbage", "server.crt", lambda r: garbage * 50, "server.crt")
    yield beside(
        "certificate: 20,000 of garbage",
        "server.crt",
        lambda r: (b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n") * 20_000,
        "server.crt",
    )
    yield beside("certificate: beginnings alone", "server.crt", lambda r: b"-----BEGIN CERTIFICATE-----\n" * 50_000, "server.crt")
    yield beside("certificate: DER of zeros", "server.der", lambda r: b"\x30\x82\xff\xff\x06\x03\x55\x04" + bytes(100_000), "server.der")
    yield beside(
        "probe: curl of 20 MB",
        "probe.txt",
        lambda r: (
            b"$ curl -v https://testdomen.uz/api/v1/ws\n"
            + b"* Connected to testdomen.uz (203.0.113.1) port 443\n< HTTP/1.1 403 Forbidden\n" * 200_000
        ),
    )
    yield Input(name="patterns: of one's own, that try again and again", make=_patterns, options=("--patterns", "own"))


def inputs() -> list[Input]:
    assert good()
    return [*_confs(), *_others()]
