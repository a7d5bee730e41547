"""Rows of an access log -> what each tells, as columns: what rows have in common is worked out once, and a row costs microseconds.

It tells the same as lines.py does of the same row; that is tested.
"""

from __future__ import annotations

import re  # noqa: TID251  twice as fast, for rows so short that no expression of a format takes long
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import isnan, nan
from operator import itemgetter
from typing import Any, TypeVar

import numpy as np

from wslogs.columns import Rows, kind_key
from wslogs.model import Event, Source, Token
from wslogs.parsers import access
from wslogs.parsers.kit import Kit, seconds
from wslogs.parsers.log_format import Layout

_CACHED = 100_000
"""Values that are kept in mind before all are forgotten."""
_SHORT = 2000
"""Characters of a row that is matched without looking at the clock: a format's expression takes at most the square of them."""
_ASKED = frozenset({
    "status", "http_upgrade", "http_host", "host", "server_name", "upstream_status", "upstream_addr", "upstream_connect_time",
    "upstream_response_time", "upstream_header_time", "upstream_bytes_sent",
})  # fmt: skip
"""Further variables that access.event reads into what rows have in common."""
_TIED = frozenset({"http_sec_websocket_key", "connection", *access.IDS})
"""Variables that tie a row to what other tiers say of it."""
_FEW = 20
"""Rows by which the usual layout of a block is known."""
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
Row = Mapping[str, str]
Taken = tuple[int, float, float, int, int, int, bool]
"""(kind, time, length, token, client, agent, whether an id ties it to another tier) of a row.

Kind -1: it is no handshake, UNREAD: it cannot be read.
"""
UNREAD = -2
_NONE: Taken = (-1, nan, nan, -1, -1, -1, False)
_UNREAD: Taken = (UNREAD, *_NONE[1:])


class Plan:
    """Where the values of a layout are."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        names = list(layout.names.values())
        places = {name: names.index(name) for name in dict.fromkeys(names)}
        time = next((name for name, _, _ in access.TIMES if name in places), None)
        self.local = time == "time_local"
        self.lasted = places.get("request_time")
        self.client, self.agent = places.get("remote_addr"), places.get("http_user_agent")
        asked = [place for name, place in places.items() if name in _ASKED]
        self.common: Callable[[Sequence[str]], object] = itemgetter(*asked) if asked else lambda values: ()
        self.secret = [(name, place) for name, place in places.items() if access.is_secret(name)]
        self.tied = [(name, place) for name, place in places.items() if name in _TIED]
        self.names = names
        written = all(group != name for group, name in layout.names.items())  # an expression of a stanza's own may leave values out
        self.fits = written and "request" in places and time is not None and layout.shortest is None
        self.request, self.time = places.get("request", 0), places.get(time or "", 0)
        self.match = re.compile(layout.expression.pattern).match if self.fits else layout.expression.match
        """What log_format.py writes means the same to re, which is twice as fast here."""


class RowReader:
    """Reads rows; what they name (kinds, tokens, clients, agents) goes into the lists of `named`, and their codes are places there."""

    def __init__(self, source: Source, kit: Kit, row_of: Callable[[bytes], Row | None], named: Rows) -> None:
        """`row_of` takes a row apart that no layout fits whose values stand each by itself."""
        self._source, self._kit, self._row_of, self._rows = source, kit, row_of, named
        self._plans = [plan for one in access.layouts(kit) if (plan := Plan(one)).fits]
        self._kinds: dict[tuple[object, ...], int] = {}
        self._tokens: dict[str | None, dict[str, int]] = {}
        """Parameter -> fingerprint -> place in the rows' tokens."""
        self._clients: dict[str, int] = {}
        self._agents: dict[str, int] = {}
        self._common: dict[str, dict[tuple[object, ...], int]] = {}
        """Layout -> what rows have in common -> their kind."""
        self._queries: dict[str, int] = {}
        self._times: dict[str, float] = {}
        self._named: dict[str, int] = {}
        self._told: dict[str, set[str]] = {}

    def when(self, raw: bytes) -> float | None:
        """When a row was written, epoch seconds; None where it does not say."""
        if (text := _plain(raw)) is not None:
            plan, fits = next(((plan, fits) for plan in self._plans if (fits := plan.match(text)) is not None), (None, None))
            if plan is not None and fits is not None:
                at = self._time(plan, fits.groups()[plan.time])
                return None if isnan(at) else at
        row = self._row_of(raw)
        return access.row_time(row) if row is not None else None

    def taken(self, raws: Sequence[bytes]) -> tuple[Sequence[Any], ...]:
        """What rows tell, one sequence for each field of Taken: those that the usual layout fits are read together, others one by one."""
        texts = _texts(raws)
        some = [text for text in texts[:_FEW] if text is not None]
        if self._plans and not all(map(self._plans[0].match, some)):
            self._plans.sort(key=lambda plan: -sum(plan.match(text) is not None for text in some))
        if not self._plans:
            return tuple(zip(*(self._row(raw, text) for raw, text in zip(raws, texts, strict=True)), strict=True))
        plan = self._plans[0]
        matches = [None if text is None else plan.match(text) for text in texts]
        planned = self._planned(plan, [one.groups() for one in matches if one is not None])
        if None not in matches:
            return planned
        usual = zip(*planned, strict=True)
        rows = (self._row(raw, text) if one is None else next(usual) for raw, text, one in zip(raws, texts, matches, strict=True))
        return tuple(zip(*rows, strict=True))

    def _row(self, raw: bytes, text: str | None) -> Taken:
        """What one row tells that the usual layout does not fit."""
        if text is not None:
            for plan in self._plans[1:]:
                if (fits := plan.match(text)) is not None:
                    return next(zip(*self._planned(plan, [fits.groups()]), strict=True))
        row = self._row_of(raw)
        if row is None:
            return _UNREAD
        made = access.event(row, self._source, 1, self._kit)
        return self._event(made) if made is not None else _NONE

    def _planned(self, plan: Plan, rows: Sequence[Sequence[str]]) -> tuple[Sequence[Any], ...]:
        """The same of rows whose values are taken apart by a layout: each different value is worked out once."""
        if not rows:
            return ((),) * len(_NONE)
        columns = list(zip(*rows, strict=True))
        for name, place in plan.secret:
            told = self._told.setdefault(name, set())
            for value in dict.fromkeys(columns[place]):
                if value not in told and value != "-":
                    told.clear() if len(told) > _CACHED else None
                    told.add(value)
                    self._kit.vault.header(name.replace("_", "-"), value)
        kinds, queries = self._asked(plan, rows)
        none = [-1] * len(rows)
        return (
            kinds,
            _each(columns[plan.time], lambda text: self._time(plan, text)),
            [nan] * len(rows) if plan.lasted is None else _each(columns[plan.lasted], _length),
            _each(queries, self._query),
            none if plan.client is None else _each(columns[plan.client], lambda text: self._code(self._clients, self._rows.clients, text)),
            none if plan.agent is None else _each(columns[plan.agent], self._agent),
            [self._ties(plan, values) for values in rows] if plan.tied and self._kit.joins else [False] * len(rows),
        )  # fmt: skip

    def _asked(self, plan: Plan, rows: Sequence[Sequence[str]]) -> tuple[list[int], list[str]]:
        """(kinds, queries) of rows; -1 where one is no handshake, and no query where it is cut within."""
        known = self._common.setdefault(plan.layout.name, {})
        kinds, queries = list[int](), list[str]()
        for values, shared in zip(rows, map(plan.common, rows), strict=True):
            head, asked, rest = values[plan.request].partition("?")
            query, _, http = rest.rpartition(" ")
            if asked and not http.startswith("HTTP/"):
                query, http = "", f"?{rest}"
            kind = known.get((head, http, shared))
            if kind is None:
                row = dict(zip(plan.names, values, strict=True))
                if http.startswith("HTTP/"):
                    row["request"] = f"{head} {http}"
                made = access.event(row, self._source, 1, self._kit)
                kind = self._kind(made) if made is not None else -1
                _remember(known, (head, http, shared), kind)
            kinds.append(kind)
            queries.append(query if kind >= 0 else "")
        return kinds, queries

    def _query(self, query: str) -> int:
        if not query:
            return -1
        token = self._queries.get(query)
        if token is None:
            token = self._token(self._kit.vault.query(query))
            _remember(self._queries, query, token)
        return token

    def _ties(self, plan: Plan, values: Sequence[str]) -> bool:
        joins = self._kit.joins
        return (
            any((values[place] in joins or self._kit.vault.fingerprint(values[place]) in joins) for _, place in plan.tied)
            if joins
            else False
        )

    def _agent(self, text: str) -> int:
        if text in ("", "-"):
            return -1
        code = self._named.get(text)
        if code is None:
            code = self._code(self._agents, self._rows.agents, self._kit.vault.fingerprint(text))
            _remember(self._named, text, code)
        return code

    def _time(self, plan: Plan, text: str) -> float:
        minute, second = (text[:17] + text[20:], text[18:20]) if plan.local and text[18:20] < "60" else (text, "0")
        at = self._times.get(minute)
        if at is None:
            told = access.row_time({plan.names[plan.time]: f"{text[:18]}00{text[20:]}" if plan.local and second != "0" else text})
            at = nan if told is None else told
            _remember(self._times, minute, at)
        return at + int(second)

    def _event(self, made: Event) -> Taken:
        """The same of an event that was read the long way."""
        return (
            self._kind(made), nan if made.at is None else made.at, nan if made.lasted_s is None else made.lasted_s, self._token(made.token),
            self._code(self._clients, self._rows.clients, made.client) if made.client is not None else -1,
            self._code(self._agents, self._rows.agents, made.agent) if made.agent is not None else -1,
            any(one in self._kit.joins for one in (made.key, made.connection, made.request_id) if one),
        )  # fmt: skip

    def _kind(self, made: Event) -> int:
        if made.status == 101 or made.upgrade:
            self._kit.paths.add(made.path or "/")
        key = kind_key(made)
        if key not in self._kinds:
            self._kinds[key] = len(self._kinds)
            bare = replace(
                made, line=0, at=None, lasted_s=None, answered_s=None, token=None, client=None, agent=None, key=None, connection=None,
                request_id=None, logged="",
            )  # fmt: skip
            self._rows.kinds.append(bare)
        return self._kinds[key]

    def _token(self, token: Token | None) -> int:
        if token is None:
            return -1
        known = self._tokens.setdefault(token.parameter, {})
        if token.fingerprint not in known:
            known[token.fingerprint] = len(self._rows.tokens)
            self._rows.tokens.append(token)
        return known[token.fingerprint]

    @staticmethod
    def _code(known: dict[str, int], values: list[str], value: str) -> int:
        code = known.get(value)
        if code is None:
            code = known[value] = len(values)
            values.append(value)
        return code


def _plain(raw: bytes) -> str | None:
    """A row in which nothing is escaped, as text; None of any other."""
    if len(raw) >= _SHORT or not raw.isascii() or b"\\" in raw:
        return None
    text = raw.decode("ascii")
    return text if text.isprintable() else None


def _texts(raws: Sequence[bytes]) -> Sequence[str | None]:
    """The same of many rows."""
    whole = b"\n".join(raws)
    if whole.isascii() and b"\\" not in whole and len(max(raws, key=len, default=b"")) < _SHORT:
        written = np.frombuffer(whole, np.uint8)
        if np.count_nonzero(written < ord(" ")) == len(raws) - 1 and not (written == 0x7F).any():
            return whole.decode("ascii").split("\n")
    return [_plain(raw) for raw in raws]


def _length(text: str) -> float:
    lasted = seconds(text)
    return nan if lasted is None else lasted


def _each(values: Sequence[_Key], of: Callable[[_Key], _Value]) -> list[_Value]:
    """What a function makes of each value, called once for equal ones, in the order in which they first come."""
    return list(map({value: of(value) for value in dict.fromkeys(values)}.__getitem__, values))


def _remember(known: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    if len(known) >= _CACHED:
        known.clear()
    known[key] = value
