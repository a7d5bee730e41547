"""wslogs/patterns.py: what a stanza may hold; the stanzas themselves are in test_examples.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from wslogs.errors import PatternError
from wslogs.patterns import load

SIGNAL = """
[[signal]]
id = "a.signal"
kinds = ["app"]
text = '{text}'
needles = ["{needle}"]
says = {{ en = "x", ru = "x" }}
"""


def folder(tmp_path: Path, text: str = "lost (?P<count>\\d+)", needle: str = "lost") -> Path:
    (tmp_path / "one.toml").write_text(SIGNAL.format(text=text, needle=needle), encoding="utf-8")
    return tmp_path


def test_a_signal_is_read(tmp_path: Path) -> None:
    signal = load(folder(tmp_path)).signals["a.signal"]
    assert (signal.kinds, signal.needles, signal.fails) == (("app",), ("lost",), False)
    assert signal.where == "one.toml:2 [a.signal]"


@pytest.mark.parametrize(
    ("text", "needle", "told"),
    [
        ("lost .*", "lost", "outside a named group"),
        ("lost (?P<anything>x)", "lost", "unknown group `anything`"),
        ("lost (", "lost", "bad expression"),
        ("lost", "LOST", "needle"),
        ("lost", "lo", "needle"),
    ],
)
def test_what_would_leak_or_never_fire_is_refused(text: str, needle: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(PatternError, match=r"one\.toml:2 \[a\.signal\]") as caught:
        load(folder(tmp_path, text, needle))
    assert told in str(caught.value)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PatternError, match=r"holds no \.toml file"):
        load(tmp_path)


def test_the_sha_changes_with_the_files(tmp_path: Path) -> None:
    one = load(folder(tmp_path)).sha256
    assert one == load(tmp_path).sha256 != load(folder(tmp_path, "found", "found")).sha256
