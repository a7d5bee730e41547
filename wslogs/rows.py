"""A row of a TOML file -> the stanza that it is, or a PatternError that says where, what and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import regex

from wslogs.elision import EVENT_GROUPS, SHOWN, loose
from wslogs.errors import PatternError
from wslogs.linewise import runs
from wslogs.model import Stage, Tier, What
from wslogs.stanzas import (
    AMENDS,
    ENDERS,
    LINE_KINDS,
    Access,
    Cause,
    Close,
    Foreign,
    Message,
    Record,
    RequestId,
    Shape,
    Signal,
    Stamp,
    Stanza,
    Text,
    Wrapper,
    compiled,
)


def nearest(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]}?" if near else ""


def _take(row: dict[str, Any], where: str, key: str, default: Any = ...) -> Any:
    if key in row:
        return row.pop(key)
    if default is ...:
        raise PatternError(where, f"lacks `{key}`")
    return default


def _stanza(row: dict[str, Any], where: str) -> dict[str, Any]:
    return {
        "id": _take(row, where, "id"),
        "where": where,
        "examples": tuple(_take(row, where, "examples", ())),
        "counterexamples": tuple(_take(row, where, "counterexamples", ())),
    }


def _done(row: dict[str, Any], where: str, known: Sequence[str]) -> None:
    for word in row:
        raise PatternError(where, f"has an unknown key `{word}`", nearest(word, known))


def _stamp(row: dict[str, Any], where: str) -> Stamp:
    base = _stanza(row, where)
    match = compiled(where, _take(row, where, "match"))
    if "time" not in match.groupindex:
        raise PatternError(where, "lacks the group `time`")
    stamp = Stamp(**base, match=match, form=_take(row, where, "form"), resolution_s=_take(row, where, "resolution_s"))
    _done(row, where, ("match", "form", "resolution_s"))
    return stamp


def _of_lines(where: str, text: str) -> regex.Pattern[str]:
    """An expression that is run over every line of a file."""
    match = compiled(where, text)
    if not runs(match.pattern):
        raise PatternError(where, "has an expression that RE2 cannot run", "no references back, no {n} above 1000, no (?x)")
    return match


def _wrapper(row: dict[str, Any], where: str) -> Wrapper:
    base = _stanza(row, where)
    wrapper = Wrapper(**base, match=_of_lines(where, _take(row, where, "match")), form=_take(row, where, "form", None))
    _done(row, where, ("match", "form"))
    return wrapper


def _request_id(row: dict[str, Any], where: str) -> RequestId:
    base = _stanza(row, where)
    found = RequestId(**base, match=compiled(where, _take(row, where, "match")))
    _done(row, where, ("match",))
    return found


def _foreign(row: dict[str, Any], where: str) -> Foreign:
    base = _stanza(row, where)
    found = Foreign(**base, match=compiled(where, _take(row, where, "match")), name=_take(row, where, "name"))
    _done(row, where, ("match", "name"))
    return found


def _shape(row: dict[str, Any], where: str) -> Shape:
    base = _stanza(row, where)
    match = _of_lines(where, _take(row, where, "match"))
    shape = Shape(
        **base, kind=_kind(where, _take(row, where, "kind")), match=match, weight=_take(row, where, "weight", 0.5),
        rows=_take(row, where, "rows", False),
    )  # fmt: skip
    _done(row, where, ("kind", "match", "weight", "rows"))
    return shape


def _access(row: dict[str, Any], where: str) -> Access:
    base = _stanza(row, where)
    text, match = _take(row, where, "log_format", None), _take(row, where, "match", None)
    if (text is None) == (match is None):
        raise PatternError(where, "needs either `log_format` or `match`")
    escape = _take(row, where, "escape", "default")
    access = Access(**base, log_format=text, escape=escape, match=compiled(where, match) if match else None)
    _done(row, where, ("log_format", "escape", "match"))
    return access


def _record(row: dict[str, Any], where: str) -> Record:
    base = _stanza(row, where)
    fields = {name: tuple(keys) for name, keys in _take(row, where, "fields").items()}
    record = Record(**base, kind=_kind(where, _take(row, where, "kind")), fields=fields)
    _done(row, where, ("kind", "fields"))
    return record


def _kind(where: str, kind: str) -> str:
    if kind not in LINE_KINDS:
        raise PatternError(where, f"names the unknown kind `{kind}`", nearest(kind, LINE_KINDS))
    return kind


def _text(row: dict[str, Any], where: str, key: str, *, needed: bool) -> dict[str, Any]:
    base = _stanza(row, where)
    text = _take(row, where, key, ... if needed else None)
    kinds = tuple(_kind(where, kind) for kind in _take(row, where, "kinds", ... if text else ()))
    needles = tuple(_take(row, where, "needles", ... if text else ()))
    if any(needle != needle.lower() or len(needle) < 3 for needle in needles):
        raise PatternError(where, "has a needle that is shorter than 3 characters or not lower-case")
    return base | {"kinds": kinds, "expression": text or None, "needles": needles}


def check_expression(stanza: Stanza) -> None:
    """PatternError where a text's expression is wrong. What it leaves open must be a named group of a known type: the rest is shown."""
    if not isinstance(stanza, Text) or stanza.match is None:
        return
    for name in stanza.match.groupindex:
        if name not in SHOWN | EVENT_GROUPS:
            raise PatternError(stanza.where, f"has the unknown group `{name}`", nearest(name, SHOWN | EVENT_GROUPS))
    if open_ := loose(stanza.match):
        raise PatternError(stanza.where, f"has `{open_}` outside a named group", "put it into a group such as (?P<text>...)")


def _message(row: dict[str, Any], where: str) -> Message:
    base = _text(row, where, "match", needed=True)
    what, tier = _take(row, where, "what"), _take(row, where, "tier", None)
    if what not in set(What):
        raise PatternError(where, f"names the unknown event `{what}`", nearest(what, list(What)))
    if tier is not None and tier not in set(Tier):
        raise PatternError(where, f"names the unknown tier `{tier}`", nearest(tier, list(Tier)))
    sets = _take(row, where, "sets", {})
    message = Message(**base, what=What(what), sets=sets, tier=Tier(tier) if tier else None)
    _done(row, where, ("what", "sets", "tier", "match", "needles", "kinds"))
    return message


def _texts(row: dict[str, Any], where: str, key: str) -> Mapping[str, str]:
    texts = _take(row, where, key)
    if set(texts) != {"en", "ru"}:
        raise PatternError(where, f"needs `{key}` in en and ru")
    return {lang: " ".join(text.split()) for lang, text in texts.items()}


def _signal(row: dict[str, Any], where: str) -> Signal:
    base = _text(row, where, "text", needed=False)
    facts = _take(row, where, "where", {})
    if base["expression"] is None and not facts:
        raise PatternError(where, "needs `text` or `where`")
    fails = _take(row, where, "fails", False)
    signal = Signal(
        **base, where_facts=facts, fails=fails, says=_texts(row, where, "says"), consequence=_take(row, where, "consequence", False),
        also=tuple(_take(row, where, "also", ())),
        ended_by=_one_of(row, where, "ended_by", ENDERS), ended_in=_stage(row, where),
    )  # fmt: skip
    known = (
        "text",
        "where",
        "fails",
        "says",
        "ended_by",
        "ended_in",
        "consequence",
        "also",
        "needles",
        "kinds",
        "examples",
        "counterexamples",
    )
    _done(row, where, (*known, "examples", "counterexamples"))
    return signal


def _one_of(row: dict[str, Any], where: str, key: str, known: Sequence[str]) -> str | None:
    value: str | None = _take(row, where, key, None)
    if value is not None and value not in known:
        raise PatternError(where, f"has the unknown `{key}` `{value}`", nearest(value, known) or f"known: {', '.join(known)}")
    return value


def _stage(row: dict[str, Any], where: str) -> Stage | None:
    value = _one_of(row, where, "ended_in", list(Stage))
    return Stage(value) if value is not None else None


_LISTS = ("all", "any", "none", "outranks", "hints", "suspects", "strong", "confirm")


def _cause(row: dict[str, Any], where: str) -> Cause:
    base = _stanza(row, where)
    lists: dict[str, Any] = {key: tuple(_take(row, where, key, ())) for key in _LISTS}
    if not lists["all"] and not lists["any"]:
        raise PatternError(where, "needs `all` or `any`")
    texts: dict[str, Any] = {key: _texts(row, where, key) for key in ("title", "explain", "remedy")}
    change = tuple(tuple(line) for line in _take(row, where, "change", ()))
    cause = Cause(
        **base, **lists, **texts, change=change, amend=_one_of(row, where, "amend", AMENDS), bare=_take(row, where, "bare", False),
        harmless=_take(row, where, "harmless", False),
    )  # fmt: skip
    _done(row, where, (*_LISTS, "title", "explain", "remedy", "change", "amend", "bare", "harmless"))
    return cause


def _close(row: dict[str, Any], where: str) -> Close:
    base = _stanza(row, where)
    code = _take(row, where, "code")
    found = Close(
        **base, code=code, last=_take(row, where, "last", code), title=_texts(row, where, "title"),
        explain=_texts(row, where, "explain"), causes=tuple(_take(row, where, "causes", ())),
        once_open=tuple(_take(row, where, "once_open", ())),
    )  # fmt: skip
    _done(row, where, ("code", "last", "title", "explain", "causes", "once_open"))
    return found


READERS: dict[str, Any] = {
    "time": _stamp,
    "wrapper": _wrapper,
    "request-id": _request_id,
    "foreign": _foreign,
    "shape": _shape,
    "access": _access,
    "record": _record,
    "message": _message,
    "signal": _signal,
    "cause": _cause,
    "close": _close,
}
