"""A clean bundle: judged as the bundle is, and without its secrets; what becomes of each kind of file."""

import gzip
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from conftest import SAMPLES, analyzed, bundle, files, item, patterns
from tests.hostile import secrets
from tests.hostile.replaced import replaced
from wslogs.cleaning import Cleaned, redact
from wslogs.cleaning.browser import Browser
from wslogs.cleaning.logs import Logs
from wslogs.cleaning.pseudonyms import Pseudonyms
from wslogs.cleaning.settings import Settings
from wslogs.cleaning.texts import LOOSE, Texts
from wslogs.cli import app
from wslogs.errors import LeakError
from wslogs.manifest import HEAD, is_manifest
from wslogs.parsers import har_file
from wslogs.parsers.heads import Heads
from wslogs.parsers.kit import Kit
from wslogs.pipeline import analyze
from wslogs.redact import Vault

CASES = sorted(path.parent.relative_to(SAMPLES).as_posix() for path in SAMPLES.glob("*/*/bundle"))
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxNyIsImV4cCI6MTc5NTQyNDE4NX0.Q4niEOk-iHH2fDqxk_muXLYTFBzUpn47oBu4FuTKd_8"


def judged(report: dict[str, Any]) -> tuple[object, ...]:
    """What must be the same before and after."""
    verdict = report["verdict"]
    told = sorted((str(one["detail"]), one["attempt_count"]) for one in report["incidents"])
    return verdict["status"], verdict["cause"], verdict["detail"], told, report["attempt_count"]


@pytest.fixture
def texts(kit: Kit) -> Texts:
    return Texts(kit, Pseudonyms(kit.vault), {"testdomen.uz", "crm-api"}, {"main-access.log"})


def written(folder: Path) -> dict[str, str]:
    return {name: raw.decode() for name, raw in files(folder).items()}


@pytest.mark.parametrize("case", CASES)
def test_a_sample_is_judged_the_same(case: str, tmp_path: Path) -> None:
    given = SAMPLES / case / "bundle"
    redact([given], tmp_path / "clean")
    assert judged(analyze(tmp_path / "clean").report) == judged(analyzed(case).report)
    before, after = files(given), files(tmp_path / "clean")
    assert {*before} - {*after} == set()
    logs = [name for name in before if not name.endswith(".har")]
    assert [name for name in logs if before[name].count(b"\n") != after[name].count(b"\n")] == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_seeded_secret_is_left(seed: int, tmp_path: Path) -> None:
    made, seeded = secrets.bundle(seed)
    given = secrets.write(tmp_path / "bundle", made)
    redact([given], tmp_path / "clean")
    outputs = written(tmp_path / "clean")
    outputs["names"] = "\n".join(outputs)
    assert secrets.leaks(outputs, seeded) == []
    assert judged(analyze(tmp_path / "clean").report) == judged(analyze(given).report)


@pytest.mark.parametrize("case", CASES[::5])
def test_no_random_word_is_left(case: str, tmp_path: Path) -> None:
    """Whatever stands in a bundle, known to nobody as a secret."""
    made, words = replaced(files(SAMPLES / case / "bundle"), CASES.index(case))
    redact([bundle(tmp_path / "bundle", made)], tmp_path / "clean")
    said = "\n".join(written(tmp_path / "clean").values())
    assert [word for word in words if word[:12] in said or word[2:] in said] == []


def test_the_same_bundle_gives_the_same_bytes_and_a_clean_one_stays_as_it_is_judged(tmp_path: Path) -> None:
    given = SAMPLES / "auth/token-expired/bundle" if (SAMPLES / "auth/token-expired").exists() else SAMPLES / CASES[0] / "bundle"
    for name in ("a", "b"):
        redact([given], tmp_path / name)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    redact([tmp_path / "a"], tmp_path / "again")
    assert judged(analyze(tmp_path / "again").report) == judged(analyze(given).report)
    assert written(tmp_path / "again")["REDACTED.md"].startswith(HEAD)


def test_an_archive_has_the_same_files_and_the_same_bytes(tmp_path: Path) -> None:
    given = SAMPLES / CASES[0] / "bundle"
    for name in ("a.tar.gz", "b.tar.gz"):
        assert CliRunner().invoke(app, ["redact", str(given), "--out", str(tmp_path / name)]).exit_code == 0
    assert (tmp_path / "a.tar.gz").read_bytes() == (tmp_path / "b.tar.gz").read_bytes()
    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        assert set(tar.getnames()) == {*files(given), "REDACTED.md"}
    assert judged(analyze(tmp_path / "a.tar.gz").report) == judged(analyzed(CASES[0]).report)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar.gz", "b.tar.gz"]


@pytest.mark.parametrize("place", ["bundle", "bundle/clean", "full", "file.tar.gz"])
def test_nothing_is_overwritten_and_the_bundle_is_only_read(place: str, tmp_path: Path) -> None:
    given = bundle(tmp_path / "bundle", {"app.log": "INFO:     connection open\n"})
    bundle(tmp_path / "full", {"x": "1"})
    (tmp_path / "file.tar.gz").write_bytes(b"1")
    before = files(tmp_path)
    result = CliRunner().invoke(app, ["redact", str(given), "--out", str(tmp_path / place)])
    assert result.exit_code == 2 and files(tmp_path) == before
    (tmp_path / "empty").mkdir()
    assert CliRunner().invoke(app, ["redact", str(given), "--out", str(tmp_path / "empty")]).exit_code == 0


def test_a_secret_that_would_stay_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = bundle(tmp_path / "bundle", {"app.log": "INFO:     connection open\n", ".env": "SECRET_KEY=aZ8kL2pQ0rTu5\n"})
    monkeypatch.setattr(Settings, "env", lambda self, text: text)
    with pytest.raises(LeakError, match=r"\.env would have held a part of a value of \.env"):
        redact([given], tmp_path / "clean")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle"]


def test_what_is_not_understood_is_left_out_and_told(tmp_path: Path) -> None:
    given = bundle(
        tmp_path / "bundle", {"app.log": "INFO:     connection open\n", "notes.txt": "call Jane\n", "a.bin": bytes(range(256)) * 9}
    )
    result = CliRunner().invoke(app, ["redact", str(given), "--out", str(tmp_path / "clean")])
    assert result.exit_code == 0 and "left out: notes.txt: what it is was not understood" in result.stderr
    made = written(tmp_path / "clean")
    assert set(made) == {"app.log", "REDACTED.md"}
    assert "- a.bin: it is no text" in made["REDACTED.md"] and "| app.log | app |" in made["REDACTED.md"]


def test_a_log_of_the_manifests_name_is_not_taken_for_it(tmp_path: Path) -> None:
    given = bundle(tmp_path / "bundle", {"app.log": "INFO:     connection open\n", "REDACTED.md": "INFO:     connection open\n"})
    redact([given], tmp_path / "clean")
    assert "- REDACTED.md: its name is that of" in written(tmp_path / "clean")["REDACTED.md"]


def test_the_manifest_is_no_evidence(tmp_path: Path) -> None:
    given = bundle(tmp_path / "clean", {"app.log": "INFO:     connection open\n", "REDACTED.md": Cleaned().manifest()})
    assert is_manifest(Cleaned().manifest())
    assert analyze(given).report == analyze(bundle(tmp_path / "other/clean", {"app.log": "INFO:     connection open\n"})).report


def test_a_packed_log_is_packed_again(tmp_path: Path) -> None:
    raw = b'203.0.113.9 - - [23/Nov/2026:12:00:00 +0000] "GET /ws?token=aZ8kL2pQ0rTu5 HTTP/1.1" 403 2 "-" "Mozilla/5.0 (Jane)"\n'
    given = bundle(tmp_path / "bundle", {"access.log.2.gz": gzip.compress(raw)})
    redact([given], tmp_path / "clean")
    made = gzip.decompress((tmp_path / "clean/access.log.2.gz").read_bytes())
    assert made == b'192.0.2.1 - - [23/Nov/2026:12:00:00 +0000] "GET /ws?token=xX0xX0xX0xXx1 HTTP/1.1" 403 2 "-" "agent/1"\n'


def test_addresses_may_stay(tmp_path: Path) -> None:
    given = bundle(tmp_path / "bundle", {"access.log": '203.0.113.9 - - [23/Nov/2026:12:00:00 +0000] "GET /ws HTTP/1.1" 403 2 "-" "-"\n'})
    redact([given], tmp_path / "clean", addresses=True)
    assert written(tmp_path / "clean")["access.log"].startswith("203.0.113.9 - - ")


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("connection open", "connection open"),
        ("user Zulfiya logged in from 8.8.8.8:4123", "user Xxxxxxx logged in from 192.0.2.1:4123"),
        ("token=aZ8kL2pQ0rTu5 expired", "token=xX0xX0xX0xXx1 expired"),
        ("Authorization: Bearer aZ8kL2pQ", "Authorization: Bearer xX0xX0xA"),
        ("Cookie: sid=aZ8kL2pQ; theme=night", "Cookie: sid=xX0xX0xA; xxxxa=xxxxb"),
        ("see https://jane:pa55word@testdomen.uz/api/v1/ws/r00m7?token=abc.", "see https://xxxa:xx00xxxa@testdomen.uz/api/v1/ws/x00x1?token=xxa."),
        ("call +998 90 123-45-67 or jane@example.org", "call +000 00 000-00-01 or xxxx@xxxxxxx.xxa"),
        ("sqlalchemy.exc.OperationalError: no", "xxxxxxxxxx.exc.OperationalError: no"),
        ("dsn of redis://cache:6379/ and key://aZ8kL2pQ0rTu5", "dsn of redis://cache:6379/ and key://xX0xX0xX0xXx1"),
        ("failed: net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH", "failed: net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH"),
        ("host not found in upstream \"crm-api\"", "host not found in upstream \"crm-api\""),
        ("ключ госпожи Зульфия", "ключ xxxxxxx Xxxxxxx"),
    ],
)  # fmt: skip
def test_free_text(texts: Texts, given: str, made: str) -> None:
    assert texts.line(given) == made


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("/api/v1/ws", "/api/v1/ws"),
        ("/ws?token=null&EIO=4&transport=websocket", "/ws?token=null&EIO=4&transport=websocket"),
        ("/ws?token=%61bc&token=abc", "/ws?token=xxa&token=xxa"),
        ("/rooms/jane.doe/ws#aZ8kL2pQ", "/rooms/xxxa.xxa/ws#xX0xX0xA"),
        ("/%D1%87%D0%B0%D1%82/ws", "/xxa/ws"),
        ("/main-access.log", "/main-access.log"),
    ],
)
def test_targets(texts: Texts, given: str, made: str) -> None:
    assert texts.target(given) == made


def test_a_token_is_the_same_in_each_place(texts: Texts) -> None:
    told = texts.names.of(JWT)
    assert texts.line(f"refused {JWT}").endswith(told)
    assert texts.query(f"token={JWT}") == f"token={told}" and texts.line(f"token: '{JWT}'", LOOSE) == f"token: '{told}'"


OPENED = "INFO:     connection open"
DOCKER = '{"log":"INFO:     connection open\\n","stream":"stdout","time":"2026-11-23T12:00:00.1Z"}'
LINES = [
    (
        "app",
        '2026-11-23T12:00:00.1Z stdout F INFO:     8.8.8.8:1 - "WebSocket /ws?token=abc" 403',
        '2026-11-23T12:00:00.1Z stdout F INFO:     192.0.2.1:1 - "WebSocket /ws?token=xxa" 403',
    ),
    ("app", f"Nov 23 12:00:00 jane-pc uvicorn[77]: {OPENED}", f"Nov 23 12:00:00 xxxa-pc uvicorn[77]: {OPENED}"),
    ("app", DOCKER, DOCKER),
    (
        "app",
        '{"ts": 1795435200.5, "message": "token expired", "password": "hunter2", "card": 4111111111111111}',
        '{"ts": 1795435200.5, "message": "token expired", "password": "xxxxxx1", "card": 1000000000000001}',
    ),
    (
        "app",
        '{"MESSAGE":[104,97,116,115,32,74,97,110,101],"__REALTIME_TIMESTAMP":"1795435200000000"}',
        '{"MESSAGE":[120,120,120,120,32,88,120,120,120],"__REALTIME_TIMESTAMP":"1795435200000000"}',
    ),
    (
        "nginx-access",
        '8.8.8.8 - jane [23/Nov/2026:12:00:00 +0000] "GET /ws HTTP/1.1" 403 2 "https://testdomen.uz/u/jane" "M"',
        '192.0.2.1 - xxxa [23/Nov/2026:12:00:00 +0000] "GET /ws HTTP/1.1" 403 2 "https://testdomen.uz/u/xxxa" "agent/1"',
    ),
    (
        "nginx-access",
        r'8.8.8.8 - - [23/Nov/2026:12:00:00 +0000] "\x16\x03\x01\x41\x42" 400 2 "-" "-"',
        r'192.0.2.1 - - [23/Nov/2026:12:00:00 +0000] "\x16\x03\x01\x00\x00" 400 2 "-" "-"',
    ),
]


@pytest.mark.parametrize(("kind", "given", "made"), LINES)
def test_lines(kit: Kit, texts: Texts, kind: str, given: str, made: str) -> None:
    assert Logs(kit, texts).line(given, {kind: Heads(kit.patterns, kind)}) == made


def test_settings(texts: Texts) -> None:
    settings = Settings(texts)
    assert settings.env(
        "# for Jane\nPORT=8000\nDEBUG=true\nAPI=https://testdomen.uz/api # prod\nNAME='Jane'\nPIN_CODE=1234\nTOKEN=1234\n"
    ) == ("# xxx xxxx\nPORT=8000\nDEBUG=true\nAPI=https://testdomen.uz/api # xxxx\nNAME='Xxxa'\nPIN_CODE=1234\nTOKEN=0001\n")
    given = "services:\n  api:\n    image: crm/api:1  # Jane's\n    environment:\n      DB_PASSWORD: hunter2\n    ports: ['8000:8000']\n"
    assert settings.compose(given) == given.replace("hunter2", "xxxxxx1").replace("Jane's", "xxxx'x")
    assert settings.compose("services:\n a: [") is None
    conf = 'location /api/v1/ws { # Jane\n  proxy_pass http://crm-api:8000;\n  proxy_set_header X-Key "aZ8kL2pQ";\n}\n'
    assert settings.conf(conf) == conf.replace("Jane", "xxxx").replace("aZ8kL2pQ", "xX0xX0xA")
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nMIIC\n-----END PRIVATE KEY-----\n"
    assert settings.certificates(pem) == pem.replace("MIIC", "xxxx")


def test_a_har_has_only_what_is_read(kit: Kit, texts: Texts) -> None:
    headers = [{"name": "Cookie", "value": "sid=1"}, {"name": "Upgrade", "value": "websocket"}, {"name": "X-Own", "value": "Jane"}]
    entry = {
        "startedDateTime": "2026-11-23T12:00:00.400Z", "time": 14, "_resourceType": "websocket", "comment": "Jane",
        "request": {"method": "GET", "url": "wss://testdomen.uz/ws?token=abc", "headers": headers, "postData": {"text": "Jane"}},
        "response": {"status": 101, "headers": [{"name": "Date", "value": "Mon, 23 Nov 2026 12:00:00 GMT"}], "content": {"text": "Jane"}},
        "_webSocketMessages": [{"type": "send", "time": 1795435200.5, "opcode": 1, "data": "Jane"}],
    }  # fmt: skip
    raw = json.dumps({"log": {"creator": {"name": "WebInspector"}, "pages": [], "entries": [entry]}}).encode()
    made = Browser(kit, texts).har(raw)
    assert json.loads(made)["log"]["entries"] == [{
        "startedDateTime": "2026-11-23T12:00:00.400Z", "time": 14.0,
        "request": {"method": "GET", "url": "wss://testdomen.uz/ws?token=xxa", "headers": [{"name": "Upgrade", "value": "websocket"}]},
        "response": {"status": 101, "headers": [{"name": "Date", "value": "Mon, 23 Nov 2026 12:00:00 GMT"}]},
        "timings": {"wait": None, "receive": None}, "_resourceType": "websocket",
        "_webSocketMessages": [{"type": "send", "time": 1795435200.5}],
    }]  # fmt: skip
    assert not har_file.read(Browser(kit, texts).har(raw[: raw.index(b"]}}")]).encode()).whole


def test_a_token_that_a_runtime_cut_in_two_is_one(kit: Kit, texts: Texts) -> None:
    whole = f'INFO:     8.8.8.8:1 - "WebSocket /ws?token={JWT}" 403'
    made = Logs(kit, texts).line(whole, {"app": Heads(kit.patterns, "app")})
    start = "2026-11-23T12:00:00.1Z stdout"
    cri = f"{start} P {whole[:99]}\n{start} P {whole[99:120]}\n{start} F {whole[120:]}\n{start} F connection open\n"
    docker = [{"log": part, "stream": "stdout", "time": "2026-11-23T12:00:00.1Z"} for part in (whole[:99], whole[99:] + "\n", "open\n")]
    lines = b"".join(Logs(kit, texts).lines(item(cri), {"": "app"})).decode()
    assert "".join(line[len(start) + 3 :] for line in lines.splitlines()[:3]) == made and lines.endswith("F connection open\n")
    raw = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in docker)
    rows = [json.loads(line) for line in b"".join(Logs(kit, texts).lines(item(raw), {"": "app"})).decode().splitlines()]
    assert "".join(row["log"] for row in rows) == f"{made}\nopen\n" and [row["time"] for row in rows] == ["2026-11-23T12:00:00.1Z"] * 3


@pytest.mark.parametrize(
    "fixture",
    ["app/cri", "browser/chromium-netlog", "browser/playwright-har", "host/certificates", "host/compose", "app/journal-json-bytes"],
)
def test_a_fixture_is_judged_the_same(fixture: str, tmp_path: Path) -> None:
    given = Path(__file__).parent / "fixtures" / fixture / "bundle"
    redact([given], tmp_path / "clean")
    assert judged(analyze(tmp_path / "clean").report) == judged(analyze(given).report)


def test_a_testpage_log_is_made_anew(texts: Texts) -> None:
    page = {"wslogs": "testpage/1", "page": "https://testdomen.uz/t?u=jane", "agent": "M"}
    one = {
        "url": "wss://testdomen.uz/ws?token=",
        "started": "2026-11-23T12:00:00Z",
        "ended": 0.5,
        "code": 1006,
        "clean": False,
        "name": "Jane",
    }
    raw = "\n".join(json.dumps(row, separators=(",", ":")) for row in (page, one)).encode()
    made = Browser(Kit(patterns(), Vault()), texts).testpage(raw).splitlines()
    assert json.loads(made[0]) == page | {"page": "https://testdomen.uz/t?u=xxxa", "agent": "agent/1"}
    assert json.loads(made[1]) == {name: value for name, value in one.items() if name != "name"}
