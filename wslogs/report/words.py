"""The frame's language: catalogue, labels, times, durations and numbers as a reader expects them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from gettext import c2py
from typing import Any

from wslogs import resources

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
NARROW = "\N{NO-BREAK SPACE}"


def N_(text: str) -> str:
    """Marks a text for the catalogue; it is translated where it is shown."""
    return text


# The contract's words as a reader knows them.
LABELS: Mapping[str, Mapping[str, str]] = {
    "status": {"failure": N_("Failure"), "healthy": N_("Healthy"), "undetermined": N_("Undetermined")},
    "cause": {
        "server": N_("Server"), "path": N_("Path"), "tls": N_("TLS certificate"), "proxy": N_("Proxy"),
        "auth": N_("Authorisation"), "network": N_("Network"), "application": N_("Application"),
        "protocol": N_("Protocol"), "client": N_("Client"),
    },
    "unnamed": {
        "healthy": N_("WebSocket connections work"), "undetermined": N_("No single cause is proven"),
        "failure": N_("WebSocket connections fail"),
    },
    "shared": {
        "token": N_("token"), "client": N_("client"), "browser": N_("browser"), "upstream": N_("upstream"), "path": N_("path"),
        "scheme": N_("scheme"),
    },
    "state": {"shown": N_("shown"), "possible": N_("possible"), "ruled-out": N_("ruled out"), "": N_("not judged")},
    "stage": {
        "resolve": N_("Resolve"), "connect": N_("Connect"), "secure": N_("Secure"), "request": N_("Request"),
        "upstream": N_("Upstream"), "accept": N_("Accept"), "open": N_("Open"), "close": N_("Close"),
    },
    "step": {"passed": N_("passed"), "stopped": N_("stopped here"), "unknown": N_("no trace")},
    "tier": {
        "browser": N_("browser"), "proxy": N_("nginx"), "app": N_("app"), "network": N_("network"),
        "client": N_("client"), "config": N_("configuration"), "probe": N_("probe"), "host": N_("host"),
        "unknown": N_("unknown"),
    },
    "outcome": {"failed": N_("failed"), "worked": N_("worked"), "unknown": N_("unknown")},
    "zone": {"the log": N_("from the log"), "aligned": N_("aligned with the others"), "assumed": N_("assumed")},
}  # fmt: skip


def moment(text: Any) -> datetime | None:
    """The instant an ISO text names, or None where it names none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language: its catalogue's two functions and the filters that templates use."""

    lang: str
    gettext: Callable[[str], str]
    ngettext: Callable[[str, str, int], str]

    def label(self, value: str, kind: str) -> str:
        """The reader's word for one of the contract's; a word that isn't known is shown as it is."""
        known = LABELS[kind].get(value)
        return self.gettext(known) if known else value

    def number(self, value: float | None) -> str:
        if value is None:
            return DASH
        grouped = f"{value:,}".replace("-", MINUS)
        return grouped if self.lang == "en" else grouped.replace(",", NARROW).replace(".", ",")

    def share(self, some: float | None, all: float | None) -> str:
        """How much of all, in whole percent; 100 only where nothing is missing, 0 only where nothing is there."""
        if not all or some is None:
            return DASH
        return f"{min(max(round(100 * some / all), int(some > 0)), 99 + int(some >= all))}{NARROW}%"

    def when(self, text: str | None, exact: bool = True) -> str:
        """Day and time; whole seconds are enough where the instant is not compared with another."""
        at = moment(text)
        if not at:
            return text or DASH
        return f"{_day(at)} {_clock(at if exact else at.replace(microsecond=0))} UTC"

    def local(self, text: str | None, zone: str | None) -> str:
        """The time of day in a zone such as +05:00, with the day where it is another than in UTC; nothing where one is not known."""
        at = moment(text)
        if at is None or not zone:
            return ""
        there = at.replace(microsecond=0).astimezone(datetime.fromisoformat(f"2000-01-01T00:00:00{zone}").tzinfo)
        return f"{_day(there) + ' ' if there.date() != at.date() else ''}{_clock(there)} {zone}"

    def day(self, text: str | None) -> str:
        at = moment(text)
        return _day(at) if at else ""

    def clock(self, text: str | None) -> str:
        at = moment(text)
        return _clock(at) if at else text or DASH

    def period(self, first: str | None, last: str | None) -> str:
        """Both ends; the day once where it is the same."""
        start, end = moment(first), moment(last)
        if not start or not end or start == end:
            return self.when(first or last)
        if start.date() == end.date():
            return f"{_day(start)} {_clock(start)} {DASH} {_clock(end)} UTC"
        return f"{_day(start)} {_clock(start)} {DASH} {_day(end)} {_clock(end)} UTC"

    def lasted(self, seconds: float | None) -> str:
        """A duration in the one or two units that matter."""
        if seconds is None:
            return DASH
        sign, size = (MINUS if seconds < 0 else ""), abs(seconds)
        if size < 1:
            return sign + self._unit(round(size * 1000), N_("ms"))
        if size < 10:
            return sign + self._unit(round(size, 1), N_("s"))
        whole, parts = round(size), []
        for length, name in ((86400, N_("d")), (3600, N_("h")), (60, N_("min")), (1, N_("s"))):
            count, whole = divmod(whole, length)
            parts.append(self._unit(count, name) if count else "")
        first = next(at for at, part in enumerate(parts) if part)
        return sign + " ".join(part for part in parts[first : first + 2] if part)

    def _unit(self, count: float, unit: str) -> str:
        return f"{self.number(count)}{NARROW}{self.gettext(unit)}"

    def between(self, first: str | None, last: str | None) -> str:
        start, end = moment(first), moment(last)
        return self.lasted((end - start).total_seconds()) if start and end and end > start else ""


@cache
def words(lang: str) -> Words:
    """The language's catalogue; raises OSError where there is none."""
    if lang == "en":
        return Words(lang="en", gettext=str, ngettext=lambda one, many, count: one if count == 1 else many)
    from babel.messages.pofile import read_po  # slow to import, and most runs are in English

    with (resources.path("reports/locale") / f"{lang}.po").open("rb") as file:
        catalog = read_po(file, locale=lang)
    known = {message.id: message.string for message in catalog if message.id and message.string and not message.fuzzy}
    plural = c2py(catalog.plural_expr)

    def gettext(text: str) -> str:
        return str(known.get(text, text))

    def ngettext(one: str, many: str, count: int) -> str:
        forms = known.get((one, many))
        return str(forms[plural(count)]) if forms else (one if count == 1 else many)

    return Words(lang=lang, gettext=gettext, ngettext=ngettext)


def place(item: Mapping[str, Any]) -> str:
    """file:line, or the file alone."""
    return f"{item['source']}:{item['line']}" if item["source"] and item["line"] is not None else str(item["source"])


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if at.year >= 1000 else at.date().isoformat()


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}" + (f".{at.microsecond // 1000:03}" if at.microsecond else "")
