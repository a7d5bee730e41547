"""Sightings of two tiers: which are the same try."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import NOON, sighting, token
from wslogs.correlate.join import answer, fits, pairs, tail
from wslogs.correlate.sightings import Sighting


def row(tier: str, at: float | None = None, name: str | None = None, *, opened: bool | None = False, status: int | None = 403,
        path: str = "/ws", order: int = 0, **main: object) -> Sighting:  # fmt: skip
    told = {"path": path, "status": status, "token": token(name) if name else None} | main
    return sighting(tier, main=told, start=at, end=at, opened=opened, status=101 if opened else status, order=order)


def tunnel(tier: str, start: float | None, end: float | None, name: str | None = None, *, order: int = 0, **main: object) -> Sighting:
    """An opened socket, from and to in seconds after NOON, told to the millisecond."""
    told = {"path": "/ws", "status": 101, "token": token(name) if name else None} | main
    begun, over = (None if at is None else NOON + at for at in (start, end))
    return sighting(tier, main=told, start=begun, end=over, opened=True, status=101, order=order, resolution_s=0.001)


def test_nearest_in_time_of_one_token() -> None:
    left = [row("browser", NOON, "a"), row("browser", NOON + 1, "b")]
    right = [row("proxy", NOON + 1, "b"), row("proxy", NOON, "a")]
    assert pairs(left, right) == {0: 1, 1: 0}


@pytest.mark.parametrize("name", ["key", "request_id"])
def test_an_id_of_the_handshake_outweighs_time(name: str) -> None:
    one, other = ({name: text} for text in ("1", "2"))
    left = [sighting("browser", main=one, start=NOON), sighting("browser", main=other, start=NOON + 1)]
    right = [sighting("proxy", main=other, start=NOON), sighting("proxy", main=one, start=NOON + 1)]
    assert pairs(left, right) == {0: 1, 1: 0}


def test_a_request_id_that_a_side_repeats_is_no_id() -> None:
    """A client sends the same id with each retry: time alone tells them apart."""
    left = [row("proxy", NOON + n, request_id="same") for n in (0, 10)]
    right = [row("app", NOON + n, request_id="same") for n in (10, 0)]
    assert pairs(left, right) == {0: 1, 1: 0}
    assert pairs(left[:1], [row("app", NOON + 90, request_id="same")]) == {0: 0}


def test_the_client_tells_users_apart_that_no_token_does() -> None:
    left = [row("proxy", NOON, client="192.0.2.1"), row("proxy", NOON + 1, client="192.0.2.2")]
    right = [row("app", NOON + 0.4, client="192.0.2.2"), row("app", NOON + 0.6, client="192.0.2.1")]
    assert pairs(left, right) == {0: 1, 1: 0}


def test_the_address_of_the_proxy_tells_nobody_apart() -> None:
    left = [row("proxy", NOON, client="192.0.2.1"), row("proxy", NOON + 1, client="192.0.2.2")]
    right = [row("app", NOON, client="127.0.0.1"), row("app", NOON + 1, client="127.0.0.1")]
    assert pairs(left, right) == {0: 0, 1: 1}


def test_too_far_apart_are_two_tries() -> None:
    assert pairs([row("browser", NOON)], [row("proxy", NOON + 60)]) == {}


@pytest.mark.parametrize(("apart", "error_s", "found"), [(3.0, 0.0, {0: 0}), (4.0, 0.0, {}), (4.0, 1.0, {0: 0}), (60.0, 50000.0, {})])
def test_the_bar_of_a_clock_widens_the_reach_so_far(apart: float, error_s: float, found: dict[int, int]) -> None:
    one, other = tunnel("browser", 0, 60), tunnel("proxy", apart, 60 + apart)
    one.resolution_s, one.error_s = 1.0, error_s
    assert pairs([one], [other]) == found


def test_as_many_pairs_as_there_can_be() -> None:
    """The nearest alone would join 1 to 0, and leave the others without a partner."""
    left = [tunnel("browser", 0, None), tunnel("browser", 1.5, None)]
    right = [tunnel("proxy", 1.4, None), tunnel("proxy", 3.5, None)]
    assert pairs(left, right) == {0: 0, 1: 1}


def test_the_order_is_kept_where_both_sides_count_the_same() -> None:
    """Each row is nearest to the dial after its own."""
    left = [row("browser", NOON + n, order=n) for n in range(5)]
    right = [row("proxy", NOON + n + 0.9, order=n) for n in range(5)]
    assert pairs(left, right) == {n: n for n in range(5)}


def test_a_try_that_the_other_side_lacks_is_the_one_that_lies_apart() -> None:
    left = [row("browser", NOON + n) for n in (0, 2, 4)]
    right = [row("proxy", NOON + n) for n in (0, 4)]
    assert pairs(left, right) == {0: 0, 2: 1}


def test_lengths_tell_tries_of_one_moment_apart() -> None:
    left = [tunnel("browser", 0.0, 60), tunnel("browser", 0.01, 5), tunnel("browser", 0.02, 600)]
    right = [tunnel("proxy", 0.03, 5), tunnel("proxy", 0.04, 600)]
    assert pairs(left, right) == {1: 0, 2: 1}


def test_other_answers_make_a_pair_less_likely() -> None:
    left = [row("proxy", NOON, status=502, upstream_status=403), row("proxy", NOON + 1, status=502, upstream_status=502)]
    assert pairs(left, [row("app", NOON + 1, status=403)]) == {0: 0}


def test_a_row_that_tells_its_end_alone_is_the_tunnel_that_ended_there() -> None:
    """Two sockets dialled in one second; rows without $request_time."""
    left = [tunnel("browser", 0, 300), tunnel("browser", 1, 60)]
    right = [tunnel("proxy", None, 60), tunnel("proxy", None, 300)]
    assert pairs(left, right) == {0: 1, 1: 0}


def test_a_tunnel_that_ended_before_the_accept_is_not_it() -> None:
    accepted = tunnel("app", 100, None)
    assert pairs([accepted], [tunnel("proxy", None, 60)]) == {}
    assert pairs([accepted], [tunnel("proxy", None, 60), tunnel("proxy", None, 300)]) == {0: 1}
    assert pairs([tunnel("proxy", None, 60), tunnel("proxy", None, 300)], [accepted]) == {1: 0}


def test_tries_of_one_token_close_together_join_in_order() -> None:
    """A retry each 120 ms, five hundred times; nginx tells each 40 ms later."""
    left = [row("browser", NOON + n * 0.12, "a", order=n) for n in range(500)]
    right = [row("proxy", NOON + n * 0.12 + 0.04, "a", order=n) for n in range(500)]
    for one in (*left, *right):
        one.resolution_s = 0.001
    assert pairs(left, right) == {n: n for n in range(500)}


def answers(tier: str, said: str, *, timed: bool) -> list[Sighting]:
    """A try for each word: `o` opened, else its status."""
    return [
        row(tier, NOON + n if timed else None, opened=word == "o", status=None if word == "o" else int(word), order=n)
        for n, word in enumerate(said.split(), 1)
    ]


@pytest.mark.parametrize(
    ("proxy", "app", "found"),
    [
        ("403 o", "403 o", {0: 0, 1: 1}),
        ("o 502 o o", "o o o", {0: 0, 2: 1, 3: 2}),
        ("o o o", "o o", {0: 0, 1: 1}),
        ("403 o 403", "o 403", {1: 0, 2: 1}),
        ("404", "403", {}),
    ],
)
def test_without_times_the_order_of_answers_pairs(proxy: str, app: str, found: dict[int, int]) -> None:
    assert pairs(answers("proxy", proxy, timed=True), answers("app", app, timed=False)) == found


def test_a_rewriting_proxy_keeps_the_last_segment() -> None:
    assert pairs([row("proxy", NOON, path="/api/v1/ws")], [row("app", NOON, path="/ws")]) == {0: 0}


@pytest.mark.parametrize(("path", "last"), [("/api/v1/ws", "ws"), ("/ws/", "ws"), ("/", "/"), (None, None)])
def test_tail(path: str | None, last: str | None) -> None:
    assert tail(path) == last


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (row("proxy", status=502, upstream_status=403), 403),
        (row("proxy", status=403), 403),
        (row("proxy", opened=True), "opened"),
        (row("app", opened=True), "opened"),
        (row("browser", status=None), None),
    ],
)
def test_answer(one: Sighting, said: object) -> None:
    assert answer(one) == said


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        (row("browser", name="a"), row("proxy", name="b"), False),
        (row("browser", name="a"), row("proxy"), True),
        (row("browser", key="k"), row("proxy", key="l"), False),
        (row("browser", opened=True), row("proxy", opened=False), False),
        (row("browser", status=403), row("proxy", status=404), False),
        (row("browser", status=None, opened=None), row("proxy", status=404), True),
        (row("browser", opened=False), row("app", opened=True), True),
        (row("browser", opened=True), row("app", opened=False), False),
        (row("proxy", status=502, upstream="-"), row("app", status=403), False),
        (row("proxy", status=504), row("app", opened=True), True),
        (row("proxy", status=403), row("app", opened=True), False),
        (row("proxy", opened=True), row("app", status=403), False),
        (row("proxy", status=502, upstream_status=403), row("app", status=403), True),
        (row("proxy", status=499), row("app", status=403), True),
        (row("proxy", status=403), row("app", status=404), False),
        (row("app", status=403), row("proxy", status=403), True),
    ],
)
def test_fits(one: Sighting, other: Sighting, may: bool) -> None:
    assert fits(one, other) is may


tries = st.lists(
    st.tuples(st.none() | st.integers(0, 20), st.sampled_from([None, "a", "b"]), st.booleans(), st.sampled_from([None, "k1", "k2"])),
    max_size=12,
)


def made(tier: str, seen: list[tuple[int | None, str | None, bool, str | None]]) -> list[Sighting]:
    return [row(tier, None if at is None else NOON + at, name, opened=up, key=key, order=n) for n, (at, name, up, key) in enumerate(seen)]


@settings(max_examples=50, deadline=None)
@given(tries, tries, st.sampled_from(["proxy", "app"]))
def test_pairs_are_one_to_one(left: list, right: list, tier: str) -> None:  # type: ignore[type-arg]
    ours, theirs = made("browser", left), made(tier, right)
    found = pairs(ours, theirs)
    assert len(set(found.values())) == len(found)
    assert all(0 <= a < len(ours) and 0 <= b < len(theirs) for a, b in found.items())
    assert all(ours[a].main.key == theirs[b].main.key is not None or fits(ours[a], theirs[b]) for a, b in found.items())


@settings(max_examples=50, deadline=None)
@given(tries, tries, st.integers(-90_000, 90_000))
def test_a_clock_of_both_sides_changes_no_join(left: list, right: list, shift: int) -> None:  # type: ignore[type-arg]
    ours, theirs = ([(None if at is None else at + shift, *rest) for at, *rest in side] for side in (left, right))
    assert pairs(made("browser", ours), made("proxy", theirs)) == pairs(made("browser", left), made("proxy", right))
