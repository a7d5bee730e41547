"""Records nginx and uvicorn, and puts what docker, Kubernetes and journald put before their lines:

    WSLOGS_NEW=... SYSTEMD_JOURNAL_REMOTE=... python -m tests.lab.inputs.app_wrappers

WSLOGS_NEW names a virtual environment with uvicorn[standard] fastapi; the other the program of Debian's package
systemd-journal-remote, whose journal the system's journalctl prints. nginx must be installed. docker, compose and kubelet do
not run here: their forms are made as their sources say.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple
from zoneinfo import ZoneInfo

from tests.lab import needs
from tests.lab.inputs import drive
from tests.lab.inputs.keep import PATHS, cleaned, keep, versions

LIMIT_S = 40.0
ZONE = "Asia/Tashkent"
"""Of the host; containers have UTC."""
NGINX = """daemon off; master_process off; pid {folder}/pid; error_log stderr info; worker_rlimit_nofile 256;
events {{ worker_connections 64; }}
http {{
    access_log /dev/stdout;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{front};
        server_name testdomen.uz;
        location / {{
            proxy_pass http://127.0.0.1:{back};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            proxy_set_header X-Forwarded-For 203.0.113.24;
        }}
    }}
}}
"""
STORY = (
    "nginx before uvicorn on loopback: accepted and closed, refused, 401, closed with 4401, an exception after accept, "
    f"then the app is killed and one more try gets 502. The lines are the programs' own; {PATHS}, ports to 80 and 8000"
)


class Row(NamedTuple):
    """One line, its program, its stream, and when it was read from the program's pipe (epoch nanoseconds)."""

    at: int
    program: str
    stream: str
    line: bytes


class _Running:
    """A program whose two streams are read line by line."""

    def __init__(self, program: str, argv: Sequence[str], folder: str, rows: list[Row], zone: str) -> None:
        environment = {**os.environ, "TZ": zone, "PYTHONUNBUFFERED": "1", "PYTHONPATH": folder, "CHAT_LOG": "basic-asctime"}
        self.child = subprocess.Popen(
            argv, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._threads = [
            threading.Thread(target=self._read, args=(program, name, pipe, rows), daemon=True)
            for name, pipe in (("stdout", self.child.stdout), ("stderr", self.child.stderr))
        ]
        for one in self._threads:
            one.start()

    @staticmethod
    def _read(program: str, stream: str, pipe: IO[bytes] | None, rows: list[Row]) -> None:
        for line in pipe or ():
            rows.append(Row(time.time_ns(), program, stream, line.rstrip(b"\n")))  # noqa: PERF401 - other threads append too

    def stop(self, number: signal.Signals) -> None:
        if self.child.poll() is None:
            self.child.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(5)
        self.child.kill()
        for one in self._threads:
            one.join(5)


def recorded(zone: str) -> tuple[list[Row], str]:
    """The lines of one story, in the order of their times, and the versions of who wrote them."""
    rows: list[Row] = []
    python, nginx = drive.python("WSLOGS_NEW"), needs.nginx() or "nginx"
    front, back = drive.free_port(), drive.free_port()
    with tempfile.TemporaryDirectory(prefix=drive.APP_FOLDER) as folder:
        drive.copy_app(folder)
        conf = Path(folder) / "nginx.conf"
        conf.write_text(NGINX.format(folder=folder, front=front, back=back))
        argv = [str(python), "-m", "uvicorn", "chat:app", "--host", "127.0.0.1", "--port", str(back), "--no-use-colors"]
        app = _Running("api", argv, folder, rows, zone)
        web = _Running("web", [nginx, "-e", "stderr", "-c", str(conf)], folder, rows, zone)
        try:
            for port in (back, front):
                drive.until_it_listens(port, lambda: app.child.poll() is None and web.child.poll() is None)
            _story(front)
            app.stop(signal.SIGKILL)
            drive.dial(front, f"/api/v1/ws?user=22&token={drive.TOKEN}")
        finally:
            app.stop(signal.SIGKILL)
            web.stop(signal.SIGQUIT)
    said = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True, timeout=10).stderr.strip().rpartition("/")[2]
    ports = ((f":{front}".encode(), b":80"), (f":{back}".encode(), b":8000"))
    return sorted(_plain(row, ports) for row in rows), f"nginx {said}, {versions(python, 'uvicorn')}"


def _plain(row: Row, ports: Iterable[tuple[bytes, bytes]]) -> Row:
    line = row.line
    for old, new in ports:
        line = line.replace(old, new)
    return row._replace(line=cleaned(line))


def _story(port: int) -> None:
    drive.accepted(port)
    drive.dial(port, "/api/v1/ws?user=18&token=expired")
    drive.dial(port, f"/api/v1/ws/member?token={drive.TOKEN}")
    drive.closed_by_app(port, "expire")
    drive.fails(port)


def _nano(at: int) -> str:
    """RFC 3339 with nanoseconds, as docker and kubelet write it."""
    return datetime.fromtimestamp(at // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 10**9:09d}Z"


def _micro(at: int) -> str:
    """RFC 3339 with microseconds in the host's zone, as rsyslog writes it."""
    return datetime.fromtimestamp(at // 1000 / 10**6, ZoneInfo(ZONE)).isoformat(timespec="microseconds")


def _lines(rows: Iterable[Row], made: Callable[[Row], bytes]) -> bytes:
    return b"".join(made(row) + b"\n" for row in rows)


def _stamped(row: Row) -> bytes:
    return _nano(row.at).encode() + b" " + row.line


def _json_file(row: Row) -> bytes:
    fields = {"log": row.line.decode() + "\n", "stream": row.stream, "time": _nano(row.at)}
    return json.dumps(fields, separators=(",", ":")).encode()


def _colour(number: int, text: str) -> bytes:
    return f"\x1b[{number}m{text}\x1b[0m".encode()


def docker(rows: Sequence[Row], writers: str) -> None:
    """docker logs, compose and json-file, without a daemon."""
    app, web = [r for r in rows if r.program == "api"], [r for r in rows if r.program == "web"]
    compose = "docker/compose cmd/formatter/logs.go"

    def kept(name: str, input: str, raw: bytes, source: str) -> None:
        keep(f"app/{name}", {"compose.log" if "compose" in name else "container.log": raw}, input=input, writer=writers,
             made="documented", source=source, story=f"{STORY}. The prefix is put on by the script.")  # fmt: skip

    kept("compose-v1", "docker-compose 1.x logs, nginx and uvicorn", _lines(rows, lambda r: f"{r.program + '_1':<6} | ".encode() + r.line),
         "docker/compose 1.29 compose/cli/log_printer.py")  # fmt: skip
    kept("compose-v2", "docker compose logs, nginx and uvicorn", _lines(rows, lambda r: f"{r.program}-1  | ".encode() + r.line), compose)
    coloured = _lines(rows, lambda r: _colour(36 if r.program == "api" else 33, f"{r.program}-1  | ") + _stamped(r))
    kept("compose-v2-t", "docker compose logs -t, with colours", coloured + b"api-1 exited with code 137\n", compose)
    kept(
        "docker-logs",
        "docker logs of an nginx container",
        _lines(web, lambda r: r.line),
        "nginxinc/docker-nginx: access to stdout, errors to stderr",
    )
    kept("docker-logs-t", "docker logs -t", _lines(app, _stamped), "docker/cli docs/reference/commandline/container_logs.md")
    kept(
        "docker-json-file",
        "json-file of docker, uvicorn",
        _lines(app, _json_file),
        "moby/moby daemon/logger/jsonfilelog/jsonlog/jsonlog.go",
    )
    kept(
        "docker-json-file-nginx",
        "json-file of docker, nginx",
        _lines(web, _json_file),
        "moby/moby daemon/logger/jsonfilelog/jsonlog/jsonlog.go",
    )
    half = len(app) // 2
    kept("docker-mixed", "docker compose logs and docker logs -t in one file",
         _lines(app[:half], lambda r: b"api-1  | " + r.line) + _lines(app[half:], _stamped), compose)  # fmt: skip


def kubernetes(rows: Sequence[Row], writers: str) -> None:
    app = [r for r in rows if r.program == "api"]

    def cri(row: Row) -> bytes:
        """Long lines in pieces; a runtime cuts at 16 KiB, here earlier so that the file stays small."""
        pieces = [row.line[start : start + 190] for start in range(0, len(row.line), 190)] or [b""]
        tags = [b"P"] * (len(pieces) - 1) + [b"F"]
        return b"\n".join(f"{_nano(row.at)} {row.stream} ".encode() + tag + b" " + piece for tag, piece in zip(tags, pieces, strict=True))

    def kept(name: str, input: str, raw: bytes, source: str, extra: str = "") -> None:
        keep(f"app/{name}", {"0.log" if "cri" in name else "pod.log": raw}, input=input, writer=writers, made="documented",
             source=source, story=f"{STORY}. The prefix is put on by the script{extra}.")  # fmt: skip

    docs = "kubernetes.io/docs/reference/kubectl/generated/kubectl_logs"
    kept("kubectl-timestamps", "kubectl logs --timestamps", _lines(app, _stamped), docs)
    kept(
        "kubectl-prefix",
        "kubectl logs --prefix --timestamps",
        _lines(app, lambda r: b"[pod/crm-api-6d4f9c7b8-x2x7q/api] " + _stamped(r)),
        docs,
    )
    kept("cri", "CRI file with partial lines", _lines(app, cri), "kubernetes/design-proposals-archive node/kubelet-cri-logging.md",
         "; lines are cut at 190 bytes instead of 16 KiB")  # fmt: skip


def journal(rows: Sequence[Row], writers: str) -> None:
    """Entries as journald gets them from a service's streams, with what systemd says of its end."""
    app = [r for r in rows if r.program == "api" and r.line]  # journald keeps no empty line
    last = app[-1].at
    ends = (
        "crm-api.service: Main process exited, code=killed, status=9/KILL",
        "crm-api.service: Failed with result 'oom-kill'.",
        "crm-api.service: Scheduled restart job, restart counter is at 1.",
        "Started crm-api.service - CRM API.",
    )
    entries = [("uvicorn", "77", "6", r.at, r.line) for r in app]
    entries += [("systemd", "1", "5", last + (n + 1) * 100_000_000, text.encode()) for n, text in enumerate(ends)]
    coloured = [("uvicorn", "78", "6", at, b"\x1b[32m" + line.replace(b":", b"\x1b[0m:", 1)) for _, _, _, at, line in entries[:6]]
    raw = b"".join(_entry(*one) for one in entries)
    said = subprocess.run(["journalctl", "--version"], capture_output=True, text=True, check=True, timeout=10).stdout.split()[1]
    writer, story = (
        f"journalctl {said}, {writers}",
        f"{STORY}. The entries go through systemd-journal-remote into a journal; systemd's lines are typed.",
    )
    for form in ("short", "short-iso", "short-precise", "short-full", "short-unix", "json"):
        keep(f"app/journal-{form}", {"journal.log": _journalctl(raw, form)}, input=f"journalctl -o {form}", writer=writer, story=story)
    plain = b"".join(_entry(*one) for one in entries if b"[chat.ws]" not in one[4])
    rows_of_access = _lines((r for r in rows if r.stream == "stdout" and r.program == "web"), lambda r: r.line)
    keep(
        "app/journal-no-year",
        {"journal.log": _journalctl(plain, "short"), "access.log": rows_of_access},
        input="journalctl -o short without a year anywhere, beside nginx's rows",
        writer=writer,
        story=f"{story} The app's own lines, which say the year, are left out.",
    )
    stamped = _lines(app, lambda r: _micro(r.at).encode() + b" web1 uvicorn[77]: " + r.line)
    keep(
        "app/rsyslog",
        {"syslog": stamped},
        input="rsyslog's file, RFC 3339 times",
        writer=writers,
        made="documented",
        source="rsyslog doc/source/configuration/templates.rst, RSYSLOG_FileFormat",
        story=f"{STORY}. The prefix is put on by the script.",
    )
    keep(
        "app/journal-json-bytes",
        {"journal.log": _journalctl(b"".join(_entry(*one) for one in coloured), "json")},
        input="journalctl -o json, messages with colours",
        writer=writer,
        story=f"{story} uvicorn's level is coloured by the script.",
    )


def _entry(program: str, pid: str, priority: str, at: int, line: bytes) -> bytes:
    """The journal export format (systemd.io/JOURNAL_EXPORT_FORMATS): binary where a text has control characters."""
    fields = {
        "__REALTIME_TIMESTAMP": str(at // 1000),
        "__MONOTONIC_TIMESTAMP": str(at // 1000 % 10**10),
        "_BOOT_ID": "0123456789abcdef" * 2,
        "_HOSTNAME": "web1",
        "SYSLOG_IDENTIFIER": program,
        "_PID": pid,
        "PRIORITY": priority,
        "_SYSTEMD_UNIT": "crm-api.service",
    }
    text = b"".join(f"{name}={value}\n".encode() for name, value in fields.items())
    return text + b"MESSAGE\n" + len(line).to_bytes(8, "little") + line + b"\n\n"


def _journalctl(raw: bytes, form: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        exported, made = Path(folder) / "all.export", Path(folder) / "all.journal"
        exported.write_bytes(raw)
        subprocess.run([os.environ["SYSTEMD_JOURNAL_REMOTE"], "-o", made, exported], check=True, capture_output=True, timeout=60)
        argv = ["journalctl", "--file", str(made), "-o", form, "--no-pager", *(() if form == "json" else ("-a",))]
        return subprocess.run(argv, check=True, capture_output=True, timeout=60, env={**os.environ, "TZ": ZONE}).stdout


if __name__ == "__main__":
    signal.alarm(int(LIMIT_S) * 2)
    rows, writers = recorded("UTC")
    docker(rows, writers)
    kubernetes(rows, writers)
    journal(*recorded(ZONE))
