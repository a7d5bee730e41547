"""patterns/*.toml -> Stamp, Wrapper, RequestId, Access, Message, Signal, Cause, or a PatternError with file and stanza.

The data is the knowledge; Python knows no log message. Every stanza carries examples and counterexamples,
and check.py runs them all.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

import regex

from wslogs import resources
from wslogs.errors import PatternError
from wslogs.model import Fact, Stage, Tier, What

LINE_KINDS = {
    "console": Tier.BROWSER,
    "nginx-access": Tier.PROXY,
    "nginx-error": Tier.PROXY,
    "app": Tier.APP,
    "probe": Tier.PROBE,
    "har": Tier.BROWSER,
}
"""Kinds of source whose words patterns may name, with the tier that writes them."""

SHOWN = frozenset({
    "status", "code", "errno", "alert", "seconds", "count", "size", "port", "method", "http", "level", "neterror", "header",
    "directive", "exception", "signal", "yesno",
})  # fmt: skip
"""Names of groups whose text may stand in a report: closed, recognised types. Any other group is elided."""

EVENT_GROUPS = frozenset({
    "url", "path", "addr", "client", "host", "upstream", "connection", "token", "time", "text", "origin", "program", "request_id",
    "level_name",
})  # fmt: skip
"""Names of groups that feed an event and are never shown."""

ENDERS = ("client", "proxy", "app", "network")
"""Who a signal may say ended an attempt."""

Example = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Stanza:
    """What all stanzas have: a name, the place it stands, and its own proof."""

    id: str
    where: str
    examples: tuple[Any, ...] = ()
    counterexamples: tuple[Any, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stamp(Stanza):
    """How a time is written. `form` is one that times.parse takes."""

    match: regex.Pattern[str]
    form: str
    resolution_s: float


@dataclass(frozen=True, kw_only=True)
class Wrapper(Stanza):
    """A prefix that a container runtime, journald or kubectl puts before each line; groups `time`, `program`."""

    match: regex.Pattern[str]
    form: str | None = None


@dataclass(frozen=True, kw_only=True)
class RequestId(Stanza):
    """How an app's line names the request that it is about; group `request_id`. Looked for in and right after kept lines only."""

    match: regex.Pattern[str]


@dataclass(frozen=True, kw_only=True)
class Shape(Stanza):
    """How any line of a kind looks at its start, whatever it says: for telling kinds apart and counting what was understood."""

    kind: str
    match: regex.Pattern[str]
    weight: float
    """How much one such line says for the kind, 0 to 1; 0 counts it as understood and says nothing for the kind."""


@dataclass(frozen=True, kw_only=True)
class Access(Stanza):
    """An nginx `log_format` that people use without its nginx.conf at hand, or an expression for what rows have in common.

    The groups of `match` are names of nginx's variables.
    """

    log_format: str | None = None
    escape: str = "default"
    match: regex.Pattern[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Record(Stanza):
    """How a JSON line is laid out: the keys, best first, that hold each field; dots reach into objects."""

    kind: str
    fields: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Text(Stanza):
    """Words looked for in lines of some kinds."""

    kinds: tuple[str, ...]
    match: regex.Pattern[str] | None
    needles: tuple[str, ...]
    """Lower-case strings; every line that `match` fits holds one. The scanner looks for these alone."""


@dataclass(frozen=True, kw_only=True)
class Message(Text):
    """Words that tell an event of an attempt."""

    what: What
    sets: Mapping[str, Fact]
    tier: Tier | None = None


@dataclass(frozen=True, kw_only=True)
class Signal(Text):
    """A named observation without blame: `match` in a line of the attempt, or `where` true of its facts; or both."""

    where_facts: Mapping[str, Any]
    fails: bool
    """Whether it alone tells that the attempt failed."""
    says: Mapping[str, str]
    ended_by: str | None = None
    """Who ended the attempt, as far as the signal tells: one of ENDERS."""
    ended_in: Stage | None = None
    """The earliest stage in which it can have ended."""
    consequence: bool = False
    """Whether the end had come before, so that the line tells nothing of who brought it."""


@dataclass(frozen=True, kw_only=True)
class Cause(Stanza):
    """A named explanation over signals alone. `id` is the detail of the contract, its first word the family."""

    all: tuple[str, ...]
    any: tuple[str, ...]
    none: tuple[str, ...]
    outranks: tuple[str, ...]
    bare: bool
    """Certain of the family only: the verdict's detail stays empty."""
    title: Mapping[str, str]
    explain: Mapping[str, str]
    remedy: Mapping[str, str]
    confirm: tuple[str, ...]
    change: tuple[tuple[str, ...], ...]
    """Directives that the remedy sets in the location on the path, name first."""

    @property
    def family(self) -> str:
        return self.id.partition(".")[0]


@dataclass(frozen=True)
class Patterns:
    """All stanzas, and the sha256 of the files they came from."""

    stamps: tuple[Stamp, ...]
    wrappers: tuple[Wrapper, ...]
    request_ids: tuple[RequestId, ...]
    shapes: tuple[Shape, ...]
    accesses: tuple[Access, ...]
    records: tuple[Record, ...]
    messages: tuple[Message, ...]
    signals: Mapping[str, Signal]
    causes: Mapping[str, Cause]
    sha256: str

    def texts(self, kind: str) -> tuple[Text, ...]:
        """Messages and text signals for lines of one kind, in file order."""
        return self._by_kind.get(kind, ())

    @cached_property
    def _by_kind(self) -> dict[str, tuple[Text, ...]]:
        texts: list[Text] = [*self.messages, *(s for s in self.signals.values() if s.match is not None)]
        return {kind: tuple(t for t in texts if kind in t.kinds) for kind in LINE_KINDS}


def load(folder: Path | None = None) -> Patterns:
    """Reads every stanza below `folder` (default: the patterns that come with wslogs); PatternError on the first bad one."""
    root = folder or resources.path("patterns")
    files = sorted(root.rglob("*.toml"))
    if not files:
        raise PatternError(str(root), "holds no .toml file", "give the folder that has formats/, signals/ and causes/")
    digest = hashlib.sha256()
    found: dict[str, list[Any]] = {name: [] for name in _READERS}
    for file in files:
        raw = file.read_bytes()
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + raw.replace(b"\r\n", b"\n"))
        for name, stanza in _read(file, root, raw):
            found[name].append(stanza)
    patterns = Patterns(
        stamps=tuple(found["time"]),
        wrappers=tuple(found["wrapper"]),
        request_ids=tuple(found["request-id"]),
        shapes=tuple(found["shape"]),
        accesses=tuple(found["access"]),
        records=tuple(found["record"]),
        messages=tuple(found["message"]),
        signals={s.id: s for s in found["signal"]},
        causes={c.id: c for c in found["cause"]},
        sha256=digest.hexdigest(),
    )
    _check_names(patterns, found)
    return patterns


def _read(file: Path, root: Path, raw: bytes) -> Iterable[tuple[str, Any]]:
    place = file.relative_to(root).as_posix()
    try:
        document = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PatternError(place, f"is not TOML: {error}") from error
    for name, stanzas in document.items():
        if name not in _READERS:
            raise PatternError(place, f"has an unknown table [[{name}]]", _nearest(name, _READERS))
        if not isinstance(stanzas, list) or not all(isinstance(row, dict) for row in stanzas):
            raise PatternError(place, f"has `{name}` that is no list of stanzas", f"write [[{name}]]")
        for row in stanzas:
            where = f"{place} [{row.get('id', 'a stanza without id')}]"
            yield name, _READERS[name](dict(row), where)


def _nearest(word: str, known: Iterable[str]) -> str:
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
        raise PatternError(where, f"has an unknown key `{word}`", _nearest(word, known))


def _compile(where: str, text: str) -> regex.Pattern[str]:
    try:
        return regex.compile(text, regex.VERSION1 | regex.VERBOSE if "\n" in text else regex.VERSION1)
    except regex.error as error:
        raise PatternError(where, f"bad expression: {error}") from error


def _stamp(row: dict[str, Any], where: str) -> Stamp:
    base = _stanza(row, where)
    match = _compile(where, _take(row, where, "match"))
    if "time" not in match.groupindex:
        raise PatternError(where, "lacks the group `time`")
    stamp = Stamp(**base, match=match, form=_take(row, where, "form"), resolution_s=_take(row, where, "resolution_s"))
    _done(row, where, ("match", "form", "resolution_s"))
    return stamp


def _wrapper(row: dict[str, Any], where: str) -> Wrapper:
    base = _stanza(row, where)
    wrapper = Wrapper(**base, match=_compile(where, _take(row, where, "match")), form=_take(row, where, "form", None))
    _done(row, where, ("match", "form"))
    return wrapper


def _request_id(row: dict[str, Any], where: str) -> RequestId:
    base = _stanza(row, where)
    found = RequestId(**base, match=_compile(where, _take(row, where, "match")))
    _done(row, where, ("match",))
    return found


def _shape(row: dict[str, Any], where: str) -> Shape:
    base = _stanza(row, where)
    match = _compile(where, _take(row, where, "match"))
    shape = Shape(**base, kind=_kind(where, _take(row, where, "kind")), match=match, weight=_take(row, where, "weight", 0.5))
    _done(row, where, ("kind", "match", "weight"))
    return shape


def _access(row: dict[str, Any], where: str) -> Access:
    base = _stanza(row, where)
    text, match = _take(row, where, "log_format", None), _take(row, where, "match", None)
    if (text is None) == (match is None):
        raise PatternError(where, "needs either `log_format` or `match`")
    escape = _take(row, where, "escape", "default")
    access = Access(**base, log_format=text, escape=escape, match=_compile(where, match) if match else None)
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
        raise PatternError(where, f"names the unknown kind `{kind}`", _nearest(kind, LINE_KINDS))
    return kind


def _text(row: dict[str, Any], where: str, key: str, *, needed: bool) -> dict[str, Any]:
    base = _stanza(row, where)
    text = _take(row, where, key, ... if needed else None)
    kinds = tuple(_kind(where, kind) for kind in _take(row, where, "kinds", ... if text else ()))
    needles = tuple(_take(row, where, "needles", ... if text else ()))
    if any(needle != needle.lower() or len(needle) < 3 for needle in needles):
        raise PatternError(where, "has a needle that is shorter than 3 characters or not lower-case")
    match = _compile(where, text) if text else None
    if match is not None:
        _check_groups(where, match)
    return base | {"kinds": kinds, "match": match, "needles": needles}


def _check_groups(where: str, match: regex.Pattern[str]) -> None:
    """What a pattern leaves open must be a named group of a known type, since the rest of the match is shown."""
    for name in match.groupindex:
        if name not in SHOWN | EVENT_GROUPS:
            raise PatternError(where, f"has the unknown group `{name}`", _nearest(name, SHOWN | EVENT_GROUPS))
    rest = _outside_groups(match.pattern)
    if loose := regex.search(r"(?<!\\)(?:\\\\)*(\\[SWD]|\\w(?:[*+]|\{\d*,?(?:\d\d|\}))|\[\^|\.[*+?{])", rest):
        raise PatternError(where, f"has `{loose[1]}` outside a named group", "put it into a group such as (?P<text>...)")


def _outside_groups(pattern: str) -> str:
    """The expression without its named groups and look-arounds, which show nothing."""
    kept, depth, skip, position = [], 0, 0, 0
    while position < len(pattern):
        char = pattern[position]
        if char == "\\":
            if not skip:
                kept.append(pattern[position : position + 2])
            position += 2
            continue
        if char == "[":
            end = _class_end(pattern, position)
            if not skip:
                kept.append(pattern[position:end])
            position = end
            continue
        if char == "(":
            depth += 1
            if not skip and pattern.startswith(("(?P<", "(?=", "(?!", "(?<=", "(?<!"), position):
                skip = depth
        if not skip:
            kept.append(char)
        if char == ")":
            if skip == depth:
                skip = 0
            depth -= 1
        position += 1
    return "".join(kept)


def _class_end(pattern: str, start: int) -> int:
    """Where a character class that begins at `start` ends."""
    position = start + 1
    position += pattern.startswith("^", position)
    position += pattern.startswith("]", position)
    while position < len(pattern) and pattern[position] != "]":
        position += 2 if pattern[position] == "\\" else 1
    return position + 1


def _message(row: dict[str, Any], where: str) -> Message:
    base = _text(row, where, "match", needed=True)
    what, tier = _take(row, where, "what"), _take(row, where, "tier", None)
    if what not in set(What):
        raise PatternError(where, f"names the unknown event `{what}`", _nearest(what, list(What)))
    if tier is not None and tier not in set(Tier):
        raise PatternError(where, f"names the unknown tier `{tier}`", _nearest(tier, list(Tier)))
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
    if base["match"] is None and not facts:
        raise PatternError(where, "needs `text` or `where`")
    fails = _take(row, where, "fails", False)
    signal = Signal(
        **base, where_facts=facts, fails=fails, says=_texts(row, where, "says"), consequence=_take(row, where, "consequence", False),
        ended_by=_one_of(row, where, "ended_by", ENDERS), ended_in=_stage(row, where),
    )  # fmt: skip
    known = ("text", "where", "fails", "says", "ended_by", "ended_in", "consequence", "needles", "kinds", "examples", "counterexamples")
    _done(row, where, known)
    return signal


def _one_of(row: dict[str, Any], where: str, key: str, known: Sequence[str]) -> str | None:
    value: str | None = _take(row, where, key, None)
    if value is not None and value not in known:
        raise PatternError(where, f"has the unknown `{key}` `{value}`", _nearest(value, known) or f"known: {', '.join(known)}")
    return value


def _stage(row: dict[str, Any], where: str) -> Stage | None:
    value = _one_of(row, where, "ended_in", list(Stage))
    return Stage(value) if value is not None else None


def _cause(row: dict[str, Any], where: str) -> Cause:
    base = _stanza(row, where)
    lists: dict[str, Any] = {key: tuple(_take(row, where, key, ())) for key in ("all", "any", "none", "outranks", "confirm")}
    if not lists["all"] and not lists["any"]:
        raise PatternError(where, "needs `all` or `any`")
    texts: dict[str, Any] = {key: _texts(row, where, key) for key in ("title", "explain", "remedy")}
    change = tuple(tuple(line) for line in _take(row, where, "change", ()))
    cause = Cause(**base, **lists, **texts, change=change, bare=_take(row, where, "bare", False))
    _done(row, where, ("all", "any", "none", "outranks", "confirm", "title", "explain", "remedy", "change", "bare"))
    return cause


_READERS: dict[str, Any] = {
    "time": _stamp,
    "wrapper": _wrapper,
    "request-id": _request_id,
    "shape": _shape,
    "access": _access,
    "record": _record,
    "message": _message,
    "signal": _signal,
    "cause": _cause,
}


def _check_names(patterns: Patterns, found: Mapping[str, Sequence[Stanza]]) -> None:
    seen: dict[str, str] = {}
    for stanza in (stanza for stanzas in found.values() for stanza in stanzas):
        if stanza.id in seen:
            raise PatternError(stanza.where, f"has the name of {seen[stanza.id]}")
        seen[stanza.id] = stanza.where
    for cause in patterns.causes.values():
        for name in (*cause.all, *cause.any, *cause.none):
            if name not in patterns.signals:
                raise PatternError(cause.where, f"names the unknown signal `{name}`", _nearest(name, patterns.signals))
        for name in cause.outranks:
            if name not in patterns.causes:
                raise PatternError(cause.where, f"outranks the unknown cause `{name}`", _nearest(name, patterns.causes))
    _check_cycle(patterns.causes)


def _check_cycle(causes: Mapping[str, Cause]) -> None:
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            raise PatternError(causes[name].where, f"outranks itself: {' > '.join((*trail, name))}")
        if name not in done:
            for lower in causes[name].outranks:
                visit(lower, (*trail, name))
            done.add(name)

    for name in causes:
        visit(name, ())
