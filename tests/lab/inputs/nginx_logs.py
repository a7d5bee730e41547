"""nginx's access logs in every format of nginx_formats.py, and its error logs:  python -m tests.lab.inputs.nginx_logs [rsyslogd]

Needs nginx and curl (Debian), and for the logs by way of syslog the path of an rsyslogd. All on loopback, within a minute.
One run of nginx writes every request into one log for each format; a fixture has the nginx.conf with its own format alone.
Places and ports of the run become a server's usual ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import jwt
import regex

from tests.lab import certificates
from tests.lab.inputs.nginx_formats import CONF, FORMATS, NAMES, SHOWN, TREE
from tests.lab.needs import nginx
from tests.lab.process import Child
from tests.lab.stack import answers, free_port, until

FIXTURES = Path(__file__).parents[2] / "fixtures" / "proxy"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
ALONE = ("combined", "main", "timings", "json", "ingress")
"""Formats so common that they are read without the nginx.conf."""
ACCEPT = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"
HELD_S = 0.3
ZONE = "Asia/Tashkent"


async def app(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers by the path alone."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].partition(b"?")
        if path[0].startswith(b"/slow"):
            await asyncio.sleep(3)
        elif path[2] == b"token=bad":
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        elif path[0].endswith(b"/ws") and not path[0].startswith((b"/fallback", b"/plain")):
            writer.write(ACCEPT + b"\x81\x02hi")
            await asyncio.sleep(HELD_S)
        elif path[0] in (b"/", b"/fallback/ws"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        else:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
    writer.close()


def token(secret: str, subject: str = "17") -> str:
    at = 1_795_420_585
    return jwt.encode({"sub": subject, "iat": at, "exp": at + 3600}, secret, algorithm="HS256")


def handshake(target: str, agent: str = CHROME, more: str = "", number: int = 0) -> bytes:
    key = f"dGhlIHNhbXBsZSBub25{number:02d}Q=="
    return (
        f"GET {target} HTTP/1.1\r\nHost: testdomen.uz\r\nUser-Agent: {agent}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nX-Real-IP: 203.0.113.24\r\n{more}\r\n"
    ).encode()


def requests() -> list[tuple[bytes, float]]:
    """(what is sent, how long the client stays at most)."""
    good = token(os.urandom(32).hex())
    rid = "X-Request-ID: 7c9e6679-7425-40de-944b-e07fc1f90ae7\r\n"
    return [
        (handshake(f"/api/v1/ws?token={good}", more=rid, number=1), 9),
        (handshake("/api/v1/ws?token=bad", number=2), 9),
        (handshake("/api/v1/wss", number=3), 9),
        (handshake("/unix/ws", number=4), 9),
        (handshake("/gone/ws", number=5), 9),
        (handshake("/slow/ws", number=6), 0.2),
        (handshake("/slow/ws", number=7), 9),
        (handshake("/dead/ws", number=8), 9),
        (handshake("/both/ws", number=9), 9),
        (handshake("/both/ws", number=10), 9),
        (handshake("/busy/ws", number=11), 9),
        (handshake("/fallback/ws", number=12), 9),
        (handshake("/named/ws", number=13), 9),
        (handshake("/twice/ws", number=14), 9),
        (handshake("/чат/ws?a=1&b=%22", 'Бот/1.0 "x" \\y', number=15), 9),
        (handshake("/%D1%87%D0%B0%D1%82/ws", number=16), 9),
        (handshake('/api/v1/ws?token=it\'s|a;"quoted"{token}of[odd]signs', "a b", number=17), 9),
        (b"GET /api/v1/ws HTTP/1.1\r\nUser-Agent:\r\n\r\n", 9),
        (b"GET / HTTP/1.0\r\nHost: testdomen.uz\r\n\r\n", 9),
        (b"POST /api/v1/login HTTP/1.1\r\nHost: testdomen.uz\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 9),
        (bytes.fromhex("16030100ca010000c60303a1") + b'"\\' + bytes(range(1, 9)) + b"\r\n\r\n", 9),
    ]


async def send(port: int, raw: bytes, seconds: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    with contextlib.suppress(TimeoutError, ConnectionError, asyncio.IncompleteReadError):
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), seconds)
        await asyncio.wait_for(reader.read(), seconds if b" 101 " in answer else 0.05)
    writer.close()


def places(root: Path) -> dict[str, str]:
    ports = {name: str(free_port()) for name in ("app", "dead", "dead2", "plain", "tls", "syslog")}
    return ports | {"root": str(root), "user": "user root;\n" if os.geteuid() == 0 else "", "daemon": "daemon off;\n"}


def filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def run_conf(at: Mapping[str, str]) -> str:
    logs = "".join(f"\n    access_log @root@/{name}.log {format};" for name, format in NAMES.items())
    logs += "\n    access_log syslog:server=127.0.0.1:@syslog@,tag=nginx,severity=info combined;"
    errors = "\nerror_log @root@/debug.log debug;\nerror_log syslog:server=127.0.0.1:@syslog@,tag=nginx error;"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"\n    {kind}_temp_path @root@/{kind};" for kind in kinds)
    own = {"formats": "\n    ".join(FORMATS.values()), "access_logs": logs, "error_logs": errors, "temporary": temporary}
    return filled(filled(CONF, own), {**at, "plain": f"127.0.0.1:{at['plain']}", "tls": f"127.0.0.1:{at['tls']}"})


def shown_conf(name: str) -> str:
    logs = f"    access_log /var/log/nginx/access.log{'' if name == 'combined' else ' ' + NAMES[name]};"
    own = {"formats": FORMATS.get(name, "").strip(), "access_logs": logs, "error_logs": "", "temporary": ""}
    return filled(filled(CONF, own), SHOWN)


def shown(text: bytes, at: Mapping[str, str]) -> bytes:
    """A log with the places of the run made a server's usual ones."""
    for name in ("app", "dead", "dead2", "plain", "tls"):
        text = regex.sub(rb"127\.0\.0\.1:" + at[name].encode() + rb"\b", b"127.0.0.1:" + SHOWN[name].encode(), text)
    text = regex.sub(rb"OS: Linux \S+", b"OS: Linux 6.1.0-28-amd64", text)
    return text.replace(at["root"].encode(), b"").replace(socket.gethostname().encode(), b"web1")


@contextlib.asynccontextmanager
async def served(root: Path, at: Mapping[str, str]) -> AsyncIterator[Child]:
    for folder in ("run", "var/log/nginx", "etc/nginx/ssl"):
        (root / folder).mkdir(parents=True)
    certificates.write_leaf(root / "etc/nginx/ssl", "testdomen.uz", certificates.authority("Lab Test Root"), "valid")
    (root / "nginx.conf").write_text(run_conf(at), "utf-8")
    program = nginx()
    assert program is not None
    tcp = await asyncio.start_server(app, "127.0.0.1", int(at["app"]))
    unix = await asyncio.start_unix_server(app, root / "run/app.sock")
    child = Child((program, "-p", str(root), "-c", str(root / "nginx.conf")), root / "stderr.txt", root, {"TZ": ZONE})
    try:
        await until(lambda: answers(int(at["plain"])), child, "nginx")
        yield child
    finally:
        await asyncio.to_thread(child.stop, signal.SIGQUIT)
        for server in (tcp, unix):
            server.close()


async def drive(root: Path, at: Mapping[str, str]) -> None:
    for raw, seconds in requests():
        await send(int(at["plain"]), raw, seconds)
    curl = ("curl", "-sk", "-m", "5", "--http2", "-H", "Host: testdomen.uz", "-A", CHROME)
    for extra in (("/",), ("/plain/ws", "-H", "Upgrade: websocket"), ("/api/v1/wss",)):
        address = f"https://127.0.0.1:{at['tls']}{extra[0]}"
        await asyncio.to_thread(subprocess.run, (*curl, *extra[1:], address), check=False, capture_output=True, timeout=10)
    await send(int(at["plain"]), handshake(f"/dead/ws?token={token(os.urandom(32).hex(), 'x' * 1800)}"), 9)
    # A master that is asked for a second time, and a worker that dies.
    again = subprocess.run(
        (str(nginx()), "-p", str(root), "-c", str(root / "nginx.conf")),
        capture_output=True,
        timeout=20,
        check=False,
        env={**os.environ, "TZ": ZONE},
    )
    (root / "again.txt").write_bytes(again.stderr)
    workers = subprocess.run(("pgrep", "-P", (root / "run/nginx.pid").read_text().strip()), capture_output=True, text=True, check=False)
    os.kill(int(workers.stdout.split()[0]), signal.SIGKILL)
    await asyncio.sleep(0.5)


class Syslog:
    """One UDP listener that keeps what comes as it is, and hands it on to an rsyslogd."""

    def __init__(self, port: int, onward: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._onward = onward
        self.rows: list[bytes] = []
        asyncio.get_running_loop().add_reader(self._socket, self._take)

    def _take(self) -> None:
        raw = self._socket.recv(65536)
        self.rows.append(raw)
        self._socket.sendto(raw, ("127.0.0.1", self._onward))


def rsyslogd(program: str, root: Path, port: int) -> Child:
    conf = root / "rsyslog.conf"
    conf.write_text(f"""module(load="imudp")
input(type="imudp" address="127.0.0.1" port="{port}")
*.* action(type="omfile" file="{root}/traditional.log" template="RSYSLOG_TraditionalFileFormat")
*.* action(type="omfile" file="{root}/new.log" template="RSYSLOG_FileFormat")
""")
    path = Path(program).parents[2]
    found = {"LD_LIBRARY_PATH": str(path / "usr/lib/x86_64-linux-gnu"), "RSYSLOG_MODDIR": str(path / "usr/lib/x86_64-linux-gnu/rsyslog")}
    return Child((program, "-n", "-f", str(conf), "-i", str(root / "rsyslog.pid")), root / "rsyslog.txt", root, found | {"TZ": ZONE})


def put(name: str, files: Mapping[str, bytes], input: str, story: str, writer: str) -> None:
    folder = FIXTURES / name
    shutil.rmtree(folder / "bundle", ignore_errors=True)
    for path, raw in files.items():
        target = folder / "bundle" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(raw)
    rows = {"input": input, "writer": writer, "made": "recorded", "story": story}
    (folder / "origin.toml").write_text("".join(f'{key} = "{value}"\n' for key, value in rows.items()), "utf-8")


PLACES = "Places and ports of the run made a server's usual ones, its host web1."


def keep_access(root: Path, at: Mapping[str, str], writer: str) -> None:
    for name in NAMES:
        log = shown((root / f"{name}.log").read_bytes(), at)
        story = f"Handshakes that end in every way, on loopback, by a client of raw sockets and curl. {PLACES}"
        conf = shown_conf(name).encode()
        put(
            f"access-{name}", {"nginx/nginx.conf": conf, "access.log": log}, f"nginx access log, {name}, with its nginx.conf", story, writer
        )
        if name in ALONE:
            put(f"access-{name}-alone", {"access.log": log}, f"nginx access log, {name}, alone", story, writer)


def keep_errors(root: Path, at: Mapping[str, str], rows: list[bytes], writer: str) -> None:
    story = f"The error log of the same requests, a second start, and a worker killed. {PLACES}"
    put(
        "error-info",
        {"error.log": shown((root / "var/log/nginx/error.log").read_bytes(), at)},
        "nginx error log, level info",
        story,
        writer,
    )
    debug = [row for row in (root / "debug.log").read_bytes().splitlines(keepends=True) if b" *2 " in row]
    story = f"The lines of one handshake, at level debug, as far as the first 150. {PLACES}"
    put("error-debug", {"error.log": shown(b"".join(debug[:150]), at)}, "nginx error log, level debug", story, writer)
    story = f"What a second start on the same ports says on stderr. {PLACES}"
    put("error-stderr", {"nginx.err": shown((root / "again.txt").read_bytes(), at)}, "nginx on stderr", story, writer)
    story = f"The datagrams of error_log and access_log syslog:, a line each, as a listener got them. {PLACES}"
    put("syslog-datagrams", {"syslog.txt": shown(b"\n".join(rows) + b"\n", at)}, "nginx by syslog, as sent", story, writer)
    for name in ("traditional", "new"):
        if (root / f"{name}.log").exists():
            log = b"".join(r for r in (root / f"{name}.log").read_bytes().splitlines(keepends=True) if b"rsyslogd" not in r)
            story = f"The same as rsyslogd 8.2302 wrote it, template {'Traditional' if name == 'traditional' else ''}FileFormat. {PLACES}"
            put(
                f"syslog-{name}",
                {"syslog": shown(log, at)},
                f"nginx by syslog, rsyslog's {name} file format",
                story,
                f"{writer}, rsyslogd 8.2302.0",
            )


def dump(root: Path, at: Mapping[str, str]) -> bytes:
    """`nginx -T > file 2>&1`, of the configuration in folders."""
    home = root / "tree/etc/nginx"
    local = {**at, "plain": f"127.0.0.1:{at['plain']}", "tls": f"127.0.0.1:{at['tls']}"}
    for name, text in TREE.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(filled(text, local).replace("include /etc/nginx", f"include {home}"), "utf-8")
    done = subprocess.run(
        (str(nginx()), "-T", "-p", str(root), "-c", str(home / "nginx.conf")),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20, check=True,
    )  # fmt: skip
    dumped = shown(done.stdout.replace(f"{root}/tree".encode(), b""), at)
    return dumped.replace(b"listen 127.0.0.1:", b"listen ")


def keep_confs(root: Path, at: Mapping[str, str], writer: str) -> None:
    log = shown((root / "upstream.log").read_bytes(), at)
    tree = {f"etc/nginx/{name}": filled(text, SHOWN).encode() for name, text in TREE.items()}
    story = f"What `nginx -T > nginx-T.txt 2>&1` prints of nginx.conf, conf.d and sites-enabled, beside an access log. {PLACES}"
    put("conf-dump", {"nginx-T.txt": dump(root, at), "access.log": log}, "nginx -T", story, writer)
    story = "The files of the dump in their folders, beside the same access log."
    put("conf-folders", {**tree, "access.log": log}, "nginx.conf with conf.d and sites-enabled", story, writer)
    flat = {name.rpartition("/")[2]: raw for name, raw in tree.items() if "sites" not in name}
    flat = {name: b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n") for name, raw in flat.items()}
    story = "Some of these files without their folders, saved by an editor of Windows: a mark at the start, CRLF."
    put("conf-windows", {**flat, "access.log": log}, "nginx.conf without folders, as Windows saves it", story, writer)


async def record(root: Path, program: str | None) -> None:
    at = places(root)
    version = subprocess.run((str(nginx()), "-v"), capture_output=True, text=True, check=True).stderr.strip().rpartition("/")[2]
    onward = free_port()
    syslog = Syslog(int(at["syslog"]), onward)
    logger = rsyslogd(program, root, onward) if program else None
    try:
        time.sleep(1 if logger else 0)
        async with served(root, at):
            await drive(root, at)
        await asyncio.sleep(0.5)
    finally:
        if logger:
            logger.stop()
    keep_access(root, at, f"nginx {version} (Debian)")
    keep_confs(root, at, f"nginx {version} (Debian)")
    keep_errors(root, at, syslog.rows, f"nginx {version} (Debian)")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="wslogs-nginx-") as folder:
        asyncio.run(record(Path(folder), sys.argv[1] if len(sys.argv) > 1 else None))


if __name__ == "__main__":
    main()
