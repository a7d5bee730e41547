"""The troubleshooting guide as text for a terminal: what the close codes mean, and each cause with how it is seen, mended and confirmed.

All that it says stands in patterns/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import fill

from wslogs.errors import PatternError
from wslogs.patterns import Patterns
from wslogs.report.hypotheses import GUIDE, TITLES
from wslogs.report.words import DASH, N_, Words, words
from wslogs.rows import nearest
from wslogs.stanzas import Cause, Close

_WIDTH = 100
_INDENT = "  "
_MAY_BE = N_("What may stand behind it:")
_ONCE_OPEN = N_("Where it had been open:")
_SEEN_BY = N_("Seen by:")
_NOT_WITH = N_("Not when:")
_WHAT_TO_DO = N_("What to do:")
_TO_SET = N_("In the location on the path:")
_CONFIRM = N_("To confirm:")
_CODES = N_("Close codes:")
_BEYOND = N_("Not in the guide")


def codes(patterns: Patterns, code: int | None, lang: str) -> str:
    """What a close code means, or one line for each. PatternError when it is no close code."""
    reader = words(lang)
    if code is None:
        return "\n".join(f"{_numbers(close):9}  {close.title[lang]}" for close in patterns.closes)
    close = next((one for one in patterns.closes if one.code <= code <= one.last), None)
    if close is None:
        known = ", ".join(map(_numbers, patterns.closes))
        raise PatternError(str(code), "is no close code of the registry", f"known: {known}")
    parts = [f"{code}: {close.title[lang]}", _wrapped(close.explain[lang])]
    if close.causes:
        parts += ["", reader.gettext(_MAY_BE), *(_line(patterns.causes[name], lang) for name in close.causes)]
    if close.once_open:
        parts += ["", reader.gettext(_ONCE_OPEN), *(_line(patterns.causes[name], lang) for name in close.once_open)]
    return "\n".join(parts)


def guide(patterns: Patterns, name: str | None, lang: str) -> str:
    """A cause in full by its name; those of a family by its name or its number in the guide; without a name all of them.

    PatternError when there is none of that name.
    """
    families = dict.fromkeys(cause.family for cause in patterns.causes.values())
    order = sorted(families, key=lambda family: GUIDE.get(family, len(GUIDE) + 1))
    if name is None:
        return "\n\n".join(_family(patterns, family, lang, full=False) for family in order)
    family = next((one for one in families if name in (one, str(GUIDE.get(one)))), None)
    if family is not None:
        return _family(patterns, family, lang, full=True)
    if name not in patterns.causes:
        raise PatternError(name, "is no cause", nearest(name, (*patterns.causes, *families)) or f"known: {', '.join(order)}")
    return "\n".join(_whole(patterns, patterns.causes[name], lang))


def _family(patterns: Patterns, family: str, lang: str, *, full: bool) -> str:
    reader = words(lang)
    number, title = GUIDE.get(family), reader.gettext(TITLES[family]) if family in TITLES else reader.label(family, "cause")
    head = f"{number}. {title} ({family})" if number else f"{title} ({family}) {DASH} {reader.gettext(_BEYOND)}"
    rows = [head]
    for cause in (one for one in patterns.causes.values() if one.family == family):
        rows.append(_line(cause, lang))
        rows += [_wrapped(cause.explain[lang], 2 * _INDENT)] if full else []
    return "\n".join(rows)


def _whole(patterns: Patterns, cause: Cause, lang: str) -> Iterator[str]:
    reader = words(lang)
    number = GUIDE.get(cause.family)
    yield f"{cause.id}: {cause.title[lang]}" + (f" ({number})" if number else "")
    yield _wrapped(cause.explain[lang])
    yield from _listed(reader, _SEEN_BY, (patterns.signals[name].says[lang] for name in cause.speaking))
    yield from _listed(reader, _NOT_WITH, (patterns.signals[name].says[lang] for name in cause.none))
    yield from ("", reader.gettext(_WHAT_TO_DO), _wrapped(cause.remedy[lang], _INDENT))
    yield from _listed(reader, _TO_SET, (f"{' '.join(line)};" for line in cause.change), wrap=False)
    yield from _listed(reader, _CONFIRM, cause.confirm, wrap=False)
    of = [close for close in patterns.closes if cause.id in (*close.causes, *close.once_open)]
    yield from _listed(reader, _CODES, (f"{_numbers(close)} {close.title[lang]}" for close in of))


def _listed(reader: Words, title: str, texts: Iterable[str], *, wrap: bool = True) -> Iterator[str]:
    """A title and a line for each text, each once; nothing where there is none. A command is never broken into lines."""
    known = list(dict.fromkeys(texts))
    if known:
        yield from ("", reader.gettext(title))
        yield from (_wrapped(text, f"{_INDENT}- ", 2 * _INDENT) if wrap else f"{_INDENT}{text}" for text in known)


def _line(cause: Cause, lang: str) -> str:
    return f"{_INDENT}{cause.id:27} {cause.title[lang]}"


def _numbers(close: Close) -> str:
    return str(close.code) if close.last == close.code else f"{close.code}-{close.last}"


def _wrapped(text: str, first: str = "", further: str | None = None) -> str:
    return fill(
        text, _WIDTH, initial_indent=first, subsequent_indent=first if further is None else further, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
