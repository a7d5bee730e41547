"""The nouns of patterns/: what a stanza of each table says, and the words that it may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import regex

from wslogs.errors import PatternError
from wslogs.model import Fact, Stage, Tier, What

LINE_KINDS = {
    "console": Tier.BROWSER,
    "nginx-access": Tier.PROXY,
    "nginx-error": Tier.PROXY,
    "app": Tier.APP,
    "probe": Tier.PROBE,
    "probed": Tier.PROBE,
    "host": Tier.HOST,
    "har": Tier.BROWSER,
}
"""Kinds of source whose words patterns may name, with the tier that writes them."""

ENDERS = ("client", "proxy", "app", "network")
"""Who a signal may say ended an attempt."""

AMENDS = ("location", "port", "limits")
"""Changes of nginx.conf that a cause may ask for: a location for the path alone, the port of proxy_pass, a higher limit."""

Example = Mapping[str, Any]


def compiled(where: str, text: str) -> regex.Pattern[str]:
    """The expression of a stanza; PatternError where it is none."""
    try:
        return regex.compile(text, regex.VERSION1 | regex.VERBOSE if "\n" in text else regex.VERSION1)
    except regex.error as error:
        raise PatternError(where, f"bad expression: {error}") from error


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
class Foreign(Stanza):
    """How a line of a log looks that wslogs does not read yet: the log is named, not read wrongly."""

    match: regex.Pattern[str]
    name: str
    """What the report calls it, such as `a Caddy access log`."""


@dataclass(frozen=True, kw_only=True)
class Shape(Stanza):
    """How any line of a kind looks at its start, whatever it says: for telling kinds apart and counting what was understood."""

    kind: str
    match: regex.Pattern[str]
    weight: float
    """How much one such line says for the kind, 0 to 1; 0 counts it as understood and says nothing for the kind."""
    rows: bool = False
    """Whether who writes such lines also writes rows of access that look like nginx's."""


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
    expression: str | None
    needles: tuple[str, ...]
    """Lower-case strings; every line that `match` fits holds one. The scanner looks for these alone."""

    @cached_property
    def match(self) -> regex.Pattern[str] | None:
        """The expression, compiled when a line is first held against it: most of a bundle's run never are."""
        return None if self.expression is None else compiled(self.where, self.expression)


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
    also: tuple[str, ...] = ()
    """Signals in lines of the attempt that must fire as well."""
    consequence: bool = False
    """Whether the end had come before, so that the line tells nothing of who brought it."""


@dataclass(frozen=True, kw_only=True)
class Cause(Stanza):
    """A named explanation over signals alone. `id` is the detail of the contract, its first word the family."""

    all: tuple[str, ...]
    any: tuple[str, ...]
    none: tuple[str, ...]
    outranks: tuple[str, ...]
    hints: tuple[str, ...] = ()
    """Signals of probes and of the host: they do for `any`, but only where the evidence of the attempt itself fits no cause."""
    suspects: tuple[str, ...] = ()
    """Signals that fit several causes alike: where nothing holds nor is hinted at, all that they fit stand, whatever outranks."""
    strong: tuple[str, ...] = ()
    """Signals that settle it. Where none of them fired, the verdict is one of a kind that is counted apart."""
    harmless: bool = False
    """Whether it is no failure of the service: it names the bundle only where nothing else went wrong and nothing worked."""
    bare: bool
    """Certain of the family only: the verdict's detail stays empty."""
    title: Mapping[str, str]
    explain: Mapping[str, str]
    remedy: Mapping[str, str]
    confirm: tuple[str, ...]
    change: tuple[tuple[str, ...], ...]
    """Directives that the remedy sets in the location on the path, name first."""
    amend: str | None = None
    """What else the remedy changes in nginx.conf: one of AMENDS."""

    @property
    def speaking(self) -> tuple[str, ...]:
        """The signals that speak for it."""
        return (*self.any, *self.all, *self.hints, *self.suspects)

    @property
    def family(self) -> str:
        return self.id.partition(".")[0]


@dataclass(frozen=True, kw_only=True)
class Close(Stanza):
    """What a close code means (RFC 6455 section 7.4)."""

    code: int
    last: int
    """Of a range its last code, else the same."""
    title: Mapping[str, str]
    explain: Mapping[str, str]
    causes: tuple[str, ...]
    """Details that may stand behind it, the most likely first; not all of them."""
    once_open: tuple[str, ...]
    """The same of a socket that had been open, where these are others."""
