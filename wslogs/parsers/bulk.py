"""An access log of any size -> columns: what rows have in common is worked out once, and a row costs a few microseconds.

It tells the same as lines.py does of the same file, row for row; that is tested.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import isnan, nan
from operator import itemgetter
from typing import BinaryIO, TypeVar

import numpy as np

from wslogs import crowd
from wslogs.crowd import Rows
from wslogs.model import Event, Source, Token
from wslogs.parsers import access
from wslogs.parsers.bystanders import Bystanders
from wslogs.parsers.kit import Kit, decode, seconds
from wslogs.parsers.log_format import Layout
from wslogs.scan import Block, Finder, Line, Scanner, finder, found

MOST_EACH = 400
"""Lines of one class that are kept until it is known how many there are of all."""
_CACHED = 100_000
"""Values that are kept in mind before all are forgotten."""
_NEAR_S = 3.0
"""A row so close to what another tier tells without a token is looked at for itself."""
_SHORT = 2000
"""Characters of a row that is matched without looking at the clock: a format's expression takes at most the square of them."""
_OWN = frozenset({"request", "request_time", "remote_addr", "http_user_agent", "time_local", "time_iso8601", "msec"})
"""Variables whose values are read row by row; of the others rows of one kind have the same, or nobody asks."""
_ASKED = frozenset({
    "status", "http_upgrade", "http_host", "host", "server_name", "upstream_status", "upstream_addr", "upstream_connect_time",
    "upstream_response_time", "upstream_header_time", "upstream_bytes_sent",
})  # fmt: skip
"""Further variables that access.event reads into what rows have in common."""
_TIED = frozenset({"http_sec_websocket_key", "connection", *access.IDS})
"""Variables that tie a row to what other tiers say of it."""
Row = Mapping[str, str]


class Plan:
    """Where the values of a layout are."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        names = list(layout.names.values())
        places = {name: names.index(name) for name in dict.fromkeys(names)}
        self.time = next((places[name] for name, _, _ in access.TIMES if name in places), None)
        self.local = self.time is not None and names[self.time] == "time_local"
        self.request, self.lasted = places.get("request"), places.get("request_time")
        self.client, self.agent = places.get("remote_addr"), places.get("http_user_agent")
        asked = [place for name, place in places.items() if name in _ASKED]
        self.common: Callable[[Sequence[str]], object] = itemgetter(*asked) if asked else lambda values: ()
        self.secret = [(name, place) for name, place in places.items() if access.is_secret(name)]
        self.tied = [(name, place) for name, place in places.items() if name in _TIED]
        self.names = names
        written = all(group != name for group, name in layout.names.items())  # an expression of a stanza's own may leave values out
        self.fits = written and self.request is not None and self.time is not None and layout.shortest is None


class Bulk:
    """Reads one access log, or a part of one, into Rows."""

    def __init__(self, source: Source, kit: Kit, row_of: Callable[[bytes], Row | None], bystanders: Bystanders) -> None:
        self._source, self._kit, self._row_of, self._bystanders = source, kit, row_of, bystanders
        self._plans = [plan for one in access.layouts(kit) if (plan := Plan(one)).fits]
        self._kinds: dict[tuple[object, ...], int] = {}
        self._tokens: dict[tuple[str, str | None], int] = {}
        self._clients: dict[str, int] = {}
        self._agents: dict[str, int] = {}
        self._common: dict[tuple[object, ...], int] = {}
        self._queries: dict[str, int] = {}
        self._times: dict[str, float] = {}
        self._named: dict[str, int] = {}
        self._told: dict[str, set[str]] = {}
        self._rows = Rows(sources=[source.path])
        self._done: list[Rows] = []
        self._wanted: list[crowd.Flags] = []

    def read(self, scanner: Scanner, stream: BinaryIO, needles: Iterable[str]) -> tuple[Rows, crowd.Flags]:
        """(rows that could be handshakes, whether another tier may tell of each)."""
        where = finder(word.encode() for needle in needles for word in _cases(needle))
        for block in scanner.blocks(stream):
            self._block(block, where)
        self._settle(2 * crowd.EACH)
        rows = self._of({name: [part[name] for part in self._done] for name in self._rows.columns})
        before = 0
        for part in self._done:
            rows.raws |= {before + place: raw for place, raw in part.raws.items()}
            before += len(part)
        return rows, np.concatenate(self._wanted) if self._wanted else np.zeros(0, np.bool_)

    def _block(self, block: Block, where: Finder | None) -> None:
        columns: list[tuple[int, float, float, int, int, int, int, int]] = []
        raws: list[bytes] = []
        tied: list[bool] = []
        for begin, end in found(where, block, block.raw):
            raw = block.raw[begin:end].rstrip(b"\r")
            row = self._row(raw)
            if row is not None:
                kind, at, lasted, token, client, agent, tie = row
                columns.append((block.number(begin), at, lasted, kind, token, client, agent, zlib.crc32(raw)))
                raws.append(raw)
                tied.append(tie)
                self._bystanders.look(self._rows.kinds[kind].status, None if isnan(at) else at, lambda: Line.of(block, begin, end))  # noqa: B023  it is called at once
        if columns:
            self._add(columns, raws, tied)

    def _add(self, rows: list[tuple[int, float, float, int, int, int, int, int]], raws: list[bytes], tied: list[bool]) -> None:
        made = dict(zip(("line", "at", "lasted", "kind", "token", "client", "agent", "chance"), zip(*rows, strict=True), strict=True))
        own = self._rows
        columns = {name: np.array(made.get(name, 0), empty.dtype) for name, empty in Rows().columns.items() if name != "source"}
        columns["source"] = np.zeros(len(rows), np.int32)
        part = Rows(own.sources, own.kinds, own.tokens, own.clients, own.agents, columns, dict(enumerate(raws)))
        self._done.append(part)
        self._wanted.append(np.array(tied) | self._near(part))
        self._settle(2 * crowd.EACH)

    def _near(self, part: Rows) -> crowd.Flags:
        """Rows that another tier may tell of: by their token, or by their time where it names none."""
        known: crowd.Flags = np.zeros(len(part), np.bool_)
        if self._kit.joins:
            known = np.array([*(one.fingerprint in self._kit.joins for one in part.tokens), False])[part["token"]]
        times = np.array(self._kit.moments)
        if len(times):
            after = np.searchsorted(times, part.ended)
            gap = np.minimum(
                np.abs(times[np.minimum(after, len(times) - 1)] - part.ended), np.abs(times[np.maximum(after - 1, 0)] - part.ended)
            )
            known = known | (gap <= _NEAR_S)
        return known

    def _settle(self, most: int) -> None:
        """Drops lines that are not looked at in any case, where there are too many of them."""
        if sum(len(one.raws) for one in self._done) <= most or sum(map(len, self._done)) <= crowd.EACH:
            return
        places = [np.array(sorted(one.raws), np.int64) for one in self._done]
        kept = self._of({name: [part[name][own] for part, own in zip(self._done, places, strict=True)] for name in self._rows.columns})
        keep = crowd.lowest(crowd.classes(kept, self._kit.limits, self._kit.shown), kept["chance"], MOST_EACH)
        keep |= np.concatenate([flags[own] for flags, own in zip(self._wanted, places, strict=True)])
        for part, own, some in zip(self._done, places, np.split(keep, np.cumsum([len(own) for own in places])[:-1]), strict=True):
            part.raws = {place: part.raws[place] for place in own[some].tolist()}

    def _of(self, columns: Mapping[str, Sequence[crowd.Column]]) -> Rows:
        """Rows of these columns, in pieces."""
        own = self._rows
        whole = {name: np.concatenate(pieces) if pieces else own.columns[name] for name, pieces in columns.items()}
        return Rows(own.sources, own.kinds, own.tokens, own.clients, own.agents, whole)

    def _row(self, raw: bytes) -> tuple[int, float, float, int, int, int, bool] | None:
        """(kind, time, length, token, client, agent, whether an id ties it); None where it is no handshake."""
        try:
            text = raw.decode("ascii")
        except UnicodeDecodeError:
            text = decode(raw)
        if len(text) < _SHORT and text.isprintable() and "\\" not in text:
            for position, plan in enumerate(self._plans):
                found = plan.layout.expression.match(text)
                if found is not None:
                    if position:
                        self._plans.insert(0, self._plans.pop(position))
                    return self._planned(plan, found.groups(""))
        row = self._row_of(raw)
        made = access.event(row, self._source, 1, self._kit) if row is not None else None
        return self._event(made) if made is not None else None

    def _planned(self, plan: Plan, values: Sequence[str]) -> tuple[int, float, float, int, int, int, bool] | None:
        assert plan.request is not None and plan.time is not None
        head, asked, rest = values[plan.request].partition("?")
        query, _, http = rest.rpartition(" ") if asked else ("", "", "")
        cut = bool(asked) and not http.startswith("HTTP/")
        key = (plan.layout.name, head, http if not cut else rest, cut, plan.common(values))
        kind = self._common.get(key)
        if kind is None:
            row = dict(zip(plan.names, values, strict=True))
            if asked and not cut:
                row["request"] = f"{head} {http}"
            made = access.event(row, self._source, 1, self._kit)
            kind = self._kind(made) if made is not None else -1
            _remember(self._common, key, kind)
        for name, place in plan.secret:
            told = self._told.setdefault(name, set())
            if (value := values[place]) not in told and value != "-":
                told.clear() if len(told) > _CACHED else None
                told.add(value)
                self._kit.vault.header(name.replace("_", "-"), value)
        if kind < 0:
            return None
        token = self._queries.get(query, -2) if query and not cut else -1
        if token == -2:
            token = self._token(self._kit.vault.query(query))
            _remember(self._queries, query, token)
        when = self._time(plan, values[plan.time])
        lasted = seconds(values[plan.lasted]) if plan.lasted is not None else None
        client = self._code(self._clients, self._rows.clients, values[plan.client]) if plan.client is not None else -1
        agent = self._agent(values[plan.agent]) if plan.agent is not None else -1
        return kind, when, nan if lasted is None else lasted, token, client, agent, bool(plan.tied) and self._ties(plan, values)

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
            assert plan.time is not None
            told = access.row_time({plan.names[plan.time]: f"{text[:18]}00{text[20:]}" if plan.local and second != "0" else text})
            at = nan if told is None else told
            _remember(self._times, minute, at)
        return at + int(second)

    def _event(self, made: Event) -> tuple[int, float, float, int, int, int, bool]:
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
        key = crowd.kind_key(made)
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
        key = (token.fingerprint, token.parameter)
        if key not in self._tokens:
            self._tokens[key] = len(self._tokens)
            self._rows.tokens.append(token)
        return self._tokens[key]

    @staticmethod
    def _code(known: dict[str, int], values: list[str], value: str) -> int:
        code = known.get(value)
        if code is None:
            code = known[value] = len(values)
            values.append(value)
        return code


def _cases(needle: str) -> set[str]:
    """A needle in the cases in which it is met: to look at all bytes in lower case takes longer than to look for it."""
    return {
        needle,
        needle.upper(),
        needle.capitalize(),
        needle.replace("websocket", "WebSocket"),
        needle.replace("/s", "/S").replace("/w", "/W"),
    }


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def _remember(known: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    if len(known) >= _CACHED:
        known.clear()
    known[key] = value
