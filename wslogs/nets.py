"""The deny-list: places where secrets stand in a line, and shapes that they have."""

from __future__ import annotations

from collections.abc import Iterator

import regex

QUERY = regex.compile(r"(?P<kept>\?)[^\s\"'<>]+")
HEADER = regex.compile(
    r"(?i)(?P<kept>(?:(?:proxy-)?authorization|(?:set-)?cookie|x-(?:api|auth|csrf|access)[\w-]*|sec-websocket-(?:protocol|key)|dsn)"
    r"[\"']?\s*[:=]\s*[\"'\[(]*)[^\"'\r\n]+"
)
NAMED = regex.compile(
    r"(?i)(?P<kept>(?:(?<![\w-])(?=[\w-]*(?:token|secret|passw(?:or)?d|pwd|passphrase|api[_-]?key|jwt|session|sid|bearer|user(?:name)?"
    r"|email|phone|login|cookie|auth|credential|signature|state|otp|pin|code_verifier))[\w-]++)[\"']?\s*[:=]+\s*[\"']?|(?:bearer|basic) )"
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
_JWT = regex.compile(
    r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]{8})(?=eyJ|(?=[\w.-]{0,99}[A-Z])[\w.-]{0,99}\d)"
    r"[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{4,}"
)
_PASSWORD = regex.compile(r"(?i)passw|pwd|passphrase|://")
_LONGEST = 16 << 10


def found(text: str) -> Iterator[tuple[str, str, bool]]:
    """(value, kind of its place, whether it is a password) of each secret that a place or a shape shows."""
    text = text[:_LONGEST]
    for net, kind in ((HEADER, "header in a line"), (NAMED, "named value in a line"), (USERINFO, "user information of a URL")):
        for one in net.finditer(text):
            value = one[0][len(one["kept"]) :].rstrip("@")
            password = _PASSWORD.search(one["kept"]) is not None
            yield value, kind, password
            if net is USERINFO:
                yield value.partition(":")[2], kind, True
    for one in _JWT.finditer(text):
        yield one[0], "token in a line", False
    for one in RANDOM.finditer(text):
        yield one[0], "long random word in a line", False
