"""Who dials: clients, agents and tokens, from a seed."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from random import Random

_KEY = b"a key for benchmarks alone"
_HEAD = urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_JWTS = 0.6
"""Share of the tokens that are JWTs; the others are opaque."""
_EXPIRED, _FIRST = 17, 3
"""Of so many tokens one is a JWT that had expired when it was first dialled with, the fourth to begin with."""
_LIVES_S = 8 * 3600
HOUR_S = 3600
_SYSTEMS = (
    "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64", "Linux; Android 10; K",
    "iPhone; CPU iPhone OS 18_1 like Mac OS X",
)  # fmt: skip
AGENTS = tuple(f"Mozilla/5.0 ({system}) AppleWebKit/537.36 Chrome/{major}.0.0.0" for system in _SYSTEMS for major in range(148, 156))
"""Forty; shorter than real ones, so that a row has about 195 bytes."""
CLIENTS = 5000


@dataclass(frozen=True, slots=True)
class User:
    """One token, and the browser that holds it."""

    client: str
    agent: str
    token: str
    expired: bool


def client(number: int) -> str:
    """One of CLIENTS addresses of the net that RFC 2544 sets apart for benchmarks."""
    return f"198.18.{number // 250}.{number % 250 + 1}"


def user(random: Random, number: int, now: int) -> User:
    """The `number`-th user, who logged in a little before `now`, or whose token ran out before it."""
    expired = number % _EXPIRED == _FIRST
    is_jwt = expired or random.random() < _JWTS
    issued = now - _LIVES_S - random.randrange(HOUR_S, 48 * HOUR_S) if expired else now - random.randrange(60, HOUR_S)
    token = jwt(number, issued, issued + _LIVES_S) if is_jwt else "".join(random.choices(_ALPHABET, k=32))
    return User(client(random.randrange(CLIENTS)), random.choice(AGENTS), token, expired)


def jwt(subject: int, issued: int, expires: int) -> str:
    """A JWT of three claims; times in epoch seconds."""
    body = urlsafe_b64encode(f'{{"sub":"{subject}","iat":{issued},"exp":{expires}}}'.encode()).rstrip(b"=")
    signed = _HEAD + b"." + body
    return (signed + b"." + urlsafe_b64encode(hmac.digest(_KEY, signed, "sha256")).rstrip(b"=")).decode()
