"""The remedy of a configuration as a unified diff that `patch -p1` takes."""

from __future__ import annotations

import difflib

from wslogs.parsers.nginx_conf import Conf, Directive
from wslogs.parsers.nginx_route import Route


def diff(change: tuple[tuple[str, ...], ...], route: Route | None, conf: Conf | None) -> str | None:
    """What sets the directives of `change` in the location on the path; None where that cannot be shown in whole.

    Only lines that change stand in it: those around them may hold what must not leave. A line that holds more than the
    directive itself, such as a comment, is not touched, and then there is no diff.
    """
    location = route.location if route is not None else None
    if not change or conf is None or route is None or location is None or location.file not in conf.texts:
        return None
    text = conf.texts[location.file]
    lines = text.splitlines(keepends=True)
    anchor = route.own("proxy_pass") or location
    indent = _indent(lines, anchor if anchor is not location else None, location)
    added = [_line(row, indent) for row in _inherited(change, route, location)]
    for row in change:
        old = _same(row, location)
        if old is None:
            added.append(_line(row, indent))
        elif not alone(lines, old):
            return None
        else:
            lines[old.line - 1] = _line(row, leading(lines[old.line - 1]))
    lines[anchor.line : anchor.line] = added
    return unified(text, lines, location.file)


def unified(text: str, lines: list[str], file: str) -> str | None:
    """The diff from a text to its new lines, which end as the text's do; None where nothing changes."""
    if "\r\n" in text:
        lines = [line.removesuffix("\n").removesuffix("\r") + "\r\n" for line in lines]
    return "".join(difflib.unified_diff(text.splitlines(keepends=True), lines, f"a/{file}", f"b/{file}", n=0)) or None


def _inherited(change: tuple[tuple[str, ...], ...], route: Route, location: Directive) -> list[tuple[str, ...]]:
    """proxy_set_header lines from above: one in the location discards them all, so they must come along."""
    sets = [row for row in change if row[0] == "proxy_set_header"]
    own = [d for d in location.block or () if d.name == "proxy_set_header"]
    if not sets or own:
        return []
    names = {row[1].lower() for row in sets}
    above = [d for d in route.headers() if d.args[0].lower() not in names]
    return [(d.name, *d.args) for d in above if "…" not in d.shown()]


def _same(row: tuple[str, ...], location: Directive) -> Directive | None:
    for directive in location.block or ():
        if directive.name == row[0] and (row[0] != "proxy_set_header" or directive.args[0].lower() == row[1].lower()):
            return directive
    return None


def alone(lines: list[str], directive: Directive) -> bool:
    """Whether a line holds this directive and nothing else, so that it may be shown."""
    plain = lines[directive.line - 1].replace('"', "").replace("'", "").split()
    return " ".join(plain).removesuffix(";").split() == [directive.name, *" ".join(directive.args).split()] and "…" not in directive.shown()


def _line(row: tuple[str, ...], indent: str) -> str:
    return f"{indent}{' '.join(row)};\n"


def _indent(lines: list[str], beside: Directive | None, location: Directive) -> str:
    return leading(lines[beside.line - 1]) if beside is not None else leading(lines[location.line - 1]) + "    "


def leading(line: str) -> str:
    """The indent of a line."""
    return line[: len(line) - len(line.lstrip())]
