"""What a post-mortem tells in order of time: when sockets still worked, when each incident began and ended, when they worked again."""

from __future__ import annotations

from typing import Any

import regex

from wslogs.report.words import moment

Item = dict[str, Any]

MOST = 40
_ZONE = regex.compile(r"(?!\+00:00)[+-]\d\d:\d\d")


def timeline(attempts: list[Item], incidents: list[Item], storms: list[Item]) -> list[Item]:
    """Rows in order of time, each with `at` (ISO), `kind` (worked, begins, storm, ends, again) and what it is about.

    `attempts` as they came, with their outcome; incidents and storms without gaps. What has no time is left out.
    """
    worked = sorted((a for a in attempts if a["outcome"] == "worked" and moment(a.get("started"))), key=lambda a: str(a["started"]))
    timed = [i for i in incidents if moment(i["first"])]
    rows: list[Item] = []
    if timed:
        first, last = min(i["first"] for i in timed), max(i["last"] or i["first"] for i in timed)
        before = [a for a in worked if a["started"] < first]
        after = [a for a in worked if a["started"] > last]
        rows += [{"at": a["started"], "kind": "worked", "attempt": a.get("id")} for a in before[-1:]]
        rows += [{"at": a["started"], "kind": "again", "attempt": a.get("id")} for a in after[:1]]
    for incident in timed:
        rows.append({"at": incident["first"], "kind": "begins", "incident": incident})
        if incident["last"] and incident["last"] != incident["first"]:
            rows.append({"at": incident["last"], "kind": "ends", "incident": incident})
    rows += [{"at": storm["first"], "kind": "storm", "storm": storm} for storm in storms if moment(storm["first"])]
    return sorted(rows, key=lambda row: (str(row["at"]), row["kind"] != "worked"))[:MOST]


def own_zone(sources: list[Item]) -> str | None:
    """The zone that people of this bundle live by, such as +05:00: the browser's, else the proxy's or the app's; None: UTC or not known."""
    for tier in ("browser", "proxy", "app"):
        for source in sources:
            if source["tier"] == tier and _ZONE.fullmatch(source["zone"] or "") and source["zone_from"] != "assumed":
                return str(source["zone"])
    return None
