"""A whole line, masked: for --quote, `explain` and `patterns try`.

First the net: secrets seen, and the places and shapes of secrets. Then, of what is left, only words stand that wslogs' own patterns
and their examples are made of, short words, small numbers and times; so no name, and no secret that no net knows, can pass.
"""

from __future__ import annotations

from collections.abc import Iterable

import regex

from wslogs.elision import ELIDED
from wslogs.nets import ADDRESS, NETS
from wslogs.paths import WORDS, known
from wslogs.redact import Vault

_PATH = regex.compile(r"(?<![\w/.])/(?:[^\s\"'<>?#,;:()\[\]{}]+)")
CLOCK = regex.compile(
    r"\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?|(?<!\d)\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?!\d)"
)
_PIECE = regex.compile(
    rf"(?P<clock>{CLOCK.pattern})|(?P<path>{_PATH.pattern})|(?P<number>(?<![\w.])\d+(?:\.\d+)*(?:ms|[smhkKMG])?(?![\w]))|(?P<word>[^\W_]+(?:[_'’][^\W_]+)*)"
)
_SHORT, _DIGITS, _DECIMALS = 3, 6, 12
"""Letters of a word, and digits of a number, that may stand in any case."""
_MOST_PARTS = 6
_LETTERS = regex.compile(r"[^\W\d_]+")
_PARTS = regex.compile(r"[_'’\d]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """The words of wslogs' own texts, lower-case: those that may stand in a masked line."""
    return WORDS | {word for text in texts for word in _LETTERS.findall(text.lower()) if len(word) <= 20}


class Mask:
    """Masks lines with the words that may stand and the secrets that were seen."""

    def __init__(self, vault: Vault, words: frozenset[str], *, addresses: bool = False) -> None:
        vault.reveal()
        self._words, self._seen = words, vault.seen
        self._nets = [net for net in NETS if net is not ADDRESS or not addresses]
        self._addresses = addresses
        self._phrases = vault.seen.phrases()[:1000]

    def line(self, text: str) -> str:
        """The line with `…` for all that may not stand."""
        for phrase in self._phrases:
            text = text.replace(phrase, ELIDED)
        for net in self._nets:
            text = net.sub(lambda found: found.groupdict().get("kept", "") + ELIDED, text)
        text = " ".join(ELIDED if word.strip("\"'.,;:()[]{}<>") in self._seen else word for word in text.split())
        parts, place = list[str](), 0
        for kept in ADDRESS.finditer(text) if self._addresses else ():
            parts += [_PIECE.sub(self._piece, text[place : kept.start()]), kept[0]]
            place = kept.end()
        return regex.sub(r"…(?:[-_.+/=%]*…)+", ELIDED, "".join([*parts, _PIECE.sub(self._piece, text[place:])]))

    def _path(self, path: str) -> str:
        return "/".join(s if not s or known(s) or self.stands(s) else ELIDED for s in path.split("/"))

    def _piece(self, found: regex.Match[str]) -> str:
        if found["clock"]:
            return found[0]
        if found["path"]:
            return self._path(found[0])
        if found["number"]:
            digits = sum(c.isdigit() for c in found[0])
            return found[0] if digits <= _DIGITS or ("." in found[0] and digits <= _DECIMALS) else ELIDED
        return found[0] if self.stands(found[0]) else ELIDED

    def stands(self, word: str) -> bool:
        """Whether a word is short or known, or each of its parts is known: `proxy_pass`, `WebSocketDisconnect`, `HTTP`."""
        if word.lower() in self._words or (len(word) <= _SHORT and word.isalpha()):
            return True
        parts = [part for part in _PARTS.split(word) if part]
        digits = sum(c.isdigit() for c in word)
        return 0 < len(parts) <= _MOST_PARTS and digits <= _SHORT and all(len(p) >= _SHORT and p.lower() in self._words for p in parts)
