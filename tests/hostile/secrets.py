"""A bundle of a WebSocket that fails, with a secret of each kind where real ones stand. Seeded: the same seed, the same bundle.

`python -m tests.hostile.secrets` prints the table of docs/security.md.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import jwt

NOON = 1795435200
_ALNUM = string.ascii_letters + string.digits
PASSWORDS = ("password", "passphrase", "userinfo", "basic", "dsn", "pin")
"""Beginnings of kinds of which eight characters are a leak."""


@dataclass(slots=True)
class Seeded:
    """The secrets of a bundle by their kind, made when they are first asked for."""

    seed: int = 1
    made: dict[str, str] = field(default_factory=dict)
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def word(self, size: int = 22, letters: str = _ALNUM) -> str:
        return "".join(self.random.choice(letters) for _ in range(size))

    def of(self, kind: str, make: Callable[[], str] | None = None) -> str:
        """The secret of a kind: 22 letters and digits where no other shape is asked for."""
        if kind not in self.made:
            self.made[kind] = make() if make else self.word()
        return self.made[kind]

    def shaped(self, kind: str, prefix: str, size: int, letters: str = _ALNUM) -> str:
        return self.of(kind, lambda: prefix + self.word(size, letters))

    def plain(self, kind: str, size: int = 14) -> str:
        """A word of small letters alone, as a name or a weak password is."""
        return self.of(kind, lambda: self.word(size, string.ascii_lowercase))

    def password(self, kind: str) -> str:
        return self.of(kind, lambda: self.word(11))

    def token(self, kind: str) -> str:
        claims = {
            "sub": self.plain("claim of a JWT: sub"),
            "email": self.email("claim of a JWT: e-mail"),
            "exp": NOON - 60,
            "iat": NOON - 3660,
        }
        return self.of(kind, lambda: jwt.encode(claims, self.word(40), algorithm="HS256"))

    def email(self, kind: str) -> str:
        return self.of(kind, lambda: f"{self.word(9, string.ascii_lowercase)}@{self.word(8, string.ascii_lowercase)}.example")

    def digits(self, kind: str, prefix: str = "", size: int = 12) -> str:
        return self.of(kind, lambda: prefix + self.word(size, string.digits))


def bundle(seed: int = 1) -> tuple[dict[str, str], dict[str, str]]:
    """(file -> content, kind of secret -> secret)."""
    s = Seeded(seed)
    files = {
        "nginx.conf": _conf(s), ".env": _env(s), "docker-compose.yml": _compose(s), "access.log": _access(s), "error.log": _error(s),
        "app.log": _app(s), "app-json.log": _json_log(s), "console.log": _console(s), "browser.har": _har(s), "probe.txt": _probe(s),
        "privkey.pem": _key(s), "notes.txt": f"call {s.digits('telephone in a note', '+99890', 7)}, pin {s.digits('pin in a note', size=9)}\n",
        f"session-{s.of('name of a file')}/access.log": _row(s, "GET /api/v1/ws HTTP/1.1", 403) + "\n",
    }  # fmt: skip
    return files, s.made


def _conf(s: Seeded) -> str:
    return f"""http {{
    map $http_x_key $allowed {{ default 0; {s.of("key in a map")} 1; "~^{s.of("key in an expression of a map")}$" 1; }}
    set_real_ip_from 10.0.0.0/8;
    upstream app {{ server 127.0.0.1:8000; }}
    server {{
        listen 443 ssl;
        server_name testdomen.uz;
        ssl_certificate_key /etc/nginx/{s.of("directory of a key file")}/privkey.pem;
        auth_basic "{s.of("realm of auth_basic")}";
        secure_link_md5 "$secure_link_expires$uri {s.of("secret of secure_link")}";
        set $internal {s.plain("value of a variable")};
        location /hooks/{s.of("token in a location")} {{ return 204; }}
        location /api/v1/ws {{
            proxy_pass http://app;
            proxy_set_header Authorization "Bearer {s.of("bearer in nginx.conf")}";
            proxy_set_header X-Internal {s.plain("header in nginx.conf")};
            proxy_set_header Connection "{s.plain("value of Connection")}";
            proxy_read_timeout 60s; # {s.of("comment in nginx.conf")}
        }}
    }}
}}
"""


def _env(s: Seeded) -> str:
    key = s.of("private key in .env", lambda: s.word(64))
    return f"""VITE_API_BASE_URL=https://testdomen.uz/api/v1
SECRET_KEY={s.of(".env SECRET_KEY")}
DATABASE_URL=postgresql+asyncpg://{s.plain("userinfo: user of a DSN", 9)}:{s.password("dsn: postgres")}@db:5432/app
REDIS_URL=redis://:{s.password("dsn: redis")}@cache:6379/0
AMQP_URL=amqp://guest:{s.password("dsn: amqp")}@mq:5672//
MONGO_URL=mongodb+srv://app:{s.password("dsn: mongodb")}@cluster0.example.net/app
DB_PASSWORD={s.plain("password in .env", 12)}
PASSPHRASE="{s.of("passphrase of words", lambda: " ".join(s.word(9, string.ascii_lowercase) for _ in range(3)))}"
AWS_ACCESS_KEY_ID={s.shaped("AWS key id", "AKIA", 16, string.ascii_uppercase + string.digits)}
AWS_SECRET_ACCESS_KEY={s.shaped("AWS secret", "", 40, _ALNUM + "/+")}
GITHUB_TOKEN={s.shaped("GitHub token", "ghp_", 36)}
STRIPE_KEY={s.shaped("Stripe key", "sk_live_", 24)}
SLACK_TOKEN={s.shaped("Slack token", "xoxb-", 30)}
SLACK_WEBHOOK=https://hooks.slack.com/services/T00000000/B00000000/{s.of("path token in a URL of .env")}
GOOGLE_API_KEY={s.shaped("Google key", "AIza", 35)}
PRIVATE_KEY="-----BEGIN PRIVATE KEY-----\\n{key}\\n-----END PRIVATE KEY-----"
SMTP_USER={s.email("e-mail in .env")}
APP_TITLE={s.plain("free text in .env")}
FEATURE=true
PORT=8000
"""


def _compose(s: Seeded) -> str:
    return f"""services:
  app:
    image: app
    environment:
      POSTGRES_PASSWORD: {s.password("password in docker-compose.yml")}
      TOKEN: "{s.of("token in docker-compose.yml")}"
    command: uvicorn main:app --host 0.0.0.0 --header x-key:{s.of("argument in docker-compose.yml")}
    ports: ["8000:8000"]
"""


def _row(s: Seeded, request: str, status: int) -> str:
    agent = f"Mozilla/5.0 ({s.plain('user agent')})"
    referer = f"https://testdomen.uz/reset?code={s.of('code in a referrer')}"
    return f'{s.of("client address", lambda: "198.51.100.201")} - {s.plain("remote user")} [23/Nov/2026:12:00:00 +0000] "{request}" {status} 2 "{referer}" "{agent}"'


def _access(s: Seeded) -> str:
    raw = s.of("query value that is coded twice")
    coded = quote("".join(f"%{ord(c):02X}" for c in raw))
    requests = [
        f"GET /api/v1/ws?token={s.token('query token: JWT')} HTTP/1.1",
        f"GET /api/v1/ws?access_token={s.of('query token: opaque')}&room={s.plain('room in a query')} HTTP/1.1",
        f"GET /api/v1/ws/{s.of('path token')} HTTP/1.1",
        f"GET /api/v1/ws/{s.token('path token: JWT')} HTTP/1.1",
        f"GET /api/v1/ws/{s.plain('name in a path', 9)}/{s.plain('room in a path')} HTTP/1.1",
        f"GET /api/v1/ws?ticket={coded} HTTP/1.1",
        f"GET /api/v1/ws?code={s.of('OAuth code')}&state={s.of('OAuth state')} HTTP/1.1",
        f"GET /api/v1/ws?sid={s.of('session id', lambda: s.word(32, '0123456789abcdef'))} HTTP/1.1",
        f"GET /api/v1/ws?email={quote(s.email('e-mail in a query'))} HTTP/1.1",
        f"GET /api/v1/ws?phone={s.digits('telephone in a query', '998')} HTTP/1.1",
        f"GET /api/v1/ws?key%5B{s.of('name of a parameter')}%5D=1 HTTP/1.1",
    ]
    ipv6 = s.of("client address, IPv6", lambda: "2001:db8:85a3::8a2e:370:7334")
    odd = f"{ipv6} {s.plain('line of no form')} {s.of('token in a line of no form')}"
    return "\n".join([*(_row(s, one, 403) for one in requests), odd]) + "\n"


def _error(s: Seeded) -> str:
    start = "2026/11/23 12:00:00 [error] 12#12: *34 "
    ends = (
        f', client: 198.51.100.201, server: testdomen.uz, request: "GET /api/v1/ws?token={s.of("token in error.log")} HTTP/1.1",'
        f' upstream: "http://127.0.0.1:8000/api/v1/ws?token={s.of("token in error.log")}", host: "testdomen.uz",'
        f' referrer: "https://testdomen.uz/{s.of("path of a referrer")}"'
    )
    rows = [
        f"{start}connect() failed (111: Connection refused) while connecting to upstream{ends}",
        f'{start}open() "/var/www/{s.of("path of a file")}" failed (2: No such file or directory){ends}',
        f'{start}user "{s.plain("user of auth_basic")}" was not found in "/etc/nginx/htpasswd"{ends}',
        f"{start}lua entry thread aborted: {s.of('text of a module')}{ends}",
    ]
    return "\n".join(rows) + "\n"


def _app(s: Seeded) -> str:
    at = "2026-11-23 12:00:00,000"
    return f"""{at} INFO    [uvicorn.error] Started server process [27996]
{at} INFO    [uvicorn.error] 198.51.100.201:41234 - "WebSocket /api/v1/ws?token={s.of("token in uvicorn's line")}" 403
{at} WARNING [app.realtime] websocket refused: token expired (Signature has expired) user={s.plain("user in an app's line")}
{at} INFO    [app.auth] login of {s.email("e-mail in an app's line")} with password {s.password("password in an app's line")}
{at} INFO    [app.auth] user {s.of("full name", lambda: "Zulfiya Qodirova-Xamidullayeva")} connected, session {s.of("session in an app's line")}
{at} ERROR   [uvicorn.error] Exception in ASGI application
Traceback (most recent call last):
  File "/srv/{s.of("path in a traceback")}/main.py", line 12, in connect
    await db.connect(password="{s.password("password in a line of a traceback")}")
  File "/srv/app/db.py", line 40, in connect
    raise OperationalError(dsn)
sqlalchemy.exc.OperationalError: could not connect to postgresql://app:{s.password("dsn: exception")}@db/app: {s.of("text of an exception")}
{at} INFO    [app.ws] received {{"type": "auth", "token": "{s.of("first message in an app's line")}"}}
{at} ERROR   [app] boto3 said {s.shaped("AWS key in an app's line", "AKIA", 16, string.ascii_uppercase + string.digits)}
"""


def _json_log(s: Seeded) -> str:
    rows = [
        {"message": "connection rejected (403 Forbidden)", "authorization": f"Bearer {s.of('bearer in a JSON log')}", "level": "INFO"},
        {
            "message": f"auth failed for {s.plain('user in a JSON log')}",
            "password": s.password("password in a JSON log"),
            "level": "WARNING",
        },
        {"message": "connection open", s.of("key of JSON"): 1, "level": "INFO", "request_id": s.of("request id")},
        {"message": "token expired", "user": {"card": s.digits("card", "4111", 12), "name": s.plain("name in JSON")}, "level": "WARNING"},
    ]
    times = (datetime.fromtimestamp(NOON + n, UTC).isoformat().replace("+00:00", "Z") for n in range(len(rows)))
    return "\n".join(json.dumps({"timestamp": at, **row}) for at, row in zip(times, rows, strict=True)) + "\n"


def _console(s: Seeded) -> str:
    url = f"wss://testdomen.uz/api/v1/ws?token={s.token('query token: JWT')}"
    return f"""12:00:00.336 Navigated to https://testdomen.uz/?invite={s.of("query of a page")}
12:00:00.364 index.js:25 [ws] connect {{attempt: 1, token: '{s.of("token in a console")}'}}
12:00:00.543 index.js:50 WebSocket connection to '{url}' failed: Error during WebSocket handshake: Unexpected response code: 403
12:00:00.600 index.js:28 [ws] close CloseEvent {{isTrusted: true, wasClean: false, code: 1006, reason: '{s.of("reason of a close")}'}}
12:00:00.700 index.js:60 localStorage refresh {s.of("word in a console")} for {s.plain("name in a console")}
"""


def _har(s: Seeded) -> str:
    sent = {
        "Authorization": f"Bearer {s.of('bearer')}", "Cookie": f"sid={s.of('cookie')}; theme={s.plain('cookie of plain letters')}",
        "Sec-WebSocket-Protocol": f"bearer, {s.of('Sec-WebSocket-Protocol')}", "X-API-Key": s.of("X-API-Key"),
        "X-CSRF-Token": s.of("X-CSRF-Token"), "X-Tenant": s.plain("header of one's own"), "Referer": f"https://testdomen.uz/?t={s.of('query of a Referer')}",
        "Proxy-Authorization": "Basic " + base64.b64encode(f"{s.plain('basic: user')}:{s.password('basic: password')}".encode()).decode(),
        "X-Forwarded-For": s.of("X-Forwarded-For", lambda: "198.51.100.177"), "User-Agent": f"Mozilla/5.0 {s.plain('user agent of a HAR')}",
        "Sec-WebSocket-Key": base64.b64encode(s.of("Sec-WebSocket-Key", lambda: s.word(16)).encode()).decode(),
    }  # fmt: skip
    came = {
        "Set-Cookie": f"session={s.of('Set-Cookie')}; HttpOnly",
        "Location": f"/login?next={s.of('Location')}",
        "X-Debug": s.of("header of an answer"),
    }
    frames = [
        {"type": "send", "time": NOON, "opcode": 1, "data": json.dumps({"type": "auth", "token": s.of("first message")})},
        {"type": "receive", "time": NOON, "opcode": 1, "data": f"hello {s.plain('message of a WebSocket')}"},
        {
            "type": "error",
            "time": NOON,
            "opcode": -1,
            "data": f"Error during WebSocket handshake: Unexpected response code: 403 {s.of('text of an error')}",
        },
    ]
    socket = {
        "startedDateTime": "2026-11-23T12:00:00.400Z", "time": 140, "_resourceType": "websocket", "_webSocketMessages": frames,
        "_initiator": {"url": f"https://testdomen.uz/{s.of('initiator')}"},
        "request": {
            "method": "GET", "url": f"wss://{s.plain('userinfo: user', 9)}:{s.password('userinfo: password')}@testdomen.uz/api/v1/ws?token={s.token('query token: JWT')}",
            "headers": [{"name": name, "value": value} for name, value in sent.items()],
            "cookies": [{"name": "sid", "value": s.of("cookie of a list")}], "queryString": [{"name": "q", "value": s.of("queryString")}],
        },
        "response": {"status": 403, "headers": [{"name": name, "value": value} for name, value in came.items()], "_error": s.of("_error of an entry")},
    }  # fmt: skip
    asked = {
        "startedDateTime": f"2026-11-23T12:00:01.000Z{s.of('after a time')}", "time": 20, "_resourceType": "fetch",
        "request": {
            "method": "POST", "url": f"https://testdomen.uz/api/v1/login?next={s.of('query of a fetch')}", "headers": [],
            "postData": {"mimeType": "application/json", "text": json.dumps({"login": s.email("e-mail in a body"), "password": s.password("password in a body")})},
        },
        "response": {
            "status": 200, "headers": [],
            "content": {"mimeType": "application/json", "text": json.dumps({"access_token": s.of("token in a body"), "name": s.plain("name in a body")})},
        },
    }  # fmt: skip
    escaped = "".join(f"\\u{ord(c):04x}" for c in s.of("title that is escaped"))
    pages = [{"id": "page_1", "title": f"https://testdomen.uz/?u={s.of('title of a page')}", "startedDateTime": "2026-11-23T12:00:00Z"}]
    log = {"version": "1.2", "creator": {"name": "WebInspector"}, "comment": "ESCAPED", "pages": pages, "entries": [socket, asked]}
    return json.dumps({"log": log}, indent=1).replace("ESCAPED", escaped)


def _probe(s: Seeded) -> str:
    url = f"https://testdomen.uz/api/v1/ws?token={s.of('token in a command')}"
    return f"""$ curl -i -H 'Upgrade: websocket' -H 'Authorization: Bearer {s.of("bearer in a command")}' '{url}'
> GET /api/v1/ws HTTP/1.1
> Cookie: sid={s.of("cookie in a probe")}
< HTTP/1.1 403 Forbidden
< Server: nginx/1.28.0
< Set-Cookie: sid={s.of("Set-Cookie in a probe")}
<
{{"detail": "{s.of("body in a probe")}"}}
"""


def _key(s: Seeded) -> str:
    body = "\n".join(s.of(f"private key, line {n}", lambda: s.word(64)) for n in (1, 2))
    return f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"


def windows(kind: str, secret: str) -> Iterator[str]:
    """The parts of a secret of which none may stand in an output: 12 characters, of a password 8; a shorter one whole."""
    size = min(len(secret), 8 if kind.startswith(PASSWORDS) else 12)
    yield from (secret[start : start + size] for start in range(len(secret) - size + 1))


def forms(kind: str, secret: str) -> Iterator[str]:
    """What must not stand in an output: the parts, as they are and in every form from which they can be read back."""
    yield from windows(kind, secret)
    for part in {secret, *windows(kind, secret)} if len(secret) < 60 else {secret}:
        raw = part.encode()
        once = "".join(f"%{ord(c):02X}" for c in part)
        yield from (once, quote(once), quote(quote(once)), quote(part), raw.hex(), "".join(f"\\u{ord(c):04x}" for c in part))
        for pad in range(3):
            packed = base64.b64encode(b"x" * pad + raw).decode()
            yield from (
                packed[4 if pad else 0 : len(packed) // 4 * 4 - 4],
                packed.replace("+", "-").replace("/", "_")[4 if pad else 0 : -4],
            )
    for hashed in (hashlib.md5, hashlib.sha1, hashlib.sha256):
        yield hashed(secret.encode()).hexdigest()
    if secret.count(".") == 2 and secret.startswith("eyJ"):
        yield from secret.split(".")[1:]


def leaks(outputs: dict[str, str], secrets: dict[str, str]) -> list[tuple[str, str]]:
    """(output, kind of secret) of each leak."""
    wanted = {kind: [form for form in dict.fromkeys(forms(kind, secret)) if len(form) >= 8] for kind, secret in secrets.items()}
    return [(name, kind) for kind, some in wanted.items() for name, text in outputs.items() if any(form in text for form in some)]


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, "utf-8", newline="\n")
    return folder


GROUPS = {
    "URL": ("query", "path", "OAuth", "room", "name of a parameter", "userinfo", "initiator", "title", "code in", "session id", "Location"),
    "header": (
        "bearer", "cookie", "Cookie", "Set-Cookie", "Sec-", "X-", "basic", "header", "user agent", "Referer", "argument", "value of Connection",
    ),
    "body or message": ("first message", "message", "token in a body", "name in a body", "password in a body", "body", "text of an error", "_error", "reason"),
    ".env, DSN, key": (".env", "dsn", "AWS", "GitHub", "Stripe", "Slack", "Google", "private key", "passphrase", "free text", "password in .env"),
    "nginx.conf, compose": ("key in", "directory", "realm", "secret of", "value of a variable", "token in a location", "comment", "password in docker", "token in docker"),
    "person": ("e-mail", "name in", "user", "full name", "telephone", "pin", "card", "client address", "remote user", "claim"),
}  # fmt: skip
"""Group of the table -> how its kinds begin; the rest is of logs."""


def group(kind: str) -> str:
    return next((name for name, starts in GROUPS.items() if kind.startswith(starts)), "line of a log")


def table(seeds: tuple[int, ...] = (1, 2, 3)) -> str:
    """Leaks by group of kinds and channel, over some seeds."""
    counts: dict[tuple[str, str], int] = {}
    sizes: dict[str, int] = {}
    channels: list[str] = []
    for seed in seeds:
        files, secrets = bundle(seed)
        for kind in secrets:
            sizes[group(kind)] = sizes.get(group(kind), 0) + 1
        for channel, text in _channels(files).items():
            channels += [channel] if channel not in channels else []
            shown = {
                k: v for k, v in secrets.items() if "--addresses" not in channel or not k.startswith(("client address", "X-Forwarded"))
            }
            for _, kind in leaks({channel: text}, shown):
                counts[group(kind), channel] = counts.get((group(kind), channel), 0) + 1
    rows = [f"| {name} | {size} | " + " | ".join(str(counts.get((name, c), 0)) for c in channels) + " |" for name, size in sizes.items()]
    return "\n".join([f"| secrets | seeded | {' | '.join(channels)} |", "| --- |" + " ---: |" * (len(channels) + 1), *rows])


def _channels(files: dict[str, str]) -> dict[str, str]:
    """Channel -> all that comes out of it."""
    from typer.testing import CliRunner

    from wslogs.cli import app

    said: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        given = write(Path(folder) / "bundle", files)
        for options in ((), ("--quote",), ("--quote", "--addresses", "--lang", "ru")):
            out = Path(folder) / "out"
            result = CliRunner().invoke(app, ["analyze", str(given), "--output", str(out), *options])
            for path in sorted(out.iterdir()):
                said[" ".join([path.name.removeprefix("report."), *options])] = path.read_text("utf-8")
            said["terminal"] = said.get("terminal", "") + result.stdout + result.stderr
        result = CliRunner().invoke(app, ["explain", str(given)])
        said["explain"] = result.stdout + result.stderr
    return said


if __name__ == "__main__":
    print(table())
