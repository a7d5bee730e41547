"""What really happened, from the page, from nginx's private ledger and from the app's log; never from wslogs."""

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.lab.clocks import Clock
from tests.lab.model import Layer, Scenario
from tests.lab.seen import Seen

# What nginx calls a client whose request it could not read.
BEFORE_REAL_IP = "127.0.0.1"
UNREAD = ("400", "414")
NEAR_S = 1.0


@dataclass(frozen=True)
class Traces:
    """Where an attempt left a trace."""

    row: dict[str, Any] | None
    app_seen: bool
    app_reached: bool


def _ledger_rows(attempts: list[Seen], ledger: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Rows by attempt, by the key of the handshake that both the one who dialed and nginx saw."""
    by_key = {row["key"]: row for row in ledger if row["key"]}
    rows = {index: by_key[seen.key] for index, seen in enumerate(attempts) if seen.key in by_key}
    # One that nginx could not read to its end has none: it is of the dial from that address at that moment.
    unread = [row for row in ledger if not row["key"] and row["status"] in UNREAD]
    for index, seen in enumerate(attempts):
        path = seen.url.split("?")[0].split("/", 3)[-1]
        near = (
            row
            for row in unread
            if row["client"] in (seen.user.address, BEFORE_REAL_IP) and -0.1 < row["end"] - row["took"] - seen.start < NEAR_S
        )
        own = next((row for row in near if row["status"] == "414" or path in row["uri"]), None) if index not in rows else None
        if own:
            unread.remove(own)
            rows[index] = own
    return rows


def _has(row: dict[str, Any] | None, key: str) -> bool:
    """Whether an upstream time of the ledger was reached, in the last try."""
    return row is not None and row[key].split(", ")[-1] not in ("", "-")


def _without_token(attempts: list[Seen], left: list[int], app_log: str) -> set[int]:
    """Those of which a server tells that keeps the query to itself (hypercorn), or that they opened and no more (websockets)."""
    found: set[int] = set()
    if '"WebSocket /' not in app_log:
        opened = [index for index in left if attempts[index].opened]
        found |= set(opened[: app_log.count("connection open")])
    for path in {urlsplit(attempts[index].url).path for index in left}:
        own = [index for index in left if urlsplit(attempts[index].url).path == path]
        found |= set(own[: len(re.findall(rf'"GET {re.escape(path)} 1\.[01]" (?!200)', app_log))])
    return found


def traces(attempts: list[Seen], tokens: dict[str, str], ledger: list[dict[str, Any]], app_log: str) -> list[Traces]:
    rows = _ledger_rows(attempts, ledger)
    reached = {index for index, seen in enumerate(attempts) if seen.opened or _has(rows.get(index), "uct")}
    # The app's lines carry the token and no number: those it answered come first, then those it only received.
    in_log: set[int] = set()
    for name, token in tokens.items():
        told = [line for line in app_log.splitlines() if f"token={token}" in line]
        lines = sum("WebSocket /" in line or "GET /" in line for line in told)
        own = [index for index in sorted(reached) if attempts[index].user.name == name]
        own.sort(key=lambda index: not (attempts[index].opened or _has(rows.get(index), "uht")))
        in_log |= set(own[:lines])
    # A handler that raised before accepting has a line of its own kind, without a token.
    raised = [index for index in sorted(reached - in_log) if (row := rows.get(index)) and row["us"] == "500"]
    in_log |= set(raised[: app_log.count("connection rejected (500")])
    in_log |= _without_token(attempts, sorted(reached - in_log), app_log)
    return [Traces(rows.get(index), index in in_log, index in reached) for index in range(len(attempts))]


def _state(seen: Seen) -> str:
    if seen.end is not None:
        return "closed"
    return "open" if seen.opened else "connecting"


def _failed(seen: Seen) -> bool:
    if seen.navigated or _state(seen) != "closed":
        return False
    return not seen.opened or seen.code not in (1000, 1001)


def iso(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="milliseconds")


def attempt(seen: Seen, left: Traces, token: str, skew_s: int, layers: list[Layer]) -> dict[str, Any]:
    reached = left.row is not None or left.app_reached
    exported = seen.user.recorded and not seen.user.script
    return {
        "attempt_id": f"{seen.tab}-{seen.load}-{seen.number}",
        "user": seen.user.name,
        "url_path": seen.url.split("?")[0],
        "token_sha": hashlib.sha256(token.encode()).hexdigest(),
        "start_iso_true": iso(seen.start - skew_s),
        "opened": seen.opened,
        "close_code": seen.code,
        "close_reason": seen.reason,
        "was_clean": seen.clean,
        "state": _state(seen),
        "navigated": seen.navigated,
        "threw": seen.threw,
        "lasted_s": round(seen.end - seen.start, 3) if seen.end is not None else None,
        "browser_seen": exported and "browser" in layers,
        "console_user": exported and "console" in layers,
        "nginx_seen": left.row is not None and "nginx-access" in layers,
        "app_seen": left.app_seen and "app" in layers,
        "nginx_reached": reached,
        "nginx_status": left.row["status"] if left.row else None,
        "app_reached": left.app_reached,
        "failed": _failed(seen),
    }


def main_cause(scenario: Scenario, rows: list[dict[str, Any]]) -> str:
    """The cause with most failed attempts; of equals the later one in the table's order."""
    own = {user.name: user.cause or scenario.causes[0] for user in scenario.users}
    failed = {cause: sum(row["failed"] and own[row["user"]] == cause for row in rows) for cause in scenario.causes}
    most = max(failed.values())
    return [cause for cause in scenario.causes if failed[cause] == most][-1]


def _counts(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {
        "total": len(rows),
        "failed": sum(row["failed"] for row in rows),
        "pending": sum(row["state"] == "connecting" for row in rows),
    }


def case(
    scenario: Scenario, rows: list[dict[str, Any]], layers: list[Layer], clocks: dict[str, Clock], zones: dict[str, str]
) -> dict[str, Any]:
    """All of truth.json but the secrets."""
    detail = main_cause(scenario, rows)
    seen = [row for row in rows if row["browser_seen"] or row["nginx_seen"] or row["app_seen"]]
    told: dict[str, Any] = {
        "id": scenario.name.replace("/", "-"),
        "cause": detail.split(".")[0],
        "detail": detail,
        "accept": [detail, *scenario.accept],
        "decidable": scenario.decidable,
        "layers": layers,
        "attempts": _counts(seen),
        "attempts_all": _counts(rows),
        "skew_s": scenario.skew_s,
        **zones,
        "clocks": clocks,
        "formats": scenario.formats,
        "notes": scenario.notes,
    }
    if len(scenario.causes) > 1:
        told["causes"] = list(scenario.causes)
    return told
