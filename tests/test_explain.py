"""What is read in each line, and how far the nearest form fits a line that is not understood."""

from pathlib import Path

import pytest

from conftest import bundle, patterns
from wslogs.errors import PatternError
from wslogs.explain import Explained, explain, explain_line, why

ROW = '203.0.113.24 - - [23/Nov/2026:12:00:00 +0000] "GET /ws?token=aaaabbbbccccdddd HTTP/1.1" 101 2 "-" "M"'


def test_a_line_of_an_access_log() -> None:
    assert explain_line(ROW) == Explained(
        source="line", line=1, form="access.combined", message="access.combined",
        text='… - - [23/Nov/2026:12:00:00 +0000] "GET /ws?… HTTP/1.1" 101 2 "-" "M"',
        event="handshake at=2026-11-23T12:00:00.000 token=T1 path=/ws status=101 client=C1 public agent=A1",
        caret=0,
    )  # fmt: skip


def test_a_line_of_an_app_fires_its_signals() -> None:
    found = explain_line("2026-11-23 12:00:00,000 WARNING [app.realtime] websocket refused: token expired (Signature has expired)")
    assert (found.form, found.event, found.signals) == ("shape.app-time", "note at=2026-11-23T12:00:00.000", ("app.says-token-expired",))


@pytest.mark.parametrize(
    ("line", "nearest", "fits"),
    [
        (ROW.replace('"GET', "(GET"), "access.combined", "… - - [23/Nov/2026:12:00:00 +0000] "),
        ("(nothing of it)", "", ""),
    ],
)
def test_a_caret_shows_how_far_the_nearest_form_fits(line: str, nearest: str, fits: str, tmp_path: Path) -> None:
    folder = bundle(tmp_path, {"access.log": f"{ROW}\n{ROW}\n{line}\n"})
    found = list(explain([folder]))[2]
    assert (found.form, found.nearest, found.text[: found.caret]) == ("", nearest, fits)


def test_no_secret_stands_in_it(tmp_path: Path) -> None:
    token = "s3cr3ts3cr3ts3cr3t"
    folder = bundle(tmp_path, {"access.log": f"{ROW}\n{ROW.replace('aaaabbbbccccdddd', token)}\nodd {token} line\n"})
    assert token not in "\n".join(map(repr, explain([folder])))


def test_files_teach_each_other(tmp_path: Path) -> None:
    conf = "http { log_format own '$status|$request|$msec'; server { listen 80; location /live { proxy_pass http://a; } } }"
    folder = bundle(tmp_path, {"nginx.conf": conf, "a.log": "101|GET /live HTTP/1.1|1795435200.000\n"})
    assert [(one.form, one.event.split(" ")[0]) for one in explain([folder]) if one.source == "a.log"] == [("own", "handshake")]


def test_own_patterns_are_read(tmp_path: Path) -> None:
    own = bundle(tmp_path / "own", {"own.toml": "[[shape]]\nid = 'own.shape'\nkind = 'app'\nmatch = '^<<'\n"})
    assert (explain_line("<<frob", [own]).form, explain_line("<<frob").form) == ("own.shape", "")


def test_why_a_cause() -> None:
    said = why("proxy.read-timeout", patterns(), "en")
    assert said.startswith("proxy.read-timeout: ")
    assert "all of:\n" in said or "any of:\n" in said
    assert "(causes/4-proxy.toml:" in said


def test_why_no_cause() -> None:
    with pytest.raises(PatternError, match=r"proxy\.read-timeot: is no cause \(did you mean proxy\.read-timeout\?\)"):
        why("proxy.read-timeot", patterns(), "en")


def test_a_line_that_is_read_as_a_file_of_its_own_is_no_defect() -> None:
    assert explain_line("DB_PASSWORD=hunter2hunter2").text == "…"
