"""Words, paths, addresses of servers and free text of a bundle, as they may stand in a clean one.

What stays is what a report may show: words that wslogs' patterns and the bundle's configuration are made of, numbers of up to six
digits, times, names of hosts. A value, an id or an unknown part of a path becomes its pseudonym; any other word keeps its shape.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import unquote, unquote_plus

import regex

from wslogs.cleaning.pseudonyms import Pseudonyms
from wslogs.labels import label
from wslogs.mask import CLOCK, Mask
from wslogs.nets import ADDRESS, HEADER, JWT, NAMED, NUMBERS, RANDOM
from wslogs.parsers.kit import Kit
from wslogs.paths import known
from wslogs.redact import NO_TOKEN, TOKEN_NAMES

STRICT, LOOSE, LOOSEST = range(3)
"""How much of what follows a telling name is taken for its value: all, a word unless it is known, nothing but unknown words."""
_FLAG = regex.compile(r"-?\d{1,3}|true|false")
_DOTTED = r"(?<![\w@.-])(?:[A-Za-z0-9_-]+\.)+[A-Za-z][A-Za-z0-9-]*(?![\w@-])"
_URL = r"(?<![A-Za-z])[A-Za-z][A-Za-z0-9+]{1,20}://(?:\[[0-9a-fA-F:.]{2,45}\])?[^\s\"'<>`\\\[\]{}|…]*"
_PATH = r"(?<![\w/.*)\]-])/[^\s\"'<>`\\\[\]{}()|,;…]*"
_BYTES = r"(?:\\x[0-9A-Fa-f]{2})+"
_NUMBER = r"(?<![\w.])\d+(?:\.\d+)*(?:ms|[smhdkKMGg])?(?!\w)"
_WORD = r"[^\W_]+(?:_[^\W_]+)*"
_JOINED = regex.compile(r"(?<![A-Za-z0-9_])[A-Za-z]+(?:_[A-Za-z]+)+(?![A-Za-z0-9_])")
"""Names that patterns hold as they are: `SSL_do_handshake`, whose parts alone are no words."""
_OWN_WORDS = frozenset({"referrer", "subrequest", "epoll", "getrlimit", "rlimit_nofile", "alive", "charset"})
"""What nginx writes into every error line, or at its start."""
_ERROR = regex.compile(
    r"[A-Z][A-Za-z]{2,40}(?:Error|Exception|Warning|Timeout)|(?:ERR|NS_ERROR|SSL_ERROR|SEC_ERROR|MOZILLA_PKIX_ERROR)(?:_[A-Z0-9]{1,20}){1,8}"
)
"""A class of errors, as tracebacks.py tells one, and the browsers' names of theirs: a report shows them as well."""
_END = ".,;:!?)"
_PARTS = regex.compile(r"[^\W_]+")
_SCHEME = regex.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+]{1,20})://(?:(?P<user>[^\s/?#]*)@)?(?P<host>[^/?#]*)(?P<rest>.*)", regex.DOTALL)
_SHORT, _DIGITS, _DECIMALS, _LONGEST = 3, 6, 12, 40
_KEPT_BYTES = 12
"""Characters of escaped bytes that tell a TLS record by its beginning."""
_HOST = regex.compile(r"(?i)(?:[\w-]+\.)*[\w-]+")


def _piece(*named: str) -> regex.Pattern[str]:
    parts = {
        "clock": CLOCK.pattern, "url": _URL, "jwt": JWT.pattern, "named": "", "mail": r"(?<![\w.+%-])[\w.+%-]++@[\w.-]+", "path": _PATH,
        "fixed": r"(?<=error:)[0-9A-F]{8}(?=:)", "address": ADDRESS.pattern, "numbers": NUMBERS.pattern, "bytes": _BYTES, "host": _DOTTED,
        "random": RANDOM.pattern, "number": _NUMBER, "word": _WORD,
    }  # fmt: skip
    parts["named"] = "|".join(named)
    return regex.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in parts.items() if pattern))


def _inner(net: regex.Pattern[str], kept: str) -> str:
    """A net as a part of a longer expression."""
    return f"(?i:{net.pattern.replace('(?i)', '').replace('(?P<kept>', f'(?P<{kept}>')})"


_PIECES = {
    STRICT: _piece(_inner(HEADER, "kept"), _inner(NAMED, "kept_name")),
    LOOSE: _piece(_inner(NAMED, "kept_name")),
    LOOSEST: _piece(),
}


class Texts:
    """Cleans texts of one bundle."""

    def __init__(self, kit: Kit, pseudonyms: Pseudonyms, hosts: Collection[str], labels: Collection[str]) -> None:
        """`hosts`: names of servers that the bundle names as such; `labels`: parts of the names of its files, which stay as well."""
        self.names, self._hosts = pseudonyms, {host.lower() for host in hosts}
        self._named = {*kit.named, *labels}
        self._known = Mask(kit.vault, kit.patterns.words).stands
        stanzas = (str(stanza) for stanza, _ in kit.patterns.stanzas())
        self._joined = _OWN_WORDS | {word.lower() for text in stanzas for word in _JOINED.findall(text)}
        self._agents: dict[str, int] = {}
        self.public: set[str] = set()
        """Texts that are made of what may stand and of pseudonyms: what the last look need not ask for."""

    def _stands(self, word: str) -> bool:
        """Whether a word is one of wslogs' patterns, or the name of a class of errors."""
        return self._known(word) or word.lower() in self._joined or _ERROR.fullmatch(word) is not None

    def url(self, text: str) -> str:
        """An address of any scheme: scheme, host and port stay; text of another form is free text."""
        found = _SCHEME.fullmatch(text)
        if found is None:
            return self.target(text) if text.startswith("/") else self.line(text)
        user = ":".join(self.names.of(part, "user information of a URL") for part in (found["user"] or "").split(":"))
        made = f"{found['scheme']}://{user}{'@' if found['user'] else ''}{self.host(found['host'])}{self.target(found['rest'])}"
        self.public.add(made)
        return made

    def host(self, text: str) -> str:
        """A host, maybe with its port: a name stays unless it looks random, an address as addresses do."""
        name, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
        if not (colon and port.isdecimal() and len(port) < _DIGITS):
            name, colon, port = text, "", ""
        bare = name.strip("[]")
        if ADDRESS.fullmatch(bare):
            return f"{name.replace(bare, self.names.address(bare))}{colon}{port}"
        plain = name == "" or name.lower() in self._hosts or (_HOST.fullmatch(name) is not None and label(name) == name)
        return text if plain else self.names.of(text)

    def target(self, text: str) -> str:
        """A path with its query and what follows a `#`."""
        rest, mark, anchor = text.partition("#")
        path, question, query = rest.partition("?")
        made = self.path(path) + question + self.query(query) + mark + (self.names.of(anchor) if anchor else "")
        self.public.add(made)
        return made

    def path(self, text: str) -> str:
        """A path, each segment by itself."""
        return "/".join(self._segment(segment) for segment in text.split("/"))

    def _segment(self, segment: str) -> str:
        plain = unquote(segment)
        if not plain or segment in self._named or known(segment) or self._is_word(segment):
            return segment
        if JWT.fullmatch(plain) or "=" in plain or RANDOM.fullmatch(plain):
            return self.names.of(plain, "segment of a path")
        return _PARTS.sub(lambda part: part[0] if self._is_word(part[0]) or known(part[0]) else self.names.of(part[0]), plain)

    def _is_word(self, text: str) -> bool:
        return len(text) > _SHORT and self._stands(text)

    def query(self, text: str) -> str:
        """Values become pseudonyms but those that say there is none, and of other parameters than a token's known words and flags."""
        return "&".join(self._pair(pair) for pair in text.split("&")) if text else ""

    def _pair(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        if not equals:
            return pair if self._stands(pair) and len(pair) > _SHORT else self.names.of(unquote_plus(pair), "query value")
        plain = _decoded(value)
        made = value if plain in NO_TOKEN or self._is_flag(name, plain) else self.names.of(plain, "query value")
        return f"{self.words(unquote_plus(name))}={made}"

    def _is_flag(self, name: str, value: str) -> bool:
        return TOKEN_NAMES.search(name) is None and (_FLAG.fullmatch(value) is not None or self._is_word(value))

    def words(self, text: str) -> str:
        """Unknown words become pseudonyms: for names, of which equal ones must stay equal."""
        return _PARTS.sub(lambda part: part[0] if self._stands(part[0]) else self.names.of(part[0]), text)

    def name(self, text: str) -> str:
        """A name that stays where the bundle uses it for a server, or made of known words."""
        return text if text.lower() in self._hosts else self.words(text)

    def agent(self, text: str) -> str:
        """What a browser calls itself: one is told from another, and no more."""
        return text if text in ("", "-") else f"agent/{self._agents.setdefault(text, len(self._agents) + 1)}"

    def header(self, text: str) -> str:
        """The value of a header: the word of its scheme and names of cookies stay."""
        scheme, blank, rest = text.partition(" ")
        if blank and scheme.lower() in ("bearer", "basic", "token"):
            return f"{scheme} {self.names.of(rest, 'request header')}"
        made = "".join(self._part(part) for part in regex.split(r"([;,] ?)", text))
        self.public.add(made)
        return made

    def _part(self, part: str) -> str:
        name, equals, value = part.partition("=")
        if equals and value.strip("="):
            return f"{self.words(name)}={self.names.of(value, 'request header')}"
        return part if not part.strip(";, ") or self._is_word(part) else self.names.of(part, "request header")

    def line(self, text: str, level: int = STRICT, *, equal: bool = False) -> str:
        """Free text. `equal`: unknown words become pseudonyms, so that equal ones stay equal; else only their shape is left."""
        return _PIECES[level].sub(lambda found: self._cleaned(found, level, equal), text)

    def _cleaned(self, found: regex.Match[str], level: int, equal: bool) -> str:
        text, groups = found[0], found.groupdict()
        if groups["clock"] or groups["fixed"] or groups["number"]:
            return text if not groups["number"] or _is_small(text) else self.names.of(text, "long number")
        if groups.get("named"):
            return self._value(text, groups, level, equal)
        if groups["url"] or groups["path"]:
            body = text.rstrip(_END)
            return (self.url(body) if groups["url"] else self.target(body)) + text[len(body) :]
        if groups["address"]:
            return self.names.address(text)
        if groups["bytes"]:
            return text[:_KEPT_BYTES] + r"\x00" * ((len(text) - _KEPT_BYTES) // 4)
        if groups["host"]:
            return text if text.lower() in self._hosts else _PARTS.sub(lambda part: self._word(part[0], equal), text)
        if groups["word"]:
            return self._word(text, equal)
        return text if self._stands(text) else self.names.of(text)

    def _value(self, text: str, groups: dict[str, str | None], level: int, equal: bool) -> str:
        name = groups.get("kept_name")
        if name is not None:
            value = text[len(name) :]
            if (level == LOOSE and self._stands(value)) or value.lower() in self._hosts:
                return self.line(name, LOOSEST, equal=equal) + value
            return self.line(name, LOOSEST, equal=equal) + self.names.of(unquote(value), "named value in a line")
        name = groups["kept"] or ""
        return self.line(name, LOOSEST, equal=equal) + self.header(text[len(name) :])

    def _word(self, word: str, equal: bool) -> str:
        if self._stands(word) or word.lower() in self._hosts:
            return word
        if word.isdecimal() and len(word) <= _SHORT:
            return word
        if equal or word in self.names.known or any(c.isdigit() for c in word):
            return self.names.of(word)
        return "".join("X" if c.isupper() else "x" if c.isalpha() else c for c in word[:_LONGEST])


def _is_small(text: str) -> bool:
    digits = sum(c.isdigit() for c in text)
    return digits <= _DIGITS or ("." in text and digits <= _DECIMALS)


def _decoded(value: str) -> str:
    """A value of a query as it was before it was coded, maybe more than once."""
    plain = unquote_plus(value)
    for _ in range(2):
        plain = unquote(plain)
    return plain
