"""What `wslogs patterns check` counts and says; the corpus itself is in test_examples.py."""

from pathlib import Path

from conftest import patterns, wslogs
from wslogs import check

STAMP = """[[time]]
id = "head.test"
match = '^@(?P<time>\\d{10}) '
form = "epoch"
resolution_s = 1.0
examples = ["@1795435200 started"]
counterexamples = ["at 1795435200 started"]
"""


def test_run_counts_what_it_checks() -> None:
    result = check.run()
    stanzas = list(check.stanzas(patterns()))
    examples = sum(len(one.examples) + len(one.counterexamples) for one in stanzas)
    assert result == check.Result(stanzas=len(stanzas), examples=examples, problems=[])


def test_stanzas_over_facts_alone_need_no_examples() -> None:
    asked = {stanza.id for stanza in check.stanzas(patterns())}
    assert "answered.404" not in asked
    assert "app.no-websocket-library" in asked


def test_run_reads_another_folder(tmp_path: Path) -> None:
    (tmp_path / "heads.toml").write_text(STAMP, "utf-8")
    assert check.run(tmp_path) == check.Result(stanzas=1, examples=2)


def test_a_problem_becomes_a_line_and_a_status(tmp_path: Path) -> None:
    (tmp_path / "heads.toml").write_text(STAMP.replace('["at ', '["@'), "utf-8")
    told = wslogs("patterns", "check", tmp_path, cwd=tmp_path)
    assert (told.returncode, told.stdout) == (1, "1 patterns, 2 examples, 1 problems\n")
    assert told.stderr == "heads.toml:1 [head.test]: fits its counterexample: @1795435200 started\n"


def test_a_slow_expression_is_refused(tmp_path: Path) -> None:
    slow = STAMP.replace("'^@(?P<time>\\d{10}) '", "'^(?:[a-z0-9@]+ ?)+ !|^@(?P<time>\\d{10}) '")
    (tmp_path / "heads.toml").write_text(slow, "utf-8")
    told = check.run(tmp_path).problems
    assert told
    assert "needs more than 250 ms for 16 KiB of its example" in told[-1]


def test_lines_made_to_be_hard() -> None:
    made = dict(check.hostile("at 12: ab"))
    assert all(len(line) <= 16 << 10 for line in made.values())
    assert made["with long numbers"].startswith("at 1111")
    assert made["repeated without its end"].startswith("at 12: aat 12: a")
