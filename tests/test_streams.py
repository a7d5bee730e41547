"""Bytes as a parser gets them: never more than a file may give."""

import gzip
import io
from pathlib import Path

import pytest

from wslogs import streams
from wslogs.streams import TOO_MUCH, Budget, Limit, Notes, text, zstd


def read(content: bytes, limit: Limit, notes: Notes, *, packed: bool = False) -> int:
    with text(io.BufferedReader(io.BytesIO(content)), notes, limit, packed=packed) as stream:  # type: ignore[arg-type]
        return len(stream.read())


@pytest.mark.parametrize("compress", [gzip.compress, zstd.compress])
def test_what_unpacks_to_too_much_ends_early_and_says_so(monkeypatch: pytest.MonkeyPatch, compress: object) -> None:
    monkeypatch.setattr(streams, "FREE", 1 << 20)
    packed = compress(bytes(20 << 20))  # type: ignore[operator]
    notes, limit = Notes(), Limit.of(len(packed))
    got = read(packed, limit, notes)
    assert (1 << 20) <= got <= len(packed) * streams.RATIO + (2 << 20)
    assert notes == Notes(other=[TOO_MUCH])


def test_reading_once_more_ends_at_the_same_place_and_says_nothing_twice() -> None:
    packed, notes = gzip.compress(bytes(3 << 20)), Notes()
    limit = Limit(most=1 << 20, budget=Budget(1 << 30))
    first = read(packed, limit, notes)
    assert [read(packed, limit, notes) for _ in range(3)] == [first] * 3
    assert notes.other == [TOO_MUCH]
    assert limit.budget.left == (1 << 30) - first


def test_the_members_of_an_archive_share_what_may_come_out_of_it() -> None:
    budget = Budget(3 << 20)
    limits = [Limit(most=1 << 30, budget=budget) for _ in range(4)]
    got = [read(bytes(2 << 20), limit, Notes(), packed=True) for limit in limits]
    assert got[0] == 2 << 20 and sum(got) <= 5 << 20 and got[2:] == [0, 0]


def test_a_file_that_is_not_packed_has_no_limit() -> None:
    notes = Notes()
    assert read(b"x" * 3_000_000, Limit(most=10, budget=Budget(10)), notes) == 3_000_000
    assert notes == Notes()


def test_pieces_of_a_file_of_this_machine_end_with_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_STEP", 8)
    content = b"first\nsecond\n" + b"long " * 9 + b"\nthird\nlast"
    (tmp_path / "a.log").write_bytes(content)
    near, far = (streams.Lines(raw, 0, None) for raw in ((tmp_path / "a.log").open("rb"), io.BytesIO(content)))
    with near, far:
        pieces, others = (list(iter(lambda one=one: one.read(20), b"")) for one in (near, far))  # type: ignore[misc]
    assert pieces[0] == b"first\nsecond\n" and others[0] == content[:20]
    assert b"".join(pieces) == b"".join(others) == content
