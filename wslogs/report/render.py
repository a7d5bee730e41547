"""Report -> the bytes of each output, by the templates found, and the lines for the terminal."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup, escape

from wslogs import resources
from wslogs.report import markdown, shape
from wslogs.report.view import view
from wslogs.report.words import DASH, Words, place, words

# How a control character stands in JSON; a newline is fine.
ESCAPES = (rb"\u", rb"\b", rb"\f", rb"\r")


def render(report: dict[str, Any], formats: Sequence[str], lang: str) -> dict[str, bytes]:
    """The files by name; the same report gives the same bytes. Raises OSError for a language without a catalogue."""
    reader, folder = words(lang), resources.path("reports/templates")
    files: dict[str, bytes] = {}
    for name in formats:
        if name == "json":
            files["report.json"] = _json(report)
        else:
            template = _environment(folder, name, reader).get_template(f"report.{name}.j2")
            files[f"report.{name}"] = template.render(view(report)).encode()
    return files


def terminal(report: dict[str, Any], lang: str) -> str:
    """The verdict in 4 to 8 lines, each of them one line whatever stands in it."""
    reader, seen = words(lang), view(report)
    _ = reader.gettext
    verdict, scope, main = seen["verdict"], seen["scope"], seen["main"]
    told = [
        (reader.label(verdict["status"], "status"), _headline(reader, verdict)),
        ("", verdict["summary"]),
        (_("When"), reader.period(scope["first"], scope["last"])),
        (_("Attempts"), _reach(reader, seen)),
        (_("Confidence"), _confidence(reader, verdict) if verdict["confidence"] is not None else ""),
        (_("What to do"), main["remedy"]["text"] if main else ""),
        (_("Proof"), ", ".join(place(item) for item in main["evidence"][:3]) if main else ""),
        (_("To find out"), seen["report"]["next"][0]["need"] if not main and seen["report"]["next"] else ""),
        (_("Caveats"), reader.number(len(seen["report"]["caveats"]))),
    ]
    lines = [": ".join(part for part in pair if part) for pair in told if pair[1]]
    return "\n".join(" ".join(line.split()) for line in lines[:8]) + "\n"


def _json(report: dict[str, Any]) -> bytes:
    """Strict, in the order given. Cleaning is as slow as everything else together, so it is done where it is needed."""
    try:
        compact = msgspec.json.encode(report)
    except UnicodeEncodeError:  # a lone surrogate
        compact = b""
    if not compact or not compact.decode().isprintable() or any(code in compact for code in ESCAPES):
        compact = msgspec.json.encode(shape.clean(report))
    return msgspec.json.format(compact, indent=1) + b"\n"


def _reach(reader: Words, seen: dict[str, Any]) -> str:
    """How many attempts the verdict is about, out of all."""
    ours, total = reader.number(seen["scope"]["attempts"]), reader.number(seen["total"])
    return total if ours == total else reader.gettext("%(some)s of %(all)s") % {"some": ours, "all": total}


def _headline(reader: Words, verdict: Mapping[str, Any]) -> str:
    named = verdict["title"] or reader.label(verdict["cause"], "cause")
    return named or reader.label(verdict["status"], "unnamed")


def _confidence(reader: Words, item: Mapping[str, Any]) -> str:
    measured = f" ({item['measured']})" if item.get("measured") else ""
    return reader.number(item["confidence"]) + measured


@cache
def _environment(folder: Path, name: str, reader: Words) -> jinja2.Environment:
    """Escaping is decided here, once: HTML by autoescape, Markdown by finalize. No template can switch it off."""
    html = name == "html"
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        extensions=["jinja2.ext.i18n"],
        autoescape=html,
        finalize=None if html else markdown.finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.install_gettext_callables(reader.gettext, reader.ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.filters |= {
        "label": reader.label, "number": reader.number, "share": reader.share, "when": reader.when, "clock": reader.clock,
        "day": reader.day, "lasted": reader.lasted, "place": place, "confidence": lambda item: _confidence(reader, item),
        "headline": lambda verdict: _headline(reader, verdict),
    }  # fmt: skip
    env.filters |= {"prose": _prose, "diff": _diff} if html else _MARKDOWN
    env.globals |= {"lang": reader.lang, "period": reader.period, "between": reader.between, "dash": DASH}
    if html:
        css = (folder / "report.css").read_text("utf-8")
        env.globals |= {"css": Markup(css), "css_hash": b64encode(sha256(css.encode()).digest()).decode()}
    return env


_MARKDOWN = {
    "prose": markdown.prose,
    "code": markdown.code,
    "code_line": markdown.code_line,
    "fenced": markdown.fenced,
}


def _prose(value: str) -> Markup:
    """Text of wslogs' own, in which `...` marks code."""
    parts = markdown.CODE.split(value)
    return Markup().join(Markup("<code>{}</code>").format(p) if at % 2 else escape(p) for at, p in enumerate(parts))


def _diff(value: str) -> list[tuple[str, str]]:
    """Each line with what it is: added, removed, place or context."""
    kinds = {"+": "added", "-": "removed", "@": "hunk"}
    return [(kinds.get(line[:1], "context"), line) for line in value.rstrip().split("\n")]
