"""Report -> the bytes of each output, by the templates found, and the lines for the terminal."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from wslogs import resources
from wslogs.errors import TemplateError
from wslogs.report import markdown, shape
from wslogs.report.pictures import LANES
from wslogs.report.view import digest, view
from wslogs.report.words import DASH, Words, place, words

TICKET = "ticket"
"""The template of report.html and report.md; those of any other give files of their own names."""


def render(
    report: dict[str, Any], formats: Sequence[str], lang: str, *, template: str = TICKET, folders: Sequence[Path] = ()
) -> dict[str, bytes]:
    """The files by name; the same report gives the same bytes.

    `folders` are looked in for templates before those of wslogs. Raises OSError for a language without a catalogue, and
    TemplateError where there is no such template, or where it is wrong.
    """
    templates = prepare(formats, lang, template=template, folders=folders)
    base = "report" if template == TICKET else template
    seen = view(report) if templates else {}
    files: dict[str, bytes] = {}
    for name in formats:
        if name == "json":
            files["report.json"] = _json(report)
            continue
        with _told(base, name, folders):
            files[f"{base}.{name}"] = templates[name].render(seen).encode()
    return files


def prepare(formats: Sequence[str], lang: str, *, template: str = TICKET, folders: Sequence[Path] = ()) -> dict[str, jinja2.Template]:
    """The compiled template of each format but json, which has none; raises as `render` does."""
    base = "report" if template == TICKET else template
    found: dict[str, jinja2.Template] = {}
    for name in formats:
        if name != "json":
            with _told(base, name, folders):
                environment = _environment((*folders, resources.path("reports/templates")), name, words(lang))
                found[name] = environment.get_template(f"{base}.{name}.j2")
    return found


@contextmanager
def _told(base: str, name: str, folders: Sequence[Path]) -> Iterator[None]:
    """TemplateError for what Jinja finds wrong."""
    try:
        yield
    except jinja2.TemplateNotFound as error:
        raise TemplateError(str(error.name or base), "is no template", f"known: {', '.join(known(name, *folders))}") from None
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"{error.name}:{error.lineno}", error.message or "is wrong") from None
    except jinja2.TemplateError as error:  # an unknown variable, something that the sandbox forbids
        raise TemplateError(f"{base}.{name}.j2", error.message or "fails", "docs/templates.md lists the variables") from None


def known(name: str, *folders: Path) -> list[str]:
    """What `--template` may be, for this format."""
    paths = [path for folder in (*folders, resources.path("reports/templates")) for path in folder.glob(f"*.{name}.j2")]
    found = {path.name.removesuffix(f".{name}.j2") for path in paths}
    return sorted({TICKET if one == "report" else one for one in found} - {"base", "parts"})


def terminal(report: dict[str, Any], lang: str) -> str:
    """The verdict in 4 to 8 lines, each of them one line whatever stands in it."""
    reader, seen = words(lang), digest(report)
    _ = reader.gettext
    verdict, scope, main = seen["verdict"], seen["scope"], seen["main"]
    told = [
        (reader.label(verdict["status"], "status"), _headline(reader, verdict)),
        ("", verdict["summary"]),
        (_("When"), reader.period(scope["first"], scope["last"])),
        (_("Attempts"), _reach(reader, seen)),
        (_("Confidence"), _confidence(reader, verdict) if verdict["confidence"] is not None else ""),
        (_("What to do"), main["remedy"]["text"] if main else ""),
        (_("Proof"), ", ".join(list(dict.fromkeys(place(item) for item in main["evidence"]))[:3]) if main else ""),
        (_("To find out"), seen["report"]["next"][0]["need"] if not main and seen["report"]["next"] else ""),
        (_("Caveats"), reader.number(len(seen["report"]["caveats"]))),
    ]
    lines = [": ".join(part for part in pair if part) for pair in told if pair[1]]
    return "\n".join(" ".join(line.split()) for line in lines[:8]) + "\n"


def _json(report: dict[str, Any]) -> bytes:
    """Strict, in the order given."""
    return msgspec.json.format(shape.compact(report), indent=1) + b"\n"


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
def _environment(folders: tuple[Path, ...], name: str, reader: Words) -> jinja2.Environment:
    """Escaping is decided here, once: HTML by autoescape, Markdown by finalize. Templates, also users' own, see values only."""
    html = name == "html"
    env = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(folders),
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
    env.filters |= {"local": reader.local} | ({} if html else {"mermaid": lambda sequence: _mermaid(sequence, reader)})
    env.globals |= {"lang": reader.lang, "period": reader.period, "between": reader.between, "dash": DASH}
    if html:
        css = (folders[-1] / "report.css").read_text("utf-8")
        env.globals |= {"css": Markup(css), "css_hash": b64encode(sha256(css.encode()).digest()).decode()}
    return env


def _mermaid(sequence: Sequence[Mapping[str, Any]], reader: Words) -> markdown.Markdown:
    lanes = {lane: reader.label(lane, "tier") for lane in LANES}
    return markdown.mermaid(lanes, [(*one["ends"], _message(one["step"], reader), one["arrived"]) for one in sequence])


def _message(step: Mapping[str, Any], reader: Words) -> str:
    parts = [reader.label(step["stage"], "stage"), reader.label("stopped", "step") if step["state"] == "stopped" else ""]
    return ", ".join(part for part in (*parts, reader.clock(step["at"]) if step["at"] else "") if part)


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
