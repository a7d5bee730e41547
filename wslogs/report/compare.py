"""Two reports -> what became of the cause: for closing a ticket after a fix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from wslogs.errors import BundleError
from wslogs.report import shape
from wslogs.report.markdown import text
from wslogs.report.view import view
from wslogs.report.words import N_, Words, moment, words

SCHEMA = "wslogs/1"
_MOST_BYTES = 512 << 20
_HEADS = {
    "gone": N_("The cause is gone"),
    "same": N_("The same cause is still there"),
    "another": N_("The cause is gone, and another one is there"),
    "appeared": N_("Something fails now that did not before"),
    "healthy": N_("Nothing failed, before or after"),
    "unclear": N_("The reports do not tell whether the cause is gone"),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of the cause."""

    outcome: str
    """gone, same, another, appeared, healthy or unclear."""
    rows: tuple[tuple[str, str], ...]
    """(what, value), the first without a name: the outcome in words."""


def load(path: Path) -> dict[str, Any]:
    """A report.json, without gaps. BundleError when it is none, or of another schema."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BundleError(str(path), "is too large for a report.json")
        made = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise BundleError(str(path), f"cannot be read: {error.strerror or error.__class__.__name__}") from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise BundleError(str(path), "is no JSON", "give the report.json of an analysis") from None
    if not isinstance(made, dict) or made.get("schema") != SCHEMA:
        raise BundleError(str(path), "is no report of wslogs", f"its schema must be {SCHEMA}")
    try:
        return shape.shown(made, shape.REPORT)
    except (AttributeError, TypeError):
        raise BundleError(str(path), "is damaged: a value has another type than in a report") from None


def compare(before: Mapping[str, Any], after: Mapping[str, Any], lang: str) -> Comparison:
    """Compares two reports, the first of before a change."""
    reader = words(lang)
    _, ngettext = reader.gettext, reader.ngettext
    one, other = _failing(before), _failing(after)
    outcome = _outcome(before, after, one, other)
    rows = [("", _(_HEADS[outcome])), (_("Before"), _state(before, reader)), (_("After"), _state(after, reader))]
    for head, names, counts in (
        (_("Gone"), one.keys() - other.keys(), one),
        (_("New"), other.keys() - one.keys(), other),
        (_("Still there"), one.keys() & other.keys(), other),
    ):
        told = [f"{name} ({ngettext('%(count)s attempt', '%(count)s attempts', counts[name]) % {'count': reader.number(counts[name])}})"
                for name in sorted(names)]  # fmt: skip
        if told:
            rows.append((head, ", ".join(told)))
    rows += [(_("Note"), note) for note in _notes(before, after, _)]
    return Comparison(outcome, tuple(rows))


def as_text(made: Comparison) -> str:
    """A line for each row."""
    return "".join(f"{': '.join(part for part in row if part)}\n" for row in made.rows)


def as_markdown(made: Comparison) -> str:
    """A heading and a list."""
    head, *rest = made.rows
    return "".join([f"### {text(head[1])}\n\n", *(f"- **{text(name)}:** {text(value)}\n" for name, value in rest)])


def _failing(report: Mapping[str, Any]) -> Counter[str]:
    """Detail, or family, of each incident -> its attempts."""
    found: Counter[str] = Counter()
    for incident in report["incidents"]:
        if incident["cause"]:
            found[str(incident["detail"] or incident["cause"])] += int(incident["attempt_count"] or 0)
    return found


def _outcome(before: Mapping[str, Any], after: Mapping[str, Any], one: Mapping[str, int], other: Mapping[str, int]) -> str:
    verdict, now = before["verdict"], after["verdict"]
    if verdict["status"] == "healthy":
        return {"healthy": "healthy", "failure": "appeared"}.get(str(now["status"]), "unclear")
    if verdict["status"] != "failure":
        return "unclear"
    named = str(verdict["detail"] or verdict["cause"])
    if named in other or any(name.partition(".")[0] == named for name in other):
        return "same"
    if now["status"] == "healthy":
        return "gone"
    return "another" if now["status"] == "failure" else "unclear"


def _state(report: Mapping[str, Any], reader: Words) -> str:
    seen = view(dict(report))
    verdict, scope = seen["verdict"], seen["scope"]
    named = verdict["detail"] or verdict["cause"] or ""
    head = " ".join(part for part in (reader.label(verdict["status"], "status") + (":" if named else ""), named) if part)
    failed = reader.gettext("%(failed)s of %(all)s attempts failed") % {
        "failed": reader.number(seen["outcomes"]["failed"]), "all": reader.number(seen["total"]),
    }  # fmt: skip
    return "; ".join(part for part in (head, failed, reader.period(scope["first"], scope["last"]) if scope["first"] else "") if part)


def _notes(before: Mapping[str, Any], after: Mapping[str, Any], _: Any) -> list[str]:
    notes = []
    files = [{source["sha256"] for source in report["bundle"]["sources"] if source["sha256"]} for report in (before, after)]
    if files[0] and files[0] == files[1]:
        notes.append(_("Both reports are of the same files."))
    last, first = _last(before), _first(after)
    if last and first and first < last:
        notes.append(_("The second bundle begins before the first one ends: it may hold attempts of before the change."))
    if before["tool"] != after["tool"]:
        notes.append(_("The reports were made by different versions of wslogs or of its patterns."))
    return notes


def _last(report: Mapping[str, Any]) -> Any:
    return max((at for i in report["incidents"] if (at := moment(i["last"] or i["first"]))), default=None)


def _first(report: Mapping[str, Any]) -> Any:
    return min((at for a in report["attempts"] if (at := moment(a["started"]))), default=None)
