"""Text for Markdown: all of it is escaped unless one of these functions made it."""

from collections.abc import Mapping, Sequence
from typing import Any

import regex

PUNCTUATION = regex.compile(r"([\\`*_{}\[\]<>#|~$])")
# GitHub and GitLab turn these into links, mentions or pictures after rendering, so a backslash doesn't stop them.
ACTIVE = regex.compile(r"[@\#!$%~&^]\w | :// | www\. | mailto: | :[a-z+-][\w+-]*: | \bGH-\d | \b[0-9a-f]{7,40}\b", regex.I | regex.X)
# Where a line would turn into a list, a rule or the underline of a heading: after the number, before the sign.
BLOCK_START = regex.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[-+=]))")
SPACE = regex.compile(r"\s+")
CODE = regex.compile(r"`([^`\n]+)`")
# What mermaid could take for its own syntax, or for markup, stays out of a diagram.
NOT_PLAIN = regex.compile(r"[^\p{L}\p{N} .,:+±≈-]")

Message = tuple[str, str, str, bool]
"""(who sends, who receives, what, whether it arrived)."""


class Markdown(str):
    """A string that is Markdown already. Whatever is made from it by joining or slicing is a plain str again."""

    __slots__ = ()


def finalize(value: Any) -> str:
    """Jinja calls this on each value a template prints, so that a template can't forget to escape."""
    return value if isinstance(value, Markdown) else text("" if value is None else str(value))


def text(value: str) -> Markdown:
    """The value as one line of words; a word that would become a link or a mention becomes code."""
    words = [code(word) if ACTIVE.search(word) else _escaped(word) for word in value.split()]
    return Markdown(BLOCK_START.sub(r"\1\\", " ".join(words)))


def prose(value: str) -> Markdown:
    """Text of wslogs' own, in which `…` marks code."""
    return Markdown("".join(code(part) if at % 2 else _spaced(part) for at, part in enumerate(CODE.split(value))))


def code(value: Any) -> Markdown:
    """A code span, fit for a cell of a table."""
    return Markdown(code_line(value).replace("|", "\\|"))


def code_line(value: Any) -> Markdown:
    """A code span outside tables."""
    inner = SPACE.sub(" ", str(value)).strip()
    if not inner:
        return Markdown()
    fence = "`" * (_longest_run(inner) + 1)
    pad = " " if inner[0] == "`" or inner[-1] == "`" else ""
    return Markdown(f"{fence}{pad}{inner}{pad}{fence}")


def fenced(value: str, language: str = "") -> Markdown:
    """A block of code; the language is the template's own word."""
    fence = "`" * max(3, _longest_run(value) + 1)
    return Markdown(f"{fence}{language}\n{value.rstrip()}\n{fence}")


def mermaid(lanes: Mapping[str, str], messages: Sequence[Message]) -> Markdown:
    """A sequence diagram; nothing but letters, digits and a few signs gets into it.

    `lanes`: key -> what it is called. A message that did not arrive ends in a cross; one without ends is a note over all lanes.
    """
    lines = ["sequenceDiagram", *(f"    participant {key} as {_plain(name)}" for key, name in lanes.items())]
    keys = list(lanes)
    for one, other, said, arrived in messages:
        arrow = ("-->>" if keys.index(one) > keys.index(other) else "->>") if arrived and one else "-x"
        lines.append(f"    {one}{arrow}{other}: {_plain(said)}" if one else f"    Note over {keys[0]},{keys[-1]}: {_plain(said)}")
    return fenced("\n".join(lines), "mermaid")


def _plain(value: str) -> str:
    return str(NOT_PLAIN.sub(" ", value)).strip() or "-"


def _spaced(part: str) -> str:
    lead, trail = part[: len(part) - len(part.lstrip())], part[len(part.rstrip()) :]
    return f"{' ' if lead else ''}{text(part)}{' ' if trail and part.strip() else ''}"


def _escaped(word: str) -> str:
    return str(PUNCTUATION.sub(r"\\\1", word))


def _longest_run(value: str) -> int:
    return max((len(run) for run in regex.findall("`+", value)), default=0)
