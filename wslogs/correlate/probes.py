"""Probes of `wslogs probe` -> attempts, where no tier saw any: what a probe did by itself is a try like a page's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wslogs.model import Attempt, CloseCode, Event, Source, Tier, What

_KIND = "probed"


def attempts(loose: Sequence[Event], sources: Iterable[Source]) -> tuple[list[Attempt], list[Event]]:
    """One for each probe.json, and the events that are left."""
    errors = {source.path: source.error_s for source in sources if source.kind == _KIND}
    own: dict[str, list[Event]] = {}
    for event in loose:
        if event.source in errors:
            own.setdefault(event.source, []).append(event)
    made = [one for path, events in sorted(own.items()) if (one := _attempt(events, errors[path])) is not None]
    made.sort(key=lambda a: (a.started is None, a.started or 0.0, a.events[0].source))
    for number, attempt in enumerate(made, 1):
        attempt.id = f"A{number}"
    return made, [event for event in loose if event.source not in errors]


def _attempt(events: Sequence[Event], error_s: float) -> Attempt | None:
    main = next((event for event in events if event.what is not What.NOTE), None)
    if main is None:
        return None
    # A goodbye of the probe's own tells of no end.
    code = None if main.code == CloseCode.NORMAL else main.code
    return Attempt(
        id="", events=(main, *(event for event in events if event is not main)), started=main.at,
        ended=None if main.at is None else main.at + (main.lasted_s or 0.0), error_s=error_s, opened=main.what is What.OPENED,
        status=main.status, code=code, token=main.token, host=main.host, path=main.path, scheme=main.scheme, tiers={Tier.PROBE: main},
    )  # fmt: skip
