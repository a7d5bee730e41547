"""Where secrets end: tokens become fingerprints, excerpts keep recognised types only, outputs are searched once more."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

import jwt
import regex

from wslogs.elision import SHOWN
from wslogs.errors import LeakError
from wslogs.model import Token

ELIDED = "…"
_WINDOW = 12
"""So many characters of a secret in an output are a leak."""
NO_TOKEN = frozenset({"", "null", "undefined", "None"})
"""What a page sends for a token that it does not have."""
_MASKED = regex.compile(r"(?i)\*{2,}|%2a%2a|•{2,}|…|\.{3}|^x{4,}$|^[\[<({]?(?:redacted|masked|filtered|hidden|removed|sanitized)[\])>}]?$")
"""What a tier writes in place of a token, or where it cuts one: it joins nothing."""
_LIVED = (946684800.0, 4102444800.0)
"""2000 to 2100: a JWT time outside it is not believed."""
_PLAIN_SEGMENT = regex.compile(r"[A-Za-z][A-Za-z_\-.]{0,31}|v\d{1,3}")
_ORDINARY = regex.compile(
    r"(?:v?\d{1,3}/)?(?:[a-z_.\-: ]|/(?:v\d{1,3}(?=/|$))?)*"  # words, and a path such as /api/v1/ws, cut anywhere
    r"|[\d.:\-TZ ]+|https?://[a-z.\-]*|[A-Z_]+"
)
_TOKEN_NAMES = regex.compile(r"(?i)token|jwt|auth|key|ticket|session|sid|secret|signature|password|code|bearer")

_QUERY = regex.compile(r"(?P<kept>\?)[^\s\"'<>]+")
_HEADER = regex.compile(r"(?i)(?P<kept>(?:authorization|cookie|x-api-key|x-auth-token)[\"']?\s*[:=]\s*[\"']?)[^\"'\r\n]+")
_NAMED = regex.compile(
    r"(?i)(?P<kept>(?:token|secret|password|passwd|pwd|api[_-]?key|jwt|session|sid|bearer|user|email|sec-websocket-\w+)"
    r"[\"']?\s*[:=]\s*[\"']?|bearer )[^\s\"',;&]+"
)
_RANDOM = regex.compile(r"(?=[\w+/=.-]*\d)(?=[\w+/=.-]*[A-Za-z])[\w+/=-]{16,}(?:\.[\w+/=-]+)*|[\w.+-]+@[\w.-]+|[0-9a-fA-F]{16,}")
_ADDRESS = regex.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F:]*[0-9a-fA-F]\b")


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
        self._secrets: dict[str, str] = {}

    def fingerprint(self, text: str) -> str:
        """Equal texts are equal, and nothing else can be learned of them."""
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]

    def secret(self, text: str, kind: str) -> None:
        """Remembers a value that no output may hold; values under 12 characters cannot be told from ordinary words."""
        if len(text) >= _WINDOW:
            self._secrets.setdefault(text, kind)

    def token(self, text: str, parameter: str | None = None) -> Token:
        """A token's fingerprint and, of a JWT, when it begins and ends; its signature is not checked."""
        known = self._tokens.get((text, parameter))
        if known is None:
            self.secret(text, "token")
            claims = _claims(text)
            known = Token(
                fingerprint=self.fingerprint(text),
                expires=_moment(claims.get("exp")),
                issued=_moment(claims.get("iat")),
                not_before=_moment(claims.get("nbf")),
                length=len(text),
                parameter=parameter,
            )
            self._tokens[text, parameter] = known
        return known

    def url(self, text: str) -> Url:
        """Takes a URL or a request target apart: scheme, host with port, decoded path, token of the query."""
        try:
            # A request target `//ws` is a path; urlsplit would take its beginning for a host.
            parts = urlsplit(f"ws://{text}")._replace(scheme="") if text.startswith("/") else urlsplit(text)
            host = parts.netloc.rpartition("@")[2] or None
        except ValueError:
            return Url(None, None, None, None)
        if "@" in parts.netloc:
            self.secret(parts.netloc.rpartition("@")[0], "user information of a URL")
        path = unquote(parts.path) if parts.path else ("/" if host else None)
        return Url(parts.scheme.lower() or None, host.lower() if host else None, path, self._query_token(parts.query))

    def _query_token(self, query: str) -> Token | None:
        pairs = parse_qsl(query, keep_blank_values=True, separator="&") if query else []
        for _, value in pairs:
            self.secret(value, "query value")
        for name, value in pairs:
            if value not in NO_TOKEN and _TOKEN_NAMES.search(name) and not _MASKED.search(value):
                return self.token(value, name)
        long = [value for _, value in pairs if len(value) >= 20 and not _MASKED.search(value)]
        return self.token(long[0]) if long else None

    def mask(self, text: str, *, addresses: bool = False) -> str:
        """A line with everything that may be a secret elided: secrets seen, queries, long random words, named values, addresses."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, ELIDED)
        for net in (_QUERY, _HEADER, _NAMED, _RANDOM, *(() if addresses else (_ADDRESS,))):
            text = net.sub(lambda found: found.groupdict().get("kept", "") + ELIDED, text)
        return " ".join(text.split())

    def check(self, files: Mapping[str, bytes]) -> None:
        """LeakError when an output holds twelve characters in a row of any secret seen in this run."""
        windows: dict[str, str] = {}
        for text, kind in self._secrets.items():
            for start in range(len(text) - _WINDOW + 1):
                windows.setdefault(text[start : start + _WINDOW], kind)
        if not windows:
            return
        for name, content in files.items():
            text = content.decode("utf-8", "replace")
            for run in regex.finditer(r"[^\s\"'<>…]{12,}", text):
                word = run[0]
                for start in range(len(word) - _WINDOW + 1):
                    leaked = windows.get(word[start : start + _WINDOW])
                    if leaked is not None and not _ordinary(word[start : start + _WINDOW]):
                        raise LeakError(f"{name} would have held a part of a {leaked}; nothing was written")


def _ordinary(window: str) -> bool:
    """Plain lower-case words with separators stand in wslogs' own text as well, and a path with its version; no random token looks so."""
    return _ORDINARY.fullmatch(window) is not None


def _claims(text: str) -> dict[str, object]:
    if text.count(".") != 2:
        return {}
    try:
        claims = jwt.decode(text, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _moment(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and _LIVED[0] <= value <= _LIVED[1]:
        return float(value)
    return None


def shown_path(path: str | None) -> str:
    """A path with every segment that is not a plain word elided: ids, tokens and free text do not pass."""
    if not path:
        return ELIDED
    segments = path.split("/")
    return "/".join(s if not s or _PLAIN_SEGMENT.fullmatch(s) else ELIDED for s in segments[:12])


def excerpt(found: regex.Match[str], line: str) -> str:
    """The matched part of a line with every group that is not of a shown type elided.

    What stands outside the groups is literal or a short closed class: patterns.py refuses anything else.
    """
    # A name may stand twice in a pattern, and a group may repeat: every span of it counts.
    hidden = [span for name in found.re.groupindex if name not in SHOWN for span in found.spans(name)]
    holes = [(first, last) for first, last in hidden if 0 <= first < last]
    text = _with_holes(line, found.start(), found.end(), sorted(holes))
    before = ELIDED + " " if line[: found.start()].strip() else ""
    after = " " + ELIDED if line[found.end() :].strip() else ""
    return before + " ".join(text.split()) + after


def _with_holes(line: str, start: int, end: int, holes: Iterable[tuple[int, int]]) -> str:
    parts, position = [], start
    for first, last in holes:
        if first >= position:
            parts.append(line[position:first] + ELIDED)
            position = last
    return "".join(parts) + line[position:end]
