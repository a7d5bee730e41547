"""Records the probes that the guide's readers run:  python -m tests.lab.inputs.probes

Needs nginx with TLS and HTTP/2, curl, openssl, ss, netstat, nc, nslookup, dig and script (Debian: nginx, curl, openssl,
iproute2, net-tools, netcat-openbsd, bind9-dnsutils, bsdutils), and wscat (npm), whose path is given as the first argument.
Everything runs on loopback: nginx with a good, an expired, a self-signed and a wrongly named certificate before a small
uvicorn app, a server of `websockets` and a silent port; only the name nowhere.invalid is asked of the machine's resolver.
Ports are made those of the story (443, 80, 8000, ...), paths those of a server.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import jwt
import regex

from tests.lab.certificates import authority, write_leaf
from tests.lab.needs import nginx
from tests.lab.process import Child
from tests.lab.stack import answers, free_port

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
HOST = "testdomen.uz"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
LIMIT_S = 20.0
APP = """
import asyncio
from fastapi import FastAPI, WebSocket

app = FastAPI()

@app.get("/health")
async def health():
    return {"status": "ok"}

@app.websocket("/api/v1/ws")
async def ws(socket: WebSocket):
    if not socket.query_params.get("token"):
        await socket.close(1008)
        return
    await socket.accept()
    await socket.send_text("hello")
    await socket.send_text("x" * 200)
    if "bye" in socket.query_params:
        await socket.close(4401, "Token expired")
        return
    await asyncio.sleep(30)
"""
PLAIN = """
import asyncio, sys
from websockets.asyncio.server import serve

async def echo(socket):
    async for message in socket:
        await socket.send(message)

async def main():
    async with serve(echo, "127.0.0.1", int(sys.argv[1])):
        await asyncio.sleep(60)

asyncio.run(main())
"""
SITE = """
    server {{ listen 127.0.0.1:{port} ssl http2; server_name {host}; ssl_certificate ssl/{name}/fullchain.pem;
        ssl_certificate_key ssl/{name}/privkey.pem; location / {{ proxy_pass http://127.0.0.1:{app}; proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_set_header Host $host; }} }}
"""
CONF = """
daemon off; pid nginx.pid; error_log error.log;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
{sites} }}
"""
ASKS = ("-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13")


class Lab:
    """The servers of the story; `story` is the port that stands in a fixture for each that they really have."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ports = {name: free_port() for name in ("443", "8443", "9443", "7443", "8000", "8765", "8001", "8080")}
        self.token = jwt.encode({"sub": "u", "exp": 2_000_000_000}, "throw-away-key-throw-away-key-throw-away", algorithm="HS256")
        self._children: list[Child] = []

    def __enter__(self) -> Lab:
        root = authority("Lab Test Root")
        self._leaf("443", root, "good")
        self._leaf("8443", root, "expired")
        self._leaf("7443", root, "other-name")
        self._self_signed(self.root / "ssl/9443")
        (self.root / "ca.pem").write_bytes((self.root / "ssl/443/fullchain.pem").read_bytes().partition(b"-----END CERTIFICATE-----\n")[2])
        (self.root / "main.py").write_text(APP)
        (self.root / "plain.py").write_text(PLAIN)
        sites = "".join(SITE.format(port=self.ports[n], host=HOST, name=n, app=self.ports["8000"]) for n in ("443", "8443", "9443", "7443"))
        (self.root / "nginx.conf").write_text(CONF.format(sites=sites))
        uvicorn = (sys.executable, "-m", "uvicorn", "main:app", "--port", str(self.ports["8000"]))
        self._start(uvicorn, "8000")
        self._start((sys.executable, "plain.py", str(self.ports["8765"])), "8765")
        self._start((str(nginx()), "-p", str(self.root), "-c", str(self.root / "nginx.conf"), "-e", str(self.root / "error.log")), "443")
        self._silent = socket.create_server(("127.0.0.1", self.ports["8080"]))
        return self

    def __exit__(self, *error: object) -> None:
        self._silent.close()
        for child in reversed(self._children):
            child.stop()

    def _leaf(self, name: str, issuer: object, kind: str) -> None:
        write_leaf(self.root / "ssl" / name, HOST, issuer, kind)  # type: ignore[arg-type]

    def _self_signed(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        subprocess.run(
            ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj", f"/CN={HOST}", "-addext",
             f"subjectAltName=DNS:{HOST}", "-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"),
            check=True, capture_output=True, timeout=LIMIT_S,
        )  # fmt: skip

    def _start(self, argv: Sequence[str], port: str) -> None:
        child = Child(argv, self.root / f"{port}.out", self.root, {"PYTHONUNBUFFERED": "1"})
        self._children.append(child)
        for _ in range(200):
            if answers(self.ports[port]):
                return
            time.sleep(0.05)
        raise RuntimeError(f"nothing answers on {port}")

    def text(self, raw: bytes) -> bytes:
        """What a command wrote, with the story's ports and paths."""
        for story, port in self.ports.items():
            raw = regex.sub(rb"\b%d\b" % port, story.encode(), raw)
        return raw.replace(str(self.root).encode(), b"/srv/app")

    def run(self, *argv: str) -> bytes:
        """Output and errors of a command as `command > file 2>&1` saves them."""
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT_S, check=False
        )
        return self.text(done.stdout)

    def curl(self, story: str, path: str, *options: str, tls: bool = False, key: str = KEY) -> bytes:
        port = self.ports[story]
        where = f"https://{HOST}:{port}{path}" if tls else f"http://127.0.0.1:{port}{path}"
        upgrade = (*ASKS, "-H", f"Sec-WebSocket-Key: {key}") if key else ()
        return self.run("curl", "-N", "-s", "-S", "-m", "3", "--resolve", f"{HOST}:{port}:127.0.0.1", *options, *upgrade, where)

    def wscat(self, program: str, url: str, *options: str, seconds: int = 2) -> bytes:
        """wscat on a terminal, for without one it says nothing; stopped after some seconds as by CTRL+C."""
        command = f"timeout -s INT {seconds} {program} -c '{url}' {' '.join(options)}"
        done = subprocess.run(
            ("script", "-qec", command, "/dev/null"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, timeout=LIMIT_S, check=False
        )
        return self.text(done.stdout)

    def s_client(self, story: str, *options: str) -> bytes:
        return self.run("openssl", "s_client", "-connect", f"127.0.0.1:{self.ports[story]}", "-servername", HOST, *options)


def save(fixture: str, files: Mapping[str, bytes]) -> None:
    folder = FIXTURES / fixture / "bundle"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, raw in files.items():
        (folder / name).write_bytes(raw)


@contextlib.contextmanager
def lab() -> Iterator[Lab]:
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as made:
        yield made


def curl(made: Lab) -> None:
    good = ("--http1.1", "--cacert", str(made.root / "ca.pem"))
    ws = f"/api/v1/ws?token={made.token}"
    save("probe/curl-i", {
        "101.txt": made.curl("443", ws, "-i", *good, tls=True),
        "403.txt": made.curl("443", "/api/v1/ws", "-i", *good, tls=True),
        "404.txt": made.curl("443", "/api/v2/feed", "-i", *good, tls=True, key=""),
        "426.txt": made.curl("8765", "/", "-i", key=""),
        "400-key-test.txt": made.curl("8000", ws, "-i", key="test"),
        "health.txt": made.curl("8000", "/health", "-i", key=""),
        "refused.txt": made.curl("8001", "/health", "-i", key=""),
        "hung.txt": made.curl("8080", ws, "-i"),
    })  # fmt: skip
    command = f"$ curl -i -N -H 'Connection: Upgrade' -H 'Upgrade: websocket' http://{HOST}:443{ws}\n".encode()
    save("probe/curl-v", {
        "101.txt": made.curl("443", ws, "-v", *good, tls=True),
        "403.txt": made.curl("443", "/api/v1/ws", "-v", *good, tls=True),
        "h2-404.txt": made.curl("443", ws, "-v", "--cacert", str(made.root / "ca.pem"), tls=True),
        "expired.txt": made.curl("8443", ws, "-v", *good, tls=True),
        "self-signed.txt": made.curl("9443", ws, "-v", *good, tls=True),
        "wrong-host.txt": made.curl("7443", ws, "-v", *good, tls=True),
        "plain-port.txt": made.curl("8000", ws, "-v", *good, tls=True),
        "plain-to-tls.txt": command + made.curl("443", ws, "-i"),
        "refused.txt": made.curl("8001", ws, "-v"),
        "no-name.txt": made.run("curl", "-sS", "-v", "-m", "3", "http://nowhere.invalid/api/v1/ws"),
        "400-key-test.txt": made.curl("8000", ws, "-v", key="test"),
    })  # fmt: skip


def wscat(made: Lab, program: str) -> None:
    ws = f"/api/v1/ws?token={made.token}"

    def tls(port: str) -> bytes:
        return made.wscat(program, f"wss://localhost:{made.ports[port]}{ws}")

    plain = f"ws://127.0.0.1:{made.ports['8000']}"
    save("probe/wscat", {
        "connected.txt": made.wscat(program, plain + ws),
        "closed.txt": made.wscat(program, f"{plain}{ws}&bye=1"),
        "403.txt": made.wscat(program, f"{plain}/api/v1/ws"),
        "refused.txt": made.wscat(program, f"ws://127.0.0.1:{made.ports['8001']}{ws}"),
        "self-signed.txt": tls("9443"),
        "unknown-issuer.txt": tls("443"),
        "plain-port.txt": tls("8000"),
        "no-name.txt": made.wscat(program, f"ws://nowhere.invalid{ws}"),
        "expired.txt": made.wscat(f"env NODE_EXTRA_CA_CERTS={made.root}/ca.pem {program}", f"wss://localhost:{made.ports['8443']}{ws}"),
        "wrong-host.txt": made.wscat(f"env NODE_EXTRA_CA_CERTS={made.root}/ca.pem {program}", f"wss://localhost:{made.ports['443']}{ws}"),
    })  # fmt: skip


def s_client(made: Lab) -> None:
    trust = ("-CAfile", str(made.root / "ca.pem"))
    save("probe/openssl", {
        "good.txt": made.s_client("443", *trust),
        "expired.txt": made.s_client("8443", *trust),
        "self-signed.txt": made.s_client("9443"),
        "wrong-host.txt": made.s_client("7443", *trust, "-verify_hostname", HOST),
        "plain-port.txt": made.s_client("8000"),
        "refused.txt": made.s_client("8001"),
    })  # fmt: skip


def files(made: Lab) -> None:
    kept = made.root / "ssl"
    save("host/certificates", {
        "fullchain.pem": (kept / "443/fullchain.pem").read_bytes(),
        "old.crt": (kept / "8443/fullchain.pem").read_bytes(),
        "self-signed.pem": (kept / "9443/fullchain.pem").read_bytes(),
        "privkey.pem": (kept / "443/privkey.pem").read_bytes(),
    })  # fmt: skip


def listeners(made: Lab) -> None:
    """Only the lines of this lab: the machine's others are its own business."""
    numbers = [str(port).encode() for name, port in made.ports.items() if name in ("443", "8443", "8000", "8765")]
    found = {}
    for name, argv, head in (("ss.txt", ("ss", "-ltnp"), 1), ("netstat.txt", ("netstat", "-ltnp"), 2)):
        lines = subprocess.run(argv, capture_output=True, timeout=LIMIT_S, check=True).stdout.splitlines(keepends=True)
        found[name] = made.text(b"".join([*lines[:head], *(line for line in lines[head:] if any(n in line for n in numbers))]))
    save("host/listeners", found)


def nc(made: Lab) -> None:
    """The resolver's own address is made one of RFC 5737."""
    save("probe/nc", {
        "nc.txt": made.run("nc", "-vz", "127.0.0.1", str(made.ports["8000"])) + made.run("nc", "-vz", "127.0.0.1", str(made.ports["8001"])),
        "nslookup.txt": regex.sub(rb"\d+\.\d+\.\d+\.\d+", b"192.0.2.53", made.run("nslookup", "nowhere.invalid")),
        "dig.txt": regex.sub(rb"(SERVER: )\S+ ", rb"\g<1>192.0.2.53#53(192.0.2.53) ", made.run("dig", "nowhere.invalid")),
    })  # fmt: skip


def main() -> None:
    with lab() as made:
        curl(made)
        s_client(made)
        files(made)
        listeners(made)
        nc(made)
        if len(sys.argv) > 1:
            wscat(made, sys.argv[1])
    print(f"recorded at {dt.datetime.now(dt.UTC):%Y-%m-%d}", file=sys.stderr)


if __name__ == "__main__":
    main()
