"""What facts of one attempt need to know of the rest of the bundle."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from wslogs.crowd import Crowd
from wslogs.model import LIFE, Attempt, Event, Fact, Source, Tier, What
from wslogs.parsers.certificates import Certificate
from wslogs.parsers.compose import Service
from wslogs.parsers.env import Setting
from wslogs.parsers.nginx_conf import Conf, Directive
from wslogs.parsers.nginx_location import routes
from wslogs.parsers.nginx_route import Route

_FEW = 3
_MOST_ALIKE = 50
"""More sockets that ended alike prove no more."""


_PLAIN_WORKER = "app.worker-without-websockets"


@dataclass(frozen=True, slots=True)
class Others:
    """Requests that are no WebSocket's, on the server's clock, in order of time; those without one last."""

    events: Sequence[Event] = ()
    times: Sequence[float] = ()

    def around(self, at: float | None, most: int) -> list[Event]:
        """The nearest to an instant, nearest first; without one, any of them."""
        if at is None:
            return list(self.events[:most])
        place = bisect_left(self.times, at)
        found = self.events[max(0, place - most) : min(len(self.times), place + most)]
        return sorted(found, key=lambda e: abs((e.at or 0.0) - at))[:most]


@dataclass(slots=True)
class Tries:
    """All tries of one token on one path."""

    count: int = 0
    first: list[Attempt] = field(default_factory=list)
    """The first few."""
    last: tuple[bool, float, str, int] = (False, 0.0, "", 0)
    """Of the last one: whether its start is not told, its start, its source and line."""
    starts: list[float] = field(default_factory=list)
    """When they began, in order of time; those without a time are left out."""
    answered: bool = False
    """Whether any of them opened or was answered."""


@dataclass(slots=True)
class World:
    """What facts of one attempt may need to know of the rest of the bundle."""

    sources: Mapping[str, Source]
    conf: Conf | None
    settings: Sequence[Setting]
    life: Sequence[Event]
    """The app's starts and stops in order of time, on the server's clock."""
    lives: Mapping[str, Sequence[Event]]
    """App log -> its starts and stops in order of lines, also those without a time."""
    closes: Mapping[str, Sequence[int]]
    """App log -> lines that tell of a close of some socket, nobody knows which."""
    ports: Mapping[str, Event]
    """Port that the app said it listens on -> the line that says so."""
    opened: Mapping[str | None, Attempt]
    """Path -> one attempt that opened there."""
    tries: Mapping[tuple[str | None, str | None], Tries]
    """(path, token) -> what is known of all its tries."""
    with_token: frozenset[str | None]
    """Paths on which an attempt with a token opened."""
    token_names: Mapping[str | None, Mapping[str, Event]] = field(default_factory=dict)
    """Path -> parameters of the query that carried the token of one that opened -> a line that shows it."""
    pages: Mapping[str, Event] = field(default_factory=dict)
    """Hosts that pages in the browser came from -> a line that shows it."""
    certificates: Sequence[Certificate] = ()
    services: Sequence[Service] = ()
    """Of docker-compose.yml."""
    probed: Sequence[Event] = ()
    """Probes that opened a socket."""
    listeners: Sequence[Event] = ()
    """Addresses that a snapshot of the host shows to be listened on; `*` heads a whole list of them."""
    others: Others = Others()
    lost: Sequence[tuple[float, Attempt]] = ()
    """How long each socket that ended without a close frame was silent before, shortest first."""
    versions: Sequence[Event] = ()
    """Lines that name the version of nginx."""
    plain: Mapping[str | None, Event] = field(default_factory=dict)
    """Path -> a plain GET that the app answered there, beside its WebSockets."""
    plain_worker: Event | None = None
    """The app's server says that its workers know no WebSocket."""
    last: dict[tuple[str | None, str | None], Attempt] = field(default_factory=dict)
    """(path, token) -> its attempt before the one that is learned."""
    _routes: dict[tuple[str | None, str | None, str | None], Route | None] = field(default_factory=dict)

    def lost_after(self, least: float, most: float) -> list[Attempt]:
        """Lost sockets that were silent for so many seconds."""
        first = bisect_left(self.lost, least, key=lambda row: row[0])
        return [one for quiet, one in self.lost[first : first + _MOST_ALIKE] if quiet <= most]

    @property
    def nginx(self) -> tuple[int, ...] | None:
        """The version of nginx; of several the oldest, None where none is told."""
        return min((tuple(map(int, e.version.split("."))) for e in self.versions if e.version), default=None)

    @property
    def nginx_shown(self) -> Sequence[Event]:
        return self.versions[:1]

    def route(self, attempt: Attempt) -> Route | None:
        if self.conf is None:
            return None
        key = (attempt.scheme, attempt.host, attempt.path)
        if key not in self._routes:
            self._routes[key] = routes(self.conf, *key)
        return self._routes[key]


def world(
    attempts: Sequence[Attempt], sources: Iterable[Source], conf: Conf | None, settings: Sequence[Setting], loose: Iterable[Event],
    certificates: Sequence[Certificate] = (), services: Sequence[Service] = (), others: Iterable[Event] = (), crowd: Crowd | None = None,
) -> World:  # fmt: skip
    """Gathers it once for all attempts."""
    loose, others, known = list(loose), list(others), {s.path: s for s in sources}
    life = [e for e in loose if e.what in LIFE]
    opened = [a for a in attempts if a.opened]
    return World(
        sources=known,
        conf=conf,
        settings=settings,
        plain={e.path: e for e in loose if e.tier is Tier.APP and e.what is What.REQUEST and e.path and 200 <= (e.status or 0) < 300},
        plain_worker=next((e for e in loose if _PLAIN_WORKER in e.signals), None),
        life=sorted((e for e in life if e.at is not None), key=lambda e: e.at or 0.0),
        lives=_by_source(life),
        closes={path: [e.line for e in rows] for path, rows in _by_source(e for e in loose if e.what is What.CLOSED).items()},
        ports={e.upstream.rpartition(":")[2]: e for e in life if e.upstream},
        opened={a.path: a for a in opened},
        tries=_tries(attempts, crowd),
        with_token=frozenset(a.path for a in opened if a.token),
        token_names=_token_names(opened),
        pages={e.page.partition("://")[2]: e for e in (*loose, *(e for a in attempts for e in a.events)) if e.page},
        certificates=certificates,
        services=services,
        probed=[e for e in loose if e.tier is Tier.PROBE and e.what is What.OPENED],
        listeners=[e for e in loose if e.tier is Tier.HOST and e.upstream],
        others=_others((e for e in others if not e.version), known),
        lost=sorted(((quiet, a) for a in opened if (quiet := silence(a)) is not None and a.code in (None, 1005, 1006)), key=lambda r: r[0]),
        versions=[e for e in (*loose, *others) if e.version],
    )


def _others(events: Iterable[Event], sources: Mapping[str, Source]) -> Others:
    """Puts requests on the server's clock."""
    moved = [
        replace(e, at=e.at + of.shift(e.line)) if e.at is not None and (of := sources.get(e.source)) is not None else e for e in events
    ]
    timed = sorted((e for e in moved if e.at is not None), key=lambda e: e.at or 0.0)
    return Others([*timed, *(e for e in moved if e.at is None)], [e.at or 0.0 for e in timed])


def _by_source(events: Iterable[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda e: (e.source, e.line)):
        found.setdefault(event.source, []).append(event)
    return found


def _tries(attempts: Sequence[Attempt], crowd: Crowd | None) -> dict[tuple[str | None, str | None], Tries]:
    found: dict[tuple[str | None, str | None], Tries] = {}
    for attempt in attempts:
        known = found.setdefault(dialler(attempt), Tries())
        known.count += 1
        known.last = order(attempt)
        known.answered = known.answered or bool(attempt.opened) or attempt.status is not None
        if len(known.first) < _FEW:
            known.first.append(attempt)
        if attempt.started is not None:
            known.starts.append(attempt.started)
    for dials in crowd.dials(found) if crowd is not None else ():
        known = found[dials.dialler]
        known.count += dials.count
        known.last = max(known.last, dials.last)
        known.answered = known.answered or dials.answered
        known.starts += dials.starts
    for known in found.values():
        known.starts.sort()
    return found


def order(attempt: Attempt) -> tuple[bool, float, str, int]:
    """Attempts stand in this order: by their starts, those without one last."""
    return attempt.started is None, attempt.started or 0.0, attempt.events[0].source, attempt.events[0].line


def _token_names(opened: Iterable[Attempt]) -> dict[str | None, dict[str, Event]]:
    found: dict[str | None, dict[str, Event]] = {}
    for attempt in opened:
        if attempt.token is not None and attempt.token.parameter is not None:
            found.setdefault(attempt.path, {}).setdefault(attempt.token.parameter, attempt.events[0])
    return found


def silence(attempt: Attempt) -> float | None:
    """How long an open socket was silent before it ended, seconds; its whole life where no source tells of frames."""
    if not attempt.opened or attempt.started is None or attempt.ended is None:
        return None
    lasted = max(0.0, attempt.ended - attempt.started)
    return min((lasted, *(e.quiet_s for e in attempt.events if e.quiet_s is not None)))


def doubled(path: str) -> bool:
    """Whether a path repeats its beginning, as a base URL that is put on twice makes it: /api/v1/api/v1/ws, //ws."""
    parts = [part for part in path.split("/") if part]
    return path.startswith("//") or any(parts[:n] == parts[n : 2 * n] for n in range(1, len(parts) // 2 + 1))


def dialler(attempt: Attempt) -> tuple[str | None, str | None]:
    return attempt.path, attempt.token.fingerprint if attempt.token else None


def tell(attempt: Attempt, name: str, value: Fact, *proof: Event | None) -> None:
    attempt.facts[name] = value
    attempt.proof[name] = tuple(e for e in proof if e is not None)


def line(directive: Directive | None) -> Event | None:
    """The line of a directive as proof."""
    if directive is None:
        return None
    return Event(source=directive.file, line=directive.line, tier=Tier.CONFIG, what=What.NOTE, excerpt=directive.shown())
