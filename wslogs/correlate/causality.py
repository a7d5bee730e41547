"""Two sightings of one try -> the limits that cause and effect put on the offset between their clocks.

The order for one try: dialled <= nginx has the request <= the app answers <= nginx ends a refused request, and its row
is written <= the page knows. What each timestamp marks: field-guide 7.3.
"""

from __future__ import annotations

from wslogs.correlate.sightings import Sighting, Span
from wslogs.model import Tier

_TICK_S = 0.02
"""nginx takes its time once in a turn of its event loop (src/core/ngx_times.c), loggers cut theirs to milliseconds."""
_PROMPT_S = 3.0
"""An app that accepts does so within seconds, if its proxy does not tell how long it took."""
_TOGETHER_S = 2.0
"""Both ends of a tunnel are told of its end within seconds."""
_LATE_S = 60.0
"""An answer that nobody waited for any more."""
_GAVE_UP = (499, 504)

Limits = tuple[float, float]


def limits(own: Sighting, other: Sighting) -> Limits | None:
    """(least, most) seconds to add to `own`'s clock for `other`'s; None where the two put no limit on it."""
    order = (Tier.BROWSER, Tier.APP, Tier.PROXY)
    if order.index(own.tier) > order.index(other.tier):
        found = limits(other, own)
        return (-found[1], -found[0]) if found else None
    match own.tier, other.tier:
        case Tier.BROWSER, Tier.PROXY:
            found = _page_and_row(own, other)
        case Tier.BROWSER, Tier.APP:
            found = _page_and_answer(own, other)
        case Tier.APP, Tier.PROXY:
            found = _answer_and_row(own, other)
        case _:
            found = None
    return found if found and found[0] <= found[1] else None


def _page_and_row(page: Sighting, row: Sighting) -> Limits | None:
    dialled, told = page.span("start"), page.answered
    began, ended = row.span("start"), row.span("end")
    both = page.opened is not False and row.opened is not False
    over = page.span("end")
    if both and over and ended:
        together = _within(ended, over, _TOGETHER_S)
    else:
        together = (float("-inf"), float("inf"))
    first = began or (ended if not row.opened else None)
    last = (ended if not row.opened else None) or began
    if dialled is None:
        if told is None or last is None:
            return _bounded(*together)
        return _bounded(last[0] - told[1] - _TICK_S, last[1] - told[0] + _PROMPT_S)
    high = (first or ended or (0.0, float("inf")))[1] - dialled[0] + _TICK_S
    low = last[0] - told[1] - _TICK_S if last and told else float("-inf")
    return _bounded(max(low, together[0]), min(high, together[1]))


def _page_and_answer(page: Sighting, answer: Sighting) -> Limits | None:
    dialled, told, said = page.span("start"), page.answered, answer.span("start")
    if said is None:
        return None
    high = said[1] - dialled[0] + _TICK_S if dialled else float("inf")
    low = said[0] - told[1] - _TICK_S if told else float("-inf")
    if dialled is None and told is not None:
        high = said[1] - told[0] + _PROMPT_S
    if page.opened and dialled is not None:
        low = max(low, said[0] - dialled[1] - _LATE_S)
    return _bounded(low, high)


def _answer_and_row(answer: Sighting, row: Sighting) -> Limits | None:
    """An end that contradicts the beginning is that of another socket, accepted before the app's log begins."""
    said, over = answer.span("start"), answer.span("end")
    began, ended = row.span("start"), row.span("end")
    told = row.answered if row.main.answered_s is not None else None
    if said is None:
        return None
    low = began[0] - said[1] - _TICK_S if began else float("-inf")
    if told is not None:
        high = told[1] - said[0] + _TICK_S
    elif row.opened:
        high = (began[1] + _PROMPT_S if began else ended[1] if ended else float("inf")) - said[0]
    else:
        high = (ended[1] if ended else float("inf")) - said[0] + (_LATE_S if row.status in _GAVE_UP else _TICK_S)
    if row.opened and over and ended:
        together = _within(ended, over, _TOGETHER_S)
        if max(low, together[0]) <= min(high, together[1]):
            low, high = max(low, together[0]), min(high, together[1])
    return _bounded(low, high)


def _within(other: Span, own: Span, slack_s: float) -> Limits:
    return other[0] - own[1] - slack_s, other[1] - own[0] + slack_s


def _bounded(low: float, high: float) -> Limits | None:
    """Only limits with two sides say where the offset is."""
    return (low, high) if low > float("-inf") and high < float("inf") else None
