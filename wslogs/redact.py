"""Where secrets end: tokens become fingerprints, excerpts keep recognised types only, outputs are searched once more."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from itertools import chain
from sys import intern
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
import regex

from wslogs.bodies import Bodies, below, inner, texts
from wslogs.elision import ELIDED as ELIDED
from wslogs.elision import SHOWN
from wslogs.errors import LeakError
from wslogs.leaks import Register, digests
from wslogs.model import Token
from wslogs.nets import found
from wslogs.paths import hidden
from wslogs.paths import shown_path as shown_path

NO_TOKEN = frozenset({"", "null", "undefined", "None"})
"""What a page sends for a token that it does not have."""
_MASKED = regex.compile(r"(?i)\*{2,}|%2a%2a|•{2,}|…|\.{3}|^x{4,}$|^[\[<({]?(?:redacted|masked|filtered|hidden|removed|sanitized)[\])>}]?$")
"""What a tier writes in place of a token, or where it cuts one: it joins nothing."""
_LIVED = (946684800.0, 4102444800.0)
"""2000 to 2100: a JWT time outside it is not believed."""
_USERINFO = regex.compile(r"://[^\s/@:]{0,200}:(?P<password>[^\s/@]{8,200})@")
_SECRET_HEADER = regex.compile(
    r"(?i)auth|cookie|token|key|secret|session|csrf|xsrf|api|protocol|signature|jwt|user(?!.?agent)|email|forwarded|refer|passw|ticket|location"
)
"""Names of headers whose values are secrets, or hold some."""
_LONG = 20_000
_MOST_HEADERS = 20_000
"""Headers that are kept in mind, so that one that comes with each request is taken apart once."""
TOKEN_NAMES = regex.compile(r"(?i)token|jwt|auth|key|ticket|session|sid|secret|signature|password|code|bearer")
_CACHED = 10_000
"""Tokens that are kept in mind before all are forgotten: to work one out takes some microseconds."""
_RECENT, _SHORT = 1000, 400
"""URLs and lines that are kept in mind, and the characters of the longest of them."""
_LONG_NUMBER = regex.compile(r"\d{12,}")
"""No status, code, size or duration that a line could mean has so many digits."""


class Url:
    """A URL as far as it may be known."""

    __slots__ = ("host", "path", "scheme", "token")

    def __init__(self, scheme: str | None, host: str | None, path: str | None, token: Token | None) -> None:
        self.scheme, self.host, self.path, self.token = scheme, host, path, token


class Vault:
    """The secrets of one run. Its key is random and lives in memory only."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._tokens: dict[tuple[str, str | None], Token] = {}
        self._urls: dict[str, Url] = {}
        self._learnt: set[str] = set()
        self.seen = Register()
        """Values that no output may hold."""
        self._bodies = Bodies()
        self._headers: set[tuple[str, str]] = set()

    def twin(self) -> Vault:
        """One with the same key that has seen nothing: of two readers equal texts are equal."""
        made = Vault()
        made._key = self._key
        return made

    def fingerprint(self, text: str) -> str:
        """Equal texts are equal, and nothing else can be learned of them."""
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]

    def secret(self, text: str, kind: str, *, password: bool = False) -> None:
        """Remembers a value that no output may hold, and the passwords of addresses in it."""
        self.seen.add(text, kind, password=password)
        if "@" in text:
            for found in _USERINFO.finditer(text):
                self.seen.add(found["password"], "password in an address", password=True)

    def header(self, name: str, value: str, kind: str = "request header") -> None:
        """Remembers the value of a header that may hold a secret: whole, each cookie of it, and what its scheme carries."""
        if not value or value == "-" or not _is_secret(name) or (name, value) in self._headers:
            return
        self._headers.clear() if len(self._headers) > _MOST_HEADERS else None
        self._headers.add((name, value))
        if name.lower().endswith(("referer", "referrer")):
            self.url(value)
            return
        self.secret(value, kind)
        for part in regex.split(r"[;,] ?", value) if len(value) < _LONG else ():
            self.secret(part.strip().partition("=")[2], kind)
            self.secret(part.strip().rpartition(" ")[2], kind)
        scheme, _, credentials = value.partition(" ")
        if name.lower().endswith("authorization") and credentials:
            self.secret(credentials.strip(), kind, password=True)
            if scheme.lower() == "basic":
                user, _, password = _unpacked(credentials.strip()).partition(":")
                self.secret(user, kind, password=True)
                self.secret(password, "password", password=True)

    def body(self, value: bytes | msgspec.Raw, kind: str) -> None:
        """Remembers every text below a value of JSON, and what the nets find in it."""
        for one, its in self._bodies.add(value, kind):
            self._look_into(one, its)

    def reveal(self) -> None:
        """Looks into bodies that were only kept: after that `seen` has all values one by one."""
        for value, kind in chain(self._bodies.settle(), self._bodies.taken()):
            self._look_into(value, kind)

    def _look_into(self, value: bytes, kind: str) -> None:
        for text in below(value):
            for part in (*inner(text), text):
                self.secret(part, kind)
            self.learn(text)

    def learn(self, text: str) -> None:
        """Remembers what the nets find in a line."""
        if text in self._learnt:
            return
        for value, kind, password in found(text):
            self.secret(value, kind, password=password)
        if len(text) <= _SHORT:
            self._learnt.clear() if len(self._learnt) >= _RECENT else None
            self._learnt.add(text)

    def token(self, text: str, parameter: str | None = None) -> Token:
        """A token's fingerprint and, of a JWT, when it begins and ends; its signature is not checked."""
        known = self._tokens.get((text, parameter))
        if known is None:
            self.secret(text, "token")
            claims = _claims(text)
            for claim in texts(claims):
                self.secret(claim, "claim of a token")
            known = Token(
                fingerprint=self.fingerprint(text),
                expires=_moment(claims.get("exp")),
                issued=_moment(claims.get("iat")),
                not_before=_moment(claims.get("nbf")),
                length=len(text),
                parameter=intern(parameter) if parameter is not None else None,
            )
            if len(self._tokens) >= _CACHED:
                self._tokens.clear()
            self._tokens[text, parameter] = known
        return known

    def url(self, text: str) -> Url:
        """Takes a URL or a request target apart: scheme, host with port, decoded path, token of the query."""
        known = self._urls.get(text)
        if known is None:
            known = self._url(text)
            if len(text) <= _SHORT:
                self._urls.clear() if len(self._urls) >= _RECENT else None
                self._urls[text] = known
        return known

    def _url(self, text: str) -> Url:
        try:
            # A request target `//ws` is a path; urlsplit would take its beginning for a host.
            parts = urlsplit(f"ws://{text}")._replace(scheme="") if text.startswith("/") else urlsplit(text)
            host = parts.netloc.rpartition("@")[2] or None
        except ValueError:
            return Url(None, None, None, None)
        if "@" in parts.netloc:
            user, _, password = parts.netloc.rpartition("@")[0].partition(":")
            self.secret(f"{user}:{password}", "user information of a URL")
            self.secret(user, "user information of a URL", password=True)
            self.secret(password, "user information of a URL", password=True)
        for segment in hidden(parts.path):
            self.secret(segment, "segment of a path")
        path = unquote(parts.path) if parts.path else ("/" if host else None)
        return Url(parts.scheme.lower() or None, host.lower() if host else None, path, self.query(parts.query))

    def query(self, query: str) -> Token | None:
        """The token that the query of a URL carries; each of its values is remembered as a secret."""
        pairs = parse_qsl(query, keep_blank_values=True, separator="&") if query else []
        for _, value in pairs:
            self.secret(value, "query value")
        for name, value in pairs:
            if value not in NO_TOKEN and TOKEN_NAMES.search(name) and not _MASKED.search(value):
                return self.token(value, name)
        long = [value for _, value in pairs if len(value) >= 20 and not _MASKED.search(value)]
        return self.token(long[0]) if long else None

    def check(self, files: Mapping[str, bytes], public: Collection[str] = ()) -> None:
        """LeakError when an output holds twelve characters in a row of any secret seen in this run, eight of a password.

        `public` are texts that may stand there: labels, paths and hashes of this report.
        """
        for value, kind in self._bodies.settle():
            self._look_into(value, kind)
        if digests(files, public):  # of which secret one is tells only its own digest
            self.reveal()
        if (found := self.seen.find(files, public, self._bodies.holding)) is not None:
            raise LeakError(f"{found[0]} would have held a part of a {found[1]}; nothing was written")


@lru_cache(1024)
def _is_secret(name: str) -> bool:
    return _SECRET_HEADER.search(name) is not None


def _claims(text: str) -> dict[str, object]:
    if text.count(".") != 2:
        return {}
    import jwt  # brings cryptography along, and many bundles hold no such token

    try:
        claims = jwt.decode(f"{text.rpartition('.')[0]}.", options={"verify_signature": False})  # nor is its signature looked at
    except (jwt.PyJWTError, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _unpacked(text: str) -> str:
    """What base64 holds; nothing where it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
    except ValueError:
        return ""


def _moment(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and _LIVED[0] <= value <= _LIVED[1]:
        return float(value)
    return None


def excerpt(match: regex.Match[str], line: str) -> str:
    """The matched part of a line with every group that is not of a shown type elided.

    What stands outside the groups is literal or a short closed class: patterns.py refuses anything else.
    """
    # A name may stand twice in a pattern, and a group may repeat: every span of it counts.
    hidden = [span for name in match.re.groupindex if name not in SHOWN for span in match.spans(name)]
    holes = [(first, last) for first, last in hidden if 0 <= first < last]
    text = _with_holes(line, match.start(), match.end(), sorted(holes))
    before = ELIDED + " " if line[: match.start()].strip() else ""
    after = " " + ELIDED if line[match.end() :].strip() else ""
    return before + _LONG_NUMBER.sub(ELIDED, " ".join(text.split())) + after


def _with_holes(line: str, start: int, end: int, holes: Iterable[tuple[int, int]]) -> str:
    parts, position = [], start
    for first, last in holes:
        if first >= position:
            parts.append(line[position:first] + ELIDED)
            position = last
    return "".join(parts) + line[position:end]
