"""The probe.json of `wslogs probe` -> one event for the handshake, and a note for each rung that tells more.

Each is put into a line of closed words, which patterns/signals/probed.toml reads: signals and causes judge, not this. A try
that was made alike in all but one thing stands in the line of the handshake as `alike` where it went the same way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import regex

from wslogs import times
from wslogs.bundle import Item
from wslogs.model import Event, Fact, Source, Tier, Token, What
from wslogs.parsers.kit import Kit, Parsed, apply_fields

KIND = "probed"
_HEAD = regex.compile(rb'\s*\{\s*"wslogs"\s*:\s*"probe/1"')
_RUNG = regex.compile(rb'"rung"\s*:')
_WORD = regex.compile(r"[a-z][a-z0-9.-]{0,40}(?: [a-z][a-z0-9.-]{0,40}){0,5}")
_TUNNEL = 101
_MOST = 2 << 20
_SAID = ("http", "handshake", "message", "ping", "idle")
"""Rungs of the page's own handshake: what a server said to others says nothing of it."""
_ON_OPEN = ("message", "ping", "idle")


class _Token(msgspec.Struct):
    exp: float | None = None
    iat: float | None = None
    nbf: float | None = None
    length: int = 0


class _Clock(msgspec.Struct):
    offset_s: float | None = None
    error_s: float = 0.0


class _Rung(msgspec.Struct):
    rung: str
    side: str = "url"
    state: str = "passed"
    why: str = ""
    took_s: float | None = None
    seen: dict[str, str | int | float | bool] = {}
    said: list[str] = []
    line: int = 1


class _Probe(msgspec.Struct):
    started: str
    url: str
    token: _Token | None = None
    clock: _Clock = msgspec.field(default_factory=_Clock)
    rungs: list[_Rung] = []


def is_probed(head: bytes) -> bool:
    """Whether a file begins like a probe.json."""
    return _HEAD.match(head) is not None


def parse(item: Item, kit: Kit) -> Parsed:
    """The event of the handshake first; a file of another form gives none, and is counted."""
    with item.open() as stream:
        raw = stream.read(_MOST)
    source = Source(path=item.path, kind=KIND, tier=Tier.PROBE, sha256=hashlib.sha256(raw).hexdigest())
    source.lines = raw.count(b"\n") + 1
    try:
        probe = msgspec.json.decode(raw, type=_Probe)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        source.notes.append("it is no whole probe.json")
        return Parsed([source], [])
    places = [raw.count(b"\n", 0, found.start()) + 1 for found in _RUNG.finditer(raw)]
    for one, line in zip(probe.rungs, places, strict=False):
        one.line = line
    source.recognised, source.offset_s, source.error_s = source.lines, probe.clock.offset_s or 0.0, probe.clock.error_s
    events = list(_events(probe, source, kit))
    source.kept = len(events)
    if events and events[0].at is not None:
        source.first, source.last = events[0].at, events[0].at + (events[0].lasted_s or 0.0)
        source.spans = [(source.first, source.last)]
    return Parsed([source], events)


def _events(probe: _Probe, source: Source, kit: Kit) -> Iterator[Event]:
    url = {one.rung: one for one in probe.rungs if one.side == "url" and one.state != "skipped"}
    main = url.get("handshake") or next((one for one in url.values() if one.state == "failed"), None)
    if main is None:
        return
    last = next((url[name] for name in _ON_OPEN if name in url and url[name].why in ("cut", "closed")), None)
    when = times.parse(probe.started, "iso")
    made = Event(source=source.path, line=(last or main).line, tier=Tier.PROBE, what=What.FAILED, marks="start", resolution_s=0.001)
    made.at, made.logged = (when[0], probe.started) if when is not None else (None, "")
    apply_fields(made, {"url": probe.url}, kit)
    made.token = _token(probe.token, source, kit)
    made.status = _int(main.seen.get("status")) if main.rung == "handshake" else None
    made.what = What.OPENED if made.status == _TUNNEL else What.REFUSED if made.status is not None else What.FAILED
    if made.status == _TUNNEL and made.path is not None:
        kit.paths.add(made.path)
    made.lasted_s = sum(one.took_s or 0.0 for one in url.values())
    if last is not None:
        made.code, made.quiet_s = _int(last.seen.get("code")), _float(last.seen.get("quiet_s"))
    elif "close" in url:
        made.code = _int(url["close"].seen.get("code"))
    said = {name for one in probe.rungs if one.side == "url" and one.rung in _SAID for name in one.said}
    told = list(_lines(url, [one for one in probe.rungs if one.state != "skipped"]))
    for place, (line, text) in enumerate(
        [*([] if main.rung != "handshake" else [(made.line, _handshake(main, last, probe.rungs))]), *told]
    ):
        signals = kit.reader(KIND).read_all(text).signals
        event = (
            made if place == 0 else Event(source=source.path, line=line, tier=Tier.PROBE, what=What.NOTE, at=made.at, resolution_s=0.001)
        )
        event.line, event.excerpt = line, text
        event.signals = (*signals, *(name for name in sorted(said) if _known(name, kit))) if place == 0 else signals
        if place == 0 or signals:
            yield event


def _known(name: str, kit: Kit) -> bool:
    """Whether a signal is one that the words of a server may fire."""
    return name in kit.patterns.signals and KIND in kit.patterns.signals[name].kinds


def _lines(url: Mapping[str, _Rung], rungs: Sequence[_Rung]) -> Iterator[tuple[int, str]]:
    """What other rungs than the handshake tell, each as a line of closed words."""
    for one in rungs:
        if one.side == "url" and one.state == "failed" and one.rung in ("resolve", "connect", "tls", "http", "ping"):
            for why in _word(one.why).split():
                yield one.line, f"{one.rung} failed {why}"
    if (cut := url.get("idle")) is not None and cut.why == "cut":
        direct = next((one for one in rungs if one.side == "direct" and one.rung == "idle"), None)
        server = [one.seen for one in url.values()]
        between = "between" if any(seen.get("between") for seen in server) else ""
        nginx = "nginx" if any(str(seen.get("server", "")).startswith("nginx") for seen in server) else "other"
        again, pings = url.get("again"), url.get("pinged")
        yield (
            cut.line,
            f"idle cut quiet={round(_float(cut.seen.get('quiet_s')) or 0.0)} again={_alike(again)} pings={_kept(pings)} "
            f"direct={_kept(direct)} server={between or nginx} hop={_hop(url.get('first-hop'))}",
        )


def _handshake(main: _Rung, last: _Rung | None, rungs: Sequence[_Rung]) -> str:
    """The handshake beside those that differ from it in one thing."""
    by = {(one.side, one.rung): one for one in rungs if one.state != "skipped"}
    status = _int(main.seen.get("status"))
    how = f"failed {_word(main.why)}" if status is None else f"answered {status}" if status != _TUNNEL else "opened"
    if last is not None:
        how = f"opened {_word(last.why)} {_int(last.seen.get('code'))} in {_word(last.rung)}"
    elif status == _TUNNEL:
        how = "opened stayed"
    health = by.get(("url", "health"))
    old = [by.get(("direct", name)) for name in ("without-upgrade", "plain-1.0")]
    elsewhere = by.get(("url", "elsewhere"))
    away = elsewhere is not None and elsewhere.seen.get("by") in ("nginx-page", "nginx-file") and not main.seen.get("by")
    slots = {
        "by": _word(main.seen.get("by")) or "other",
        "leads": _word(main.seen.get("leads")) or "nowhere",
        "health": "alike" if main.seen.get("health_alike") else "untold" if health is None else "failed" if health.why else "answers",
        "direct": _direct(by),
        "plain": "alike" if any(_alike(one) == "alike" for one in old) else "untold" if old == [None, None] else "other",
        "old": _alike(by.get(("direct", "http-1.0"))),
        "elsewhere": "nginx" if away and _alike(elsewhere) != "alike" else _alike(elsewhere),
        "bare": _alike(by.get(("url", "without-token"))),
        "hop": _hop(by.get(("url", "first-hop"))),
        "origin": _alike(by.get(("url", "own-origin"))),
    }
    return " ".join(["handshake", how, *(f"{name}={value}" for name, value in slots.items())])


def _direct(by: Mapping[tuple[str, str], _Rung]) -> str:
    reached, asked = by.get(("direct", "connect")), by.get(("direct", "handshake"))
    if reached is None:
        return "untold"
    if asked is None:
        return "refused" if reached.why == "refused" else "unreached"
    return "silent" if asked.why == "timed-out" else _alike(asked)


def _alike(one: _Rung | None) -> str:
    """How another try went beside the page's own."""
    if one is None:
        return "untold"
    if one.seen.get("alike"):
        return "alike"
    status = _int(one.seen.get("status"))
    return "other" if status is None else "answered" if status != _TUNNEL else "opened" if one.state == "passed" else "closed"


def _hop(one: _Rung | None) -> str:
    """Who takes the requests first."""
    return "untold" if one is None else "nginx" if one.seen.get("by") == "nginx-page" else "other"


def _kept(one: _Rung | None) -> str:
    return "untold" if one is None else "kept" if one.seen.get("kept") else "cut"


def _token(told: _Token | None, source: Source, kit: Kit) -> Token | None:
    """Its dates; the file does not tell the token, so that it is like no other."""
    if told is None:
        return None
    return Token(
        fingerprint=kit.vault.fingerprint(f"{source.path} {source.sha256}"), expires=told.exp, issued=told.iat, not_before=told.nbf,
        length=told.length,
    )  # fmt: skip


def _word(value: Fact | None) -> str:
    """A word of a closed vocabulary, or nothing: the file may have been written by anyone."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def _int(value: Fact | None) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10_000 else None


def _float(value: Fact | None) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9 else None
