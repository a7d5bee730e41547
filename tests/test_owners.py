"""How joins are measured: a wrong join must be seen, and docs/accuracy.md must speak of every sample."""

from collections.abc import Mapping

import pytest

from conftest import NOON, SAMPLES, attempt, event, token
from tests.joins import PAGE, PAIRS, Score, table, total
from tests.owners import Try, owned, true_clock, true_offset
from wslogs.model import Attempt, Event, Tier

BROWSER, PROXY, APP = Tier.BROWSER, Tier.PROXY, Tier.APP
ALL = frozenset((BROWSER, PROXY, APP))


def tried(at: float, name: str | None = "a", *, tiers: frozenset[Tier] = ALL, lasted: float = 0.1, opened: bool = False) -> Try:
    start = NOON + at
    return Try(
        name=f"try at {at}", token=name, path="/ws", start=start, end=start + lasted, tiers=tiers, opened=opened,
        open_or_closed=True, code=None,
    )  # fmt: skip


def dial(at: float | None, name: str | None = "a", line: int = 1) -> Event:
    when = None if at is None else NOON + at
    return event("browser", at=when, marks="start", line=line, path="/ws", token=token(name) if name else None)


def row(end: float, lasted: float | None = 0.1, name: str | None = "a", status: int = 403) -> Event:
    told = token(name) if name else None
    return event("proxy", at=NOON + end, marks="end", lasted_s=lasted, path="/ws", token=told, status=status)


def answer(line: int, status: int | None = 403) -> Event:
    return event("app", "refused" if status else "accepted", line=line, path="/ws", token=token("a"), status=status)


def owners(attempts: list[Attempt], tries: list[Try]) -> list[dict[Tier, int | None]]:
    """Of each attempt: tier -> the try to which its event belongs."""
    found = owned(attempts, tries, lambda event: event.at)
    return [{tier: found.get((place, tier)) for tier in one.tiers} for place, one in enumerate(attempts)]


@pytest.mark.parametrize(
    ("attempts", "tries", "wanted"),
    [
        pytest.param(
            [attempt(dial(5), row(6.2)), attempt(dial(6), row(5.2))], [tried(5), tried(6)],
            [{BROWSER: 0, PROXY: 1}, {BROWSER: 1, PROXY: 0}], id="a neighbour's row of the same token is seen as wrong",
        ),
        pytest.param(
            [attempt(dial(5, "a")), attempt(dial(5.1, "b"))], [tried(5, "b"), tried(5.1, "a")],
            [{BROWSER: 1}, {BROWSER: 0}], id="the token outweighs the nearer start",
        ),
        pytest.param([attempt(row(9.9, None, None))], [tried(3), tried(4, lasted=6)], [{PROXY: 1}], id="by the end where no start is told"),
        pytest.param([attempt(dial(5)), attempt(dial(90))], [tried(5)], [{BROWSER: 0}, {BROWSER: None}], id="what is over is nobody's"),
        pytest.param([attempt(dial(8))], [tried(1), tried(7.9), tried(20)], [{BROWSER: 1}], id="the nearest, not the first"),
        pytest.param([attempt(dial(5))], [tried(5, tiers=frozenset({PROXY}))], [{BROWSER: None}], id="no tier has what it did not see"),
        pytest.param([attempt(dial(5, "b"))], [tried(5, None)], [{BROWSER: 0}], id="a masked token tells nothing"),
        pytest.param(
            [attempt(answer(2)), attempt(answer(7, None))], [tried(1), tried(2), tried(3, opened=True)],
            [{APP: 0}, {APP: 2}], id="without times the order and the answers",
        ),
    ],
)  # fmt: skip
def test_owners(attempts: list[Attempt], tries: list[Try], wanted: list[Mapping[Tier, int | None]]) -> None:
    assert owners(attempts, tries) == wanted


def test_a_clock_may_change_in_the_middle_of_a_file() -> None:
    from conftest import source

    app = source("app.log", "app", "app", first=NOON)
    clock = true_clock({"clocks": {"app.log": [[1, -14400], [32, -10800]]}}, [app])
    assert [true_offset(clock, "app.log", line) for line in (1, 31, 32)] == [-14400.0, -14400.0, -10800.0]


def test_goals() -> None:
    """Of a hundred pairs one may be wrong; of clocks, opened and close codes none."""
    good = Score(opened=(5, 5), close=(3, 3), clocks=(2, 2), said=dict.fromkeys(PAIRS, (99, 100)), true=dict.fromkeys(PAIRS, (99, 100)))
    poor = Score(opened=(4, 5), close=(3, 3), clocks=(1, 2))
    assert good.misses() == []
    assert total([good, poor]).misses() == ["opened 0.900 < 1.0", "clocks 0.750 < 1.0"]


def test_table() -> None:
    assert table([("a", "long"), ("wide", "b")]) == "| a    | long |\n| ---- | ---- |\n| wide | b    |\n"


def test_the_page_speaks_of_every_sample() -> None:
    told = {line.split("|")[1].strip() for line in PAGE.read_text("utf-8").splitlines() if line.count("|") == 15}
    assert told - {"scenario", "-" * max(map(len, told))} == {
        *(path.parent.relative_to(SAMPLES).as_posix() for path in SAMPLES.glob("**/truth_attempts.json")),
        f"**all {len(told) - 3}**",
    }, "make accuracy"
