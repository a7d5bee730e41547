"""Large access logs in parts: how a log is cut, and who reads which part when, changes nothing."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Generator, Iterable
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from conftest import bundle, patterns
from test_bulk import COMBINED, ODD, log
from test_crowd import CONF, fleet
from wslogs import classes, evidence, pipeline, streams
from wslogs.bundle import Item
from wslogs.columns import kind_key, merged
from wslogs.parsers import parts
from wslogs.parsers.kit import Kit
from wslogs.parsers.parts import Part, Read
from wslogs.redact import Vault

texts = some.lists(some.sampled_from([b"", b"a", b"bb", b"\r", b"ccc ccc", b"\xff"]), max_size=30).map(b"\n".join)


@given(texts, some.integers(min_value=1, max_value=40), some.integers(min_value=1, max_value=9))
@settings(max_examples=200, deadline=None)
def test_parts_of_a_file_share_no_line_and_leave_none_out(text: bytes, size: int, step: int) -> None:
    item = Item.of("a.log", text)
    read = []
    for first, last in item.parts(size):
        with item.lines(first, last) as stream:
            read.append(b"".join(iter(lambda stream=stream: stream.read(step), b"")))  # type: ignore[misc]
    assert b"".join(read) == text
    assert all(part.endswith(b"\n") for part in read[:-1] if part and b"".join(read[read.index(part) + 1 :]))


def test_the_first_part_may_be_shorter() -> None:
    item = Item.of("a.log", b"x" * 50)
    assert item.parts(20, 5) == [(0, 5), (5, 25), (25, 45), (45, 50)] and item.parts(50, 5) == [(0, None)]
    assert item.parts(20) == [(0, 20), (20, 40), (40, 50)]


def test_a_line_that_is_longer_than_parts_is_whole_in_the_one_where_it_begins() -> None:
    item = Item.of("a.log", b"\xef\xbb\xbffirst\n" + b"x" * 50 + b"\nlast")
    read = []
    for first, last in item.parts(10):
        with item.lines(first, last) as stream:
            read.append(b"".join(iter(lambda stream=stream: stream.read(7), b"")))  # type: ignore[misc]
    assert [one for one in read if one] == [b"first\n" + b"x" * 50 + b"\n", b"last"]
    assert len(read) == 7


@pytest.mark.parametrize("raw", [b"\x1f\x8b" + b"a" * 90, "a row\n".encode("utf-16") * 9, b"(\xb5/\xfd" + b"a" * 90])
def test_what_is_packed_or_recoded_is_one_part(raw: bytes) -> None:
    assert Item.of("a.log", raw).parts(10) == [(0, None)]
    assert not streams.as_it_lies(io.BufferedReader(io.BytesIO(raw)))  # type: ignore[arg-type]


def backwards(kit: Kit, given: Iterable[Part]) -> Generator[tuple[Part, Read]]:
    """Reads the parts from the last one back, as workers that do not wait for each other might."""
    for part in reversed(list(given)):
        yield part, parts.read_part(part, kit, hashlib.sha256() if part.count == 1 else None)
        if part.number == 0 and part.count > 1:
            yield Part(part.item, part.programs, part.place, whole=True), Read(sha256=parts.digest(part.item))


def read(raw: bytes, size: int, engine: parts.Engine = parts.here, each: int = 50) -> tuple[Any, ...]:
    """All that is told of one log, but the spans: they come of some rows of each block, and a part begins one."""
    kit = Kit(patterns(), Vault())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "SIZE", size)
        patch.setattr(parts, "FIRST", size // 3)
        patch.setattr(classes, "EACH", each)
        patch.setattr(classes, "MOST_EACH", 5)
        (columns,) = parts.read([(Item.of("access.log", raw), {"": "nginx-access"})], kit, engine)
    rows, source = merged([rows for rows, _ in columns.rows]), columns.source
    assert source is not None
    told = [
        (
            int(rows["line"][n]), rows["at"][n].item(), kind_key(rows.kinds[rows["kind"][n]]), rows["chance"][n].item(),
            rows.clients[rows["client"][n]],
        )
        for n in range(len(rows))
    ]  # fmt: skip
    raws = sorted((int(rows["line"][place]), raw) for place, raw in rows.raws.items())
    return (
        repr(told), raws, source.lines, source.recognised, source.kept, source.sha256, source.unknown, source.notes,
        sorted(kit.paths),
    )  # fmt: skip


@pytest.mark.parametrize("size", [700, 5_000, 40_000])
@pytest.mark.parametrize("engine", [parts.here, backwards])
def test_the_size_of_parts_and_their_order_change_nothing(size: int, engine: parts.Engine) -> None:
    raw = log(COMBINED)
    whole = read(raw, 1 << 30)
    assert len(whole[1]) < 300 and whole[5] == hashlib.sha256(raw).hexdigest() and len(whole[6]) > 2
    assert read(raw, size, engine) == whole


def test_a_path_that_a_late_part_shows_is_looked_for_in_all() -> None:
    row = '10.0.0.1 - - [23/Nov/2026:10:00:{:02} +0500] "GET /live{} HTTP/1.1" {} 12 "-" "-"\n'
    raw = "".join(row.format(n, "", 502) for n in range(9)).encode() + row.format(59, "", 101).encode()
    told = [read(raw, size, engine) for size in (1 << 30, 100, 300) for engine in (parts.here, backwards)]
    assert told == [told[0]] * 6 and told[0][4] == 10


def test_a_digest_is_that_of_the_file_also_where_a_part_is_read_twice() -> None:
    row = b'10.0.0.1 - - [23/Nov/2026:10:00:01 +0500] "GET /live HTTP/1.1" %d 12 "-" "-"\n'
    raw = row % 403 * 20 + row % 101
    assert read(raw, 300)[5] == hashlib.sha256(raw).hexdigest()


def test_a_log_that_goes_away_is_told_as_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "_MUCH", 0)
    monkeypatch.setattr(evidence, "_SMALL", 0)
    folder = bundle(tmp_path / "b", {"access.log": fleet(300), "other.log": fleet(200, seed=5), "nginx.conf": CONF})

    def engine(kit: Kit, given: Iterable[Part]) -> Generator[tuple[Part, Read]]:
        for part, told in parts.here(kit, given):
            yield part, Read(gone=True) if part.item.path == "other.log" else told

    made = pipeline.analyze(folder, engine=engine)
    assert [source.path for source in made.evidence.sources] == ["nginx.conf", "access.log"]
    assert any("other.log" in text and "cannot be read" in text for text in made.report["caveats"])


@pytest.mark.parametrize("engine", [parts.here, backwards])
def test_of_a_log_that_grows_all_parts_together_are_what_it_was(
    engine: parts.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "SIZE", 9_000)
    monkeypatch.setattr(parts, "FIRST", 9_000)
    monkeypatch.setattr(evidence, "_MUCH", 0)
    monkeypatch.setattr(evidence, "_SMALL", 0)
    log = bundle(tmp_path / "b", {"access.log": fleet(300), "nginx.conf": CONF}) / "access.log"
    whole = log.read_bytes()

    def grow(label: str, place: int, total: int) -> None:
        with log.open("ab") as file:
            file.write(whole[:5000])

    (source,) = (one for one in pipeline.analyze(log.parent, engine=engine, progress=grow).evidence.sources if one.path == "access.log")
    assert (source.lines, source.sha256) == (whole.count(b"\n"), hashlib.sha256(whole).hexdigest())


@pytest.mark.parametrize("size", [3_000, 50_000])
def test_the_report_is_the_same_in_parts(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "_MUCH", 0)
    monkeypatch.setattr(evidence, "_SMALL", 0)
    monkeypatch.setattr(classes, "EACH", 200)
    folder = bundle(tmp_path / "b", {"access.log": fleet(), "access.log.1": fleet(700, seed=9), "nginx.conf": CONF})
    whole = pipeline.analyze(folder).report
    monkeypatch.setattr(parts, "SIZE", size)
    monkeypatch.setattr(parts, "FIRST", size)
    assert pipeline.analyze(folder, engine=backwards).report == pipeline.analyze(folder).report == whole


def test_lines_of_many_parts_are_dropped_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_MOST", 20)
    whole = read(log(COMBINED, 2000), 1 << 30)
    assert read(log(COMBINED, 2000), 3_000) == whole


def test_odd_rows_are_in_parts_too() -> None:
    chance = Random(2)
    rows = [chance.choice(ODD) for _ in range(80)]
    raw = b"\n".join(rows)
    assert all(a <= b for a, b in pairwise(sorted(rows))) and read(raw, 200) == read(raw, 1 << 30)
