"""How accuracy is counted: a wrong verdict must be seen, and a sure one that is wrong above all."""

from pathlib import Path

from tests.accuracy import WHOLE, Result, by_detail, calibration, confusion, counted, misses, variants
from tests.joins import PAGE, SAMPLES


def result(**fields: object) -> Result:
    known = {
        "case": "a/one", "variant": WHOLE, "truth": "proxy.limits", "said": "proxy.limits", "outcome": "right", "exact": True,
        "confidence": 0.9, "kind": "proxy.limits|proxy", "tiers": "proxy",
    }  # fmt: skip
    return Result(**(known | fields))  # type: ignore[arg-type]


WRONG = result(case="a/two", variant="only app.log", said="server.down", outcome="wrong", exact=False, kind="server.down|app")


def test_a_bundle_is_judged_whole_and_poor(tmp_path: Path) -> None:
    for name in ("a.log", "logs/b.log"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    told = {name: [file.name for file in files] for name, files in variants(tmp_path)}
    assert told == {
        "whole": ["a.log", "b.log"], "without a.log": ["b.log"], "only a.log": ["a.log"], "without logs/b.log": ["a.log"],
        "only logs/b.log": ["b.log"],
    }  # fmt: skip


def test_verdicts_are_counted_by_kind() -> None:
    silent = result(outcome="undetermined", kind="", confidence=0.0)
    assert counted([result(), result(), WRONG, silent]) == {"proxy.limits|proxy": (2, 2), "server.down|app": (0, 1)}


def test_a_sure_and_wrong_verdict_misses_the_goal_even_of_a_poor_bundle() -> None:
    assert misses([result(), WRONG]) == ["a/two [only app.log]: proxy.limits, said server.down at 0.9"]
    assert misses([result(), result(variant="only app.log", outcome="wrong", confidence=0.79)]) == []


def test_a_silence_misses_the_goal_only_of_a_whole_bundle() -> None:
    silent = {"outcome": "undetermined", "said": "undetermined", "kind": "", "confidence": 0.0}
    assert misses([result(**silent)]) == ["a/one: proxy.limits, said undetermined"]
    assert misses([result(variant="only app.log", **silent)]) == []


def test_the_tables_show_what_was_said_instead() -> None:
    assert confusion([result(), WRONG]) == (
        "| true \\ said | proxy | server |\n"
        "| ----------- | ----- | ------ |\n"
        "| proxy       | 1     | 1      |\n"
    )  # fmt: skip
    assert by_detail([result(), WRONG]).splitlines()[2].endswith("| server.down 1 |")


def test_calibration_learns_nothing_from_the_sample_itself() -> None:
    """Ten right verdicts of one sample: it alone would state 11 / 12, without it nothing is known."""
    cells = calibration([result() for _ in range(10)]).splitlines()[2].split("|")
    assert [cell.strip() for cell in cells[1:5]] == ["0.00 to 0.60", "10", "0.500", "1.000"]


def test_the_page_counts_every_sample() -> None:
    whole = next(line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| whole "))
    assert int(whole.split("|")[2]) == len(list(SAMPLES.glob("*/*/truth.json"))), "make accuracy"
