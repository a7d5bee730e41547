"""Hostile inputs through the command, the dangerous ones of every room; `python -m tests.hostile` runs all of them."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import ROOT, patterns

sys.path.insert(0, str(ROOT))  # tests.hostile is a package of its own, also for the command

from tests.hostile.__main__ import TITLE, part
from tests.hostile.inputs import Input, everything
from tests.hostile.run import Run, run
from wslogs.bundle import Item, open_bundle
from wslogs.detection import kind_of
from wslogs.evidence import read
from wslogs.parsers import certificates, compose, conf_files, env, har, netlog, probe
from wslogs.parsers.kit import Kit
from wslogs.redact import Vault

ALL = everything()
CHOSEN = [
    one for one in ALL
    if not one.dear and any(word in one.name for word in (
        "1 GiB of zeros", "over the same bytes", "a million entries", "30 archives", "absolute names", "control and bidi", "nobody knows",
        "wrong checksum", "other names in", "broken one beside", "links, a pipe", "petabyte", "4 MiB of digits", "negative size",
        "lead out", "a pipe", "in loops",
        "a socket",
        "in each other", "no encoding", "100,000 deep", "every place", "lone surrogate", "then a cut",
        "undated", "URLs of no form", "dates of no", "of wrong types", "map of 100,000", "of one's own", "gigabyte", "billion laughs",
        "lone surrogates", "8,000 years", "injected: 0", "injected: 14", "injected: 15", "injected: 17",
    ))
]  # fmt: skip
FIXTURES = sorted(path for path in (ROOT / "tests" / "fixtures").rglob("bundle/*") if path.is_file() and path.stat().st_size < 20_000)
MOST = int(os.environ.get("WSLOGS_EXAMPLES", "0"))
"""How many bundles are tried by each property; unset: a few, always the same."""


def test_there_are_more_than_a_hundred() -> None:
    assert len(ALL) > 200 and len({one.name for one in ALL}) == len(ALL) and len(CHOSEN) > 40


@pytest.mark.parametrize("one", CHOSEN, ids=lambda one: one.name)
def test_a_hostile_input_is_survived_and_named(tmp_path: Path, one: Input) -> None:
    try:
        assert run(one, tmp_path).wrong == []
    finally:
        # Folders that lie deeper than Python's own removal goes, which pytest would try later.
        subprocess.run(["rm", "-rf", *(str(path) for path in tmp_path.iterdir())], check=True, timeout=60)


def test_the_section_of_what_was_measured_can_be_written() -> None:
    """It names limits of many modules, and is made but seldom."""
    runs = [Run(f"size: {number}", number * 10**6, 0, 1.0, float(number), 10.0) for number in range(1, 13)]
    text = part(runs)
    assert text.startswith(TITLE) and "| size: 12 | 12.0 MB | 12.0 s | 10 MiB |" in text and "| size: 2 |" not in text
    assert "tried on 12 hostile ones" in text and "{" not in text


@pytest.mark.parametrize("name", ["zip: rows that squeeze 200 times are honest"])
def test_an_input_is_the_same_each_time(tmp_path: Path, name: str) -> None:
    one = next(one for one in ALL if one.name == name)
    made = [one.make(Path(tempfile.mkdtemp(dir=tmp_path)), Random(1))[0].read_bytes() for _ in range(2)]
    assert len(made[0]) == len(made[1])


def twisted(raw: bytes, chance: Random) -> bytes:
    """Bytes with a few pieces cut out, doubled, swapped with others, or replaced."""
    made = bytearray(raw)
    for _ in range(chance.randint(1, 12)):
        start = chance.randrange(len(made) + 1)
        end = min(len(made), start + chance.choice((1, 1, 2, 8, 60, 400)))
        piece = bytes(made[start:end])
        made[start:end] = chance.choice(
            (
                b"",
                piece * 2,
                chance.randbytes(len(piece)),
                b"\0",
                b"\n",
                b'"',
                b"{",
                b"[" * 50,
                b"-1",
                b"9" * 30,
                b"\xff\xfe",
                b"\\ud800",
                raw[:end],
            )
        )
    return bytes(made)


bounded = settings(
    max_examples=MOST or 150, derandomize=not MOST, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@bounded
@given(st.sampled_from(FIXTURES), st.integers(0, 2**32))
def test_a_fixture_with_broken_bytes_is_read_without_a_defect(path: Path, seed: int) -> None:
    """Bundle, kinds and whichever parser its content leads to: never raises."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / path.name).write_bytes(twisted(path.read_bytes(), Random(seed)))
        with open_bundle([Path(folder)]) as bundle:
            read(bundle, Kit(patterns(), Vault()))


PARSERS = {
    "har": har.parse, "netlog": netlog.parse, "probe": probe.parse, "env": env.parse, "compose": compose.parse,
    "certificate": certificates.parse, "conf": lambda item, _: conf_files.parse(item), "kind": kind_of,
}  # fmt: skip


@pytest.mark.parametrize("name", PARSERS)
@bounded
@given(st.binary(max_size=400) | st.tuples(st.sampled_from(FIXTURES), st.integers(0, 2**32)))
def test_any_bytes_given_to_any_parser_are_no_defect(name: str, content: bytes | tuple[Path, int]) -> None:
    raw = content if isinstance(content, bytes) else twisted(content[0].read_bytes(), Random(content[1]))
    PARSERS[name](Item.of("a", raw), Kit(patterns(), Vault()))  # type: ignore[operator]
