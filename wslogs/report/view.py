"""What the templates show beyond the report itself: choices and counts, since templates don't compute."""

from typing import Any

from wslogs.report import shape
from wslogs.report.pictures import journey, sequence, strip
from wslogs.report.timeline import own_zone, timeline
from wslogs.report.words import moment

Item = dict[str, Any]

# A page is for people: it shows this many of each, says how many more there are, and report.json has them.
MOST = {"incidents": 30, "evidence": 40, "attempts": 200, "of a storm": 50, "sources": 200, "shapes": 12, "caveats": 100, "because": 3}
GUIDE = ("server", "path", "tls", "proxy", "auth", "network")


def view(report: Item) -> Item:
    """The variables of a template: `report` whole and without gaps, and beside it what this module adds."""
    came, gist = _came(report), digest(report)
    whole, main, total = gist["report"], gist["main"], gist["total"]
    failing = _failing(came, main)
    working = _working(came, failing)
    rows = _rows(came, whole["storms"])
    told = sum(max(row["storm"]["attempt_count"], len(row["attempts"])) if row["storm"] else 1 for row in rows)
    journeys = [journey(shape.shown(attempt, shape.ATTEMPT)) for attempt in (failing, working) if attempt]
    return gist | {
        "journeys": journeys,
        "sequence": sequence(journeys[0]) if journeys else [],
        "timeline": timeline(came, whole["incidents"], whole["storms"]),
        "zone": own_zone(whole["bundle"]["sources"]),
        "strip": strip(came),
        "causes": _causes(whole["causes"]),
        "incidents": [_cut(incident, "evidence", "against") for incident in whole["incidents"][: MOST["incidents"]]],
        "rows": rows,
        "told": told,
        "sources": whole["bundle"]["sources"][: MOST["sources"]],
        "unrecognised": _unrecognised(whole["bundle"]["sources"]),
        "caveats": whole["caveats"][: MOST["caveats"]],
        "left": {
            "incidents": max(0, max(whole["incident_count"] or 0, len(whole["incidents"])) - MOST["incidents"]),
            "attempts": max(0, total - told),
            "sources": max(0, len(whole["bundle"]["sources"]) - MOST["sources"]),
            "caveats": max(0, len(whole["caveats"]) - MOST["caveats"]),
        },
    }


def digest(report: Item) -> Item:
    """Those of the variables that no single attempt is shown in: `report`, `verdict`, `main`, `total`, `scope` and `outcomes`."""
    whole, came = shape.shown(report | {"attempts": []}, shape.REPORT), _came(report)
    main, total = _main(whole), max(whole["attempt_count"] or 0, len(came))
    outcomes = report.get("outcomes") or {name: sum(a["outcome"] == name for a in came) for name in ("failed", "worked", "unknown")}
    scope = _scope(came, main, whole["verdict"]["status"], outcomes)
    return {"report": whole, "verdict": whole["verdict"], "main": main, "total": total, "scope": scope, "outcomes": outcomes}


def _came(report: Item) -> list[Item]:
    """The attempts as they came, with their outcome: there may be 10,000, and those that are shown alone become clean and whole."""
    return [attempt | {"outcome": _outcome(attempt)} for attempt in report.get("attempts") or []]


def _rows(attempts: list[Item], storms: list[Item]) -> list[Item]:
    """A row for each attempt, and one for each storm, where its first attempt stands, with some of its attempts in it."""
    known = {storm["id"]: storm for storm in storms if storm["id"]}
    folded: dict[str, Item] = {}
    rows: list[Item] = []
    for attempt in attempts:
        name = attempt.get("storm") or ""
        if name in folded:
            folded[name]["attempts"].append(attempt)
            continue
        if len(rows) < MOST["attempts"]:
            rows.append({"storm": known.get(name), "attempts": [attempt]})
            if name in known:
                folded[name] = rows[-1]
    return [row | _members(row["attempts"]) for row in rows]


def _members(attempts: list[Item]) -> Item:
    """The attempts of a row that a page shows, how many more there are, and what they have in common."""
    shown = [shape.fill(attempt, shape.ATTEMPT) for attempt in shape.clean(attempts[: MOST["of a storm"]])]
    first = shown[0]
    alike = {key: first[key] if all(a[key] == first[key] for a in shown) else None for key in ("status", "close_code", "stage", "ended_by")}
    return {"attempts": shown, "alike": alike}


def _outcome(attempt: Item) -> str:
    if attempt.get("outcome") or attempt.get("cause"):
        return str(attempt.get("outcome") or "failed")
    return "worked" if attempt.get("opened") else "unknown"


def _unrecognised(sources: list[Item]) -> list[Item]:
    """The shapes of lines that were not understood, most common first."""
    rows = [{"source": source["path"], **one} for source in sources for one in source["unrecognised"]]
    return sorted(rows, key=lambda row: -(row["count"] or 0))[: MOST["shapes"]]


def _main(whole: Item) -> Item | None:
    """The incident that the verdict speaks of: with its cause and most attempts, the later of equals."""
    verdict = whole["verdict"]
    if verdict["status"] != "failure":
        return None
    named = [i for i in whole["incidents"] if (i["cause"], i["detail"]) == (verdict["cause"], verdict["detail"])]
    ranked = sorted(named or whole["incidents"], key=lambda incident: int(incident["attempt_count"]))
    return _cut(ranked[-1], "evidence", "against") if ranked else None


def _failing(attempts: list[Item], main: Item | None) -> Item | None:
    """The attempt to draw: of the main incident, and known to have stopped, as far as there is one."""
    failed = [attempt for attempt in attempts if attempt["outcome"] == "failed" and attempt.get("journey")]
    ids = set(main["attempts"]) if main else set()
    own = [attempt for attempt in failed if attempt.get("id") in ids]
    stopped = [a for a in own or failed if any(step.get("state") == "stopped" for step in a["journey"])]
    return next(iter(stopped or own or failed), None)


def _working(attempts: list[Item], failing: Item | None) -> Item | None:
    """The attempt to draw beside it: the one that worked closest in time."""
    worked = [attempt for attempt in attempts if attempt["outcome"] == "worked" and attempt.get("journey")]
    at = moment(failing.get("started")) if failing else None

    def distance(attempt: Item) -> float:
        start = moment(attempt.get("started"))
        return abs((start - at).total_seconds()) if start and at else float("inf")

    return min(worked, key=distance, default=None)


def _scope(attempts: list[Item], main: Item | None, status: str, outcomes: dict[str, int]) -> Item:
    """Since when, how many and who: of the main incident, else of the attempts that the verdict is about.

    Of the latter those that are listed tell who; `partial` says that there were more.
    """
    if main:
        return {key: main[key] for key in ("first", "last", "tokens", "clients")} | {
            "attempts": main["attempt_count"],
            "partial": False,
        }
    healthy = status == "healthy"
    about = attempts if healthy else [a for a in attempts if a["outcome"] != "worked"]
    count = sum(outcomes.values()) - (0 if healthy else outcomes["worked"])
    starts = sorted(a["started"] for a in about if moment(a.get("started")))
    return {
        "first": starts[0] if starts else None,
        "last": starts[-1] if starts else None,
        "attempts": count,
        "tokens": len({a["token"] for a in about if a.get("token")}),
        "clients": len({a["client"] for a in about if a.get("client")}),
        "partial": len(about) < count,
    }


def _causes(causes: list[Item]) -> list[Item]:
    """The guide's six in its order, then the others as far as there is something to say of them."""
    given = {cause["cause"]: cause for cause in causes}
    six = [given.get(n) or {"cause": n, "guide_cause": None, "title": "", "state": "", "because": []} for n in GUIDE]
    rest = [cause for name, cause in given.items() if name not in GUIDE and cause["state"] in ("shown", "possible")]
    rows = [cause | {"guide_cause": at} for at, cause in enumerate(six, 1)] + rest
    return [_cut(row, "because") for row in rows]


def _cut(item: Item, *names: str) -> Item:
    """The item with its long lists cut to what a page shows, and `<name>_left` for how many more there are."""
    cut = dict(item)
    for name in names:
        most = MOST.get(name, MOST["evidence"])
        cut |= {name: item[name][:most], f"{name}_left": max(0, len(item[name]) - most)}
    return cut
