"""Every line of a file -> what wslogs makes of it: its form, its fields, its signals; or how far the nearest form fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import islice
from pathlib import Path

import regex

from wslogs.bundle import Bundle, Item, open_bundle
from wslogs.detection import kind_of
from wslogs.errors import PatternError
from wslogs.evidence import read
from wslogs.mask import Mask
from wslogs.model import Event, Source, Token
from wslogs.parsers import access
from wslogs.parsers.heads import Heads
from wslogs.parsers.kinds import KINDS, second
from wslogs.parsers.kit import Kit, decode
from wslogs.patterns import Patterns, load
from wslogs.redact import ELIDED, Vault, shown_path
from wslogs.report.names import address_class
from wslogs.rows import nearest

SHOWN = 400
"""Characters of a line that are shown."""
_HIDDEN = frozenset({"source", "line", "tier", "what", "signals", "excerpt", "logged", "marks", "resolution_s", "loads_after", "quiet_s"})
_MATCH_S = 0.5
_SCHEMES = ("ws", "wss", "http", "https")
_BATCH = 2000
_YEAR_3000 = 32503680000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One line. `text` is masked as in a report with --quote."""

    source: str
    line: int
    text: str
    form: str = ""
    """Name of the form that fits; empty when none does."""
    message: str = ""
    """Name of the message that was read in it; empty when there is none."""
    event: str = ""
    """What happened, and the fields: `accepted status=101 path=/ws token=T1`; times as logged, without a zone."""
    signals: tuple[str, ...] = ()
    nearest: str = ""
    """Of a line without a form: the form that fits farthest."""
    caret: int = 0
    """Place in `text` up to which it fits."""


@dataclass(slots=True)
class Names:
    """Tokens, keys, clients and the like by first appearance: T1, K1, C1."""

    known: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    raw: bool = False
    """Whether addresses, hosts and paths stand as they are: for tests, never for a user."""

    def of(self, prefix: str, value: str) -> str:
        if value not in self.known:
            self.counts[prefix] = self.counts.get(prefix, 0) + 1
            self.known[value] = f"{prefix}{self.counts[prefix]}"
        return self.known[value]


def explain(paths: Sequence[Path], own: Sequence[Path] = ()) -> Iterator[Explained]:
    """Every line of every log, and every event of the other files, in the order of the files; these teach each other as in a bundle.

    BundleError when a path does not exist; PatternError when a pattern of `own` is wrong.
    """
    with open_bundle(paths) as bundle:
        kit = Kit(load(*own), Vault())
        yield from _checked(_explained(bundle, kit), [item.path for item in bundle.items], kit.vault)


def explain_line(line: str, own: Sequence[Path] = ()) -> Explained:
    """One line alone. PatternError when a pattern of `own` is wrong."""
    raw = line.encode("utf-8", "replace") + b"\n"
    kit = Kit(load(*own), Vault())
    rows = _explained(Bundle("", [Item.of("line", raw)], []), kit)
    nothing = Explained(source="line", line=1, text=Mask(kit.vault, kit.patterns.words).line(decode(raw)[:SHOWN]))
    return next(_checked(rows, [], kit.vault), nothing)


def _checked(rows: Iterator[Explained], labels: Sequence[str], vault: Vault) -> Iterator[Explained]:
    """The rows, a batch at a time after no secret was found in it. LeakError when there is one."""
    while batch := list(islice(rows, _BATCH)):
        vault.check({"the terminal": "\n".join(f"{one.event}\n{one.text}" for one in batch).encode("utf-8", "replace")}, labels)
        yield from batch


def _explained(bundle: Bundle, kit: Kit) -> Iterator[Explained]:
    evidence, names = read(bundle, kit), Names()
    by_place: dict[tuple[str, int], list[Event]] = {}
    for event in evidence.events:
        by_place.setdefault((event.source, event.line), []).append(event)
    for item in bundle.items:
        kind, programs = kind_of(item, kit)
        if kind in KINDS or kind == "unknown":
            yield from _of_log(item, programs, by_place, names, kit)
        else:
            for event in (e for e in evidence.events if e.source == item.path):
                yield Explained(
                    source=item.path, line=event.line, text=event.excerpt, form=kind, message=kind, event=said(event, names),
                    signals=event.signals,
                )  # fmt: skip


def _of_log(
    item: Item, programs: Mapping[str, str], events: Mapping[tuple[str, int], Sequence[Event]], names: Names, kit: Kit
) -> Iterator[Explained]:
    forms, mask = _Forms(programs, kit), Mask(kit.vault, kit.patterns.words)
    with item.open() as stream:
        for number, raw in enumerate(stream, 1):
            text = decode(raw.rstrip(b"\r\n"))
            masked = mask.line(text[:SHOWN])
            told = events.get((item.path, number), ())
            form, message = forms.of(text)
            nearest, reach = ("", 0) if form or not text.strip() else forms.nearest(text)
            yield Explained(
                source=item.path, line=number, text=masked, form=form, message=message, nearest=nearest,
                event="; ".join(said(event, names) for event in told), signals=tuple(s for e in told for s in e.signals),
                caret=_moved(text[:SHOWN], masked, reach) if reach else 0,
            )  # fmt: skip


def said(event: Event, names: Names) -> str:
    """What happened and every field that the line told, tokens and keys by their names."""
    fields = [f"{name}={_value(name, getattr(event, name), names)}" for name in fields_of(event)]
    return " ".join([event.what, *fields])


def fields_of(event: Event) -> list[str]:
    """The fields that the line told."""
    return [name for name in event.__slots__ if name not in _HIDDEN and getattr(event, name) is not None]


def _value(name: str, value: object, names: Names) -> str:
    if isinstance(value, Token):
        times = "".join(f" {part}={at:.0f}" for part in ("issued", "expires") if (at := getattr(value, part)) is not None)
        return names.of("T", value.fingerprint) + times
    if name in ("key", "agent"):
        return names.of(name[0].upper(), str(value))
    if isinstance(value, str) and not isinstance(value, StrEnum) and not names.raw:
        return _shown(name, value, names)
    if name == "at" and isinstance(value, float):
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] if 0 <= value < _YEAR_3000 else str(value)
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _shown(name: str, value: str, names: Names) -> str:
    """A text of the bundle as a value of a closed type, or as its name by first appearance."""
    if name == "client":
        return f"{names.of('C', value)} {address_class(value)}"
    if name in ("connection", "version") and regex.fullmatch(r"[\d.]{1,20}", value):
        return value
    if name == "scheme" and value in _SCHEMES:
        return value
    if name == "path":
        return shown_path(value)
    if name == "upstream":
        port = value.rpartition(":")[2]
        return value if value == "-" else f"{ELIDED}:{port}" if port.isdecimal() else ELIDED
    return names.of(name[0].upper(), value)


def told_of(source: Source) -> str:
    """How much of a file was understood, in a line."""
    zone = "" if source.first is None else " zoned" if source.zoned else " of day" if source.dateless else " no zone"
    return f"{source.path}: {source.kind} {source.tier}{zone}, {source.recognised} of {source.lines} lines recognised, {source.kept} kept"


def why(name: str, patterns: Patterns, lang: str) -> str:
    """What a cause is made of, as text; PatternError when there is no such cause."""
    cause = patterns.causes.get(name)
    if cause is None:
        raise PatternError(name, "is no cause", nearest(name, patterns.causes) or f"known: {', '.join(sorted(patterns.causes))}")
    rows = [f"{cause.id}: {cause.title[lang]}", cause.explain[lang], f"({cause.where.partition(' ')[0]})"]
    for word in ("all", "any", "none", "hints", "suspects"):
        names: Sequence[str] = getattr(cause, word)
        rows += [f"{word} of:"] if names else []
        for signal in (patterns.signals[one] for one in names):
            rows.append(f"  {signal.id}: {signal.says[lang]}")
            rows += [f"    {example if isinstance(example, str) else example['line']}" for example in signal.examples[:1]]
    rows += [f"outranks: {', '.join(cause.outranks)}"] if cause.outranks else []
    return "\n".join(rows)


class _Forms:
    """The forms that lines of these kinds have; of a file of no known kind, all forms."""

    def __init__(self, programs: Mapping[str, str], kit: Kit) -> None:
        self._programs, self._kit = programs, kit
        self._kinds = list(dict.fromkeys(programs.values())) or list(KINDS)
        self._heads = {kind: Heads(kit.patterns, kind) for kind in self._kinds}
        self._layouts = access.layouts(kit) if "nginx-access" in self._kinds else []
        self._loose = {one.id for one in kit.patterns.accesses if one.match is not None}
        """Forms of what rows have in common: any line begins like one."""
        self._shapes = [shape for shape in kit.patterns.shapes if shape.kind in self._kinds]

    def of(self, text: str) -> tuple[str, str]:
        """(name of the form, name of the message); empty where there is none."""
        kind = self._programs.get(self._heads[self._kinds[0]].take(text).program, self._kinds[0])
        head = self._heads.get(kind, self._heads[self._kinds[0]]).take(text)
        bare = self._heads[self._kinds[0]].bare(text)
        if kind == "nginx-access":
            name = next(
                (one.name for one in self._layouts if _fits(one.expression, bare) or _fits(one.expression, text)),
                "record.access-json" if head.record else "",
            )
            if name or second(head.program, "nginx-error") not in self._programs:
                return name, name
            kind = "nginx-error"
        reading = self._kit.reader(kind).read_all(text if kind == "nginx-error" else head.text)
        message = reading.message.id if reading.message else ""
        form = next((one.id for one in self._shapes if _fits(one.match, bare)), "")
        return form or message, message

    def nearest(self, text: str) -> tuple[str, int]:
        """(the form that fits farthest from the start, how many characters of the line); empty where none begins to fit."""
        bare = self._heads[self._kinds[0]].bare(text)
        before = len(text) - len(bare)
        candidates: Iterable[tuple[str, regex.Pattern[str]]] = [
            *((one.name, one.expression) for one in self._layouts if one.name not in self._loose),
            *((one.id, one.match) for one in self._shapes),
        ]
        reach, name = max(((_reach(expression, bare), name) for name, expression in candidates), default=(0, ""), key=lambda row: row[0])
        return (name, before + reach) if reach else ("", 0)


def _fits(expression: regex.Pattern[str], text: str, *, partial: bool = False) -> bool:
    try:
        return expression.match(text, partial=partial, timeout=_MATCH_S) is not None
    except TimeoutError:
        return False


def _reach(expression: regex.Pattern[str], text: str) -> int:
    """How many characters of a text a form fits before it goes wrong: each shorter beginning fits as well, so halving finds it."""
    low, high = 0, min(len(text), SHOWN)
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(expression, text[:middle], partial=True):
            low = middle
        else:
            high = middle - 1
    return low


def _moved(text: str, masked: str, place: int) -> int:
    """Where a place of a line stands in the masked line."""
    for one, other, size in SequenceMatcher(None, text, masked, autojunk=False).get_matching_blocks():
        if place <= one + size:
            return other + max(0, place - one)
    return len(masked)
