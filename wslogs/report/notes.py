"""What is said of a file in passing, in the reader's language: readers of files say it in English, with numbers in it."""

from __future__ import annotations

from collections.abc import Callable

import regex

from wslogs.report.words import N_

NUMBER = "#"
"""Stands for each number."""
_NUMBERS = regex.compile(r"\d+")
EACH = N_("each")
_EACH = f"{EACH} "
_BETWEEN = ": "
"""What is said in pieces is told piece by piece: words of the system or of a library stay as they are."""
NOTES = frozenset({
    N_("cut"),
    N_("no WebSocket entry"),
    N_("# lines in its middle are not read: it has more about WebSockets than are joined"),
    N_("# tries in its middle are passed over: it has more than are joined"),
    N_("# entries have another form"),
    N_("# events have another form"),
    N_("a line took too long to match"),
    N_("some rows can be read in two ways: of those only the values before that are taken"),
    N_("some of its bytes or escapes are no characters; they are read as U+FFFD"),
    N_("it unpacks to more than # times its size; only its beginning was read"),
    N_("only its first # lines were read"),
    N_("only its first # certificates were read"),
    N_("a certificate in it cannot be read"),
    N_("a certificate in it is cut"),
    N_("it holds a private key, which was not read: whoever gets the bundle gets the key, so replace it"),
    N_("it is not YAML that can be read"),
    N_("it is no whole probe.json"),
    N_("its constants cannot be read, and without them nothing else"),
    N_("another configuration of this bundle has a server of the same name: that one is followed"),
    N_("a block is not closed"),
    N_("line #"),
    N_("rows of this log_format cannot be read"),
    N_("the included file is not in the bundle"),
    N_("more than # includes: further ones were left out"),
    N_("it holds more than # files; the others were left out"),
    N_("the same is to be said of # more files"),
    N_("# more files were left out"),
    N_("cannot be read"),
    N_("is an archive in the bundle, and only what is handed over is unpacked"),
    N_("is a link, which is not followed"),
    N_("is no regular file"),
    N_("is encrypted"),
    N_("is sparse, which is not read"),
    N_("is damaged; what follows there was not read"),
    N_("lies over another member"),
    N_("lies deeper than # folders"),
    N_("is not a readable archive"),
    N_("has too many entries"),
    N_("holds more than # entries; what follows there was not read"),
    N_("has a header that is too long; what follows there was not read"),
    N_("has a header of digits; what follows there was not read"),
    N_("unpacks to more than # times its size; what follows there was not read"),
    N_("takes too long to unpack"),
})  # fmt: skip
"""Those that the reader's language has words for."""


def note(text: str, _: Callable[[str], str]) -> str:
    """A note as the reader is told it; what nobody has words for stays as it is."""
    known = _NUMBERS.sub(NUMBER, text)
    if known in NOTES:
        numbers = iter(_NUMBERS.findall(text))
        return regex.sub(NUMBER, lambda found: next(numbers), _(known))
    if text.startswith(_EACH):
        return f"{_(EACH)} {note(text.removeprefix(_EACH), _)}"
    head, between, rest = text.partition(_BETWEEN)
    return f"{note(head, _)}{between}{note(rest, _)}" if between else text
