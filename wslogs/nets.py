"""The deny-list: places where secrets stand in a line, and shapes that they have."""

from __future__ import annotations

from collections.abc import Iterator

import re2
import regex

from wslogs.linewise import compiled

QUERY = regex.compile(r"(?P<kept>\?)[^\s\"'<>]+")
HEADER = regex.compile(
    r"(?i)(?P<kept>(?:(?:proxy-)?authorization|(?:set-)?cookie|x-(?:api|auth|csrf|access)[\w-]*|sec-websocket-(?:protocol|key)|dsn)"
    r"[\"']?\s*[:=]\s*[\"'\[(]*)[^\"'\r\n]+"
)
_NAMES = (
    r"token|secret|passw(?:or)?d|pwd|passphrase|api[_-]?key|jwt|session|sid|bearer|user(?:name)?"
    r"|email|phone|login|cookie|auth|credential|signature|state|otp|pin|code_verifier"
)
NAMED = regex.compile(
    rf"(?i)(?P<kept>(?:(?<![\w-])(?=[\w-]++[\"']?\s*[:=])(?=[\w-]*(?:{_NAMES}))[\w-]++)[\"']?\s*[:=]+\s*[\"']?|(?:bearer|basic) )"
    r"[^\s\"',;&]+"
)
USERINFO = regex.compile(r"(?P<kept>://)[^\s/@\"']+@")
RANDOM = regex.compile(r"(?<![\w+=-])(?=[\w+=-]*\d)(?=[\w+=-]*[A-Za-z])[\w+=-]{16,}|(?<![\w.+%-])[\w.+%-]++@[\w.-]+|[0-9a-fA-F]{16,}")
"""Each expression begins where a run of its characters begins: one that may begin anywhere in it takes the square of its length."""
NUMBERS = regex.compile(
    r"\+\d[\d \-()]{6,18}\d|(?<![\d:.])(?!\d{4}-\d\d-\d\d)\(?\d{2,4}\)?(?:[- ]\d{2,3}){0,2}(?:-\d{2,4}){2,3}|(?:\d{4}[ -]){3}\d{4}"
)
"""Telephones and cards."""
ADDRESS = regex.compile(
    r"\b\d{1,3}(?:\.\d{1,3}){3}\b"
    r"|(?<![\w:])(?=[0-9a-fA-F:]*::|(?:[0-9a-fA-F]{1,4}:){5})(?:[0-9a-fA-F]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4})(?![\w:])"
)
NETS = (QUERY, HEADER, NAMED, USERINFO, ADDRESS, NUMBERS, RANDOM)
"""In this order; what a group `kept` holds stays in the line."""
# Three dotted names of a module and its class are no token: one has capitals and digits, or begins as a JWT does.
JWT = regex.compile(
    r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]{8})(?=eyJ|(?=[\w.-]{0,99}[A-Z])[\w.-]{0,99}\d)"
    r"[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{4,}"
)
_PASSWORD = regex.compile(r"(?i)passw|pwd|passphrase|://")
_LONGEST = 16 << 10


def found(text: str) -> Iterator[tuple[str, str, bool]]:
    """(value, kind of its place, whether it is a password) of each secret that a place or a shape shows."""
    text = text[:_LONGEST]
    raw = text.encode("utf-8", "surrogatepass")
    if _HEADERS.search(raw) is not None:
        for one in HEADER.finditer(text):
            yield _value(one), "header in a line", _is_password(one)
    for part in _parts(_PAIRS, raw):
        for one in NAMED.finditer(part):
            yield _value(one), "named value in a line", _is_password(one)
    if "://" in text and "@" in text:
        for one in USERINFO.finditer(text):
            value = _value(one).rstrip("@")
            yield value, "user information of a URL", True
            yield value.partition(":")[2], "user information of a URL", True
    for part in _parts(_RUNS, raw):
        for one in JWT.finditer(part):
            yield one[0], "token in a line", False
        for one in RANDOM.finditer(part):
            yield one[0], "long random word in a line", False


def _value(one: regex.Match[str]) -> str:
    return one[0][len(one["kept"]) :].rstrip("@")


def _is_password(one: regex.Match[str]) -> bool:
    return _PASSWORD.search(one["kept"]) is not None


# RE2 tells 50 times as fast where a net may catch something. It sees bytes, of which those of other than ASCII letters count as any
# character; what it tells of is whole as far as the net can see, so that the net catches there what it would catch in the whole text.
_ANY, _BLANK = r"\x80-\xff", r"[\s\x0b\x1c-\x1f\x80-\xff]"
_HEADERS = compiled(
    rf"(?i)(?:authorization|cookie|x-(?:api|auth|csrf|access)[\w{_ANY}-]*|sec-websocket-(?:protocol|key)|dsn)[\"']?{_BLANK}*[:=]"
)
_PAIRS = compiled(
    rf"(?i)[^,;&]*(?:(?:{_NAMES})[\w{_ANY}-]*[\"']?{_BLANK}*[:=]|(?:bearer|basic) )[^,;&]*"  # no pair holds a comma, `;` or `&`
)
_RUNS = compiled(rf"[\w+=.%@{_ANY}-]{{16,}}|[\w+=.%@{_ANY}-]*@[\w+=.%@{_ANY}-]+")


def _parts(places: re2._Regexp, raw: bytes) -> Iterator[str]:
    return (one.group().decode("utf-8", "surrogatepass") for one in places.finditer(raw))
