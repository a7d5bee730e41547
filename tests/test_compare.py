"""Two reports: what became of the cause."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from wslogs.cli import app
from wslogs.errors import BundleError
from wslogs.report.compare import as_markdown, as_text, compare, load


def made(folder: Path, name: str, status: str, *incidents: tuple[str, int], worked: int = 0, **more: Any) -> Path:
    """A report.json with these incidents, (detail or family, attempts)."""
    cause, _, rest = (incidents[0][0] if incidents else "").partition(".")
    told = [
        {
            "id": f"I{n}", "cause": one.partition(".")[0], "detail": one if "." in one else None, "attempt_count": count,
            "first": "2026-11-23T10:00:00Z", "last": "2026-11-23T10:05:00Z",
        }
        for n, (one, count) in enumerate(incidents, 1)
    ]  # fmt: skip
    attempts = [{"id": f"A{n}", "outcome": "failed", "started": "2026-11-23T10:01:00Z"} for n in range(sum(c for _, c in incidents))]
    attempts += [{"id": f"B{n}", "outcome": "worked", "opened": True, "started": "2026-11-23T10:02:00Z"} for n in range(worked)]
    verdict = {"status": status, "cause": cause or None, "detail": f"{cause}.{rest}" if rest else None}
    report = {
        "schema": "wslogs/1", "tool": {"version": "1", "patterns": "a"}, "bundle": {"name": "b", "sources": []}, "verdict": verdict,
        "incidents": told, "attempts": attempts, "attempt_count": len(attempts),
    } | more  # fmt: skip
    path = folder / f"{name}.json"
    path.write_text(json.dumps(report), "utf-8")
    return path


TIMEOUT, CRASH, EXPIRED = ("proxy.read-timeout", 4), ("server.crashed", 2), ("auth.token-expired", 1)


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (("failure", TIMEOUT), ("healthy",), "gone"),
        (("failure", TIMEOUT), ("failure", TIMEOUT), "same"),
        (("failure", TIMEOUT), ("failure", CRASH, TIMEOUT), "same"),
        (("failure", TIMEOUT), ("failure", CRASH), "another"),
        (("failure", TIMEOUT), ("undetermined",), "unclear"),
        (("failure", ("proxy", 3)), ("failure", TIMEOUT), "same"),
        (("healthy",), ("failure", CRASH), "appeared"),
        (("healthy",), ("healthy",), "healthy"),
        (("undetermined",), ("healthy",), "unclear"),
    ],
)
def test_what_became_of_the_cause(before: tuple[Any, ...], after: tuple[Any, ...], outcome: str, tmp_path: Path) -> None:
    assert compare(load(made(tmp_path, "one", *before)), load(made(tmp_path, "two", *after)), "en").outcome == outcome


def test_it_reads_as_text_and_as_markdown_in_both_languages(tmp_path: Path) -> None:
    one, two = load(made(tmp_path, "one", "failure", TIMEOUT, EXPIRED)), load(made(tmp_path, "two", "failure", CRASH, EXPIRED, worked=3))
    assert as_text(compare(one, two, "en")) == (
        "The cause is gone, and another one is there\n"
        "Before: Failure: proxy.read-timeout; 5 of 5 attempts failed; 2026-11-23 10:00:00 – 10:05:00 UTC\n"
        "After: Failure: server.crashed; 3 of 6 attempts failed; 2026-11-23 10:00:00 – 10:05:00 UTC\n"
        "Gone: proxy.read-timeout (4 attempts)\n"
        "New: server.crashed (2 attempts)\n"
        "Still there: auth.token-expired (1 attempt)\n"
        "Note: The second bundle begins before the first one ends: it may hold attempts of before the change.\n"
    )
    assert as_markdown(compare(one, two, "ru")).splitlines()[:4] == [
        "### Причина устранена, но появилась другая", "",
        "- **До:** Сбой: proxy.read-timeout; не удалось попыток: 5 из 5; 2026-11-23 10:00:00 – 10:05:00 UTC",
        "- **После:** Сбой: server.crashed; не удалось попыток: 3 из 6; 2026-11-23 10:00:00 – 10:05:00 UTC",
    ]  # fmt: skip


def test_what_makes_a_comparison_weak_is_said(tmp_path: Path) -> None:
    files = {"name": "b", "sources": [{"path": "a.log", "sha256": "5"}]}
    one = load(made(tmp_path, "one", "failure", TIMEOUT, bundle=files))
    two = load(made(tmp_path, "two", "failure", TIMEOUT, bundle=files, tool={"version": "2", "patterns": "a"}))
    notes = [value for name, value in compare(one, two, "en").rows if name == "Note"]
    assert [note.split()[0] for note in notes] == ["Both", "The", "The"]


def test_a_report_of_strangers_stays_text(tmp_path: Path) -> None:
    evil = made(tmp_path, "one", "failure", ("<img src=x>.\x1b[31m@all", 1))
    text = as_markdown(compare(load(evil), load(evil), "en"))
    assert "\x1b" not in text and "<img" not in text.replace("\\<img", "") and "`" in text


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"schema": "wslogs/2"}', '{"schema": "wslogs/1", "incidents": [1]}', '{"schema": "wslogs/1", "verdict": 5}', "[" * 5000],
)
def test_what_is_no_report_is_refused_by_name(content: str, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(content, "utf-8")
    with pytest.raises(BundleError, match=r"r\.json"):
        load(path)


@pytest.mark.parametrize(("after", "status"), [("healthy", 0), ("failure", 1), ("undetermined", 3)])
def test_the_command_and_its_exit_status(after: str, status: int, tmp_path: Path) -> None:
    one = made(tmp_path, "one", "failure", TIMEOUT)
    two = made(tmp_path, "two", after, *([TIMEOUT] if after == "failure" else []))
    told = CliRunner().invoke(app, ["diff", str(one), str(two), "--exit-code"])
    assert told.exit_code == status and told.output.splitlines()[1].startswith("Before: ")
    assert CliRunner().invoke(app, ["diff", str(one), str(two)]).exit_code == 0
    assert CliRunner().invoke(app, ["diff", str(one), str(tmp_path / "none.json")]).exit_code == 2
