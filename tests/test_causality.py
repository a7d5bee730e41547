"""What cause and effect allow of the offset between two clocks, for each pair of tiers.

The tries below happened at `T` on both clocks: 0 lies in every limit, and what is expected is how far it may be from it.
"""

from itertools import product

import pytest

from conftest import NOON, sighting
from wslogs.correlate.causality import limits
from wslogs.correlate.sightings import Sighting

T = 1000.0
TICK, PROMPT, TOGETHER, LATE = 0.02, 3.0, 2.0, 60.0


def page(
    start: float | None = 0.0, end: float | None = None, *, opened: bool | None = True, answered_s: float | None = None, blur: float = 0.0
) -> Sighting:
    return made("browser", start, end, opened, answered_s, blur)


def row(start: float | None, end: float | None, status: int = 101, *, answered_s: float | None = None, blur: float = 0.0) -> Sighting:
    return made("proxy", start, end, status == 101, answered_s, blur, status=status)


def app(said: float | None, end: float | None = None, *, opened: bool = True, blur: float = 0.0) -> Sighting:
    return made("app", said, end if opened else said, opened, None, blur)


def made(
    tier: str, start: float | None, end: float | None, opened: bool | None, answered_s: float | None, blur: float, status: int | None = None
) -> Sighting:
    at, over = (None if moment is None else T + moment for moment in (start, end))
    told = {"answered_s": answered_s}
    return sighting(tier, main=told, start=at, end=over, opened=opened, status=status, resolution_s=blur)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # refused: the row lies between dial and answer
        (page(0, 0.5, opened=False), row(0.1, 0.4, 403), (-0.1 - TICK, 0.1 + TICK)),
        # refused, and the page tells the end alone, as a console does: the answer was on its way for no more than seconds
        (page(None, 0.5, opened=False), row(0.1, 0.4, 403), (-0.1 - TICK, -0.1 + PROMPT)),
        # refused, and the page tells the start alone
        (page(0, None, opened=False), row(0.1, 0.4, 403), None),
        # a tunnel: dialled before the row begins, and both ends are one moment
        (page(0, 60), row(0.1, 60), (-TOGETHER, 0.1 + TICK)),
        # the first frame came 0.3 s after the dial
        (page(0, 60, answered_s=0.3), row(0.1, 60), (-0.2 - TICK, 0.1 + TICK)),
        # a tunnel row without $request_time
        (page(0, 60), row(None, 60), (-TOGETHER, TOGETHER)),
        # the page tells of the loss alone
        (page(None, 60), row(0.1, 60), (-TOGETHER, TOGETHER)),
        # still open when the HAR was exported, and no frame came
        (page(0, None), row(0.1, 60), None),
        # whole seconds widen
        (page(0, 0.5, opened=False, blur=1.0), row(0.1, 0.4, 403, blur=1.0), (-1.1 - TICK, 1.1 + TICK)),
    ],
)
def test_page_and_row(one: Sighting, other: Sighting, expected: tuple[float, float] | None) -> None:
    assert limits(one, other) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # refused: the app answers between dial and end
        (page(0, 0.5, opened=False), app(0.2, opened=False), (-0.3 - TICK, 0.2 + TICK)),
        # opened: it answers before the first frame
        (page(0, 60, answered_s=0.3), app(0.2), (-0.1 - TICK, 0.2 + TICK)),
        # opened, and no frame came: within what nobody waits longer for
        (page(0, 600), app(0.2), (0.2 - LATE, 0.2 + TICK)),
        (page(None, 0.5, opened=False), app(0.2, opened=False), (-0.3 - TICK, -0.3 + PROMPT)),
        (page(None, 60), app(0.2), None),
        (page(0, 60), app(None), None),
    ],
)
def test_page_and_answer(one: Sighting, other: Sighting, expected: tuple[float, float] | None) -> None:
    assert limits(one, other) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # refused: answered while nginx had the request
        (app(0.2, opened=False), row(0.1, 0.4, 403), (-0.1 - TICK, 0.2 + TICK)),
        # $upstream_header_time tells it
        (app(0.2), row(0.1, 60, answered_s=0.15), (-0.1 - TICK, 0.05 + TICK)),
        (app(0.2, opened=False), row(0.1, 0.4, 403, answered_s=0.15), (-0.1 - TICK, 0.05 + TICK)),
        # what nginx tells of the beginning goes before an end that may be another socket's
        (app(0.2, 30), row(0.1, 60, answered_s=9.0), (-0.1 - TICK, 8.9 + TICK)),
        # no $request_time: both tell the end of the tunnel
        (app(0.2, 60), row(None, 60), (-TOGETHER, TOGETHER)),
        (app(0.2), row(None, 60), None),
        (app(None), row(0.1, 60), None),
    ],
)
def test_answer_and_row(one: Sighting, other: Sighting, expected: tuple[float, float] | None) -> None:
    assert limits(one, other) == (None if expected is None else pytest.approx(expected))


def test_what_contradicts_itself_says_nothing() -> None:
    """A frame cannot have come in a minute before the tunnel ended, where it came half a second before the page lost it."""
    assert limits(page(0, 30, answered_s=29.5), row(0.1, 60)) is None


PAGES = (page(0, 0.5, opened=False), page(None, 0.5, opened=False), page(0, 60), page(0, 60, answered_s=0.3), page(0, None))
ROWS = (row(0.1, 0.4, 403), row(0.1, 0.4, 499), row(0.1, 60), row(None, 60), row(0.1, 60, answered_s=0.15))
ANSWERS = (app(0.2), app(0.2, 60), app(0.2, opened=False), app(None))


@pytest.mark.parametrize(("one", "other"), [*product(PAGES, ROWS), *product(PAGES, ANSWERS), *product(ANSWERS, ROWS)])
def test_the_other_way_round_it_is_the_other_sign(one: Sighting, other: Sighting) -> None:
    there, back = limits(one, other), limits(other, one)
    assert back == (None if there is None else (-there[1], -there[0]))


@pytest.mark.parametrize("tier", ["browser", "proxy", "app"])
def test_one_tier_says_nothing_of_itself(tier: str) -> None:
    assert limits(sighting(tier, start=T, end=T), sighting(tier, start=T, end=T)) is None


@pytest.mark.parametrize("status", [499, 504])
def test_an_app_may_answer_after_nginx_gave_up(status: int) -> None:
    row = sighting("proxy", start=NOON, end=NOON + 1, opened=False, status=status, resolution_s=0.0)
    found = limits(sighting("app", start=NOON + 5, opened=True, resolution_s=0.0), row)
    assert found is not None
    assert found[0] <= 0 <= found[1]


def test_a_long_tunnel_was_accepted_at_its_beginning() -> None:
    row = sighting("proxy", start=NOON, end=NOON + 7200, opened=True, status=101, resolution_s=0.0)
    assert limits(sighting("app", start=NOON, opened=True, resolution_s=0.0), row) == pytest.approx((-0.02, 3.0))
