"""collect: what a host has of the window, cleaned, with what was not to be had and why."""

import asyncio
import os
import random
import sys
import tarfile
import time
from datetime import UTC, datetime
from pathlib import Path

import jwt
import pytest
from typer.testing import CliRunner

from conftest import NOON, ROOT
from tests.hostile import secrets
from tests.lab import needs
from tests.lab.clients import Client
from tests.lab.model import App, Page, Scenario, User
from tests.lab.stack import Stack
from wslogs.cli import app
from wslogs.cli.handing import begin
from wslogs.collecting import NAME
from wslogs.pipeline import analyze

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="collect is for Linux")
ROW = '203.0.113.9 - - [{:%d/%b/%Y:%H:%M:%S} +0000] "GET /api/v1/ws?token={} HTTP/1.1" 403 2 "-" "Mozilla/5.0"\n'
CONF = """# configuration file /etc/nginx/nginx.conf:
events {{ worker_connections 64; }}
http {{
    access_log {folder}/access.log;
    error_log {folder}/error.log warn;
    server {{ listen 80; location /api/v1/ws {{ proxy_pass http://127.0.0.1:8000; proxy_set_header X-Key "{secret}"; }} }}
}}
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH on which nothing is but stand-ins: the host of the test is not asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def stand_in(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def prints(folder: Path, name: str, text: str, needs: str = "") -> None:
    """A program that prints a text when its arguments hold some words."""
    (folder / f"{name}.txt").write_text(text)
    stand_in(folder, name, f'case "$*" in *"{needs}"*) exec /bin/cat {folder}/{name}.txt;; esac\nexit 1')


def collected(*words: object) -> str:
    """What the terminal says."""
    result = CliRunner().invoke(app, ["collect", *map(str, words)])
    assert result.exit_code == 0, result.stderr
    return result.stdout + result.stderr


def unpacked(archive: Path) -> dict[str, str]:
    with tarfile.open(archive) as tar:
        return {row.name: tar.extractfile(row).read().decode() for row in tar.getmembers()}  # type: ignore[union-attr]


def rows(begin: float, count: int, step_s: float) -> tuple[str, list[str]]:
    """(rows of an access log, the tokens in them)."""
    made = random.Random(begin)
    tokens = [f"{made.getrandbits(128):032x}" for _ in range(count)]
    return "".join(ROW.format(datetime.fromtimestamp(begin + n * step_s, UTC), one) for n, one in enumerate(tokens)), tokens


def test_nginx_and_its_logs_of_the_window(programs: Path, tmp_path: Path) -> None:
    now = int(time.time())
    logs = tmp_path / "log"
    logs.mkdir()
    today, tokens = rows(now - 7200, 720, 10)
    before, old = rows(now - 14_400, 720, 10)
    (logs / "access.log").write_text(today)
    (logs / "access.log.1").write_text(before)
    (logs / "access.log.2").write_text(before)
    os.utime(logs / "access.log.1", (now - 7200, now - 7200))
    os.utime(logs / "access.log.2", (now - 20_000, now - 20_000))
    prints(programs, "nginx", CONF.format(folder=logs, secret="aZ8kL2pQ0rTu5"), "-T")
    said = collected("--since", "3h", "--out", "a.tar.gz")
    made = unpacked(tmp_path / "a.tar.gz")
    counts = {name: text.count("\n") for name, text in made.items() if "access" in name}
    assert set(counts) == {"nginx/access.log", "nginx/access.log.1"} and counts["nginx/access.log"] == 720
    assert counts["nginx/access.log.1"] in (359, 360)
    assert "error.log: cannot be read: No such file or directory" in said and "ss -ltnp: ss is not installed" in said
    whole = "\n".join(made.values())
    assert [one for one in (*tokens, *old, "aZ8kL2pQ0rTu5", "203.0.113.9") if one in whole] == []
    assert "nginx/access.log.1" in made[NAME] and "Export HAR" in made[NAME] and "proxy_pass http://127.0.0.1:8000" in made["nginx.conf"]
    assert collected("--since", "30m", "--out", "b.tar.gz") and unpacked(tmp_path / "b.tar.gz")["nginx/access.log"].count("\n") in (
        179,
        180,
    )
    report = analyze(tmp_path / "a.tar.gz").report
    assert report["attempt_count"] == sum(counts.values())


def test_nginx_without_the_rights_to_dump_it(programs: Path, tmp_path: Path) -> None:
    """Its files are read where they are, as far as they may be."""
    etc = tmp_path / "etc"
    (etc / "sites-enabled").mkdir(parents=True)
    (etc / "nginx.conf").write_text("events { }\nhttp {\n    include sites-enabled/*;\n}\n")
    site = "server {\n    listen 80;\n    access_log {};\n    location /ws { proxy_pass http://127.0.0.1:8000; }\n}\n"
    (etc / "sites-enabled/crm").write_text(site.replace("{};", f"{etc}/site.log;"))
    (etc / "site.log").write_text(rows(time.time() - 60, 5, 1)[0])
    built = f"nginx version: nginx/1.28.0\nconfigure arguments: --prefix={etc} --conf-path={etc}/nginx.conf --error-log-path=error.log\n"
    (programs / "built.txt").write_text(built)
    stand_in(
        programs,
        "nginx",
        f'[ "$1" = -V ] && exec /bin/cat {programs}/built.txt >&2\necho "open() failed (13: Permission denied)" >&2\nexit 1',
    )
    said = collected("--out", "a.tar.gz")
    made = unpacked(tmp_path / "a.tar.gz")
    assert "nginx -T: nginx failed with status 1: it needs more rights, such as root's" in said
    assert {"nginx.conf", "nginx-version.txt", "nginx/sites-enabled/crm", "nginx/site.log"} <= set(made)
    assert made["nginx-version.txt"] == "nginx version: nginx/1.28.0\n" and made["nginx/site.log"].count("\n") == 5


def test_a_unit_a_compose_file_a_log_and_an_env(programs: Path, tmp_path: Path) -> None:
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    said = 'INFO:     203.0.113.9:1 - "WebSocket /api/v1/ws?token=aZ8kL2pQ0rTu5" 403'
    prints(programs, "journalctl", f"{at}.000001+0000 web1 uvicorn[7]: {said}\n", "-u crm -o short-iso-precise --utc")
    prints(programs, "docker", f"api-1  | {at}.000001Z {said}\n", "logs --timestamps")
    prints(programs, "iptables", "-A INPUT -p tcp --dport 8000 -j DROP\n", "-S")
    (tmp_path / "compose.yml").write_text("services:\n  api:\n    image: crm\n    environment:\n      KEY: aZ8kL2pQ0rTu5\n")
    (tmp_path / ".env").write_text("VITE_API_BASE_URL=https://testdomen.uz/api/v1\nSECRET=aZ8kL2pQ0rTu5\n")
    (tmp_path / "app.log").write_text(f"{at},000 INFO connection rejected (403 Forbidden) aZ8kL2pQ0rTu5\n")
    words = ("--no-nginx", "--unit", "crm", "--compose", "compose.yml", "--app-log", "app.log", "--env", ".env", "--out", "clean")
    told = collected(*words)
    made = {path.relative_to(tmp_path / "clean").as_posix(): path.read_text() for path in (tmp_path / "clean").rglob("*") if path.is_file()}
    assert set(made) == {".env", "COLLECTED.md", "REDACTED.md", "app/app.log", "compose.log", "docker-compose.yml", "journal.log"}
    assert "aZ8kL2pQ" not in "\n".join(made.values())
    token = "token=xX0xX0xX0xXx"
    assert token in made["journal.log"] and token in made["compose.log"]
    assert "VITE_API_BASE_URL=https://testdomen.uz/api/v1" in made[".env"] and "--dport 8000 -j DROP" in made["COLLECTED.md"].replace(
        "xxxxa", "dport"
    )
    assert "docker compose ps" in told and "5 files taken" in told


def test_no_seeded_secret_is_in_the_archive(programs: Path, tmp_path: Path) -> None:
    files, seeded = secrets.bundle(4)
    host = secrets.write(tmp_path / "host", files)
    prints(programs, "nginx", f"# configuration file /etc/nginx/nginx.conf:\n{files['nginx.conf']}", "-T")
    prints(programs, "journalctl", files["app.log"], "-u crm")
    logs = [word for name in ("access.log", "error.log", "app-json.log") for word in ("--app-log", host / name)]
    first = datetime.fromtimestamp(NOON - 60, UTC).isoformat()
    collected(
        "--since", first, "--unit", "crm", *logs, "--env", host / ".env", "--compose", host / "docker-compose.yml", "--out", "a.tar.gz"
    )
    made = unpacked(tmp_path / "a.tar.gz")
    assert secrets.leaks(made | {"names": "\n".join(made)}, seeded) == []
    assert {"app/access.log", "journal.log", "nginx.conf", ".env"} < set(made)
    assert analyze(tmp_path / "a.tar.gz").report["attempt_count"] > 3


def test_what_cannot_be_taken_is_told(programs: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["collect", "--app-log", "absent.log", "--out", "a.tar.gz"])
    assert result.exit_code == 2 and "nothing could be taken" in result.stderr
    assert CliRunner().invoke(app, ["collect", "--since", "soon"]).exit_code == 2
    (tmp_path / "a.tar.gz").touch()
    assert CliRunner().invoke(app, ["collect", "--out", "a.tar.gz"]).exit_code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar.gz", "bin"]


@pytest.mark.parametrize(
    ("text", "at"),
    [("2h", NOON - 7200), ("30m", NOON - 1800), ("1d", NOON - 86_400), ("2026-11-23T12:00+00:00", NOON), ("2026-11-23T12:00", NOON)],
)
def test_since(text: str, at: float) -> None:
    assert begin(text, NOON) == at


@pytest.mark.lab
@pytest.mark.skipif(needs.nginx() is None, reason="nginx is not installed")
def test_a_real_nginx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """nginx and a page's clients on loopback, the app down: what is collected says so."""
    users = (User("aziza", script=True), User("timur", "198.51.100.31", subject="23", script=True))
    scenario = Scenario("server/down", ("server.down",), "", app=App(running=False), page=Page(dials=3, first_wait_ms=200), users=users)
    tokens: list[str] = []
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.chdir(tmp_path)

    async def play() -> None:
        async with Stack(scenario, tmp_path / "server") as stack:
            monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
            stand_in(programs, "nginx", f'{needs.nginx()} -p {stack.root} -c {stack.nginx_conf} -e {stack.error_log} "$@" | grep -v ledger')
            for user in users:
                tokens.append(jwt.encode({"sub": user.subject, "exp": int(time.time()) + 600}, "k" * 32, algorithm="HS256"))
                client = Client(user, tokens[-1], scenario.page)
                await client.go(stack.ports_of(user), stack.client_tls)
                assert client._task is not None
                await asyncio.wait_for(client._task, 20)
            await asyncio.to_thread(collected, "--out", "a.tar.gz")

    asyncio.run(play())
    made = unpacked(tmp_path / "a.tar.gz")
    assert {"nginx.conf", "nginx-version.txt", "nginx/access.log", "nginx/error.log"} <= set(made)
    report = analyze(tmp_path / "a.tar.gz").report
    assert (report["verdict"]["detail"], report["attempt_count"]) == ("server.down", 6)
    whole = "\n".join(made.values())
    assert [one for one in tokens if one in whole or one.split(".")[1] in whole] == []
    assert str(ROOT) not in whole
