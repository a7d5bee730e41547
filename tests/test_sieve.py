"""Where one of many texts may stand in bytes is told as exactly as its first twelve bytes tell it."""

from random import Random

import numpy as np
import pytest

from wslogs.sieve import Sieve, coded, holders

TEXTS = (b"9f8Zq2LmXv7TbR4cKd6w", b"second-of-12", "слово и другое".encode())


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("before", range(6))
def test_a_text_is_found_at_any_distance_from_a_multiple_of_four(text: bytes, before: int) -> None:
    sieve = Sieve(TEXTS)
    (place,) = sieve.places(b"-" * before + text + b"-" * 5)
    assert before <= place < before + 4 and sieve.places(text[:12]) == [0]


@pytest.mark.parametrize("block", [b"", b"short", b"9f8Zq2LmXv7", b"9f8Zq2LmXv7_TbR4cKd6w", b"f8Zq2LmXv7TbR4c", b"x" * 100, TEXTS[0][1:]])
def test_a_part_of_a_text_is_none(block: bytes) -> None:
    assert Sieve(TEXTS).places(block) == []


def test_no_text_is_found_without_texts() -> None:
    assert Sieve([]).places(b"anything that is long enough") == []


def test_it_finds_what_a_search_finds() -> None:
    random = Random(1)
    made = ["".join(random.choices("abc", k=12)).encode() for _ in range(200)]
    block = "".join(random.choices("abc", k=50_000)).encode()
    found = {place - back for place in Sieve(made).places(block) for back in range(4) if block[max(0, place - back) :][:12] in made}
    assert found == {at for at in range(len(block)) if block[at : at + 12] in made} and len(found) > 5


@pytest.mark.parametrize(
    ("block", "places"),
    [
        (rb'"a \"quoted\" word,\r\n\ta line\f"', []), (rb'"{\"in\": \"a \\\"word\\\"\\r\\n\\ta line\\f\"}"', []),
        (rb'"50 % of 7%\" a%20b%0A%3c"', []), (rb'"a\\b"', [2]), (rb'"\u0041"', [1]), (rb'"a\/b"', [2]), (rb'"a\\/b"', [2]),
        (rb'"\b"', [1]), (rb'"a\\u0041"', [2]), (rb'"C:\\"', [3]),
        (rb'"\\\\n"', [1]), (rb'"\\\\\\""', [1]), (rb'"\\\n"', [1]),
        (b'"50 %41 %d0%9f %25"', [4, 8, 11, 15]), (b'"ends\\', [5]), (b"\\u", [0]), (b"ends %4", []), (b"", []),
    ],
)  # fmt: skip
def test_codes_that_hide_more_than_quotes_and_blanks(block: bytes, places: list[int]) -> None:
    assert coded(block).tolist() == places


def test_which_pieces_hold_what_was_found() -> None:
    assert holders([0, 10, 20, 30], [29, 10], np.array([11, 0])) == [0, 1, 2]
    assert holders([0, 10], []) == []
