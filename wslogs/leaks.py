"""Whether finished outputs hold a part of a secret, in any form from which it could be read back.

An output is small and the secrets of a bundle may be many: so the output is decoded and cut into windows, and one pass over
all secrets looks for those, in 0.7 GB/s.
"""

from __future__ import annotations

import binascii
import hashlib
import html
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import accumulate, chain
from typing import TYPE_CHECKING
from urllib.parse import unquote

import ahocorasick_rs
import regex

from wslogs import resources
from wslogs.linewise import compiled

if TYPE_CHECKING:
    from wslogs.sieve import Sieve

WINDOW, SHORT = 12, 8
"""So many characters of a secret in an output are a leak; of a password the second."""
MOST = 256 << 20
"""Characters of secrets that are remembered."""
_WORDS = 400
_AT_ONCE = 4 << 20
_MARKS = "\"'<>`…"
_BASE64 = regex.compile(r"[A-Za-z0-9+/_-]{12,}")
_ONE_KIND = regex.compile(r"[a-z_\-/]+|[0-9\-]+")
_HEX = compiled(r"(?:[0-9a-fA-F]{2}[ :]?){8,}")
_ESCAPED = regex.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_RUNS = compiled(r"[0-9a-zA-Z]{32,}")
_DIGEST = regex.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
_BLANKS, _MARGIN = b" \t", b" \t>|#*"
"""What stands before the end of a line that was broken, and before the rest of it on the next."""
_PIECE = 1 << 20
"""Bytes of an output that are looked through at a time: its lines take a multiple of its size."""
_ORDINARY = regex.compile(
    r"(?!\d+$)[\d.:\-TZ ]+|1[4-9]\d+"  # times, versions and addresses; epochs
    r"|(?:v?\d{1,3}/)?(?:[a-z_.\-: ]|/(?:v\d{1,3}(?=/|$))?)*|https?://[a-z.\-]*|[A-Z_]+"  # words and paths, cut anywhere
)
_ONE_WORD = regex.compile(r"[a-z]{8,}|[A-Z]{8,}|[^a-z]*[a-z]{11,}[^a-z]*")


More = Callable[[Collection[str]], Iterable[tuple[str, str]]]
"""Parts of outputs -> (value, kind) of further secrets in which one of them may stand."""


class Register:
    """Values that no output may hold, each with the kind of place where it stood."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        self._short: dict[str, str] = {}
        self.size = 0
        self.full = False
        """Whether more came than is remembered."""

    def __contains__(self, text: str) -> bool:
        return text in self._kinds or text in self._short

    def add(self, text: str, kind: str, *, password: bool = False) -> None:
        """Remembers a value and what it is when it is decoded; under 12 characters (8 of a password) none can be told from words."""
        for form in _decoded(text):
            if len(form) < (SHORT if password else WINDOW) or form in self:
                continue
            if self.size + len(form) > MOST:
                self.full = True
                return
            self.size += len(form)
            (self._short if password else self._kinds)[form] = kind

    def update(self, other: Register) -> None:
        """Remembers what another has."""
        for known, password in ((other._kinds, False), (other._short, True)):
            for text, kind in known.items():
                self.add(text, kind, password=password)
        self.full = self.full or other.full

    def phrases(self) -> list[str]:
        """Values that hold a space, which no look at single words finds; the longest first."""
        found = (text for known in (self._kinds, self._short) for text in known if " " in text and len(text) < _WORDS)
        return sorted(found, key=lambda text: (-len(text), text))

    def find(self, outputs: Mapping[str, bytes], public: Collection[str] = (), more: More = lambda windows: ()) -> tuple[str, str] | None:
        """(name of the output, kind of the secret) of a secret that an output holds a part of; None when there is none.

        `public` are texts that may stand there: labels, paths and hashes of this report.
        """
        said = "\n".join(public)
        runs = {name: _runs(content) for name, content in outputs.items()}
        windows = {name: _windows(one, WINDOW) for name, one in runs.items()}
        further = ((form, kind) for text, kind in more(set().union(*windows.values())) for form in _decoded(text))
        found = _hit(chain(self._kinds.items(), self._short.items(), further), windows, said)
        if found is None and self._short:
            found = _hit(self._short.items(), {name: _windows(one, SHORT) for name, one in runs.items()}, said)
        return found or self._hashed(digests(outputs, public))

    def _hashed(self, told: Mapping[str, str]) -> tuple[str, str] | None:
        for secret, kind in (*self._kinds.items(), *self._short.items()) if told else ():
            raw = secret.encode("utf-8", "surrogatepass")
            made = (hashlib.md5(raw, usedforsecurity=False), hashlib.sha1(raw, usedforsecurity=False), hashlib.sha256(raw))
            if name := next((told[one.hexdigest()] for one in made if one.hexdigest() in told), None):
                return name, f"{kind} (its hash)"
        return None


def digests(outputs: Mapping[str, bytes], public: Collection[str]) -> dict[str, str]:
    """What may be the hash of a secret -> the output that holds it."""
    found = {one.group().decode().lower(): name for name, text in outputs.items() for one in _RUNS.finditer(text)}
    known = set(public)
    return {one: name for one, name in found.items() if one not in known and _DIGEST.fullmatch(one)}


def _decoded(text: str) -> Iterator[str]:
    """A value, and what it is after each step of decoding."""
    yield text
    for _ in range(3):
        if "%" not in text and "\\" not in text:
            return
        plain = _ESCAPED.sub(lambda found: chr(int(found[1] or found[2], 16)), unquote(text))
        if plain == text:
            return
        text = plain
        yield text


def _hit(secrets: Iterable[tuple[str, str]], windows: Mapping[str, set[str]], said: str) -> tuple[str, str] | None:
    """(output, kind) of the first secret that holds one of an output's windows."""
    order = sorted(set().union(*windows.values()))
    if not order:
        return None
    raws = [one.encode("utf-8", "surrogatepass") for one in order]
    found = ahocorasick_rs.BytesAhoCorasick(raws)
    sieve: Sieve | None = None
    for texts, kinds in _batches(secrets):
        block = b"\n".join(texts)
        if len(block) > _AT_ONCE and len(order[0]) >= WINDOW:
            from wslogs.sieve import Sieve

            sieve = sieve or Sieve(raws)
            if not sieve.places(block):
                continue
        starts = list(accumulate((len(one) + 1 for one in texts), initial=0))
        for which, begin, _ in found.find_matches_as_indexes(block, overlapping=True):
            if order[which] not in said and order[which] not in _own_text():
                name = next(name for name, some in windows.items() if order[which] in some)
                return name, kinds[bisect_right(starts, begin) - 1]
    return None


def _batches(secrets: Iterable[tuple[str, str]]) -> Iterator[tuple[list[bytes], list[str]]]:
    """Some megabytes of secrets at a time, each with its kind."""
    texts, kinds, size = list[bytes](), list[str](), 0
    for text, kind in secrets:
        texts.append(text.encode("utf-8", "surrogatepass"))
        kinds.append(kind)
        size += len(texts[-1])
        if size > _AT_ONCE:
            yield texts, kinds
            texts, kinds, size = [], [], 0
    yield texts, kinds


def _runs(content: bytes) -> set[str]:
    """The words of an output, and those that come to light when it is decoded. A report says most lines many times over."""
    told: dict[bytes, bytes] = {}
    found = _words(_unbroken(content, told))
    hidden = set[str]()
    for piece in _pieces(b"\n".join(told)):
        text = piece.decode("utf-8", "replace")
        texts = [text, html.unescape(text)]
        for _ in range(3):
            texts.append(_plain(texts[-1]))
        for one in dict.fromkeys(texts):
            found |= _words((one,))
        hidden.update(_hexed(piece))
    return found | _words(("\n".join((*_unpacked(found), *hidden)),))


def _pieces(content: bytes) -> Iterator[bytes]:
    """Whole lines, some at a time, without the line end between them."""
    start = 0
    while start <= len(content):
        end = content.find(b"\n", start + _PIECE)
        end = len(content) if end < 0 else end
        yield content[start:end]
        start = end + 1


def _unbroken(content: bytes, told: dict[bytes, bytes]) -> Iterator[str]:
    """The text without the breaks between its lines, piece by piece; `told` learns each line as it is between breaks."""
    for piece in _pieces(content):
        lines = piece.split(b"\n")
        for one in dict.fromkeys(lines):
            if one not in told:
                told[one] = one.rstrip(_BLANKS).lstrip(_MARGIN)
        yield b"".join(map(told.__getitem__, lines)).decode("utf-8", "replace")


def _plain(text: str) -> str:
    if "%" not in text and "\\" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1] or found[2], 16)), unquote(text))


def _words(pieces: Iterable[str]) -> set[str]:
    """What stands between blanks, quotes and brackets in a text that comes in pieces.

    Splitting is ten times as fast as an expression that finds it.
    """
    found, rest = set[str](), ""
    for piece in pieces:
        text = rest + piece
        for mark in _MARKS:
            text = text.replace(mark, " ")
        some = text.split()
        rest = some.pop() if some and not text[-1].isspace() else ""
        found |= {word for word in set(some) if len(word) >= SHORT}
    return found | {rest} if len(rest) >= SHORT else found


def _unpacked(runs: Iterable[str]) -> Iterator[str]:
    """What base64 holds at each of its alignments."""
    for run in runs:
        for found in _BASE64.findall(run):
            if not _ONE_KIND.fullmatch(found):
                packed = found.replace("-", "+").replace("_", "/")
                for start in range(4):
                    part = packed[start:]
                    yield binascii.a2b_base64(part[: len(part) // 4 * 4]).decode("latin-1")


def _hexed(text: bytes) -> Iterator[str]:
    """What hex digits hold, maybe with spaces or colons between, at both alignments."""
    for found in dict.fromkeys(_HEX.findall(text)):
        digits = found.replace(b" ", b"").replace(b":", b"")
        for start in (0, 1):
            part = digits[start:]
            yield binascii.unhexlify(part[: len(part) // 2 * 2]).decode("latin-1")


def _windows(runs: Iterable[str], size: int) -> set[str]:
    """Every part of so many characters but those that stand in any text."""
    found = {run[start : start + size] for run in runs if not ordinary(run) for start in range(len(run) - size + 1)}
    return {window for window in found if not ordinary(window)}


def ordinary(window: str) -> bool:
    """Times, plain words with separators and paths stand in wslogs' own text as well; one long word is not ordinary, nor a number."""
    return _ORDINARY.fullmatch(window) is not None and _ONE_WORD.fullmatch(window) is None


@cache
def _own_text() -> str:
    """All that wslogs itself may say: what stands in it tells nothing of a bundle."""
    roots = [resources.path(name) for name in ("patterns", "reports")]
    files = [file for root in roots for file in sorted(root.rglob("*")) if file.suffix in (".toml", ".j2", ".css")]
    files += sorted(resources.path("").parent.joinpath("wslogs").rglob("*.py")) + sorted(resources.path("").rglob("*.po"))
    return "\n".join(file.read_text("utf-8", "replace") for file in dict.fromkeys(files))
