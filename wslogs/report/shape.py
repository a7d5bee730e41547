"""What a template may rely on: every variable of a report, with what stands in for it where the report has none."""

import math
from typing import Any

import msgspec
import regex

# A dictionary is an object with these keys, a list of one is a list of such, anything else is the value for "missing".
EVIDENCE = {"signal": "", "source": "", "line": None, "excerpt": "", "says": "", "quote": ""}
SEEN = {"source": "", "line": None, "at": None, "logged": ""}
STEP = {
    "stage": "", "state": "unknown", "tier": "", "source": "", "line": None, "at": None, "error_s": None, "logged": "",
    "implied_by": "", "ordered": None,
}  # fmt: skip
ATTEMPT: dict[str, Any] = {
    "id": "", "token": "", "client": "", "url": "", "started": None, "ended": None, "opened": None, "status": None,
    "close_code": None, "reason": "", "stage": "", "ended_by": "", "ended_in": "", "ended_because": SEEN, "outcome": "", "cause": "",
    "detail": "", "lasted_s": None, "storm": "", "tiers": {"browser": SEEN, "proxy": SEEN, "app": SEEN}, "journey": [STEP],
}  # fmt: skip
STORM: dict[str, Any] = {
    "id": "", "attempts": [""], "attempt_count": 0, "first": None, "last": None, "token": "", "client": "", "url": "", "outcome": "",
    "cause": "", "detail": "", "waits": {"least_s": None, "median_s": None, "most_s": None, "error_s": None},
    "backoff": {"kind": "", "wait_s": None, "factor": None, "cap_s": None}, "per_minute": None,
}  # fmt: skip

REPORT: dict[str, Any] = {
    "schema": "",
    "lang": "en",
    "tool": {"version": "", "patterns": ""},
    "bundle": {
        "name": "",
        "sources": [
            {
                "path": "", "kind": "", "tier": "", "sha256": "", "lines": None, "recognised": None, "kept": None,
                "unrecognised": [{"shape": "", "count": None, "line": None}],
                "first": None, "last": None, "zone": "", "zone_from": "", "clock_offset_s": None, "clock_error_s": None,
                "notes": [""], "spans": [[""]], "level": "", "clock_steps": [{"line": None, "set_by_s": None}],
            }
        ],
    },
    "verdict": {
        "status": "undetermined", "cause": "", "detail": "", "guide_cause": None, "confidence": None,
        "summary": "", "title": "", "explain": "", "undetermined": [""], "measured": "",
    },
    "incidents": [
        {
            "id": "", "cause": "", "detail": "", "title": "", "explain": "", "path": "", "confidence": None,
            "first": None, "last": None, "attempt_count": 0, "attempts": [""], "tokens": None, "clients": None,
            "evidence": [EVIDENCE], "against": [EVIDENCE],
            "shared": [{"what": "", "value": "", "failed": 0, "worked_with_another": 0}],
            "remedy": {"text": "", "diff": ""}, "confirm": [""],
        }
    ],
    "incident_count": None,
    "causes": [{"cause": "", "guide_cause": None, "title": "", "state": "", "because": [EVIDENCE]}],
    "attempt_count": None,
    "attempts": [ATTEMPT],
    "storms": [STORM],
    "close_codes": [{"code": None, "name": "", "means": "", "count": None}],
    "caveats": [""],
    "next": [{"need": "", "splits": [""], "command": ""}],
}  # fmt: skip

# How a control character stands in JSON; a newline is fine.
ESCAPES = (rb"\u", rb"\b", rb"\f", rb"\r")

# Control, format (bidirectional overrides, zero widths), surrogate, line and paragraph separator.
UNSEEN = regex.compile(r"[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\n\t]]", regex.V1)


def compact(value: Any) -> bytes:
    """Clean, as JSON. To look at each text takes as long as everything else together, so it is done where it is needed."""
    try:
        made = msgspec.json.encode(value)
    except UnicodeEncodeError:  # a lone surrogate
        made = b""
    if not made or not made.decode().isprintable() or any(code in made for code in ESCAPES):
        made = msgspec.json.encode(_clean(value))
    return made


def clean(value: Any) -> Any:
    """The report with nothing in it that a terminal, a browser or a strict JSON reader acts on instead of showing."""
    return msgspec.json.decode(compact(value))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isprintable() else UNSEEN.sub("\N{REPLACEMENT CHARACTER}", value.replace("\r\n", "\n"))
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def shown(value: dict[str, Any], pattern: dict[str, Any]) -> dict[str, Any]:
    """The object clean and without gaps."""
    return dict(fill(clean(value), pattern))


def fill(value: Any, shape: Any) -> Any:
    """The value with each key of the shape present; what the shape doesn't know stays, for templates that do."""
    if isinstance(shape, dict):
        made = dict(value or {})
        for key, inner in shape.items():
            own = made.get(key)
            if isinstance(inner, (dict, list)):
                made[key] = fill(own, inner)
            elif own is None:
                made[key] = inner
        return made
    if isinstance(shape, list):
        return [fill(item, shape[0]) for item in value or []]
    return shape if value is None else value
