"""Worlds for hypothesis: users who dial again with back-off, and only such whose clocks a reader could tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from simulated import OUTCOMES, Outcome, Try, World
from wslogs.model import Tier

_NEAR_S = 2.5
"""Moments so near may be one, whatever the resolution of the logs."""


def moments(world: World, tier: Tier, user: int | None = None) -> list[tuple[object, float]]:
    """(what is alike in two tiers, when), of the tries of one user or of all: what an offset can be found by."""
    found: list[tuple[object, float]] = []
    for one in world.tries:
        if user not in (None, one.user):
            continue
        rowless = one.outcome == "opened" and one.code is None
        if (tier is Tier.PROXY and rowless) or (tier is Tier.APP and one.outcome == "down"):
            continue
        ends_only = tier is Tier.PROXY and one.outcome == "opened" and world.access == "combined"
        if not ends_only:
            found.append(((one.user, one.outcome, "start"), one.start))
        if one.outcome == "opened" and tier is not Tier.APP and not rowless:
            found.append(((one.user, one.outcome, "end"), one.start + one.lasted))
    return found


def decidable(one: Sequence[tuple[object, float]], other: Sequence[tuple[object, float]]) -> bool:
    """Whether three moments or more fall together at the true offset, and fewer at any that is farther than `_NEAR_S` from it."""

    def together(shift: float) -> int:
        left = list(other)
        count = 0
        for name, at in one:
            near = next((row for row in left if row[0] == name and abs(row[1] - at - shift) <= _NEAR_S), None)
            if near is not None:
                left.remove(near)
                count += 1
        return count

    shifts = {b - a for name, a in one for same, b in other if same == name and abs(b - a) > _NEAR_S}
    most = together(0.0)
    return most >= 3 and all(together(shift) < most for shift in shifts)


def aligned(world: World, tiers: Iterable[Tier] = (Tier.BROWSER, Tier.PROXY, Tier.APP)) -> bool:
    """Whether each clock of these tiers can be told from the others' by pairs of tries alone."""
    kept = set(tiers)
    reference = Tier.PROXY if Tier.PROXY in kept else Tier.APP
    if Tier.APP in kept - {reference} and world.app == "timed" and not decidable(moments(world, Tier.APP), moments(world, reference)):
        return False
    if Tier.BROWSER not in kept or world.dates or (reference is Tier.APP and world.app == "plain"):
        return True
    return all(decidable(moments(world, Tier.BROWSER, user), moments(world, reference, user)) for user in world.users)


@st.composite
def worlds(draw: st.DrawFn, /, *, drop: Tier | None = None, **fixed: Any) -> World:
    """One to four users who dial again with back-off; `fixed` are fields of the World.

    Only such worlds whose clocks can be told by pairs, also without the tier `drop`.
    """
    tries: list[Try] = []
    for user in range(draw(st.integers(1, 4))):
        outcomes = draw(st.lists(st.sampled_from(OUTCOMES), min_size=4, max_size=6))
        tries += _dials(draw, user, outcomes)
    form: dict[str, Any] = {
        "access": draw(st.sampled_from(("combined", "timed", "json"))), "app": draw(st.sampled_from(("timed", "plain"))),
        "dates": draw(st.booleans()), "keys": draw(st.booleans()), "consoles": draw(st.booleans()),
        "zone_h": draw(st.sampled_from((0, 5, -3))), "lag_s": draw(st.integers(2, 80)) / 1000,
    }  # fmt: skip
    end = max(one.start + one.lasted for one in tries)
    last = tuple(_open(one, end) if one.outcome == "opened" and one.code is None else one for one in tries)
    world = World(tries=last, **(form | fixed))
    kept = {Tier.BROWSER, Tier.PROXY, Tier.APP} - {drop}
    assume(aligned(world) and aligned(world, kept))
    return world


def _dials(draw: st.DrawFn, user: int, outcomes: Sequence[Outcome]) -> Iterable[Try]:
    """A page's tries: each waits twice as long as the one before, anew after one that opened; the last may still be open."""
    at = draw(st.integers(0, 20_000)) / 1000
    first = draw(st.integers(900, 3_000)) / 1000
    wait, still = first, draw(st.booleans())
    for place, outcome in enumerate(outcomes):
        final = place == len(outcomes) - 1
        if outcome == "opened":
            lasted = draw(st.integers(2_000, 40_000)) / 1000
            code = None if final and still else draw(st.sampled_from((1000, 1006, 1011)))
            yield Try(user, at, outcome, lasted, code)
            at, wait = at + lasted + first * (1 + 0.1 * place), first
        else:
            yield Try(user, at, outcome)
            at, wait = at + wait * (1 + 0.03 * place), wait * 2


def _open(one: Try, end: float) -> Try:
    return Try(one.user, one.start, one.outcome, end - one.start + 3.0, None)
