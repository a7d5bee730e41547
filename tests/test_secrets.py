"""No secret out: a bundle with a secret of each kind, through every channel."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from pathlib import Path

import crossplane
import pytest
from typer.testing import CliRunner

from tests.hostile.secrets import bundle, leaks, write
from wslogs import analyze
from wslogs.cli import app

SEEDS = (1, 2)
OPTIONS = {
    "plain": (), "quote": ("--quote",), "addresses": ("--addresses",), "ru": ("--lang", "ru"),
    "all": ("--quote", "--addresses", "--lang", "ru"),
}  # fmt: skip
ADDRESSES = ("client address", "X-Forwarded-For")


def run(*words: object) -> str:
    """Everything that the command prints."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.stderr
    return f"{result.stdout}\n{result.stderr}"


@pytest.fixture(scope="module", params=SEEDS)
def seeded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str], dict[str, str]]:
    files, secrets = bundle(request.param)
    return write(tmp_path_factory.mktemp("seeded"), files), files, secrets


def test_there_are_sixty_secrets_of_forty_kinds() -> None:
    files, secrets = bundle()
    assert len(secrets) >= 90 and len({kind.partition(":")[0] for kind in secrets}) >= 40
    text = "\n".join([*files, *files.values()])
    stands = [kind for kind, secret in secrets.items() if secret in text or secret.replace("@", "%40") in text]
    coded = {"query value that is coded twice", "basic: user", "basic: password", "Sec-WebSocket-Key", "title that is escaped"}
    coded |= {"claim of a JWT: sub", "claim of a JWT: e-mail"}
    assert set(secrets) - set(stands) == coded
    assert bundle() == bundle() != bundle(2)


@pytest.mark.parametrize("name", OPTIONS)
def test_reports_and_the_terminal(seeded: tuple[Path, dict[str, str], dict[str, str]], name: str, tmp_path: Path) -> None:
    folder, _, secrets = seeded
    said = run("analyze", folder, "--output", tmp_path / "out", *OPTIONS[name])
    outputs = {path.name: path.read_text("utf-8") for path in (tmp_path / "out").iterdir()} | {"terminal": said}
    assert set(outputs) == {"report.html", "report.md", "report.json", "terminal"}
    if "--addresses" in OPTIONS[name]:
        secrets = {kind: secret for kind, secret in secrets.items() if not kind.startswith(ADDRESSES)}
    assert leaks(outputs, secrets) == []
    assert json.loads(outputs["report.json"])["attempt_count"] > 3


def test_the_same_bundle_gives_the_same_bytes(seeded: tuple[Path, dict[str, str], dict[str, str]], tmp_path: Path) -> None:
    folder, _, _ = seeded
    for name in "ab":
        run("analyze", folder, "--output", tmp_path / name, "--quote")
    for file in ("report.html", "report.md", "report.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_progress(seeded: tuple[Path, dict[str, str], dict[str, str]]) -> None:
    folder, files, secrets = seeded
    said: list[str] = []
    analyze(folder, progress=lambda label, place, total: said.append(f"{label} {place}/{total}"))
    assert len(said) > len(files) / 2 and leaks({"progress": "\n".join(said)}, secrets) == []


def test_temporary_files_are_private_and_gone(
    seeded: tuple[Path, dict[str, str], dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _, secrets = seeded
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen: dict[str, int] = {}
    begin = crossplane.parse

    def parse(path: str, **options: bool) -> object:
        seen.update({str(one): stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()})
        return begin(path, **options)

    monkeypatch.setattr(crossplane, "parse", parse)
    analyze(folder, quote=True)
    assert list(tmp_path.iterdir()) == []
    assert set(seen.values()) == {0o700} or os.name == "nt"
    assert seen and leaks({"names": "\n".join(seen)}, secrets) == []


def test_explain(seeded: tuple[Path, dict[str, str], dict[str, str]]) -> None:
    folder, _, secrets = seeded
    assert leaks({"explain": run("explain", folder)}, secrets) == []


def test_patterns_try(seeded: tuple[Path, dict[str, str], dict[str, str]]) -> None:
    _, files, secrets = seeded
    lines = [line for name in ("access.log", "error.log", "app.log", "app-json.log", "console.log") for line in files[name].splitlines()]
    lines += [line for line in files[".env"].splitlines() + files["browser.har"].splitlines() if len(line) > 40]
    said = {f"{place}": run("patterns", "try", "--", line) for place, line in enumerate(lines) if line.strip()}
    assert leaks(said, secrets) == []
