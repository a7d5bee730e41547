"""Pseudonyms: of the same shape, equal for equal values, and made of nothing but the order in which values come."""

import jwt
import pytest

from tests.hostile.secrets import NOON
from wslogs.cleaning.pseudonyms import Pseudonyms
from wslogs.redact import Vault
from wslogs.report.names import address_class, network_of


@pytest.fixture
def names() -> Pseudonyms:
    return Pseudonyms(Vault())


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("aZ8kL2pQ", "xX0xX0xA"),
        ("12345678901", "00000000001"),
        ("3fc074500c5c34ac", "0aa000000a0a00ab"),
        ("jane@example.org", "xxxx@xxxxxxx.xxa"),
        ("ключ от сейфа", "xxxx xx xxxxa"),
        ("a b\"c<d>", "x x-x-a-"),
    ],
)  # fmt: skip
def test_the_shape_stays_and_nothing_else(names: Pseudonyms, value: str, made: str) -> None:
    assert names.of(value) == made


@pytest.mark.parametrize("value", ["", "null", "undefined", "None", "***", "[REDACTED]", "xxxxxx", "…"])
def test_what_says_that_there_is_no_value_stays(names: Pseudonyms, value: str) -> None:
    assert names.of(value) == value


def test_of_a_value_that_is_masked_in_part_the_rest_goes(names: Pseudonyms) -> None:
    assert names.of("...p4zk2m") == "...x0xx0a"
    assert names.of("hunter**2") == "xxxxxx**1"


def test_equal_values_are_equal_and_different_ones_differ(names: Pseudonyms) -> None:
    values = [f"{n:03}" for n in range(1000)]
    made = [names.of(value) for value in values]
    assert len(set(made)) == 1000 and made == [names.of(value) for value in values]


def test_of_a_jwt_the_times_stay(names: Pseudonyms) -> None:
    token = jwt.encode({"sub": "jane", "exp": NOON, "iat": NOON - 60.5, "nbf": 17}, "k" * 32, algorithm="HS256")
    long = jwt.encode({"sub": "jane" * 400, "exp": NOON}, "k" * 32, algorithm="HS256")
    made, longer = (names.of(one) for one in (token, long))
    claims = jwt.decode(made, options={"verify_signature": False})
    assert {name: claims[name] for name in claims if name != "pad"} == {"n": 1, "iat": NOON - 60.5, "exp": NOON}
    assert jwt.get_unverified_header(made) == {"alg": "none", "typ": "JWT"}
    assert abs(len(made) - len(token)) < 40 and abs(len(longer) - len(long)) < 20
    assert Vault().token(made).expires == NOON


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "192.168.1.5", "::1", "fe80::1", "169.254.1.1"])
def test_addresses_that_nobody_has_alone_stay(names: Pseudonyms, address: str) -> None:
    assert names.address(address) == address


def test_public_addresses_stay_public_and_in_their_networks(names: Pseudonyms) -> None:
    given = [
        "8.8.8.8",
        "8.8.8.9",
        "9.9.9.9",
        "2a00:1450::5",
        "2a00:1450::6",
        "2a00:1451::5",
        "8.8.8.0",
        *(f"5.{n // 200}.{n % 200}.1" for n in range(400)),
    ]
    made = [names.address(one) for one in given]
    assert made[:7] == ["192.0.2.1", "192.0.2.2", "198.51.100.1", "2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1", "192.0.2.0"]
    assert {address_class(one) for one in made} == {"public"}
    assert len(set(made)) == len(given) and len({network_of(one) for one in made}) == len({network_of(one) for one in given})
    assert names.address("::ffff:8.8.8.8") == "::ffff:192.0.2.1"


def test_addresses_may_be_kept() -> None:
    assert Pseudonyms(Vault(), addresses=True).address("8.8.8.8") == "8.8.8.8"
