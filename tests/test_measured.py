"""How often verdicts were right: data, if there is any."""

from pathlib import Path

import pytest

from wslogs import resources
from wslogs.report.contract import succession
from wslogs.report.measured import measured


@pytest.fixture(autouse=True)
def fresh():  # type: ignore[no-untyped-def]
    measured.cache_clear()
    yield
    measured.cache_clear()


def test_rows_are_right_and_all() -> None:
    assert all(0 <= right <= total for right, total in measured().values())


def test_it_is_read_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "measured.json"
    monkeypatch.setattr(resources, "path", lambda name: file)
    assert measured() == {}
    measured.cache_clear()
    file.write_text('{"auth.token-expired|3": [9, 10]}')
    assert measured() == {"auth.token-expired|3": (9, 10)}


@pytest.mark.parametrize(
    ("rows", "confidence"),
    [
        ({}, (0.5, (0, 0))),
        ({"auth.one|3": (9, 10)}, (0.833, (9, 10))),
        ({"auth.one|3": (3, 3), "auth.two|3": (90, 98)}, (0.8, (3, 3))),
    ],
)
def test_succession(rows: dict[str, tuple[int, int]], confidence: tuple[float, tuple[int, int]]) -> None:
    assert succession(rows, "auth.one|3") == confidence
