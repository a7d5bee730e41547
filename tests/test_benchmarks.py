"""Data of benchmarks is the same for the same seed and holds what it says; the runner measures; tables are text. Nothing here is timed."""

import json
import os
import sys
from collections import Counter
from pathlib import Path

import jwt
import pytest
import regex

import wslogs
from benchmarks import naive, profile
from benchmarks.__main__ import PAGE, PAGES, options
from benchmarks.comparisons import COMPARISONS, INPUTS, signals, wanted
from benchmarks.data import KINDS, MANY, Made, Spec, made
from benchmarks.programs import environment, others
from benchmarks.run import CommandError, Side, Took, compare, middle, run
from benchmarks.story import START, Story
from benchmarks.tables import Table, filled, machine, memory, micros, rate, seconds, size, times
from wslogs import check

TINY_GB = 0.002
ROW = regex.compile(
    r'(?P<client>\S+) - - \[\d\d/Nov/2026:\d\d:\d\d:\d\d \+0000\] "(?P<request>[A-Z]+ \S+ HTTP/1\.1)" '
    r'(?P<status>\d{3}) \d+ "[^"]*" "(?P<agent>[^"]*)"'
)
measured = pytest.mark.skipif(not hasattr(os, "wait4"), reason="this system does not tell what a child took")


def spec(kind: str, seed: int = 1) -> Spec:
    return Spec(kind, tries=300, seed=seed) if kind in ("attempts", "storm") else Spec(kind, size_gb=TINY_GB, seed=seed)


def content(one: Made) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in one.files}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_bytes(kind: str, folder: Path, tmp_path: Path) -> None:
    one = made(spec(kind), folder)
    again = made(spec(kind), tmp_path)
    assert content(one) == content(again)
    assert (one.size, one.rows, one.statuses) == (again.size, again.rows, again.statuses)
    if kind != "storm":  # one user, with one token
        assert content(made(spec(kind, seed=2), tmp_path)) != content(again)


@pytest.mark.parametrize("kind", ["access", "gz", "many", "error", "app", "compose", "har"])
def test_about_as_much_is_made_as_was_asked_for(kind: str, tmp_path: Path) -> None:
    assert made(Spec(kind, size_gb=0.01), tmp_path).size == pytest.approx(0.01e9, rel=0.08)


def test_what_is_there_is_kept_and_what_is_not_whole_is_made_anew(tmp_path: Path) -> None:
    one = made(spec("access"), tmp_path)
    log, sidecar = one.files[0], tmp_path / f"{one.bundle.name}.json"
    first, raw = log.stat().st_mtime_ns, log.read_bytes()
    assert made(spec("access"), tmp_path) == one
    assert log.stat().st_mtime_ns == first
    told = json.loads(sidecar.read_text("utf-8"))
    for spoilt in ("{", json.dumps(told | {"code": "of another time"}), json.dumps(told | {"spec": told["spec"] | {"seed": 2}})):
        log.write_bytes(b"half")
        sidecar.write_text(spoilt, "utf-8")
        assert made(spec("access"), tmp_path) == one
        assert log.read_bytes() == raw


def test_an_access_log_is_of_the_stated_form(folder: Path) -> None:
    one = made(Spec("access", size_gb=0.02), folder)
    rows = one.files[0].read_text("utf-8").splitlines()
    found = [ROW.fullmatch(row) for row in rows]
    assert all(found)
    tries = [row for row in found if row and row["request"].startswith("GET /api/v1/ws?token=")]
    assert (len(rows), len(tries)) == (one.rows, one.websockets)
    assert one.websockets / one.rows == pytest.approx(0.02, rel=0.05)
    assert {status: int(count) for status, count in Counter(row["status"] for row in tries).items()} == one.statuses
    assert max(one.statuses, key=lambda status: one.statuses[status]) == "101"
    assert set(one.statuses) == {"101", "403", "404", "499", "502"}
    assert len({row["agent"] for row in found if row}) == 40
    assert 4500 < len({row["client"] for row in found if row}) <= 5000
    assert one.size / one.rows == pytest.approx(195, rel=0.03)


def test_tokens_are_dialled_with_twenty_times_and_some_have_expired(folder: Path) -> None:
    one = made(Spec("access", size_gb=0.02), folder)
    tries = regex.findall(r"ws\?token=(\S+) HTTP/1.1\" (\d+)", one.files[0].read_text("utf-8"))
    tokens = Counter(token for token, _ in tries)
    assert len(tokens) == one.tokens
    assert one.websockets / one.tokens == pytest.approx(20, rel=0.1)
    ends = {token: jwt.decode(token, options={"verify_signature": False})["exp"] for token in tokens if token.startswith("eyJ")}
    assert 0 < len(ends) < len(tokens)
    expired = {token for token, end in ends.items() if end < START}
    assert len(expired) == one.expired > 0
    assert {status for token, status in tries if token in expired} <= {"403", "404", "499", "502"}
    assert {token for token, status in tries if status == "403"} == expired


def test_the_number_of_tokens_may_be_said(tmp_path: Path) -> None:
    assert made(Spec("access", size_gb=0.01, tokens=200), tmp_path).tokens == pytest.approx(200, rel=0.05)
    assert made(Spec("attempts", tries=1000), tmp_path).tokens == 100
    assert made(Spec("storm", tries=50), tmp_path).tokens == 1


def test_failures_come_in_spells() -> None:
    story = Story(seed=1, seconds=2000, dials=4000, tokens=200)
    down = [one.at for one in story if one.status == 502]
    assert max(down) - min(down) < 120 and len(down) > 100
    assert [one.at for one in story] == sorted(one.at for one in story)


def test_many_are_the_parts_of_one_access_log(folder: Path) -> None:
    one, parts = made(spec("access"), folder), made(spec("many"), folder)
    assert len(parts.files) == MANY
    oldest_first = sorted(parts.files, key=lambda file: -int(file.suffix[1:]))
    assert b"".join(file.read_bytes() for file in oldest_first) == one.files[0].read_bytes()


@pytest.mark.parametrize(
    ("asked", "causes"),
    [
        (Spec("access", size_gb=TINY_GB), {"auth.token-expired"}),
        (Spec("gz", size_gb=TINY_GB), {"auth.token-expired"}),
        (Spec("error", size_gb=0.001), set()),
        (Spec("compose", size_gb=TINY_GB), {"auth.token-expired", "server.down"}),
        (Spec("attempts", tries=500), {"auth.token-expired"}),
        (Spec("attempts", tries=500, app=True), {"auth.token-expired"}),
        (Spec("storm", tries=300), {"auth.token-expired"}),
    ],
    ids=lambda value: value.name if isinstance(value, Spec) else None,
)
def test_wslogs_reads_every_row_and_finds_what_was_planted(asked: Spec, causes: set[str], folder: Path) -> None:
    one = made(asked, folder)
    result = wslogs.analyze(one.bundle)
    assert all(source.lines == source.recognised for source in result.evidence.sources)
    if not asked.app:
        assert sum(source.lines for source in result.evidence.sources) == one.rows
    assert len(result.report["attempts"]) == one.websockets
    assert {verdict.detail for verdict in result.found.verdicts if verdict.detail} == causes
    if asked.kind != "error":  # its lines tell no status
        assert Counter(str(attempt.status) for attempt in result.found.attempts) == one.statuses
    expired = sum(verdict.detail == "auth.token-expired" for verdict in result.found.verdicts)
    assert expired == (one.statuses.get("403", 0))


def test_wslogs_finds_the_tries_of_a_har(folder: Path) -> None:
    one = made(Spec("har", size_gb=0.004), folder)
    result = wslogs.analyze(one.bundle)
    assert Counter(str(attempt.status) for attempt in result.found.attempts) == one.statuses
    assert result.evidence.sources[0].kind == "har"


def test_wslogs_finds_the_tries_of_an_app_log(folder: Path) -> None:
    one = made(Spec("app", size_gb=0.001), folder)
    result = wslogs.analyze(one.bundle)
    assert result.evidence.sources[0].lines == result.evidence.sources[0].recognised == one.rows
    assert Counter(str(attempt.status) for attempt in result.found.attempts) == one.statuses


def test_the_naive_reader_counts_the_same(folder: Path) -> None:
    one = made(spec("access"), folder)
    rows = naive.read(one.files[0])
    assert len(rows) == one.rows
    tries = rows[rows["path"] == "/api/v1/ws"]
    assert {str(status): count for status, count in tries.groupby("status").size().items()} == one.statuses


def python(code: str, name: str = "python", **more: object) -> Side:
    return Side(name, (sys.executable, "-c", code), **more)  # type: ignore[arg-type]


@measured
def test_memory_and_time_of_a_child_are_seen() -> None:
    held = bytearray(300 << 20)  # of this process, and so none of the child's
    held[:: 1 << 12] = b"x" * len(held[:: 1 << 12])
    small, large = run(python("pass")), run(python("x = bytearray(200 << 20); x[::4096] = b'x' * len(x[::4096])"))
    assert small.peak < 100 << 20
    assert 200 << 20 < large.peak < 300 << 20
    assert run(python("sum(range(3_000_000))")).cpu_s > 0


@measured
def test_the_time_of_a_childs_own_children_is_seen() -> None:
    busy = "import time; end = time.process_time() + 0.2\nwhile time.process_time() < end: pass"
    assert run(python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])")).cpu_s >= 0.2


@measured
@pytest.mark.parametrize("side", [python("import sys; sys.exit('no such thing')"), Side("gone", ("no-such-program", "--fast"))])
def test_a_child_that_fails_is_an_error_that_names_the_command(side: Side) -> None:
    with pytest.raises(CommandError) as told:
        run(side)
    assert side.command[0] in str(told.value)
    assert "no such thing" in str(told.value) or "No such file" in str(told.value)


@measured
def test_sides_take_turns(tmp_path: Path) -> None:
    said = tmp_path / "said"
    one, two, slow = (python(f"open({str(said)!r}, 'a').write({name!r})", name, once=name == "s") for name in "abs")
    took = compare([one, two, slow], repeat=3)
    assert said.read_text("utf-8") == "absbaab"
    assert {name: one.runs for name, one in took.items()} == {"a": 3, "b": 3, "s": 1}


@measured
def test_a_command_leaves_nothing_behind(tmp_path: Path) -> None:
    said = tmp_path / "said"
    run(python(f"import os; open('here', 'w'); open({str(said)!r}, 'w').write(os.getcwd())"))
    assert not Path(said.read_text("utf-8")).exists()


def test_the_median_is_of_each_figure() -> None:
    assert middle([Took(3, 1, 10), Took(1, 2, 30), Took(2, 9, 20)]) == Took(2, 2, 20, 3)


def test_each_program_reads_the_log(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_bytes(b"")
    for side in others(tmp_path / "access.log"):
        assert side.reads == (tmp_path / "access.log",)
        assert str(tmp_path / "access.log") in side.command
    assert Path(environment()["PYTHONPATH"], "benchmarks").is_dir()


def test_a_table_is_markdown_with_figures_to_the_right() -> None:
    table = Table("start", ("command", "time"), [("`wslogs --help`", seconds(0.1234))], "One run.")
    assert table.markdown() == "| command | time |\n| --- | ---: |\n| `wslogs --help` | 0.12 s |\n\nOne run.\n"


def test_a_table_goes_between_its_marks() -> None:
    page = "before\n<!-- measured: one -->\nold\n<!-- end -->\n<!-- measured: two -->\nkept\n<!-- end -->\nafter\n"
    table = Table("one", ("a",), [("1",)], "note.")
    once = filled(page, table)
    assert once == page.replace("old\n", "\n| a |\n| --- |\n| 1 |\n\nnote.\n\n")
    assert filled(once, table) == once
    with pytest.raises(KeyError):
        filled(page, Table("three", (), [], ""))


def test_figures_in_words() -> None:
    assert [seconds(value) for value in (0.0123, 1.234, 123.4)] == ["12.3 ms", "1.23 s", "123 s"]
    assert [size(value) for value in (1234, 1.2e6, 9.74e8)] == ["1 kB", "1.2 MB", "0.97 GB"]
    assert [times(value, 1) for value in (0.00291, 0.5, 12.34)] == ["0.0029", "0.50", "12.3"]
    assert (micros(0.00125), memory(3 << 30), rate(5e6, 2)) == ("1,250 µs", "3,072 MiB", "2.5 MB/s")
    assert regex.fullmatch(r"\d+ cores, (\d+ GiB of memory, )?Python \d+\.\d+\.\d+, \w+", machine())


def test_the_page_has_a_place_for_every_table() -> None:
    for name in COMPARISONS:
        page = PAGES.get(name, PAGE).read_text("utf-8")
        assert filled(page, Table(name, ("a",), [("1",)], "note.")) != page


def test_names_choose_comparisons_and_inputs() -> None:
    assert wanted([]) == (list(COMPARISONS), INPUTS)
    assert wanted(["har", "start"]) == (["inputs", "start"], ("har",))
    assert wanted(["growth"]) == (["growth"], ())
    assert wanted(["inputs", "har"]) == (["inputs"], INPUTS)


@pytest.mark.parametrize("words", [["--only", "nothing"], ["--size", "0"], ["--repeat", "0"], ["--only", "har", "--write"]])
def test_wrong_options_are_said(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options(words)
    assert words[0] in capsys.readouterr().err


def test_made_signals_are_sound(tmp_path: Path) -> None:
    (tmp_path / "signals.toml").write_text("\n".join(signals(30)), "utf-8")
    result = check.run(tmp_path)
    assert (result.stanzas, result.problems) == (30, [])


def test_time_of_libraries_counts_for_the_module_that_called_them() -> None:
    scan, lines = ((f"{profile._PACKAGE}/{name}.py", 1, "f") for name in ("scan", "parsers/lines"))
    library, inner = ("/lib/regex.py", 1, "match"), ("~", 0, "<built-in>")
    calls: profile.Calls = {
        scan: (1, 1, 2.0, 6.0, {}),
        lines: (1, 1, 1.0, 3.0, {scan: (1, 1, 1.0, 3.0)}),
        library: (2, 2, 1.0, 3.0, {scan: (1, 1, 0.3, 1.0), lines: (1, 1, 0.7, 2.0)}),
        inner: (2, 2, 2.0, 2.0, {library: (2, 2, 2.0, 2.0)}),
    }
    assert profile.modules(calls) == {"scan": (2.0, pytest.approx(1.0)), "parsers.lines": (1.0, pytest.approx(2.0))}


def test_a_profile_names_the_steps(folder: Path) -> None:
    calls = profile.profiled([made(spec("attempts"), folder).bundle])
    steps = {name: (depth, took) for depth, name, took in profile.steps(calls)}
    assert steps["pipeline.analyze"][0] == 0
    assert steps["evidence.read"][0] == 1 and 0 < steps["evidence.read"][1] <= steps["pipeline.analyze"][1]
    assert "report.render.render" in steps
    told = profile.modules(calls)
    assert {"scan", "evidence", "parsers.lines"} <= set(told)
    whole = sum(row[2] for row in calls.values())
    assert sum(own + called for own, called in told.values()) == pytest.approx(whole, rel=0.1)
    assert [table.name for table in profile.tables(calls, "attempts")] == ["steps", "modules"]


def test_a_profile_goes_into_its_page(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "performance.md"
    marks = "".join(f"<!-- measured: {name} -->\nbefore it\n<!-- end -->\n" for name in ("steps", "modules"))
    page.write_text(marks, "utf-8")
    assert profile.main(["attempts", "--tries", "50", "--data", str(folder), "--write"], page) == 0
    told = page.read_text("utf-8")
    assert "before it" not in told and "| pipeline.analyze |" in told and "| patterns |" in told
    assert "pipeline.analyze" in capsys.readouterr().out
